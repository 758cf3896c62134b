"""`leitstand export audit` and `verify --export`: the whole road, on a station that is not running."""

import csv
import io
import json
from pathlib import Path

import pytest

from console.app.cli import main
from console.app.exit_codes import Exit
from tests.support.story_site import AUDITOR, OPERATOR, make_site, make_station


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_station(make_site(tmp_path), "K1", "K1", ())


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def be(person: tuple[str, str]) -> list[str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(person[1] + "\n"))
        return ["--user", person[0], "--password-stdin"]

    return be


@pytest.mark.proves("SEC-16", "SEC-35")
@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_an_auditor_takes_the_journal_away_and_anybody_can_check_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], as_person, form: str
) -> None:
    file, data = tmp_path / f"audit.{form}", ["--data", str(folder)]
    assert main(["export", "audit", str(file), *data, *as_person(AUDITOR)]) == Exit.DONE, capsys.readouterr().err
    assert main(["verify", "--export", str(file), *data]) == Exit.DONE
    assert "signed by station K1: sound" in capsys.readouterr().out
    assert main(["query", "journal", "--json", *data]) == Exit.DONE
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (exported,) = [row for row in rows if row["type"] == "journal.exported"]
    assert f'"what":"audit_{form}"' in exported["summary"]
    assert exported["user"] == "Petra Vogel"
    file.write_bytes(file.read_bytes() + b" ")
    assert main(["verify", "--export", str(file), *data]) == Exit.VERIFICATION_FAILED
    assert "was changed" in capsys.readouterr().err


def test_the_same_file_is_checked_without_any_station(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], as_person
) -> None:
    file = tmp_path / "audit.csv"
    assert main(["export", "audit", str(file), "--data", str(folder), *as_person(AUDITOR)]) == Exit.DONE
    assert main(["verify", "--export", str(file), "--data", str(tmp_path / "nowhere")]) == Exit.DONE
    assert "no journal here" in capsys.readouterr().out


def test_filters_and_the_role_decide_what_leaves(folder: Path, tmp_path: Path, as_person) -> None:
    mine, window = tmp_path / "mine.csv", tmp_path / "window.csv"
    data = ["--data", str(folder)]
    assert main(["export", "audit", str(mine), *data, *as_person(OPERATOR)]) == Exit.DONE
    with mine.open(encoding="utf-8-sig", newline="") as opened:
        assert {row["user id"] for row in csv.DictReader(opened)} == {"user-anna"}
    flags = ["--from", "2200-01-01", "--etype", "user"]
    assert main(["export", "audit", str(window), *data, *flags, *as_person(AUDITOR)]) == Exit.DONE
    with window.open(encoding="utf-8-sig", newline="") as opened:
        assert list(csv.DictReader(opened)) == []


@pytest.mark.proves("SEC-62")
@pytest.mark.parametrize("name", ["../audit.csv", "CON.csv", "audit.csv:x", "C:audit.csv", "\\\\s\\x\\a.csv", "a.exe"])
def test_a_trap_of_a_name_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_person, name: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["export", "audit", name, "--data", str(folder), *as_person(AUDITOR)]) != Exit.DONE
    assert list((tmp_path / "here").iterdir()) == []
    assert not (tmp_path / "audit.csv").exists()


def test_nobody_in_particular_takes_nothing_away(folder: Path, tmp_path: Path) -> None:
    assert main(["export", "audit", str(tmp_path / "a.csv"), "--data", str(folder)]) == Exit.BAD_INPUT
    assert not (tmp_path / "a.csv").exists()
