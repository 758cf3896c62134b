"""Our side of `leitstand bench history`: pens written and sealed by the real store, asked through the real desk."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np

from console.app.bench.history_data import BUCKETS, SECOND_US, Plant
from console.domain.values import ValueType
from console.services.historian.direct_history import DirectHistory
from console.services.historian.history_query import HistoryDesk
from console.services.historian.live_ring import LiveRing
from console.services.historian.rollup_columns import above, below
from console.services.historian.samples import SampleBlock, TagInfo
from console.services.historian.store import open_history_db
from console.services.records import Floats, Longs, TrendColumns
from console.services.station import TrendQuery
from console.services.telemetry.batch import TagColumns

_AT_ONCE = 200_000  # samples of one append


class PenStore:
    """history.db of a few pens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._history = DirectHistory(path)

    def add(self, pen: int, at: Longs, value: Floats) -> float:
        """Append and seal one pen's year; seconds it took."""
        begun = time.perf_counter()
        tag = TagInfo(pen + 1, tag_id(pen), ValueType.DOUBLE, "", "")
        for start in range(0, at.size, _AT_ONCE):
            part = slice(start, min(start + _AT_ONCE, at.size))
            size = part.stop - start
            block = SampleBlock(np.full(size, tag.key, np.uint32), at[part], value[part], np.zeros(size, np.uint8))
            self._history.append([block], [tag] if not start else [])
            self._history.compact(int(at[part][-1]))
        return time.perf_counter() - begun

    def seal(self, now_us: int) -> None:
        """Everything into chunks, and the file closed."""
        self._history.compact(now_us, is_all=True)
        self._history.close()


def tag_id(pen: int) -> UUID:
    return UUID(int=pen + 1)


class _NobodyLive:
    """No tag is connected."""

    quality = np.empty(0, np.uint8)


class Asking:
    """The desk of a station that just started: everything is on disk."""

    def __init__(self, desk: HistoryDesk, plant: Plant) -> None:
        self._desk = desk
        self._plant = plant

    async def ask(self, seconds: int, pens: int) -> tuple[TrendColumns, ...]:
        end_us = self._plant.end_us
        ids = tuple(tag_id(pen) for pen in range(pens))
        return await self._desk.trend(TrendQuery(ids, end_us - seconds * SECOND_US, end_us, BUCKETS))


@contextmanager
def asking(path: Path, plant: Plant) -> Iterator[Asking]:
    """Open the store as a station does; call it inside the event loop."""
    asyncio.get_running_loop()
    store = open_history_db(path)
    try:
        with ThreadPoolExecutor(1) as pool:
            nobody = cast("TagColumns", _NobodyLive())
            yield Asking(HistoryDesk(LiveRing(), nobody, UTC, lambda: plant.end_us, pool, lambda: store), plant)
    finally:
        store.close()


def is_right(answer: TrendColumns, at: Longs, value: Floats) -> bool:
    """The answer against all samples of its window: bounds are the true ones, rounded outward to float32 at most.

    Of buckets the first is left out: it may begin before the window.
    """
    if answer.is_raw:
        rows = np.searchsorted(at, answer.time_us)
        return bool((at[rows] == answer.time_us).all() and (value[rows] == answer.low).all())
    first, last = np.searchsorted(at, (answer.time_us[1], answer.time_us[-1] + answer.width_us))
    at, value = at[first:last], value[first:last]
    starts = np.searchsorted(at, answer.time_us[1:])
    low, high = np.minimum.reduceat(value, starts), np.maximum.reduceat(value, starts)
    is_enclosed = (answer.low[1:] <= low) & (answer.high[1:] >= high)
    is_tight = (answer.low[1:] >= below(low)) & (answer.high[1:] <= above(high))
    return bool((is_enclosed & is_tight).all())
