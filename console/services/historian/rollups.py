"""From samples to buckets: the rollup pyramid of the history, pure arithmetic on columns. Coarser levels, missing
buckets and statistics are made in the modules beside it and can be had from here.

A sample holds until the next sample of its tag (of equal stamps the later in arrival), a gap marker or `until_us`, the
end of knowledge. Time before the first sample of a tag is unknown, unless `before` says what held.
"""

import numpy as np
from numpy.typing import NDArray

from console.services.historian.decimal_grid import scaled
from console.services.historian.rollup_columns import (
    SECOND_US,
    Bools,
    Counts,
    Held,
    ManyHeld,
    ManyRollups,
    RollupColumns,
    above,
    below,
    columns_of,
    held_as_many,
    is_trusted,
    no_rows,
    nobody_held,
)
from console.services.historian.rollup_merge import Lead, coarsen, coarsen_many, concat, hold_on, lead_in, row_starts
from console.services.historian.rollup_reading import Statistics, aggregate, expand
from console.services.records import Bytes8, Floats, Longs

__all__ = [
    "Statistics",
    "aggregate",
    "coarsen",
    "coarsen_many",
    "concat",
    "expand",
    "hold_on",
    "roll",
    "roll_many",
]


def roll(
    at_us: Longs, value: Floats, quality: Bytes8, width_us: int, before: Held | None, until_us: int
) -> RollupColumns:
    """Buckets of one tag's samples, in any order (equal stamps in order of arrival).

    `before` is what held before the first of them: it counts from its own stamp or from the beginning of the first
    sample's bucket, whichever is later. The last sample is held to `until_us`, at most to the end of its bucket.
    """
    key = np.zeros(at_us.size, np.uint32)
    return roll_many(key, at_us, value, quality, width_us, held_as_many(before), until_us).columns


def roll_many(
    key: Counts,
    at_us: Longs,
    value: Floats,
    quality: Bytes8,
    width_us: int,
    before: ManyHeld | None,
    until_us: int | Longs,
) -> ManyRollups:
    """The same for the samples of many tags; quickest when they come sorted by (key, at_us).

    `before` and an array `until_us` have one entry for each key that occurs, in ascending order of the keys.
    """
    if not at_us.size:
        return ManyRollups(np.empty(0, np.uint32), np.zeros(1, np.int64), no_rows(width_us))
    order = _order(key, at_us)
    if order is not None:
        key, at_us, value, quality = key[order], at_us[order], value[order], quality[order]
    tags = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    bucket = at_us // width_us
    starts = row_starts(bucket, tags)
    own_us = _own_us(at_us, bucket, width_us, tags, until_us)
    trusted = is_trusted(value, quality)
    before = nobody_held(tags.size) if before is None else before
    lead = lead_in(at_us, bucket, width_us, starts, tags, before, (value, quality, trusted))
    columns = {"k": bucket[starts], **_numbers(value, trusted, starts)}
    columns |= _times(np.where(trusted, value, 0.0), trusted, own_us, starts, lead)
    ends = np.append(starts[1:], at_us.size) - 1
    columns |= {"tail": value[ends], "tail_quality": quality[ends]}
    offsets = np.append(np.searchsorted(starts, tags), starts.size).astype(np.int64)
    return ManyRollups(key[tags].astype(np.uint32), offsets, columns_of(width_us, columns))


def _order(key: Counts, at_us: Longs) -> NDArray[np.intp] | None:
    """How to sort by (key, time) with equal stamps in arrival order; None when it is so already."""
    same = key[1:] == key[:-1]
    if ((key[1:] > key[:-1]) | (same & (at_us[1:] >= at_us[:-1]))).all():
        return None
    return np.lexsort((at_us, key))


def _own_us(at_us: Longs, bucket: Longs, width_us: int, tags: Longs, until_us: int | Longs) -> Longs:
    """How long each sample holds within its own bucket."""
    end = np.empty(at_us.size, np.int64)
    end[:-1] = at_us[1:]
    end[np.append(tags[1:], at_us.size) - 1] = until_us
    np.minimum(end, (bucket + 1) * width_us, out=end)
    end -= at_us
    return np.maximum(end, 0, out=end)


def _numbers(value: Floats, trusted: Bools, starts: Longs) -> dict[str, NDArray[np.generic]]:
    """First, last, bounds and counts of the trusted samples of each bucket."""
    sizes = np.diff(starts, append=value.size)
    if trusted.all():
        low, high = np.minimum.reduceat(value, starts), np.maximum.reduceat(value, starts)
        first, last, count = value[starts], value[starts + sizes - 1], sizes
    else:
        rows = np.arange(value.size)
        count = np.add.reduceat(trusted, starts, dtype=np.int64)
        some = count > 0
        first_row = np.minimum.reduceat(np.where(trusted, rows, value.size - 1), starts)
        last_row = np.maximum.reduceat(np.where(trusted, rows, 0), starts)
        first, last = np.where(some, value[first_row], np.nan), np.where(some, value[last_row], np.nan)
        low = np.where(some, np.minimum.reduceat(np.where(trusted, value, np.inf), starts), np.nan)
        high = np.where(some, np.maximum.reduceat(np.where(trusted, value, -np.inf), starts), np.nan)
    return {
        "first": first,
        "last": last,
        "min": below(low),
        "max": above(high),
        "count": count,
        "untrusted": sizes - count,
    }


def _times(number: Floats, trusted: Bools, own_us: Longs, starts: Longs, lead: Lead) -> dict[str, NDArray[np.generic]]:
    """Sums, time integral, good and bad seconds of each bucket; `number` is 0 where a sample is not trusted."""
    taken, scales = scaled(number, starts)
    whole = np.rint(lead.number * scales)
    leading = np.where(whole / scales == lead.number, whole, lead.number * scales)
    good_us = np.add.reduceat(np.where(trusted, own_us, 0), starts)
    bad_us = np.add.reduceat(own_us, starts) - good_us
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "sum": np.add.reduceat(taken, starts) / scales,
            "sum_sq": np.add.reduceat(taken * taken, starts) / (scales * scales),
            "integral": (np.add.reduceat(taken * own_us, starts) + leading * lead.us) / (scales * SECOND_US),
            "good_s": (good_us + np.where(lead.trusted, lead.us, 0)) / SECOND_US,
            "bad_s": (bad_us + np.where(lead.trusted, 0, lead.us)) / SECOND_US,
        }
