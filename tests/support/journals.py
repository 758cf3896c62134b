"""Stations' journals for tests: real files, real keys, a clock that the test moves."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid5

from console.domain.facts import AlarmAcknowledged, Fact, IncidentNoted
from console.services.journal.entries import Actor, Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import events_after, tips
from console.services.journal.keys import FileKey
from console.services.journal.log import JournalLog
from console.services.journal.own_stream import Place
from console.services.storage.schema import Database, open_journal_db

SITE = UUID("0190a0b0-0000-7000-8000-000000000001")
ANNA = Actor("u-anna", "anna", "Anna Ä.", ("operator",), "s-1", "password")
START_US = 1_790_000_000_000_000


class MovedClock:
    """Wall time in microseconds that only the test moves."""

    def __init__(self, now_us: int = START_US) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


class StationJournal:
    """One station's journal in a folder; `log` is open after `await start()`. Keeps the entries it was given."""

    def __init__(self, folder: Path, code: str, clock: MovedClock | None = None, site: UUID = SITE) -> None:
        self.path = folder / "journal.db"
        self.place = self.place_of(code, site)
        self.clock = clock or MovedClock()
        self.database: Database = open_journal_db(self.path)
        self.log = JournalLog(
            self.database.writer,
            self.database.readers,
            place=self.place,
            key=FileKey.load_or_create(folder / "keys"),
            now_us=self.clock,
        )
        self.seen: list[Entry] = []
        self.log.entries.subscribe(self.seen.extend)

    @staticmethod
    def place_of(code: str, site: UUID = SITE) -> Place:
        return Place(site, uuid5(site, code), code)

    async def start(self) -> "StationJournal":
        await self.log.open()
        return self

    async def act(self, *facts: Fact) -> tuple[Entry, ...]:
        return await self.log.append(facts or (note("x"),), ANNA)

    async def all_events(self) -> list[RawEvent]:
        def read(connection):  # type: ignore[no-untyped-def]
            streams = {tip.stream for tip in tips(connection)}
            return [raw for s in sorted(streams) for raw in events_after(connection, s, 0, b"", 1_000_000)]

        return await self.database.readers.read(read)

    async def hashes(self) -> set[bytes]:
        return {raw.hash for raw in await self.all_events()}

    def close(self) -> None:
        self.database.close()


def note(text: str, incident: UUID = SITE) -> IncidentNoted:
    return IncidentNoted(incident, text)


def acknowledgement(condition: UUID, start_us: int = 1) -> AlarmAcknowledged:
    return AlarmAcknowledged(condition, start_us, start_us + 5)


async def started(folder: Path, *codes: str) -> Sequence[StationJournal]:
    """Several stations of one site, each in its own folder."""
    stations = [StationJournal(folder / code, code) for code in codes]
    await asyncio.gather(*(station.start() for station in stations))
    return stations
