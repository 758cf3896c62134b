"""What every 256 samples of a trend pen hold, and every 16 of them, so that a window is drawn from its blocks.

Only blocks that an edge of a pixel column cuts are opened, first to their runs of 16, then to the samples.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from console.models.trend_chunk import BLOCK, FINE, Bools, Chunk, Floats, Longs

RUNS = BLOCK // FINE
FineRows = Callable[[Longs, Longs], tuple[Longs, Floats, Bools]]


@dataclass(frozen=True, slots=True)
class BlockRows:
    """One row per block of at most 256 samples. A block without a value has low = inf and high = -inf."""

    first_us: Longs
    last_us: Longs
    count: NDArray[np.int32]
    low: Floats
    high: Floats
    bad: Bools  # a value that is not good is among them
    last: Floats
    last_bad: Bools
    sums: Floats  # (n, 3): value x us and us with a value between the block's own samples, gaps
    fine_us: Longs  # (n, 16), as the next three: runs of 16 samples; void runs repeat last_us
    fine_low: Floats
    fine_high: Floats
    fine_bad: Bools

    @classmethod
    def of(cls, chunk: Chunk, since: int) -> Self:
        """The blocks of a chunk from sample `since` on, which is the first of a block."""
        count = chunk.n - since
        n = -(-count // BLOCK)
        value = np.full(n * BLOCK, np.nan)
        value[:count] = chunk.value[since:]
        time = np.full(n * BLOCK, chunk.time[-1] if count else 0, np.int64)
        time[:count] = chunk.time[since:]
        bad = np.zeros(n * BLOCK, np.bool_)
        if chunk.bad is not None:
            bad[:count] = chunk.bad[since:] & ~np.isnan(value[:count])
        runs = value.reshape(n, RUNS, FINE)
        fine_low, fine_high = np.fmin.reduce(runs, axis=2), np.fmax.reduce(runs, axis=2)
        empty = np.isnan(fine_low)
        fine_low[empty], fine_high[empty] = np.inf, -np.inf
        fine_bad = bad.reshape(n, RUNS, FINE).any(axis=2)
        counts = np.minimum(count - np.arange(n) * BLOCK, BLOCK).astype(np.int32)
        ends = np.arange(n) * BLOCK + counts - 1
        return cls(
            time[::BLOCK].copy(),
            time[ends],
            counts,
            fine_low.min(axis=1, initial=np.inf),
            fine_high.max(axis=1, initial=-np.inf),
            fine_bad.any(axis=1),
            value[ends],
            bad[ends],
            _sums(time.reshape(n, BLOCK), value.reshape(n, BLOCK), counts),
            time[::FINE].reshape(n, RUNS),
            fine_low,
            fine_high,
            fine_bad,
        )


class Blocks:
    """The rows of a whole pen, with room to grow behind and to forget in front."""

    def __init__(self) -> None:
        self._rows = BlockRows.of(Chunk(), 0)
        self._begin = self._end = 0

    def __len__(self) -> int:
        return self._end - self._begin

    @property
    def nbytes(self) -> int:
        return sum(getattr(self._rows, column.name).nbytes for column in fields(BlockRows))

    @property
    def rows(self) -> BlockRows:
        """Views of all rows."""
        return _each(lambda column: column[self._begin : self._end], self._rows)

    def forget(self, n: int) -> None:
        """The oldest n rows."""
        self._begin += n

    def put(self, start: int, new: BlockRows) -> None:
        """These rows take the place of all from `start` on."""
        begin, n = self._begin + start, new.first_us.size
        if begin + n > self._rows.first_us.size:
            kept, size = self.rows, max(64, (start + n) * 5 // 4)
            self._rows = _each(lambda column: np.empty((size, *column.shape[1:]), column.dtype), self._rows)
            for column in fields(BlockRows):
                getattr(self._rows, column.name)[:start] = getattr(kept, column.name)[:start]
            self._begin, begin = 0, start
        for column in fields(BlockRows):
            getattr(self._rows, column.name)[begin : begin + n] = getattr(new, column.name)
        self._end = begin + n

    def splice(self, start: int, stop: int, new: list[BlockRows]) -> None:
        """These rows take the place of [start, stop)."""
        end = self._end
        is_fitting = sum(rows.first_us.size for rows in new) == stop - start
        behind = [] if is_fitting else [_each(lambda column: column[stop:].copy(), self.rows)]
        for rows in (*new, *behind):
            self.put(start, rows)
            start += rows.first_us.size
        if is_fitting:
            self._end = end

    def columns(self, edges: Longs, slack: int, samples: FineRows) -> tuple[Floats, Floats, Bools]:
        """Lowest, highest (inf, -inf when there is none) and any-bad of n columns between n+1 rising edges, including
        the value held at the column's start. A run of samples that takes at most `slack` microseconds is in every
        column that it touches, as a whole. `samples(block, run)` reads runs of 16."""
        rows, n = self.rows, edges.size - 1
        out = (np.full(n, np.inf), np.full(n, -np.inf), np.zeros(n, np.bool_))
        if not rows.first_us.size:
            return out
        pos = np.searchsorted(rows.first_us, edges)
        before = np.maximum(pos - 1, 0)
        first, last = rows.first_us[before], rows.last_us[before]
        touched = (pos > 0) & (edges <= last)
        cut = touched & (last - first > slack)
        opened = _distinct(before[cut])
        _fold_blocks(rows, pos, opened, out)
        if opened.size:
            _fold_runs(rows, opened, edges, slack, samples, out)
        _hold(rows, before[:-1], (pos[:-1] > 0) & ~cut[:-1], touched[:-1], out)
        at = np.flatnonzero(cut[:-1])
        if at.size:
            low, high, bad = _held(rows, before[at], edges[at], slack, samples)
            out[0][at], out[1][at] = np.fmin(out[0][at], low), np.fmax(out[1][at], high)
            out[2][at] |= bad & ~np.isnan(low)
        return out


def _hold(rows: BlockRows, block: Longs, known: Bools, whole: Bools, out: tuple[Floats, Floats, Bools]) -> None:
    """What holds where a column starts: the last sample of the block before; all of a short block that is cut."""
    last = rows.last[block]
    low, high = np.where(whole, rows.low[block], last), np.where(whole, rows.high[block], last)
    known = known & (low <= high)
    np.minimum(out[0], low, out=out[0], where=known)
    np.maximum(out[1], high, out=out[1], where=known)
    out[2][:] |= known & np.where(whole, rows.bad[block], rows.last_bad[block])


def _held(rows: BlockRows, block: Longs, edge: Longs, slack: int, samples: FineRows) -> tuple[Floats, Floats, Bools]:
    """The last sample before each edge, which lies within that block; of a short run all that it holds."""
    time = rows.fine_us[block]
    run = np.minimum((time < edge[:, None]).sum(axis=1), -(-rows.count[block] // FINE)) - 1
    low, high, bad = rows.fine_low[block, run], rows.fine_high[block, run], rows.fine_bad[block, run]
    end = np.where(run + 1 < RUNS, time[np.arange(run.size), np.minimum(run + 1, RUNS - 1)], rows.last_us[block])
    empty = low > high
    low[empty] = high[empty] = np.nan
    at = np.flatnonzero(end - rows.fine_us[block, run] > slack)
    if at.size:
        block, run = block[at], run[at]
        times, values, bads = samples(block, run)
        room = rows.count[block] - run * FINE
        place = ((times < edge[at, None]) & (np.arange(FINE) < room[:, None])).sum(axis=1) - 1
        lines = np.arange(at.size)
        low[at] = high[at] = values[lines, place]
        bad[at] = bads[lines, place]
    return low, high, bad


def _fold_blocks(rows: BlockRows, pos: Longs, opened: Longs, out: tuple[Floats, Floats, Bools]) -> None:
    """Whole blocks go to the column that they start in."""
    begin, end = int(pos[0]), int(pos[-1])
    filled = np.flatnonzero(pos[1:] > pos[:-1])
    if not filled.size:
        return
    low, high, bad = rows.low[begin:end], rows.high[begin:end], rows.bad[begin:end]
    inside = opened[opened >= begin] - begin
    if inside.size:
        low, high, bad = low.copy(), high.copy(), bad.copy()
        low[inside], high[inside], bad[inside] = np.inf, -np.inf, False
    starts = pos[:-1][filled] - begin
    out[0][filled] = np.minimum.reduceat(low, starts)
    out[1][filled] = np.maximum.reduceat(high, starts)
    out[2][filled] = np.logical_or.reduceat(bad, starts)


def _fold_runs(
    rows: BlockRows,
    opened: Longs,
    edges: Longs,
    slack: int,
    samples: FineRows,
    out: tuple[Floats, Floats, Bools],
) -> None:
    """The runs of opened blocks, and the samples of those runs that an edge cuts."""
    time = rows.fine_us[opened]
    end = np.concatenate((time[:, 1:], rows.last_us[opened][:, None]), axis=1).ravel()
    time, block, run = time.ravel(), np.repeat(opened, RUNS), np.tile(np.arange(RUNS), opened.size)
    low, high, bad = rows.fine_low[opened].ravel(), rows.fine_high[opened].ravel(), rows.fine_bad[opened].ravel()
    column = np.searchsorted(edges, time, side="right") - 1
    cut = (edges[np.minimum(column + 1, edges.size - 1)] <= end) & (column < edges.size - 1) & (end - time > slack)
    filled = low <= high
    whole = filled & ~cut
    _fold(column[whole], low[whole], high[whole], bad[whole], out)
    at = np.flatnonzero(filled & cut)
    if not at.size:
        return
    times, values, bads = samples(block[at], run[at])
    room = rows.count[block[at]] - run[at] * FINE
    valid = (np.arange(FINE) < room[:, None]) & ~np.isnan(values)
    value = values[valid]
    _fold(np.searchsorted(edges, times[valid], side="right") - 1, value, value, bads[valid], out)


def _fold(column: Longs, low: Floats, high: Floats, bad: Bools, out: tuple[Floats, Floats, Bools]) -> None:
    """Items in the order of their columns; those outside are left out."""
    begin, end = np.searchsorted(column, (0, out[0].size))
    if begin == end:
        return
    column = column[begin:end]
    starts = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))
    at = column[starts]
    out[0][at] = np.minimum(out[0][at], np.minimum.reduceat(low[begin:end], starts))
    out[1][at] = np.maximum(out[1][at], np.maximum.reduceat(high[begin:end], starts))
    out[2][at] |= np.logical_or.reduceat(bad[begin:end], starts)


def _distinct(rising: Longs) -> Longs:
    return rising[np.concatenate(([True], rising[1:] != rising[:-1]))] if rising.size else rising


def _sums(time: Longs, value: Floats, count: NDArray[np.int32]) -> Floats:
    """Value x us and us with a value from each sample to the next one of its block, and the number of gaps."""
    lasting = np.diff(time, axis=1).astype(np.float64)  # void samples repeat the last time
    empty = np.isnan(value[:, :-1])
    lasting[empty] = 0.0
    area = np.where(empty, 0.0, value[:, :-1]) * lasting
    gaps = (np.isnan(value) & (np.arange(BLOCK) < count[:, None])).sum(axis=1)
    return np.stack((area.sum(axis=1), lasting.sum(axis=1), gaps), axis=1)


def _each(act: Callable[[NDArray[Any]], NDArray[Any]], rows: BlockRows) -> BlockRows:
    return BlockRows(*(act(getattr(rows, column.name)) for column in fields(BlockRows)))
