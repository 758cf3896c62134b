"""Buckets made of buckets: coarser levels, parts put together, and the time that passes between stored buckets."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.services.historian.decimal_grid import INTEGRAL_DECIMALS, SQUARE_DECIMALS, products, segment_sums
from console.services.historian.rollup_columns import (
    SECOND_US,
    Bools,
    Held,
    ManyHeld,
    ManyRollups,
    RollupColumns,
    columns_of,
    held_as_many,
    is_trusted,
    no_rows,
    nobody_held,
)
from console.services.records import Bytes8, Floats, Longs

Column = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Lead:
    """What holds at the beginning of each row's bucket, up to its first sample: for how long, which number."""

    us: Longs
    number: Floats  # 0 where it is not trusted
    trusted: Bools


def row_starts(bucket: Longs, tags: Longs) -> Longs:
    """Where a new (tag, bucket) begins; `tags` are the rows at which a new tag begins."""
    new = np.empty(bucket.size, np.bool_)
    new[0] = True
    np.not_equal(bucket[1:], bucket[:-1], out=new[1:])
    new[tags] = True
    return np.flatnonzero(new)


def lead_in(
    begin_us: Longs,
    bucket: Longs,
    width_us: int,
    starts: Longs,
    tags: Longs,
    before: ManyHeld,
    held: tuple[Floats, Bytes8, Bools],
) -> Lead:
    """What the row before leaves to hold in each bucket until `begin_us` of its first row.

    `held` is value, quality and trust of every row; what holds before a tag's first row comes from `before`.
    """
    value, _, trusted = held
    origin_us = bucket[starts] * width_us
    number, is_good = np.where(trusted, value, 0.0)[starts - 1], trusted[starts - 1]
    us = begin_us[starts] - origin_us
    first = np.searchsorted(starts, tags)
    since = np.maximum(origin_us[first], before.at_us)
    us[first] = np.where(before.known, np.maximum(begin_us[tags] - since, 0), 0)
    known_good = is_trusted(before.value, before.quality) & before.known
    is_good[first] = known_good
    number[first] = np.where(known_good, before.value, 0.0)
    return Lead(us, number, is_good)


def coarsen(fine: RollupColumns, width_us: int, before: Held | None, until_us: int) -> RollupColumns:
    """Wider buckets of a multiple of the width; only the columns that are there (time columns need both tails).

    `before` and `until_us` as in `rollups.roll`: what passes between the stored buckets is held by their tails.
    """
    many = ManyRollups(np.zeros(1, np.uint32), np.array([0, len(fine)], np.int64), fine)
    return coarsen_many(many, width_us, held_as_many(before), until_us).columns


def coarsen_many(many: ManyRollups, width_us: int, before: ManyHeld | None, until_us: int | Longs) -> ManyRollups:
    """The same for many tags; `before` and an array `until_us` have one entry for each key. No key is without rows."""
    fine = many.columns
    if width_us % fine.width_us:
        raise ValueError(f"{width_us} us is no multiple of {fine.width_us} us")
    if not len(fine):
        return ManyRollups(many.key, many.offsets, no_rows(width_us))
    tags = many.offsets[:-1]
    bucket = fine.k // (width_us // fine.width_us)
    starts = row_starts(bucket, tags)
    present = fine.present()
    columns: dict[str, Column] = {"k": bucket[starts]} | _merged(present, starts)
    if {"integral", "good_s", "bad_s"} & present.keys():
        before = nobody_held(tags.size) if before is None else before
        gap = _between(fine, bucket, width_us, starts, tags, before, until_us)
        columns |= _times(present, starts, gap)
    offsets = np.append(np.searchsorted(starts, tags), starts.size).astype(np.int64)
    return ManyRollups(many.key, offsets, columns_of(width_us, columns))


def concat(*parts: RollupColumns) -> RollupColumns:
    """Parts of one tag in order of time; a bucket that ends one part and begins the next is put together.

    The time columns are added: the first part's knowledge has to end where the next part's `before` begins (its last
    sample, see `hold_on`). Only the columns that all parts have. Raises ValueError when the parts overlap.
    """
    width_us = parts[0].width_us
    full = [part for part in parts if len(part)]
    if len(full) < 2:
        return full[0] if full else parts[0]
    shared = [name for name in full[0].present() if all(part.has(name) for part in full)]
    columns: dict[str, Column] = {name: np.concatenate([getattr(part, name) for part in full]) for name in shared}
    k = np.concatenate([part.k for part in full])
    if any(part.width_us != width_us for part in parts) or (k[1:] < k[:-1]).any():
        raise ValueError("rollups of one width, in order of time, are asked for")
    starts = row_starts(k, np.zeros(1, np.int64))
    if starts.size == k.size:
        return columns_of(width_us, columns)
    us, number, trusted = np.zeros(k.size, np.int64), np.zeros(k.size), np.zeros(k.size, np.bool_)
    gap = _Gap(us, number, trusted, Lead(us[starts], number[starts], trusted[starts]))
    return columns_of(width_us, {"k": k[starts]} | _merged(columns, starts) | _times(columns, starts, gap))


