"""The journal itself: facts become durable, then every projection applies them, then the operator is answered."""

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.facts import Fact
from console.domain.refusal import Refused
from console.services.journal import event_table as table
from console.services.journal.entries import Actor, Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.facts_codec import check_text
from console.services.journal.hlc import HybridClock
from console.services.journal.keys import StationKey
from console.services.journal.own_stream import OwnStream, Place, draft_of
from console.services.journal.receiving import Received, Receiver
from console.services.journal.row_query import rows_of, statement
from console.services.notifier import Notifier
from console.services.records import JournalRow
from console.services.station import JournalQuery
from console.services.storage.ports import Reader, Writer

T = TypeVar("T")
Appended = tuple[list[table.Stored], list[table.Stored]]
CENTRE = "centre"
_CHUNK = 100  # received events per write, so that an operator's act never waits for more than one chunk
log = logging.getLogger(__name__)


class JournalLog:
    """Implements `entries.Journal`. Lives in the main thread; storage runs in the writer's and readers' threads.

    Start: `await open()`, then `await replay(callback)`, then subscribe to `entries` and start peers. `now_us` gives
    wall time in microseconds UTC; `names` maps a user id to (login, shown name) and may be called in any thread.
    """

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        *,
        place: Place,
        key: StationKey,
        now_us: Callable[[], int],
        random_bytes: Callable[[int], bytes] = os.urandom,
        names: table.Names = table.id_as_name,
    ) -> None:
        self.entries: Notifier[tuple[Entry, ...]] = Notifier()
        self.in_centre_changed: Notifier[dict[str, int]] = Notifier()  # stream id -> highest seq there
        self.event_count = 0
        self.forks = 0  # streams that were continued at two places: copied or restored data folders
        self.place = place
        self._writer = writer
        self._reader = reader
        self._now_us = now_us
        self._names = names
        self._clock = HybridClock(now_us)
        self._own = OwnStream(place, key, self._clock, random_bytes)
        self._receiver = Receiver(place, self._clock, self._own)
        self._groups = Groups()
        self._in_centre: dict[str, int] = {}

    async def open(self) -> None:
        """Continue the clock and the own stream, or open a new stream (first start, other key, rolled-back file)."""
        now = self._now_us()
        self._clock.resume(await self._reader.read(lambda c: _newest_stamp(c, self.place.station)))
        opened = await self._writer.write(lambda c: self._own.ensure_open(c, now))
        self._publish(opened)
        await self.look()  # afterwards: what was opened just now is counted once

    async def look(self) -> None:
        """What a reader needs who writes nothing: how much there is, and what the centre holds of it."""
        self.event_count = await self._reader.read(_count)
        self._in_centre = await self._reader.read(_centre_receipts)

    def append(
        self, facts: Sequence[Fact], actor: Actor, *, reason: str = "", parents: Sequence[bytes] = ()
    ) -> "asyncio.Future[tuple[Entry, ...]]":
        """See `entries.Journal.append`. The facts are stored and applied even if the caller stops waiting."""
        answer: asyncio.Future[tuple[Entry, ...]] = asyncio.get_running_loop().create_future()
        now = self._now_us()
        try:
            check_text(reason)
            draft = draft_of(facts, actor, reason=reason, parents=parents, wall_us=now)
        except Refused as refusal:
            answer.set_exception(refusal)
            return answer
        written = asyncio.ensure_future(self._writer.write(lambda c: self._own.append(c, draft, now)))
        written.add_done_callback(lambda done: self._on_appended(done, answer))
        return answer

    async def receive(self, raws: Sequence[RawEvent], peer: str) -> Received:
        """Take in events of a peer: verified, stored once, then applied like own ones. Gives what became of them."""
        total = Received()
        for start in range(0, len(raws), _CHUNK):
            chunk, now = raws[start : start + _CHUNK], self._now_us()
            part = await self._writer.write(_bound(self._receiver.receive, chunk, peer, now))
            self._publish(part.stored)
            total.stored += part.stored
            total.known += part.known
            total.rejected += part.rejected
        if total.stored:
            self.forks = await self._reader.read(_forks)
        for rejected in total.rejected:
            log.info("event %s of %s not taken: %s", rejected.hash.hex()[:12], peer, rejected.reason)
        return total

    async def replay(self, callback: Callable[[tuple[Entry, ...]], None], chunk: int = 500) -> int:
        """Give every stored entry in (hlc, rid) order, whole transaction groups, in chunks; gives their number."""
        after, count, groups = (-1, -1), 0, Groups()
        while stored := await self._reader.read(_bound(table.stored_in_order, after, chunk)):
            after = (stored[-1].event.hlc, stored[-1].rid)
            whole = self._entries(groups.complete(stored))
            count += len(whole)
            if whole:
                callback(whole)
            await asyncio.sleep(0)
        self._groups = groups
        self.forks = await self._reader.read(_forks)
        return count

    async def query(self, query: JournalQuery) -> tuple[JournalRow, ...]:
        """Rows newest first by receive order; cancellable."""

        def read(connection: Connection) -> tuple[Entry, ...]:
            sql, values = statement(connection, query, self._names)
            return self._entries(table.stored_of(connection.exec_driver_sql(sql, values)))

        return self.rows(await self._reader.read(read))

    def rows(self, entries: Sequence[Entry]) -> tuple[JournalRow, ...]:
        """Entries as the journal view shows them."""
        return rows_of(entries, self._in_centre)

    def is_in_centre(self, entry: Entry) -> bool:
        """True when the centre has told that it holds the entry durably."""
        return entry.seq <= self._in_centre.get(str(entry.stream), 0)

    async def note_receipts(self, peer: str, held: Sequence[table.Tip]) -> None:
        """A peer holds these streams up to here. For the centre this replaces what was believed before."""
        now = self._now_us()
        await self._writer.write(lambda c: _add_receipts(c, peer, held, now))
        if peer == CENTRE:
            self._in_centre = {**self._in_centre, **{str(tip.stream): tip.seq for tip in held}}
            self.in_centre_changed.notify(self._in_centre)

    async def set_cursor(self, name: str, rid: int) -> None:
        """Remember how far a consumer of local rows has come."""
        await self._writer.write(lambda c: table.write_cursor(c, name, rid))

    def _on_appended(self, done: "asyncio.Future[Appended]", answer: "asyncio.Future[tuple[Entry, ...]]") -> None:
        if done.cancelled():  # the loop is ending; what was queued is stored all the same
            answer.cancel()
            return
        error = done.exception()
        if error is not None:
            if not answer.done():
                answer.set_exception(error)
            return
        opened, made = done.result()
        self._publish(opened)
        entries = self._publish(made)
        if not answer.done():
            answer.set_result(entries)

    def _publish(self, stored: Sequence[table.Stored]) -> tuple[Entry, ...]:
        """Apply stored events: whole transaction groups only, in the order of storing."""
        self.event_count += len(stored)
        whole = self._entries(self._groups.complete(stored))
        if whole:
            self.entries.notify(whole)
        return whole

    def _entries(self, stored: Sequence[table.Stored]) -> tuple[Entry, ...]:
        return tuple(table.entry_of(one, self.place.station, self._names) for one in stored)


