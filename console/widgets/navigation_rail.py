"""The way between views: icon, word and badge, the same order always, Ctrl+1..9 for the first nine."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from console.ui.fonts import font
from console.ui.icons import paint_icon
from console.ui.key_names import key_text
from console.ui.theme import theme
from console.ui.translation import tr

WIDTH = 84
HEIGHT = 64
WORD_PX = WIDTH - 8  # for the word under the icon


@dataclass(frozen=True, slots=True)
class RailItem:
    """`text` is marked English; `key` is the shortcut shown on hover."""

    view_id: str
    text: str
    icon: str
    key: str = ""


class RailButton(QWidget):
    pressed = Signal(str)

    def __init__(self, item: RailItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.is_current = False
        self.badge = 0
        self.badge_priority = 0
        self._hover = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setObjectName(f"rail.{item.view_id}")

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def retranslate(self) -> None:
        text = tr(self.item.text)
        self.setToolTip(f"{text} ({key_text(self.item.key)})" if self.item.key else text)
        self.setAccessibleName(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.is_current:
            painter.fillRect(self.rect(), theme().color("surface.raised"))
            painter.fillRect(QRectF(0, 0, 3, self.height()), theme().color("accent"))
        elif self._hover:
            painter.fillRect(self.rect(), theme().color("surface.raised", 140))
        tone = theme().color("text" if self.is_current or self._hover else "text.dim")
        paint_icon(painter, QRectF((WIDTH - 22) / 2, 11, 22, 22), self.item.icon, tone)
        words = font("font_small", bold=self.is_current)
        text = QFontMetrics(words).elidedText(tr(self.item.text), Qt.TextElideMode.ElideRight, WORD_PX)
        painter.setFont(words)
        painter.setPen(tone)
        painter.drawText(QRectF(0, 37, WIDTH, 18), int(Qt.AlignmentFlag.AlignCenter), text)
        if self.badge:
            self._paint_badge(painter)
        if self.hasFocus():
            painter.setPen(theme().color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        painter.end()

    def _paint_badge(self, painter: QPainter) -> None:
        text = str(self.badge) if self.badge < 1000 else "999+"
        small = font("font_small", bold=True)
        small.setPixelSize(11)
        wide = max(16, QFontMetrics(small).horizontalAdvance(text) + 8)
        box = QRectF(WIDTH / 2 + 6, 6, wide, 15)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        alarming = 1 <= self.badge_priority <= 4
        painter.setBrush(theme().priority_color(self.badge_priority) if alarming else theme().color("normal"))
        painter.drawRoundedRect(box, 7.5, 7.5)
        painter.setFont(small)
        digit = theme().priority_color(self.badge_priority, "digit") if alarming else theme().color("normal.text")
        painter.setPen(digit)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit(self.item.view_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit(self.item.view_id)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hover = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = False
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()


class NavigationRail(QFrame):
    """Scrolls when the window is too low for all views."""

    chosen = Signal(str)

    def __init__(self, items: Sequence[RailItem], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setFixedWidth(WIDTH + 1)
        self.buttons = {item.view_id: RailButton(item) for item in items}
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for button in self.buttons.values():
            button.pressed.connect(self.chosen)
            column.addWidget(button)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        theme().changed.connect(self.retranslate)
        self.retranslate()

    def set_current(self, view_id: str) -> None:
        for key, button in self.buttons.items():
            if button.is_current != (key == view_id):
                button.is_current = key == view_id
                button.update()

    def set_badge(self, view_id: str, count: int, priority: int = 0) -> None:
        """A count beside the icon, in the colour of the worst priority in it (0 = grey); 0 hides it."""
        button = self.buttons.get(view_id)
        if button is not None and (button.badge, button.badge_priority) != (count, priority):
            button.badge, button.badge_priority = count, priority
            button.update()

    def retranslate(self) -> None:
        for button in self.buttons.values():
            button.retranslate()
