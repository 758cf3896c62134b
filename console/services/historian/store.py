"""The historian's store: tags and their keys, durable appends, sealing in slices. Reading is in `history_read`.

One `HistoryStore` lives in the main thread; all writing runs on the database's one writing connection.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.values import ValueType
from console.services.historian.compaction import (
    Compactor,
    PartWork,
    close_part,
    open_part,
    plan_tags,
    share_out,
    write_tags,
)
from console.services.historian.history_schema import HISTORY, NEWEST_PART
from console.services.historian.salvage import Salvage, files_to_salvage, note_salvaged
from console.services.historian.samples import SampleBlock, TagInfo, join_blocks
from console.services.historian.tail import append_tail
from console.services.historian.text_codes import with_codes
from console.services.storage.database import reader_engine
from console.services.storage.direct import direct
from console.services.storage.failures import DamagedDatabase, is_damage
from console.services.storage.journal_health import damage_noted, forget_damage, note_damage
from console.services.storage.schema import Database, is_damaged, open_database

READERS = 3  # one of them may be busy with what is about to be sealed


class HistoryStore:
    """Keys of tags, appends and sealing. `tags`: what the file knows already (`known_tags`)."""

    def __init__(self, database: Database, tags: Sequence[TagInfo] = ()) -> None:
        self.database = database
        self._tags = {tag.tag_id: tag for tag in tags}
        self._next_key = 1 + max((tag.key for tag in tags), default=0)
        self._undefined: dict[int, TagInfo] = {}
        self._compactor = Compactor()
        self._work: PartWork | None = None
        self._sealing = asyncio.Lock()

    def find(self, tag_id: UUID) -> TagInfo | None:
        """What is known of a tag, None when it was never defined."""
        return self._tags.get(tag_id)

    def tags(self) -> tuple[TagInfo, ...]:
        """All tags that were ever defined."""
        return tuple(self._tags.values())

    def key_of(self, tag_id: UUID, kind: ValueType, retention_class: str = "", unit: str = "") -> int:
        """The tag's key for ever; a new or changed tag is written together with the next append."""
        known = self._tags.get(tag_id)
        if known is None:
            tag = TagInfo(self._next_key, tag_id, kind, retention_class, unit)
            self._next_key += 1
        else:
            tag = replace(known, kind=kind, retention_class=retention_class, unit=unit)
        if tag != known:
            self._tags[tag_id] = tag
            self._undefined[tag.key] = tag
        return tag.key

    def append(self, blocks: Sequence[SampleBlock]) -> "asyncio.Future[None]":
        """Store these samples, in this order, in one transaction; the future is done when they are durable.

        Its error (disk full and the like, as Refused) means that nothing of them was stored: try again. Late samples
        may come in any order. A sample that is stored already (same tag, time, value and quality) counts once.
        """
        defined = tuple(self._undefined.values())
        future = self.database.writer.write(partial(append_to, blocks=tuple(blocks), tags=defined))
        future.add_done_callback(partial(self._defined, defined))
        return future

    async def compact_some(
        self,
        budget_s: float,
        now_us: int,
        *,
        is_all: bool = False,
        elapsed: Callable[[], float] = time.perf_counter,
    ) -> bool:
        """Seal what is due, for about `budget_s`; True: there is more to do. Call it now and then, and at once again.

        A step takes some 50 ms, opening a partition up to a second, both in a reader's thread; the writing
        transactions between them a few milliseconds. `is_all`: everything is due, before a backup or for a
        measurement. Raises what writing raises (Refused when the disk is full); the next call goes on from there.
        """
        async with self._sealing:
            end = elapsed() + budget_s
            try:
                while await self._seal_step(now_us, is_all=is_all):
                    if elapsed() >= end:
                        return True
            except Exception as error:
                self._work = None  # begun anew the next time: tags that are done are passed over
                self._note_damage(error)
                raise
            return False

    async def _seal_step(self, now_us: int, *, is_all: bool) -> bool:
        read, write = self.database.readers.read, self.database.writer.write
        work = self._work
        if work is None:
            part = await read(partial(self._compactor.next_part, now_us=now_us, is_all=is_all))
            if part == NEWEST_PART:
                await write(share_out)
                self._compactor.forget(part)
            elif part is not None:
                self._work = await read(partial(open_part, part=part))
            return part is not None
        if work.done < len(work.keys):
            plans = await read(partial(plan_tags, work=work))
            work.is_stale |= not await write(partial(write_tags, every=plans))
            return True
        if not work.is_stale:  # else some tag was purged meanwhile: its samples wait for the next time
            await write(partial(close_part, work=work))
        self._compactor.close(work, now_us)
        self._work = None
        return True

    async def take_in_damaged(self) -> Salvage | None:
        """Bring over what files that were set aside still hold; None when there are none that were not done before.

        Minutes for a large one, in steps of some 100 ms in a reader's thread and short transactions; nothing is sealed
        meanwhile. Call it once after the start.
        """
        found: Salvage | None = None
        async with self._sealing:
            for path in await self.database.readers.read(partial(files_to_salvage, path=self.database.path)):
                found = Salvage(path)
                await self._take_in(found)
        return found

    async def _take_in(self, salvage: Salvage) -> None:
        read, write = self.database.readers.read, self.database.writer.write
        tags = await read(lambda _: salvage.names())
        keys = {tag.key: self.key_of(tag.tag_id, tag.kind, tag.retention_class, tag.unit) for tag in tags}
        await self.append([])
        jobs = salvage.jobs(keys)
        while (job := await read(lambda _: next(jobs, None))) is not None:
            await write(job)
        await write(partial(note_salvaged, path=salvage.path))

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self.database.close()

    def _note_damage(self, error: BaseException) -> None:
        """What SQLite finds wrong with the file is for the next start."""
        if isinstance(error, DamagedDatabase) or is_damage(error) or is_damage(error.__cause__ or error):
            note_damage(self.database.path, str(error))

    def _defined(self, tags: tuple[TagInfo, ...], done: "asyncio.Future[None]") -> None:
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            self._note_damage(error)
            return
        for tag in tags:
            if self._undefined.get(tag.key) is tag:
                del self._undefined[tag.key]


