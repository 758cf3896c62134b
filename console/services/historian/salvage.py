"""Brings what a history file that SQLite gave up still holds into a new one: tags, texts, samples, buckets.

Rows are found page by page (`page_salvage`) and believed when their checksums are right. Old images of rows may come
too: samples that are there already count once, and of two versions of a bucket the one with more samples stays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy.engine import Connection

from console.domain.values import ValueType
from console.services.historian.chunk_codec import unpack_chunk
from console.services.historian.compaction import plan_tags, work_of, write_tags
from console.services.historian.damage import Damage
from console.services.historian.late_samples import TagLevels
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.plain_rollups import unpack_row
from console.services.historian.rollup_columns import LEVELS_US, Held, RollupColumns
from console.services.historian.rollup_rows import Edit, RowPlan, edited, plan_edits, taken, write_rows
from console.services.historian.samples import SampleBlock, join_blocks
from console.services.historian.seals import load_seal, save_seal, unpack_young
from console.services.historian.tail import RECORD, append_tail, unpack_rows, wrong_with
from console.services.historian.text_codes import with_codes
from console.services.storage.direct import direct
from console.services.storage.page_salvage import Row, rows_in

_BATCH = 32 << 20  # bytes of chunks that are put in order before they are sealed: what comes in order is sealed quickly
_SAMPLES = 100_000  # of one transaction
Job = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class OldTag:
    """A tag as the damaged file knew it."""

    key: int
    tag_id: UUID
    kind: ValueType
    retention_class: str
    unit: str


@dataclass(slots=True)
class Salvage:
    """Reads the damaged file three times: `names`, then `jobs`, each of them one short write transaction.

    Counts what was brought over. Done again after an interruption it changes nothing that is there already.
    """

    path: Path
    samples: int = 0
    buckets: int = 0
    _keys: dict[int, int] = field(default_factory=dict)  # old -> new
    _texts: dict[int, dict[int, str]] = field(default_factory=dict)  # of old keys

    def names(self) -> list[OldTag]:
        """The tags of the damaged file."""
        tags: dict[int, OldTag] = {}
        for row in rows_in(self.path):
            match row:
                case (int(key), bytes(tag_id), int(kind), str(name), str(unit)) if len(tag_id) == 16 and key > 0:
                    tags[key] = OldTag(key, UUID(bytes=tag_id), ValueType(kind), name, unit)
                case (int(key), int(code), str(text)):
                    self._texts.setdefault(key, {})[code] = text
        return list(tags.values())

    def jobs(self, keys: dict[int, int]) -> Iterator[Job]:
        """What is to be written, one after the other. `keys`: a tag's key in the damaged file -> its key in the new."""
        self._keys = keys
        chunks: list[SampleBlock] = []
        size = 0
        for row in rows_in(self.path):
            if (chunk := _chunk_of(row)) is not None and self._is_known(int(chunk.key[0])):
                chunks.append(self._renamed(chunk))
                size += len(chunk) * RECORD.itemsize
                if size >= _BATCH:
                    yield from self._sealed(chunks)
                    chunks, size = [], 0
            elif (tail := _tail_of(row)) is not None:
                yield self._appended(tail)
        yield from self._sealed(chunks)
        for row in rows_in(self.path):
            if (found := _rollups_of(row)) is not None and found[0] in self._keys:
                yield self._counted(*found)

    def _is_known(self, key: int) -> bool:
        return key in self._keys

    def _renamed(self, block: SampleBlock) -> SampleBlock:
        """With the keys of the new file, and texts in place of their codes; samples of unknown tags are left out."""
        rows = np.flatnonzero(np.isin(block.key, np.array(list(self._keys), np.uint32)))
        old = block.key[rows].tolist()
        key = np.array([self._keys[one] for one in old], np.uint32)
        texts: dict[int, str] = {}
        for place, (one, value) in enumerate(zip(old, block.value[rows].tolist(), strict=True)):
            if one in self._texts and value == value and (text := self._texts[one].get(int(value))) is not None:  # noqa: PLR0124 not nan
                texts[place] = text
        places = {int(row): index for index, row in enumerate(rows)} if block.exact else {}
        exact = {places[row]: number for row, number in block.exact.items() if row in places}
        return SampleBlock(key, block.at_us[rows], block.value[rows], block.quality[rows], exact, texts)

    def _sealed(self, chunks: list[SampleBlock]) -> Iterator[Job]:
        """Chunks in the order of tags and time, some at a time."""
        waiting: list[SampleBlock] = []
        for chunk in sorted(chunks, key=lambda chunk: (int(chunk.key[0]), int(chunk.at_us[0]))):
            waiting.append(chunk)
            if sum(map(len, waiting)) >= _SAMPLES:
                yield self._seal(join_blocks(waiting))
                waiting = []
        if waiting:
            yield self._seal(join_blocks(waiting))

    def _seal(self, block: SampleBlock) -> Job:
        self.samples += len(block)

        def seal(connection: Connection) -> None:
            work = work_of(connection, with_codes(connection, block))
            write_tags(connection, plan_tags(connection, work, len(work.keys)))

        return seal

    def _appended(self, block: SampleBlock) -> Job:
        known = self._renamed(block)
        self.samples += len(known)
        return lambda connection: append_tail(connection, with_codes(connection, known))

    def _counted(self, old_key: int, level: int, found: RollupColumns) -> Job:
        key = self._keys[old_key]

        def count(connection: Connection) -> None:
            self.buckets += put_in_where_more(connection, key, level, found)

        return count


