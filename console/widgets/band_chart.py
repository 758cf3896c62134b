"""A series with what was or is expected of it: a band, the middle of it, a line not to be passed, spans that stand out.

Serves forecasts (past, then the band ahead) and baselines (bounds, and where the values left them). Gaps stay gaps.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.ui.fonts import font
from console.ui.format import DASH, clock_text, date_text, local, number_text
from console.ui.plain_label import plain_tip
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.trend_axes import round_range, time_label, time_ticks, value_ticks

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 10, 22
_BAND_ALPHA = 52


def _longs() -> Longs:
    return np.zeros(0, np.int64)


def _floats() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class BandPicture:
    """What to draw. Values step by step at `at_us` (nan: a gap of `width_us`); the band at `band_us` (nan: none).

    `limit` nan: no line. `marks` are (begin, end, what to say about it); `lines` moments with a word; `now_us` divides
    past and ahead, 0: nowhere.
    """

    at_us: Longs = field(default_factory=_longs)
    values: Floats = field(default_factory=_floats)
    width_us: int = 1
    band_us: Longs = field(default_factory=_longs)
    low: Floats = field(default_factory=_floats)
    middle: Floats = field(default_factory=_floats)
    high: Floats = field(default_factory=_floats)
    limit: float = float("nan")
    limit_text: str = ""
    unit: str = ""
    now_us: int = 0
    marks: tuple[tuple[int, int, str], ...] = ()
    lines: tuple[tuple[int, str], ...] = ()


NOTHING = BandPicture()


class BandChart(QWidget):
    """`show_picture(...)` draws, `show_nothing(text)` says why there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = NOTHING
        self.nothing = ""
        self._range = 0, 1
        self._values = 0.0, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(130)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, 260)

    def show_picture(self, picture: BandPicture) -> None:
        self.picture, self.nothing = picture, ""
        times = [int(one) for part in (picture.at_us, picture.band_us) if len(part) for one in (part[0], part[-1])]
        self._range = (min(times), max(times) + picture.width_us) if times else (0, 1)
        parts = [picture.values, picture.low, picture.middle, picture.high, np.array([picture.limit])]
        known = np.concatenate([part[np.isfinite(part)] for part in parts])
        self._values = round_range(float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        self.update()

    def show_nothing(self, text: str) -> None:
        self.picture, self.nothing = NOTHING, text
        self.update()

    def _box(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(self.width() - _LEFT - _RIGHT, 1), max(self.height() - _TOP - _BOTTOM, 1))

    def x_of(self, at_us: float) -> float:
        low, high = self._range
        box = self._box()
        return box.left() + (at_us - low) / max(high - low, 1) * box.width()

    def y_of(self, value: float) -> float:
        low, high = self._values
        box = self._box()
        return box.bottom() - (value - low) / (high - low) * box.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.setFont(font("font_small"))
        painter.fillRect(box, theme().color("surface.raised"))
        picture = self.picture
        if len(picture.at_us) or len(picture.band_us):
            self._paint_marks(painter, box, picture)
            self._paint_axes(painter, box)
            painter.save()
            painter.setClipRect(box)
            self._paint_band(painter, picture)
            self._paint_values(painter, picture)
            painter.restore()
            self._paint_lines(painter, box, picture)
        else:
            painter.setPen(theme().color("text.dim"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(box.adjusted(16, 8, -16, -8), flags, self.nothing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme().color("line.strong"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_axes(self, painter: QPainter, box: QRectF) -> None:
        for value in value_ticks(*self._values, box.height()):
            y = self.y_of(value)
            painter.setPen(theme().color("line.soft"))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(theme().color("text.dim"))
            flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(0, y - 9, _LEFT - 6, 18), flags, number_text(value, digits=6))
        ticks = time_ticks(*self._range, box.width())
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 3_600_000_000
        for at_us in ticks:
            x = min(max(self.x_of(at_us), box.left() + 24), box.right() - 24)
            place = QRectF(x - 50, box.bottom() + 2, 100, 18)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignHCenter), time_label(at_us, step))

    def _paint_marks(self, painter: QPainter, box: QRectF, picture: BandPicture) -> None:
        """Spans that stand out: a darker ground and a bar on top, no alarm colour (they are no alarms)."""
        for begin, end, _text in picture.marks:
            left = max(self.x_of(begin), box.left())
            wide = max(min(self.x_of(end), box.right()) - left, 3.0)
            painter.fillRect(QRectF(left, box.top(), wide, box.height()), theme().color("line.soft"))
            painter.fillRect(QRectF(left, box.top(), wide, 5), theme().color("text"))

    def _paint_band(self, painter: QPainter, picture: BandPicture) -> None:
        accent, edge = theme().color("accent"), theme().color("accent", 130)
        fill = theme().color("accent", _BAND_ALPHA)
        xs = [self.x_of(at) for at in picture.band_us.tolist()]
        for run in _runs(np.isfinite(picture.low) & np.isfinite(picture.high)):
            upper = [QPointF(xs[k], self.y_of(picture.high[k])) for k in run]
            lower = [QPointF(xs[k], self.y_of(picture.low[k])) for k in reversed(run)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF([*upper, *lower]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for values, pen in (
            (picture.low, QPen(edge, 1.0)),
            (picture.high, QPen(edge, 1.0)),
            (picture.middle, QPen(accent, 1.6, Qt.PenStyle.DashLine)),
        ):
            painter.setPen(pen)
            for run in _runs(np.isfinite(values)):
                painter.drawPolyline(QPolygonF([QPointF(xs[k], self.y_of(values[k])) for k in run]))

    def _paint_values(self, painter: QPainter, picture: BandPicture) -> None:
        """As many columns as pixels: what lies between the lowest and the highest of each is drawn."""
        painter.setPen(QPen(theme().color("text"), 1.3))
        xs = np.array([self.x_of(at) for at in picture.at_us.tolist()])
        for run in _runs(np.isfinite(picture.values)):
            points = [QPointF(xs[k], self.y_of(picture.values[k])) for k in run]
            if len(points) == 1:
                end = self.x_of(float(picture.at_us[run[0]]) + picture.width_us)
                points.append(QPointF(max(end, points[0].x() + 2), points[0].y()))
            painter.drawPolyline(QPolygonF(points))

    def _paint_lines(self, painter: QPainter, box: QRectF, picture: BandPicture) -> None:
        text = theme().color("text")
        if np.isfinite(picture.limit):
            y = self.y_of(picture.limit)
            painter.setPen(QPen(text, 1.4, Qt.PenStyle.DashDotLine))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.drawText(QRectF(box.left() + 8, y + 2 if y < box.top() + 20 else y - 18, 260, 16), 0,
                             picture.limit_text)  # fmt: skip
        lines = [*picture.lines, *([(picture.now_us, tr("now"))] if picture.now_us else [])]
        for at_us, word in lines:
            x = self.x_of(at_us)
            if not box.left() <= x <= box.right():
                continue
            painter.setPen(QPen(theme().color("text.dim"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
            wide = painter.fontMetrics().horizontalAdvance(word) + 6
            left = x + 4 if x + wide < box.right() else x - wide
            painter.setPen(theme().color("text.dim"))
            painter.drawText(QPointF(left, box.bottom() - 6), word)

    def told_at(self, x: float) -> str:
        """What stands under a place: the moment, the value, and what was expected."""
        low, high = self._range
        box = self._box()
        picture = self.picture
        at_us = round(low + (x - box.left()) / box.width() * (high - low))
        lines = []
        place = int(np.searchsorted(picture.at_us, at_us, "right")) - 1
        if 0 <= place < len(picture.at_us) and at_us < int(picture.at_us[place]) + 2 * picture.width_us:
            value = float(picture.values[place])
            lines.append(f"{_number(value)} {picture.unit}".rstrip() if np.isfinite(value) else tr("no data"))
        near = int(np.searchsorted(picture.band_us, at_us))
        if len(picture.band_us) and at_us >= picture.band_us[0] and near < len(picture.band_us):
            bounds = _number(float(picture.low[near])), _number(float(picture.high[near]))
            lines.append(tr("expected {low} to {high}", low=bounds[0], high=bounds[1]))
        lines += [text for begin, end, text in picture.marks if begin <= at_us < end]
        if not lines:
            return ""
        return "\n".join((f"{date_text(local(at_us))} {clock_text(at_us)[:5]}", *lines))

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            text = self.told_at(event.pos().x())
            if text:
                QToolTip.showText(event.globalPos(), plain_tip(text), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)  # type: ignore[arg-type]


def _number(value: float) -> str:
    return number_text(value) if np.isfinite(value) else DASH


def _runs(known: NDArray[np.bool_]) -> list[list[int]]:
    """Indexes of each unbroken run."""
    at = np.flatnonzero(known)
    if not len(at):
        return []
    return [run.tolist() for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)]
