"""The packed rows of a tag's levels: read by span, edited, grown at their end by batches of finished buckets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from console.services.historian.damage import Damage, LostSpan
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.plain_rollups import pack_row, unpack_row
from console.services.historian.rollup_columns import LEVELS_US, RollupColumns, columns_of, no_rows
from console.services.storage.direct import direct

FULL = 2_048  # buckets of a row that is left alone


@dataclass(frozen=True, slots=True)
class RollupRow:
    """A row as it stands in the file."""

    row: int
    first_k: int
    last_k: int
    n: int
    block: bytes


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to be written."""

    level: int
    first_k: int
    last_k: int
    n: int
    block: bytes


@dataclass(slots=True)
class RowPlan:
    """Rows to delete and to insert, and what was found lost on the way."""

    delete: list[int] = field(default_factory=list)
    insert: list[NewRow] = field(default_factory=list)
    lost: list[LostSpan] = field(default_factory=list)
    nbytes: int = 0  # more than before


@dataclass(frozen=True, slots=True)
class Edit:
    """All buckets of [from_k, to_k) of one level, as they are from now on."""

    from_k: int
    to_k: int
    columns: RollupColumns


def rollup_rows(connection: Connection, key: int, level: int, from_k: int, to_k: int) -> Iterator[RollupRow]:
    """Rows that hold buckets of [from_k, to_k), in order."""
    for row in _touched(connection, key, level, from_k, to_k):
        if row.last_k >= from_k:
            yield row


def _touched(connection: Connection, key: int, level: int, from_k: int, to_k: int) -> Iterator[RollupRow]:
    """The same, and the row that ends before them when it is the one in which `from_k` has its place."""
    sql = (
        "SELECT id, first_k, last_k, n, block FROM rollup WHERE key = ? AND level = ? AND first_k < ? AND first_k >="
        " coalesce((SELECT max(first_k) FROM rollup WHERE key = ? AND level = ? AND first_k <= ?), ?) ORDER BY first_k"
    )
    for row in direct(connection, sql, (key, level, to_k, key, level, from_k, from_k)):
        yield RollupRow(*row)


def opened(
    key: int, level: int, row: RollupRow, damage: list[LostSpan], columns: Sequence[str] | None = None
) -> RollupColumns | None:
    """A row's buckets; None when it is damaged, which is noted."""
    width_us = LEVELS_US[level]
    try:
        found = unpack_row(row.block, columns)
        if found.width_us != width_us or len(found) != row.n:
            raise DamagedChunk("the row holds something else than was written")
    except DamagedChunk as error:
        damage.append(LostSpan(key, level, row.first_k * width_us, (row.last_k + 1) * width_us, row.n, str(error)))
        return None
    return found


def read_rows(
    connection: Connection,
    key: int,
    level: int,
    from_k: int,
    to_k: int,
    damage: Damage,
    columns: Sequence[str] | None = None,
) -> RollupColumns:
    """Finished, packed buckets of [from_k, to_k); damaged rows are passed over and noted."""
    parts = []
    for row in rollup_rows(connection, key, level, from_k, to_k):
        found = opened(key, level, row, damage.chunks, columns)
        if found is not None:
            parts.append(found.between(from_k, to_k))
    return end_to_end(LEVELS_US[level], parts)


def newest_bucket_before(connection: Connection, key: int, level: int, k: int, damage: Damage) -> RollupColumns:
    """The last packed bucket before `k`, of its columns only the tail; no rows when there is none."""
    sql = (
        "SELECT id, first_k, last_k, n, block FROM rollup WHERE key = ? AND level = ? AND first_k < ?"
        " ORDER BY first_k DESC"
    )
    for row in direct(connection, sql, (key, level, k)):
        found = opened(key, level, RollupRow(*row), damage.chunks, ("tail", "tail_quality"))
        if found is not None:
            found = found.between(int(found.k[0]), k)
            return found.rows(len(found) - 1, len(found))
    return no_rows(LEVELS_US[level])


