"""What a reader makes of stored buckets: the empty ones in between, and statistics over a range."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.services.historian.decimal_grid import INTEGRAL_DECIMALS, VALUE_DECIMALS, products, segment_sums
from console.services.historian.rollup_columns import (
    DTYPES,
    SECOND_US,
    Bools,
    Held,
    RollupColumns,
    above,
    below,
    columns_of,
    held_as_many,
    is_trusted,
)
from console.services.records import Bytes8, Floats, Longs


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a range of buckets says as a whole. Numbers are of trusted samples, nan where there is none."""

    count: int
    untrusted: int
    min: float
    max: float
    first: float
    last: float
    sum: float
    mean: float  # of the samples
    deviation: float  # of the samples around their mean, n - 1 (OPC UA part 13: StandardDeviationSample); 0 for one
    integral: float  # value x seconds
    time_mean: float  # integral / good_s: what the value was on the average of trusted time
    good_s: float
    bad_s: float


def aggregate(rollups: RollupColumns) -> Statistics:
    """Statistics of all rows together; all columns are needed."""
    count = rollups.count.astype(np.float64)
    some = rollups.count > 0
    samples = int(rollups.count.sum())
    total = _total(rollups.sum)
    mean = total / samples if samples else math.nan
    good_s, integral = _total(rollups.good_s.astype(np.float64)), _total(rollups.integral, INTEGRAL_DECIMALS)
    return Statistics(
        count=samples,
        untrusted=int(rollups.untrusted.sum()),
        min=float(rollups.min[some].min()) if samples else math.nan,
        max=float(rollups.max[some].max()) if samples else math.nan,
        first=float(rollups.first[some][0]) if samples else math.nan,
        last=float(rollups.last[some][-1]) if samples else math.nan,
        sum=total,
        mean=mean,
        deviation=_deviation(count[some], rollups.sum[some], rollups.sum_sq[some], mean),
        integral=integral,
        time_mean=integral / good_s if good_s else math.nan,
        good_s=good_s,
        bad_s=_total(rollups.bad_s.astype(np.float64)),
    )


def _total(column: Floats, decimals: tuple[int, ...] = VALUE_DECIMALS) -> float:
    return float(segment_sums(column, np.zeros(1, np.int64), decimals)[0]) if column.size else 0.0


def _deviation(count: Floats, total: Floats, square: Floats, mean: float) -> float:
    """Within the buckets and between them: loses less than one difference of two large sums would."""
    samples = count.sum()
    if samples <= 1:
        return 0.0 if samples else math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        within = np.maximum(square - total**2 / count, 0.0)
        between = count * (total / count - mean) ** 2
        return math.sqrt((within.sum() + between.sum()) / (samples - 1))


def expand(rollups: RollupColumns, from_k: int, to_k: int, before: Held | None, until_us: int) -> RollupColumns:
    """Every bucket of [from_k, to_k), the empty ones derived from what holds; only the columns that are there.

    `before` is what holds before the first stored row (rows before `from_k` may be given too and count first). A held
    trusted value gives min = max = value, count 0; where nothing is known, or after `until_us`, both times are 0,
    numbers nan and the tail's quality UNKNOWN. Both tails are needed.
    """
    size = max(to_k - from_k, 0)
    start, stop = (int(row) for row in np.searchsorted(rollups.k, (from_k, to_k)))
    places = rollups.k[start:stop] - from_k
    if start:
        row = start - 1
        end_us = (int(rollups.k[row]) + 1) * rollups.width_us
        before = Held(end_us - 1, float(rollups.tail[row]), int(rollups.tail_quality[row]))
    held = _Holding.of(rollups, places, start, from_k, size, before, until_us)
    columns: dict[str, NDArray[np.generic]] = {"k": np.arange(from_k, from_k + size, dtype=np.int64)}
    for name, column in rollups.present().items():
        if name != "k":
            derived = held.derived(name).astype(DTYPES[name])
            derived[places] = column[start:stop]
            columns[name] = derived
    return columns_of(rollups.width_us, columns)


@dataclass(frozen=True, slots=True)
class _Holding:
    """For each bucket of a range as if it were empty: what holds in it and for how long."""

    value: Floats
    quality: Bytes8
    us: Longs
    trusted: Bools

    @classmethod
    def of(
        cls, rollups: RollupColumns, places: Longs, start: int, from_k: int, size: int, before: Held | None, until: int
    ) -> "_Holding":
        first = held_as_many(before)
        source = np.zeros(size, np.int64)  # 0: before; i: row start + i - 1 of the rollups
        source[places] = np.arange(1, places.size + 1)
        np.maximum.accumulate(source, out=source)
        stop = start + places.size
        value = np.concatenate((first.value, rollups.tail[start:stop]))[source]
        quality = np.concatenate((first.quality, rollups.tail_quality[start:stop]))[source]
        since = np.arange(from_k, from_k + size, dtype=np.int64) * rollups.width_us
        end = np.minimum(since + rollups.width_us, until)
        known = (source > 0) | first.known[0]
        since = np.where(source > 0, since, np.maximum(since, first.at_us[0]))
        us = np.where(known, np.maximum(end - since, 0), 0)
        known &= us > 0
        quality = np.where(known, quality, np.uint8(Quality.UNKNOWN)).astype(np.uint8)
        return cls(np.where(known, value, np.nan), quality, us, known & is_trusted(value, quality))

    def derived(self, name: str) -> NDArray[np.generic]:
        """One column of all buckets as if they were empty."""
        number = np.where(self.trusted, self.value, np.nan)
        match name:
            case "min":
                found: NDArray[np.generic] = below(number)
            case "max":
                found = above(number)
            case "first" | "last":
                found = np.full(self.us.size, np.nan)
            case "integral":
                found = products(np.where(self.trusted, self.value, 0.0), self.us, SECOND_US)
            case "good_s" | "bad_s":
                found = np.where(self.trusted == (name == "good_s"), self.us, 0) / SECOND_US
            case "tail":
                found = self.value
            case "tail_quality":
                found = self.quality
            case _:
                found = np.zeros(self.us.size)
        return found
