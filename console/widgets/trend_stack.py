"""The plots of a trend one below the other: their items, their places, and the lines to drag between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGraphicsScene, QWidget

from console.widgets.trend_axes import AXIS_WIDTH, ValueAxes
from console.widgets.trend_layers import LayerItem, Placed, Stage
from console.widgets.trend_spans import Curve, SpanItem

TOP, GAP, RIGHT = 8, 10, 12
LEAST_HEIGHT = 36


@dataclass(frozen=True, slots=True)
class PlotGroup:
    """One plot. `weight` is its share of the height; `pins` are the axes (by number) that a person fixed."""

    title: str
    curves: tuple[Curve, ...]
    weight: float = 2
    pins: tuple[tuple[int, tuple[float, float]], ...] = ()


@dataclass(slots=True)
class Pane:
    """One plot on the screen; `box` in pixels of the canvas."""

    item: SpanItem
    over: LayerItem
    axes: ValueAxes
    weight: float
    box: QRectF
    pinned: set[int] = field(default_factory=set)

    def size(self) -> QRectF:
        return QRectF(0, 0, self.box.width(), self.box.height())


class Divider(QWidget):
    """Lies in the gap below a plot: dragging it gives height from one plot to its neighbour."""

    moved = Signal(int)  # pixels down since the last time
    released = Signal()
    reset = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.SplitVCursor)
        self._from_y: float | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._from_y = event.globalPosition().y()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from_y is not None:
            step = round(event.globalPosition().y() - self._from_y)
            self._from_y += step
            self.moved.emit(step)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from_y = None
        self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()


class PlotStack:
    """Owns no widget: items in `scene`, their places for a canvas of a given size."""

    def __init__(self, scene: QGraphicsScene, layers: Sequence[Placed], stage: Stage) -> None:
        self._scene, self._layers, self._stage = scene, layers, stage
        self.panes: list[Pane] = []
        self.axes_wide = 1  # value axes side by side, as many as the plot with the most of them has

    @property
    def left(self) -> int:
        return self.axes_wide * AXIS_WIDTH + 4

    def set_groups(self, groups: Sequence[PlotGroup]) -> None:
        """One plot per group; items are used again, so that little is made anew."""
        while len(self.panes) > len(groups):
            pane = self.panes.pop()
            for part in (pane.item, pane.over, pane.axes):
                self._scene.removeItem(part)
        while len(self.panes) < len(groups):
            pane = Pane(SpanItem(), LayerItem(self._layers, not self.panes, self._stage), ValueAxes(), 1, QRectF())
            for part in (pane.item, pane.over, pane.axes):
                self._scene.addItem(part)
            self.panes.append(pane)
        self.axes_wide = max((len({curve.axis for curve in group.curves}) for group in groups), default=1)
        for row, (pane, group) in enumerate(zip(self.panes, groups, strict=True)):
            pane.weight = group.weight
            pane.item.curves, pane.item.title, pane.item.is_top = list(group.curves), group.title, row == 0
            for axis in pane.pinned - {axis for axis, _bounds in group.pins}:
                pane.item.pin_range(axis, None)
            for axis, bounds in group.pins:
                pane.item.pin_range(axis, bounds)
            pane.pinned = {axis for axis, _bounds in group.pins}
            pane.item.invalidate()

    def lay_out(self, size: QSize, ratio: float) -> int:
        """Put everything in its place; returns the physical columns that every plot has."""
        left, width = self.left, max(size.width() - self.left - RIGHT, 1)
        y, columns = float(TOP), 1
        for pane, height in zip(self.panes, self._heights(size.height()), strict=True):
            pane.box = QRectF(left, y, width, height)
            y += height + GAP
            for part in (pane.item, pane.over):
                part.setPos(pane.box.topLeft())
            columns = pane.item.resize(pane.size(), ratio)
            pane.over.resize(pane.size(), ratio)
            pane.axes.setPos(QPointF(0, pane.box.top()))
            pane.axes.resize(QRectF(0, 0, left, height))
        return columns

    def show_scales(self) -> None:
        """The axes follow what the plots have fitted themselves to."""
        for pane in self.panes:
            pane.axes.show_scales(pane.item.scales)

    def pane_at(self, y: float) -> int:
        """The plot at this height, the nearest one in a gap; -1 without any."""
        if not self.panes:
            return -1
        return min(range(len(self.panes)), key=lambda row: abs(self.panes[row].box.center().y() - y)
                   - self.panes[row].box.height() / 2)  # fmt: skip

    def gap_below(self, row: int) -> QRect:
        box = self.panes[row].box
        return QRect(round(box.left()), round(box.bottom()), round(box.width()), GAP)

    def shift_border(self, row: int, pixels: int) -> None:
        """Give height to a plot from the one below it, or back."""
        heights = [pane.box.height() for pane in self.panes]
        least = min(LEAST_HEIGHT, heights[row], heights[row + 1])
        pixels = round(min(max(pixels, least - heights[row]), heights[row + 1] - least))
        heights[row] += pixels
        heights[row + 1] -= pixels
        total = sum(pane.weight for pane in self.panes)
        for pane, height in zip(self.panes, heights, strict=True):
            pane.weight = height / max(sum(heights), 1) * total

    def _heights(self, room: int) -> list[int]:
        """Whole pixels by weight, none less than a readable plot while there is room."""
        count = len(self.panes)
        free = max(room - TOP - GAP * (count - 1), count)
        least = min(LEAST_HEIGHT, free // max(count, 1))
        total = sum(pane.weight for pane in self.panes) or 1.0
        spare = free - least * count
        shares = [max(pane.weight / total * free - least, 0.0) for pane in self.panes]
        scale = spare / (sum(shares) or 1.0)
        heights = [least + int(share * scale) for share in shares]
        if heights:
            heights[-1] += free - sum(heights)
        return heights
