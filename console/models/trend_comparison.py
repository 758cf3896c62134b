"""The same pens at an earlier time: which moments are compared with which, and the history of those moments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from console.domain.history.periods import Piece, pieces
from console.models.trend_feed import samples_of
from console.models.trend_pen import TrendPen
from console.services.station import Station, TrendQuery
from console.ui.errands import Errands
from console.ui.format import US, local

BUCKETS = 4000
AHEAD_US = 30 * US  # of a live window: not to ask again at every beat
_MARGIN = 0.5  # of the window, on both sides


@dataclass(frozen=True, slots=True)
class Distance:
    """`days` by the site's clocks, or exactly `exact_us` when that is not 0."""

    days: int = 0
    exact_us: int = 0

    def pieces(self, from_us: int, to_us: int) -> tuple[Piece, ...]:
        """Which moments of the window are compared with which."""
        if self.exact_us:
            return (Piece(from_us, to_us, self.exact_us),)
        zone = local(from_us).tzinfo
        assert zone is not None  # times of a site always have one
        return pieces(from_us, to_us, self.days, zone)


class Comparison:
    """Pens of the compared time by handle. `look(handles, from, to)` asks when the window needs more than is there;
    `reloaded()` is called when it came. Nothing is compared while `distance` is None."""

    def __init__(self, station: Station, show: Callable[[str], None], reloaded: Callable[[], object]) -> None:
        self.distance: Distance | None = None
        self.pens: dict[int, TrendPen] = {}
        self.pieces: tuple[Piece, ...] = ()
        self._station = station
        self._errands = Errands(show)
        self._reloaded = reloaded
        self._covered = (0, 0)
        self._span_us = 0
        self._task: Any = None

    def choose(self, distance: Distance | None) -> None:
        """Another time to compare with, or none."""
        self.distance = distance
        self.pens, self.pieces, self._covered = {}, (), (0, 0)
        if distance is None and self._task is not None:
            self._task.cancel()

    def look(self, tags: Mapping[int, UUID], from_us: int, to_us: int) -> bool:
        """The window that is shown now; True when other moments are compared than before."""
        if self.distance is None:
            return False
        span = to_us - from_us
        inside = self._covered[0] <= from_us and to_us <= self._covered[1] and span * 4 > self._span_us
        if inside and set(tags) == set(self.pens):
            return False
        begin, end = from_us - round(span * _MARGIN), to_us + max(round(span * _MARGIN), AHEAD_US)
        self._covered, self._span_us = (begin, end), span
        self.pieces = self.distance.pieces(begin, end)
        self.pens = {handle: self.pens.get(handle) or TrendPen() for handle in tags}
        if self._task is not None:
            self._task.cancel()
        self._task = self._errands.run(self._load(dict(tags), self.pieces))
        return True

    def close(self) -> None:
        self._errands.cancel()

    async def _load(self, tags: Mapping[int, UUID], parts: tuple[Piece, ...]) -> None:
        from_us = min(part.from_us - part.offset_us for part in parts)
        to_us = max(part.to_us - part.offset_us for part in parts)
        handles = tuple(tags)
        answer = await self._station.query(TrendQuery(tuple(tags[one] for one in handles), from_us, to_us, BUCKETS))
        for handle, columns in zip(handles, answer, strict=True):
            time_us, value, good = samples_of(columns)
            pen = TrendPen()
            if time_us.size:
                pen.append(time_us, value, good)
                if to_us > int(time_us[-1]):  # what it held afterwards is another time's
                    pen.append(np.array([to_us]), np.array([np.nan]), np.array([False]))
            if handle in self.pens:
                self.pens[handle] = pen
        self._reloaded()
