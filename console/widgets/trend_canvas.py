"""Where trends are painted and touched: drags, wheel turns, rubber bands, clicks and the pointer, as signals."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QRubberBand, QWidget

from console.ui.theme import theme
from console.widgets.trend_stack import PlotStack

PACE_MS = 8  # drags and turns closer together than this are one
CLICK_PX = 4
BAND_PX = 6
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class TrendCanvas(QGraphicsView):
    """Shares are of the plots' width, 0 left, 1 right. `line_at(x)` names the line at this pixel, empty for none."""

    dragged = Signal(float)  # pixels to the right
    turned = Signal(float, float)  # notches of the wheel away from the person, share under the pointer
    pushed = Signal(float)  # notches of the wheel to the side: later
    banded = Signal(float, float)  # shares of a rubber band
    placed = Signal(float)  # Ctrl+click at this share
    line_moved = Signal(str, float)  # a grabbed line and its share now
    doubled = Signal()
    hovered = Signal(object, int, float)  # share or None, plot, pixels from its top
    menu_wanted = Signal(int, float, QPoint)  # plot, share, place on the screen
    axis_moved = Signal(int, int, float)  # plot, axis, share of its height upwards
    axis_turned = Signal(int, int, float, float)  # plot, axis, notches, share of its height from the top
    axis_reset = Signal(int, int)
    resized = Signal()

    def __init__(self, scene: QGraphicsScene, stack: PlotStack, parent: QWidget) -> None:
        super().__init__(scene, parent)
        self._stack = stack
        self.line_at: Callable[[float], str] = lambda _x: ""
        self._mode = ""  # what the pressed button does: pan, band, axis, or the name of a line
        self._from = self._last = QPointF()
        self._axis = (0, 0)
        self._owed_px = self._owed_turns = self._owed_push = 0.0
        self._turn_at = 0.0
        self._pacer = QTimer(self, singleShot=True, interval=PACE_MS)
        self._pacer.timeout.connect(self._pay)
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, self.viewport())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        for hide in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            hide(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setInteractive(False)
        self.setAcceptDrops(False)  # what is dropped here is the view's
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(120, 80)

    def apply_theme(self) -> None:
        self.setBackgroundBrush(theme().color("surface.panel"))

    def sizeHint(self) -> QSize:
        return QSize(640, 400)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setSceneRect(QRectF(self.viewport().rect()))
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._stack.panes:
            return
        place, keys = event.position(), event.modifiers()
        self._from = self._last = place
        if self._is_on_axis(place):
            row = self._stack.pane_at(place.y())
            self._mode, self._axis = "axis", (row, self._stack.panes[row].axes.scale_at(place.x()))
        elif keys & _CTRL:
            self._mode = ""
            self.placed.emit(self._share(place.x()))
        elif keys & _SHIFT:
            self._mode = "band"
        else:
            self._mode = self.line_at(place.x()) or "pan"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton and self._mode:
            self._drag(place)
        else:
            on_line = not self._is_on_axis(place) and bool(self.line_at(place.x()))
            shape = Qt.CursorShape.SplitHCursor if on_line else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(Qt.CursorShape.SizeVerCursor if self._is_on_axis(place) else shape)
        self._hover(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pay()
        if self._mode == "band":
            self._band.hide()
            left, right = sorted((self._from.x(), event.position().x()))
            if right - left >= BAND_PX:
                self.banded.emit(self._share(left), self._share(right))
        self._mode = ""
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._stack.panes:
            return
        if self._is_on_axis(event.position()):
            row = self._stack.pane_at(event.position().y())
            self.axis_reset.emit(row, self._stack.panes[row].axes.scale_at(event.position().x()))
        elif not event.modifiers():
            self.doubled.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns, sideways = event.angleDelta().y() / 120, event.angleDelta().x() / 120
        place, keys = event.position(), event.modifiers()
        event.accept()
        if not self._stack.panes:
            return
        if self._is_on_axis(place) or keys & _CTRL:
            row = self._stack.pane_at(place.y())
            pane = self._stack.panes[row]
            axis = pane.axes.scale_at(place.x()) if self._is_on_axis(place) else 0
            self.axis_turned.emit(row, axis, turns or sideways, (place.y() - pane.box.top()) / pane.box.height())
            return
        if keys & _SHIFT or not turns:
            self._owed_push -= turns or sideways
        else:
            self._owed_turns += turns
            self._turn_at = self._share(place.x())
        self._pay_soon()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._stack.panes:
            place = QPointF(event.pos())
            self.menu_wanted.emit(self._stack.pane_at(place.y()), self._share(place.x()), event.globalPos())

    def leaveEvent(self, event: object) -> None:
        self.hovered.emit(None, -1, 0.0)

    def _drag(self, place: QPointF) -> None:
        step = place - self._last
        self._last = place
        if self._mode == "pan":
            self._owed_px += step.x()
            self._pay_soon()
        elif self._mode == "axis":
            self.axis_moved.emit(*self._axis, step.y() / max(self._stack.panes[self._axis[0]].box.height(), 1))
        elif self._mode == "band":
            panes = self._stack.panes
            left, right = sorted((self._from.x(), place.x()))
            top, bottom = round(panes[0].box.top()), round(panes[-1].box.bottom())
            self._band.setGeometry(QRect(round(left), top, max(round(right - left), 1), bottom - top))
            self._band.show()
        else:
            self.line_moved.emit(self._mode, self._share(place.x()))

    def _hover(self, place: QPointF) -> None:
        row, share = self._stack.pane_at(place.y()), self._share(place.x())
        if row < 0 or not 0 <= share <= 1 or self._is_on_axis(place):
            self.hovered.emit(None, -1, 0.0)
        else:
            self.hovered.emit(share, row, place.y() - self._stack.panes[row].box.top())

    def _pay_soon(self) -> None:
        """At once, and what comes within the pace together."""
        if not self._pacer.isActive():
            self._pay()
            self._pacer.start()

    def _pay(self) -> None:
        pixels, turns, push = self._owed_px, self._owed_turns, self._owed_push
        self._owed_px = self._owed_turns = self._owed_push = 0.0
        if pixels:
            self.dragged.emit(pixels)
        if turns:
            self.turned.emit(turns, self._turn_at)
        if push:
            self.pushed.emit(push)

    def _share(self, x: float) -> float:
        box = self._stack.panes[0].box if self._stack.panes else QRectF(0, 0, 1, 1)
        return (x - box.left()) / max(box.width(), 1)

    def _is_on_axis(self, place: QPointF) -> bool:
        return place.x() < self._stack.left
