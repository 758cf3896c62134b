"""What happened, on the time axis of a trend: alarms, incidents, changes, shifts and annotations as symbols to click.

The strip below the plots holds the symbols; a layer over the plots draws a line at each, and the span of annotations.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from console.ui.fonts import font
from console.ui.format import clock_text
from console.ui.plain_label import plain_tip
from console.ui.priority_symbol import paint_symbol
from console.ui.theme import PRIORITY_TOKENS, theme
from console.ui.translation import tr, tr_n
from console.ui.trend_marks import Marker, MarkerKind, MarkerSet
from console.widgets.trend_curve import Window
from console.widgets.trend_layers import x_of

SIZE = 16  # of a symbol, logical pixels
HEIGHT = 24
TOLD = 8  # lines of a tip
MOST_LINES = 60  # in the plots; more would be a hatch
_TIP_CHARACTERS = 90


@dataclass(frozen=True, slots=True)
class Bunch:
    """Markers that share a place; `first` is the most important one."""

    x: float
    markers: tuple[Marker, ...]

    @property
    def first(self) -> Marker:
        return self.markers[0]


def bunches(markers: Iterable[Marker], window: Window, box: QRectF) -> list[Bunch]:
    """Symbols that do not overlap: what would touch stands together, at the place of its most important one."""
    places = sorted(
        ((x_of(one.at_us, window, box), one) for one in markers if window.from_us <= one.at_us < window.to_us),
        key=lambda place: place[0],
    )
    found: list[Bunch] = []
    group: list[tuple[float, Marker]] = []
    for x, marker in places:
        if group and x - group[0][0] > SIZE + 2:
            found.append(_bunch(group))
            group = []
        group.append((x, marker))
    return [*found, _bunch(group)] if group else found


def _bunch(group: list[tuple[float, Marker]]) -> Bunch:
    ordered = sorted(group, key=lambda place: place[1].order)
    return Bunch(ordered[0][0], tuple(marker for _x, marker in ordered))


class MarkerStrip(QWidget):
    """A row linked to the time axis by `show_window`. `opened(marker)`: somebody wants to see its record. With the
    keyboard: arrows go from symbol to symbol, Enter opens."""

    opened = Signal(object)

    def __init__(self, markers: MarkerSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._markers = markers
        self._window: Window | None = None
        self._sides = (0, 0)
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._chosen: Marker | None = None  # by the keyboard
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, HEIGHT)

    def show_window(self, window: Window | None) -> None:
        self._window = window
        self.update()

    def set_sides(self, left: int, right: int) -> None:
        self._sides = (left, right)
        self.update()

    def set_note(self, text: str) -> None:
        """What is to be known about all of them, told at a sign at the beginning; empty for nothing."""
        if text != self._note:
            self._note = text
            self.update()

    def bunches(self) -> list[Bunch]:
        """As they are drawn now."""
        return bunches(self._markers.visible(), self._window, self._box()) if self._window is not None else []

    def at(self, x: float) -> Bunch | None:
        near = min(self.bunches(), key=lambda bunch: abs(bunch.x - x), default=None)
        return near if near is not None and abs(near.x - x) <= SIZE / 2 + 3 else None

    def _box(self) -> QRectF:
        left, right = self._sides
        return QRectF(left, 0, max(self.width() - left - right, 1), self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._box()
        painter.fillRect(box, theme().color("surface.raised"))
        painter.setPen(theme().color("text.dim"))
        painter.setFont(font("font_small"))
        label = QRectF(0, 0, max(box.left() - 4, 0), self.height())
        words = painter.fontMetrics().elidedText(tr("Events"), Qt.TextElideMode.ElideRight, int(label.width()))
        painter.drawText(label, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), words)
        painter.setClipRect(box)
        if self._note:
            painter.drawText(box.adjusted(4, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), "◂ …")
        for bunch in self.bunches():
            self._paint(painter, bunch)
        painter.end()

    def _paint(self, painter: QPainter, bunch: Bunch) -> None:
        place = QRectF(bunch.x - SIZE / 2, (self.height() - SIZE) / 2, SIZE, SIZE)
        paint_marker(painter, place, bunch.first)
        if self._chosen in bunch.markers:
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(-3, -3, 3, 3), 3, 3)
        more = len({one.record or one for one in bunch.markers})
        if more > 1:
            painter.setFont(font("font_small", bold=True))
            painter.setPen(theme().color("text"))
            painter.drawText(QPointF(place.right() + 2, place.bottom() - 3), f"{min(more, 99)}{'+' * (more > 99)}")

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            bunch = self.at(event.pos().x())
            is_at_note = event.pos().x() < self._sides[0] + 3 * SIZE
            text = tip_of(bunch) if bunch is not None else self._note if is_at_note else ""
            QToolTip.showText(event.globalPos(), plain_tip(text).replace("\n", "<br>"), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self.at(event.position().x())
        self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bunch = self.at(event.position().x())
        if bunch is not None and event.button() == Qt.MouseButton.LeftButton:
            self._open(bunch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        found = self.bunches()
        at = next((at for at, bunch in enumerate(found) if self._chosen in bunch.markers), -1)
        if step and found:
            self._choose(found[min(max(at + step, 0), len(found) - 1) if at >= 0 else (0 if step > 0 else -1)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and at >= 0:
            self._open(found[at])
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._chosen = None
        super().focusOutEvent(event)
        self.update()

    def _choose(self, bunch: Bunch) -> None:
        self._chosen = bunch.first
        text = tip_of(bunch)
        self.setAccessibleDescription(text)
        place = self.mapToGlobal(QPoint(round(bunch.x), self.height()))
        QToolTip.showText(place, plain_tip(text).replace("\n", "<br>"), self)
        self.update()

    def _open(self, bunch: Bunch) -> None:
        """Its record, or the choice between several."""
        opening = [one for one in bunch.markers if one.record is not None]
        if len(opening) == 1:
            self.opened.emit(opening[0])
        elif opening:
            self.menu_of(opening).popup(self.mapToGlobal(QPoint(round(bunch.x), 0)))

    def menu_of(self, markers: Sequence[Marker]) -> QMenu:
        """Which of several is meant; the most important ones first."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for one in markers[:20]:
            act = menu.addAction(_line(one).replace("&", "&&"))
            act.triggered.connect(lambda _on=False, marker=one: self.opened.emit(marker))
        return menu


