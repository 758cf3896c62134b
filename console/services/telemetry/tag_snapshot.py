"""Keeps the tags and their last values in station.db, so that a restart shows what was known, marked as old.

A tag that a station has known for a second is known after a power cut, too; its value may be some seconds older.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.storage.ports import Writer
from console.services.telemetry import tag_tables as tables
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.tag_store import TagStore

LOOK_S = 0.5  # new tags are written so soon; values that changed each VALUES_S
VALUES_S = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredTag:
    """A tag of an earlier run (its handle is -1) with its last value; times in us UTC, 0 = never."""

    tag: Tag
    value: float
    text: str
    quality: Quality
    detail: Detail
    source_us: int
    receive_us: int


class TagSnapshot:
    """`await look()` each LOOK_S, `await save()` at the end: only what changed is written.

    The main thread copies columns; rows are made of them in the writer's thread, so that a plant of 50,000 tags never
    holds up the window.
    """

    def __init__(self, store: TagStore, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._saved: dict[int, Tag] = {}
        self._known = 0  # definitions that are written
        self._saved_s = float("-inf")

    async def look(self, mono_s: float) -> int:
        """Save when there are new tags, or when it is time for values; gives what `save` gives."""
        if self._known == self._store.definitions and mono_s - self._saved_s < VALUES_S:
            return 0
        written = await self.save()
        self._saved_s = mono_s
        return written

    def take_over(self, tags: Sequence[Tag]) -> None:
        """Tags as they came back from this very file: nothing of them is due."""
        self._saved.update((tag.handle, tag) for tag in tags)
        self._store.mark_saved(np.array([tag.handle for tag in tags], np.int32))

    async def save(self) -> int:
        """Write changed tags and values in one transaction; returns the number of values. Rows stay due on failure."""
        store = self._store
        handles, definitions = store.take_unsaved(), store.definitions
        if not len(handles):
            return 0
        at = handles.tolist()
        tags = [store.tag(handle) for handle in at]
        values = _Values(
            tuple(tags),
            store.value[handles],
            store.quality[handles],
            store.detail[handles],
            store.source_us[handles],
            store.receive_us[handles],
            store.texts(at),
        )
        new = [tag for tag in tags if self._saved.get(tag.handle) is not tag]

        def write(connection: Connection) -> None:
            _upsert(connection, tables.tag, [_tag_row(tag) for tag in new])
            _upsert(connection, tables.tag_value, values.rows())

        try:
            await self._writer.write(write)
        except BaseException:
            store.mark_unsaved(handles)
            raise
        self._saved.update((tag.handle, tag) for tag in new)
        self._known = definitions
        return len(at)


@dataclass(frozen=True, slots=True)
class _Values:
    """Copies of the columns of some tags, to be made into rows in another thread."""

    tags: tuple[Tag, ...]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    detail: NDArray[np.uint8]
    source_us: NDArray[np.int64]
    receive_us: NDArray[np.int64]
    texts: dict[int, str]

    def rows(self) -> list[dict[str, Any]]:
        columns = (self.value, self.quality, self.detail, self.source_us, self.receive_us)
        lists = (column.tolist() for column in columns)
        return [
            {
                "tag_id": tag.tag_id.bytes,
                "value": value if math.isfinite(value) else None,
                "text": self.texts.get(tag.handle, "").encode("utf-8", "replace").decode("utf-8"),
                "quality": quality,
                "detail": detail,
                "source_us": source_us,
                "receive_us": receive_us,
            }
            for tag, value, quality, detail, source_us, receive_us in zip(self.tags, *lists, strict=True)
        ]


def load(connection: Connection) -> list[StoredTag]:
    """All tags of station.db with their last values as they were written. A row that cannot be understood (a later
    version's, or spoiled) is passed over and told: it must not keep a desk from starting."""
    query = select(tables.tag, *[column for column in tables.tag_value.c if column.name != "tag_id"]).outerjoin(
        tables.tag_value, tables.tag.c.tag_id == tables.tag_value.c.tag_id
    )
    found, bad = [], 0
    for row in connection.execute(query):
        try:
            found.append(_stored(row._mapping))
        except (ValueError, TypeError):
            bad += 1
    if bad:
        log.warning("%d tags of the tag file cannot be understood; they are unknown until their sources tell them", bad)
    return found


def restore(stored: Sequence[StoredTag], handles: HandleTable, store: TagStore) -> tuple[Tag, ...]:
    """Give the tags their handles of this run and show their last values as STALE. Call before telemetry starts;
    tell the consumers the returned tags (`on_tags`)."""
    by_id = {item.tag.tag_id: item for item in stored}
    tags = handles.restore(item.tag for item in stored)
    store.define(tags)
    for tag in tags:
        item = by_id[tag.tag_id]
        if item.receive_us:
            store.restore(tag.handle, item.value, item.text, item.source_us, item.receive_us)
    return tags


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(table)
    fields = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    connection.execute(statement.on_conflict_do_update(index_elements=["tag_id"], set_=fields), rows)


def _tag_row(tag: Tag) -> dict[str, Any]:
    source = tag.source
    return {
        "tag_id": tag.tag_id.bytes,
        "asset_id": tag.asset_id.bytes,
        "broker": source.broker,
        "grp": source.group,
        "node": source.node,
        "device": source.device,
        "metric": source.metric,
        "plain": source.plain,
        "value_type": int(tag.value_type),
        "unit": tag.unit,
        "stale_after_s": tag.stale_after_s,
    }


def _stored(row: Any) -> StoredTag:
    source = TagSource(row["broker"], row["grp"], row["node"], row["device"], row["metric"], row["plain"])
    tag = Tag(
        -1,
        UUID(bytes=row["tag_id"]),
        UUID(bytes=row["asset_id"]),
        source,
        ValueType(row["value_type"]),
        row["unit"],
        stale_after_s=row["stale_after_s"],
    )
    value = row["value"]
    return StoredTag(
        tag,
        math.nan if value is None else value,
        row["text"] or "",
        Quality(Quality.UNKNOWN if row["quality"] is None else row["quality"]),
        Detail(Detail.NEVER_SEEN if row["detail"] is None else row["detail"]),
        row["source_us"] or 0,
        row["receive_us"] or 0,
    )
