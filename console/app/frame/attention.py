"""Calls for attention beyond the window: tray icon, taskbar count and flash, title. Never takes the keyboard away."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon, QWidget

from console.services.notifier import Undo
from console.services.records import AlarmCounts, HornSnapshot
from console.services.station import ALARM_COUNTS, HORN, Station
from console.ui.fonts import font
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n

NAME = "Leitstand"
SIZES = (16, 22, 32, 48)
SMALLEST_COUNTED = 22  # px: below that no digit can be read
LOOK_MS = 500
MOST_SHOWN = 99
PRIORITIES = {1: mark("1 critical"), 2: mark("2 high"), 3: mark("3 medium"), 4: mark("4 low")}


def worst_of(counts: AlarmCounts) -> int:
    """The most urgent priority that waits for acknowledgement, 0 for none."""
    return next((priority for priority, n in enumerate(counts.unacknowledged, 1) if n), 0)


def badge_text(count: int) -> str:
    """What fits on an icon."""
    return str(count) if count <= MOST_SHOWN else f"{MOST_SHOWN}+"


def tray_icon(worst: int, count: int, *, is_blind: bool) -> QIcon:
    """The priority's symbol with the count; crossed out in the alarm colour while nothing is received."""
    made = QIcon()
    for size in SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(1, 1, size - 2, size - 2)
        has_count = bool(count) and size >= SMALLEST_COUNTED
        if has_count:  # the count stands at the lower right and covers no digit of the symbol
            room = room.adjusted(0, 0, -room.width() * 0.3, -room.height() * 0.3)
        if is_blind:
            _paint_blind(painter, room)
        elif worst:
            paint_symbol(painter, room, worst, SymbolState.UNACKNOWLEDGED)
        else:
            _paint_calm(painter, room)
        if has_count:
            _paint_count(painter, QRectF(pixmap.rect()), badge_text(count))
        painter.end()
        made.addPixmap(pixmap)
    return made


def _pen(color: QColor, room: QRectF) -> QPen:
    return QPen(color, max(1.5, room.width() / 9), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)


def _paint_calm(painter: QPainter, room: QRectF) -> None:
    painter.setPen(_pen(theme().color("text.dim"), room))
    inset = room.width() * 0.2
    painter.drawEllipse(room.adjusted(inset, inset, -inset, -inset))


def _paint_blind(painter: QPainter, room: QRectF) -> None:
    painter.setPen(_pen(theme().priority_color(1), room))
    inset = room.width() * 0.12
    inner = room.adjusted(inset, inset, -inset, -inset)
    painter.drawEllipse(inner)
    reach = inner.width() * 0.35
    middle = inner.center()
    painter.drawLine(middle - QPointF(reach, -reach), middle + QPointF(reach, -reach))


def _paint_count(painter: QPainter, room: QRectF, text: str) -> None:
    height = room.height() * 0.5
    width = max(height, height * 0.62 * len(text) + 2)
    box = QRectF(room.right() - width, room.bottom() - height, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color("surface.raised"))
    painter.drawRoundedRect(box, height / 3, height / 3)
    digits = font(bold=True)
    digits.setPixelSize(max(8, round(height * 0.85)))
    painter.setFont(digits)
    painter.setPen(theme().color("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class Attention(QObject):
    """`not_receiving()` gives the reason (marked English) or nothing; `raise_window` brings the console to the front.

    The count is that of banner, list and horn (`AlarmCounts`); nothing is counted here.
    """

    def __init__(
        self,
        station: Station,
        window: QWidget,
        not_receiving: Callable[[], str],
        raise_window: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._not_receiving = not_receiving
        self._raise = raise_window
        self._counts = AlarmCounts()
        self._request = 0
        self._shown: tuple[object, ...] | None = None
        self._drawn: tuple[object, ...] | None = None
        self.alerts = 0  # how often the taskbar was asked to flash
        self.tray = QSystemTrayIcon(self)
        self._menu = QMenu()
        self._show = self._menu.addAction("", raise_window)
        self.tray.setContextMenu(self._menu)
        self.tray.activated.connect(self._on_tray)
        self._undo: list[Undo] = [
            station.subscribe(ALARM_COUNTS, self._on_counts),
            station.subscribe(HORN, self._on_horn),
        ]
        theme().changed.connect(self._again)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        self.look()

    @property
    def count(self) -> int:
        """Alarms that wait for acknowledgement."""
        return sum(self._counts.unacknowledged)

    def look(self) -> None:
        """Show what is; costs nothing while nothing changed."""
        is_there = QSystemTrayIcon.isSystemTrayAvailable()  # a panel may come later, or come back
        if is_there != self.tray.isVisible():
            self.tray.setVisible(is_there)
        why = self._not_receiving()
        now = (self._counts.unacknowledged, why)
        if now == self._shown:
            return
        was_blind = self._shown is not None and bool(self._shown[1])
        self._shown = now
        worst, text = worst_of(self._counts), badge_text(self.count)
        if (worst, text, bool(why)) != self._drawn:  # above 99 it stays the same however many come
            self._drawn = (worst, text, bool(why))
            self.tray.setIcon(tray_icon(worst, self.count, is_blind=bool(why)))
        self.tray.setToolTip(self.words())
        self._show.setText(tr("Show Leitstand"))
        self._window.setWindowTitle(f"({badge_text(self.count)}) {NAME}" if self.count else NAME)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.setBadgeNumber(self.count)
        if why and not was_blind:
            self._alert()

    def words(self) -> str:
        """The whole of it in words, for the tray's tip."""
        lines = [NAME]
        why = self._not_receiving()
        if why:
            lines.append(tr(why))
        lines.append(tr_n("{n} unacknowledged alarm", "{n} unacknowledged alarms", self.count))
        lines += [f"{tr(PRIORITIES[priority])}: {n}" for priority, n in enumerate(self._counts.unacknowledged, 1) if n]
        return "\n".join(lines)

    def close(self) -> None:
        self._timer.stop()
        for undo in self._undo:
            undo()
        theme().changed.disconnect(self._again)
        self.tray.hide()
        self._menu.deleteLater()

    def _on_counts(self, counts: AlarmCounts) -> None:
        self._counts = counts
        self.look()

    def _on_horn(self, snapshot: HornSnapshot) -> None:
        if snapshot.request > self._request and snapshot.priority:
            self._alert()
        self._request = snapshot.request

    def _alert(self) -> None:
        """The taskbar entry asks to be looked at; the keyboard stays where it is."""
        if not self._window.isActiveWindow():
            self.alerts += 1
            QApplication.alert(self._window, 0)

    def _on_tray(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self._raise()

    def _again(self) -> None:
        self._shown = self._drawn = None
        self.look()
