"""`leitstand export journal`, `import` and `import --snapshot`: the whole road, with a running station and without."""

import asyncio
import json
from pathlib import Path

import pytest

from console.app.bootstrap import Work, build
from console.app.cli import main
from console.app.exit_codes import Exit
from console.app.folders import Folders
from console.services.storage.database import LIBRARY


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two stations of one site: A has written something, B was never started."""
    monkeypatch.chdir(tmp_path)
    assert main(["init", "A", "--site", "Werk"]) == Exit.DONE
    assert main(["init", "B", "--join", "A/site"]) == Exit.DONE
    _started(tmp_path / "A")
    return tmp_path


def _started(folder: Path) -> None:
    async def story() -> None:
        await (await build(Folders(folder, folder), Work.ACT)).stop()

    asyncio.run(story())


def on(station: str) -> list[str]:
    return ["--config", station, "--data", station]


def events(station: str) -> set[str]:
    connection = LIBRARY.connect(f"{station}/journal.db")
    try:
        return {row[0].hex() for row in connection.execute("SELECT hash FROM event")}
    finally:
        connection.close()


def facts(station: str, etype: str) -> list[dict[str, object]]:
    connection = LIBRARY.connect(f"{station}/journal.db")
    try:
        bodies = connection.execute("SELECT body FROM event WHERE etype = ? ORDER BY rid", (etype,)).fetchall()
        return [json.loads(row[0])["payload"] for row in bodies]
    finally:
        connection.close()


@pytest.mark.proves("SEC-16", "SEC-46")
def test_a_journal_goes_by_stick_to_a_stopped_station_and_both_say_so(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = events("A")
    assert main(["export", "journal", "stick", *on("A")]) == Exit.DONE
    assert main(["import", "--dry-run", "stick", *on("B")]) == Exit.WORLD, "there is no journal yet to compare with"
    assert main(["import", "stick", *on("B")]) == Exit.DONE
    assert before <= events("B")
    said = capsys.readouterr().out
    assert f"{len(before)} stored, 0 known, 0 waiting for events that are not here, 0 rejected" in said
    (exported,) = facts("A", "journal.exported")
    assert (exported["what"], exported["file"], exported["events"]) == ("journal", "stick", len(before))
    (imported,) = facts("B", "journal.imported")
    assert (imported["stored"], imported["rejected"], imported["file"]) == (len(before), 0, "stick")
    assert main(["import", "stick", *on("B")]) == Exit.DONE
    assert len(facts("B", "journal.imported")) == 1, "nothing came, nothing is noted"
    assert main(["verify", *on("B")]) == Exit.DONE


def test_only_what_is_missing_goes_to_a_station_that_runs(site: Path) -> None:
    _started(site / "B")
    assert main(["export", "vector", "vector-of-b", *on("B")]) == Exit.DONE
    assert main(["export", "journal", "stick", "--beyond", "vector-of-b", *on("A")]) == Exit.DONE
    wanted = events("A")

    async def story() -> None:
        core = await build(Folders(site / "B", site / "B"), Work.RUN)
        core.start()
        try:
            async with asyncio.timeout(20):
                while not (site / "B" / "door.sock").exists():  # noqa: ASYNC110 a file tells nobody
                    await asyncio.sleep(0.02)
            assert await asyncio.to_thread(main, ["import", "--dry-run", "stick", *on("B")]) == Exit.DONE
            assert not wanted & events("B")
            assert await asyncio.to_thread(main, ["import", "stick", *on("B")]) == Exit.DONE
            assert len(wanted & events("B")) > 0
        finally:
            await core.stop()

    asyncio.run(story())
    assert len(wanted - events("B")) == 1, "all but the export's own note, which came after it"


@pytest.mark.parametrize("damage", ["cut", "turned", "noise", "gone"])
def test_a_bad_stick_is_told_and_changes_nothing(site: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    _started(site / "B")
    assert main(["export", "journal", "stick", *on("A")]) == Exit.DONE
    content = bytearray(Path("stick").read_bytes())
    if damage == "cut":
        del content[-40:]
    elif damage == "turned":
        content[len(content) // 2] ^= 4
    elif damage == "noise":
        content = bytearray(b"\x89PNG" * 500)
    Path("bad").write_bytes(content)
    if damage == "gone":
        Path("bad").unlink()
    before = events("B")
    assert main(["import", "bad", *on("B")]) == (Exit.WORLD if damage == "gone" else Exit.BAD_INPUT)
    assert "bad" in capsys.readouterr().err
    assert events("B") == before


@pytest.mark.proves("P37")
def test_an_empty_console_is_filled_from_a_snapshot_and_shows_the_same(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = events("A")
    assert main(["export", "journal", "snap", "--snapshot", *on("A")]) == Exit.DONE
    assert main(["import", "--snapshot", "snap", *on("B")]) == Exit.DONE, capsys.readouterr().err
    assert before <= events("B")
    assert "signatures are proven while the station runs" in capsys.readouterr().out
    assert main(["verify", *on("B")]) == Exit.DONE
    assert main(["export", "journal", "plain", *on("A")]) == Exit.DONE
    assert main(["import", "--snapshot", "plain", *on("B")]) == Exit.REFUSED
    assert "is no snapshot" in capsys.readouterr().err


def test_an_export_never_replaces_a_file(site: Path) -> None:
    Path("mine").write_text("keep")
    assert main(["export", "journal", "mine", *on("A")]) == Exit.REFUSED
    assert Path("mine").read_text() == "keep"
    assert main(["export", "journal", "x", "--beyond", "mine", *on("A")]) == Exit.BAD_INPUT
    assert not Path("x").exists()
