"""The samples of one trend pen and a min/max pyramid over them, so that any window is drawn in constant time.

Values hold until the next sample (report by exception); a nan row is a gap: nothing is known until the next sample.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]

FACTOR = 16
_RAW_COUNT = 2 * FACTOR  # columns with fewer samples are read from the samples themselves


@dataclass(frozen=True, slots=True)
class PenColumns:
    """What n columns of a window hold: lowest and highest value including the one held from before, nan in gaps."""

    low: Floats
    high: Floats
    good: Bools


@dataclass(frozen=True, slots=True)
class PenStatistics:
    """Of a window: minimum, maximum, time-weighted average of held values (nan when there is none), gaps, bad ones."""

    low: float
    high: float
    average: float
    gaps: int
    has_bad: bool


@dataclass(slots=True)
class _Level:
    low: Floats
    high: Floats
    bad: Bools
    n: int = 0


class TrendPen:
    """Samples in time order, at most `capacity`; the oldest quarter goes when it is full.

    Samples stay float64, because a counter of 1e9 must not be rounded at the cursor; the levels above them add 1/15.
    """

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = max(FACTOR * FACTOR, -(-capacity // FACTOR) * FACTOR)
        self._n = 0
        size = min(4096, self._capacity)
        self._time = np.empty(size, np.int64)
        self._value = np.full(size, np.nan)
        self._bad = np.ones(size, np.bool_)
        self._levels: list[_Level] = []
        self._sums = np.empty((3, size // FACTOR))  # per closed block: value x time, time with a value, gaps
        self._blocks = 0

    def __len__(self) -> int:
        return self._n

    @property
    def first_us(self) -> int:
        return int(self._time[0]) if self._n else 0

    @property
    def last_us(self) -> int:
        return int(self._time[self._n - 1]) if self._n else 0

    @property
    def samples(self) -> tuple[Longs, Floats, Bools]:
        """Times, values and good flags as views; do not change them."""
        return self._time[: self._n], self._value[: self._n], ~self._bad[: self._n]

    def append(self, time_us: Longs, value: Floats, good: Bools) -> int:
        """Add samples in any order; returns the time from which columns drawn before are no longer true."""
        if not time_us.size:
            return self.last_us
        if time_us.size > 1 and (time_us[1:] < time_us[:-1]).any():
            order = np.argsort(time_us, kind="stable")
            time_us, value, good = time_us[order], value[order], good[order]
        since = int(time_us[0])
        if self._n and since < self.last_us:
            self._insert(time_us, value, good)
            return since
        if time_us.size > self._capacity:
            keep = slice(-self._capacity, None)
            time_us, value, good = time_us[keep], value[keep], good[keep]
        self._make_room(time_us.size)
        end = self._n + time_us.size
        self._time[self._n : end] = time_us
        self._value[self._n : end] = value
        self._bad[self._n : end] = ~good
        self._n = end
        self._raise_levels()
        return since

    def replace(self, from_us: int, to_us: int, time_us: Longs, value: Floats, good: Bools) -> None:
        """Put these samples (in time order) in the place of all within [from_us, to_us)."""
        a, b = np.searchsorted(self._time[: self._n], (from_us, to_us))
        old_time, old_value, old_good = self.samples
        self._set(
            np.concatenate((old_time[:a], time_us, old_time[b:])),
            np.concatenate((old_value[:a], value, old_value[b:])),
            np.concatenate((old_good[:a], good, old_good[b:])),
        )

    def columns(self, edges_us: Longs, until_us: int) -> PenColumns:
        """n columns between n+1 rising edges. After `until_us` nothing is known: those columns are empty."""
        index = np.searchsorted(self._time[: self._n], edges_us)
        start, stop = index[:-1], index[1:]
        low, high, bad = self._extremes(start, stop)
        held_at = np.maximum(start - 1, 0)
        held = np.where(start > 0, self._value[held_at], np.nan)
        low, high = np.fmin(low, held), np.fmax(high, held)
        bad |= (start > 0) & self._bad[held_at] & ~np.isnan(held)
        future = edges_us[:-1] > until_us
        low[future] = high[future] = np.nan
        return PenColumns(low, high, ~bad)

    def value_at(self, at_us: int) -> tuple[float, bool]:
        """The value held at this moment and whether it is good; nan before the first sample and in gaps."""
        i = int(np.searchsorted(self._time[: self._n], at_us, side="right")) - 1
        if i < 0:
            return float("nan"), False
        return float(self._value[i]), not bool(self._bad[i])

    def statistics(self, from_us: int, to_us: int) -> PenStatistics:
        """Over the held values in [from_us, to_us)."""
        a, b = np.searchsorted(self._time[: self._n], (from_us, to_us))
        a = max(int(a) - 1, 0)
        if a >= b:
            return PenStatistics(np.nan, np.nan, np.nan, 0, False)
        low, high, bad = self._extremes(np.array([a]), np.array([b]))
        first, last = min(-(-a // FACTOR), self._blocks), min(int(b) // FACTOR, self._blocks)
        if last > first:  # the middle from the closed blocks, the two ends sample by sample
            area, lasting, gaps = self._sums[:, first:last].sum(axis=1)
            parts = [(a, first * FACTOR), (last * FACTOR, int(b))]
        else:
            area, lasting, gaps = 0.0, 0.0, 0.0
            parts = [(a, int(b))]
        for begin, end in parts:
            if begin < end:
                until = int(self._time[end]) if end < b else to_us
                times = np.clip(np.append(self._time[begin:end], until), from_us, to_us)
                sums = _sums(times, self._value[begin:end], end - begin)[:, 0]
                area, lasting, gaps = area + sums[0], lasting + sums[1], gaps + sums[2]
        average = float(area / lasting) if lasting > 0 else float("nan")
        return PenStatistics(float(low[0]), float(high[0]), average, round(float(gaps)), bool(bad[0]))

    def _insert(self, time_us: Longs, value: Floats, good: Bools) -> None:
        """Late samples: behind those of the same stamp, so that arrival order stays."""
        old_time, old_value, old_good = self.samples
        at = np.searchsorted(old_time, time_us, side="right")
        self._set(np.insert(old_time, at, time_us), np.insert(old_value, at, value), np.insert(old_good, at, good))

    def _set(self, time_us: Longs, value: Floats, good: Bools) -> None:
        keep = slice(max(0, time_us.size - self._capacity), None)
        time_us, value, good = time_us[keep], value[keep], good[keep]
        size = max(4096, -(-time_us.size * 5 // 4 // FACTOR) * FACTOR)
        self._time = np.empty(size, np.int64)
        self._value = np.full(size, np.nan)
        self._bad = np.ones(size, np.bool_)
        self._n = time_us.size
        self._time[: self._n], self._value[: self._n], self._bad[: self._n] = time_us, value, ~good
        self._levels, self._blocks = [], 0
        self._raise_levels()

    def _make_room(self, more: int) -> None:
        if self._n + more > self._capacity:
            drop = min(self._n, max(self._capacity // 4, self._n + more - self._capacity))
            self._set(self._time[drop : self._n], self._value[drop : self._n], ~self._bad[drop : self._n])
        if self._n + more > self._time.size:
            size = -(-max(self._n + more, 2 * self._time.size) // FACTOR) * FACTOR
            self._time = _grown(self._time, size)
            self._value = _grown(self._value, size)
            self._bad = _grown(self._bad, size)

    def _raise_levels(self) -> None:
        """Close the blocks of 16 that are full now, level by level."""
        self._close_sums()
        low, high, bad, n = self._value, self._value, self._bad, self._n
        depth = 0
        while n >= FACTOR:
            if depth == len(self._levels):
                self._levels.append(_Level(np.empty(16), np.empty(16), np.empty(16, np.bool_)))
            level = self._levels[depth]
            done, full = level.n, n // FACTOR
            if full > level.low.size:
                size = -(-max(full, 2 * level.low.size) // FACTOR) * FACTOR
                level.low, level.high = _grown(level.low, size), _grown(level.high, size)
                level.bad = _grown(level.bad, size)
            if full > done:
                part = slice(done * FACTOR, full * FACTOR)
                np.fmin.reduce(low[part].reshape(-1, FACTOR), axis=1, out=level.low[done:full])
                np.fmax.reduce(high[part].reshape(-1, FACTOR), axis=1, out=level.high[done:full])
                np.any(bad[part].reshape(-1, FACTOR), axis=1, out=level.bad[done:full])
                level.n = full
            low, high, bad, n = level.low, level.high, level.bad, full
            depth += 1

    def _close_sums(self) -> None:
        """A block's time ends with the first sample after it, so the newest block stays open until that came."""
        full = (self._n - 1) // FACTOR if self._n else 0
        if full > self._sums.shape[1]:
            longer = np.empty((3, max(full, 2 * self._sums.shape[1])))
            longer[:, : self._blocks] = self._sums[:, : self._blocks]
            self._sums = longer
        if full > self._blocks:
            a, b = self._blocks * FACTOR, full * FACTOR
            self._sums[:, self._blocks : full] = _sums(self._time[a : b + 1], self._value[a:b], FACTOR)
            self._blocks = full

    def _extremes(self, start: Longs, stop: Longs) -> tuple[Floats, Floats, Bools]:
        """Exact min, max and any-bad of the index ranges [start, stop), each from the coarsest level that fits."""
        n = start.size
        low, high, bad = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, np.bool_)
        count = stop - start
        depth, least = 0, 0
        while True:
            most = _RAW_COUNT * FACTOR**depth
            is_last = depth >= len(self._levels)
            mine = np.flatnonzero((count > least) & ((count <= most) | is_last))
            if mine.size:
                self._reduce(mine, start[mine], stop[mine], depth, (low, high, bad))
            if is_last:
                return low, high, bad
            depth, least = depth + 1, most

    def _reduce(self, rows: Longs, start: Longs, stop: Longs, depth: int, out: tuple[Floats, Floats, Bools]) -> None:
        """Edges from the finer levels, the middle from level `depth` (0 = the samples)."""
        for fine in range(depth):
            upper, lower = -(-start // FACTOR), stop // FACTOR
            self._fold(rows, start, upper * FACTOR - start, fine, out)
            self._fold(rows, lower * FACTOR, stop - lower * FACTOR, fine, out)
            start, stop = upper, lower
        self._fold(rows, start, stop - start, depth, out)

    def _fold(self, rows: Longs, start: Longs, count: Longs, depth: int, out: tuple[Floats, Floats, Bools]) -> None:
        """Fold `count` entries of a level from `start` on into the results of `rows`."""
        width = int(count.max(initial=0))
        if width <= 0:
            return
        if depth:
            level = self._levels[depth - 1]
            low, high, bad = level.low, level.high, level.bad
        else:
            low, high, bad = self._value, self._value, self._bad
        reach = np.arange(width)
        at = np.minimum(start[:, None] + reach, low.size - 1)
        outside = reach >= count[:, None]
        picked = low[at]
        picked[outside] = np.nan
        out[0][rows] = np.fmin(out[0][rows], np.fmin.reduce(picked, axis=1))
        if depth:
            picked = high[at]
            picked[outside] = np.nan
        out[1][rows] = np.fmax(out[1][rows], np.fmax.reduce(picked, axis=1))
        out[2][rows] |= (bad[at] & ~outside & ~np.isnan(low[at])).any(axis=1)


def _sums(times: Longs, value: Floats, size: int) -> Floats:
    """Value x microseconds, microseconds with a value and gaps per run of `size` samples; one time more than values."""
    lasting = np.diff(times).astype(np.float64)
    empty = np.isnan(value)
    lasting[empty] = 0.0
    rows = (np.where(empty, 0.0, value) * lasting, lasting, empty.astype(np.float64))
    return np.stack([row.reshape(-1, size).sum(axis=1) for row in rows])


def _grown(column: NDArray[Any], size: int) -> NDArray[Any]:
    """A longer copy; the new part is not written yet."""
    longer = np.empty(size, column.dtype)
    longer[: column.size] = column
    return longer
