"""The priority symbol, the same everywhere: shape and digit name the priority, fill and flash its state."""

from enum import StrEnum
from functools import cache, lru_cache
from math import ceil

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from console.domain.alarms import AlarmState
from console.ui.fonts import font
from console.ui.theme import theme

FLASH_MS = 250  # 2 Hz, half on, half off (NUREG-0700 1.3.10-12: one rate of 2-3 Hz, 50 % on)


class SymbolState(StrEnum):
    """How a symbol looks. RETURNED flashes at half the rate (ringback) as an outline in a dim row."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    NONE = "none"


_STATES: dict[int, SymbolState] = {
    AlarmState.NORMAL: SymbolState.NONE,
    AlarmState.UNACKNOWLEDGED: SymbolState.UNACKNOWLEDGED,
    AlarmState.ACKNOWLEDGED: SymbolState.ACKNOWLEDGED,
    AlarmState.RETURNED_UNACKNOWLEDGED: SymbolState.RETURNED,
    AlarmState.LATCHED_UNACKNOWLEDGED: SymbolState.RETURNED,
    AlarmState.LATCHED_ACKNOWLEDGED: SymbolState.ACKNOWLEDGED,
}


def symbol_state(state: int) -> SymbolState:
    """Symbol of a `domain.alarms.AlarmState`."""
    return _STATES[state]


class FlashClock(QObject):
    """One beat for all symbols, so that they flash together. It stands still while nobody holds it.

    Canvases and delegates read `lit` and repaint their symbols on `beat`.
    """

    beat = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._holders: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(FLASH_MS)
        self._timer.timeout.connect(self._tick)

    def hold(self, owner: object, needed: bool = True) -> None:
        """Tell whether `owner` shows anything that flashes; release before the owner dies."""
        if needed:
            self._holders.add(id(owner))
        else:
            self._holders.discard(id(owner))
        if self._holders and not self._timer.isActive():
            self._timer.start()
        elif not self._holders and self._timer.isActive():
            self._timer.stop()
            self._count = 0

    @property
    def is_running(self) -> bool:
        return self._timer.isActive()

    def lit(self, state: SymbolState) -> bool:
        """True in the bright half of the beat; returned alarms beat half as fast, the others do not flash."""
        if state == SymbolState.UNACKNOWLEDGED:
            return self._count % 2 == 0
        if state == SymbolState.RETURNED:
            return self._count // 2 % 2 == 0
        return True

    def _tick(self) -> None:
        self._count += 1
        self.beat.emit()


@cache
def flash_clock() -> FlashClock:
    """The one beat of this process."""
    return FlashClock()


def symbol_shape(priority: int, rect: QRectF) -> QPolygonF | QRectF:
    """Outline of the symbol inside `rect`: a polygon for 1-3, the box of a circle for 4."""
    side = min(rect.width(), rect.height())
    box = QRectF(0, 0, side, side)
    box.moveCenter(rect.center())
    if priority == 1:
        inner = box.adjusted(side * 0.07, side * 0.07, -side * 0.07, -side * 0.07)
        return QPolygonF([inner.topLeft(), inner.topRight(), inner.bottomRight(), inner.bottomLeft()])
    lift = side * 0.06
    if priority == 2:
        return QPolygonF(
            [
                QPointF(box.center().x(), box.top() + lift),
                QPointF(box.right(), box.bottom() - lift),
                QPointF(box.left(), box.bottom() - lift),
            ]
        )
    if priority == 3:
        return QPolygonF(
            [
                QPointF(box.left(), box.top() + lift),
                QPointF(box.right(), box.top() + lift),
                QPointF(box.center().x(), box.bottom() - lift),
            ]
        )
    inset = side * 0.04
    return box.adjusted(inset, inset, -inset, -inset)


_DIGIT_SHIFT = {1: 0.0, 2: 0.13, 3: -0.13, 4: 0.0}  # of the side, to the triangle's centre of mass


def paint_symbol(
    painter: QPainter, rect: QRectF, priority: int, state: SymbolState, *, lit: bool = True, with_digit: bool = True
) -> None:
    """Paint the symbol of priority 1..4 centred in `rect`; the dark half of the beat shows the outline."""
    if state == SymbolState.NONE or not 1 <= priority <= 4:
        return
    filled = state == SymbolState.UNACKNOWLEDGED and lit
    edge = theme().priority_color(priority, "edge")
    if state == SymbolState.RETURNED and not lit:
        edge = QColor(edge)
        edge.setAlpha(110)
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(
        QPen(edge, max(1.0, side / 12), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.setBrush(theme().priority_color(priority) if filled else Qt.BrushStyle.NoBrush)
    shape = symbol_shape(priority, rect)
    if isinstance(shape, QPolygonF):
        painter.drawPolygon(shape)
    else:
        painter.drawEllipse(shape)
    if with_digit and side >= 11:
        digit = font(bold=True)
        digit.setPixelSize(max(8, round(side * (0.62 if priority in (1, 4) else 0.52))))
        painter.setFont(digit)
        painter.setPen(theme().priority_color(priority, "digit") if filled else edge)
        painter.drawText(rect.translated(0, side * _DIGIT_SHIFT[priority]), Qt.AlignmentFlag.AlignCenter, str(priority))
    painter.restore()


@lru_cache(256)
def _stamp(theme_name: str, priority: int, state: SymbolState, lit: bool, side: float, scale: float) -> QPixmap:
    """The symbol with a pixel of room around it, as it is painted on screens of this scale."""
    pixels = ceil((side + 2) * scale)
    made = QPixmap(pixels, pixels)
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    paint_symbol(painter, QRectF(1, 1, side, side), priority, state, lit=lit)
    painter.end()
    return made


def stamp_symbol(painter: QPainter, rect: QRectF, priority: int, state: SymbolState, *, lit: bool = True) -> None:
    """`paint_symbol` for lists full of them: drawn once, copied afterwards; on whole pixels."""
    if state == SymbolState.NONE or not 1 <= priority <= 4:
        return
    side, device = min(rect.width(), rect.height()), painter.device()
    stamp = _stamp(theme().name, priority, state, lit, side, device.devicePixelRatioF() if device is not None else 1.0)
    corner = rect.center() - QPointF(side / 2 + 1, side / 2 + 1)
    painter.drawPixmap(QPointF(round(corner.x()), round(corner.y())), stamp)


def symbol_icon(priority: int, state: SymbolState, size: int = 18) -> QIcon:
    """The symbol as an icon (tray, menus), unlit ones included by `state`."""
    made = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(size * scale, size * scale)
        pixmap.setDevicePixelRatio(scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_symbol(painter, QRectF(1, 1, size - 2, size - 2), priority, state)
        painter.end()
        made.addPixmap(pixmap)
    return made