def hold_on(rollups: RollupColumns, known_us: int, until_us: int) -> RollupColumns:
    """The last bucket with its tail held from `known_us`, where its knowledge ended, to `until_us` or its own end."""
    if not len(rollups):
        return rollups
    origin_us = int(rollups.k[-1]) * rollups.width_us
    held_us = min(until_us, origin_us + rollups.width_us) - max(known_us, origin_us)
    if held_us <= 0:
        return rollups
    columns = dict(rollups.present())
    trusted = bool(is_trusted(rollups.tail[-1], rollups.tail_quality[-1]))
    added = {"good_s" if trusted else "bad_s": held_us / SECOND_US}
    if trusted:
        added["integral"] = float(products(rollups.tail[-1:], np.array([held_us]), SECOND_US)[0])
    for name, more in added.items():
        if name in columns:
            longer = np.array(columns[name])
            longer[-1] += more
            columns[name] = longer
    return columns_of(rollups.width_us, columns)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Behind each fine row: for how long its tail holds until the next row or the end of the wide bucket."""

    us: Longs
    number: Floats
    trusted: Bools
    lead: Lead  # before the first fine row of each wide bucket


def _between(
    fine: RollupColumns,
    bucket: Longs,
    width_us: int,
    starts: Longs,
    tags: Longs,
    before: ManyHeld,
    until_us: int | Longs,
) -> _Gap:
    begin_us = fine.k * fine.width_us
    until = np.empty(len(fine), np.int64)
    until[:-1] = begin_us[1:]
    until[np.append(tags[1:], len(fine)) - 1] = until_us
    gap_us = np.minimum(until, (bucket + 1) * width_us) - (begin_us + fine.width_us)
    trusted = is_trusted(fine.tail, fine.tail_quality)
    lead = lead_in(begin_us, bucket, width_us, starts, tags, before, (fine.tail, fine.tail_quality, trusted))
    return _Gap(np.maximum(gap_us, 0), np.where(trusted, fine.tail, 0.0), trusted, lead)


def _times(columns: dict[str, Column], starts: Longs, gap: _Gap) -> dict[str, Column]:
    """Time columns of the wide buckets; `columns` of the narrow ones."""
    merged: dict[str, Column] = {}
    for name, wanted in (("good_s", True), ("bad_s", False)):
        if name in columns:
            us = np.rint(columns[name].astype(np.float64) * SECOND_US)
            held = np.where(gap.trusted == wanted, gap.us, 0)
            lead = np.where(gap.lead.trusted == wanted, gap.lead.us, 0)
            merged[name] = (np.add.reduceat(us + held, starts) + lead) / SECOND_US
    if "integral" in columns:
        integral = columns["integral"].astype(np.float64, copy=False)
        if not gap.us.any() and not gap.lead.us.any():
            merged["integral"] = segment_sums(integral, starts, INTEGRAL_DECIMALS)
        else:
            terms = np.zeros((integral.size, 3))
            terms[:, 0] = integral
            terms[:, 1] = products(gap.number, gap.us, SECOND_US)
            terms[starts, 2] = products(gap.lead.number, gap.lead.us, SECOND_US)
            merged["integral"] = segment_sums(terms.ravel(), starts * 3, INTEGRAL_DECIMALS)
    return merged


def _merged(columns: dict[str, Column], starts: Longs) -> dict[str, Column]:
    """All but `k` and the time columns, put together from each start on."""
    return {name: _MERGES[name](column, starts) for name, column in columns.items() if name in _MERGES}


def _first_number(column: Column, starts: Longs) -> Column:
    """The first that is not nan in each segment, else nan."""
    there = ~np.isnan(column.astype(np.float64, copy=False))
    if there[starts].all():
        return column[starts]
    rows = np.minimum.reduceat(np.where(there, np.arange(column.size), column.size - 1), starts)
    return np.where(np.logical_or.reduceat(there, starts), column[rows], np.nan)


def _last_number(column: Column, starts: Longs) -> Column:
    return _first_number(column[::-1], (column.size - _ends(column, starts))[::-1] - 1)[::-1]


def _ends(column: Column, starts: Longs) -> Longs:
    """The last row of each segment."""
    return np.append(starts[1:], column.size) - 1


_MERGES: dict[str, Callable[[Column, Longs], Column]] = {
    "first": _first_number,
    "last": _last_number,
    "min": np.fmin.reduceat,
    "max": np.fmax.reduceat,
    "count": np.add.reduceat,
    "untrusted": np.add.reduceat,
    "sum": segment_sums,  # type: ignore[dict-item]
    "sum_sq": lambda column, starts: segment_sums(column, starts, SQUARE_DECIMALS),  # type: ignore[arg-type]
    "tail": lambda column, starts: column[_ends(column, starts)],
    "tail_quality": lambda column, starts: column[_ends(column, starts)],
}
