"""The history lane of this station, joined: what travels and under which names, and other stations' tags from there."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import numpy as np

from console.domain.history.settings import HistorySettings
from console.domain.refusal import Refused
from console.domain.tags import Tag
from console.domain.values import ValueType, is_numeric
from console.services import station as s
from console.services.historian.samples import TagInfo
from console.services.historian.store import HistoryStore
from console.services.historian.timeline import Past
from console.services.history_records import FarTag
from console.services.sync.central_past import CentralPast
from console.services.sync.central_samples import CentralTag, source_of, source_text
from console.services.sync.history_lane import Catalogue, HistoryLane, LaneState
from console.services.sync.history_parts import Chosen
from console.services.telemetry.batch import (
    FLAG_HISTORICAL,
    FLAG_LATE,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
    TagsDefined,
)

if TYPE_CHECKING:
    from console.app.bootstrap import Core

T = TypeVar("T")
NO_TAG = "The centre knows no such tag any more."


class CentralHistory:
    """A `Consumer` that remembers names and notes late samples; implements `FarHistory`. Main thread."""

    def __init__(self, core: "Core", settings: HistorySettings, now_us: Callable[[], int]) -> None:
        self._core = core
        self._settings = settings
        self._now_us = now_us
        self._tags: dict[UUID, Tag] = {}  # replaced entry by entry: the lane's thread reads it
        self._lane: HistoryLane | None = None

    def start(self, store: HistoryStore) -> None:
        """Hand over from this file."""
        core = self._core
        self._lane = HistoryLane(
            store.database.path,
            core.settings.centre,
            core.parts.journal.place,
            Catalogue(lambda: self._chosen(store), self._named),
            now_us=self._now_us,
        )
        self._lane.start()

    def stop(self) -> None:
        """End the lane's thread."""
        if self._lane is not None:
            self._lane.stop()

    @property
    def state(self) -> LaneState:
        return self._lane.state if self._lane is not None else LaneState()

    @property
    def is_reachable(self) -> bool:
        return self.state.state == "live"

    async def read(self, question: Callable[[Callable[[UUID], Past]], T]) -> T:
        """See `FarHistory`."""
        if self._lane is None:
            raise Refused("The centre cannot be reached: other stations' history is not here.")
        now_us = self._now_us()
        return await self._lane.ask(
            lambda central, check: question(lambda tag: CentralPast(central, tag, now_us, check))
        )

    def answers(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        """Question -> who answers it."""
        return {s.FarTagsQuery: self._find, s.FarTagQuery: self._adopt}

    async def _find(self, query: s.FarTagsQuery) -> tuple[FarTag, ...]:
        words, limit = query.words.split(), query.limit
        if self._lane is None or not self.is_reachable or not words:
            return ()
        found = await self._lane.ask(lambda central, _check: central.find(words, limit=limit + len(self._tags)))
        return tuple(
            FarTag(tag.tag_id, tag.path, tag.name, tag.unit, tag.station)
            for tag in found
            if tag.tag_id not in self._tags
        )[:limit]

    async def _adopt(self, query: s.FarTagQuery) -> int:
        """The tag becomes one of this station that was never heard here: the same one when it is heard some day."""
        handles = self._core.telemetry.handles
        if self._lane is None:
            raise Refused("The centre cannot be reached: other stations' history is not here.")
        found = await self._lane.ask(lambda central, _check: central.find((), [query.tag_id], 1))
        try:
            told = found[0]
            source, kind = source_of(told.source), ValueType(told.kind)
        except (IndexError, ValueError) as error:
            raise Refused(NO_TAG) from error
        asset = handles.asset_id(source.broker, source.group, source.node, source.device)
        made = handles.restore([Tag(0, told.tag_id, asset, source, kind, told.unit)])
        if made:
            self._core.inbox.put(TagsDefined(made))
            return made[0].handle
        return self._core.parts.ring.handle_of(told.tag_id)

    def _chosen(self, store: HistoryStore) -> Sequence[Chosen]:
        """Numbers travel; texts stay, their dictionary is this file's."""
        return [
            Chosen(tag, self._is_central(tag.tag_id))
            for tag in store.tags()
            if is_numeric(tag.kind) and tag.tag_id in self._tags
        ]

    def _is_central(self, tag_id: UUID) -> bool:
        tag = self._tags[tag_id]
        return self._settings.history_of(tag.source.path().partition("/")[2]).is_central

    def _named(self, tags: Sequence[TagInfo]) -> Sequence[CentralTag]:
        found = ((info, self._tags[info.tag_id]) for info in tags)
        return [
            CentralTag(tag.tag_id, tag.source.path(), tag.name, tag.unit, int(info.kind), source_text(tag.source))
            for info, tag in found
        ]

    # consumer

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        for tag in tags:
            self._tags[tag.tag_id] = tag

    def on_samples(self, batch: SampleBatch) -> None:
        late = np.flatnonzero(batch.flags & (FLAG_LATE | FLAG_HISTORICAL))
        if late.size and self._lane is not None:
            hours = np.unique(batch.source_us[late] // 3_600_000_000) * 3_600_000_000
            self._lane.note_late(hours.tolist())

    def on_quality(self, change: QualityChanged) -> None:
        """Gap markers are of now."""

    def on_session(self, change: SessionChanged) -> None:
        """Of no concern."""

    def on_link(self, change: LinkChanged) -> None:
        """Of no concern."""
