"""The journal itself: facts become durable, then every projection applies them, then the operator is answered."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.facts import Fact
from console.domain.refusal import Refused
from console.services.journal import event_table as table
from console.services.journal.entries import Actor, Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.facts_codec import check_text
from console.services.journal.groups import Groups
from console.services.journal.hlc import HybridClock
from console.services.journal.holdings import CENTRE, Holdings
from console.services.journal.keys import StationKey
from console.services.journal.long_replay import LongReplay, without_collector
from console.services.journal.own_stream import Draft, OwnStream, Place, draft_of, last_stamp, own_head
from console.services.journal.receipts import (
    add_receipts,
    branches,
    clear_flag,
    clear_known_types,
    last_receipts,
    open_flags,
    true_ones,
)
from console.services.journal.receiving import Enrolled, Received, Receiver
from console.services.journal.revoking import flag_by_own, flag_next, is_due
from console.services.journal.row_query import rows_of, statement
from console.services.journal.store import EventStore
from console.services.journal.table_store import TableStore
from console.services.journal.urgent import WHOLE, count_events
from console.services.notifier import Notifier
from console.services.records import JournalRow
from console.services.station import JournalQuery
from console.services.storage.ports import Reader, Writer

T = TypeVar("T")
Appended = tuple[list[table.Stored], list[table.Stored], set[bytes]]  # opening, events, older ones flagged by them
_CHUNK = 100  # received events per write, so that an operator's act never waits for more than one chunk
_FLAG_PAUSE_S = 0.05  # between two slices of flags: acts go first
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
        certificate: Callable[[], str] = lambda: "",
        enrolled: Enrolled = lambda _opening, _station: True,
        closed: Callable[[], str] = lambda: "",
    ) -> None:
        self.entries: Notifier[tuple[Entry, ...]] = Notifier()
        self.holdings = Holdings()
        self.holdings_changed: Notifier[set[UUID]] = Notifier()  # streams of which a peer holds another part now
        self.own_head: Notifier[table.Tip] = Notifier()  # the newest durable event of this station
        self.fork_found: Notifier[tuple[UUID, int]] = Notifier()  # a stream turned out to be forked, and where
        self.received: Notifier[Received] = Notifier()
        self.event_count = 0
        self.forks = 0  # streams that were continued at two places: copied or restored data folders
        self.place = place
        self._writer = writer
        self._reader = reader
        self._now_us = now_us
        self._names = names
        self._closed = closed  # why this station writes nothing now, empty: it may
        self._clock = HybridClock(now_us)
        self._own = OwnStream(place, key, self._clock, random_bytes, certificate=certificate)
        self._receiver = Receiver(place, self._clock, self._own, enrolled=enrolled)
        self._groups = Groups()
        self._long: LongReplay | None = None
        self._flags: dict[bytes, set[str]] = {}
        self._flagging: asyncio.Task[None] | None = None

    async def open(self, doubt: Callable[[EventStore], str] = lambda _store: "") -> None:
        """Continue the clock and the own stream, or open a new stream (first start, other key, rolled-back file).

        `doubt(store)` tells, in the writer's thread, why the open stream must not be continued (empty: it may).
        """
        now = self._now_us()

        def ensure(connection: Connection) -> list[table.Stored]:
            store = TableStore(connection)
            clear_known_types(connection)
            return [] if self._closed() else self._own.ensure_open(store, now, doubt(store))

        self._clock.resume(await self._reader.read(lambda c: last_stamp(TableStore(c), self._clock)))
        self._publish(await self._writer.write(ensure))
        if await self._reader.read(lambda c: is_due(TableStore(c))):
            self._flag_the_rest()
        await self.look()  # afterwards: what was opened just now is counted once
        head = await self._reader.read(lambda c: own_head(TableStore(c)))
        if head is not None:
            self.own_head.notify(head)

    async def look(self) -> None:
        """What a reader needs who writes nothing: how much there is, and what the centre holds of it."""
        self.event_count = await self._reader.read(_count)
        self._flags = await self._reader.read(open_flags)
        for peer, ends in (await self._reader.read(last_receipts)).items():
            self.holdings.told(peer, ends, await self._reader.read(_bound(branches, ends)))

    def append(
        self,
        facts: Sequence[Fact],
        actor: Actor,
        *,
        reason: str = "",
        parents: Sequence[bytes] = (),
        meaning: str = "",
    ) -> "asyncio.Future[tuple[Entry, ...]]":
        """See `entries.Journal.append`. The facts are stored and applied even if the caller stops waiting."""
        answer: asyncio.Future[tuple[Entry, ...]] = asyncio.get_running_loop().create_future()
        now = self._now_us()
        try:
            if why := self._closed():
                raise Refused(why)
            check_text(reason)
            draft = draft_of(facts, actor, reason=reason, parents=parents, wall_us=now, meaning=meaning)
        except Refused as refusal:
            answer.set_exception(refusal)
            return answer
        written = asyncio.ensure_future(self._writer.write(_bound(self._append, draft, now)))
        written.add_done_callback(lambda done: self._on_appended(done, answer))
        return answer

    async def receive(self, raws: Sequence[RawEvent], peer: str) -> Received:
        """Take in events of a peer: verified, stored once, then applied like own ones. Gives what became of them."""
        total = Received()
        try:
            for start in range(0, len(raws), _CHUNK):
                chunk, now = raws[start : start + _CHUNK], self._now_us()
                part, flags = await self._writer.write(_bound(self._receive, chunk, peer, now))
                self._flags.update(flags)  # from here on nothing is awaited: what is stored is applied
                if flags:
                    self._flag_the_rest()
                self._publish(part.stored)
                self._tell_forks(part)
                total.add(part)
                await asyncio.sleep(0)
        finally:  # a disk that became full in the middle takes nothing back
            for rejected in total.rejected:
                log.info("event %s of %s not taken: %s", rejected.hash.hex()[:12], peer, rejected.reason)
            self.received.notify(total)
        return total

    def _tell_forks(self, part: Received) -> None:
        self.forks += len(part.forked)
        for forked in part.forked:
            if self.holdings.forked(forked[0]):
                self.holdings_changed.notify({forked[0]})
            self.fork_found.notify(forked)

    def _append(self, connection: Connection, draft: Draft, now_us: int) -> Appended:
        store = TableStore(connection)
        opened, made = self._own.append(store, draft, now_us)
        return opened, made, flag_by_own(store, made, now_us)

    def _receive(
        self, connection: Connection, raws: Sequence[RawEvent], peer: str, now_us: int
    ) -> tuple[Received, dict[bytes, set[str]]]:
        received = self._receiver.receive(TableStore(connection), raws, peer, now_us)
        return received, open_flags(connection, tuple(received.flagged)) if received.flagged else {}

    async def replay(
        self,
        callback: Callable[[tuple[Entry, ...]], None],
        chunk: int = 500,
        *,
        urgent: Collection[UUID] | None = None,
    ) -> int:
        """Give every stored entry in (hlc, rid) order, whole transaction groups, in chunks; gives their number.

        `urgent` names the conditions with an open alarm: then of a long journal only what is urgent is given now
        (`urgent.py`), and `replay_rest` has to give the rest while the station runs. None: everything at once.
        """
        if urgent is not None and await self._reader.read(count_events) > WHOLE:
            self._long = LongReplay(self._reader, self._past)
            given = await self._long.first(urgent, callback)
            self._groups = self._long.groups
            self.forks = await self._reader.read(_forks)
            return given
        after, count, groups = (-1, -1), 0, Groups()
        with without_collector():
            while stored := await self._reader.read(_bound(table.stored_in_order, after, chunk)):
                after = (stored[-1].event.hlc, stored[-1].rid)
                whole = self._past(groups.complete(stored))
                count += len(whole)
                if whole:
                    callback(whole)
                await asyncio.sleep(0)
        self._groups = groups
        self.forks = await self._reader.read(_forks)
        return count

    async def replay_rest(
        self,
        callback: Callable[[tuple[Entry, ...]], None],
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """What `replay` left, in small slices with pauses. Raises BadEvent and DamagedDatabase as `replay` does."""
        if self._long is not None:
            await self._long.rest(callback, pause)
            self._long = None

    @property
    def replaying(self) -> tuple[int, int]:
        """(entries given, of all) while a long journal is still being replayed; (0, 0) when everything is known.
        Until then closed incidents may be missing, and digests of projections say nothing."""
        return (self._long.done, self._long.of_all) if self._long is not None else (0, 0)

    async def query(self, query: JournalQuery) -> tuple[JournalRow, ...]:
        """Rows newest first by receive order; cancellable."""

        def read(connection: Connection) -> tuple[Entry, ...]:
            sql, values = statement(connection, query, self._names)
            return self._entries(table.stored_of(connection.exec_driver_sql(sql, values)))

        return self.rows(await self._reader.read(read))

    def rows(self, entries: Sequence[Entry]) -> tuple[JournalRow, ...]:
        """Entries as the journal view shows them."""
        return tuple(map(self.placed, rows_of(entries, {})))

    def placed(self, row: JournalRow) -> JournalRow:
        """The row with where its event is kept and what is doubtful about it, as known now."""
        event_hash = bytes.fromhex(row.hash)
        in_centre, stations = self.holdings.places(row.stream, row.seq, event_hash)
        flags = tuple(sorted(self._flags.get(event_hash, ())))
        if (in_centre, stations, flags) == (row.in_centre, row.stations, row.flags):
            return row
        return replace(row, in_centre=in_centre, stations=stations, flags=flags)

    def is_in_centre(self, entry: Entry) -> bool:
        """True when the centre has told that it holds the entry durably."""
        return self.holdings.is_held(CENTRE, entry.stream, entry.seq, entry.hash)

    def flags_of(self, event_hash: bytes) -> frozenset[str]:
        """What is doubtful about an event and not settled."""
        return frozenset(self._flags.get(event_hash, ()))

    async def walk(self, from_hlc: int, chunk: int = 500) -> AsyncIterator[tuple[Entry, ...]]:
        """Stored entries from a logical stamp on, in (hlc, rid) order, in chunks; whole groups or not."""
        after = (from_hlc, -1)
        while stored := await self._reader.read(_bound(table.stored_in_order, after, chunk)):
            after = (stored[-1].event.hlc, stored[-1].rid)
            yield self._entries(stored)

    async def about(self, entity_type: str, entity_id: str) -> tuple[Entry, ...]:
        """Every stored entry about one entity, in (hlc, rid) order."""
        sql = f"{table.SELECT_STORED} WHERE e.entity_type = ? AND e.entity_id = ? ORDER BY e.hlc, e.rid"
        values = (entity_type, entity_id)
        return self._entries(await self._reader.read(lambda c: table.stored_of(c.exec_driver_sql(sql, values))))

    async def flag(self, event_hash: bytes, flag: str) -> None:
        """Mark an event as doubtful (`event_flag`), until somebody clears it."""
        now = self._now_us()
        await self._writer.write(lambda c: table.flag_event(c, event_hash, flag, now))
        self._flags.setdefault(event_hash, set()).add(flag)

    async def clear_flag(self, event_hash: bytes, flag: str, cleared_by: bytes) -> None:
        """What was doubtful is settled by another event, as by a countersignature."""
        await self._writer.write(lambda c: clear_flag(c, event_hash, flag, cleared_by))
        self._flags.get(event_hash, set()).discard(flag)

    async def note_vector(self, peer: str, ends: Sequence[table.Tip]) -> None:
        """Where a peer says that all its streams end, its own writes included. What it holds of others is lost. That
        it names an event of ours that is unknown here proves nothing yet: its bytes do (`conversation`, `receive`)."""
        lost = self.holdings.only(peer, {tip.stream for tip in ends})
        if lost:
            log.info("receipt_regress: %s holds nothing more of %d streams; it gets them again", peer, len(lost))
            self.holdings_changed.notify(lost)

    async def on_sane_clock(self) -> bool:
        """Others' clocks agree with this PC's. True when it had been far ahead: then its stamps still are, everybody
        flags its acts, and from now on it writes into a new stream, with stamps of now (P6, invariants 16, 17)."""
        if not self._clock.is_ahead():
            return False
        return await self._writer.write(lambda c: self._own.on_sane_clock(TableStore(c)))

    async def note_receipts(
        self, peer: str, held: Sequence[table.Tip], signatures: Sequence[bytes] = (), *, is_hearsay: bool = False
    ) -> None:
        """A peer holds these streams up to here, durably. This replaces what was believed of these streams before;
        one that holds less than it once confirmed was restored, and gets it again. What somebody else tells of the
        peer (`is_hearsay`) may be old: it only adds."""
        now = self._now_us()
        true = await self._reader.read(_bound(true_ones, held))  # an end that stands elsewhere here confirms nothing
        before = self.holdings.ends_of(peer)
        if is_hearsay:
            true = [n for n in true if held[n].seq > before.get(held[n].stream, 0)]
        if not true:
            return
        held, signatures = [held[n] for n in true], [signatures[n] for n in true if n < len(signatures)]
        if any(tip.seq < before.get(tip.stream, 0) for tip in held):
            log.info("receipt_regress: %s holds less than it confirmed; it gets the rest again", peer)
        await self._writer.write(lambda c: add_receipts(c, peer, held, signatures, now))
        changed = self.holdings.told(peer, held, await self._reader.read(lambda c: branches(c, held)))
        if changed:
            self.holdings_changed.notify(changed)

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
        opened, made, flagged = done.result()
        self._note_revoked(flagged)
        last = made[-1].event  # told first: who sees the entries knows what was written here
        self.own_head.notify(table.Tip(last.stream, last.seq, last.raw.hash))
        self._publish(opened)
        entries = self._publish(made)
        if not answer.done():
            answer.set_result(entries)

    def _note_revoked(self, flagged: set[bytes]) -> None:
        for one in flagged:
            self._flags.setdefault(one, set()).add("revoked_station")
        if flagged:
            self._flag_the_rest()

    def _flag_the_rest(self) -> None:
        """Of a revoked station's events, slice by slice; ends at once when nothing is due."""
        if self._flagging is None or self._flagging.done():
            self._flagging = asyncio.ensure_future(self._flag_slices())

    async def _flag_slices(self) -> None:
        with suppress(Refused):  # a full disk, or the end of the station: it goes on at the next start
            while await self._reader.read(lambda c: is_due(TableStore(c))):
                now = self._now_us()
                for one in await self._writer.write(lambda c, now=now: flag_next(TableStore(c), now)):  # type: ignore[misc]
                    self._flags.setdefault(one, set()).add("revoked_station")
                await asyncio.sleep(_FLAG_PAUSE_S)

    def _publish(self, stored: Sequence[table.Stored]) -> tuple[Entry, ...]:
        """Apply stored events: whole transaction groups only, in the order of storing."""
        self.event_count += len(stored)
        whole = self._entries(self._groups.complete(stored))
        if whole:
            self.entries.notify(whole)
        return whole

    def _past(self, stored: Sequence[table.Stored]) -> tuple[Entry, ...]:
        own, names = self.place.station, self._names
        return tuple(table.entry_of(one, own, names, keeps_bytes=False) for one in stored)

    def _entries(self, stored: Sequence[table.Stored]) -> tuple[Entry, ...]:
        return tuple(table.entry_of(one, self.place.station, self._names) for one in stored)


def _bound(function: Callable[..., T], *arguments: object) -> Callable[[Connection], T]:
    return lambda connection: function(connection, *arguments)


def _count(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())


def _forks(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM stream WHERE forked = 1").scalar_one())