def append_to(connection: Connection, blocks: Sequence[SampleBlock], tags: Sequence[TagInfo] = ()) -> None:
    """The same in the connection's transaction; `tags` are new or changed ones."""
    for tag in tags:
        direct(
            connection,
            "INSERT INTO tag (key, tag_id, kind, class, unit) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET kind = excluded.kind, class = excluded.class, unit = excluded.unit",
            (tag.key, tag.tag_id.bytes, int(tag.kind), tag.retention_class, tag.unit),
        )
    append_tail(connection, with_codes(connection, join_blocks(blocks)))


def known_tags(connection: Connection) -> tuple[TagInfo, ...]:
    """Every tag of the file, in the order of keys."""
    return tuple(
        TagInfo(key, UUID(bytes=tag_id), ValueType(kind), retention_class, unit)
        for key, tag_id, kind, retention_class, unit in direct(
            connection, "SELECT key, tag_id, kind, class, unit FROM tag ORDER BY key"
        )
    )


def open_history_db(path: Path) -> HistoryStore:
    """Open or create history.db and begin its threads. Call it in a worker: it reads the names of all tags.

    Raises NewerDatabase, OldLibrary, Refused when it cannot be opened, and DamagedDatabase: then set the file aside
    (`schema.set_aside`), call again, and let `take_in_damaged` bring over what the old one holds. A file in which
    somebody noted damage (`journal_health.note_damage`) is a damaged one.
    """
    if path.exists() and (damage_noted(path) or is_damaged(path)):
        forget_damage(path)
        raise DamagedDatabase("{file} is damaged. What it still holds is brought into a new one.", file=path.name)
    database = open_database(path, HISTORY, readers=READERS)
    engine = reader_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            tags = known_tags(connection)
    finally:
        engine.dispose()
    return HistoryStore(database, tags)
