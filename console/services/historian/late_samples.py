"""Samples older than what is sealed: the buckets they touch are rolled anew from raw, level by level.

A late sample changes its own bucket and, because it holds, the next one that has samples; those between them hold
nothing but time and are not stored. Where raw is no longer whole, the sample is counted into the buckets as they are:
counts, sums and bounds stay exact, what was held is left as it was, and the time is remembered as an estimate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian.damage import Damage
from console.services.historian.rollup_columns import LEVELS_US, Held, RollupColumns, columns_of
from console.services.historian.rollup_rows import Edit, edited, end_to_end, newest_bucket_before, read_rows
from console.services.historian.rollups import coarsen, roll
from console.services.historian.samples import SampleBlock
from console.services.historian.seals import Levels
from console.services.records import Longs

_NEAR = (360, 36, 36, 36)  # buckets of a level: what lies nearer together is rolled in one go
_FIND = 64
RawReader = Callable[[int, int], SampleBlock]  # [from_us, to_us) of the tag with the late samples in it


@dataclass(frozen=True, slots=True)
class TagLevels:
    """The stored buckets of a tag, packed and young ones."""

    connection: Connection
    key: int
    young: Levels
    damage: Damage

    def between(self, level: int, from_k: int, to_k: int) -> RollupColumns:
        """Buckets of [from_k, to_k) with all columns."""
        packed = read_rows(self.connection, self.key, level, from_k, to_k, self.damage)
        return end_to_end(LEVELS_US[level], [packed, self.young[level].between(from_k, to_k)])

    def before(self, level: int, k: int) -> RollupColumns:
        """The last bucket before `k`, with its tail at least; no rows when there is none."""
        young = self.young[level]
        place = int(np.searchsorted(young.k, k))
        if place:
            return young.rows(place - 1, place)
        return newest_bucket_before(self.connection, self.key, level, k, self.damage)

    def next_after(self, level: int, k: int, to_k: int) -> int | None:
        """The first bucket behind `k` and below `to_k` that is stored."""
        step, start = _FIND, k + 1
        while start < to_k:
            found = self.between(level, start, min(start + step, to_k))
            if len(found):
                return int(found.k[0])
            start, step = start + step, step * 8
        return None


def rolled_anew(levels: TagLevels, changed: Sequence[Longs], raw: RawReader, until_us: int) -> tuple[list[Edit], ...]:
    """Edits of each level that make buckets anew; raw of all of them is kept.

    `changed`: buckets of each level that are known to change; what follows from them is found here. `until_us`: the
    end of what is sealed, up to which its last sample is held.
    """
    width_us = LEVELS_US[0]
    buckets = _with_next(levels, changed[0], until_us // width_us + 1)
    edits: list[list[Edit]] = [[]]
    for from_k, to_k in _runs(buckets, _NEAR[0]):
        block = raw(from_k * width_us, to_k * width_us)
        before = _held(levels, 0, from_k, edits[0])
        until = min(until_us, to_k * width_us)
        edits[0].append(Edit(from_k, to_k, roll(block.at_us, block.value, block.quality, width_us, before, until)))
    for level in range(1, len(LEVELS_US)):
        buckets = np.union1d(buckets * LEVELS_US[level - 1] // LEVELS_US[level], changed[level])
        edits.append(_coarser(levels, level, buckets, edits[-1], until_us))
    return tuple(edits)


def counted_in(levels: TagLevels, late: SampleBlock) -> tuple[list[Edit], ...]:
    """Edits of each level that add late samples to buckets whose raw is gone."""
    every: list[list[Edit]] = []
    for level, width_us in enumerate(LEVELS_US):
        bucket = late.at_us // width_us
        edits = []
        for k in np.unique(bucket).tolist():
            rows = np.flatnonzero(bucket == k)
            until_us = int(late.at_us[rows[0]])  # no time is added
            new = roll(late.at_us[rows], late.value[rows], late.quality[rows], width_us, None, until_us)
            old = levels.between(level, k, k + 1)
            edits.append(Edit(k, k + 1, _added(old, _timeless(new)) if len(old) else _timeless(new)))
        every.append(edits)
    return tuple(every)


def _coarser(levels: TagLevels, level: int, changed: Longs, finer: Sequence[Edit], until_us: int) -> list[Edit]:
    width_us, fine_us = LEVELS_US[level], LEVELS_US[level - 1]
    factor = width_us // fine_us
    edits: list[Edit] = []
    for from_k, to_k in _runs(changed, _NEAR[level]):
        span = from_k * factor, to_k * factor
        inside = [edit for edit in finer if edit.to_k > span[0] and edit.from_k < span[1]]
        fine = edited(levels.between(level - 1, *span), inside).between(*span)
        before = _held(levels, level - 1, span[0], finer)
        edits.append(Edit(from_k, to_k, coarsen(fine, width_us, before, min(until_us, to_k * width_us))))
    return edits


def _with_next(levels: TagLevels, changed: Longs, to_k: int) -> Longs:
    """The changed buckets and, behind each, the next one that is stored or changed."""
    more = []
    for place, k in enumerate(changed.tolist()):
        limit = int(changed[place + 1]) if place + 1 < changed.size else to_k
        if (found := levels.next_after(0, k, limit)) is not None:
            more.append(found)
    return np.union1d(changed, np.array(more, np.int64))


def _runs(buckets: Longs, near: int) -> list[tuple[int, int]]:
    """[from, to) around ordered buckets, with a border where more than `near` lie between two."""
    cuts = np.flatnonzero(np.diff(buckets) > near) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(buckets, cuts) if part.size]


def _held(levels: TagLevels, level: int, k: int, edits: Sequence[Edit]) -> Held | None:
    """What holds as bucket `k` begins, the edits being done."""
    found = levels.before(level, k)
    for edit in edits:
        columns = edit.columns.between(edit.from_k, k)
        if len(columns) and (not len(found) or columns.k[-1] >= found.k[-1]):
            found = columns.rows(len(columns) - 1, len(columns))
    if not len(found):
        return None
    at_us = (int(found.k[-1]) + 1) * found.width_us - 1
    return Held(at_us, float(found.tail[-1]), int(found.tail_quality[-1]))


def _timeless(columns: RollupColumns) -> RollupColumns:
    nothing = {name: np.zeros(len(columns)) for name in ("integral", "good_s", "bad_s")}
    return columns_of(columns.width_us, columns.present() | nothing)


def _added(old: RollupColumns, new: RollupColumns) -> RollupColumns:
    """One bucket with more counted in; first, last, tail and times stay what they were."""
    columns = dict(old.present())
    columns["min"], columns["max"] = np.fmin(old.min, new.min), np.fmax(old.max, new.max)
    for name in ("count", "untrusted", "sum", "sum_sq"):
        columns[name] = getattr(old, name) + getattr(new, name)
    if not old.count[0]:
        columns["first"], columns["last"] = new.first, new.last
    return columns_of(old.width_us, columns)
