"""`leitstand backup`, `restore` and the storage rows of `doctor`: words, exit codes, and what they leave behind."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from console.app.bootstrap import Work, build
from console.app.cli import main
from console.app.commands.doctor_storage import storage
from console.app.folders import Folders
from console.config.station_file import load_station
from console.domain.facts import IncidentNoted
from console.services.journal.entries import SYSTEM
from console.services.journal.verify import verify_journal
from console.services.station import JournalQuery
from console.services.storage.anchor import Anchor, AnchorMark, anchor_folder
from console.services.storage.ballast import Ballast
from console.services.storage.journal_health import note_damage
from console.services.storage.ownership import Ownership
from console.services.storage.start_mark import read_mark
from tests.conftest import LogLines
from tests.support.story_site import make_site, make_station


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A station that was started once."""
    made = make_station(make_site(tmp_path), "k1", "K1", ())

    async def story() -> None:
        await (await build(Folders(made, made), Work.ACT)).stop()

    asyncio.run(story())
    return made


def leitstand(*words: object) -> int:
    return main([str(word) for word in words])


def test_a_stopped_station_is_backed_up_and_restored_to_another_place(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.zip"
    assert leitstand("backup", file, "--data", folder) == 0
    assert "proven" in capsys.readouterr().out
    new = tmp_path / "new"
    assert leitstand("restore", file, "--data", new, "--config", new) == 0
    assert "came from the backup" in capsys.readouterr().out
    assert (new / "station.toml").read_text() == (folder / "station.toml").read_text()
    assert verify_journal(new / "journal.db").is_sound
    assert read_mark(new) is not None
    assert leitstand("restore", file, "--data", new, "--config", new) == 3
    assert "--force" in capsys.readouterr().err
    assert leitstand("restore", file, "--data", new, "--config", new, "--force") == 0
    assert "set-aside-" in capsys.readouterr().out


@pytest.mark.proves("SEC-39", "SEC-16")
def test_a_running_station_makes_its_backup_and_its_journal_tells_of_it(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"

    async def story() -> None:
        core = await build(Folders(folder, folder), Work.RUN)
        core.start()
        try:
            async with asyncio.timeout(30):
                while await asyncio.to_thread(leitstand, "backup", file, "--data", folder) != 0:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # the door opens a moment after the start
            rows = await core.parts.journal.query(JournalQuery(etype="backup.made"))
            assert [row.etype for row in rows] == ["backup.made"]
            assert await asyncio.to_thread(leitstand, "restore", file, "--data", folder, "--force") == 5
        finally:
            await core.stop()

    asyncio.run(story())


def test_what_cannot_be_done_has_its_exit_code_and_a_reason(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leitstand("backup", tmp_path, "--data", folder) == 1
    assert leitstand("backup", tmp_path / "b.zip", "--data", tmp_path / "nowhere") in {1, 5}
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    assert leitstand("backup", in_the_way / "b.zip", "--data", folder) == 5
    assert leitstand("restore", tmp_path / "none.zip", "--data", tmp_path / "n", "--config", tmp_path / "n") == 1
    assert leitstand("restore", in_the_way, "--data", tmp_path / "n", "--config", tmp_path / "n") == 4
    assert "no usable backup" in capsys.readouterr().err
    good = tmp_path / "b.zip"
    assert leitstand("backup", good, "--data", folder) == 0
    owner = Ownership(folder)
    assert leitstand("restore", good, "--data", folder, "--force") == 5
    owner.release()
    other = make_station(folder.parent / "site", "k2", "K2", ())
    assert leitstand("restore", good, "--data", other, "--config", other) == 3
    assert "another station" in capsys.readouterr().err


def rows(folder: Path, now_s: float | None = None) -> dict[str, tuple[str, str]]:
    found = storage(load_station(folder), Folders(folder, folder), now_s)
    return {row.name: (row.state, row.text + row.remedy) for row in found}


def test_doctor_says_what_is_missing_and_what_is_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEITSTAND_BALLAST_MB", "1")
    settings = load_station(folder)
    anchor = Anchor(anchor_folder(settings.anchor), settings.station_id)
    anchor.path.unlink(missing_ok=True)
    seen = rows(folder)
    assert {name: state for name, (state, _) in seen.items()} == {
        "self-test": "ok", "journal": "ok", "backup": "warn", "ballast": "warn", "anchor": "warn",
    }  # fmt: skip
    assert "none in" in seen["backup"][1]

    Ballast(folder, 1 << 20).make(0)
    anchor.write(AnchorMark(settings.station_id, 7, bytes(32)))
    backup = folder / "backups" / "leitstand-K1-20260101T000000Z.zip"
    backup.parent.mkdir(exist_ok=True)
    backup.touch()
    made_s = backup.stat().st_mtime
    seen = rows(folder, made_s + 60)
    assert (seen["ballast"][0], seen["anchor"][0]) == ("ok", "ok")
    assert "on the disk of the data" in seen["backup"][1]
    assert "is the station running" in rows(folder, made_s + 3 * 900)["backup"][1]

    note_damage(folder / "journal.db", "row 5 missing")
    assert rows(folder)["journal"][0] == "fail"


def test_doctor_has_nothing_to_say_about_a_station_that_never_was(folder: Path, tmp_path: Path) -> None:
    never = make_station(make_site(tmp_path / "other"), "k", "K1", ())
    assert list(rows(never)) == ["self-test", "journal"]


async def _opened(folder: Path) -> tuple[list[str], list[str]]:
    """Start and end the station; why its streams opened, and what else the journal tells of its files."""
    core = await build(Folders(folder, folder), Work.ACT)
    try:
        streams = await core.parts.journal.query(JournalQuery(etype="stream.opened"))
        facts = [
            row.etype
            for kind in ("database.set_aside", "backup.restored")
            for row in await core.parts.journal.query(JournalQuery(etype=kind))
        ]
        return [row.summary for row in streams], facts
    finally:
        await core.stop()


@pytest.mark.proves("P4", "P35", "SEC-40")
def test_a_station_starts_from_a_restored_and_from_a_damaged_journal(
    folder: Path, tmp_path: Path, log_lines: LogLines
) -> None:
    log_lines.expect("is damaged")
    file = tmp_path / "b.zip"
    assert leitstand("backup", file, "--data", folder) == 0
    assert leitstand("restore", file, "--data", folder, "--force") == 0
    streams, facts = asyncio.run(_opened(folder))
    assert len(streams) == 2
    assert "restored" in streams[0]
    assert facts == ["database.set_aside", "backup.restored"]
    with (folder / "journal.db").open("r+b") as journal:
        journal.write(bytes(4096))
    streams, facts = asyncio.run(_opened(folder))
    assert len(streams) == 3
    assert "salvage" in streams[0]
    assert facts.count("database.set_aside") == 2
    assert (folder / "journal.db.damaged-1").exists()
    assert verify_journal(folder / "journal.db").is_sound
    assert asyncio.run(_opened(folder))[0] == streams


@pytest.mark.proves("P35")
def test_a_bit_that_flipped_in_an_old_event_is_met_by_the_replay_and_put_right(
    folder: Path, log_lines: LogLines, capsys: pytest.CaptureFixture[str]
) -> None:
    log_lines.expect("is damaged")

    async def act() -> int:
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            for start in range(0, 1200, 100):
                facts = [IncidentNoted(UUID(int=5), f"note {start + number}") for number in range(100)]
                await core.parts.journal.append(facts, SYSTEM)
            return core.parts.journal.event_count
        finally:
            await core.stop()

    count = asyncio.run(act())
    journal = folder / "journal.db"
    content = bytearray(journal.read_bytes())
    content[content.index(b'"note 20"') + 7] ^= 1
    journal.write_bytes(content)
    assert leitstand("query", "journal", "--data", folder) == 5, "who only reads repairs nothing"
    assert "damaged" in capsys.readouterr().err
    streams, facts = asyncio.run(_opened(folder))
    assert "salvage" in streams[0]
    assert facts == ["database.set_aside"]
    report = verify_journal(journal)
    assert report.is_sound
    assert report.events == count + 2
