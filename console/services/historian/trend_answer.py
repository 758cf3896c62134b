"""Answers a trend question for one tag: raw samples where they are few enough, else lowest and highest per bucket.

Buckets begin at multiples of their width, so that the same data give the same columns wherever the window stands.
"""

from dataclasses import dataclass

import numpy as np

from console.domain.quality import Quality
from console.services.historian.cover import kept_stretches
from console.services.historian.rollup_columns import LEVELS_S, SECOND_US, is_trusted
from console.services.historian.samples import SampleBlock
from console.services.historian.segments import Bools, Segments
from console.services.historian.timeline import EVERYTHING, Timeline
from console.services.records import Floats, Longs, TrendColumns

COLUMNS = ("k", "min", "max", "count", "untrusted", "tail", "tail_quality")
_HANDFUL = 16
_SLICES = 16  # in which many samples are made buckets: neither memory nor waiting for a cancellation grows with them


@dataclass(frozen=True, slots=True)
class Grid:
    """Buckets of one width; `begin_us` is where one of them begins."""

    begin_us: int
    width_us: int

    def place(self, at_us: Longs) -> Longs:
        """Number of the bucket of each time."""
        return (at_us - self.begin_us) // self.width_us

    def after(self, at_us: int) -> int:
        """The first begin of a bucket at or after this time."""
        return self.begin_us - (self.begin_us - at_us) // self.width_us * self.width_us


@dataclass(frozen=True, slots=True)
class _Rows:
    """Buckets in order: begin, lowest, highest and last value, and whether all was good."""

    at_us: Longs
    low: Floats
    high: Floats
    last: Floats
    good: Bools


def trend_answer(timeline: Timeline, from_us: int, to_us: int, buckets: int) -> TrendColumns:
    """See `TrendColumns`: at most `buckets` rows (one more where only coarser rollups are kept)."""
    buckets = max(buckets, 1)
    asked_us = -(-max(to_us - from_us, 1) // buckets)
    level_s = max((level for level in LEVELS_S if level * SECOND_US <= asked_us), default=0)
    grid = bucket_grid(from_us, to_us, buckets, level_s * SECOND_US or 1)
    if level_s:
        found = kept_stretches(timeline, level_s, grid.begin_us, grid.after(to_us), COLUMNS)
        few = int(found.count.sum() + found.untrusted.sum()) <= buckets
        if not few or from_us < timeline.raw_from_us:
            return _answer(timeline, [_of_stretches(found, grid)], grid)
    older: list[_Rows] = []
    if from_us < timeline.raw_from_us:
        ten_us = LEVELS_S[0] * SECOND_US
        split = -(-min(timeline.raw_from_us, to_us) // ten_us) * ten_us
        older = [
            _of_stretches(kept_stretches(timeline, LEVELS_S[0], grid.begin_us // ten_us * ten_us, split, COLUMNS), grid)
        ]
        from_us = split
    else:
        block = timeline.raw(from_us, to_us, buckets + 1)
        if len(block) <= buckets:
            return _raw(timeline, block, from_us)
    return _answer(timeline, older + _of_samples(timeline, from_us, to_us, grid), grid)


def bucket_grid(from_us: int, to_us: int, buckets: int, step_us: int) -> Grid:
    """Begin and width of at most `buckets` buckets that cover the window; both multiples of `step_us`.

    Begins are multiples of the width, so that a window that moves shows the same buckets; not of a handful, whose
    width that would double.
    """
    if buckets < _HANDFUL:
        begin = from_us // step_us * step_us
        return Grid(begin, max(-(-(to_us - begin) // buckets // step_us) * step_us, step_us))
    width = max(-(-(to_us - from_us) // (buckets - 1) // step_us) * step_us, step_us)
    return Grid(from_us // width * width, width)


def _of_stretches(found: Segments, grid: Grid) -> _Rows:
    """Of what cannot be trusted only the last number is known: it is shown where there is no other, as not good."""
    last_bad = np.where(found.count > 0, np.nan, found.tail)
    good = (found.untrusted == 0) & (found.tail_quality == Quality.GOOD)
    return _rows(grid.place(found.start_us), grid, found.low, found.high, last_bad, last_bad, found.tail, good)


def _of_samples(timeline: Timeline, from_us: int, to_us: int, grid: Grid) -> list[_Rows]:
    """Slice by slice, each a whole number of buckets."""
    begin = grid.after(from_us + 1) - grid.width_us
    step = -(-(to_us - begin) // grid.width_us // _SLICES) * grid.width_us
    parts = []
    while begin < to_us:
        end = min(begin + step, to_us)
        block = timeline.raw(max(begin, from_us), end, EVERYTHING)
        trusted = is_trusted(block.value, block.quality)
        seen, unseen = np.where(trusted, block.value, np.nan), np.where(trusted, np.nan, block.value)
        good = (block.quality == Quality.GOOD) & trusted
        parts.append(_rows(grid.place(block.at_us), grid, seen, seen, unseen, unseen, block.value, good))
        begin = end
    return parts


def _rows(
    place: Longs, grid: Grid, low: Floats, high: Floats, low_bad: Floats, high_bad: Floats, last: Floats, good: Bools
) -> _Rows:
    """One row per run of equal places; the bad ones count where there is nothing better."""
    if not place.size:
        empty = np.empty(0)
        return _Rows(np.empty(0, np.int64), empty, empty, empty, np.empty(0, np.bool_))
    starts = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
    ends = np.append(starts[1:], place.size) - 1
    lowest, highest = np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
    is_empty = np.isnan(lowest)
    if is_empty.any():
        lowest = np.where(is_empty, np.fmin.reduceat(low_bad, starts), lowest)
        highest = np.where(is_empty, np.fmax.reduceat(high_bad, starts), highest)
    return _Rows(
        grid.begin_us + place[starts] * grid.width_us,
        lowest,
        highest,
        last[ends],
        np.logical_and.reduceat(good, starts),
    )


def _answer(timeline: Timeline, parts: list[_Rows], grid: Grid) -> TrendColumns:
    held = timeline.held_before(grid.begin_us)
    return TrendColumns(
        timeline.tag_id,
        np.concatenate([part.at_us for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
        np.concatenate([part.last for part in parts]),
        np.concatenate([part.good for part in parts]),
        False,
        width_us=grid.width_us,
        held=held.value if held is not None else float("nan"),
        held_good=held is not None and held.quality == Quality.GOOD,
        held_us=held.at_us if held is not None else 0,
        until_us=0 if timeline.is_lasting else timeline.until_us,
    )


def _raw(timeline: Timeline, block: SampleBlock, from_us: int) -> TrendColumns:
    held = timeline.held_before(from_us)
    return TrendColumns(
        timeline.tag_id,
        block.at_us,
        block.value,
        block.value,
        block.value,
        (block.quality == Quality.GOOD) & ~np.isnan(block.value),
        True,
        held=held.value if held is not None else float("nan"),
        held_good=held is not None and held.quality == Quality.GOOD,
        held_us=held.at_us if held is not None else 0,
        until_us=0 if timeline.is_lasting else timeline.until_us,
    )
