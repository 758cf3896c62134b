"""One tag's step of sealing as a plan: which chunks, rows and state are to be written, prepared on any connection.

The plan names the version of the state it was made from; it is written only while that is still the one in the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian.chunks import ChunkPlan, plan_chunks, read_chunks, write_chunks
from console.services.historian.damage import Damage, note_damage
from console.services.historian.late_samples import TagLevels, counted_in, rolled_anew
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.rollup_columns import LEVELS_US, Held, RollupColumns
from console.services.historian.rollup_rows import Edit, RowPlan, edited, plan_edits, plan_growth, write_rows
from console.services.historian.samples import SampleBlock, empty_block, in_order, join_blocks, pick
from console.services.historian.sealing import YoungMany, grown, held_many, new_buckets
from console.services.historian.seals import (
    NO_LEVELS,
    Levels,
    Seal,
    pack_young,
    save_seal,
    unpack_young,
    version_of_seal,
)
from console.services.records import Longs
from console.services.storage.direct import direct

NO_SAMPLES = empty_block()
_ANEW_MOST = 1 << 22  # buckets that are made anew at once: 16 months of the finest
YOUNG_MOST = (256, 64, 32, 16)  # buckets of each level that wait for their batch


@dataclass(slots=True)
class TagWrites:
    """What is to be written for a tag. `seal` as it is to be, with the version it was made from."""

    seal: Seal
    chunks: ChunkPlan
    rows: RowPlan
    estimates: list[tuple[int, int]] = field(default_factory=list)


def write_tag(connection: Connection, writes: TagWrites) -> bool:
    """Write it in the connection's transaction; False, and nothing written, when the tag's state has changed since."""
    seal, chunks, rows = writes.seal, writes.chunks, writes.rows
    if version_of_seal(connection, seal.key) != seal.version:
        return False
    write_chunks(connection, seal.key, chunks)
    write_rows(connection, seal.key, rows)
    note_damage(connection, [*chunks.lost, *rows.lost])
    for from_us, to_us in writes.estimates:
        direct(connection, "INSERT OR IGNORE INTO estimate VALUES (?, ?, ?)", (seal.key, from_us, to_us))
    save_seal(
        connection,
        replace(
            seal,
            samples=seal.samples + chunks.samples,
            raw_bytes=seal.raw_bytes + chunks.nbytes,
            rollup_bytes=seal.rollup_bytes + rows.nbytes,
        ),
    )
    return True


def last_of(block: SampleBlock) -> Held:
    """The newest of ordered samples: what holds from there on."""
    return Held(int(block.at_us[-1]), float(block.value[-1]), int(block.quality[-1]))


def plan_fresh(
    connection: Connection, seal: Seal, block: SampleBlock, young: YoungMany, number: int
) -> tuple[TagWrites, list[int]]:
    """Samples newer than all that is sealed; the writes still lack the young bytes.

    `young` has the new buckets in it, `number` is the tag's there. Gives also how many buckets of each level move to
    packed rows.
    """
    rows = RowPlan()
    moved = [0] * len(LEVELS_US)
    for level, count in enumerate(young.counts(number)):
        if count >= YOUNG_MOST[level]:
            moved[level] = count - 1
            plan_growth(connection, seal.key, level, young.levels[level].of(number).rows(0, count - 1), rows)
    return TagWrites(replace(seal, held=last_of(block)), plan_chunks(connection, seal.key, block), rows), moved


def plan_late(connection: Connection, seal: Seal, block: SampleBlock) -> TagWrites:
    """Samples of which some are older than what is sealed, or whose tag's young buckets are damaged."""
    damage = Damage()
    held = seal.held
    young, broken = _young(seal)
    late, fresh = parted(block, held)
    edits: list[list[Edit]] = [[] for _ in LEVELS_US]
    estimates: list[tuple[int, int]] = []
    if held is not None:
        levels = TagLevels(connection, seal.key, young, damage)
        late, edits, estimates = _edits(levels, seal, held, late, is_broken=broken)
        held = _held_after(connection, seal.key, held, late)
    rows = RowPlan()
    grown_young = _grown(seal, held, _young_edited(young, edits, held), fresh)
    packed_edits = [_below(here, _cut(level, young, held)) for level, here in enumerate(edits)]
    kept = []
    for level, columns in enumerate(grown_young):
        if len(columns) >= YOUNG_MOST[level]:
            done = columns.rows(0, len(columns) - 1)
            packed_edits[level].append(Edit(int(done.k[0]), int(done.k[-1]) + 1, done))
            columns = columns.rows(len(columns) - 1, len(columns))  # noqa: PLW2901 the rest of it
        kept.append(columns)
        plan_edits(connection, seal.key, level, packed_edits[level], rows)
    rows.lost.extend(damage.chunks)
    kept_raw = in_order(join_blocks([late, fresh]))
    new = replace(seal, held=last_of(fresh) if len(fresh) else held, young=pack_young(kept))
    return TagWrites(new, plan_chunks(connection, seal.key, kept_raw), rows, estimates)


def _young(seal: Seal) -> tuple[Levels, bool]:
    try:
        return unpack_young(seal.young), False
    except DamagedChunk:
        return NO_LEVELS, True


def parted(block: SampleBlock, held: Held | None) -> tuple[SampleBlock, SampleBlock]:
    """Ordered samples of a tag: late and fresh ones. What has the newest sealed stamp is late: it may be there."""
    if held is None or not len(block) or block.at_us[0] > held.at_us:
        return NO_SAMPLES, block
    late = int(np.searchsorted(block.at_us, held.at_us, side="right"))
    return pick(block, np.arange(late)), pick(block, np.arange(late, len(block)))


