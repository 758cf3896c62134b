"""The last minutes of a few tags for sparklines: asked once from the history, then followed as values arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from console.app.frame.plant_picture import PlantPicture
from console.services.records import TrendColumns
from console.services.station import Station, TrendQuery
from console.ui.errands import Errands
from console.ui.format import is_trusted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPAN_US = 15 * 60 * 1_000_000
POINTS = 90


class ValueHistory:
    """`watch(handles)` chooses the tags; `sample(now)` takes their newest values; `points(handle)` is the line."""

    def __init__(self, station: Station, picture: PlantPicture, errands: Errands, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._station = station
        self._picture = picture
        self._errands = errands
        self._points: dict[int, dict[int, float]] = {}  # handle -> bucket -> value
        self._task: asyncio.Task[object] | None = None

    def watch(self, handles: tuple[int, ...], now_us: int) -> None:
        if set(handles) == set(self._points):
            return
        self._points = {handle: self._points.get(handle, {}) for handle in handles}
        if self._task is not None:
            self._task.cancel()
        ids = {tag.tag_id: handle for handle in handles if (tag := self._picture.tags.tag(handle)) is not None}
        self._task = self._errands.run(self._ask(ids, now_us)) if ids else None

    def sample(self, now_us: int) -> None:
        """Take the value of every watched tag into the bucket of now; untrusted ones leave a gap."""
        bucket = now_us * POINTS // SPAN_US
        tags = self._picture.tags
        for handle, points in self._points.items():
            if handle < len(tags.value):
                trusted = is_trusted(int(tags.quality[handle]))
                points[bucket] = float(tags.value[handle]) if trusted else float("nan")
            for old in [key for key in points if key < bucket - POINTS]:
                del points[old]

    def points(self, handle: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bucket numbers and values, ascending; buckets nobody saw are filled by the value before them."""
        import numpy as np

        points = self._points.get(handle, {})
        if len(points) < 2:
            return np.empty(0), np.empty(0)
        keys = np.array(sorted(points), dtype=np.float64)
        return keys, np.array([points[int(key)] for key in keys])

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _ask(self, ids: dict[UUID, int], now_us: int) -> None:
        try:
            answer = await self._station.query(TrendQuery(tuple(ids), now_us - SPAN_US, now_us, POINTS))
        except (LookupError, OSError):
            return  # no history yet: the line grows from now on
        for columns in answer:
            self._take(ids[columns.tag_id], columns)
        self._changed()

    def _take(self, handle: int, columns: TrendColumns) -> None:
        points = self._points.get(handle)
        if points is None:
            return
        import numpy as np

        buckets = columns.time_us * POINTS // SPAN_US
        values = np.where(columns.good, columns.last, np.nan)
        for bucket, value in zip(buckets.tolist(), values.tolist(), strict=True):
            points.setdefault(bucket, value)
