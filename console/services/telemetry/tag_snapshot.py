"""Keeps the tags and their last values in station.db, so that a restart shows what was known, marked as old."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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
    """`await save()` every few seconds: only what changed is written."""

    def __init__(self, store: TagStore, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._saved: dict[int, Tag] = {}

    async def save(self) -> int:
        """Write changed tags and values in one transaction; returns the number of values. Rows stay due on failure."""
        store = self._store
        handles = store.take_unsaved()
        if not len(handles):
            return 0
        changed = [store.tag(handle) for handle in handles.tolist()]
        new = [tag for tag in changed if self._saved.get(tag.handle) is not tag]
        tag_rows = [_tag_row(tag) for tag in new]
        value_rows = [self._value_row(tag) for tag in changed]

        def write(connection: Connection) -> None:
            _upsert(connection, tables.tag, tag_rows)
            _upsert(connection, tables.tag_value, value_rows)

        try:
            await self._writer.write(write)
        except BaseException:
            store.mark_unsaved(handles)
            raise
        self._saved.update((tag.handle, tag) for tag in new)
        return len(value_rows)

    def _value_row(self, tag: Tag) -> dict[str, Any]:
        store, handle = self._store, tag.handle
        value = float(store.value[handle])
        return {
            "tag_id": tag.tag_id.bytes,
            "value": value if math.isfinite(value) else None,
            "text": store.text(handle).encode("utf-8", "replace").decode("utf-8"),
            "quality": int(store.quality[handle]),
            "detail": int(store.detail[handle]),
            "source_us": int(store.source_us[handle]),
            "receive_us": int(store.receive_us[handle]),
        }


def load(connection: Connection) -> list[StoredTag]:
    """All tags of station.db with their last values as they were written."""
    query = select(tables.tag, *[column for column in tables.tag_value.c if column.name != "tag_id"]).outerjoin(
        tables.tag_value, tables.tag.c.tag_id == tables.tag_value.c.tag_id
    )
    return [_stored(row._mapping) for row in connection.execute(query)]


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
