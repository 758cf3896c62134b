"""The check of words finds what a translator would miss."""

from pathlib import Path

import pytest

from console.ui.translation_check import check


@pytest.fixture
def project(tmp_path):
    code = tmp_path / "console" / "widgets"
    code.mkdir(parents=True)
    words = tmp_path / "translations" / "de"
    words.mkdir(parents=True)

    def findings(source: str, *files: str) -> list[str]:
        (code / "part.py").write_text(source, encoding="utf-8")
        for number, text in enumerate(files):
            (words / f"{number}.toml").write_text(text, encoding="utf-8")
        return check(tmp_path / "console", tmp_path / "translations")

    return findings


def test_a_complete_translation_has_no_findings(project):
    source = 'tr("Yes" if x else "No", n=1); mark("Hi"); tr_n("{n} day", "{n} days", 2); raise Refused("Bad {x}", x=1)'
    words = (
        '"Yes"="Ja"\n"No"="Nein"\n"Hi"="Hallo"\n"{n} day"="{n} Tag"\n"{n} days"="{n} Tage"\n"Bad {x}"="Schlecht {x}"'
    )
    assert project(source, words) == []


def test_missing_and_unused_texts_are_named(project):
    found = project('tr("Yes")', '"Gone" = "Weg"')
    assert any("no de for 'Yes' (console/widgets/part.py:1)" in line for line in found)
    assert any("'Gone' is not used" in line for line in found)


def test_a_text_that_is_shown_unmarked_is_found(project):
    found = project(
        'label.setText("Broker lost"); label.setText(f"{n} tags"); label.setText("…"); QLabel("Hello there")'
    )
    assert len(found) == 3
    assert all(line.startswith("not marked") for line in found)


def test_different_places_and_two_translations_are_found(project):
    found = project('tr("{n} of {m}", n=1, m=2)', '"{n} of {m}" = "{n} von {x}"', '"{n} of {m}" = "{n} aus {m}"')
    assert any("different places" in line for line in found)
    assert any("translated otherwise" in line for line in found)


def test_the_frames_own_words_are_all_translated():
    root = Path(__file__).resolve().parents[2]
    own = ("console/ui/", "console/app/frame/", "console/widgets/alarm_banner", "console/widgets/status_strip")
    found = check(root / "console", root / "resources" / "translations")
    assert [line for line in found if any(f"({part}" in line for part in own)] == []
    assert [line for line in found if line.startswith(f"not marked for translation: {own[1]}")] == []
