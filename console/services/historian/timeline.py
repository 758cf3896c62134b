"""One tag's whole past for a query: what is on disk, joined with what only the ring has yet, without double or hole."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import numpy as np

from console.domain.quality import Quality
from console.services.historian.live_ring import RingSnapshot
from console.services.historian.rollup_columns import SECOND_US, Held, RollupColumns, is_trusted, no_rows
from console.services.historian.samples import SampleBlock, empty_block, in_order, join_blocks
from console.services.historian.segments import (
    NOBODY,
    Segments,
    held_pieces,
    joined,
    nothing,
    segments_from,
    segments_of,
)
from console.services.records import Floats, Longs

EVER = 1 << 62
EVERYTHING = 1 << 40  # samples
AT_ONCE = 1 << 19  # samples that are read between two looks at the cancellation
MOST_COMPARED = 1 << 12  # late samples of one tag that are looked for on disk one by one
MOST_LATE = 1 << 17  # stored samples that are read again because of late ones that are not on disk yet


class Stopped(Exception):
    """Nobody waits for the answer any more."""


class Past(Protocol):
    """What is on disk of one tag, all of it of one moment. Levels are bucket widths in seconds; of the newest bucket
    the time figures end with the newest sample."""

    def raw(self, from_us: int, to_us: int, limit: int) -> SampleBlock: ...

    def rollups(self, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...] | None) -> RollupColumns: ...

    def held_before(self, at_us: int) -> Held | None: ...

    def kept_from_us(self, level_s: int) -> int:
        """Rollups of a level are kept from here on, a bucket's begin; of level 0: the samples. 0: since ever."""
        ...


Lost = Callable[[int, int, int], tuple[tuple[int, int], ...]]  # level (0: samples), from, to -> spans that are damaged


def nothing_lost(level_s: int, from_us: int, to_us: int) -> tuple[tuple[int, int], ...]:
    """All that was kept can be read."""
    return ()


class NoPast:
    """A tag of which nothing is on disk."""

    def raw(self, from_us: int, to_us: int, limit: int) -> SampleBlock:
        return empty_block()

    def rollups(self, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...] | None) -> RollupColumns:
        return no_rows(level_s * SECOND_US)

    def held_before(self, at_us: int) -> Held | None:
        return None

    def kept_from_us(self, level_s: int) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Present:
    """What the main thread knew of a tag when it was asked: its handle, whether its value holds now, and now."""

    tag_id: UUID
    handle: int
    is_live: bool
    now_us: int
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Pieces:
    """Trusted values, for how many seconds each was held, and in which period."""

    value: Floats
    seconds: Floats
    period: Longs


