"""Looks through history.db row by row: sound rows stay, damaged ones go and are remembered, buckets are made anew.

For single rows that are not what was written (a flipped bit, a torn page within a row). A file that SQLite itself
gives up is another matter: `salvage`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian import chunks, rollup_rows
from console.services.historian.damage import Damage, LostSpan, note_damage
from console.services.historian.late_samples import TagLevels, rolled_anew
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.rollup_columns import LEVELS_US
from console.services.historian.rollup_rows import RowPlan
from console.services.historian.samples import SampleBlock, empty_block
from console.services.historian.seals import Seal, load_seal, save_seal, unpack_young
from console.services.historian.tag_sealing import plan_late, write_tag
from console.services.historian.tail import note_lost_row, read_tail
from console.services.records import Longs
from console.services.storage.direct import direct

_NO_KEY = -1


@dataclass(slots=True)
class Repair:
    """How far a look through the file is, and what it found."""

    key: int | None = _NO_KEY  # done up to and with this one; None: all of the file
    chunks: int = 0  # sound ones
    rows: int = 0
    anew: int = 0  # damaged rows whose buckets were made anew
    lost: list[LostSpan] = field(default_factory=list)


def repair(connection: Connection) -> Repair:
    """The whole file in the connection's transaction: for a file that nobody uses."""
    found = Repair()
    while found.key is not None:
        repair_some(connection, found, 1e9)
    return found


def repair_some(
    connection: Connection, found: Repair, budget_s: float = 0.05, elapsed: Callable[[], float] = time.perf_counter
) -> Repair:
    """Go on for about `budget_s` in the connection's transaction; `found` is carried from call to call.

    At least one tag is done. About 5 ms a day of a tag that is sampled once a second.
    """
    end = elapsed() + budget_s
    if found.key == _NO_KEY:
        _repair_tail(connection, found)
    while found.key is not None:
        row = direct(connection, "SELECT min(key) FROM seal WHERE key > ?", (found.key,)).fetchone()
        found.key = row[0]
        if found.key is not None:
            _repair_tag(connection, load_seal(connection, found.key), found)
        if elapsed() >= end:
            break
    return found


def _repair_tail(connection: Connection, found: Repair) -> None:
    parts = direct(connection, "SELECT DISTINCT id >> 40 FROM tail").fetchall()
    for (part,) in parts:
        damage = Damage()
        read_tail(connection, part, -1, damage.tail)
        for row in damage.tail:
            note_lost_row(connection, row)
            direct(connection, "DELETE FROM tail WHERE id >> 40 = ? AND seq = ?", (part, row.seq))
        found.lost.extend(damage.spans())


def _repair_tag(connection: Connection, seal: Seal, found: Repair) -> None:
    damage = Damage()
    _check_chunks(connection, seal.key, found, damage)
    changed = _check_rows(connection, seal, found, damage)
    if _is_young_damaged(seal):
        found.anew += 1
        write_tag(connection, plan_late(connection, seal, empty_block()))
        seal = load_seal(connection, seal.key)
    if any(buckets.size for buckets in changed):
        _make_anew(connection, seal, changed)
    if damage or any(buckets.size for buckets in changed):
        note_damage(connection, damage.chunks)
        save_seal(connection, _recounted(connection, load_seal(connection, seal.key)))
    found.lost.extend(damage.chunks)


def _check_chunks(connection: Connection, key: int, found: Repair, damage: Damage) -> None:
    for row in list(chunks.chunk_rows(connection, key, -(1 << 62), 1 << 62)):
        if chunks.opened(key, row, damage) is None:
            direct(connection, "DELETE FROM chunk WHERE id = ?", (row.row,))
        else:
            found.chunks += 1


def _check_rows(connection: Connection, seal: Seal, found: Repair, damage: Damage) -> list[Longs]:
    """Take damaged rows out; gives the buckets of each level that can be made anew."""
    changed: list[Longs] = []
    oldest_us = -(1 << 62) if seal.raw_from_us is None else seal.raw_from_us
    for level, width_us in enumerate(LEVELS_US):
        buckets = [np.empty(0, np.int64)]
        for row in list(rollup_rows.rollup_rows(connection, seal.key, level, -(1 << 40), 1 << 40)):
            lost: list[LostSpan] = []
            if rollup_rows.opened(seal.key, level, row, lost) is not None:
                found.rows += 1
                continue
            direct(connection, "DELETE FROM rollup WHERE id = ?", (row.row,))
            begin = row.first_k if level else max(row.first_k, -(-oldest_us // width_us))
            if begin > row.first_k:  # there is nothing left to make the older ones from
                damage.chunks.append(replace(lost[0], to_us=begin * width_us))
            buckets.append(np.arange(begin, row.last_k + 1))
            found.anew += begin <= row.last_k
        changed.append(np.concatenate(buckets))
    return changed


def _make_anew(connection: Connection, seal: Seal, changed: list[Longs]) -> None:
    assert seal.held is not None
    levels = TagLevels(connection, seal.key, unpack_young(seal.young), Damage())

    def raw(from_us: int, to_us: int) -> SampleBlock:
        return chunks.read_chunks(connection, seal.key, from_us, to_us, levels.damage)

    plan = RowPlan()
    for level, edits in enumerate(rolled_anew(levels, changed, raw, seal.held.at_us)):
        young = levels.young[level]
        cut = int(young.k[0]) if len(young) else 1 << 60
        packed = [
            replace(edit, to_k=min(edit.to_k, cut), columns=edit.columns.between(edit.from_k, min(edit.to_k, cut)))
            for edit in edits
            if edit.from_k < cut
        ]
        rollup_rows.plan_edits(connection, seal.key, level, packed, plan)
    rollup_rows.write_rows(connection, seal.key, plan)


def _is_young_damaged(seal: Seal) -> bool:
    try:
        unpack_young(seal.young)
    except DamagedChunk:
        return True
    return False


def _recounted(connection: Connection, seal: Seal) -> Seal:
    raw = "SELECT total(n), total(length(block)) FROM chunk WHERE key = ?"
    samples, raw_bytes = direct(connection, raw, (seal.key,)).fetchone()
    (nbytes,) = direct(connection, "SELECT total(length(block)) FROM rollup WHERE key = ?", (seal.key,)).fetchone()
    return replace(seal, samples=int(samples), raw_bytes=int(raw_bytes), rollup_bytes=int(nbytes))