def files_to_salvage(connection: Connection, path: Path) -> list[Path]:
    """Damaged files that were set aside beside `path` and of which nobody noted that they are done."""
    found = sorted(path.parent.glob(f"{path.name}.damaged-*"))
    done = {name for (name,) in direct(connection, "SELECT name FROM counter")}
    return [file for file in found if file.name.rpartition("-")[2].isdigit() and _note(file) not in done]


def note_salvaged(connection: Connection, path: Path) -> None:
    """Remember that this file holds nothing more."""
    direct(connection, "INSERT OR REPLACE INTO counter VALUES (?, 1)", (_note(path),))


def _note(path: Path) -> str:
    return f"salvaged {path.name}"


def put_in_where_more(connection: Connection, key: int, level: int, found: RollupColumns) -> int:
    """Buckets that are missing here or hold fewer samples here; gives how many were put in."""
    seal = load_seal(connection, key)
    end_us = (int(found.k[-1]) + 1) * LEVELS_US[level]
    if not seal.young and (seal.held is None or seal.held.at_us < end_us):  # nothing but buckets is left of this tag
        held = Held(end_us - 1, float(found.tail[-1]), int(found.tail_quality[-1]))
        save_seal(connection, replace(seal, held=held, raw_from_us=end_us))
        seal = load_seal(connection, key)
    levels = TagLevels(connection, key, unpack_young(seal.young), Damage())
    young = levels.young[level]
    span = int(found.k[0]), min(int(found.k[-1]) + 1, int(young.k[0]) if len(young) else 1 << 60)
    here = levels.between(level, *span)
    found = found.between(*span)
    counted = dict(zip(here.k.tolist(), (here.count + here.untrusted).tolist(), strict=True))
    more = np.array(
        [
            n > counted.get(k, 0)
            for k, n in zip(found.k.tolist(), (found.count + found.untrusted).tolist(), strict=True)
        ],
        np.bool_,
    )
    if not more.any():
        return 0
    better = taken(found, more)
    merged = edited(here, [Edit(k, k + 1, better.rows(row, row + 1)) for row, k in enumerate(better.k.tolist())])
    plan = RowPlan()
    plan_edits(connection, key, level, [Edit(*span, merged)], plan)
    write_rows(connection, key, plan)
    return int(more.sum())


def _chunk_of(row: Row) -> SampleBlock | None:
    match row:
        case (None, int(key), int(first), int(last), int(n), bytes(block)) if 0 <= key < 1 << 32:
            try:
                found = unpack_chunk(block)
            except DamagedChunk:
                return None
            if not len(found) == n > 0 or (found.at_us[0], found.at_us[-1]) != (first, last):
                return None
            return SampleBlock(np.full(n, key, np.uint32), found.at_us, found.value, found.quality, found.exact)
    return None


def _tail_of(row: Row) -> SampleBlock | None:
    match row:
        case (None, int(), int(n), int(), int(), int(crc), bytes(block), (None | bytes()) as exact):
            return None if wrong_with(n, crc, block, exact) else unpack_rows([block], [exact])
    return None


def _rollups_of(row: Row) -> tuple[int, int, RollupColumns] | None:
    match row:
        case (None, int(key), int(level), int(first), int(last), int(n), bytes(block)) if 0 <= level < len(LEVELS_US):
            try:
                found = unpack_row(block)
            except DamagedChunk:
                return None
            is_right = len(found) == n > 0 and (found.k[0], found.k[-1]) == (first, last)
            return (key, level, found) if is_right and found.width_us == LEVELS_US[level] else None
    return None
