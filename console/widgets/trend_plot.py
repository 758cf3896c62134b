"""Stacked trend plots on one time axis: live or paused, panned and zoomed by mouse, wheel and keys, with a cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import ref

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import Shiboken

from console.ui.format import US, age_text
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.trend_axes import TrendAxis
from console.widgets.trend_layers import Layer, LayerItem, Placed
from console.widgets.trend_spans import AT_ONCE, Curve, SpanItem, Window

AXIS_WIDTH = 64
SHORTEST_US, LONGEST_US = 1000, 10 * 366 * 86_400 * US


@dataclass(frozen=True, slots=True)
class PlotGroup:
    """Pens that share one value axis. `weight` is its share of the height."""

    title: str
    curves: tuple[Curve, ...]
    weight: int = 2


class _TimeBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """Hands drags and wheel turns to the plot: time only, values fit themselves."""

    def __init__(self, owner: "TrendPlot") -> None:
        super().__init__(enableMenu=False, enableMouse=False)
        self._plot = ref(owner)  # no cycle: widgets and items must die in the order that Qt wants
        self.setMouseEnabled(False, False)
        self.disableAutoRange()
        self.setDefaultPadding(0)

    @property
    def _owner(self) -> "TrendPlot":
        owner = self._plot()
        assert owner is not None  # events come only while the widget lives
        return owner

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        drag: object = event
        drag.accept()  # type: ignore[attr-defined]
        self._owner.pan_pixels(drag.lastPos().x() - drag.pos().x())  # type: ignore[attr-defined]

    def wheelEvent(self, event: object, axis: int | None = None) -> None:
        event.accept()  # type: ignore[attr-defined]
        turns = event.delta() / 120  # type: ignore[attr-defined]
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:  # type: ignore[attr-defined]
            self._owner.pan(-0.1 * turns)
        else:
            self._owner.zoom(0.8**turns, event.pos().x() / max(self.width(), 1))  # type: ignore[attr-defined]

    def mouseDoubleClickEvent(self, event: object) -> None:
        self._owner.live_wanted.emit()


class TrendPlot(QWidget):
    """`advance(now_us)` in live mode, `show_span` else. The owner reacts to `window_wanted` by showing that window."""

    window_wanted = Signal(object, object)  # from_us, to_us: chosen by the person
    window_changed = Signal(object)  # Window: what is shown now, at every step of live time too
    sides_changed = Signal(int, int)  # free pixels left and right of the plots, for strips
    live_wanted = Signal()
    cursor_moved = Signal(object)  # at_us or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graphics = pg.GraphicsLayoutWidget(self)
        self._graphics.ci.layout.setContentsMargins(4, 8, 12, 0)
        self._graphics.ci.layout.setVerticalSpacing(10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._graphics)
        self._strips = QVBoxLayout()
        self._strips.setContentsMargins(0, 0, 0, 0)
        self._strips.setSpacing(2)
        layout.addLayout(self._strips)
        self._plots: list[tuple[pg.PlotItem, SpanItem]] = []
        self._layers: list[Placed] = []
        self._layer_items: list[LayerItem] = []
        self._span_us = 15 * 60 * US
        self._end_us = self._span_us
        self._until_us = 0
        self._shown: Window | None = None
        self._refiner = QTimer(self, singleShot=True, interval=4)
        self._refiner.timeout.connect(self._refine)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._graphics.setFocusProxy(self)
        self._graphics.scene().sigMouseMoved.connect(self._on_mouse)
        theme().changed.connect(self.apply_theme)
        self.apply_theme()

    def __del__(self) -> None:
        """Collected as a whole by Python: take our items off first, pyqtgraph's own die badly with them on."""
        if Shiboken.isValid(self):
            self._dismantle()

    @property
    def spans(self) -> tuple[SpanItem, ...]:
        return tuple(item for _plot, item in self._plots)

    @property
    def window_us(self) -> tuple[int, int]:
        return self._end_us - self._span_us, self._end_us

    @property
    def shown(self) -> Window | None:
        """The window on the screen; None before the first one."""
        return self._shown

    @property
    def sides(self) -> tuple[int, int]:
        """Free pixels left and right of the plots: a strip draws between them."""
        return AXIS_WIDTH + 4, 12

    def add_layer(self, layer: Layer, *, only_top: bool = False) -> None:
        """Paint this over every plot from now on, or over the topmost only."""
        self._layers.append(Placed(layer, only_top))
        self.repaint_layers()

    def remove_layer(self, layer: Layer) -> None:
        self._layers[:] = [placed for placed in self._layers if placed.layer is not layer]
        self.repaint_layers()

    def repaint_layers(self) -> None:
        """A layer has something else to show."""
        for item in self._layer_items:
            item.update()

    def add_strip(self, widget: QWidget) -> None:
        """A row of its own height below the plots. It follows `window_changed`, and draws between the `sides`."""
        self._strips.addWidget(widget)

    def remove_strip(self, widget: QWidget) -> None:
        """The widget is the caller's again."""
        self._strips.removeWidget(widget)
        widget.setParent(None)

    def set_groups(self, groups: Sequence[PlotGroup]) -> None:
        """Build the stack anew: one plot per group, the last one with the time axis."""
        self._dismantle()
        for row, group in enumerate(groups):
            plot = pg.PlotItem(
                viewBox=_TimeBox(self), axisItems={"bottom": TrendAxis("bottom"), "left": TrendAxis("left")}
            )
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.getAxis("left").setWidth(AXIS_WIDTH)
            if row < len(groups) - 1:
                plot.hideAxis("bottom")
            item = SpanItem()
            item.setParentItem(plot.getViewBox())
            item.curves, item.title, item.is_top = list(group.curves), group.title, row == 0
            item.at_once, item.on_owed = AT_ONCE // len(groups), self._refiner.start
            item.gap_text = lambda us: tr("no data {age}", age=age_text(us))
            over = LayerItem(self._layers, row == 0, lambda: self._shown)
            over.setParentItem(plot.getViewBox())
            self._layer_items.append(over)
            self._graphics.addItem(plot, row, 0)
            self._graphics.ci.layout.setRowStretchFactor(row, group.weight)
            self._plots.append((plot, item))
        self._refresh()

    def touched(self, key: int, since_us: int) -> None:
        """The samples of this pen from `since_us` on are new."""
        for item in self.spans:
            for curve in item.curves:
                if curve.key == key:
                    curve.dirty_us = min(curve.dirty_us, since_us)

    def reloaded(self) -> None:
        """History was filled in, or pens look different: draw all anew."""
        for item in self.spans:
            item.invalidate()
        self._refresh()

    def advance(self, now_us: int) -> None:
        """Live: the window ends now. One frame."""
        self._until_us = self._end_us = now_us
        self._refresh()

    def show_span(self, from_us: int, to_us: int, until_us: int) -> None:
        """Paused: this window; nothing is known after `until_us`."""
        self._span_us = min(max(to_us - from_us, SHORTEST_US), LONGEST_US)
        self._end_us, self._until_us = to_us, until_us
        self._refresh()

    def set_span(self, span_us: int) -> None:
        """Length of the window; its end stays."""
        self._span_us = min(max(span_us, SHORTEST_US), LONGEST_US)
        self._refresh()

    def mark(self, at_us: int, priority: int) -> None:
        """Mark the moment of an alarm; 0 removes the mark."""
        for item in self.spans:
            item.mark_us, item.mark_priority = at_us, priority
            item.update()

    def pan(self, share: float) -> None:
        """Move by a share of the window, negative into the past."""
        self._choose(self._span_us, self._end_us + round(share * self._span_us))

    def pan_pixels(self, pixels: float) -> None:
        width = self._plots[0][1].boundingRect().width() if self._plots else 1
        self.pan(pixels / max(width, 1))

    def zoom(self, factor: float, anchor: float = 1.0) -> None:
        """Shorter (< 1) or longer window; the moment at `anchor` (0 left, 1 right) keeps its place."""
        span = min(max(round(self._span_us * factor), SHORTEST_US), LONGEST_US)
        at = self._end_us - self._span_us + self._span_us * anchor
        self._choose(span, round(at + span * (1 - anchor)))

    def set_cursor(self, at_us: int | None) -> None:
        for item in self.spans:
            item.cursor_us = at_us
            item.update()

    def apply_theme(self) -> None:
        self._graphics.setBackground(theme().color("surface.panel"))
        for plot, item in self._plots:
            for name in ("bottom", "left"):
                plot.getAxis(name).apply_theme()
            item.invalidate()
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = 0.5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.1
        acts: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Left: lambda: self.pan(-step),
            Qt.Key.Key_Right: lambda: self.pan(step),
            Qt.Key.Key_PageUp: lambda: self.pan(-1),
            Qt.Key.Key_PageDown: lambda: self.pan(1),
            Qt.Key.Key_Plus: lambda: self.zoom(0.7),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / 0.7),
            Qt.Key.Key_End: self.live_wanted.emit,
        }
        act = acts.get(Qt.Key(event.key()))
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def leaveEvent(self, event: object) -> None:
        self.set_cursor(None)
        self.cursor_moved.emit(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()

    def repaint_now(self) -> None:
        """Paint synchronously (benches and pictures)."""
        self._graphics.viewport().repaint()

    @property
    def is_exact(self) -> bool:
        """False while something is drawn in coarse blocks and waits for its slot."""
        return not any(item.is_owing for item in self.spans)

    def _refine(self) -> None:
        """One slot: one pen of the first plot that owes something; input and live values go in between."""
        owing = next((item for item in self.spans if item.is_owing), None)
        if owing is not None:
            owing.refine()
        if not self.is_exact and self.isVisible():
            self._refiner.start()

    def _dismantle(self) -> None:
        for item in (*self.spans, *self._layer_items):
            if Shiboken.isValid(item):
                scene = item.scene()
                if scene is not None:
                    scene.removeItem(item)
        self._plots, self._layer_items = [], []
        if Shiboken.isValid(self._graphics) and Shiboken.isValid(self._graphics.ci.layout):
            self._graphics.clear()

    def _choose(self, span_us: int, end_us: int) -> None:
        self.window_wanted.emit(end_us - span_us, end_us)

    def _on_mouse(self, place: QPointF) -> None:
        if not self._plots or self._shown is None:
            return
        item = self._plots[0][1]
        x = item.mapFromScene(place).x() / max(item.boundingRect().width(), 1)
        at_us = self._shown.from_us + round(x * (self._shown.to_us - self._shown.from_us)) if 0 <= x <= 1 else None
        self.set_cursor(at_us)
        self.cursor_moved.emit(at_us)

    def _refresh(self) -> None:
        """Bring every plot to the present window. Columns stand on a fixed grid, so that live pictures can scroll."""
        if not self._plots:
            return
        self._graphics.ci.layout.activate()
        ratio = self.devicePixelRatioF()
        before = self._shown
        for (plot, item), over in zip(self._plots, self._layer_items, strict=True):
            box = plot.getViewBox()
            size = QRectF(0, 0, round(box.width()), round(box.height()))
            width = item.resize(size, ratio)
            over.resize(size, ratio)
            step = max(1, round(self._span_us / width))
            window = Window(self._end_us // step + 1 - width, step, width, self._until_us)
            item.show_window(window)
            low, high = item.y_range
            x_range, y_range = (window.from_us / US, window.to_us / US), (low, high)
            if box.viewRange() != [list(x_range), list(y_range)]:
                box.setRange(xRange=x_range, yRange=y_range, padding=0)
            self._shown = window
        if self._shown is not None and self._shown != before:
            self.repaint_layers()
            self.window_changed.emit(self._shown)
