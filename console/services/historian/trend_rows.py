"""Buckets of a trend: lowest, highest and last value on a grid, of rollups and of samples, put together."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.services.historian.rollup_columns import RollupColumns, is_trusted
from console.services.historian.samples import SampleBlock
from console.services.historian.segments import Bools, Segments
from console.services.records import Floats, Longs

_HANDFUL = 16


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


def grid_of(from_us: int, to_us: int, buckets: int, step_us: int) -> Grid:
    """At most `buckets` buckets that cover the window, in multiples of `step_us`.

    Begins are multiples of the width, so that a window that moves shows the same buckets; not of a handful, whose
    width that would double.
    """
    if buckets < _HANDFUL:
        begin = from_us // step_us * step_us
        return Grid(begin, max(-(-(to_us - begin) // buckets // step_us) * step_us, step_us))
    width = max(-(-(to_us - from_us) // (buckets - 1) // step_us) * step_us, step_us)
    return Grid(from_us // width * width, width)


@dataclass(frozen=True, slots=True)
class Rows:
    """Buckets in order: begin, lowest, highest and last value, and whether all was good. `is_doubtful`: low and high
    are of what cannot be trusted, as there is nothing better."""

    at_us: Longs
    low: Floats
    high: Floats
    last: Floats
    good: Bools
    is_doubtful: Bools

    def __len__(self) -> int:
        return len(self.at_us)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What buckets are made of, in order of time; low and high are nan where nothing is trusted."""

    place: Longs
    low: NDArray[Any]
    high: NDArray[Any]
    doubtful: Floats  # what is shown where there is nothing better
    last: Floats
    good: Bools


def of_rollups(found: RollupColumns, grid: Grid) -> Rows:
    """Of what cannot be trusted only the last number is known."""
    good = (found.untrusted == 0) & (found.tail_quality == Quality.GOOD)
    place = grid.place(found.k * found.width_us)
    return _rows(_Parts(place, found.min, found.max, found.tail, found.tail, good), grid)


def of_stretches(found: Segments, grid: Grid) -> Rows:
    """The same."""
    good = (found.untrusted == 0) & (found.tail_quality == Quality.GOOD)
    return _rows(_Parts(grid.place(found.start_us), found.low, found.high, found.tail, found.tail, good), grid)


def of_samples(block: SampleBlock, grid: Grid) -> Rows:
    """Samples in order of time."""
    trusted = is_trusted(block.value, block.quality)
    seen = block.value if trusted.all() else np.where(trusted, block.value, np.nan)
    good = (block.quality == Quality.GOOD) & trusted
    return _rows(_Parts(grid.place(block.at_us), seen, seen, block.value, block.value, good), grid)


def _rows(parts: _Parts, grid: Grid) -> Rows:
    """One row per run of equal places; doubtful numbers count where there is nothing better."""
    place = parts.place
    if not place.size:
        none, no = np.empty(0), np.empty(0, np.bool_)
        return Rows(np.empty(0, np.int64), none, none, none, no, no)
    turns = np.flatnonzero(place[1:] != place[:-1])
    starts, ends = np.concatenate(([0], turns + 1)), np.append(turns, place.size - 1)
    low = np.fmin.reduceat(parts.low, starts).astype(np.float64, copy=False)
    high = np.fmax.reduceat(parts.high, starts).astype(np.float64, copy=False)
    is_doubtful = np.isnan(low)
    if is_doubtful.any():
        low = np.where(is_doubtful, np.fmin.reduceat(parts.doubtful, starts), low)
        high = np.where(is_doubtful, np.fmax.reduceat(parts.doubtful, starts), high)
    at_us = place[starts] * grid.width_us + grid.begin_us
    return Rows(at_us, low, high, parts.last[ends], np.logical_and.reduceat(parts.good, starts), is_doubtful)


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """One after the other; a bucket that two of them share becomes one."""
    whole = parts[0]
    for part in parts[1:]:
        if not len(part) or not len(whole):
            whole = part if len(part) else whole
            continue
        if whole.at_us[-1] == part.at_us[0]:
            _take_in(part, whole)
            whole = _cut(whole, len(whole) - 1)
        whole = Rows(*(np.concatenate((getattr(whole, one.name), getattr(part, one.name))) for one in fields(Rows)))
    return whole


def _take_in(part: Rows, earlier: Rows) -> None:
    """The first bucket of `part` (its own arrays) takes in what the last of `earlier` has."""
    part.good[0] &= earlier.good[-1]
    if part.is_doubtful[0] and not earlier.is_doubtful[-1]:
        part.low[0], part.high[0], part.is_doubtful[0] = earlier.low[-1], earlier.high[-1], False
    elif part.is_doubtful[0] == earlier.is_doubtful[-1]:
        part.low[0] = np.fmin(part.low[0], earlier.low[-1])
        part.high[0] = np.fmax(part.high[0], earlier.high[-1])


def _cut(rows: Rows, n: int) -> Rows:
    return Rows(*(getattr(rows, one.name)[:n] for one in fields(Rows)))
