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
Extremes = tuple[Floats, Floats, Bools]  # lowest, highest, any bad; changed in place


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
    gaps: NDArray[np.int32]
    area: Floats  # value x us between the block's own samples
    lasting: Floats  # us with a value between the block's own samples
    fine_us: Longs  # (n, 16), as the next four: runs of 16 samples; void runs repeat last_us
    fine_low: Floats
    fine_high: Floats
    fine_bad: Bools
    fine_gap: Bools

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
        fine_bad = np.logical_or.reduce(bad.reshape(n, RUNS, FINE), axis=2)
        counts = np.minimum(count - np.arange(n) * BLOCK, BLOCK).astype(np.int32)
        ends = np.arange(n) * BLOCK + counts - 1
        gap = np.isnan(value)
        gap[count:] = False
        area, lasting = _held_sums(time.reshape(n, BLOCK), value.reshape(n, BLOCK))
        return cls(
            time[::BLOCK].copy(),
            time[ends],
            counts,
            fine_low.min(axis=1, initial=np.inf),
            fine_high.max(axis=1, initial=-np.inf),
            np.logical_or.reduce(fine_bad, axis=1),
            value[ends],
            bad[ends],
            gap.reshape(n, BLOCK).sum(axis=1, dtype=np.int32),
            area,
            lasting,
            time[::FINE].reshape(n, RUNS),
            fine_low,
            fine_high,
            fine_bad,
            np.logical_or.reduce(gap.reshape(n, RUNS, FINE), axis=2),
        )


_COLUMNS = tuple(column.name for column in fields(BlockRows))