class MarkerLines:
    """The layer over the plots: a line where each thing happened, the span of what lasted."""

    def __init__(self, markers: MarkerSet) -> None:
        self._markers = markers

    def paint(self, painter: QPainter, window: Window, box: QRectF, ratio: float) -> None:
        inside = [
            one
            for one in self._markers.visible()
            if one.at_us < window.to_us and max(one.until_us, one.at_us) >= window.from_us
        ]
        for one in inside:
            if one.kind is MarkerKind.ANNOTATION and one.until_us > one.at_us:
                left, right = x_of(one.at_us, window, box), x_of(one.until_us, window, box)
                painter.fillRect(QRectF(left, box.top(), right - left, box.height()), theme().color("accent", 26))
        here = sorted((one for one in inside if one.at_us >= window.from_us), key=lambda one: one.order)
        for one in here[:MOST_LINES]:
            pen = QPen(theme().color(_line_token(one)), 1)
            pen.setStyle(Qt.PenStyle.DashLine if one.kind is MarkerKind.SHIFT else Qt.PenStyle.DotLine)
            painter.setPen(pen)
            x = round(x_of(one.at_us, window, box)) + 0.5
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))


def paint_marker(painter: QPainter, place: QRectF, marker: Marker) -> None:
    """The symbol of its kind: alarms as everywhere, an incident a card, a change a diamond, an annotation a flag, a
    border of shifts a bar. Only alarms have a colour of alarms."""
    if marker.kind is MarkerKind.ALARM:
        paint_symbol(painter, place, marker.priority or 4, marker.state)
        return
    painter.setPen(QPen(theme().color("text"), 1.4))
    painter.setBrush(theme().color("surface.panel"))
    if marker.kind is MarkerKind.INCIDENT:
        card = place.adjusted(2, 1, -2, -1)
        painter.drawRoundedRect(card, 2, 2)
        for y in (0.32, 0.55, 0.78):
            at = card.top() + card.height() * y
            painter.drawLine(QPointF(card.left() + 3, at), QPointF(card.right() - 3, at))
    elif marker.kind is MarkerKind.CHANGE:
        middle, half = place.center(), SIZE / 2 - 1.5
        points = [(0.0, -half), (half, 0.0), (0.0, half), (-half, 0.0)]
        painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in points]))
    elif marker.kind is MarkerKind.ANNOTATION:
        painter.setBrush(theme().color("accent"))
        pole = place.left() + 4
        painter.drawLine(QPointF(pole, place.top() + 1), QPointF(pole, place.bottom() - 1))
        flag = [(pole, place.top() + 1), (place.right() - 1, place.top() + 4.5), (pole, place.top() + 8)]
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in flag]))
    else:
        painter.setPen(QPen(theme().color("normal"), 2))
        painter.drawLine(QPointF(place.center().x(), place.top()), QPointF(place.center().x(), place.bottom()))


def tip_of(bunch: Bunch) -> str:
    """When and what, line by line; of many the first, and how many more."""
    lines = [_line(one) for one in bunch.markers[:TOLD]]
    more = len(bunch.markers) - len(lines)
    return "\n".join([*lines, tr_n("and {n} more", "and {n} more", more)] if more else lines)


def _line(marker: Marker) -> str:
    text = " ".join(marker.text.split())
    short = text if len(text) <= _TIP_CHARACTERS else f"{text[: _TIP_CHARACTERS - 1]}…"
    return f"{clock_text(marker.at_us)}  {short}"


def _line_token(marker: Marker) -> str:
    if marker.kind is MarkerKind.ALARM:
        return f"{PRIORITY_TOKENS.get(marker.priority, 'alarm.low')}.edge"
    return {MarkerKind.ANNOTATION: "accent", MarkerKind.SHIFT: "normal"}.get(marker.kind, "text.dim")
