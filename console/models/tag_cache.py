"""All tags with their newest values, once per station, for every view that looks a tag up by handle, id or name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.models.columns import Columns
from console.services.notifier import Notifier, Undo
from console.services.records import TagsDelta
from console.services.station import TAGS, Station

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TagChange:
    """`defined`: handles of new or redefined tags; `handles`: whose value or quality changed."""

    defined: tuple[int, ...]
    handles: NDArray[np.int32]


class TagCache:
    """Columns by handle, fed by TAGS. Subscribers hear of a change after the columns hold it."""

    def __init__(self, station: Station) -> None:
        self._columns = Columns(
            value=("f8", math.nan),
            quality=("u1", Quality.UNKNOWN),
            detail=("u1", Detail.NEVER_SEEN),
            source_us=("i8", 0),
            receive_us=("i8", 0),
        )
        self.texts: dict[int, str] = {}
        self._tags: list[Tag | None] = []
        self._by_id: dict[UUID, int] = {}
        self._by_asset: dict[UUID, dict[int, None]] = {}
        self._changes: Notifier[TagChange] = Notifier()
        self._undo = station.subscribe(TAGS, self.apply)

    def __len__(self) -> int:
        return len(self._tags)

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Every known tag in the order of handles."""
        return tuple(tag for tag in self._tags if tag is not None)

    def tag(self, handle: int) -> Tag | None:
        return self._tags[handle] if 0 <= handle < len(self._tags) else None

    def handle_of(self, tag_id: UUID) -> int:
        """Handle of a tag, -1 when it was never seen."""
        return self._by_id.get(tag_id, -1)

    def handles_of_asset(self, asset_id: UUID) -> tuple[int, ...]:
        return tuple(self._by_asset.get(asset_id, ()))

    @property
    def value(self) -> NDArray[np.float64]:
        return self._columns["value"]  # type: ignore[return-value]

    @property
    def quality(self) -> NDArray[np.uint8]:
        return self._columns["quality"]  # type: ignore[return-value]

    @property
    def detail(self) -> NDArray[np.uint8]:
        return self._columns["detail"]  # type: ignore[return-value]

    @property
    def source_us(self) -> NDArray[np.int64]:
        return self._columns["source_us"]  # type: ignore[return-value]

    @property
    def receive_us(self) -> NDArray[np.int64]:
        return self._columns["receive_us"]  # type: ignore[return-value]

    def subscribe(self, callback: Callable[[TagChange], None]) -> Undo:
        """Later changes only: read the columns for what is."""
        return self._changes.subscribe(callback)

    def apply(self, delta: TagsDelta) -> None:
        if delta.is_snapshot:
            self._columns.clear()
            self._columns.reserve(len(self._tags))
            self.texts.clear()
        for tag in delta.added:
            self._define(tag)
        self._columns.reserve(len(self._tags))
        self._columns.write(
            delta.handles,
            {
                "value": delta.values,
                "quality": delta.quality,
                "detail": delta.detail,
                "source_us": delta.source_us,
                "receive_us": delta.receive_us,
            },
        )
        if self.texts:
            for handle in delta.handles.tolist():
                self.texts.pop(handle, None)
        self.texts.update(delta.texts)
        self._changes.notify(TagChange(tuple(tag.handle for tag in delta.added), delta.handles))

    def _define(self, tag: Tag) -> None:
        while len(self._tags) <= tag.handle:
            self._tags.append(None)
        before = self._tags[tag.handle]
        if before is not None:
            self._by_asset[before.asset_id].pop(tag.handle, None)
        self._tags[tag.handle] = tag
        self._by_id[tag.tag_id] = tag.handle
        self._by_asset.setdefault(tag.asset_id, {})[tag.handle] = None


_caches: WeakKeyDictionary[Station, TagCache] = WeakKeyDictionary()


def tag_cache(station: Station) -> TagCache:
    """The one cache of this station; made (and subscribed) by whoever asks first."""
    if station not in _caches:
        _caches[station] = TagCache(station)
    return _caches[station]
