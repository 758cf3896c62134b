"""All that a pen holds in one strip below the trend, with the shown window on it to drag."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.theme import theme
from console.widgets.trend_axes import AXIS_WIDTH, round_range
from console.widgets.trend_primitives import Lines
from console.widgets.trend_spans import Columns

LEFT, RIGHT = AXIS_WIDTH + 4, 12


class OverviewSource(Protocol):
    def columns(self, edges_us: NDArray[np.int64], until_us: int) -> Columns: ...


class TrendOverview(QWidget):
    """`moved(end_us)`: the person dragged the window to end there."""

    moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: OverviewSource | None = None
        self._whole = (0, 1)
        self._window = (0, 1)
        self._lines = Lines()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, 52)

    def show_range(self, source: OverviewSource | None, whole_us: tuple[int, int], window_us: tuple[int, int]) -> None:
        """The pen to draw, all of its time, and the window on it."""
        begin = min(whole_us[0], window_us[0])
        self._source, self._whole, self._window = source, (begin, max(whole_us[1], begin + 1)), window_us
        self.update()

    def _box(self) -> QRectF:
        return QRectF(LEFT, 4, max(self.width() - LEFT - RIGHT, 1), self.height() - 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.fillRect(self.rect(), theme().color("surface.panel"))
        painter.fillRect(box, theme().color("surface.raised"))
        if self._source is not None:
            self._paint_pen(painter, box)
        begin, end = self._whole
        scale = box.width() / (end - begin)
        left = box.left() + (self._window[0] - begin) * scale
        right = min(box.left() + (self._window[1] - begin) * scale, box.right())
        painter.fillRect(QRectF(left, box.top(), max(right - left, 2), box.height()), theme().color("accent", 70))
        painter.setPen(theme().color("line.strong"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_pen(self, painter: QPainter, box: QRectF) -> None:
        n = max(int(box.width()), 1)
        edges = np.linspace(self._whole[0], self._whole[1], n + 1).astype(np.int64)
        assert self._source is not None
        columns = self._source.columns(edges, self._whole[1])
        known = np.flatnonzero(~np.isnan(columns.low))
        if not known.size:
            return
        low, high = round_range(float(columns.low[known].min()), float(columns.high[known].max()))
        rows = self._lines.rows(known.size)
        rows[:, 0] = rows[:, 2] = known + box.left()
        rows[:, 1] = box.top() + (high - columns.high[known]) / (high - low) * box.height()
        rows[:, 3] = np.maximum(box.top() + (high - columns.low[known]) / (high - low) * box.height(), rows[:, 1] + 1)
        painter.setPen(theme().color("normal"))
        self._lines.draw(painter, known.size)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def _drag(self, place: QPointF) -> None:
        """The window's middle goes to the pointer."""
        box = self._box()
        share = min(max((place.x() - box.left()) / box.width(), 0.0), 1.0)
        at = self._whole[0] + share * (self._whole[1] - self._whole[0])
        half = (self._window[1] - self._window[0]) / 2
        self.moved.emit(round(min(at + half, self._whole[1])))
