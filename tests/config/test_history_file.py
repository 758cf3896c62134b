"""site/history.toml: every mistake at once, and what is not said is as usual."""

import pytest

from console.config.history_file import HISTORY_TEMPLATE, load_history, read_history
from console.config.problems import BadConfiguration
from console.domain.history.settings import Band, HistorySettings


def read(tmp_path, text):
    (tmp_path / "history.toml").write_text(text, encoding="utf-8")
    return read_history(tmp_path)


def test_without_a_file_everything_is_as_usual(tmp_path):
    assert read_history(tmp_path) == (HistorySettings(), [])


def test_the_template_of_a_new_site_says_what_is_usual(tmp_path):
    found, problems = read(tmp_path, HISTORY_TEMPLATE)
    assert not problems
    assert (found.classes, found.rules) == (HistorySettings().classes, ())


def test_the_template_can_be_uncommented_as_it_stands(tmp_path):
    lines = [
        line.removeprefix("# ")
        for line in HISTORY_TEMPLATE.splitlines()
        if not line.startswith("# ") or "=" in line or "[[" in line
    ]
    text = "\n".join(lines[lines.index("version = 1") :]).replace("record = false", "record = true")
    found, problems = read(tmp_path, text)
    assert not problems
    tag = found.history_of("Press/PLC/Vibration/x")
    assert (tag.exception, tag.compression, tag.is_central) == (Band(0.05), Band(0.1), True)
    assert found.class_of("standard").budget_mb == 20_000


def test_percent_classes_and_levels_are_read(tmp_path):
    found, problems = read(
        tmp_path,
        """
        version = 1
        [[class]]
        name = "long"
        raw_days = 400
        rollup_days = { 1000 = 5000 }
        [[tag]]
        pattern = "A/*"
        class = "long"
        exception = "0.5 %"
        max_interval_s = 600
        """,
    )
    assert not problems
    long = found.class_of("long")
    assert long.rollup_days == (400, 400, 5000, 5000)  # never shorter than a finer one
    tag = found.history_of("A/b")
    assert tag.retention_class == "long"
    assert tag.exception == Band(0.5, is_percent=True)
    assert tag.max_interval_s == 600
    assert found.history_of("B/b").retention_class == "standard"
    assert found.revision


def test_every_mistake_is_named_at_once_with_its_place(tmp_path):
    _, problems = read(
        tmp_path,
        """
        version = 9
        colour = "red"
        [[class]]
        name = "a"
        raw_days = 100
        rollup_days = { 10 = 50, 11 = 2 }
        [[class]]
        name = "a"
        budget_mb = inf
        raw_days = 0
        [[tag]]
        pattern = ""
        class = "b"
        exception = "much"
        compression = -1
        max_interval_s = 0
        central = true
        record = false
        """,
    )
    places = [problem.key for problem in problems]
    assert {"version", "colour", "class[0].rollup_days", "class[0].rollup_days.11", "class[1].name"} <= set(places)
    assert {"class[1].budget_mb", "class[1].raw_days", "tag[0].pattern", "tag[0].class"} <= set(places)
    assert {"tag[0].exception", "tag[0].compression", "tag[0].max_interval_s", "tag[0].central"} <= set(places)


@pytest.mark.parametrize("text", ["[[tag]", "tag = 3", "class = [1]", "[[class]]\nname = 'x'\nrollup_days = 3"])
def test_a_file_that_cannot_be_used_stops_the_start_and_says_why(tmp_path, text):
    (tmp_path / "history.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration):
        load_history(tmp_path)
