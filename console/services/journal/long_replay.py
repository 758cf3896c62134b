"""Replays a long journal in two parts: what is urgent before the station begins, the rest while it runs."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent, decode_event
from console.services.journal.event_table import SELECT_STORED, Stored, stored_of
from console.services.journal.groups import Groups
from console.services.journal.urgent import NEWEST, ordered, urgent_rids
from console.services.storage.ports import Reader

_CHUNK = 500
_SLICE = 40  # entries of the rest that are applied at once: a few milliseconds
_PAUSE_S = 0.02
Callback = Callable[[tuple[Entry, ...]], None]


class LongReplay:
    """`await first(...)`, then at leisure `await rest(...)`; together every stored event once.

    `entries_of` makes entries of rows. Events of a transaction that is not whole yet wait in `groups`, as always.
    """

    def __init__(self, reader: Reader, entries_of: Callable[[Sequence[Stored]], tuple[Entry, ...]]) -> None:
        self.groups = Groups()
        self.done = 0
        self.of_all = 0
        self._reader = reader
        self._entries_of = entries_of
        self._seen = bytearray()  # one bit a row: given, or waiting in a group
        self._last = 0

    async def first(self, conditions: Collection[UUID], callback: Callback, newest: int = NEWEST) -> int:
        """What must be known before the station begins, in (hlc, rid) order; gives the number of entries."""

        def look(connection: Connection) -> tuple[list[tuple[int, int]], set[str], int, int]:
            last, count = connection.exec_driver_sql("SELECT coalesce(max(rid), 0), count(*) FROM event").one()
            rids = urgent_rids(connection, conditions, newest)
            partial = _not_whole(connection)
            return ordered(connection, rids | _members(connection, partial)), partial, int(last), int(count)

        order, partial, self._last, self.of_all = await self._reader.read(look)
        self._seen = bytearray(self._last // 8 + 1)
        with without_collector():
            await self._give_all(order, partial, callback)
        return self.done

    async def _give_all(self, order: list[tuple[int, int]], partial: set[str], callback: Callback) -> None:
        for start in range(0, len(order), _CHUNK):
            rids = [rid for _, rid in order[start : start + _CHUNK]]
            stored = await self._reader.read(lambda c, part=rids: _stored(c, part))  # type: ignore[misc]
            clear = [one for one in stored if str(one.event.body.tx_id) not in partial]
            doubtful = [one for one in stored if str(one.event.body.tx_id) in partial]  # of one stream, not of another
            self._give(clear + self.groups.complete(doubtful), callback)
            for rid in rids:
                self._seen[rid >> 3] |= 1 << (rid & 7)
            await asyncio.sleep(0)

    async def rest(
        self, callback: Callback, pause: Callable[[float], Awaitable[object]] = asyncio.sleep, pause_s: float = _PAUSE_S
    ) -> None:
        """Everything else that was stored when the station began, newest first, with pauses between small slices."""
        place = (1 << 63) - 1, (1 << 63) - 1
        while True:
            rows = await self._reader.read(lambda c, before=place: _before(c, before, self._last))  # type: ignore[misc]
            if not rows:
                break
            place = (rows[-1][0], rows[-1][1])
            rids = [rid for _, rid in reversed(rows) if not self._seen[rid >> 3] & 1 << (rid & 7)]
            for start in range(0, len(rids), _SLICE):
                part = rids[start : start + _SLICE]
                stored = await self._reader.read(lambda c, some=part: _stored(c, some))  # type: ignore[misc]
                self._give(stored, callback)
                await pause(pause_s)
            gc.freeze()  # what projections keep is no garbage: looking through it again and again costs frames
        self.done = self.of_all
        self._seen = bytearray()

    def _give(self, stored: Sequence[Stored], callback: Callback) -> None:
        entries = self._entries_of(stored)
        self.done += len(entries)
        if entries:
            callback(entries)


@contextmanager
def without_collector() -> Iterator[None]:
    """A replay makes hundreds of thousands of objects that stay: looking for garbage meanwhile doubles its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _not_whole(connection: Connection) -> set[str]:
    """Transactions of which only the beginning is here: they can only stand at the end of a stream."""
    rows = connection.exec_driver_sql(
        "SELECT e.hash, e.body, e.sig FROM stream_tip t JOIN event e ON e.hash = t.hash WHERE e.tx_n > 1"
    ).all()
    ends = [decode_event(RawEvent(*row)).body for row in rows]
    return {str(body.tx_id) for body in ends if body.tx_i < body.tx_n - 1}


def _members(connection: Connection, transactions: Collection[str]) -> set[int]:
    sql = "SELECT rid FROM event WHERE tx_id = ?"
    return {rid for one in transactions for rid in connection.exec_driver_sql(sql, (one,)).scalars()}


def _before(connection: Connection, place: tuple[int, int], last: int) -> list[Any]:
    sql = "SELECT hlc, rid FROM event WHERE (hlc, rid) < (?, ?) AND rid <= ? ORDER BY hlc DESC, rid DESC LIMIT ?"
    return list(connection.exec_driver_sql(sql, (*place, last, 20 * _CHUNK)).all())


def _stored(connection: Connection, rids: Sequence[int]) -> list[Stored]:
    """In the order of `rids`."""
    marks = ", ".join("?" * len(rids))
    rows = connection.exec_driver_sql(f"{SELECT_STORED} WHERE e.rid IN ({marks})", tuple(rids))
    found = {one.rid: one for one in stored_of(rows)}
    return [found[rid] for rid in rids]
