"""Chunks: a tag's sealed samples in packed rows that never overlap, and how new samples find their place in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian.chunk_codec import ChunkSamples, DamagedChunk, pack_chunk, unpack_chunk
from console.services.historian.damage import Damage, LostSpan
from console.services.historian.history_schema import RAW
from console.services.historian.samples import SampleBlock, in_order, join_blocks, pick
from console.services.records import Longs
from console.services.storage.direct import direct

FULL = 4_096  # samples from which on a tag's newest chunk is left alone
MOST = 8_192
OWN = 1_024  # so many samples behind a chunk's end make one of their own


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A row as it stands in the file."""

    row: int
    first_us: int
    last_us: int
    n: int
    block: bytes


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A row to be written."""

    first_us: int
    last_us: int
    n: int
    block: bytes


@dataclass(slots=True)
class ChunkPlan:
    """What is to be written so that new samples stand in chunks: rows out, rows in, and what was found lost."""

    delete: list[int] = field(default_factory=list)
    insert: list[NewChunk] = field(default_factory=list)
    lost: list[LostSpan] = field(default_factory=list)
    samples: int = 0  # more than before
    nbytes: int = 0


def chunk_rows(connection: Connection, key: int, from_us: int, to_us: int) -> Iterator[ChunkRow]:
    """The chunks that may hold samples of [from_us, to_us), in order."""
    sql = (
        "SELECT id, first_us, last_us, n, block FROM chunk WHERE key = ? AND first_us < ? AND first_us >= coalesce("
        "(SELECT max(first_us) FROM chunk WHERE key = ? AND first_us <= ?), ?) ORDER BY first_us"
    )
    for row in direct(connection, sql, (key, to_us, key, from_us, from_us)):
        if row[2] >= from_us:
            yield ChunkRow(*row)


def newest_before(connection: Connection, key: int, at_us: int) -> Iterator[ChunkRow]:
    """Chunks that begin before `at_us`, the newest first; take as many as needed."""
    sql = "SELECT id, first_us, last_us, n, block FROM chunk WHERE key = ? AND first_us < ? ORDER BY first_us DESC"
    for row in direct(connection, sql, (key, at_us)):
        yield ChunkRow(*row)


def read_chunks(connection: Connection, key: int, from_us: int, to_us: int, damage: Damage) -> SampleBlock:
    """Sealed samples of [from_us, to_us) in order; damaged chunks are passed over and noted."""
    blocks = []
    for row in chunk_rows(connection, key, from_us, to_us):
        found = opened(key, row, damage)
        if found is not None:
            blocks.append(found)
    block = join_blocks(blocks)
    start, stop = np.searchsorted(block.at_us, (from_us, to_us))
    return block if stop - start == len(block) else pick(block, np.arange(start, stop))


def opened(key: int, row: ChunkRow, damage: Damage) -> SampleBlock | None:
    """A chunk's samples; None when it is damaged, which is noted."""
    try:
        found = unpack_chunk(row.block)
        if len(found) != row.n:
            raise DamagedChunk(f"{len(found)} samples, {row.n} were written")
    except DamagedChunk as error:
        damage.chunks.append(LostSpan(key, RAW, row.first_us, row.last_us, row.n, str(error)))
        return None
    return _block(key, found)


def plan_chunks(connection: Connection, key: int, new: SampleBlock) -> ChunkPlan:
    """Where samples of one tag, in order and each once, are to stand."""
    plan = ChunkPlan()
    if not len(new):
        return plan
    rows = _rows_from(connection, key, int(new.at_us[0]))
    if not rows:
        _insert(plan, new)
        return plan
    target = np.maximum(np.searchsorted([row.first_us for row in rows], new.at_us, side="right") - 1, 0)
    for number in np.unique(target).tolist():
        piece = pick(new, np.flatnonzero(target == number)) if target[0] != target[-1] else new
        _place(connection, plan, key, rows[number], piece, is_newest=number == len(rows) - 1)
    return plan


def write_chunks(connection: Connection, key: int, plan: ChunkPlan) -> None:
    """Do what was planned, in the connection's transaction."""
    for row in plan.delete:
        direct(connection, "DELETE FROM chunk WHERE id = ?", (row,))
    for chunk in plan.insert:
        direct(
            connection,
            "INSERT INTO chunk (key, first_us, last_us, n, block) VALUES (?, ?, ?, ?, ?)",
            (key, chunk.first_us, chunk.last_us, chunk.n, chunk.block),
        )


def pieces(at: Longs) -> list[tuple[int, int]]:
    """[start, stop) of chunks for these ordered stamps: about equal, at most MOST unless one stamp has more."""
    count = -(-at.size // MOST)
    borders = [0]
    for number in range(1, count):
        cut = int(np.searchsorted(at, at[at.size * number // count], side="left"))
        if cut > borders[-1]:
            borders.append(cut)
    borders.append(int(at.size))
    return list(pairwise(borders))


def _rows_from(connection: Connection, key: int, at_us: int) -> list[ChunkRow]:
    """The chunk in which `at_us` has its place and all behind it, without their bytes."""
    sql = (
        "SELECT id, first_us, last_us, n, NULL FROM chunk WHERE key = ? AND first_us >= coalesce("
        "(SELECT max(first_us) FROM chunk WHERE key = ? AND first_us <= ?), ?) ORDER BY first_us"
    )
    return [ChunkRow(*row) for row in direct(connection, sql, (key, key, at_us, at_us))]


def _place(
    connection: Connection, plan: ChunkPlan, key: int, row: ChunkRow, new: SampleBlock, *, is_newest: bool
) -> None:
    is_behind = int(new.at_us[0]) > row.last_us
    if is_behind and (row.n >= FULL if is_newest else len(new) >= OWN):
        _insert(plan, new)
        return
    damage = Damage()
    (block,) = direct(connection, "SELECT block FROM chunk WHERE id = ?", (row.row,)).fetchone()
    old = opened(key, replace(row, block=block), damage)
    plan.delete.append(row.row)
    plan.lost.extend(damage.chunks)
    plan.samples -= row.n
    plan.nbytes -= len(block)
    _insert(plan, new if old is None else in_order(join_blocks([old, new])))


def _insert(plan: ChunkPlan, block: SampleBlock) -> None:
    for start, stop in pieces(block.at_us):
        part = block if stop - start == len(block) else pick(block, np.arange(start, stop))
        try:
            packed = pack_chunk(part.at_us, part.value, part.quality, part.exact)
        except ValueError:  # integers of no 64-bit type beside each other: the numbers are kept as floats
            packed = pack_chunk(part.at_us, part.value, part.quality, {})
        plan.insert.append(NewChunk(int(part.at_us[0]), int(part.at_us[-1]), len(part), packed))
        plan.samples += len(part)
        plan.nbytes += len(packed)


def _block(key: int, found: ChunkSamples) -> SampleBlock:
    return SampleBlock(np.full(len(found), key, np.uint32), found.at_us, found.value, found.quality, found.exact)
