"""Spans of time as arrays: joined, cut and measured to the microsecond."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]


class Spans:
    """Disjoint spans [start, end) in order."""

    __slots__ = ("_before", "ends", "starts")

    def __init__(self, starts: I64, ends: I64) -> None:
        """Joins what overlaps or touches; spans without length vanish."""
        chosen = ends > starts
        starts, ends = starts[chosen], ends[chosen]
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], np.maximum.accumulate(ends[order]) if len(order) else ends
        begins = np.ones(len(starts), np.bool_)
        begins[1:] = starts[1:] > ends[:-1]
        first = np.flatnonzero(begins)
        self.starts: I64 = starts[first]
        self.ends: I64 = ends[np.append(first[1:], len(starts)) - 1] if len(first) else ends[:0]
        self._before = np.concatenate(([0], np.cumsum(self.ends - self.starts))).astype(np.int64)

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self.starts.tolist(), self.ends.tolist(), strict=True))

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> "Spans":
        array = np.array(list(spans), np.int64).reshape(-1, 2)
        return cls(array[:, 0], array[:, 1])

    def within(self, low: int, high: int) -> "Spans":
        return Spans(np.clip(self.starts, low, high), np.clip(self.ends, low, high))

    def joined(self, starts: I64, ends: I64) -> "Spans":
        return Spans(np.concatenate((self.starts, starts)), np.concatenate((self.ends, ends)))

    def outside(self, low: int, high: int) -> "Spans":
        """What of [low, high) is in none of them."""
        inner = self.within(low, high)
        return Spans(np.append(np.int64(low), inner.ends), np.append(inner.starts, np.int64(high)))

    def common(self, other: "Spans") -> "Spans":
        """What is in both."""
        if not len(self) or not len(other):
            return Spans.of(())
        low, high = int(self.starts[0]), int(self.ends[-1])
        hole = other.outside(low, high)
        own = self.outside(low, high)
        return hole.joined(own.starts, own.ends).outside(low, high)

    def holds(self, moments: I64) -> NDArray[np.bool_]:
        """Whether each moment lies in one of them."""
        if not len(self):
            return np.zeros(len(moments), np.bool_)
        at = np.searchsorted(self.starts, moments, "right") - 1
        return (at >= 0) & (moments < self.ends[np.maximum(at, 0)])

    def until(self, moments: I64) -> I64:
        """How much of them lies before each moment."""
        at = np.searchsorted(self.starts, moments, "right")
        whole = self._before[at]
        if len(self):
            last = np.maximum(at - 1, 0)
            whole = whole - np.where(at > 0, np.maximum(self.ends[last] - moments, 0), 0)
        return whole

    def measure(self, starts: I64, ends: I64) -> I64:
        """How much of them lies in each [start, end); nothing where the end is not after the start."""
        return self.until(np.maximum(ends, starts)) - self.until(starts)
