"""Gives every tag its dense handle, once per process; all telemetry threads and the main thread share the table."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from console.domain import identity
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType

MAX_TAGS = 500_000  # ten times the largest plant we know; a rogue publisher must not eat the memory of the desk


class TooManyTags(Exception):
    """The table is full: this tag is not taken in, those that are known go on."""


class HandleTable:
    """Handles 0, 1, 2 ... in the order of first sight; a tag keeps its handle over rebirths and lost links."""

    def __init__(self, site_id: UUID, max_tags: int = MAX_TAGS) -> None:
        self.site_id = site_id
        self._max_tags = max_tags
        self._lock = threading.Lock()
        self._tags: list[Tag] = []
        self._by_id: dict[UUID, int] = {}
        self._assets: dict[tuple[str, str, str, str], UUID] = {}
        self._by_source: dict[tuple[TagSource, str], int] = {}

    def __len__(self) -> int:
        return len(self._tags)

    def tag(self, handle: int) -> Tag:
        return self._tags[handle]

    def define(
        self,
        source: TagSource,
        value_type: ValueType,
        unit: str = "",
        *,
        stale_after_s: float | None = None,
        plain_path: str = "",
    ) -> tuple[Tag, bool]:
        """The tag of this source and whether it is new or changed. Plain topics are identified by topic and path
        (`source.node`, `plain_path`), not by the name that a mapping gives them. Raises TooManyTags."""
        key = (source, plain_path)
        with self._lock:
            handle = self._by_source.get(key)
            if handle is None:
                return self._first_sight(key, value_type, unit, stale_after_s)
            known = self._tags[handle]
            if (known.value_type, known.unit, known.stale_after_s) == (value_type, unit, stale_after_s):
                return known, False
            tag = replace(known, value_type=value_type, unit=unit, stale_after_s=stale_after_s)
            self._tags[handle] = tag
            return tag, True

    def restore(self, tags: Iterable[Tag]) -> tuple[Tag, ...]:
        """Tags known from earlier runs, with the handles of this process. Call before the first link starts."""
        restored = []
        with self._lock:
            for stored in tags:
                if stored.tag_id in self._by_id:
                    continue
                tag = replace(stored, handle=len(self._tags))
                self._tags.append(tag)
                self._by_id[tag.tag_id] = tag.handle
                if not tag.source.plain:
                    self._by_source[tag.source, ""] = tag.handle
                restored.append(tag)
        return tuple(restored)

    def nodes(self, broker: str) -> set[tuple[str, str]]:
        """Group and node of every Sparkplug tag known at this broker."""
        with self._lock:
            sources = {tag.source for tag in self._tags}
        return {(s.group, s.node) for s in sources if s.broker == broker and not s.plain}

    def asset_id(self, broker: str, group: str, node: str, device: str = "") -> UUID:
        """The discovered asset that publishes; remembered, because a birth asks for it with each metric."""
        key = (broker, group, node, device)
        found = self._assets.get(key)
        if found is None:
            path = "/".join(part for part in key if part)
            found = self._assets[key] = identity.asset_id(self.site_id, path)
        return found

    def _first_sight(
        self, key: tuple[TagSource, str], value_type: ValueType, unit: str, stale_after_s: float | None
    ) -> tuple[Tag, bool]:
        source, plain_path = key
        if source.plain:
            tag_id = identity.plain_tag_id(self.site_id, source.broker, source.node, plain_path)
        else:
            tag_id = identity.tag_id(
                self.site_id, source.broker, source.group, source.node, source.device, source.metric
            )
        if tag_id not in self._by_id and len(self._tags) >= self._max_tags:
            raise TooManyTags
        handle = self._by_id.setdefault(tag_id, len(self._tags))
        asset = self.asset_id(source.broker, source.group, source.node, source.device)
        tag = Tag(handle, tag_id, asset, source, value_type, unit, stale_after_s=stale_after_s)
        if handle == len(self._tags):
            self._tags.append(tag)
        else:
            self._tags[handle] = tag
        self._by_source[key] = handle
        return tag, True