class Groups:
    """Holds events of a transaction back until all of it is here (invariant 10)."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[table.Stored]] = defaultdict(list)

    def complete(self, arrived: Sequence[table.Stored]) -> list[table.Stored]:
        """The events whose groups are whole now; others wait."""
        whole: list[table.Stored] = []
        for stored in arrived:
            body = stored.event.body
            if body.tx_n <= 1:
                whole.append(stored)
                continue
            group = self._waiting[body.tx_id]
            group.append(stored)
            if len(group) >= body.tx_n:
                whole += sorted(self._waiting.pop(body.tx_id), key=lambda one: one.event.body.tx_i)
        return whole


def _bound(function: Callable[..., T], *arguments: object) -> Callable[[Connection], T]:
    return lambda connection: function(connection, *arguments)


def _newest_stamp(connection: Connection, station: UUID) -> int:
    row = connection.exec_driver_sql(
        "SELECT max(e.hlc) FROM stream s JOIN event e ON e.hash = s.head_hash WHERE s.station_id = ?", (str(station),)
    ).first()
    return int(row[0]) if row and row[0] is not None else 0


def _count(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())


def _forks(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM stream WHERE forked = 1").scalar_one())


def _centre_receipts(connection: Connection) -> dict[str, int]:
    rows = connection.exec_driver_sql(
        "SELECT stream_id, max(seq) FROM receipt WHERE peer_id = ? GROUP BY stream_id", (CENTRE,)
    )
    return {row[0]: int(row[1]) for row in rows}


def _add_receipts(connection: Connection, peer: str, held: Sequence[table.Tip], now_us: int) -> None:
    for tip in held:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO receipt (peer_id, stream_id, seq, hash, at) VALUES (?, ?, ?, ?, ?)",
            (peer, str(tip.stream), tip.seq, tip.hash, now_us),
        )
