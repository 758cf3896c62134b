"""`leitstand init` and `check`: a first configuration with its first person, and what is said when nobody may act."""

import asyncio
import io
from pathlib import Path

import pytest

from console.app.bootstrap import Work, build
from console.app.cli import main
from console.app.commands.doctor import people
from console.app.folders import Folders
from console.config.users_file import FILE, hasher, load_users, read_users
from console.domain.people import Role

PASSWORD = "correct horse battery"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))


@pytest.mark.usefixtures("typed")
def test_the_first_person_may_sign_on_and_no_password_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path), "--admin", "olga", "--password-stdin"]) == 0
    (olga,) = load_users(tmp_path / "site")
    assert (olga.login, set(olga.roles)) == ("olga", {Role.ADMINISTRATOR, Role.SHIFT_LEAD})
    assert hasher().verify(olga.password_hash, PASSWORD)
    assert PASSWORD not in (tmp_path / "site" / FILE).read_text(encoding="utf-8") + capsys.readouterr().out
    assert main(["check", str(tmp_path)]) == 0
    assert "nobody may act" not in capsys.readouterr().out
    assert people(tmp_path / "site", tmp_path).state == "ok"


@pytest.mark.usefixtures("typed")
def test_a_site_without_people_is_good_and_says_how_to_make_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path)]) == 0
    assert read_users(tmp_path / "site") == ((), [])
    for missing in (False, True):
        capsys.readouterr()
        (tmp_path / "site" / FILE).unlink(missing_ok=True) if missing else None
        assert main(["check", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert "nobody may act" in said and f"init {tmp_path} --admin" in said
        assert people(tmp_path / "site", tmp_path).state == "warn"
    station = (tmp_path / "station.toml").read_bytes()
    assert main(["init", str(tmp_path), "--admin", "olga", "--password-stdin"]) == 0
    assert (tmp_path / "station.toml").read_bytes() == station, "the station that was there is left as it is"
    assert len(load_users(tmp_path / "site")) == 1


@pytest.mark.usefixtures("typed")
def test_people_who_are_there_are_never_replaced(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path), "--admin", "olga", "--password-stdin"]) == 0
    before = (tmp_path / "site" / FILE).read_bytes()
    assert main(["init", str(tmp_path), "--admin", "otto", "--password-stdin"]) == 1
    assert main(["init", str(tmp_path)]) == 1
    assert (tmp_path / "site" / FILE).read_bytes() == before


def test_files_of_a_site_that_were_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "alarms.toml").write_text("# ours\n", encoding="utf-8")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / "site" / "alarms.toml").read_text(encoding="utf-8") == "# ours\n"


def test_a_short_password_is_bad_input_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["init", str(tmp_path / "new"), "--admin", "olga", "--password-stdin"]) == 1
    assert not (tmp_path / "new").exists()
    assert "12" in capsys.readouterr().err


@pytest.mark.usefixtures("typed")
def test_a_hash_for_a_further_person_is_printed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--hash", "--password-stdin"]) == 0
    assert hasher().verify(capsys.readouterr().out.strip(), PASSWORD)


@pytest.mark.parametrize("flag", ["--seconds=nan", "--seconds=-1", "--seconds=inf", "--seconds=soon"])
def test_a_time_that_is_none_is_a_usage_error(flag: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve", flag])


def test_a_journal_that_holds_nothing_is_neither_sound_nor_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path)]) == 0
    assert main(["query", "tags", "--config", str(tmp_path)]) == 5, "a question makes no data folder"
    assert not (tmp_path / "data").exists()

    async def look() -> None:
        await (await build(Folders(tmp_path, tmp_path / "data"), Work.READ)).stop()

    asyncio.run(look())  # opens the files of a station never started
    assert main(["verify", "--config", str(tmp_path)]) == 5
    assert "holds nothing" in capsys.readouterr().err
