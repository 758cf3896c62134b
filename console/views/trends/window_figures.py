"""Extremes and averages of long windows by the station: pens hold buckets of them, whose average would be none."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from console.models.trend_table import TrendTable, WindowFigure
from console.services.station import AggregateQuery, Station
from console.ui.errands import Errands
from console.ui.format import US

LONG_US = 3600 * US  # shorter windows are held as samples, or nearly so
DRIFT = 0.005  # of its length a live window may move on before it is asked for again
LEAST_US = 2 * US  # between two questions


class WindowFigures(QObject):
    """`follow` after every change of what is shown, as often as one likes."""

    def __init__(self, station: Station, model: TrendTable, now_us: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._station, self._model, self._now_us = station, model, now_us
        self._errands = Errands(lambda _text: None)  # the pens' own figures stay in sight
        self._asked: tuple[int, int, tuple[int, ...]] = (0, 0, ())
        self._asked_us = 0

    def follow(self, from_us: int, to_us: int) -> None:
        """Ask for this window when it is long and another one than the last, apart from time that runs."""
        handles = tuple(row.tag.handle for row in self._model.rows)
        if to_us - from_us < LONG_US or not handles or self._is_near(from_us, to_us, handles):
            return
        now = self._now_us()
        if 0 <= now - self._asked_us < LEAST_US and self._asked[2] == handles:
            return  # somebody drags, or time runs
        self._asked, self._asked_us = (from_us, to_us, handles), now
        self._errands.cancel()
        self._errands.run(self._ask(from_us, to_us))

    def close(self) -> None:
        self._errands.cancel()

    def _is_near(self, from_us: int, to_us: int, handles: tuple[int, ...]) -> bool:
        tolerance = (to_us - from_us) * DRIFT
        begin, end, asked = self._asked
        return asked == handles and abs(begin - from_us) <= tolerance and abs(end - to_us) <= tolerance

    async def _ask(self, from_us: int, to_us: int) -> None:
        handles = {row.tag.tag_id: row.tag.handle for row in self._model.rows}
        query = AggregateQuery(tuple(handles), from_us, to_us, asker=f"trend window {id(self)}")
        told = await self._station.query(query)
        figures = {
            handles[one.tag_id]: WindowFigure(from_us, to_us, float(one.low[0]), float(one.high[0]), float(one.mean[0]))
            for one in told
            if one.mean.size
        }
        self._model.take(figures)
