"""A pyqtgraph graph in the console's dress: the site's axes, zoom and pan by mouse and keys, a readout, an empty text.

pyqtgraph's own menus and buttons (English, and a form of some 20 widgets a plot) are left out: a view box and two axes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from console.ui.fonts import font
from console.ui.format import US
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.widgets.trend_axes import (
    AXIS_WIDTH,
    TIME_HEIGHT,
    time_label,
    time_ticks,
    value_labels,
    value_step,
    value_ticks,
)

_RIGHT = 14  # room for half a label beyond the box
_CLOSEST = 200  # how many times it can be zoomed in
_OVER = 14  # px that labels may stand out beyond their axis


class _Axis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Its ticks are grid lines behind everything, its labels those of the console."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.setStyle(tickLength=0, tickTextOffset=6, autoExpandTextSpace=False, autoReduceTextSpace=False,
                      tickAlpha=255)  # fmt: skip
        self.enableAutoSIPrefix(False)
        self.setGrid(255)
        self.setZValue(-1000)
        self.is_level = orientation == "bottom"
        if self.is_level:
            self.setHeight(TIME_HEIGHT)
        else:
            self.setWidth(AXIS_WIDTH)

    def dress(self) -> None:
        self.setTickFont(font("font_small"))
        self.setPen(None)  # the box has a frame
        self.setTickPen(pg.mkPen(theme().color("line.soft")))
        self.setTextPen(pg.mkPen(theme().color("text.dim")))
        self.picture = None  # language and zone may be others
        self.update()

    def boundingRect(self) -> QRectF:
        """With a grid pyqtgraph leaves out each label that stands out, the lowest and the highest of all."""
        bounds: QRectF = super().boundingRect()
        return bounds.adjusted(-_OVER, -_OVER, _OVER, _OVER)


class ValueAxis(_Axis):
    """Round values."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        room = size / 2 if self.is_level else size  # labels are wider than high
        return [(value_step(low, high, room), value_ticks(low, high, room))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return value_labels(values)


class MomentAxis(_Axis):
    """Seconds since 1970, written as round moments of the site's clock."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        ticks = time_ticks(round(low * US), round(high * US), size)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 3_600 * US
        return [(step / US, [at_us / US for at_us in ticks])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [time_label(round(value * US), round(spacing * US)) for value in values]


class Chart(QWidget):
    """Subclasses draw by `show_items` whenever `redraw` is called: at first and after each switch of the theme.

    Mouse: drag moves, the wheel zooms, a double click shows all. Keys: arrows, + and -, Home. `is_flat`: along only,
    the values stay as they are.
    """

    def __init__(self, bottom: _Axis, parent: QWidget | None = None, *, is_flat: bool = False) -> None:
        super().__init__(parent)
        self.nothing = ""
        self.is_flat = is_flat
        self._home: tuple[tuple[float, float], tuple[float, float]] | None = None
        self._items: list[Any] = []
        self.graphics = pg.GraphicsLayoutWidget()
        self.box = pg.ViewBox(enableMenu=False, defaultPadding=0)
        self._axes = (ValueAxis("left"), bottom)
        self._readout = pg.TextItem()
        self._build()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(130)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.graphics.setFocusProxy(self)
        self.graphics.scene().sigMouseMoved.connect(self._on_mouse)
        self.graphics.scene().sigMouseClicked.connect(self._on_click)
        theme().changed.connect(self._on_theme)
        self._is_worn_out = False
        self._dress()

    def _build(self) -> None:
        layout = self.graphics.ci.layout
        layout.setContentsMargins(0, 10, _RIGHT, 0)
        layout.setSpacing(0)
        self.graphics.addItem(self._axes[0], 0, 0)
        self.graphics.addItem(self.box, 0, 1)
        self.graphics.addItem(self._axes[1], 1, 1)
        for axis in self._axes:
            axis.linkToView(self.box)
        self.box.setMouseEnabled(True, not self.is_flat)
        self.box.disableAutoRange()
        self._readout.setZValue(100)
        self._readout.hide()
        self.box.addItem(self._readout, ignoreBounds=True)
        self._empty = PlainLabel()
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(16)
        self._empty.setProperty("role", "dim")
        self._full = QWidget()
        self._full.setAutoFillBackground(True)
        self._full.setBackgroundRole(QPalette.ColorRole.Light)  # as the graph: surface.raised
        self.column = QVBoxLayout(self._full)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self.graphics, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._full)

    def sizeHint(self) -> QSize:
        return QSize(600, 260)

    def redraw(self) -> None:
        """Draw what is shown, in the colours of now."""

    def show_items(self, items: Sequence[object], x: tuple[float, float], y: tuple[float, float]) -> None:
        """These instead of the ones before, later ones on top. What was zoomed into stays while the bounds do."""
        self._drop()
        for item in items:
            self.box.addItem(item, ignoreBounds=True)
        self._items = list(items)
        self._stack.setCurrentWidget(self._full)
        if self._home != (x, y):
            self._home = x, y
            (left, right), (low, high) = x, y
            near = {"minYRange": 0 if self.is_flat else (high - low) / _CLOSEST}
            self.box.setLimits(xMin=left, xMax=right, minXRange=(right - left) / _CLOSEST, yMin=low, yMax=high, **near)
            self.show_all()

    def show_empty(self, text: str) -> None:
        """No graph, and why."""
        self.nothing = text
        self._drop()
        self._home = None
        self._empty.setText(text)
        self._stack.setCurrentWidget(self._empty)

    def show_all(self) -> None:
        """Back from zooming and moving."""
        if self._home is not None:
            self.box.setRange(xRange=self._home[0], yRange=self._home[1], padding=0)

    def hovered(self, place: QPointF | None) -> None:
        """The pointer stands here in the graph's pixels; None: outside."""

    def tell(self, text: str, x: float = 0.0, y: float = 0.0) -> None:
        """The readout at these values, on the side where there is room; an empty text takes it away."""
        self._readout.setVisible(bool(text))
        if text:
            (left, right), (low, high) = self.box.viewRange()
            self._readout.setText(text)
            self._readout.setAnchor((1 if x > (left + right) / 2 else 0, 1 if y < (low + high) / 2 else 0))
            self._readout.setPos(x, y)

    def _drop(self) -> None:
        self.hovered(None)
        for item in self._items:
            self.box.removeItem(item)
        self._items = []

    def _on_theme(self) -> None:
        """What nobody sees is dressed when it is shown: a switch of the theme has other things to do."""
        self._is_worn_out = not self.isVisible()
        if self.isVisible():
            self._dress()

    def showEvent(self, event: QShowEvent) -> None:
        if self._is_worn_out:
            self._is_worn_out = False
            self._dress()
        super().showEvent(event)

    def _dress(self) -> None:
        look = theme()
        self.graphics.setBackground(look.color("surface.raised"))
        self._frame()
        for axis in self._axes:
            axis.dress()
        self._readout.setColor(look.color("text"))
        self._readout.fill = pg.mkBrush(look.color("surface.panel"))
        self._readout.border = pg.mkPen(look.color("line.strong"))
        self._readout.setFont(font("font_small"))
        if self._items:
            self.redraw()

    def _frame(self) -> None:
        self.box.setBorder(pg.mkPen(theme().color("accent" if self.hasFocus() else "line.strong")))

    def _on_mouse(self, place: QPointF) -> None:
        self.hovered(place if self._items and self.box.sceneBoundingRect().contains(place) else None)

    def _on_click(self, click: object) -> None:
        if click.double():  # type: ignore[attr-defined]
            self.show_all()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered(None)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._frame()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._frame()
        super().focusOutEvent(event)

    def _move(self, share: float) -> None:
        left, right = self.box.viewRange()[0]
        self.box.translateBy(x=share * (right - left))

    def _zoom(self, factor: float) -> None:
        self.box.scaleBy(x=factor, y=None if self.is_flat else factor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Left: lambda: self._move(-0.1),
            Qt.Key.Key_Right: lambda: self._move(0.1),
            Qt.Key.Key_Plus: lambda: self._zoom(0.7),
            Qt.Key.Key_Minus: lambda: self._zoom(1 / 0.7),
            Qt.Key.Key_Home: self.show_all,
        }
        act = acts.get(event.key())
        if act is None or not self._items:
            super().keyPressEvent(event)
        else:
            act()
