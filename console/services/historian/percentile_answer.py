"""Answers percentiles of one tag, exactly: rollups cannot tell them, so every sample of the window is read."""

import numpy as np

from console.domain.refusal import Refused
from console.services.historian.rollup_columns import is_trusted
from console.services.historian.segments import sums_by
from console.services.historian.timeline import AT_ONCE, Timeline
from console.services.history_records import PercentileAnswer
from console.services.records import Floats

PURGED = "Percentiles need the samples themselves; of {tag} they are kept only from {since} on (UTC)."
TOO_MANY = "{tag} has too many different values for percentiles of this window; choose a shorter one."
_ROUNDING = 1e-12  # of the sum of many seconds
MOST_DIFFERENT = 1 << 23  # values with their weights: 128 MB


def percentile_answer(
    timeline: Timeline, name: str, from_us: int, to_us: int, shares: tuple[float, ...], *, is_by_time: bool
) -> PercentileAnswer:
    """See `PercentileAnswer`. Raises Refused when samples of the window are not kept any more."""
    refuse_purged(timeline, name, from_us)
    values, weights, count = np.empty(0), np.empty(0), 0
    waiting: list[tuple[Floats, Floats]] = []
    rows = 0
    for block, pieces in timeline.slices(np.array([from_us, to_us], np.int64)):
        trusted = is_trusted(block.value, block.quality)
        count += int(trusted.sum())
        part = (pieces.value, pieces.seconds) if is_by_time else (block.value[trusted], np.ones(int(trusted.sum())))
        waiting.append(part)
        rows += part[0].size
        if rows > max(AT_ONCE, 2 * values.size):
            values, weights = _summed([(values, weights), *waiting])
            waiting, rows = [], 0
        if values.size > MOST_DIFFERENT:
            raise Refused(TOO_MANY, tag=name)
    values, weights = _summed([(values, weights), *waiting])
    return PercentileAnswer(
        timeline.tag_id,
        shares,
        tuple(_ranked(values, weights, share) for share in shares),
        count,
        float(weights.sum()) if is_by_time else float("nan"),
        is_by_time,
    )


def refuse_purged(timeline: Timeline, name: str, from_us: int) -> None:
    """Raises Refused when the window begins before the samples that are kept, and there were some."""
    raw_from_us = timeline.raw_from_us
    if from_us < raw_from_us:
        since = np.datetime64(raw_from_us, "us").astype("datetime64[s]").item()
        raise Refused(PURGED, tag=name, since=f"{since:%Y-%m-%d %H:%M:%S}")


def _summed(parts: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Every different value once, rising, with the sum of its weights."""
    value, weight = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    different, place = np.unique(value, return_inverse=True)
    return different, sums_by(place, weight, different.size)


def _ranked(values: Floats, weights: Floats, share: float) -> float:
    """The smallest value with at least this share of all weight at or below it."""
    if not values.size:
        return float("nan")
    sums = np.cumsum(weights)
    row = int(np.searchsorted(sums, share * sums[-1] * (1 - _ROUNDING)))
    return float(values[min(row, values.size - 1)])
