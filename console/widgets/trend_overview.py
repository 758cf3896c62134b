"""All that a pen holds in one strip below the trend, with the shown window on it to move and to stretch."""

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
EDGE_PX = 5


class OverviewSource(Protocol):
    def columns(self, edges_us: NDArray[np.int64], until_us: int) -> Columns: ...


class TrendOverview(QWidget):
    """`moved(from_us, to_us)`: the person dragged the window or one of its edges there."""

    moved = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: OverviewSource | None = None
        self._whole = (0, 1)
        self._window = (0, 1)
        self._sides = (LEFT, RIGHT)
        self._edge = ""  # what is dragged: the left or the right edge, else the whole window
        self._lines = Lines()
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, 52)

    def show_range(self, source: OverviewSource | None, whole_us: tuple[int, int], window_us: tuple[int, int]) -> None:
        """The pen to draw, all of its time, and the window on it."""
        begin = min(whole_us[0], window_us[0])
        self._source, self._whole, self._window = source, (begin, max(whole_us[1], begin + 1)), window_us
        self.update()

    def set_sides(self, left: int, right: int) -> None:
        """Free pixels on both sides, so that it stands under the plots."""
        self._sides = (left, right)
        self.update()

    def _box(self) -> QRectF:
        left, right = self._sides
        return QRectF(left, 4, max(self.width() - left - right, 1), self.height() - 12)

    def _x(self, at_us: int) -> float:
        box, (begin, end) = self._box(), self._whole
        return box.left() + (at_us - begin) / (end - begin) * box.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.fillRect(self.rect(), theme().color("surface.panel"))
        painter.fillRect(box, theme().color("surface.raised"))
        if self._source is not None:
            self._paint_pen(painter, box)
        left, right = self._x(self._window[0]), min(self._x(self._window[1]), box.right())
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
        self._edge = self._edge_at(event.position().x())
        self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position())
        else:
            on_edge = bool(self._edge_at(event.position().x()))
            self.setCursor(Qt.CursorShape.SplitHCursor if on_edge else Qt.CursorShape.ArrowCursor)

    def _edge_at(self, x: float) -> str:
        left, right = self._x(self._window[0]), self._x(self._window[1])
        if right - left < 3 * EDGE_PX:  # too narrow to take an edge of
            return ""
        return "left" if abs(x - left) <= EDGE_PX else "right" if abs(x - right) <= EDGE_PX else ""

    def _drag(self, place: QPointF) -> None:
        """An edge goes to the pointer, else the window's middle."""
        box, (begin, end), (from_us, to_us) = self._box(), self._whole, self._window
        share = min(max((place.x() - box.left()) / box.width(), 0.0), 1.0)
        at = round(begin + share * (end - begin))
        if self._edge == "left":
            from_us = min(at, to_us - 1)
        elif self._edge == "right":
            to_us = max(at, from_us + 1)
        else:
            half = (to_us - from_us) // 2
            from_us, to_us = at - half, at - half + (to_us - from_us)
            if to_us > end:
                from_us, to_us = from_us - (to_us - end), end
        self._window = (from_us, to_us)
        self.moved.emit(from_us, to_us)
