"""The samples of one trend pen in chunks, and blocks over them, so that any window is drawn in constant time.

Values hold until the next sample (report by exception); a nan row is a gap: nothing is known until the next sample.
Memory per sample: 8 bytes of time, 4 of value while float32 is exact (else 8), 1 of goodness once one was not good,
2.2 of blocks; so 10 M samples take 145 MB, at most 195 MB. No append, late sample or forgetting touches more than the
chunks it falls into.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from console.models.trend_blocks import BlockRows, Blocks
from console.models.trend_chunk import BLOCK, CHUNK, FINE, Bools, Chunk, Floats, Longs
from console.models.trend_pieces import PenPieces, pieces_of

_WAITING = 64 * BLOCK  # samples that may wait for their blocks while nobody asks
_TAIL_COLUMNS, _TAIL_SAMPLES = 16, 16_384  # a few columns of the newest samples are read from these


@dataclass(frozen=True, slots=True)
class PenColumns:
    """What n columns of a window hold: lowest and highest value including the one held from before, nan in gaps.
    Columns with values on both sides of a gap are in `pieces` too."""

    low: Floats
    high: Floats
    good: Bools
    pieces: PenPieces | None = None


@dataclass(frozen=True, slots=True)
class PenStatistics:
    """Of a window: minimum, maximum, time-weighted average of held values (nan when there is none), gaps, bad ones."""

    low: float
    high: float
    average: float
    gaps: int
    has_bad: bool


class TrendPen:
    """Samples in time order, at most `capacity`; the oldest chunk goes when it is full."""

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = max(BLOCK, capacity)
        self._size = min(max(capacity // 16 // BLOCK * BLOCK, BLOCK), CHUNK)
        self._chunks: list[Chunk] = []
        self._firsts: list[int] = []  # first moment of each chunk
        self._lasts: list[int] = []  # last moment of each chunk but the newest
        self._row_of: Longs = np.empty(0, np.int64)  # first block of each chunk
        self._blocks = Blocks()
        self._indexed = 0  # samples of the newest chunk that its blocks know
        self._n = 0

    def __len__(self) -> int:
        return self._n

    @property
    def first_us(self) -> int:
        return self._firsts[0] if self._n else 0

    @property
    def last_us(self) -> int:
        return self._chunks[-1].last_us if self._n else 0

    @property
    def nbytes(self) -> int:
        """Memory of samples and blocks."""
        return self._blocks.nbytes + sum(chunk.nbytes for chunk in self._chunks)

    @property
    def samples(self) -> tuple[Longs, Floats, Bools]:
        """Times, values and good flags, copied."""
        return _joined((chunk.time, chunk.value, chunk.good) for chunk in self._chunks)

    def samples_between(self, from_us: int, to_us: int) -> tuple[Longs, Floats, Bools]:
        """Times, values and good flags of [from_us, to_us), copied."""
        a, b = max(bisect_right(self._firsts, from_us) - 1, 0), bisect_left(self._firsts, to_us)
        parts = []
        for chunk in self._chunks[a:b]:
            begin, end = np.searchsorted(chunk.time, (from_us, to_us))
            parts.append((chunk.time[begin:end], chunk.value[begin:end], chunk.good[begin:end]))
        return _joined(parts)

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
        self._forget(time_us.size)
        self._extend(time_us, value, good)
        return since

    def replace(self, from_us: int, to_us: int, time_us: Longs, value: Floats, good: Bools) -> None:
        """Put these samples (in time order, within the range) in the place of all within [from_us, to_us)."""
        a = bisect_left(self._lasts, from_us)
        b = max(bisect_left(self._firsts, to_us), a)
        if a > 0 and self._chunks[a - 1].n < self._size // 4:
            a -= 1  # many small answers shall not make many small chunks
        old_time, old_value, old_good = _joined((c.time, c.value, c.good) for c in self._chunks[a:b])
        start, stop = np.searchsorted(old_time, (from_us, to_us))
        parts = zip((old_time, old_value, old_good), (time_us, value, good), strict=True)
        self._splice(a, b, *(np.concatenate((old[:start], new, old[stop:])) for old, new in parts))

    def columns(self, edges_us: Longs, until_us: int, *, is_exact: bool = False) -> PenColumns:
        """n columns between n+1 rising edges. After `until_us` nothing is known: those columns are empty.

        What is less than a quarter of a column away may be in it too, unless `is_exact`: nothing is ever left out.
        """
        found = self._tail(edges_us)
        if found is not None:
            low, high, good = found
            if edges_us[-2] > until_us:
                low, high = (np.where(edges_us[:-1] > until_us, np.nan, part) for part in (low, high))
            return PenColumns(low, high, good)
        self._settle()
        slack = 0 if is_exact or edges_us.size < 2 else int(edges_us[1] - edges_us[0]) // 4
        low, high, bad = self._blocks.columns(edges_us, slack, self._fine_rows)
        none = (low > high) | (edges_us[:-1] > until_us)
        low[none] = high[none] = np.nan
        return PenColumns(low, high, ~bad, pieces_of(self._blocks, edges_us, self._fine_rows))

    def value_at(self, at_us: int) -> tuple[float, bool]:
        """The value held at this moment and whether it is good; nan before the first sample and in gaps."""
        place = bisect_right(self._firsts, at_us) - 1
        if place < 0:
            return float("nan"), False
        chunk = self._chunks[place]
        i = int(np.searchsorted(chunk.time, at_us, side="right")) - 1
        return float(chunk.value[i]), chunk.bad is None or not bool(chunk.bad[i])

    def statistics(self, from_us: int, to_us: int) -> PenStatistics:
        """Over the held values in [from_us, to_us)."""
        self._settle()
        rows = self._blocks.rows
        a, b = (int(place) for place in np.searchsorted(rows.first_us, (from_us, to_us)))
        a = max(a - 1, 0)
        if a >= b:
            return PenStatistics(np.nan, np.nan, np.nan, 0, False)
        columns = self.columns(np.array((from_us, to_us)), to_us, is_exact=True)
        middle = slice(a + 1, max(b - 1, a + 1))  # blocks that lie inside with all that they hold
        held = rows.first_us[middle.start + 1 : middle.stop + 1] - rows.last_us[middle]
        known = ~np.isnan(rows.last[middle])
        inside = (rows.area[middle].sum(), rows.lasting[middle].sum(), rows.gaps[middle].sum())
        sums = np.array(inside, np.float64)
        sums[0] += (rows.last[middle][known] * held[known]).sum()  # not np.dot: its threads wait for each other
        sums[1] += held[known].sum()
        for block in {a, b - 1}:
            sums += self._block_sums(rows, block, from_us, to_us)
        average = float(sums[0] / sums[1]) if sums[1] > 0 else float("nan")
        low, high = float(columns.low[0]), float(columns.high[0])
        return PenStatistics(low, high, average, round(float(sums[2])), not bool(columns.good[0]))

    def _block_sums(self, rows: BlockRows, block: int, from_us: int, to_us: int) -> Floats:
        """Value x us, us with a value and gaps of one block, clipped to the range; its last sample holds until the next
        block."""
        place = int(np.searchsorted(self._row_of, block, side="right")) - 1
        start = (block - int(self._row_of[place])) * BLOCK
        count = int(rows.count[block])
        time = self._chunks[place].time[start : start + count]
        value = self._chunks[place].value[start : start + count].astype(np.float64)
        until = int(rows.first_us[block + 1]) if block + 1 < rows.first_us.size else to_us
        inside = slice(max(int(np.searchsorted(time, from_us)) - 1, 0), int(np.searchsorted(time, to_us)))
        lasting = np.diff(np.clip(np.append(time, until), from_us, to_us)).astype(np.float64)
        empty = np.isnan(value)
        lasting[empty] = 0.0
        return np.array(((np.where(empty, 0.0, value) * lasting).sum(), lasting.sum(), empty[inside].sum()))

    def _tail(self, edges: Longs) -> tuple[Floats, Floats, Bools] | None:
        """A few columns that the newest samples alone decide, with all-good: what a live frame asks; else None."""
        if not self._n or not 2 <= edges.size <= _TAIL_COLUMNS or self._firsts[-1] >= edges[0]:
            return None
        return self._chunks[-1].extremes(edges, _TAIL_SAMPLES)

    def _fine_rows(self, block: Longs, run: Longs) -> tuple[Longs, Floats, Bools]:
        """Runs of 16 samples, in the order of their blocks; what lies behind a block's count is void."""
        place = np.searchsorted(self._row_of, block, side="right") - 1
        row = (block - self._row_of[place]) * (BLOCK // FINE) + run
        turns = np.flatnonzero(place[1:] != place[:-1]) + 1
        parts = [
            self._chunks[int(place[begin])].fine_rows(row[begin:end])
            for begin, end in zip((0, *turns.tolist()), (*turns.tolist(), place.size), strict=True)
        ]
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _extend(self, time_us: Longs, value: Floats, good: Bools) -> None:
        done = 0
        while done < time_us.size:
            if not self._chunks or self._chunks[-1].n >= self._size:
                self._open(int(time_us[done]), time_us.size - done)
            chunk = self._chunks[-1]
            part = slice(done, done + self._size - chunk.n)
            chunk.add(time_us[part], value[part], good[part])
            done = min(part.stop, time_us.size)
        self._n += time_us.size
        if self._chunks[-1].n - self._indexed > _WAITING:
            self._settle()

    def _open(self, first_us: int, needed: int) -> None:
        self._settle()
        if self._chunks:
            self._lasts.append(int(self._chunks[-1].time[-1]))
        self._row_of = np.append(self._row_of, len(self._blocks))
        self._chunks.append(Chunk(min(needed, self._size)))
        self._firsts.append(first_us)
        self._indexed = 0

    def _settle(self) -> None:
        """Bring the blocks of the newest chunk up to date."""
        if self._chunks and self._indexed < self._chunks[-1].n:
            since = self._indexed // BLOCK
            self._blocks.put(int(self._row_of[-1]) + since, BlockRows.of(self._chunks[-1], since * BLOCK))
            self._indexed = self._chunks[-1].n

    def _forget(self, more: int) -> None:
        """Make room for so many samples."""
        while self._chunks and self._n + more > self._capacity:
            self._settle()
            n = -(-self._chunks[0].n // BLOCK)
            self._n -= self._chunks[0].n
            self._blocks.forget(n)
            self._row_of = self._row_of[1:] - n
            del self._chunks[0], self._firsts[0], self._lasts[:1]

    def _insert(self, time_us: Longs, value: Floats, good: Bools) -> None:
        """Late samples: behind those of the same stamp, so that arrival order stays."""
        a = max(bisect_right(self._firsts, int(time_us[0])) - 1, 0)
        b = bisect_right(self._firsts, int(time_us[-1]))
        old_time, old_value, old_good = _joined((c.time, c.value, c.good) for c in self._chunks[a : max(b, a + 1)])
        at = np.searchsorted(old_time, time_us, side="right")
        columns = zip((old_time, old_value, old_good), (time_us, value, good), strict=True)
        self._splice(a, max(b, a + 1), *(np.insert(old, at, new) for old, new in columns))

    def _splice(self, a: int, b: int, time_us: Longs, value: Floats, good: Bools) -> None:
        """Chunks [a, b) become these samples."""
        self._settle()
        made, pieces = [], -(-time_us.size // self._size)
        for k in range(pieces):  # of equal size, so that each has room for more late ones
            part = slice(time_us.size * k // pieces, time_us.size * (k + 1) // pieces)
            made.append(Chunk(part.stop - part.start))
            made[-1].add(time_us[part], value[part], good[part])
        ends = [*self._row_of.tolist(), len(self._blocks)]
        self._blocks.splice(ends[a], ends[b], [BlockRows.of(chunk, 0) for chunk in made])
        self._chunks[a:b] = made
        counts = [-(-chunk.n // BLOCK) for chunk in self._chunks]
        self._row_of = (
            np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64) if counts else np.empty(0, np.int64)
        )
        self._firsts = [int(chunk.time[0]) for chunk in self._chunks]
        self._lasts = [int(chunk.time[-1]) for chunk in self._chunks[:-1]]
        self._n = sum(chunk.n for chunk in self._chunks)
        self._indexed = self._chunks[-1].n if self._chunks else 0
        self._forget(0)


def _joined(parts: Iterable[tuple[Longs, Floats, Bools]]) -> tuple[Longs, Floats, Bools]:
    columns = list(zip(*parts, strict=True))
    if not columns:
        return np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_)
    time_us, value, good = (np.concatenate(column) for column in columns)
    return time_us, value.astype(np.float64), good
