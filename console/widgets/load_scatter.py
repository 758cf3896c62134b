"""A figure against the load, hour by hour as dots, and over them the middle and the spread of each range of load."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import number_text
from console.ui.theme import theme
from console.widgets.trend_axes import round_range, value_step, value_ticks

_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 10, 38
_DOT_ALPHA = 110


@dataclass(frozen=True, slots=True)
class Bar:
    """A range of load: the middle of the figure and where eight of ten hours lie."""

    low: float
    high: float
    p10: float
    median: float
    p90: float


class LoadScatter(QWidget):
    """`show_points(...)` draws, `show_nothing(text)` says why there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.load: NDArray[np.float64] = np.zeros(0)
        self._figure: NDArray[np.float64] = np.zeros(0)
        self._bars: Sequence[Bar] = ()
        self._words = "", ""
        self.nothing = ""
        self._x, self._y = (0.0, 1.0), (0.0, 1.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(130)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, 260)

    def show_points(
        self, load: NDArray[np.float64], figure: NDArray[np.float64], bars: Sequence[Bar], words: tuple[str, str]
    ) -> None:
        """`words`: what stands below the axis of the load and beside that of the figure."""
        self.load, self._figure, self._bars, self._words, self.nothing = load, figure, bars, words, ""
        self._x = round_range(min(0.0, float(load.min())), float(load.max())) if len(load) else (0.0, 1.0)
        self._x = max(self._x[0], 0.0) if len(load) and load.min() >= 0 else self._x[0], self._x[1]
        self._y = round_range(float(figure.min()), float(figure.max())) if len(figure) else (0.0, 1.0)
        self.update()

    def show_nothing(self, text: str) -> None:
        self.load, self._figure, self._bars, self.nothing = np.zeros(0), np.zeros(0), (), text
        self.update()

    def _box(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(self.width() - _LEFT - _RIGHT, 1), max(self.height() - _TOP - _BOTTOM, 1))

    def _at(self, x: float, y: float) -> QPointF:
        box = self._box()
        return QPointF(
            box.left() + (x - self._x[0]) / (self._x[1] - self._x[0]) * box.width(),
            box.bottom() - (y - self._y[0]) / (self._y[1] - self._y[0]) * box.height(),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.setFont(font("font_small"))
        painter.fillRect(box, theme().color("surface.raised"))
        if len(self.load):
            self._paint_axes(painter, box)
            self._paint_points(painter, box)
        else:
            painter.setPen(theme().color("text.dim"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(box.adjusted(16, 8, -16, -8), flags, self.nothing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme().color("line.strong"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_axes(self, painter: QPainter, box: QRectF) -> None:
        soft, dim = theme().color("line.soft"), theme().color("text.dim")
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for value in value_ticks(*self._y, box.height()):
            y = self._at(self._x[0], value).y()
            painter.setPen(soft)
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(dim)
            painter.drawText(QRectF(0, y - 9, _LEFT - 6, 18), right, number_text(value, digits=6))
        step = value_step(*self._x, box.width() / 2)
        first = int(np.ceil(self._x[0] / step - 1e-9))
        for k in range(first, int(self._x[1] / step + 1e-9) + 1):
            x = self._at(k * step, self._y[0]).x()
            painter.setPen(soft)
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
            painter.setPen(dim)
            place = QRectF(min(x, box.right() - 14) - 50, box.bottom() + 2, 100, 16)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignHCenter), number_text(k * step, digits=6))
        below = QRectF(box.left(), box.bottom() + 18, box.width(), 18)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), self._words[0])
        painter.drawText(QRectF(box.left() + 8, box.top() + 4, box.width() - 16, 18), 0, self._words[1])

    def _paint_points(self, painter: QPainter, box: QRectF) -> None:
        painter.save()
        painter.setClipRect(box)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dots = theme().color("normal", _DOT_ALPHA)
        painter.setPen(QPen(dots, 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints(
            QPolygonF([self._at(x, y) for x, y in zip(self.load.tolist(), self._figure.tolist(), strict=True)])
        )
        accent = theme().color("accent")
        for bar in self._bars:
            middle = (bar.low + bar.high) / 2
            painter.setPen(QPen(accent, 1.4))
            painter.drawLine(self._at(middle, bar.p10), self._at(middle, bar.p90))
            painter.setPen(QPen(accent, 3))
            painter.drawLine(self._at(bar.low, bar.median), self._at(bar.high, bar.median))
        painter.restore()
