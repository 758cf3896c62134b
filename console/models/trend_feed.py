"""The pens of a trend view: every sample as it arrives, and the history that the shown window needs."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from console.domain.quality import Quality
from console.domain.tags import Tag
from console.models.trend_pen import TrendPen
from console.services.records import SamplesDelta, TrendColumns
from console.services.station import Station, TrendQuery, samples_topic
from console.ui.errands import Errands

MAX_PENS = 32
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class TrendFeed(QObject):
    """One `TrendPen` per tag handle. History of a window takes the place of what the pen held there."""

    touched = Signal(int, object)  # handle, time from which the pen is new
    reloaded = Signal()

    def __init__(self, station: Station, show: Callable[[str], None]) -> None:
        super().__init__()
        self._station = station
        self._errands = Errands(show)
        self.pens: dict[int, TrendPen] = {}
        self._ids: dict[int, UUID] = {}
        self._arrived: dict[int, list[tuple[Longs, Floats, Bools]]] = {}  # while a query is under way
        self._loads = 0
        self._turn = asyncio.Lock()  # answers are taken in the order they were asked for: the finest last
        self._undo: Callable[[], None] = lambda: None

    def add(self, tag: Tag) -> TrendPen:
        """The pen of a tag; what arrives from now on reaches it."""
        if tag.handle not in self.pens:
            self.pens[tag.handle] = TrendPen()
            self._ids[tag.handle] = tag.tag_id
            self._subscribe()
        return self.pens[tag.handle]

    def remove(self, handle: int) -> None:
        if self.pens.pop(handle, None) is not None:
            del self._ids[handle]
            self._subscribe()

    def load(self, from_us: int, to_us: int, buckets: int, handles: tuple[int, ...] = ()) -> None:
        """Ask for the history of a window; `reloaded` says when it is there."""
        wanted = handles or tuple(self.pens)
        if wanted:
            self._errands.run(self._load(wanted, from_us, to_us, buckets))

    def close(self) -> None:
        self._undo()
        self._undo = lambda: None
        self._errands.cancel()

    async def _load(self, handles: tuple[int, ...], from_us: int, to_us: int, buckets: int) -> None:
        handles = tuple(handle for handle in handles if handle in self._ids)
        ids = tuple(self._ids[handle] for handle in handles)
        self._loads += 1
        try:
            async with self._turn:
                answer = await self._station.query(TrendQuery(ids, from_us, to_us, buckets))
                for handle, columns in zip(handles, answer, strict=True):
                    if handle in self.pens:
                        self._take(handle, columns, from_us)
        finally:
            self._loads -= 1
            if not self._loads:
                self._arrived.clear()
        self.reloaded.emit()

    def _take(self, handle: int, columns: TrendColumns, from_us: int) -> None:
        """Samples that the answer was too early for stay in the pen."""
        time_us, value, good = samples_of(columns)
        if not time_us.size:
            return
        pen = self.pens[handle]
        pen.replace(from_us, int(time_us[-1]) + 1, time_us, value, good)
        for late_us, late_value, late_good in self._arrived.get(handle, ()) if columns.is_raw else ():
            missing = (late_us >= from_us) & (late_us <= time_us[-1]) & ~np.isin(late_us, time_us)
            pen.append(late_us[missing], late_value[missing], late_good[missing])

    def _subscribe(self) -> None:
        self._undo()
        self._undo = lambda: None
        if self.pens:
            self._undo = self._station.subscribe(samples_topic(tuple(self.pens)), self._on_samples)

    def _on_samples(self, delta: SamplesDelta) -> None:
        for handle, pen in self.pens.items():
            rows = np.flatnonzero(delta.handles == handle)
            if not rows.size:
                continue
            time_us, value = delta.source_us[rows], delta.values[rows]
            good = delta.quality[rows] == Quality.GOOD
            if self._loads:
                self._arrived.setdefault(handle, []).append((time_us, value, good))
            self.touched.emit(handle, pen.append(time_us, value, good))


def samples_of(columns: TrendColumns) -> tuple[Longs, Floats, Bools]:
    """History as samples: raw ones as they are; a bucket as its lowest, its highest and its last value, in its time."""
    if columns.is_raw or not columns.time_us.size:
        return columns.time_us, columns.low, columns.good
    at = columns.time_us
    width = int(np.diff(at).min()) if at.size > 1 else 3
    time_us = np.stack((at, at + width // 3, at + width * 2 // 3), axis=1).ravel()
    value = np.stack((columns.low, columns.high, columns.last), axis=1).ravel()
    return time_us, value, np.repeat(columns.good, 3)
