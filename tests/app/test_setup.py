"""`leitstand init` and `check`: a first configuration with its first person, and what is said when nobody may act."""

import asyncio
import io
from pathlib import Path

import pytest

from console.app.bootstrap import Work, build
from console.app.cli import main
from console.app.commands.doctor import people
from console.app.folders import Folders
from console.config.private_file import is_private
from console.config.users_file import FILE, hasher, load_users, read_users
from console.domain.people import Role
from console.domain.people_commands import AddUser
from console.domain.refusal import Refused

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


def test_what_everybody_would_try_first_is_no_password_of_the_first_administrator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Password2026!\n"))
    assert main(["init", str(tmp_path / "new"), "--admin", "olga", "--password-stdin"]) == 1
    assert "easy to guess" in capsys.readouterr().err


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


@pytest.mark.usefixtures("typed")
@pytest.mark.proves("SEC-2", "SEC-5", "SEC-50")
def test_who_copies_the_site_with_its_key_acts_and_who_copies_it_without_only_watches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, twin, guest = tmp_path / "first", tmp_path / "twin", tmp_path / "guest"
    assert main(["init", str(first), "--admin", "olga", "--password-stdin"]) == 0
    assert is_private(first / "site" / "authority.pem")
    assert main(["init", str(twin), "--join", str(first / "site")]) == 0
    assert is_private(twin / "site" / "authority.pem") and is_private(twin / "site" / FILE)
    assert "pairing code" not in capsys.readouterr().out
    (twin / "site" / "authority.pem").rename(tmp_path / "authority.pem")
    assert main(["init", str(guest), "--join", str(twin / "site")]) == 0
    assert "pairing code" in capsys.readouterr().out
    (tmp_path / "authority.pem").rename(twin / "site" / "authority.pem")

    async def look(folder: Path) -> tuple[bool, str]:
        core = await build(Folders(folder, folder / "data"), Work.ACT)
        try:
            record = core.people.view.record()
            await core.people.sign_on.sign_on("olga", PASSWORD)
            try:
                await core.station.submit(AddUser("otto", "Otto", "operator"))
            except Refused as refusal:
                return False, f"{record.pairing_code} {refusal}"
            return True, core.people.sign_on.name_of("otto")
        finally:
            await core.stop()

    assert asyncio.run(look(first))[0]
    assert asyncio.run(look(twin))[0]
    may, why = asyncio.run(look(guest))
    assert not may and "not enrolled" in why and why[4] == "-"
    for folder in (first, twin):
        assert main(["verify", "--config", str(folder)]) == 0, capsys.readouterr()


def test_a_site_of_before_has_no_authority_and_goes_on_as_it_was(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path)]) == 0
    text = (tmp_path / "site" / "site.toml").read_text(encoding="utf-8")
    old = "\n".join(line for line in text.splitlines() if not line.startswith("authority"))
    (tmp_path / "site" / "site.toml").write_text(old.replace("version = 2", "version = 1"), encoding="utf-8")
    (tmp_path / "site" / "authority.pem").unlink()

    async def look() -> bool:
        core = await build(Folders(tmp_path, tmp_path / "data"), Work.ACT)
        try:
            return core.enrolment.is_enrolled and not core.enrolment.certificate_hex
        finally:
            await core.stop()

    assert asyncio.run(look())
