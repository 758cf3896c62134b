"""Killed at every stage of sealing and pruning: nothing is lost, and the same again finishes it."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from console.services.archiving import proven_events
from console.services.journal import archive_finished, archive_sealing
from console.services.journal.archive_file import segments_in
from console.services.journal.verify import verify_journal
from console.services.journal.verify_archive import verify_folder
from console.services.storage.failpoints import ARCHIVE_POINTS, EXIT_CODE
from tests.services.test_archiving import shown
from tests.support.archive_life import DAYS, END_US, archive
from tests.support.archived import PlantYear
from tests.support.journals import MovedClock

ROOT = Path(__file__).parents[2]
STAGES = (
    *ARCHIVE_POINTS,
    "commit.before:1",
    "commit.before:2",
    "commit.before:3",
    "commit.after:3",
    "receipt.before:3",
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[bytes], object]:
    """A station's folder, every entry's hash, and what it shows."""
    folder = tmp_path_factory.mktemp("lived") / "A1"

    async def story() -> tuple[set[bytes], object]:
        async with PlantYear(folder, "A1") as plant:
            await plant.live(days=DAYS)
            return await plant.hashes(), (await shown(plant)).picture()

    everything, picture = asyncio.run(story())
    return folder, everything, picture


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_sealing, "NEAR", 5)
    monkeypatch.setattr(archive_finished, "NEAR", 5)


@pytest.mark.proves("P30", "INV-1")
@pytest.mark.parametrize("point", STAGES)
def test_a_kill_at_this_stage_loses_nothing_and_the_same_again_finishes(
    tmp_path: Path, lived: tuple[Path, set[bytes], object], point: str
) -> None:
    source, everything, picture = lived
    folder, out = tmp_path / "A1", tmp_path / "out"
    shutil.copytree(source, folder)
    words = [sys.executable, "-m", "tests.support.archive_life", str(folder), str(out), point]
    assert subprocess.run(words, cwd=ROOT, check=False, timeout=60).returncode == EXIT_CODE, f"{point} was not reached"

    async def look() -> None:
        async with PlantYear(folder, "A1", MovedClock(END_US)) as plant:
            assert (await shown(plant)).picture() == picture
            in_files = {event.raw.hash for path in segments_in(out) for event in proven_events(path)}
            assert everything <= await plant.hashes() | in_files

    asyncio.run(look())
    report = verify_journal(folder / "journal.db")
    assert report.is_sound, report.breaks
    left = report.archived + asyncio.run(archive(folder, out))
    assert left > 20
    asyncio.run(look())
    report = verify_journal(folder / "journal.db")
    assert report.is_sound, report.breaks
    assert report.archived == left
    assert report.segments == len(segments_in(out)) == 1
    assert verify_folder(out, folder / "journal.db").is_sound
