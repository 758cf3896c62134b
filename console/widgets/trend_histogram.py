"""How long each value was held in the shown window: one histogram per pen, weighed by time and not by samples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import number_text
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.trend_axes import round_range

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
BINS = 40


@dataclass(frozen=True, slots=True)
class Histogram:
    """`seconds[k]` within [edges[k], edges[k + 1]), the last bin with its upper edge. `untrusted_s`: held without
    trust, `unknown_s`: without any value; neither is in a bin. `mean` and `median` weigh by time, nan without data."""

    edges: Floats
    seconds: Floats
    untrusted_s: float = 0.0
    unknown_s: float = 0.0
    mean: float = float("nan")
    median: float = float("nan")

    @property
    def good_s(self) -> float:
        return float(self.seconds.sum())


def histogram(time_us: Longs, value: Floats, good: Bools, from_us: int, to_us: int, bins: int = BINS) -> Histogram:
    """Of a pen's samples in time order over [from_us, to_us); each value is held until the next sample."""
    span_s = max(to_us - from_us, 0) / 1e6
    a, b = (int(at) for at in np.searchsorted(time_us, (from_us, to_us)))
    a = max(a - 1, 0)
    times = np.clip(time_us[a:b], from_us, to_us)
    held_s = np.diff(np.append(times, to_us)) / 1e6
    values, trusted = value[a:b], good[a:b] & np.isfinite(value[a:b])
    untrusted_s = float(held_s[~trusted & ~np.isnan(values)].sum())
    inside, weights = values[trusted & (held_s > 0)], held_s[trusted & (held_s > 0)]
    unknown_s = max(span_s - untrusted_s - float(weights.sum()), 0.0)
    if not inside.size:
        return Histogram(np.linspace(0, 1, bins + 1), np.zeros(bins), untrusted_s, unknown_s)
    low, high = float(inside.min()), float(inside.max())
    if high - low <= abs(high) * 1e-12:
        low, high = round_range(low, high)
    seconds, edges = np.histogram(inside, bins, (low, high), weights=weights)
    order = np.argsort(inside, kind="stable")
    reached = np.cumsum(weights[order])
    median = float(inside[order][np.searchsorted(reached, reached[-1] / 2)])
    return Histogram(edges, seconds, untrusted_s, unknown_s, float(np.average(inside, weights=weights)), median)


@dataclass(frozen=True, slots=True)
class PenHistogram:
    """One pen as shown."""

    name: str
    unit: str
    colour: int
    told: Histogram


class TrendHistograms(QWidget):
    """One small plot per pen below each other; `show_pens` sets all of them."""

    ROW = 108

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pens: tuple[PenHistogram, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        theme().changed.connect(self.update)

    @property
    def pens(self) -> tuple[PenHistogram, ...]:
        return self._pens

    def show_pens(self, pens: Sequence[PenHistogram]) -> None:
        if len(pens) != len(self._pens):
            self.updateGeometry()
        self._pens = tuple(pens)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(250, max(len(self._pens), 1) * self.ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, max(len(self._pens), 1) * self.ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface.panel"))
        for row, pen in enumerate(self._pens):
            self._paint_pen(painter, QRectF(10, row * self.ROW + 4, self.width() - 20, self.ROW - 8), pen)
        painter.end()

    def _paint_pen(self, painter: QPainter, place: QRectF, pen: PenHistogram) -> None:
        told, line = pen.told, theme().measure("font_small") + 6
        self._words(painter, QRectF(place.left(), place.top(), place.width(), line), pen)
        box = QRectF(place.left(), place.top() + line + 2, place.width(), place.height() - 2 * line - 4)
        painter.fillRect(box, theme().color("surface.raised"))
        if told.good_s > 0:
            self._bars(painter, box, pen)
        else:
            painter.setPen(theme().color("text.dim"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tr("no trusted values in this window"))
        painter.setPen(theme().color("line.strong"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        below = QRectF(place.left(), box.bottom() + 1, place.width(), line)
        painter.setPen(theme().color("text.dim"))
        if told.good_s > 0:
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, number_text(float(told.edges[0])))
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, number_text(float(told.edges[-1])))
        whole = told.good_s + told.untrusted_s + told.unknown_s
        if whole > 0 and told.good_s < whole * 0.9995:
            share = tr("{share} % without trust", share=number_text((1 - told.good_s / whole) * 100, digits=2))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, share)

    def _words(self, painter: QPainter, line: QRectF, pen: PenHistogram) -> None:
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().pen(pen.colour))
        mean = f"⌀ {number_text(pen.told.mean)} {pen.unit}".rstrip() if pen.told.good_s > 0 else ""
        room = int(line.width()) - painter.fontMetrics().horizontalAdvance(mean) - 8
        name = painter.fontMetrics().elidedText(pen.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, mean)

    def _bars(self, painter: QPainter, box: QRectF, pen: PenHistogram) -> None:
        told = pen.told
        scale, width = (box.height() - 4) / float(told.seconds.max()), box.width() / told.seconds.size
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().pen(pen.colour))
        for k, seconds in enumerate(told.seconds.tolist()):
            height = max(seconds * scale, 1.0 if seconds else 0.0)
            painter.drawRect(QRectF(box.left() + k * width, box.bottom() - height, max(width - 1, 1), height))
        span = float(told.edges[-1] - told.edges[0])
        x = box.left() + (told.mean - float(told.edges[0])) / span * box.width()
        painter.setPen(theme().color("text"))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
