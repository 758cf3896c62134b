"""Stations with a replicator to a real centre, and waiting for what they agree on."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from console.config.settings import CentreSettings
from console.services.journal.keys import FileKey
from console.services.records import LinkRecord
from console.services.sync.replicator import Replicator
from tests.support.journals import SITE, StationJournal
from tests.support.postgres import TestDatabase

PATIENCE_S = 20.0


class SyncedStation(StationJournal):
    """A station's journal that keeps itself equal with a centre; polls fast so that tests are quick."""

    def __init__(
        self, folder: Path, code: str, centre: CentreSettings, station_db: Path | None = None, poll_s: float = 0.1
    ) -> None:
        super().__init__(folder / code, code)
        self.links: list[LinkRecord] = []
        self.replicator = Replicator(
            self.log,
            self.path,
            centre,
            on_link=self.links.append,
            now_us=lambda: time.time_ns() // 1000,
            station_db=station_db,
            chance=random.Random(1),
            poll_s=poll_s,
        )

    @property
    def state(self) -> str:
        return self.links[-1].state if self.links else "none"


def enrolled(folder: Path, code: str, centre: TestDatabase, site: UUID = SITE) -> CentreSettings:
    """Enrol the station of `folder / code` with its key, made here when it has none yet."""
    key = FileKey.load_or_create(folder / code / "keys")
    return centre.enrolled(StationJournal.place_of(code, site), key.public_key)


@asynccontextmanager
async def synced(
    folder: Path, code: str, centre: CentreSettings | TestDatabase, db: Path | None = None, poll_s: float = 0.1
) -> AsyncIterator[SyncedStation]:
    """A started station; stopped and closed at the end. A database as `centre` enrols it first."""
    settings = enrolled(folder, code, centre) if isinstance(centre, TestDatabase) else centre
    station = SyncedStation(folder, code, settings, db, poll_s)
    try:
        await station.start()
        station.replicator.start()
        yield station
    finally:
        station.replicator.stop(15)
        station.close()


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, at most 20 s."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


async def until_equal(*stations: StationJournal, at_least: int = 1) -> set[bytes]:
    """Wait until all stations hold the same events, no fewer than `at_least`; gives their hashes."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        held = [await station.hashes() for station in stations]
        if all(one == held[0] for one in held) and len(held[0]) >= at_least:
            return held[0]
        assert time.monotonic() < deadline, f"no agreement: {[len(one) for one in held]} events"
        await asyncio.sleep(0.02)


def asked(url: str, question: str) -> list[tuple[object, ...]]:
    """Run statements at PostgreSQL; the rows of the last one, if it has any."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []
