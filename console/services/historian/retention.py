"""Lets go of what is older than its class keeps, or more than there is room for, in slices that hold nobody up.

Each level of each class goes by itself, oldest first. What has no room goes in the declared order
(`domain.history.settings.order_of_loss`), never below LEAST_DAYS. SQLite uses freed pages again: the
file stops growing, it does not shrink.
"""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.engine import Connection

from console.domain.history.room import DAY_US, LevelUse
from console.domain.history.settings import LEVELS_S, RAW, HistorySettings, RetentionClass, order_of_loss
from console.services.historian.store import HistoryStore
from console.services.storage.direct import direct

EVERY_S = 900.0
FIRST_S = 60.0  # the start has other things to do
SLICE_S = 0.02  # of the writing connection at a time
PAUSE_S = 0.1  # between two slices: appends come first
LEAST_DAYS = {RAW: 1.0, 10: 2.0, 100: 7.0, 1_000: 30.0, 10_000: 365.0}  # what no lack of room takes
RESERVE = 2 << 30  # bytes of the disk that are the journal's
_AHEAD = 64 << 20  # free pages for what comes until the next look, while the disk is that full
_KEYS = 256
_USE = """SELECT t.class, sum(s.raw_bytes), sum(s.rollup_bytes),
    min((SELECT min(first_us) FROM chunk WHERE key = t.key)),
    min((SELECT min(first_k) FROM rollup WHERE key = t.key AND level = 0)),
    min((SELECT min(first_k) FROM rollup WHERE key = t.key AND level = 1)),
    min((SELECT min(first_k) FROM rollup WHERE key = t.key AND level = 2)),
    min((SELECT min(first_k) FROM rollup WHERE key = t.key AND level = 3))
    FROM tag t JOIN seal s USING (key) GROUP BY t.class"""


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything of a level of these classes (names as in the file) that ended before `before_us`."""

    names: tuple[str, ...]
    level_s: int
    before_us: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`next_key` None: the cut is done."""

    next_key: int | None
    rows: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """What was measured: use by class and level, bytes of the file, those in it that are free, those of the disk."""

    levels: tuple[LevelUse, ...] = ()
    file_size: int = 0
    reusable: int = 0
    disk_free: int = 0

    def of(self, class_name: str) -> tuple[LevelUse, ...]:
        return tuple(one for one in self.levels if one.class_name == class_name)


