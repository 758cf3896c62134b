"""One of a few, each a button in sight: chosen with one click or the arrow keys, never hidden in a list."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class OptionRow(QWidget):
    """`options` are (value, shown text). One is always chosen unless the row is empty."""

    changed = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str]], value: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for key, text in options:
            button = QPushButton(text)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setProperty("flat", True)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._group.addButton(button)
            self._buttons[key] = button
            row.addWidget(button)
            button.toggled.connect(lambda on, chosen=key: self.changed.emit(chosen) if on else None)
        row.addStretch(1)
        if self._buttons:
            self.choose(value if value in self._buttons else next(iter(self._buttons)))

    def value(self) -> str:
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, value: str) -> None:
        self._buttons[value].setChecked(True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_keyboard(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_keyboard(False)

    def _show_keyboard(self, is_here: bool) -> None:
        """The chosen option is framed while the arrow keys act here: the buttons themselves never have the focus."""
        for button in self._buttons.values():
            button.setProperty("keyboard", is_here)
            button.style().unpolish(button)
            button.style().polish(button)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not step or not self._buttons:
            super().keyPressEvent(event)
            return
        keys = list(self._buttons)
        self.choose(keys[(keys.index(self.value()) + step) % len(keys)])
