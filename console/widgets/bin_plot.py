"""Counts in fixed bins over time as bars, with a line that should not be passed, spans that stand out, and hatching
where nobody looked."""

from collections.abc import Sequence
from datetime import UTC

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.ui.fonts import font
from console.ui.format import US, clock_text, day_text, local, whole_text
from console.ui.plain_label import plain_tip
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.trend_axes import time_label, time_ticks, value_ticks

_DAY_US = 86_400 * US
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 8, 20
Spans = Sequence[tuple[int, int]]


def _midnight_us(at_us: int) -> int:
    """The midnight of the site that is nearest."""
    moment = local(at_us + _DAY_US // 2).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return round(moment.astimezone(UTC).timestamp()) * US


class BinPlot(QWidget):
    """`show_bins(...)` draws, `show_nothing(text)` says why there is nothing."""

    def __init__(self, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height = height
        self._starts: NDArray[np.int64] = np.zeros(0, np.int64)
        self._counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self._known: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._width_us, self._limit = 1, 0.0
        self._range = (0, 1)
        self._floods: Spans = ()
        self._holes: Spans = ()
        self._nothing = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(height * 2 // 3)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, self._height)

    def show_bins(
        self,
        window_us: tuple[int, int],
        starts_us: NDArray[np.int64],
        counts: NDArray[np.int64],
        known: NDArray[np.bool_],
        width_us: int,
        limit: float,
        floods: Spans = (),
        holes: Spans = (),
    ) -> None:
        """Bars of one width; bins that are not `known` and without a count are no data. `limit`: a line, 0 for none."""
        self._range, self._starts, self._counts, self._known = window_us, starts_us, counts, known
        self._width_us, self._limit, self._floods, self._holes, self._nothing = width_us, limit, floods, holes, ""
        self.update()

    def show_nothing(self, text: str) -> None:
        self._nothing = text
        self._starts = np.zeros(0, np.int64)
        self.update()

    def _box(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(self.width() - _LEFT - _RIGHT, 1), max(self.height() - _TOP - _BOTTOM, 1))

    def _x(self, at_us: float) -> float:
        low, high = self._range
        box = self._box()
        return box.left() + min(max((at_us - low) / max(high - low, 1), 0.0), 1.0) * box.width()

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Left and right edge of each bar in pixels and the highest count of the bins that share it."""
        low, high = self._range
        box = self._box()
        scale = box.width() / max(high - low, 1)
        left = np.floor((np.maximum(self._starts, low) - low) * scale).astype(np.int64)
        first = np.flatnonzero(np.append(True, left[1:] != left[:-1])) if len(left) else np.zeros(0, np.int64)
        right = np.append(left[first[1:]], round(box.width())) if len(first) else left
        most = np.maximum.reduceat(self._counts, first) if len(first) else self._counts[:0]
        return left[first], right, most

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.setFont(font("font_small"))
        painter.fillRect(box, theme().color("surface.raised"))
        if len(self._starts):
            self._paint(painter, box)
        else:
            painter.setPen(theme().color("text.dim"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._nothing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme().color("line.strong"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint(self, painter: QPainter, box: QRectF) -> None:
        top = max(float(self._counts.max(initial=0)), self._limit, 1.0) * 1.08
        scale = box.height() / top
        self._paint_spans(painter, box)
        self._paint_axes(painter, box, top)
        left, right, most = self.columns()
        painter.setPen(Qt.PenStyle.NoPen)
        for x, end, count in zip(left.tolist(), right.tolist(), most.tolist(), strict=True):
            if count:
                gap = 1 if end - x > 3 else 0
                painter.setBrush(theme().color("text" if self._limit and count > self._limit else "normal"))
                painter.drawRect(
                    QRectF(box.left() + x, box.bottom() - count * scale, max(end - x - gap, 1), count * scale)
                )
        if self._limit:
            y = box.bottom() - self._limit * scale
            painter.setPen(QPen(theme().color("accent"), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))

    def _paint_spans(self, painter: QPainter, box: QRectF) -> None:
        for begin, end in self._floods:
            x = self._x(begin)
            wide = max(self._x(end) - x, 2.0)
            painter.fillRect(QRectF(x, box.top(), wide, box.height()), theme().color("accent", 46))
            painter.fillRect(QRectF(x, box.top(), wide, 4), theme().color("accent"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(theme().color("stale"), Qt.BrushStyle.BDiagPattern))
        holes = [QRectF(self._x(b), box.top(), self._x(e) - self._x(b), box.height()) for b, e in self._holes]
        for hole in holes:
            painter.drawRect(hole)
        text = tr("no data")
        room = painter.fontMetrics().horizontalAdvance(text) + 12
        for hole in (hole for hole in holes if hole.width() > room):
            label = QRectF(0, 0, room, 20)
            label.moveCenter(hole.center())
            painter.fillRect(label, theme().color("surface.raised"))
            painter.setPen(theme().color("text.dim"))
            painter.drawText(label, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_axes(self, painter: QPainter, box: QRectF, top: float) -> None:
        for value in value_ticks(0, top, box.height()):
            y = box.bottom() - value / top * box.height()
            painter.setPen(theme().color("line.soft"))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            if value == int(value):
                painter.setPen(theme().color("text.dim"))
                flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                painter.drawText(QRectF(0, y - 9, _LEFT - 6, 18), flags, whole_text(int(value)))
        ticks = time_ticks(*self._range, box.width())
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 3600 * US
        if step >= _DAY_US:  # the site's midnights, also after its clock was put forward or back
            ticks = [_midnight_us(at_us) for at_us in ticks]
        painter.setPen(theme().color("text.dim"))
        for at_us in ticks:
            x = min(max(self._x(at_us), box.left() + 24), box.right() - 24)
            painter.drawText(
                QRectF(x - 50, box.bottom() + 2, 100, 18), int(Qt.AlignmentFlag.AlignHCenter), time_label(at_us, step)
            )

    def told_at(self, x: float) -> str:
        """What stands under a place: the bin's time and count, or that there is no data."""
        low, high = self._range
        box = self._box()
        at_us = low + (x - box.left()) / box.width() * (high - low)
        at = int(np.searchsorted(self._starts, at_us, "right")) - 1
        if not 0 <= at < len(self._starts):
            return ""
        start = int(self._starts[at])
        span = f"{day_text(local(start))} {clock_text(start)[:5]}–{clock_text(start + self._width_us)[:5]}"
        is_known = bool(self._known[at])
        count = whole_text(int(self._counts[at])) if is_known or self._counts[at] else tr("no data")
        flood = any(begin < start + self._width_us and end > start for begin, end in self._floods)
        return f"{span}: {count}" + (f" · {tr('flood')}" if flood else "")

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            text = self.told_at(event.pos().x())
            if text:
                QToolTip.showText(event.globalPos(), plain_tip(text), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)  # type: ignore[arg-type]
