"""The curves of one plot: every pen as vertical spans from lowest to highest per pixel column, on a kept picture.

While time runs only, the picture scrolls and the new columns are drawn; everything else draws it anew: what costs more
than a moment is drawn in coarse blocks first, and `refine` makes it exact pen by pen, so that the window never stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QRegion
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from console.ui.fonts import font
from console.ui.format import number_text
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme
from console.widgets.trend_axes import round_range, time_ticks, value_ticks
from console.widgets.trend_primitives import Lines

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]


class Columns(Protocol):
    @property
    def low(self) -> Floats: ...

    @property
    def high(self) -> Floats: ...

    @property
    def good(self) -> Bools: ...


class PenSource(Protocol):
    """What a curve is drawn from."""

    def columns(self, edges_us: Longs, until_us: int) -> Columns: ...


@dataclass(slots=True)
class Curve:
    """One pen on one plot: where its samples are, how it looks, and its columns of the present window."""

    key: int
    source: PenSource
    colour: int  # index of the pen tokens
    limits: tuple[tuple[str, float], ...] = ()
    is_strong: bool = False  # selected: two pixels wide
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    good: Bools = field(default_factory=lambda: np.empty(0, np.bool_))
    dirty_us: int = 0  # columns from here on are not true any more
    is_coarse: bool = False  # every column of a block holds the extremes of the whole block


@dataclass(frozen=True, slots=True)
class Window:
    """`width` pixel columns of `step_us` each; column 0 starts at `first * step_us`. Nothing is known after `until`."""

    first: int
    step_us: int
    width: int
    until_us: int

    @property
    def from_us(self) -> int:
        return self.first * self.step_us

    @property
    def to_us(self) -> int:
        return (self.first + self.width) * self.step_us

    def column(self, at_us: int) -> int:
        return at_us // self.step_us - self.first


LIMIT_TOKENS = {"HH": "alarm.critical", "H": "alarm.medium", "L": "alarm.medium", "LL": "alarm.critical"}
NEVER = 1 << 62
GAP_WORD_PX = 28
BLOCK = 16  # columns that are one while there is no time for more
AT_ONCE = 6400  # pen columns that are computed and drawn without a pause, over all plots


class SpanItem(QGraphicsObject):
    """Lives inside a view box and fills it, in the box's own pixels; physical pixels on the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: list[Curve] = []
        self.title = ""
        self.y_range = (0.0, 1.0)
        self.cursor_us: int | None = None
        self.mark_us = 0
        self.mark_priority = 0
        self.is_top = False
        self.gap_text: Callable[[int], str] = str
        self.at_once = AT_ONCE
        self.on_owed: Callable[[], object] = lambda: None  # something is coarse now: call `refine` soon
        self._size = QRectF(0, 0, 1, 1)
        self._ratio = 1.0
        self._window = Window(0, 1, 1, 0)
        self._picture = QPixmap()
        self._is_fresh = False
        self._next: QPixmap | None = None  # the exact picture while it is made
        self._next_curves = 0  # how many curves stand on it
        self._owes_picture = False
        self._lines = Lines()

    def boundingRect(self) -> QRectF:
        return self._size

    def resize(self, size: QRectF, ratio: float) -> int:
        """Fill this box (logical pixels); returns the number of physical columns."""
        if size != self._size or ratio != self._ratio:
            self.prepareGeometryChange()
            self._size, self._ratio, self._is_fresh = QRectF(size), ratio, False
        return max(1, round(size.width() * ratio))

    def invalidate(self) -> None:
        """Draw everything anew at the next paint: theme, limits or pens changed."""
        self._is_fresh = False
        for curve in self.curves:
            curve.low = np.empty(0)
        self.update()

    def show_window(self, window: Window) -> None:
        """Bring columns and picture to this window, with as little work as it takes."""
        shift = window.first - self._window.first
        is_same_grid = (window.step_us, window.width) == (self._window.step_us, self._window.width)
        known = self._window.until_us
        scrolls = is_same_grid and 0 <= shift < window.width and window.until_us >= known
        self._window = window
        first, left = window.width, self.at_once
        for curve in self.curves:
            if scrolls and curve.low.size == window.width:
                first = min(first, self._renew(curve, window, shift, min(known, curve.dirty_us)))
            else:
                first, left = 0, left - window.width
                self._fill(curve, window, BLOCK if left < 0 else 1)
        if self._fit() or not scrolls or not self._is_fresh:
            self._is_fresh = False
        else:
            self._scroll(shift, min(first, window.width - shift))
        self.update()
        if self.is_owing:
            self.on_owed()

    @property
    def is_owing(self) -> bool:
        return self._owes_picture or any(curve.is_coarse for curve in self.curves)

    def refine(self) -> None:
        """One slot of work towards the exact picture: the columns of one pen, or one pen on the picture."""
        coarse = next((curve for curve in self.curves if curve.is_coarse), None)
        if coarse is not None:
            self._fill(coarse, self._window, 1)
            self._owes_picture = True
        elif self._owes_picture and not self._is_fresh:
            self.update()  # it is drawn anew anyway
        elif self._owes_picture:
            self._draw_next()

    def _draw_next(self) -> None:
        if self._next is None:
            self._next, self._next_curves = QPixmap(self._picture.size()), 0
            self._draw(self._next, 0, [])
        if self._next_curves < len(self.curves):
            painter = QPainter(self._next)
            self._draw_spans(painter, self.curves[self._next_curves], 0, self._next.height())
            painter.end()
            self._next_curves += 1
        if self._next_curves == len(self.curves):
            painter = QPainter(self._next)
            self._draw_limits(painter, self._next.rect())
            painter.end()
            self._next.setDevicePixelRatio(self._ratio)
            self._picture, self._next, self._owes_picture = self._next, None, False
            self.update()

    def _fill(self, curve: Curve, window: Window, block: int) -> None:
        """All columns, `block` of them as one; the last block may reach over the edge."""
        starts = np.arange(0, window.width, block, dtype=np.int64)
        edges = (window.first + np.append(starts, starts[-1] + block)) * window.step_us
        columns = curve.source.columns(edges, window.until_us)
        parts = (columns.low, columns.high, columns.good)
        if block > 1:
            parts = tuple(np.repeat(part, block)[: window.width] for part in parts)  # type: ignore[assignment]
        curve.low, curve.high, curve.good = parts
        curve.dirty_us, curve.is_coarse = NEVER, block > 1

    def _renew(self, curve: Curve, window: Window, shift: int, since_us: int) -> int:
        """Move the columns left and compute those from `since_us` on; returns the first computed one."""
        start = min(max(window.column(since_us), 0), window.width)
        if shift:
            for column in (curve.low, curve.high, curve.good):
                column[:-shift] = column[shift:].copy()
            start = min(start, window.width - shift)
        edges = (window.first + np.arange(start, window.width + 1, dtype=np.int64)) * window.step_us
        columns = curve.source.columns(edges, window.until_us)
        curve.low[start:], curve.high[start:], curve.good[start:] = columns.low, columns.high, columns.good
        curve.dirty_us = NEVER
        return start

    def _fit(self) -> bool:
        """Choose the value range; it stays while the data fill it reasonably. True when it changed."""
        low = min((float(np.fmin.reduce(c.low, initial=np.inf)) for c in self.curves if c.low.size), default=np.inf)
        high = max(
            (float(np.fmax.reduce(c.high, initial=-np.inf)) for c in self.curves if c.high.size), default=-np.inf
        )
        if not low <= high:
            return False
        span = high - low
        for _name, value in (limit for curve in self.curves for limit in curve.limits):
            if low - 0.6 * span - 1e-9 <= value <= high + 0.6 * span + 1e-9:
                low, high = min(low, value), max(high, value)
        bottom, top = self.y_range
        if bottom <= low and high <= top and (high - low) >= 0.4 * (top - bottom):
            return False
        wanted = round_range(low, high)
        changed = wanted != self.y_range
        self.y_range = wanted
        return changed

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self._is_fresh:
            self._draw_all()
        painter.drawPixmap(self._size.topLeft(), self._picture)
        self._paint_words(painter)
        self._paint_moments(painter)

    def _draw_all(self) -> None:
        height = max(1, round(self._size.height() * self._ratio))
        wanted = (self._window.width, height)
        if (self._picture.width(), self._picture.height()) != wanted:
            self._picture = QPixmap(*wanted)
        exact = max(1, self.at_once // max(self._window.width, 1))
        self._draw(self._picture, 0, self.curves, exact)
        self._is_fresh, self._next = True, None
        self._owes_picture = self.is_owing or len(self.curves) > exact
        if self._owes_picture:
            self.on_owed()

    def _scroll(self, shift: int, first: int) -> None:
        made = [(self._next, self.curves[: self._next_curves])] if self._next is not None else []
        for picture, curves in [(self._picture, self.curves), *made]:
            picture.setDevicePixelRatio(1.0)
            if shift:
                picture.scroll(-shift, 0, picture.rect(), QRegion())
            if first < self._window.width:
                self._draw(picture, first, curves)
        self._picture.setDevicePixelRatio(self._ratio)

    def _draw(self, picture: QPixmap, first: int, curves: Sequence[Curve], exact: int = 1 << 30) -> None:
        """Ground, bands, grid and spans of the columns from `first` on, in physical pixels; after `exact` in blocks."""
        picture.setDevicePixelRatio(1.0)
        painter = QPainter(picture)
        height = picture.height()
        box = QRect(first, 0, self._window.width - first, height)
        if first:
            painter.setClipRect(box)
        painter.fillRect(box, theme().color("surface.raised"))
        self._draw_bands(painter, box)
        self._draw_grid(painter, box)
        for place, curve in enumerate(curves):
            (self._draw_spans if place < exact else self._draw_blocks)(painter, curve, first, height)
        self._draw_limits(painter, box)
        painter.end()
        if picture is self._picture:
            picture.setDevicePixelRatio(self._ratio)

    def _y(self, value: float, height: float) -> float:
        bottom, top = self.y_range
        return (top - value) / (top - bottom) * height

    def _limits(self) -> list[tuple[str, float]]:
        return sorted({limit for curve in self.curves for limit in curve.limits}, key=lambda limit: limit[1])

    def _draw_bands(self, painter: QPainter, box: QRect) -> None:
        height = box.height()
        for name, value in self._limits():
            y = round(min(max(self._y(value, height), 0), height))
            part = QRect(box.x(), 0, box.width(), y) if name in ("H", "HH") else box.adjusted(0, y, 0, 0)
            painter.fillRect(part, theme().color(LIMIT_TOKENS.get(name, "alarm.medium"), 26))

    def _draw_grid(self, painter: QPainter, box: QRect) -> None:
        painter.setPen(theme().color("line.soft"))
        for value in value_ticks(*self.y_range, box.height() / self._ratio):
            y = round(self._y(value, box.height()))
            painter.drawLine(box.left(), y, box.right(), y)
        window = self._window
        for at_us in time_ticks(window.from_us, window.to_us, window.width / self._ratio):
            x = window.column(at_us)
            if x >= box.left():
                painter.drawLine(x, 0, x, box.height())

    def _draw_limits(self, painter: QPainter, box: QRect) -> None:
        for name, value in self._limits():
            token = LIMIT_TOKENS.get(name, "alarm.medium")
            pen = QPen(theme().color(f"{token}.edge"), 0)
            pen.setDashPattern([6, 4])
            pen.setDashOffset((box.left() + self._window.first) % 10)  # dashes stay where they are while time runs
            painter.setPen(pen)
            y = round(self._y(value, box.height()))
            painter.drawLine(box.left(), y, box.right() + 1, y)

    def _draw_spans(self, painter: QPainter, curve: Curve, first: int, height: int) -> None:
        bottom, top = self.y_range
        scale = height / (top - bottom)
        at = np.flatnonzero(~np.isnan(curve.low[first:])) + first
        if not at.size:
            return
        upper = np.clip((top - curve.high[at]) * scale, -1.0, height + 1.0)
        lower = np.maximum(np.clip((top - curve.low[at]) * scale, -1.0, height + 1.0), upper + 1.0)
        good = curve.good[at]
        dotted = ~good & ((at + self._window.first) % 4 < 2)  # not trusted: dotted and dim
        thick = (2 if curve.is_strong else 1) * max(1, round(self._ratio))
        for mask, colour in ((good, theme().pen(curve.colour)), (dotted, theme().color("stale"))):
            n = int(mask.sum())
            rows = self._lines.rows(n)
            rows[:, 0] = rows[:, 2] = at[mask]
            rows[:, 1], rows[:, 3] = upper[mask], lower[mask]
            painter.setPen(QColor(colour))
            for k in range(thick):  # wide pens cost 50 times as much as drawing twice
                if k:
                    rows[:, [1, 3]] += 1.0
                self._lines.draw(painter, n)

    def _draw_blocks(self, painter: QPainter, curve: Curve, first: int, height: int) -> None:
        """One box for BLOCK columns: a tenth of the work of `_draw_spans`."""
        starts = np.arange(first, curve.low.size, BLOCK)
        if not starts.size:
            return
        low, high = np.fmin.reduceat(curve.low, starts), np.fmax.reduceat(curve.high, starts)
        good = np.logical_and.reduceat(curve.good, starts)
        bottom, top = self.y_range
        scale = height / (top - bottom)
        upper, lower = ((top - np.array((high, low))) * scale).clip(-1.0, height + 1.0)
        for mask, colour in ((good, theme().pen(curve.colour)), (~good, theme().color("stale"))):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            at = np.flatnonzero(mask & ~np.isnan(low))
            rows = zip(starts[at].tolist(), upper[at].tolist(), lower[at].tolist(), strict=True)
            painter.drawRects([QRectF(x, y, BLOCK, max(1.0, end - y)) for x, y, end in rows])

    def _paint_words(self, painter: QPainter) -> None:
        """Title, limit names and the length of long gaps."""
        box, small = self._size, theme().measure("font_small")
        painter.setFont(font("font_small"))
        for name, value in self._limits():
            y = self._y(value, box.height())
            if 0 <= y <= box.height():
                painter.setPen(theme().color(f"{LIMIT_TOKENS.get(name, 'alarm.medium')}.edge"))
                place = QRectF(box.left(), y - small - 5, box.width() - 6, small + 4)
                words = f"{name} {number_text(value, digits=9)}"
                free = place.width() - painter.fontMetrics().horizontalAdvance(words) - 4
                painter.fillRect(place.adjusted(free, 0, 0, 0), theme().color("surface.raised", 170))
                painter.drawText(place, Qt.AlignmentFlag.AlignRight, words)
        painter.setPen(theme().color("text.dim"))
        row = 0
        for curve in self.curves:
            for start, stop in self._gaps(curve):
                middle = (start + stop) / 2 / self._ratio
                place = QRectF(middle - 90, box.height() - (row + 1) * (small + 6), 180, small + 4)
                words = self.gap_text((stop - start) * self._window.step_us)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
                row = min(row + 1, 3)
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().color("text"))
        title = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, int(box.width()) - 16)
        place = QRectF(8, 6, painter.fontMetrics().horizontalAdvance(title) + 1, small + 6)
        painter.fillRect(place.adjusted(-4, -2, 4, 0), theme().color("surface.raised", 215))  # curves run under it
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft, title)
        painter.setPen(theme().color("line.strong"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))

    def _gaps(self, curve: Curve) -> list[tuple[int, int]]:
        """Runs of empty columns that are wide enough to name, as [start, stop) columns."""
        last = min(max(self._window.column(self._window.until_us), 0), curve.low.size)
        empty = np.concatenate(([False], np.isnan(curve.low[:last]), [False]))
        turns = np.flatnonzero(empty[1:] != empty[:-1]).reshape(-1, 2)
        wide = turns[:, 1] - turns[:, 0] >= GAP_WORD_PX * self._ratio
        return [(int(start), int(stop)) for start, stop in turns[wide]]

    def _paint_moments(self, painter: QPainter) -> None:
        """The alarm's moment and the cursor."""
        for at_us, is_mark in ((self.mark_us, True), (self.cursor_us or 0, False)):
            if not self._window.from_us <= at_us < self._window.to_us or not at_us:
                continue
            x = (at_us - self._window.from_us) / self._window.step_us / self._ratio
            painter.setPen(theme().color("text" if is_mark else "accent"))
            painter.drawLine(QPointF(x, 0), QPointF(x, self._size.height()))
            if is_mark and self.is_top and self.mark_priority:
                paint_symbol(painter, QRectF(x - 9, 1, 18, 18), self.mark_priority, SymbolState.UNACKNOWLEDGED)
