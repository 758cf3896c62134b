"""A run of up to 65,536 samples in time order: what a trend pen grows, drops and repairs without touching the rest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]

FINE, BLOCK = 16, 256
CHUNK = 65_536


class Chunk:
    """Values are float32 as long as that is exact (4 bytes less), goodness takes no room as long as all are good."""

    __slots__ = ("_bad", "_time", "_value", "has_gap", "n")

    def __init__(self, size: int = BLOCK) -> None:
        """Room for `size` samples at first, rounded up to whole blocks."""
        size = -(-max(size, 1) // BLOCK) * BLOCK
        self._time: Longs = np.empty(size, np.int64)
        self._value: NDArray[Any] = np.empty(size, np.float32)
        self._bad: Bools | None = None
        self.has_gap = False
        self.n = 0

    @property
    def time(self) -> Longs:
        """Views here and below; do not change them."""
        return self._time[: self.n]

    @property
    def last_us(self) -> int:
        return int(self._time[self.n - 1])

    @property
    def value(self) -> NDArray[Any]:
        """float32 or float64; nan in gaps."""
        return self._value[: self.n]

    @property
    def bad(self) -> Bools | None:
        """None: all are good."""
        return None if self._bad is None else self._bad[: self.n]

    @property
    def good(self) -> Bools:
        bad = self.bad
        return np.ones(self.n, np.bool_) if bad is None else ~bad

    @property
    def nbytes(self) -> int:
        return self._time.nbytes + self._value.nbytes + (0 if self._bad is None else self._bad.nbytes)

    def add(self, time_us: Longs, value: Floats, good: Bools) -> None:
        """Append samples that are not older than the last one."""
        begin, end = self.n, self.n + time_us.size
        if end > self._time.size:
            self._grow(end)
        if value.dtype != np.float32:
            value = self._fitting(value, begin)
        if not self.has_gap:
            self.has_gap = bool(np.isnan(value).any())
        self._time[begin:end] = time_us
        self._value[begin:end] = value
        if self._bad is None and not good.all():
            self._bad = np.zeros(self._time.size, np.bool_)
        if self._bad is not None:
            np.logical_not(good, out=self._bad[begin:end])
        self.n = end

    def _fitting(self, value: Floats, begin: int) -> NDArray[Any]:
        """As float32 while that is exact; else all of the chunk becomes float64."""
        if self._value.dtype != np.float32:
            return value
        with np.errstate(over="ignore"):
            short = value.astype(np.float32)
        same = short == value
        if same.all() or (same | np.isnan(value)).all():
            return short
        longer = np.empty(self._value.size)
        longer[:begin] = self._value[:begin]
        self._value = longer
        return value

    def extremes(self, edges: Longs, most: int) -> tuple[Floats, Floats, Bools] | None:
        """Lowest, highest and all-good of n columns between n+1 edges behind the first sample, values held from before
        included; None with gaps, or when more than `most` samples decide."""
        if self.has_gap:
            return None
        at = self._time[: self.n].searchsorted(edges)
        begin, end = int(at[0]) - 1, int(at[-1])
        if end - begin > most:
            return None
        pairs = np.empty(2 * at.size - 2, np.int64)
        np.subtract(at[:-1], begin + 1, out=pairs[::2])  # the value held before is the first one
        np.subtract(at[1:], begin, out=pairs[1::2])
        part = slice(begin, end + 1)  # one more, for the last odd part, which nobody reads
        value = self._value[part] if end < self._value.size else np.append(self._value[begin:], np.nan)
        low, high = np.minimum.reduceat(value, pairs)[::2], np.maximum.reduceat(value, pairs)[::2]
        if self._bad is None:
            return low, high, np.ones(low.size, np.bool_)
        bad = self._bad[part] if end < self._bad.size else np.append(self._bad[begin:], False)
        return low, high, ~np.logical_or.reduceat(bad, pairs)[::2]

    def fine_rows(self, rows: Longs) -> tuple[Longs, Floats, Bools]:
        """Times, values and bad flags of these runs of 16, each of shape (n, 16); what lies behind `n` is void."""
        bad = np.zeros((rows.size, FINE), np.bool_) if self._bad is None else self._bad.reshape(-1, FINE)[rows]
        with np.errstate(invalid="ignore"):  # void ones
            value = self._value.reshape(-1, FINE)[rows].astype(np.float64)
        return self._time.reshape(-1, FINE)[rows], value, bad

    def _grow(self, needed: int) -> None:
        size = -(-max(needed, min(4 * self._time.size, CHUNK)) // BLOCK) * BLOCK
        self._time = _longer(self._time, size, self.n)
        self._value = _longer(self._value, size, self.n)
        if self._bad is not None:
            self._bad = _longer(self._bad, size, self.n)


def _longer(column: NDArray[Any], size: int, n: int) -> NDArray[Any]:
    """A longer copy; the new part is not written yet."""
    longer = np.empty(size, column.dtype)
    longer[:n] = column[:n]
    return longer
