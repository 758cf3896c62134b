"""The curves of one plot on a kept picture, in the window's own pixel columns.

While time runs only, the picture scrolls and the new columns are drawn; everything else draws it anew. Columns that
cost more than a moment are coarse blocks first, and `refine` makes them exact, so that the window never stands.
"""

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap, QRegion
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from console.widgets.trend_axes import Scale
from console.widgets.trend_curve import Columns, Curve, PenSource, Window
from console.widgets.trend_ground import (
    draw_ground,
    draw_limits,
    limits_of,
    paint_gaps,
    paint_limit_names,
    paint_moment,
    paint_title,
)
from console.widgets.trend_ranges import AxisRanges
from console.widgets.trend_strokes import Strokes

__all__ = ["AT_ONCE", "BLOCK", "Columns", "Curve", "PenSource", "SpanItem", "Window"]

BLOCK = 16  # columns that are one while there is no time for more
ROOM = 512  # columns that a picture wanders before it is moved back
AT_ONCE = 25_600  # pen columns that are computed without a pause, over all plots: 16 pens of 1,600


class SpanItem(QGraphicsObject):
    """Fills its box in a scene; physical pixels on the picture. `scales` are the axes as they are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: list[Curve] = []
        self.title = ""
        self.cursor_us: int | None = None
        self.mark_us = 0
        self.mark_priority = 0
        self.is_top = False
        self.gap_text: Callable[[int], str] = str
        self.at_once = AT_ONCE
        self.on_owed: Callable[[], object] = lambda: None  # something is coarse now: call `refine` soon
        self._ranges = AxisRanges()
        self._size = QRectF(0, 0, 1, 1)
        self._ratio = 1.0
        self._window = Window(0, 1, 1, 0)
        self._picture = QPixmap()  # wider than the plot: what is shown wanders along it, so that it is copied seldom
        self._left = 0  # where the shown part begins
        self._is_fresh = False
        self._strokes = Strokes()

    @property
    def scales(self) -> tuple[Scale, ...]:
        """In the order of the curves' axis numbers: the shared axis first."""
        return self._ranges.scales

    @property
    def axis_numbers(self) -> tuple[int, ...]:
        """`Curve.axis` of each of the `scales`."""
        return self._ranges.numbers

    @property
    def y_range(self) -> tuple[float, float]:
        """Of the first axis."""
        return self.scales[0].low, self.scales[0].high

    @y_range.setter
    def y_range(self, bounds: tuple[float, float]) -> None:
        """Begin from here; data that do not fit change it."""
        self._ranges.put(self._ranges.numbers[0], *bounds)

    def pin_range(self, axis: int, bounds: tuple[float, float] | None) -> None:
        """An axis (number as in the curves) stays at these bounds; None lets it fit again. Takes effect with the next
        window."""
        self._ranges.pin(axis, bounds)
        self._is_fresh = False
        self.update()

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
            curve.forget()
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
                first = min(first, curve.renew(window, shift, known))
            else:
                first, left = 0, left - window.width
                curve.fill(window, BLOCK if left < 0 else 1)
        is_running = scrolls and self._is_fresh
        changed = self._ranges.follow(self.curves, first) if is_running else self._ranges.fit(self.curves)
        if changed or not is_running:
            self._is_fresh = False
        else:
            self._scroll(shift, min(first, window.width - shift))
        self.update()
        if self.is_owing:
            self.on_owed()

    @property
    def is_owing(self) -> bool:
        """Some columns are coarse."""
        return any(curve.is_coarse for curve in self.curves)

    def refine(self) -> None:
        """One slot of work: some pens get their exact columns; with the last of them the picture is drawn anew."""
        left = max(self.at_once // 4, 1)
        for curve in self.curves:
            if curve.is_coarse and left > 0:
                curve.fill(self._window)
                left -= self._window.width
        if not self.is_owing:
            self._is_fresh = False
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self._is_fresh:
            wanted = (self._window.width + ROOM, max(1, round(self._size.height() * self._ratio)))
            if (self._picture.width(), self._picture.height()) != wanted:
                self._picture = QPixmap(*wanted)
            self._left = 0
            self._draw(0)
            self._is_fresh = True
        part = QRectF(self._left, 0, self._window.width, self._picture.height())
        painter.drawPixmap(self._size.topLeft(), self._picture, part)
        box, window = self._size, self._window
        paint_limit_names(painter, box, limits_of(self._scaled()))
        paint_gaps(painter, box, window, self.curves, self.gap_text, self._ratio)
        paint_title(painter, box, self.title)
        paint_moment(painter, box, window, self.mark_us, "text", self.mark_priority if self.is_top else 0)
        paint_moment(painter, box, window, self.cursor_us or 0, "accent")

    def _scaled(self) -> list[tuple[Curve, Scale]]:
        return [(curve, self._ranges.scale(curve.axis)) for curve in self.curves]

    def _scroll(self, shift: int, first: int) -> None:
        self._left += shift
        if self._left > ROOM:
            self._picture.setDevicePixelRatio(1.0)
            self._picture.scroll(-self._left, 0, self._picture.rect(), QRegion())
            self._left = 0
        if first < self._window.width:
            self._draw(first)

    def _draw(self, first: int) -> None:
        """Ground, curves and limits of the columns from `first` on, in physical pixels."""
        self._picture.setDevicePixelRatio(1.0)
        painter = QPainter(self._picture)
        painter.translate(self._left, 0)
        box = QRect(first, 0, self._window.width - first, self._picture.height())
        if first:
            painter.setClipRect(box)
        scaled = self._scaled()
        limits = limits_of(scaled)
        draw_ground(painter, box, self._window, self.scales[0], limits, self._ratio)
        self._strokes.paint(painter, scaled, self._window, first, box.height(), self._ratio)
        draw_limits(painter, box, self._window, limits)
        painter.end()
        self._picture.setDevicePixelRatio(self._ratio)
