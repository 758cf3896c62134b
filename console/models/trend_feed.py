"""The pens of a trend view: every sample as it arrives, and the history that the shown window needs.

A pen holds what was asked for last, as finely as it was asked: a year as buckets, an hour as samples. Around the window
more is asked for than is shown, so that panning does not wait; what is known already is not asked for again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from console.ui.wall_clock import now_us

MAX_PENS = 32
MARGIN = 0.5  # of the window's length, on both sides
COARSE = 400  # buckets of the first look at a time that no pen knows yet
FAR = 8  # times wider than what is known: also that gets a first look
EVER = 1 << 62
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a pen was given: the times, how wide a bucket may have been, and its oldest sample then."""

    from_us: int
    to_us: int
    step_us: float
    first_us: int

    def covers(self, window: "_Known", pen: TrendPen) -> bool:
        """Nothing of the window is missing, forgotten by the pen, or coarser than asked."""
        is_within = self.from_us <= window.from_us and window.to_us <= self.to_us
        return is_within and self.step_us <= window.step_us and pen.first_us <= self.first_us

    def is_of_use(self, window: "_Known") -> bool:
        """It gives a picture of the window at once, until a finer one is there."""
        is_near = self.from_us < window.to_us and window.from_us < self.to_us
        return is_near and window.to_us - window.from_us <= FAR * (min(self.to_us, window.to_us) - self.from_us)


class TrendFeed(QObject):
    """One `TrendPen` per tag handle. History of a window takes the place of what the pen held there."""

    touched = Signal(int, object)  # handle, time from which the pen is new
    reloaded = Signal()

    def __init__(self, station: Station, show: Callable[[str], None], now_us: Callable[[], int] = now_us) -> None:
        super().__init__()
        self._station = station
        self._errands = Errands(show)
        self._now_us = now_us
        self.pens: dict[int, TrendPen] = {}
        self._ids: dict[int, UUID] = {}
        self._known: dict[int, _Known] = {}
        self._arrived: dict[int, list[tuple[Longs, Floats, Bools]]] = {}  # while a query is under way
        self._loads = 0
        self._newest: asyncio.Task[object] | None = None  # the load of the window that is shown
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
            self._known.pop(handle, None)
            self._subscribe()

    def load(self, from_us: int, to_us: int, buckets: int, handles: tuple[int, ...] = ()) -> None:
        """Ask for the history of a window, `buckets` of it; `reloaded` says when it is there.

        Without `handles` it is the window that is shown: of all pens, with margins, and in the place of the one asked
        for before. Pens that hold all of it as finely are not asked for.
        """
        if handles:
            self._errands.run(self._load(handles, from_us, to_us, buckets))
            return
        if self._newest is not None:
            self._newest.cancel()
        if self.pens:
            self._newest = self._errands.run(self._load_shown(from_us, to_us, buckets))

    def close(self) -> None:
        self._undo()
        self._undo = lambda: None
        self._errands.cancel()

    async def _load_shown(self, from_us: int, to_us: int, buckets: int) -> None:
        """A first look where nothing is known, then all of it."""
        window = _Known(from_us, to_us, (to_us - from_us) / max(buckets, 1), 0)
        known = self._known
        missing = [h for h, pen in self.pens.items() if h not in known or not known[h].covers(window, pen)]
        unseen = tuple(h for h in missing if h not in known or not known[h].is_of_use(window))
        if unseen and buckets > 2 * COARSE:
            await self._load(unseen, from_us, to_us, COARSE)
        if missing:
            margin = round((to_us - from_us) * MARGIN)
            end = min(to_us + margin, max(self._now_us(), to_us))
            wide = end - from_us + margin
            await self._load(tuple(missing), from_us - margin, end, round(buckets * wide / max(to_us - from_us, 1)))

    async def _load(self, handles: tuple[int, ...], from_us: int, to_us: int, buckets: int) -> None:
        self._loads += 1
        try:
            async with self._turn:
                handles = tuple(handle for handle in handles if handle in self._ids)
                ids = tuple(self._ids[handle] for handle in handles)
                now_us = self._now_us()
                answer = await self._station.query(TrendQuery(ids, from_us, to_us, buckets))
                for handle, columns in zip(handles, answer, strict=True):
                    if handle in self.pens:
                        self._take(handle, columns, (from_us, to_us), now_us)
                        until_us = EVER if to_us >= now_us else to_us  # what comes reaches the pen
                        step = (to_us - from_us) / max(buckets, 1)
                        self._known[handle] = _Known(from_us, until_us, step, self.pens[handle].first_us)
        finally:
            self._loads -= 1
            if not self._loads:
                self._arrived.clear()
        self.reloaded.emit()

    def _take(self, handle: int, columns: TrendColumns, window: tuple[int, int], now_us: int) -> None:
        """Samples that the answer was too early for stay in the pen."""
        time_us, value, good = samples_of(columns, window, now_us)
        if not time_us.size:
            return
        pen = self.pens[handle]
        from_us = min(window[0], int(time_us[0]))
        pen.replace(from_us, max(window[1], int(time_us[-1]) + 1), time_us, value, good)
        for late_us, late_value, late_good in self._arrived.get(handle, ()):
            missing = late_us >= from_us
            if columns.is_raw:
                missing &= ~np.isin(late_us, columns.time_us)
            if missing.any():
                pen.append(late_us[missing], late_value[missing], late_good[missing])

    def _subscribe(self) -> None:
        """What comes between two subscriptions is missed: nobody knows the present until it is asked for again."""
        now_us = self._now_us()
        self._known = {h: replace(one, to_us=min(one.to_us, now_us)) for h, one in self._known.items()}
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


def samples_of(
    columns: TrendColumns, window: tuple[int, int] | None = None, now_us: int = EVER
) -> tuple[Longs, Floats, Bools]:
    """History as samples: raw ones as they are; a bucket as its lowest, its highest and its last value, in its time
    and none after `now_us`. With the window that was asked for: what held as it began, and where knowledge ended."""
    time_us, value, good = columns.time_us, columns.low, columns.good
    begin = None if window is None else window[0]
    if not columns.is_raw and time_us.size:
        begin = None if begin is None else min(begin, int(time_us[0]))
        time_us, value, good = _of_buckets(columns, now_us)
    if begin is not None and columns.held_us and (not time_us.size or begin < time_us[0]):
        time_us = np.concatenate((np.array([max(begin, columns.held_us)], np.int64), time_us))
        value = np.concatenate(([columns.held], value))
        good = np.concatenate((np.array([columns.held_good], np.bool_), good))
    if window is not None and time_us.size and 0 < columns.until_us < min(window[1], now_us):
        end = max(columns.until_us, int(time_us[-1])) + 1
        time_us, value = np.append(time_us, end), np.append(value, np.nan)
        good = np.append(good, False)
    return time_us, value, good


def _of_buckets(columns: TrendColumns, now_us: int) -> tuple[Longs, Floats, Bools]:
    at = columns.time_us
    width = columns.width_us or (int(np.diff(at).min()) if at.size > 1 else 3)
    lasts = np.minimum(width, np.maximum(now_us - at, 3))
    time_us = np.stack((at, at + lasts // 3, at + lasts * 2 // 3), axis=1).ravel()
    value = np.stack((columns.low, columns.high, columns.last), axis=1).ravel()
    return time_us, value, np.repeat(columns.good, 3)
