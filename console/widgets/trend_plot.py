"""Stacked trend plots on one time axis: live or paused, panned and zoomed by mouse, wheel and keys, with cursors."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGraphicsScene, QVBoxLayout, QWidget

from console.ui.format import US, age_text
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.trend_axes import Scale, TimeAxis
from console.widgets.trend_canvas import TrendCanvas
from console.widgets.trend_crosshair import Crosshair
from console.widgets.trend_cursors import NAMES, TrendCursors
from console.widgets.trend_layers import Layer, Placed, Stage
from console.widgets.trend_spans import AT_ONCE, SpanItem, Window
from console.widgets.trend_stack import RIGHT, Divider, PlotStack
from console.widgets.trend_stack import PlotGroup as PlotGroup  # noqa: PLC0414 who builds a plot needs it

SHORTEST_US, LONGEST_US = 1000, 10 * 366 * 86_400 * US
ZOOM_KEY, ZOOM_NOTCH = 0.7, 0.8


class TrendPlot(QWidget):
    """`advance(now_us)` in live mode, `show_span` else. The owner reacts to `window_wanted` by showing that window.

    Pens, ranges and heights belong to the owner too: `range_wanted` and `heights_changed` say what a person chose.
    """

    window_wanted = Signal(object, object)  # from_us, to_us: chosen by the person
    window_changed = Signal(object)  # Window: what is shown now, at every step of live time too
    sides_changed = Signal(int, int)  # free pixels left and right of the plots, for strips
    live_wanted = Signal()
    start_wanted = Signal()
    fit_wanted = Signal()
    cursor_moved = Signal(object)  # at_us or None
    menu_wanted = Signal(int, object, QPoint)  # plot, moment, place on the screen
    range_wanted = Signal(int, int, object)  # plot, axis number, (low, high) or None: fit
    heights_changed = Signal(object)  # weights of the plots, empty: as they were at first

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: list[Placed] = []
        self._stage = Stage()
        self._scene = QGraphicsScene(self)
        self._scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._stack = PlotStack(self._scene, self._layers, self._stage)
        self._canvas = TrendCanvas(self._scene, self._stack, self)
        self._crosshair = Crosshair()
        self._scene.addItem(self._crosshair)
        self._axis = TimeAxis(self)
        self._dividers: list[Divider] = []
        self._strips = QVBoxLayout()
        self._strips.setContentsMargins(0, 4, 0, 0)
        self._strips.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._canvas, 1)
        layout.addLayout(self._strips)
        layout.addWidget(self._axis)
        self._span_us = 15 * 60 * US
        self._end_us = self._span_us
        self._until_us = 0
        self._columns, self._ratio = 1, 1.0
        self._owes_layout = True
        self._hover_us: int | None = None
        self.pointer = QPoint()
        self.cursors = TrendCursors(self)
        self.add_layer(self.cursors)
        self._refiner = QTimer(self, singleShot=True, interval=4)
        self._refiner.timeout.connect(self._refine)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._canvas.setFocusProxy(self)
        self._connect()
        theme().changed.connect(self.apply_theme)
        self.apply_theme()

    def _connect(self) -> None:
        canvas = self._canvas
        canvas.line_at = self._line_at
        canvas.dragged.connect(lambda pixels: self.pan_pixels(-pixels))
        canvas.turned.connect(lambda turns, share: self.zoom(ZOOM_NOTCH**turns, min(max(share, 0.0), 1.0)))
        canvas.pushed.connect(lambda notches: self.pan(0.1 * notches))
        canvas.banded.connect(self._zoom_to)
        canvas.placed.connect(lambda share: self.cursors.place(self.moment(share)))
        canvas.line_moved.connect(lambda name, share: self.cursors.set(name, self.moment(share)))
        canvas.doubled.connect(self.live_wanted)
        canvas.hovered.connect(self._on_hover)
        canvas.menu_wanted.connect(lambda row, share, place: self.menu_wanted.emit(row, self.moment(share), place))
        canvas.axis_moved.connect(self._move_axis)
        canvas.axis_turned.connect(self._turn_axis)
        canvas.axis_reset.connect(lambda row, place: self._want_range(row, place, None))
        canvas.resized.connect(self._relay)
        self.cursors.changed.connect(self._on_cursors)

    @property
    def spans(self) -> tuple[SpanItem, ...]:
        return tuple(pane.item for pane in self._stack.panes)

    @property
    def window_us(self) -> tuple[int, int]:
        return self._end_us - self._span_us, self._end_us

    @property
    def shown(self) -> Window | None:
        """The window on the screen; None before the first one."""
        return self._stage.window

    @property
    def sides(self) -> tuple[int, int]:
        """Free pixels left and right of the plots: a strip draws between them."""
        return self._stack.left, RIGHT

    @property
    def hover_us(self) -> int | None:
        """The moment under the pointer."""
        return self._hover_us

    def scales(self, row: int) -> dict[int, Scale]:
        """The value axes of a plot by their numbers, as they are drawn; 0 is the shared one."""
        item = self._stack.panes[row].item
        return dict(zip(item.axis_numbers, item.scales, strict=True))

    def row_at(self, place: QPoint) -> int:
        """The plot at a place of this widget, -1 outside of all."""
        at = self._canvas.mapFrom(self, place)
        inside = self._canvas.rect().contains(at)
        return self._stack.pane_at(at.y()) if inside else -1

    def moment(self, share: float) -> int:
        """The moment at a share of the plots' width."""
        from_us, to_us = (self.shown.from_us, self.shown.to_us) if self.shown else self.window_us
        return from_us + round(share * (to_us - from_us))

    def add_layer(self, layer: Layer, *, only_top: bool = False) -> None:
        """Paint this over every plot from now on, or over the topmost only."""
        self._layers.append(Placed(layer, only_top))
        self.repaint_layers()

    def remove_layer(self, layer: Layer) -> None:
        self._layers[:] = [placed for placed in self._layers if placed.layer is not layer]
        self.repaint_layers()

    def repaint_layers(self) -> None:
        """A layer has something else to show."""
        for pane in self._stack.panes:
            pane.over.update()

    def add_strip(self, widget: QWidget) -> None:
        """A row of its own height below the plots. It follows `window_changed`, and draws between the `sides`."""
        self._strips.addWidget(widget)

    def remove_strip(self, widget: QWidget) -> None:
        """The widget is the caller's again."""
        self._strips.removeWidget(widget)
        widget.setParent(None)

    def set_groups(self, groups: Sequence[PlotGroup]) -> None:
        """One plot per group, the last one above the time axis."""
        sides = self.sides
        self._stack.set_groups(groups)
        for item in self.spans:
            item.at_once, item.on_owed = AT_ONCE // len(groups), self._refiner.start
            item.gap_text = lambda us: tr("no data {age}", age=age_text(us))
        self._make_dividers(max(len(groups) - 1, 0))
        if self.sides != sides:
            self.sides_changed.emit(*self.sides)
        self._relay()

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
        width = self._stack.panes[0].box.width() if self._stack.panes else 1
        self.pan(pixels / max(width, 1))

    def zoom(self, factor: float, anchor: float = 1.0) -> None:
        """Shorter (< 1) or longer window; the moment at `anchor` (0 left, 1 right) keeps its place."""
        span = min(max(round(self._span_us * factor), SHORTEST_US), LONGEST_US)
        at = self._end_us - self._span_us + self._span_us * anchor
        self._choose(span, round(at + span * (1 - anchor)))

    def set_cursor(self, at_us: int | None) -> None:
        """The line under the pointer."""
        for item in self.spans:
            item.cursor_us = at_us
            item.update()

    def place_cursor(self, name: str, *, at_pointer: bool = True) -> None:
        """A or B to the moment under the pointer, else to a third of the window."""
        share = 1 / 3 if name == NAMES[0] else 2 / 3
        at_us = self._hover_us if at_pointer else None
        self.cursors.set(name, self.moment(share) if at_us is None else at_us)

    def apply_theme(self) -> None:
        self._canvas.apply_theme()
        self._axis.update()
        for pane in self._stack.panes:
            pane.item.invalidate()
            pane.axes.update()
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = 0.5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.1
        acts: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Left: lambda: self.pan(-step),
            Qt.Key.Key_Right: lambda: self.pan(step),
            Qt.Key.Key_PageUp: lambda: self.pan(-1),
            Qt.Key.Key_PageDown: lambda: self.pan(1),
            Qt.Key.Key_Plus: lambda: self.zoom(ZOOM_KEY, self._anchor()),
            Qt.Key.Key_Up: lambda: self.zoom(ZOOM_KEY, self._anchor()),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / ZOOM_KEY, self._anchor()),
            Qt.Key.Key_Down: lambda: self.zoom(1 / ZOOM_KEY, self._anchor()),
            Qt.Key.Key_Home: self.start_wanted.emit,
            Qt.Key.Key_End: self.live_wanted.emit,
            Qt.Key.Key_0: self.fit_wanted.emit,
            Qt.Key.Key_A: lambda: self.place_cursor("A"),
            Qt.Key.Key_B: lambda: self.place_cursor("B"),
            Qt.Key.Key_Backspace: self.cursors.clear,
        }
        act = acts.get(Qt.Key(event.key()))
        held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        side = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if held == Qt.KeyboardModifier.ControlModifier and side:
            self.cursors.step(side * max(self._span_us // 400, 1))
        elif act is None or held:
            super().keyPressEvent(event)
        else:
            act()

    def leaveEvent(self, event: object) -> None:
        self._on_hover(None, -1, 0.0)

    def repaint_now(self) -> None:
        """Paint synchronously (benches and pictures)."""
        self._canvas.viewport().repaint()

    @property
    def is_exact(self) -> bool:
        """False while something is drawn in coarse blocks and waits for its slot."""
        return not any(item.is_owing for item in self.spans)

    def _anchor(self) -> float:
        """What the keys zoom around: the moment under the pointer, else the end of the window."""
        if self._hover_us is None or self.shown is None:
            return 1.0
        return (self._hover_us - self.shown.from_us) / max(self.shown.to_us - self.shown.from_us, 1)

    def _refine(self) -> None:
        """One slot: one pen of the first plot that owes something; input and live values go in between."""
        owing = next((item for item in self.spans if item.is_owing), None)
        if owing is not None:
            owing.refine()
        if not self.is_exact and self.isVisible():
            self._refiner.start()

    def _choose(self, span_us: int, end_us: int) -> None:
        self.window_wanted.emit(end_us - span_us, end_us)

    def _zoom_to(self, left: float, right: float) -> None:
        """To what a rubber band encloses."""
        from_us, to_us = self.moment(max(left, 0.0)), self.moment(min(right, 1.0))
        self._choose(max(to_us - from_us, SHORTEST_US), to_us)

    def _line_at(self, x: float) -> str:
        if self.shown is None or not self._stack.panes:
            return ""
        return self.cursors.near(x, self.shown, self._stack.panes[0].box)

    def _on_cursors(self) -> None:
        self.repaint_layers()
        self._tell_flags()

    def _tell_flags(self) -> None:
        hover = [] if self._hover_us is None else [("", self._hover_us)]
        self._axis.show_flags([*self.cursors.flags, *hover])

    def _on_hover(self, share: float | None, row: int, y: float) -> None:
        at_us = self.moment(share) if share is not None and self.shown is not None else None
        if at_us is not None:
            box = self._stack.panes[row].box
            self.pointer = QPointF(box.left() + (share or 0.0) * box.width(), box.top() + y).toPoint()
            self._crosshair.show_at(box, y, self._stack.panes[row].axes.scales)
        elif self._hover_us is None:
            return
        else:
            self._crosshair.show_at(None, 0.0, ())
        self._hover_us = at_us
        self.set_cursor(at_us)
        self._tell_flags()
        self.cursor_moved.emit(at_us)

    def _move_axis(self, row: int, place: int, share: float) -> None:
        self._want_range(row, place, list(self.scales(row).values())[place].moved(share))

    def _turn_axis(self, row: int, place: int, turns: float, share: float) -> None:
        self._want_range(row, place, list(self.scales(row).values())[place].zoomed(ZOOM_NOTCH**turns, share))

    def _want_range(self, row: int, place: int, bounds: tuple[float, float] | None) -> None:
        """Of the axis in this place from the plot to the left."""
        self.range_wanted.emit(row, list(self.scales(row))[place], bounds)

    def _make_dividers(self, count: int) -> None:
        while len(self._dividers) > count:
            self._dividers.pop().deleteLater()
        while len(self._dividers) < count:
            divider, row = Divider(self._canvas.viewport()), len(self._dividers)
            divider.moved.connect(lambda pixels, above=row: self._move_border(above, pixels))
            divider.released.connect(self._tell_heights)
            divider.reset.connect(lambda: self.heights_changed.emit([]))
            divider.show()
            self._dividers.append(divider)

    def _move_border(self, row: int, pixels: int) -> None:
        self._stack.shift_border(row, pixels)
        self._relay()

    def _tell_heights(self) -> None:
        self.heights_changed.emit([round(pane.weight, 4) for pane in self._stack.panes])

    def _relay(self) -> None:
        self._owes_layout = True
        self._refresh()

    def _refresh(self) -> None:
        """Bring every plot to the present window. Columns stand on a fixed grid, so that live pictures can scroll."""
        if not self._stack.panes:
            return
        ratio = self.devicePixelRatioF()
        if self._owes_layout or ratio != self._ratio:  # another one when the window goes to another screen
            self._ratio = ratio
            self._columns = self._stack.lay_out(self._canvas.viewport().size(), ratio)
            for row, divider in enumerate(self._dividers):
                divider.setGeometry(self._stack.gap_below(row))
            self._owes_layout = False
        step = max(1, round(self._span_us / self._columns))
        window = Window(self._end_us // step + 1 - self._columns, step, self._columns, self._until_us)
        for item in self.spans:
            item.show_window(window)
        self._stack.show_scales()
        if window != self._stage.window:
            self._stage.window = window
            self._axis.show_span(window.from_us, window.to_us, self.sides)
            if len(self._layers) > 1 or self.cursors.flags:
                self.repaint_layers()
            self.window_changed.emit(window)
