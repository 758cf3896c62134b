"""The rollup pyramid's rows as columns, what a sample that still holds is, and which samples count as numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from console.domain.quality import Quality
from console.services.records import Bytes8, Floats, Longs

Floats32 = NDArray[np.float32]
Counts = NDArray[np.uint32]
Bools = NDArray[np.bool_]

SECOND_US = 1_000_000
LEVELS_S = (10, 100, 1_000, 10_000)
LEVELS_US = tuple(seconds * SECOND_US for seconds in LEVELS_S)

DTYPES: dict[str, type[np.generic]] = {
    "k": np.int64,
    "first": np.float64,
    "last": np.float64,
    "min": np.float32,
    "max": np.float32,
    "count": np.uint32,
    "untrusted": np.uint32,
    "sum": np.float64,
    "sum_sq": np.float64,
    "integral": np.float64,
    "good_s": np.float32,
    "bad_s": np.float32,
    "tail": np.float64,
    "tail_quality": np.uint8,
}
COLUMNS = tuple(DTYPES)
_EVERY = attrgetter(*COLUMNS)
_DTYPES = {name: np.dtype(dtype) for name, dtype in DTYPES.items()}
NOTHING: dict[str, NDArray[Any]] = {name: np.empty(0, dtype) for name, dtype in _DTYPES.items()}


@dataclass(frozen=True, slots=True)
class Held:
    """The sample (or gap marker) that holds at some moment: its stamp, its value, its quality."""

    at_us: int
    value: float
    quality: int


@dataclass(frozen=True, slots=True)
class RollupColumns:
    """Buckets of one tag and one width, ascending in `k`; equal lengths n, or length 0 for a column not asked for.

    `k` is floor(time / width_us) in plain UTC. Only buckets that hold a sample are stored; `rollups.expand` derives
    the others from `tail`. Numbers (`first` to `sum_sq`) are of trusted samples, nan or 0 where there is none; `min`
    and `max` are float32, rounded outward. `integral` is value x seconds while a trusted value holds within the bucket,
    also the value held from before its first sample. `good_s`, `bad_s`: seconds held trusted and untrusted; the rest
    of the width is unknown. `tail`, `tail_quality`: the last sample, trusted or not: what holds into the next buckets.
    """

    width_us: int
    k: Longs
    first: Floats
    last: Floats
    min: Floats32
    max: Floats32
    count: Counts
    untrusted: Counts
    sum: Floats
    sum_sq: Floats
    integral: Floats
    good_s: Floats32
    bad_s: Floats32
    tail: Floats
    tail_quality: Bytes8

    def __len__(self) -> int:
        return len(self.k)

    def has(self, name: str) -> bool:
        """True when the column was asked for (every column of no rows counts as there)."""
        return len(getattr(self, name)) == len(self.k)

    def present(self) -> dict[str, NDArray[Any]]:
        """The columns that were asked for, by name, `k` among them."""
        n = self.k.size
        return {name: column for name, column in zip(COLUMNS, _EVERY(self), strict=True) if column.size == n}

    def rows(self, start: int, stop: int) -> "RollupColumns":
        """Rows [start, stop) as views."""
        n = len(self.k)
        if (start, stop) == (0, n):
            return self
        return RollupColumns(
            self.width_us, *[column[start:stop] if column.size == n else column for column in _EVERY(self)]
        )

    def between(self, from_k: int, to_k: int) -> "RollupColumns":
        """The stored buckets of [from_k, to_k) as views."""
        start, stop = self.k.searchsorted((from_k, to_k)).tolist()
        return self.rows(start, stop)


@dataclass(frozen=True, slots=True)
class ManyHeld:
    """What holds before the first sample of each of T tags; `known` is False where a tag has nothing before."""

    known: Bools
    at_us: Longs
    value: Floats
    quality: Bytes8


@dataclass(frozen=True, slots=True)
class ManyRollups:
    """Rollups of many tags: rows by (tag, k). Tag number i has the rows [offsets[i], offsets[i + 1])."""

    key: Counts  # of each tag, ascending: T
    offsets: Longs  # T + 1
    columns: RollupColumns

    def of(self, number: int) -> RollupColumns:
        """Rows of tag number `number` as views."""
        return self.columns.rows(int(self.offsets[number]), int(self.offsets[number + 1]))

    def each(self) -> Iterator[tuple[int, RollupColumns]]:
        """Key and rows, tag by tag."""
        for number, key in enumerate(self.key.tolist()):
            yield key, self.of(number)


def columns_of(width_us: int, columns: Mapping[str, NDArray[Any]]) -> RollupColumns:
    """Columns by name, of the right type each; a missing name is a column that was not asked for."""
    made = []
    for name, dtype in _DTYPES.items():
        column = columns.get(name)
        if column is None:
            column = NOTHING[name]
        elif column.dtype != dtype:
            column = column.astype(dtype)
        made.append(column)
    return RollupColumns(width_us, *made)


@lru_cache(maxsize=16)
def no_rows(width_us: int) -> RollupColumns:
    """Rollups of no bucket."""
    return columns_of(width_us, {})


def nobody_held(count: int) -> ManyHeld:
    """`count` tags of which nothing is known before their first sample."""
    return ManyHeld(
        np.zeros(count, np.bool_),
        np.zeros(count, np.int64),
        np.full(count, np.nan),
        np.full(count, int(Quality.UNKNOWN), np.uint8),
    )


def held_as_many(before: Held | None) -> ManyHeld:
    """One tag's `before` as columns of length 1."""
    if before is None:
        return nobody_held(1)
    return ManyHeld(
        np.ones(1, np.bool_),
        np.array([before.at_us], np.int64),
        np.array([before.value], np.float64),
        np.array([before.quality], np.uint8),
    )


def is_trusted(value: ArrayLike, quality: ArrayLike) -> Bools:
    """Where a sample counts as a number: finite, quality GOOD or UNCERTAIN. An infinite value is none."""
    return np.asarray(np.isfinite(value) & (np.asarray(quality) <= Quality.UNCERTAIN))


def below(value: Floats) -> Floats32:
    """float32 at or below each value (round outward for minima); nan stays nan."""
    return _outward(value, is_down=True)


def above(value: Floats) -> Floats32:
    """float32 at or above each value (round outward for maxima); nan stays nan."""
    return _outward(value, is_down=False)


def _outward(value: Floats, *, is_down: bool) -> Floats32:
    """The neighbour on that side where rounding to nearest went to the other, by counting bits, which is quick."""
    if not value.size:
        return value.astype(np.float32)
    with np.errstate(over="ignore"):
        near = value.astype(np.float32)
        wrong = near > value if is_down else near < value
        if near.min() > 0:
            bits = near.view(np.int32)
            if is_down:
                bits -= wrong
            else:
                bits += wrong
            return near
        return np.where(wrong, np.nextafter(near, np.float32(-np.inf if is_down else np.inf)), near)


assert tuple(field.name for field in fields(RollupColumns))[1:] == COLUMNS