class Blocks:
    """The rows of a whole pen, with room to grow behind and to forget in front."""

    def __init__(self) -> None:
        self._room = BlockRows.of(Chunk(), 0)
        self._begin = self._end = 0
        self._rows: BlockRows | None = None  # views of those in use
        self.may_have_gaps = False

    def __len__(self) -> int:
        return self._end - self._begin

    @property
    def nbytes(self) -> int:
        return sum(getattr(self._room, name).nbytes for name in _COLUMNS)

    @property
    def rows(self) -> BlockRows:
        """Views of all rows."""
        if self._rows is None:
            self._rows = _each(lambda column: column[self._begin : self._end], self._room)
        return self._rows

    def forget(self, n: int) -> None:
        """The oldest n rows."""
        self._begin += n
        self._rows = None

    def put(self, start: int, new: BlockRows) -> None:
        """These rows take the place of all from `start` on."""
        begin, n = self._begin + start, new.first_us.size
        if begin + n > self._room.first_us.size:
            kept, size = self.rows, max(64, (start + n) * 5 // 4)
            self._room = _each(lambda column: np.empty((size, *column.shape[1:]), column.dtype), self._room)
            for name in _COLUMNS:
                getattr(self._room, name)[:start] = getattr(kept, name)[:start]
            self._begin, begin = 0, start
        for name in _COLUMNS:
            getattr(self._room, name)[begin : begin + n] = getattr(new, name)
        self._end = begin + n
        self._rows = None
        self.may_have_gaps = self.may_have_gaps or bool(new.gaps.any())

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
        self._rows = None

    def columns(self, edges: Longs, slack: int, samples: FineRows) -> Extremes:
        """Lowest, highest (inf, -inf when there is none) and any-bad of n columns between n+1 rising edges, including
        the value held at the column's start. A run of samples that takes at most `slack` microseconds is in every
        column that it touches, as a whole. `samples(block, run)` reads runs of 16."""
        rows, n = self.rows, edges.size - 1
        out = (np.full(n, np.inf), np.full(n, -np.inf), np.zeros(n, np.bool_))
        if rows.first_us.size:
            blocks = _Items(rows.first_us, rows.last_us, rows.low, rows.high, rows.bad)
            opened, deep = blocks.fold(edges, np.ones(n + 1, np.bool_), slack, out, rows)
            if opened.size:
                _fold_runs(rows, opened, edges, deep, slack, samples, out)
        return out


@dataclass(frozen=True, slots=True)
class _Items:
    """Blocks or runs in the order of time. An empty one has low = inf and high = -inf."""

    first_us: Longs
    last_us: Longs
    low: Floats
    high: Floats
    bad: Bools

    def fold(
        self, edges: Longs, mine: Bools, slack: int, out: Extremes, rows: BlockRows | None = None
    ) -> tuple[Longs, Bools]:
        """Give every item to the column it starts in, and to the columns that begin at `mine` edges what holds there.
        Left out are items to open, because an edge cuts them: returns these, and the edges that do."""
        pos = np.searchsorted(self.first_us, edges)
        before = np.maximum(pos - 1, 0)
        first, last = self.first_us[before], self.last_us[before]
        touched = mine & (pos > 0) & (edges <= last)
        deep = touched & (last - first > slack)
        opened = _distinct(before[deep])
        low, high, bad = self.low, self.high, self.bad
        if opened.size:
            low, high, bad = low.copy(), high.copy(), bad.copy()
            low[opened], high[opened], bad[opened] = np.inf, -np.inf, False
        _reduce(pos, low, high, bad, out)
        held = before[:-1]
        low, high, bad = self.low[held], self.high[held], self.bad[held]
        if rows is not None:  # a block that ends before the edge: its last sample holds
            over = ~touched[:-1]
            low, high = np.where(over, rows.last[held], low), np.where(over, rows.last[held], high)
            bad = np.where(over, rows.last_bad[held], bad)
        _hold(mine[:-1] & ~deep[:-1] & (pos[:-1] > 0), low, high, bad, out)
        return opened, deep


def _fold_runs(
    rows: BlockRows, opened: Longs, edges: Longs, mine: Bools, slack: int, samples: FineRows, out: Extremes
) -> None:
    """The runs of opened blocks, and the samples of those runs that an edge cuts."""
    time = rows.fine_us[opened]
    end = np.concatenate((time[:, 1:], rows.last_us[opened][:, None]), axis=1).ravel()
    low, high, bad = rows.fine_low[opened].ravel(), rows.fine_high[opened].ravel(), rows.fine_bad[opened].ravel()
    items, deep = _Items(time.ravel(), end, low, high, bad).fold(edges, mine, slack, out)
    if not items.size:
        return
    block, run = opened[items // RUNS], items % RUNS
    times, values, bads = samples(block, run)
    void = np.arange(FINE) >= (rows.count[block] - run * FINE)[:, None]
    time = np.where(void, end[items][:, None], times).ravel()
    value = np.where(void, np.nan, values).ravel()
    bad = bads.ravel() & ~np.isnan(value)
    pos = np.searchsorted(time, edges)
    empty = np.isnan(value)
    _reduce(pos, np.where(empty, np.inf, value), np.where(empty, -np.inf, value), bad, out)
    held = np.maximum(pos[:-1] - 1, 0)
    _hold(deep[:-1], value[held], value[held], bad[held], out)


def _reduce(pos: Longs, low: Floats, high: Floats, bad: Bools, out: Extremes) -> None:
    """Items [pos[k], pos[k + 1]) go to column k."""
    filled = np.flatnonzero(pos[1:] > pos[:-1])
    if not filled.size:
        return
    starts, end = pos[filled], int(pos[-1])
    out[0][filled] = np.minimum(out[0][filled], np.minimum.reduceat(low[:end], starts))
    out[1][filled] = np.maximum(out[1][filled], np.maximum.reduceat(high[:end], starts))
    if bad.any():
        out[2][filled] |= np.logical_or.reduceat(bad[:end], starts)


def _hold(mine: Bools, low: Floats, high: Floats, bad: Bools, out: Extremes) -> None:
    """One value range per column, nan or inf where there is none."""
    mine = mine & (low <= high)
    np.minimum(out[0], low, out=out[0], where=mine)
    np.maximum(out[1], high, out=out[1], where=mine)
    out[2][:] |= mine & bad


def _distinct(rising: Longs) -> Longs:
    return rising[np.concatenate(([True], rising[1:] != rising[:-1]))] if rising.size else rising


def _held_sums(time: Longs, value: Floats) -> tuple[Floats, Floats]:
    """Value x us and us with a value, from each sample of a block to its next one."""
    lasting = np.diff(time, axis=1).astype(np.float64)  # void samples repeat the last time
    empty = np.isnan(value[:, :-1])
    lasting[empty] = 0.0
    area = np.where(empty, 0.0, value[:, :-1]) * lasting
    return area.sum(axis=1), lasting.sum(axis=1)


def _each(act: Callable[[NDArray[Any]], NDArray[Any]], rows: BlockRows) -> BlockRows:
    return BlockRows(*[act(getattr(rows, name)) for name in _COLUMNS])