class Retention:
    """`look` every EVERY_S. `free` gives the free bytes of the disk; `told` gets each measurement."""

    def __init__(
        self,
        store: HistoryStore,
        settings: HistorySettings,
        now_us: Callable[[], int],
        told: Callable[[Room], None] = lambda room: None,
        free: Callable[[], int] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._now_us = now_us
        self._told = told
        folder = store.database.path.parent
        self._free = free or (lambda: shutil.disk_usage(folder).free)

    async def look(self) -> Room:
        """One pass: what is too old, then what has no room. Raises Refused."""
        now_us = self._now_us()
        names = await self._store.database.readers.read(partial(class_names, settings=self._settings))
        for one in self._settings.classes:
            for level_s in (RAW, *LEVELS_S):
                before_us = now_us - round(one.days_of(level_s) * DAY_US)
                await self._cut(Cut(names[one.name], level_s, before_us))
        room = await self._measure(now_us)
        for cut in lacking(room, self._settings, names):
            await self._cut(cut)
        room = await self._measure(now_us)
        self._told(room)
        return room

    async def _measure(self, now_us: int) -> Room:
        found = await self._store.database.readers.read(partial(measure, settings=self._settings, now_us=now_us))
        free = await asyncio.to_thread(self._free)
        return Room(found.levels, found.file_size, found.reusable, free)

    async def _cut(self, cut: Cut) -> None:
        key: int | None = 0
        while key is not None and cut.names:
            done = await self._store.database.writer.write(partial(purge_slice, cut=cut, after_key=key))
            key = done.next_key
            await asyncio.sleep(PAUSE_S if done.rows else 0)


def class_names(connection: Connection, settings: HistorySettings) -> dict[str, tuple[str, ...]]:
    """By class of the site: how the file names its tags' classes; what is not known any more is standard."""
    found: dict[str, list[str]] = {one.name: [] for one in settings.classes}
    for (name,) in direct(connection, "SELECT DISTINCT class FROM tag"):
        found.setdefault(settings.class_of(name).name, []).append(name)
    return {name: tuple(names) for name, names in found.items()}


def purge_slice(
    connection: Connection,
    cut: Cut,
    after_key: int = 0,
    budget_s: float = SLICE_S,
    elapsed: Callable[[], float] = time.perf_counter,
) -> Progress:
    """Go on with a cut behind a key, for about `budget_s`, in the connection's transaction."""
    end = elapsed() + budget_s
    rows = nbytes = 0
    key = after_key
    while True:
        keys = _keys_after(connection, cut.names, key)
        for key in keys:
            row_count, size = _purge_key(connection, key, cut)
            rows, nbytes = rows + row_count, nbytes + size
            if elapsed() >= end:
                return Progress(key, rows, nbytes)
        if len(keys) < _KEYS:
            return Progress(None, rows, nbytes)


def _keys_after(connection: Connection, names: Sequence[str], key: int) -> list[int]:
    marks = ", ".join("?" * len(names))
    sql = f"SELECT key FROM tag WHERE key > ? AND class IN ({marks}) ORDER BY key LIMIT {_KEYS}"  # noqa: S608 marks
    return [int(row[0]) for row in direct(connection, sql, (key, *names))]


def _purge_key(connection: Connection, key: int, cut: Cut) -> tuple[int, int]:
    """Rows and bytes that went. The tag's row says so, and work prepared on what was there is not written."""
    if cut.level_s == RAW:
        where, values = "chunk WHERE key = ? AND first_us < ? AND last_us < ?", (key, cut.before_us, cut.before_us)
        counted = "count(*), total(n), total(length(block)), max(last_us)"
    else:
        before_k = cut.before_us // (cut.level_s * 1_000_000)
        where = "rollup WHERE key = ? AND level = ? AND first_k < ? AND last_k < ?"
        values = (key, LEVELS_S.index(cut.level_s), before_k, before_k)  # type: ignore[assignment]
        counted = "count(*), 0, total(length(block)), 0"
    rows, n, size, last_us = direct(connection, f"SELECT {counted} FROM {where}", values).fetchone()  # noqa: S608
    if not rows:
        return 0, 0
    direct(connection, f"DELETE FROM {where}", values)  # noqa: S608 one of the two above
    is_raw = cut.level_s == RAW
    direct(
        connection,
        "UPDATE seal SET version = version + 1, samples = samples - ?, raw_bytes = raw_bytes - ?,"
        " rollup_bytes = rollup_bytes - ?, raw_from_us = CASE WHEN ? THEN max(coalesce(raw_from_us, ?), ?)"
        " ELSE raw_from_us END WHERE key = ?",
        (int(n), int(size) * is_raw, int(size) * (not is_raw), is_raw, last_us + 1, last_us + 1, key),
    )
    return int(rows), int(size)


def measure(connection: Connection, settings: HistorySettings, now_us: int) -> Room:
    """Room by class and level. The file counts the bytes of a tag's rollups together: they are shared out to the levels
    by the buckets that their spans have room for."""
    uses: dict[tuple[str, int], LevelUse] = {
        (one.name, level_s): LevelUse(one.name, level_s, 0, now_us, now_us)
        for one in settings.classes
        for level_s in (RAW, *LEVELS_S)
    }
    for name, raw, rollups, first_us, *first_ks in direct(connection, _USE):
        mine = settings.class_of(name).name
        starts = [
            now_us if k is None else k * level_s * 1_000_000 for k, level_s in zip(first_ks, LEVELS_S, strict=True)
        ]
        buckets = [(now_us - start) / level_s for start, level_s in zip(starts, LEVELS_S, strict=True)]
        whole = sum(buckets) or 1.0
        _add(uses, mine, RAW, raw, first_us or now_us)
        for level_s, start, count in zip(LEVELS_S, starts, buckets, strict=True):
            _add(uses, mine, level_s, round(rollups * count / whole), start)
    (pages,) = direct(connection, "PRAGMA page_count").fetchone()
    (free,) = direct(connection, "PRAGMA freelist_count").fetchone()
    (size,) = direct(connection, "PRAGMA page_size").fetchone()
    return Room(tuple(uses.values()), pages * size, free * size)


def _add(uses: dict[tuple[str, int], LevelUse], name: str, level_s: int, size: int, oldest_us: int) -> None:
    known = uses[name, level_s]
    uses[name, level_s] = replace(known, size=known.size + size, oldest_us=min(known.oldest_us, oldest_us))


def lacking(room: Room, settings: HistorySettings, names: dict[str, tuple[str, ...]]) -> Iterator[Cut]:
    """What has to go because a class is over its budget, or because the disk is needed for the journal."""
    for one in settings.classes:
        budget = round(one.budget_mb * 1_000_000)
        excess = sum(level.size for level in room.of(one.name)) - budget
        if budget > 0 and excess > 0:
            yield from _cuts(room, [(one, level_s) for _, level_s in order_of_loss([one])], names, excess)
    if room.disk_free < RESERVE and room.reusable < _AHEAD:
        by_name = {one.name: one for one in settings.classes}
        order = [(by_name[name], level_s) for name, level_s in order_of_loss(settings.classes)]
        yield from _cuts(room, order, names, _AHEAD - room.reusable)


def _cuts(
    room: Room,
    order: Sequence[tuple[RetentionClass, int]],
    names: dict[str, tuple[str, ...]],
    excess: int,
) -> Iterator[Cut]:
    """Oldest first, by share of the span: as much of each level as is needed, none below what is always kept."""
    for one, level_s in order:
        if excess <= 0:
            return
        use = next(level for level in room.of(one.name) if level.level_s == level_s)
        span_us = use.newest_us - use.oldest_us
        floor_us = use.newest_us - round(LEAST_DAYS[level_s] * DAY_US)
        share = min(1.0, excess / max(1, use.size), (floor_us - use.oldest_us) / max(1, span_us))
        if share > 0 and use.size > 0:
            yield Cut(names[one.name], level_s, use.oldest_us + round(span_us * share))
            excess -= round(use.size * share)