def plan_growth(connection: Connection, key: int, level: int, more: RollupColumns, plan: RowPlan) -> None:
    """Put finished buckets behind the newest row: into it while it is not full."""
    if not len(more):
        return
    sql = "SELECT id, first_k, last_k, n, block FROM rollup WHERE key = ? AND level = ? ORDER BY first_k DESC LIMIT 1"
    newest = direct(connection, sql, (key, level)).fetchone()
    if newest is not None and newest[3] < FULL:
        more = _taken_out(plan, key, level, RollupRow(*newest), more)
    plan_rows(level, more, plan)


def plan_edits(connection: Connection, key: int, level: int, edits: Sequence[Edit], plan: RowPlan) -> None:
    """Put the buckets of each edit in place of all packed ones of its span; edits are in order and share no bucket."""
    groups: list[tuple[dict[int, RollupRow], list[Edit]]] = []
    for edit in edits:
        rows = {row.row: row for row in _touched(connection, key, level, edit.from_k, edit.to_k)}
        if groups and groups[-1][0].keys() & rows.keys():
            groups[-1][0].update(rows)
            groups[-1][1].append(edit)
        else:
            groups.append((rows, [edit]))
    for rows, here in groups:
        kept = [old for row in rows.values() if (old := _dropped(plan, key, level, row)) is not None]
        plan_rows(level, edited(end_to_end(LEVELS_US[level], kept), here), plan)


def edited(columns: RollupColumns, edits: Sequence[Edit]) -> RollupColumns:
    """Buckets with those of the edits' spans replaced."""
    if not edits:
        return columns
    stays = np.ones(len(columns), np.bool_)
    for edit in edits:
        start, stop = np.searchsorted(columns.k, (edit.from_k, edit.to_k))
        stays[start:stop] = False
    whole = end_to_end(columns.width_us, [taken(columns, stays), *(edit.columns for edit in edits)])
    return taken(whole, np.argsort(whole.k)) if len(whole) else whole


def plan_rows(level: int, columns: RollupColumns, plan: RowPlan) -> None:
    """Rows of about equal size, below twice FULL."""
    if not len(columns):
        return
    count = max(len(columns) // FULL, 1)
    borders = [len(columns) * number // count for number in range(count + 1)]
    for start, stop in pairwise(borders):
        part = columns.rows(start, stop)
        packed = pack_row(part)
        plan.insert.append(NewRow(level, int(part.k[0]), int(part.k[-1]), len(part), packed))
        plan.nbytes += len(packed)


def write_rows(connection: Connection, key: int, plan: RowPlan) -> None:
    """Do what was planned, in the connection's transaction."""
    for row in plan.delete:
        direct(connection, "DELETE FROM rollup WHERE id = ?", (row,))
    for new in plan.insert:
        direct(
            connection,
            "INSERT INTO rollup (key, level, first_k, last_k, n, block) VALUES (?, ?, ?, ?, ?, ?)",
            (key, new.level, new.first_k, new.last_k, new.n, new.block),
        )


def end_to_end(width_us: int, parts: Sequence[RollupColumns]) -> RollupColumns:
    """Parts that follow one another and share no bucket, as one; only the columns that all have."""
    full = [part for part in parts if len(part)]
    if len(full) < 2:
        return full[0] if full else no_rows(width_us)
    present = [part.present() for part in full]
    shared = present[0].keys() & set.intersection(*map(set, present[1:]))
    return columns_of(width_us, {name: np.concatenate([columns[name] for columns in present]) for name in shared})


def taken(columns: RollupColumns, rows: NDArray[np.intp] | NDArray[np.bool_]) -> RollupColumns:
    """These rows, in this order."""
    return columns_of(columns.width_us, {name: column[rows] for name, column in columns.present().items()})


def _taken_out(plan: RowPlan, key: int, level: int, row: RollupRow, more: RollupColumns) -> RollupColumns:
    old = _dropped(plan, key, level, row)
    return more if old is None else end_to_end(more.width_us, [old, more])


def _dropped(plan: RowPlan, key: int, level: int, row: RollupRow) -> RollupColumns | None:
    plan.delete.append(row.row)
    plan.nbytes -= len(row.block)
    return opened(key, level, row, plan.lost)
