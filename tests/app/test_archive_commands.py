"""`leitstand archive` and `verify --archive`: words, exit codes, and what they leave behind."""

import asyncio
import json
import re
import time
from pathlib import Path

import pytest

from console.app.bootstrap import Work, build
from console.app.cli import main
from console.app.commands import archive
from console.app.folders import Folders
from console.config.site_files import load_site
from console.config.station_file import load_station
from console.services.journal import archive_finished, archive_sealing
from console.services.journal.archive_file import segments_in
from console.services.journal.event_table import Tip, tips
from console.services.journal.own_stream import Place
from console.services.journal.verify import verify_journal
from console.services.station import JournalQuery
from tests.support.archived import DAY_US, PlantYear
from tests.support.journals import MovedClock
from tests.support.story_site import make_site, make_station


def leitstand(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A station whose first entries are 400 days old; another station holds them."""
    monkeypatch.setattr(archive_sealing, "NEAR", 5)
    monkeypatch.setattr(archive_finished, "NEAR", 5)
    made = make_station(make_site(tmp_path), "k1", "K1", ())
    settings = load_station(made)
    place = Place(load_site(settings.site or made / "site").site_id, settings.station_id, settings.code)

    async def story() -> None:
        clock = MovedClock(time.time_ns() // 1000 - 400 * DAY_US)
        async with PlantYear(made, "K1", clock, place=place) as plant:
            await plant.live(days=15, acts=6)
            await plant.log.note_receipts("neighbour:0190a0b0-0000-7000-8000-00000000aaaa", await plant.ends())
        await (await build(Folders(made, made), Work.ACT)).stop()

    asyncio.run(story())
    return made


@pytest.mark.proves("P30", "INV-27")
def test_a_stopped_station_seals_prunes_and_proves_itself(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "archive"
    words = ("archive", "--older-than", "365d", "--to", out, "--data", folder, "--config", folder)
    assert leitstand(*words, "--dry-run") == 0
    assert "nothing was done" in capsys.readouterr().out
    assert not out.exists()
    assert leitstand(*words) == 0
    assert "sealed and proven" in capsys.readouterr().out
    assert leitstand(*words, "--prune") == 0
    said = capsys.readouterr().out
    assert "other stations hold them too" in said
    assert not said.splitlines()[-1].startswith("0 ")
    assert leitstand("verify", "--data", folder, "--config", folder) == 0
    assert "archived parts" in capsys.readouterr().out
    assert leitstand("verify", "--archive", out, "--data", folder, "--config", folder) == 0
    assert leitstand(*words, "--prune") == 0
    assert "0 entries sealed" in capsys.readouterr().out
    (file,) = segments_in(out)
    assert leitstand("archive", "--show", file, "--json", "--entity", "condition") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows
    assert all(row["entity"].startswith("condition:") for row in rows)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)
    assert leitstand("verify", "--archive", out, "--data", folder, "--config", folder) == 4
    assert "seq" in capsys.readouterr().err
    assert leitstand(*words, "--prune") == 4
    assert "nothing was taken out" in capsys.readouterr().err
    assert leitstand("archive", "--bring-back", file, "--data", folder, "--config", folder) == 5


def test_a_running_station_archives_through_its_door_and_tells_of_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"

    async def story() -> None:
        core = await build(Folders(folder, folder), Work.RUN)
        core.start()
        words = ("archive", "--older-than", "365d", "--to", out, "--prune", "--data", folder, "--config", folder)
        try:
            async with asyncio.timeout(30):
                while await asyncio.to_thread(leitstand, *words) != 0:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # the door opens a moment after the start
            for etype in ("journal.archived", "journal.pruned"):
                (row,) = await core.parts.journal.query(JournalQuery(etype=etype))
                assert row.etype == etype
            before = core.sync.neighbourhood.digests()
        finally:
            await core.stop()
        again = await build(Folders(folder, folder), Work.ACT)
        try:
            assert again.sync.neighbourhood.digests() == before
        finally:
            await again.stop()

    asyncio.run(story())
    assert verify_journal(folder / "journal.db").is_sound
    (file,) = segments_in(out)
    assert leitstand("archive", "--bring-back", file, "--data", folder, "--config", folder) == 0
    assert verify_journal(folder / "journal.db").is_sound


def test_a_centre_that_cannot_be_asked_lets_nothing_leave(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _with_centre(folder)
    words = (
        "archive",
        "--older-than",
        "365d",
        "--to",
        tmp_path / "out",
        "--prune",
        "--data",
        folder,
        "--config",
        folder,
    )
    assert leitstand(*words) == 5
    assert "the centre does not say now what it holds" in capsys.readouterr().err
    assert verify_journal(folder / "journal.db").archived == 0


def test_what_the_centre_says_it_holds_is_asked_when_entries_leave(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Tip] = []

    async def look() -> None:
        core = await build(Folders(folder, folder), Work.READ)
        ends.extend(await core.readers.read(tips))
        await core.stop()

    asyncio.run(look())
    _with_centre(folder)
    words = (
        "archive",
        "--older-than",
        "365d",
        "--to",
        tmp_path / "out",
        "--prune",
        "--data",
        folder,
        "--config",
        folder,
    )
    monkeypatch.setattr(archive, "_held_by_centre", lambda _bearer: [])
    assert leitstand(*words) == 0
    assert verify_journal(folder / "journal.db").archived == 0
    monkeypatch.setattr(archive, "_held_by_centre", lambda _bearer: ends)
    assert leitstand(*words) == 0
    assert verify_journal(folder / "journal.db").archived > 0


def _with_centre(folder: Path) -> None:
    """One that nobody can reach: port 9 discards."""
    file = folder / "station.toml"
    kept = re.sub(r"(?ms)^\[centre\].*?(?=^\[|\Z)", "", file.read_text(encoding="utf-8"))
    centre = '\n[centre]\nhost = "127.0.0.1"\nport = 9\ndatabase = "x"\nuser = "y"\n'
    file.write_text(kept + centre, encoding="utf-8")


def test_an_age_that_is_none_or_too_young_is_bad_input(tmp_path: Path) -> None:
    folder = make_station(make_site(tmp_path), "k1", "K1", ())
    for age in ("30d", "year", "365", "-1d", ""):
        words = ("archive", f"--older-than={age}", "--to", tmp_path / "o", "--data", folder, "--config", folder)
        assert leitstand(*words) == 1, age
