"""What is painted over the curves of a plot: markers, cursors, annotations, each one a layer of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from console.widgets.trend_spans import Window


class Layer(Protocol):
    """Painted over every plot, in the order of adding; it asks `TrendPlot.repaint_layers` when it has changed."""

    def paint(self, painter: QPainter, window: Window, box: QRectF, ratio: float) -> None:
        """`box` is the plot in logical pixels; moment t stands at `x_of(t, window, box)`. `ratio`: device pixels per
        logical one. The painter is clipped to the box, its state is restored afterwards."""


@dataclass(slots=True)
class Stage:
    """What is shown now; None before the first window."""

    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer and where it is painted."""

    layer: Layer
    only_top: bool


def x_of(at_us: float, window: Window, box: QRectF) -> float:
    """Where a moment stands in the box, in logical pixels; outside of it for one that is not in the window."""
    return box.left() + (at_us - window.from_us) / max(window.to_us - window.from_us, 1) * box.width()


class LayerItem(QGraphicsItem):
    """The layers over one plot."""

    def __init__(self, layers: Sequence[Placed], is_top: bool, stage: Stage) -> None:
        """`layers` may grow later, and `stage` changes with the time that is shown."""
        super().__init__()
        self._layers, self._is_top, self._stage = layers, is_top, stage
        self._size = QRectF(0, 0, 1, 1)
        self._ratio = 1.0
        self.setZValue(1)

    def boundingRect(self) -> QRectF:
        return self._size

    def resize(self, size: QRectF, ratio: float) -> None:
        if size != self._size or ratio != self._ratio:
            self.prepareGeometryChange()
            self._size, self._ratio = QRectF(size), ratio

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        window = self._stage.window
        if window is None:
            return
        for placed in self._layers:
            if self._is_top or not placed.only_top:
                painter.save()
                painter.setClipRect(self._size)
                placed.layer.paint(painter, window, self._size, self._ratio)
                painter.restore()
