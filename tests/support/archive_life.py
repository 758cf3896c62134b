"""Seals and prunes until a failpoint ends it: `python -m tests.support.archive_life FOLDER OUT POINT`."""

import asyncio
import sys
from pathlib import Path

from console.services.journal import archive_finished, archive_sealing
from console.services.storage import failpoints
from tests.support.archived import DAY_US, PlantYear
from tests.support.journals import START_US, MovedClock

DAYS = 12
END_US = START_US + (DAYS + 1) * DAY_US


async def archive(folder: Path, out: Path, point: str = "") -> int:
    """Seal and prune what is older than the last two days; gives how many entries left."""
    archive_sealing.NEAR = archive_finished.NEAR = 5
    async with PlantYear(folder, "A1", MovedClock(END_US)) as plant:
        if point:
            failpoints.arm(point)
        return await plant.archive(out, END_US - 3 * DAY_US)


if __name__ == "__main__":
    asyncio.run(archive(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
