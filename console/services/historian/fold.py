"""Stretches of one tag's time folded into the periods that somebody asked for: the arithmetic of aggregates."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from console.services.historian.rollup_columns import Held, is_trusted
from console.services.historian.segments import NOBODY, Bools, Segments, sums_by
from console.services.history_records import AggregateColumns
from console.services.records import Bytes8, Floats, Longs

_ROUNDING = 4 * np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class Runs:
    """What is held over n stretches [start_us, end_us) without a sample; each lies within period number `period`."""

    start_us: Longs
    end_us: Longs
    period: Longs
    value: Floats
    quality: Bytes8

    @property
    def seconds(self) -> Floats:
        return (self.end_us - self.start_us) / 1e6


def runs_between(segments: Segments, edges: Longs, before: Held | None, until_us: int) -> Runs:
    """The times of [edges[0], edges[-1]) that no stretch covers but in which something is held, cut at `edges`."""
    held = before or NOBODY
    start = np.concatenate((edges[:1], segments.end_us))
    end = np.minimum(np.concatenate((segments.start_us, edges[-1:])), until_us)
    value = np.concatenate(([held.value], segments.tail))
    quality = np.concatenate((np.array([held.quality], np.uint8), segments.tail_quality))
    some = start < end
    if before is None:
        some[0] = False
    start, end, value, quality = start[some], end[some], value[some], quality[some]
    begin = np.searchsorted(edges, start, side="right") - 1
    pieces = np.searchsorted(edges, end, side="left") - begin
    row = np.repeat(np.arange(start.size), pieces)
    period = begin[row] + np.arange(row.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return Runs(
        np.maximum(start[row], edges[period]), np.minimum(end[row], edges[period + 1]), period, value[row], quality[row]
    )


def fold(
    tag_id: UUID, segments: Segments, edges: Longs, before: Held | None, until_us: int, is_whole: Bools | None = None
) -> AggregateColumns:
    """Figures of the periods between rising `edges`. Every stretch begins within the period that it is counted to."""
    n = edges.size - 1
    runs = runs_between(segments, edges, before, until_us)
    sums = _Sums(segments, edges)
    trusted = is_trusted(runs.value, runs.quality)
    seconds = runs.seconds
    good_s = sums.of(segments.good_s) + sums_by(runs.period[trusted], seconds[trusted], n)
    bad_s = sums.of(segments.bad_s) + sums_by(runs.period[~trusted], seconds[~trusted], n)
    integral = sums.of(segments.integral)
    integral += sums_by(runs.period[trusted], runs.value[trusted] * seconds[trusted], n)
    count = sums.of(segments.count)
    low, high, is_exact = _extremes(segments, sums, edges, before, until_us)
    first, last = _ends(segments, edges)
    lengths = np.diff(edges) / 1e6
    with np.errstate(invalid="ignore", divide="ignore"):
        return AggregateColumns(
            tag_id=tag_id,
            from_us=edges[:-1],
            to_us=edges[1:],
            count=count,
            untrusted=sums.of(segments.untrusted),
            low=low,
            high=high,
            first=first,
            last=last,
            mean=integral / np.where(good_s > 0, good_s, np.nan),
            sample_mean=sums.of(segments.total) / np.where(count > 0, count, np.nan),
            deviation=_deviation(segments, sums, count),
            deviation_by_time=np.full(n, np.nan),
            integral=integral,
            good_s=good_s,
            bad_s=bad_s,
            unknown_s=np.maximum(lengths - good_s - bad_s, 0.0),
            is_exact=is_exact,
            is_whole=np.ones(n, np.bool_) if is_whole is None else is_whole,
        )


class _Sums:
    """Adds columns of stretches up by period."""

    def __init__(self, segments: Segments, edges: Longs) -> None:
        self.n = edges.size - 1
        self.period = np.searchsorted(edges, segments.start_us, side="right") - 1
        self.starts = np.flatnonzero(np.diff(self.period, prepend=-1))
        self.here = self.period[self.starts]

    def of(self, column: Any) -> Any:
        """The sum of each period, 0 where it has no stretch; the column's type."""
        return self.reduced(np.add, column, 0)

    def reduced(self, function: np.ufunc, column: Any, empty: float) -> Any:
        found = np.full(self.n, empty, column.dtype)
        if self.starts.size:
            found[self.here] = function.reduceat(column, self.starts)
        return found


def _extremes(
    segments: Segments, sums: _Sums, edges: Longs, before: Held | None, until_us: int
) -> tuple[Floats, Floats, Bools]:
    """Lowest and highest of the samples and of what is held as the period begins."""
    held = before or NOBODY
    value = np.append(segments.tail, held.value)
    quality = np.append(segments.tail_quality, np.uint8(held.quality))
    at_begin = np.searchsorted(segments.start_us, edges[:-1], side="left") - 1  # -1 is what was before all
    counts = is_trusted(value, quality)[at_begin] & (edges[:-1] < until_us)
    begin = np.where(counts, value[at_begin], np.nan)
    low = np.fmin(sums.reduced(np.fmin, segments.low, np.nan), begin)
    high = np.fmax(sums.reduced(np.fmax, segments.high, np.nan), begin)
    return low, high, sums.reduced(np.logical_and, segments.is_exact, True)


def _ends(segments: Segments, edges: Longs) -> tuple[Floats, Floats]:
    """First and last trusted sample of each period."""
    first, last = np.full(edges.size - 1, np.nan), np.full(edges.size - 1, np.nan)
    rows = np.flatnonzero(segments.count > 0)
    period = np.searchsorted(edges, segments.start_us[rows], side="right") - 1
    starts = np.flatnonzero(np.diff(period, prepend=-1))
    first[period[starts]] = segments.first[rows[starts]]
    last[period[starts]] = segments.last[rows[np.append(starts[1:], rows.size) - 1]] if rows.size else np.nan
    return first, last


def _deviation(segments: Segments, sums: _Sums, count: Longs) -> Floats:
    """Of all samples (n - 1), from those within each stretch and those between the means of stretches; what is smaller
    than the rounding of the sums is taken as none: 2e-8 of the values' size."""
    rows = segments.count > 0
    number = np.where(rows, segments.count, 1)
    mean = segments.total / number
    within = segments.squares - segments.total * mean
    within = np.where(within > _ROUNDING * segments.squares, within, 0.0)
    middle = sums.of(segments.total) / np.where(count > 0, count, 1)
    between = number * (mean - middle[sums.period]) ** 2
    spread = sums.of(np.where(rows, within + between, 0.0))
    return np.where(count > 0, np.sqrt(spread / np.maximum(count - 1, 1)), np.nan)