def late_edits(connection: Connection, seal: Seal, late: SampleBlock, damage: Damage) -> tuple[list[list[Edit]], Held]:
    """What late samples that are not sealed yet change in the stored buckets of each level, and what then holds."""
    assert seal.held is not None
    young, broken = _young(seal)
    levels = TagLevels(connection, seal.key, young, damage)
    kept, edits, _ = _edits(levels, seal, seal.held, late, is_broken=broken)
    return edits, _held_after(connection, seal.key, seal.held, kept)


def _edits(
    levels: TagLevels, seal: Seal, held: Held, late: SampleBlock, *, is_broken: bool
) -> tuple[SampleBlock, list[list[Edit]], list[tuple[int, int]]]:
    """Late samples whose raw is to be kept, the edits of each level, and times that are estimates from now on."""
    oldest = -(1 << 62) if seal.raw_from_us is None else seal.raw_from_us
    is_kept = late.at_us // LEVELS_US[-1] * LEVELS_US[-1] >= oldest
    kept, gone = pick(late, np.flatnonzero(is_kept)), pick(late, np.flatnonzero(~is_kept))
    damage = Damage()

    def raw(from_us: int, to_us: int) -> SampleBlock:
        inside = np.flatnonzero((kept.at_us >= from_us) & (kept.at_us < to_us))
        stored = read_chunks(levels.connection, seal.key, from_us, min(to_us, held.at_us + 1), damage)
        return in_order(join_blocks([stored, pick(kept, inside)]))

    changed = _changed(levels, held, kept, oldest, is_broken=is_broken)
    edits = [list(here) for here in rolled_anew(levels, changed, raw, held.at_us)] if changed[0].size else []
    levels.damage.chunks.extend(damage.chunks)
    if damage and not is_broken:  # raw is not whole here: what was rolled from it would be less than what stands there
        edits, gone = [], late
    edits = edits or [[] for _ in LEVELS_US]
    if len(gone):
        for level, more in enumerate(counted_in(levels, gone)):
            edits[level] = sorted([*edits[level], *more], key=lambda edit: edit.from_k)
    return kept, edits, _spans(gone)


def _changed(levels: TagLevels, held: Held, late: SampleBlock, oldest_us: int, *, is_broken: bool) -> tuple[Longs, ...]:
    """Buckets of each level that are to be made anew; all that no packed row has when the young ones are damaged."""
    changed = [np.unique(late.at_us // LEVELS_US[0]), *(np.empty(0, np.int64) for _ in LEVELS_US[1:])]
    if is_broken:
        first = read_first_stamp(levels.connection, levels.key, held.at_us)
        for level, width_us in enumerate(LEVELS_US):
            packed = levels.before(level, 1 << 60)
            begin = int(packed.k[-1]) + 1 if len(packed) else max(first, oldest_us) // width_us
            end = held.at_us // width_us + 1  # a stamp may be centuries away: what lies behind that is not looked for
            changed[level] = np.union1d(changed[level], np.arange(max(begin, end - _ANEW_MOST), end))
    return tuple(changed)


def read_first_stamp(connection: Connection, key: int, default_us: int) -> int:
    """The first sealed sample's stamp."""
    row = direct(connection, "SELECT min(first_us) FROM chunk WHERE key = ?", (key,)).fetchone()
    return default_us if row[0] is None else int(row[0])


def _spans(late: SampleBlock) -> list[tuple[int, int]]:
    """Times in which what was held is an estimate: whole buckets of the coarsest level."""
    width_us = LEVELS_US[-1]
    return [(int(k) * width_us, (int(k) + 1) * width_us) for k in np.unique(late.at_us // width_us)]


def _held_after(connection: Connection, key: int, held: Held, late: SampleBlock) -> Held:
    """Of samples with the newest stamp the one that arrived last holds."""
    same = pick(late, np.flatnonzero(late.at_us == held.at_us))
    if not len(same):
        return held
    stored = read_chunks(connection, key, held.at_us, held.at_us + 1, Damage())
    return last_of(in_order(join_blocks([stored, same])))


def _cut(level: int, young: Levels, held: Held | None) -> int:
    """The first bucket that is kept young; what is below stands in packed rows."""
    if len(young[level]):
        return int(young[level].k[0])
    return held.at_us // LEVELS_US[level] if held is not None else -(1 << 60)


def _below(edits: Sequence[Edit], cut: int) -> list[Edit]:
    """The edits' part of [.., cut)."""
    return [
        Edit(edit.from_k, min(edit.to_k, cut), edit.columns.between(edit.from_k, min(edit.to_k, cut)))
        for edit in edits
        if edit.from_k < cut
    ]


def _young_edited(young: Levels, edits: Sequence[Sequence[Edit]], held: Held | None) -> Levels:
    found = []
    for level, columns in enumerate(young):
        cut = _cut(level, young, held)
        above = [
            Edit(max(edit.from_k, cut), edit.to_k, edit.columns.between(max(edit.from_k, cut), edit.to_k))
            for edit in edits[level]
            if edit.to_k > cut
        ]
        found.append(edited(columns, above))
    return tuple(found)


def _grown(seal: Seal, held: Held | None, young: Levels, fresh: SampleBlock) -> Sequence[RollupColumns]:
    if not len(fresh):
        return young
    more = new_buckets(fresh, held_many([held]), fresh.at_us[-1:])
    return grown([(0, pack_young(young))], more).of(0)
