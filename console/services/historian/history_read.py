"""Reading history.db: raw samples, rollups and what held before a moment, as pure functions of a connection.

Every function gives what one consistent snapshot of the file holds: sealed chunks and the tail, already put together.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian.chunks import newest_before, opened, read_chunks
from console.services.historian.damage import Damage, LostSpan
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.rollup_columns import COLUMNS, LEVELS_US, Held, RollupColumns, no_rows
from console.services.historian.rollup_rows import edited, end_to_end, newest_bucket_before, read_rows
from console.services.historian.rollups import concat, hold_on, roll
from console.services.historian.samples import SampleBlock, in_order, join_blocks, pick
from console.services.historian.seals import Seal, load_seal, unpack_young, young_level
from console.services.historian.tag_sealing import last_of, late_edits, parted
from console.services.historian.tail import EVER, tail_of_key

_NEEDED = ("tail", "tail_quality")  # to know what holds


def read_raw(
    connection: Connection,
    key: int,
    from_us: int,
    to_us: int,
    limit: int | None = None,
    damage: Damage | None = None,
) -> SampleBlock:
    """Samples and gap markers of one tag in [from_us, to_us), by time; equal stamps in the order of arrival.

    At most `limit` of them, the earliest. Damaged chunks are passed over and put into `damage`.
    """
    damage = damage if damage is not None else Damage()
    seal = load_seal(connection, key)
    sealed = read_chunks(connection, key, from_us, to_us, damage)
    recent = tail_of_key(connection, key, seal.seq, damage.tail, (from_us, to_us))
    if not len(recent):
        return sealed if limit is None else pick(sealed, np.arange(min(limit, len(sealed))))
    inside = np.flatnonzero((recent.at_us >= from_us) & (recent.at_us < to_us))
    block = in_order(join_blocks([sealed, pick(recent, inside)]))
    return block if limit is None else pick(block, np.arange(min(limit, len(block))))


def read_rollups(
    connection: Connection,
    key: int,
    level: int,
    from_us: int,
    to_us: int,
    columns: Collection[str] | None = None,
    until_us: int | None = None,
    damage: Damage | None = None,
) -> RollupColumns:
    """Buckets of one tag that touch [from_us, to_us) and hold a sample; `level` is an index of LEVELS_S.

    As if all samples stored so far had been rolled at once with the end of knowledge `until_us` (None: the tag's
    newest sample), so pass the present to have what holds counted. `columns`: names of RollupColumns that are wanted,
    None for all; `k` and both tails always come with them. Damaged rows are passed over and put into `damage`.
    """
    damage = damage if damage is not None else Damage()
    wanted = COLUMNS if columns is None else tuple(dict.fromkeys((*columns, *_NEEDED)))
    width_us = LEVELS_US[level]
    span = from_us // width_us, -(-to_us // width_us)
    seal = load_seal(connection, key)
    newest_us = seal.held.at_us if seal.held else None
    only_late = newest_us is not None and (span[1] * width_us) <= newest_us // width_us * width_us
    recent = tail_of_key(connection, key, seal.seq, damage.tail, (EVER[0], (newest_us or 0) + 1) if only_late else EVER)
    stored, front = _stored(connection, seal, level, span, wanted, in_order(recent), damage)
    return _with_front(stored, front, span, wanted, until_us)


def held_before(connection: Connection, key: int, at_us: int, damage: Damage | None = None) -> Held | None:
    """The newest sample or gap marker before `at_us`: what holds there. None when the tag has none.

    Where raw has been purged it comes from the buckets, with the end of its bucket as its stamp.
    """
    damage = damage if damage is not None else Damage()
    seal = load_seal(connection, key)
    recent = tail_of_key(connection, key, seal.seq, damage.tail, (EVER[0], at_us))
    recent = in_order(pick(recent, np.flatnonzero(recent.at_us < at_us)))
    if seal.held is not None and seal.held.at_us < at_us:
        found: Held | None = seal.held
    else:
        found = _sealed_before(connection, seal, at_us, damage)
    if len(recent) and (found is None or int(recent.at_us[-1]) >= found.at_us):
        return last_of(recent)
    return found


@dataclass(frozen=True, slots=True)
class _Front:
    """Where sealed knowledge ends and what came since."""

    held: Held | None
    fresh: SampleBlock


def _stored(
    connection: Connection,
    seal: Seal,
    level: int,
    span: tuple[int, int],
    wanted: tuple[str, ...],
    recent: SampleBlock,
    damage: Damage,
) -> tuple[RollupColumns, _Front]:
    """Sealed buckets of the span, late samples of the tail worked in."""
    late, fresh = parted(recent, seal.held)
    packed = read_rows(connection, seal.key, level, *span, damage, wanted)
    try:
        young = young_level(seal.young, level, wanted)
    except DamagedChunk as error:
        damage.chunks.append(_lost_young(seal, level, str(error)))
        young = no_rows(LEVELS_US[level])
    stored = end_to_end(LEVELS_US[level], [packed, young.between(*span)])
    if not len(late) or seal.held is None:
        return stored, _Front(seal.held, fresh)
    edits, held = late_edits(connection, seal, late, damage)
    return edited(stored, edits[level]).between(*span), _Front(held, fresh)


def _with_front(
    stored: RollupColumns, front: _Front, span: tuple[int, int], wanted: tuple[str, ...], until_us: int | None
) -> RollupColumns:
    """The stored buckets, what held on behind them, and the fresh samples' own buckets."""
    width_us, held, fresh = stored.width_us, front.held, front.fresh
    if not len(fresh):
        if held is None or until_us is None or not len(stored) or stored.k[-1] != held.at_us // width_us:
            return stored
        return hold_on(stored, held.at_us, until_us)
    newest_us = int(fresh.at_us[-1])
    until_us = newest_us if until_us is None else max(until_us, newest_us)
    held_k = None if held is None else held.at_us // width_us
    if held is not None and held_k != fresh.at_us[0] // width_us and len(stored) and stored.k[-1] == held_k:
        stored = hold_on(stored, held.at_us, int(fresh.at_us[0]))
    rolled = roll(fresh.at_us, fresh.value, fresh.quality, width_us, held, until_us).between(*span)
    if len(stored) and len(rolled) and stored.k[-1] == rolled.k[0]:
        last = len(stored) - 1
        border = concat(stored.rows(last, last + 1), rolled.rows(0, 1))
        return end_to_end(width_us, [stored.rows(0, last), border, rolled.rows(1, len(rolled))])
    return end_to_end(width_us, [stored, rolled])


def _sealed_before(connection: Connection, seal: Seal, at_us: int, damage: Damage) -> Held | None:
    for row in newest_before(connection, seal.key, at_us):
        block = opened(seal.key, row, damage)
        if block is not None:
            stop = int(np.searchsorted(block.at_us, at_us))
            return last_of(pick(block, np.arange(stop)))
    for level, width_us in enumerate(LEVELS_US):
        k = at_us // width_us
        try:
            young = unpack_young(seal.young)[level].between(-(1 << 60), k)
        except DamagedChunk:
            young = no_rows(width_us)
        found = young if len(young) else newest_bucket_before(connection, seal.key, level, k, damage)
        if len(found):
            end_us = (int(found.k[-1]) + 1) * width_us
            return Held(end_us - 1, float(found.tail[-1]), int(found.tail_quality[-1]))
    return None


def _lost_young(seal: Seal, level: int, reason: str) -> LostSpan:
    newest_us = seal.held.at_us if seal.held else 0
    return LostSpan(seal.key, level, newest_us, newest_us, 0, reason)
