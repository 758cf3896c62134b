"""Where passwords and PINs are typed: never shown, never copied, and Caps Lock is told where it hurts."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from console.ui.fonts import font
from console.ui.theme import theme
from console.ui.translation import tr

_PAD = 10


class SecretField(QLineEdit):
    """Dots only. `is_caps` is a guess from the last letter: no system tells Qt how its Caps Lock stands."""

    caps_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, label: str = "") -> None:
        super().__init__(parent)
        self.is_caps = False
        self.setMaxLength(1024)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.setAccessibleName(label)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text = event.text()
        if event.key() == Qt.Key.Key_CapsLock:
            self._tell(False)  # it was just turned over; the next letter says how it stands
        elif len(text) == 1 and text.isalpha() and text.lower() != text.upper():
            is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._tell(text.isupper() != is_shifted)
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.is_caps:
            return
        painter = QPainter(self)
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().color("text"))
        room = QRect(0, 0, self.width() - _PAD, self.height())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), _hint())
        painter.end()

    def _tell(self, is_caps: bool) -> None:
        if is_caps == self.is_caps:
            return
        self.is_caps = is_caps
        self.setAccessibleDescription(_hint() if is_caps else "")
        self.setTextMargins(0, 0, 90 if is_caps else 0, 0)
        self.caps_changed.emit(is_caps)
        self.update()


def _hint() -> str:
    return tr("Caps Lock on")
