"""A figure against the load, hour by hour as dots, and over them the middle and the spread of each range of load."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from console.ui.format import number_text
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.chart import Chart, ValueAxis
from console.widgets.trend_axes import AXIS_WIDTH, round_range

_DOT_ALPHA = 110
_DOT = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A range of load: the middle of the figure and where eight of ten hours lie."""

    low: float
    high: float
    p10: float
    median: float
    p90: float


class LoadScatter(Chart):
    """`show_points(...)` draws, `show_nothing(text)` says why there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.load: NDArray[np.float64] = np.zeros(0)
        self._figure: NDArray[np.float64] = np.zeros(0)
        self._bars: Sequence[Bar] = ()
        super().__init__(ValueAxis("bottom"), parent)
        self._words = PlainLabel(elide=True), PlainLabel(elide=True)
        for label in self._words:
            label.setProperty("role", "small")
        self._words[0].setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._words[0].setContentsMargins(AXIS_WIDTH, 0, 14, 4)
        self._words[1].setContentsMargins(AXIS_WIDTH, 6, 14, 0)
        self.column.insertWidget(0, self._words[1])
        self.column.addWidget(self._words[0])

    def show_points(
        self, load: NDArray[np.float64], figure: NDArray[np.float64], bars: Sequence[Bar], words: tuple[str, str]
    ) -> None:
        """`words`: what stands below the axis of the load and above that of the figure."""
        self.load, self._figure, self._bars, self.nothing = load, figure, bars, ""
        for label, word in zip(self._words, words, strict=True):
            label.setText(word)
        if len(load):
            self.redraw()
        else:
            self.show_empty("")

    def show_nothing(self, text: str) -> None:
        self.load, self._figure, self._bars = np.zeros(0), np.zeros(0), ()
        self.show_empty(text)

    def redraw(self) -> None:
        load, figure, bars = self.load, self._figure, self._bars
        x = round_range(min(0.0, float(load.min())), float(load.max()))
        x = max(x[0], 0.0) if load.min() >= 0 else x[0], x[1]
        accent = theme().color("accent")
        dots = pg.ScatterPlotItem(
            load, figure, size=_DOT, pen=None, brush=pg.mkBrush(theme().color("normal", _DOT_ALPHA)),
            hoverable=True, hoverSize=_DOT + 4, hoverBrush=pg.mkBrush(theme().color("text")), tip=None,
        )  # fmt: skip
        dots.sigHovered.connect(self._on_dots)
        items: list[object] = [dots]
        if bars:
            low, high, p10, median, p90 = np.array([(b.low, b.high, b.p10, b.median, b.p90) for b in bars]).T
            items.append(
                pg.ErrorBarItem(x=(low + high) / 2, y=median, top=p90 - median, bottom=median - p10,
                                pen=pg.mkPen(accent, width=1.4))
            )  # fmt: skip
            ends, levels = np.stack((low, high), axis=1).ravel(), np.repeat(median, 2)
            items.append(pg.PlotCurveItem(ends, levels, pen=pg.mkPen(accent, width=3), connect="pairs"))
        self.show_items(items, x, round_range(float(figure.min()), float(figure.max())))

    def told_of(self, load: float, figure: float) -> str:
        """An hour, and what is usual in its range of load."""
        made, unit = (label.text() for label in self._words)
        lines = [f"{number_text(figure)} {unit}".rstrip(), f"{made}: {number_text(load)}"]
        for bar in self._bars:
            if bar.low <= load <= bar.high:
                bounds = {"low": number_text(bar.p10), "high": number_text(bar.p90)}
                lines.append(tr("8 of 10 hours at this load: {low} to {high}", **bounds))
                break
        return "\n".join(lines)

    def hovered(self, place: QPointF | None) -> None:
        if place is None:
            self.tell("")

    def _on_dots(self, _item: object, points: Sequence[pg.SpotItem], _event: object) -> None:
        """The one on top of those under the pointer."""
        if len(points):
            place = points[0].pos()
            self.tell(self.told_of(place.x(), place.y()), place.x(), place.y())
        else:
            self.tell("")