class Timeline:
    """Samples and stretches of one tag. `check` raises `Stopped` when the question was given up."""

    def __init__(
        self, past: Past, ring: RingSnapshot, present: Present, check: Callable[[], None], lost: Lost = nothing_lost
    ) -> None:
        self._past = past
        self._lost = lost
        self.check = check
        self.tag_id = present.tag_id
        self.raw_from_us = past.kept_from_us(0)
        stored = past.held_before(EVER)
        self._stored = stored
        self._stored_us = stored.at_us if stored is not None else -EVER
        self._fresh = self._only_here(ring, present.handle)
        newest = stored
        if len(self._fresh) and self._fresh.at_us[-1] >= self._stored_us:
            newest = last_of(self._fresh)
        self.newest = newest
        self.until_us, self.is_lasting = 0, False
        if newest is not None:  # a gap goes on; a value holds while its tag lives
            is_gap = newest.quality > Quality.UNCERTAIN or not math.isfinite(newest.value)
            self.is_lasting = present.is_live or is_gap
            self.until_us = max(present.now_us, newest.at_us) if self.is_lasting else newest.at_us

    def _only_here(self, ring: RingSnapshot, handle: int) -> SampleBlock:
        """Rows of the ring that are not on disk, in order."""
        at, value, quality = ring.fresh(handle, self._stored_us)
        if not at.size:
            return empty_block()
        fresh = in_order(SampleBlock(np.zeros(at.size, np.uint32), at, value, quality))
        late = int(np.searchsorted(fresh.at_us, self._stored_us, side="right"))
        if not late:
            return fresh
        begin = int(fresh.at_us[0])
        is_much = late > MOST_COMPARED or begin < self.raw_from_us
        stored = empty_block() if is_much else self._past.raw(begin, self._stored_us + 1, MOST_LATE)
        if is_much or len(stored) >= MOST_LATE:  # the disk has them in a moment
            return part_of(fresh, late, len(fresh))
        same = np.flatnonzero(np.isin(stored.at_us, fresh.at_us[:late]))
        known = {_identity(stored, row) for row in same.tolist()}
        missing = [row for row in range(late) if _identity(fresh, row) not in known]
        rows = np.array([*missing, *range(late, len(fresh))], np.int64)
        return SampleBlock(fresh.key[rows], fresh.at_us[rows], fresh.value[rows], fresh.quality[rows])

    def kept_from_us(self, level_s: int) -> int:
        """From when rollups of a level are kept, 0: since ever."""
        return self._past.kept_from_us(level_s)

    def held_before(self, at_us: int) -> Held | None:
        """What holds just before a moment."""
        stored = self._past.held_before(at_us)
        if stored is not None and (lost := self._lost(0, stored.at_us + 1, at_us)):
            stored = Held(max(lost[-1][0], stored.at_us + 1), float("nan"), int(Quality.UNKNOWN))
        row = int(np.searchsorted(self._fresh.at_us, at_us)) - 1
        if row < 0 or (stored is not None and stored.at_us > self._fresh.at_us[row]):
            return stored
        return last_of(part_of(self._fresh, 0, row + 1))

    def raw(self, from_us: int, to_us: int, limit: int) -> SampleBlock:
        """Samples of [from_us, to_us) in time order, all or the first `limit`; exact integers by row."""
        parts, count, begin = [], 0, from_us
        while count < limit and begin < to_us:
            self.check()
            wanted = min(AT_ONCE, limit - count)
            part = self._past.raw(begin, to_us, wanted)
            if len(part) < wanted:
                parts.append(part)
                break
            if count + len(part) < limit and part.at_us[0] < part.at_us[-1]:  # a stamp is not cut in two
                part = part_of(part, 0, int(np.searchsorted(part.at_us, part.at_us[-1])))
            parts.append(part)
            count += len(part)
            begin = int(part.at_us[-1]) + 1
        stored = self._with_gaps(join_blocks(parts), from_us, to_us)
        a, b = np.searchsorted(self._fresh.at_us, (from_us, to_us))
        if a == b:
            return stored
        whole = in_order(
            join_blocks([replace(stored, key=np.zeros(len(stored), np.uint32)), part_of(self._fresh, a, b)])
        )
        return part_of(whole, 0, limit) if len(whole) > limit else whole

    def _with_gaps(self, stored: SampleBlock, from_us: int, to_us: int) -> SampleBlock:
        """Where samples are damaged nothing is known until the next one."""
        lost = self._lost(0, from_us, to_us)
        if not lost:
            return stored
        at = np.array([max(begin, from_us) for begin, _end in lost], np.int64)
        unknown = np.full(at.size, Quality.UNKNOWN, np.uint8)
        gaps = SampleBlock(np.zeros(at.size, np.uint32), at, np.full(at.size, np.nan), unknown)
        return in_order(join_blocks([replace(stored, key=np.zeros(len(stored), np.uint32)), gaps]))

    def slices(self, edges: Longs) -> Iterator[tuple[SampleBlock, Pieces]]:
        """All samples of [edges[0], edges[-1]) in turns of about half a million, with what is held in each turn."""
        begin, stop = int(edges[0]), int(edges[-1])
        held = self.held_before(begin)
        while begin < stop:
            block = self.raw(begin, stop, AT_ONCE)
            end = stop if len(block) < AT_ONCE else max(int(block.at_us[-1]), begin + 1)
            block = part_of(block, 0, int(np.searchsorted(block.at_us, end)))
            inner = edges[(edges > begin) & (edges < end)]
            yield block, self._pieces(block, np.concatenate(([begin], inner, [end])).astype(np.int64), held, edges)
            held, begin = last_of(block) if len(block) else held, end

    def _pieces(self, block: SampleBlock, cuts: Longs, held: Held | None, edges: Longs) -> Pieces:
        holder, seconds, place = held_pieces(block.at_us, cuts, self.until_us)
        before = held or NOBODY
        value = np.append(block.value, before.value)[holder]
        trusted = is_trusted(value, np.append(block.quality, np.uint8(before.quality))[holder])
        period = np.searchsorted(edges, cuts[place], side="right") - 1
        return Pieces(value[trusted], seconds[trusted], period[trusted])

    def buckets(self, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...]) -> RollupColumns | None:
        """What is on disk of one level, as it is there; None when late samples that are not there yet belong to
        it, or some of it is damaged."""
        self.check()
        a, b = np.searchsorted(self._fresh.at_us, (from_us, min(to_us, self._stored_us + 1)))
        found = self._past.rollups(level_s, from_us, to_us, columns) if a == b else None
        return None if self._lost(level_s, from_us, to_us) else found

    def newer(self, from_us: int, to_us: int) -> SampleBlock:
        """What came behind the newest sample on disk."""
        if not len(self._fresh):
            return self._fresh
        a, b = (int(row) for row in np.searchsorted(self._fresh.at_us, (max(from_us, self._stored_us + 1), to_us)))
        return part_of(self._fresh, a, max(a, b))

    def stretches(self, level_s: int, from_us: int, to_us: int, columns: tuple[str, ...] | None = None) -> Segments:
        """Rollups of one level within [from_us, to_us), both multiples of it, with what is not on disk yet. Only the
        named `columns` of RollupColumns are right (None: all), `k` and tails always among them."""
        self.check()
        width = level_s * SECOND_US
        stored = segments_from(self._past.rollups(level_s, from_us, to_us, columns))
        self._end_newest(stored)
        stored = self._with_holes(stored, level_s, from_us, to_us)
        a, b = (int(row) for row in np.searchsorted(self._fresh.at_us, (from_us, to_us)))
        middle = int(np.searchsorted(self._fresh.at_us, self._stored_us, side="right"))
        if a < min(middle, b):
            stored = self._with_late(stored, part_of(self._fresh, a, min(middle, b)), width)
        if max(a, middle) >= b:
            return stored
        newer = part_of(self._fresh, max(a, middle), b)
        begin = max(from_us, self._stored_us)
        held = self._stored if begin == self._stored_us else self.held_before(begin)
        edges = np.clip(_borders(newer.at_us // width * width, width), begin, to_us)
        more = segments_of(newer.at_us, newer.value, newer.quality, np.unique(edges), held, self.until_us)
        return joined([stored, more])

    def _with_holes(self, stored: Segments, level_s: int, from_us: int, to_us: int) -> Segments:
        """Damaged buckets are stretches of which nothing is known, so that nothing is taken to hold through them."""
        width = level_s * SECOND_US
        spans = self._lost(level_s, from_us, to_us)
        if not spans:
            return stored
        damaged = [np.arange(begin // width, -(-end // width), dtype=np.int64) * width for begin, end in spans]
        starts = np.setdiff1d(np.concatenate(damaged), stored.start_us)
        starts = starts[(starts >= from_us) & (starts < to_us)]
        whole = joined([stored, nothing(starts, starts + width, NOBODY)])
        return whole.rows(np.argsort(whole.start_us, kind="stable"))

    def _end_newest(self, stored: Segments) -> None:
        """The stretch of the disk's newest sample ends with it: what comes after is told by what came after."""
        if len(stored) and stored.end_us[-1] > self._stored_us:
            stored.end_us[-1] = self._stored_us

    def _with_late(self, stored: Segments, late: SampleBlock, width: int) -> Segments:
        """Stretches with late samples that are not on disk yet, and the one that their values hold into, from raw."""
        touched = np.unique(late.at_us // width) * width
        begin = int(touched[0])
        first = int(np.searchsorted(stored.start_us, begin))
        after = min(int(np.searchsorted(stored.start_us, touched[-1], side="right")) + 1, len(stored))
        starts = np.union1d(touched, stored.start_us[first:after])
        end = int(starts[-1]) + width
        disk = self._past.raw(begin, end, MOST_LATE)
        if len(disk) >= MOST_LATE:  # too much for now: the disk has them in a moment
            return stored
        rows = in_order(join_blocks([replace(disk, key=np.zeros(len(disk), np.uint32)), late]))
        held, edges = self._past.held_before(begin), _borders(starts, width)
        again = segments_of(rows.at_us, rows.value, rows.quality, edges, held, self._stored_us)
        self._end_newest(again)
        return joined([stored.rows(slice(0, first)), again, stored.rows(slice(after, None))])


def _borders(starts: Longs, width: int) -> Longs:
    """Begins and ends of these buckets, each once."""
    return np.union1d(starts, starts + width)


def part_of(block: SampleBlock, start: int, stop: int) -> SampleBlock:
    exact = {row - start: number for row, number in block.exact.items() if start <= row < stop}
    rows = slice(start, stop)
    return SampleBlock(block.key[rows], block.at_us[rows], block.value[rows], block.quality[rows], exact)


def _identity(block: SampleBlock, row: int) -> tuple[int, int, int]:
    """Two samples of a tag are the same when stamp, value (bit for bit) and quality are."""
    return int(block.at_us[row]), int(block.value[row : row + 1].view(np.int64)[0]), int(block.quality[row])


def last_of(block: SampleBlock) -> Held:
    return Held(int(block.at_us[-1]), float(block.value[-1]), int(block.quality[-1]))
