"""A small lamp beside a word: grey when all is well, dark to look at, red in alarm, hollow when unknown."""

from enum import StrEnum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.theme import theme


class LampState(StrEnum):
    """NORMAL is grey on purpose: health has no colour. WARNING has none either: it is no alarm, ALARM is one."""

    NORMAL = "normal"
    WARNING = "warning"
    ALARM = "alarm"
    UNKNOWN = "unknown"


class Lamp(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = LampState.UNKNOWN
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def state(self) -> LampState:
        return self._state

    def set_state(self, state: LampState) -> None:
        if state != self._state:
            self._state = state
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(10, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1, 1, 8, 8)
        match self._state:
            case LampState.NORMAL:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color("normal"))
            case LampState.WARNING:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color("text"))
            case LampState.ALARM:
                painter.setPen(QPen(theme().priority_color(1, "edge"), 1))
                painter.setBrush(theme().priority_color(1))
            case _:
                painter.setPen(QPen(theme().color("stale"), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, 1.5, 1.5)
        painter.end()
