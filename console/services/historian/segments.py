"""Stretches of one tag's time with what happened in them, made of samples or rollups, and folded into periods.

A stretch without a sample needs no row: what holds in it is the tail of the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.services.historian.rollup_columns import Held, RollupColumns, is_trusted
from console.services.records import Bytes8, Floats, Longs

Bools = NDArray[np.bool_]
NOBODY = Held(0, float("nan"), int(Quality.UNKNOWN))  # holds nothing


@dataclass(frozen=True, slots=True)
class Segments:
    """n stretches [start_us, end_us) in order, none touching another's time, each with at least one sample.

    Sums, extremes, first and last are of trusted samples; nan where there is none. `integral` (value x seconds),
    `good_s` and `bad_s` include what is held from before. `tail` is the last sample, trusted or not: it holds on.
    """

    start_us: Longs
    end_us: Longs
    first: Floats
    last: Floats
    low: Floats
    high: Floats
    count: Longs
    untrusted: Longs
    total: Floats
    squares: Floats
    integral: Floats
    good_s: Floats
    bad_s: Floats
    tail: Floats
    tail_quality: Bytes8
    is_exact: Bools  # low and high are samples, not rounded bounds

    def __len__(self) -> int:
        return len(self.start_us)

    def rows(self, chosen: Any) -> "Segments":
        """These rows only; `chosen` as numpy takes it."""
        return Segments(*(getattr(self, one.name)[chosen] for one in fields(self)))


def joined(parts: Sequence[Segments]) -> Segments:
    """One after the other; the caller sees to the order."""
    if len(parts) == 1:
        return parts[0]
    return Segments(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Segments)))


def moved(segments: Segments, start_us: int, end_us: int) -> Segments:
    """One stretch, at another place."""
    return replace(segments, start_us=np.array([start_us], np.int64), end_us=np.array([end_us], np.int64))


def nothing(start_us: Longs, end_us: Longs, held: Held) -> Segments:
    """Stretches of which nothing is known; behind each `held` holds."""
    n = start_us.size
    zero, nan, none = np.zeros(n), np.full(n, np.nan), np.zeros(n, np.int64)
    return Segments(
        start_us=start_us,
        end_us=end_us,
        first=nan,
        last=nan,
        low=nan,
        high=nan,
        count=none,
        untrusted=none,
        total=zero,
        squares=zero,
        integral=zero,
        good_s=zero,
        bad_s=zero,
        tail=np.full(n, held.value),
        tail_quality=np.full(n, held.quality, np.uint8),
        is_exact=np.ones(n, np.bool_),
    )


def sums_by(place: NDArray[np.integer[Any]], weight: NDArray[Any], n: int) -> Floats:
    """The sum of the weights of each of n places."""
    return np.bincount(place, weight, n).astype(np.float64, copy=False)


def held_pieces(at: Longs, edges: Longs, until_us: int) -> tuple[Longs, Floats, Longs]:
    """Who holds when: sample index (-1: the one before all), seconds, and number of the stretch between `edges`.

    Samples in time order within [edges[0], edges[-1]); of equal stamps the last holds. Nothing holds after `until_us`.
    """
    times = np.sort(np.concatenate((at, edges[:-1])), kind="stable")
    holder = np.searchsorted(at, times, side="right") - 1
    place = np.searchsorted(edges, times, side="right") - 1
    stops = np.append(times[1:], edges[-1])
    seconds = (np.minimum(stops, until_us) - np.minimum(times, until_us)) / 1e6
    some = seconds > 0
    return holder[some], seconds[some], place[some]


def segments_of(
    at: Longs, value: Floats, quality: Bytes8, edges: Longs, before: Held | None, until_us: int
) -> Segments:
    """Samples in time order within [edges[0], edges[-1]) as one stretch per pair of rising edges that holds any."""
    n = edges.size - 1
    place = np.searchsorted(edges, at, side="right") - 1
    starts = np.flatnonzero(np.diff(place, prepend=-1)) if at.size else np.empty(0, np.int64)
    here = place[starts]
    trusted = is_trusted(value, quality)
    number = np.where(trusted, value, 0.0)
    seen = np.where(trusted, value, np.nan)
    count = sums_by(place, trusted, n)[here].astype(np.int64)
    ends = np.append(starts[1:], at.size)
    holder, seconds, piece = held_pieces(at, edges, until_us)
    held_value = np.append(value, np.nan if before is None else before.value)[holder]
    held_quality = np.append(quality, np.uint8(Quality.UNKNOWN if before is None else before.quality))[holder]
    held = is_trusted(held_value, held_quality)
    known = (holder >= 0) | (before is not None)
    order = np.arange(at.size)
    first = np.minimum.reduceat(np.where(trusted, order, at.size), starts) if starts.size else starts
    last = np.maximum.reduceat(np.where(trusted, order, -1), starts) if starts.size else starts
    padded = np.append(value, np.nan)  # index n and -1: there is none
    return Segments(
        start_us=edges[here],
        end_us=edges[here + 1],
        first=padded[first],
        last=padded[last],
        low=np.fmin.reduceat(seen, starts) if starts.size else np.empty(0),
        high=np.fmax.reduceat(seen, starts) if starts.size else np.empty(0),
        count=count,
        untrusted=ends - starts - count,
        total=sums_by(place, number, n)[here],
        squares=sums_by(place, number * number, n)[here],
        integral=sums_by(piece[held], held_value[held] * seconds[held], n)[here],
        good_s=sums_by(piece[held], seconds[held], n)[here],
        bad_s=sums_by(piece[known & ~held], seconds[known & ~held], n)[here],
        tail=value[ends - 1],
        tail_quality=quality[ends - 1],
        is_exact=np.ones(here.size, np.bool_),
    )


def segments_from(rollups: RollupColumns) -> Segments:
    """Stored buckets as stretches; columns that were not asked for are zero."""
    n = len(rollups)
    start = rollups.k * rollups.width_us
    zeros = np.zeros(n)

    def floats(name: str) -> Floats:
        column = getattr(rollups, name)
        return column.astype(np.float64, copy=False) if len(column) == n else zeros

    return Segments(
        start_us=start,
        end_us=start + rollups.width_us,
        first=floats("first"),
        last=floats("last"),
        low=floats("min"),
        high=floats("max"),
        count=floats("count").astype(np.int64),
        untrusted=floats("untrusted").astype(np.int64),
        total=floats("sum"),
        squares=floats("sum_sq"),
        integral=floats("integral"),
        good_s=floats("good_s"),
        bad_s=floats("bad_s"),
        tail=floats("tail"),
        tail_quality=rollups.tail_quality,
        is_exact=np.zeros(n, np.bool_),
    )
