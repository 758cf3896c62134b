"""The filter field of a table, and beside it how many rows it hides and the one press that shows them again."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from console.ui.format import whole_text
from console.ui.key_names import key_text
from console.ui.theme import theme
from console.ui.translation import mark, tr

_HINT = mark("Filter")


class _FilterField(QLineEdit):
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears, then gives the focus back; Down and Enter go to the rows."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FilterLine(QWidget):
    """`changed(text)` as the person types; `left` when the focus should go to the table."""

    changed = Signal(str)
    left = Signal()
    cleared = Signal()  # the press that shows every row again; a pinned condition is gone as well

    def __init__(self, hint: str = _HINT, key: str = "Ctrl+F", parent: QWidget | None = None) -> None:
        """`hint` is marked English."""
        super().__init__(parent)
        self._hint, self._key = hint, key
        self._hidden = 0
        self._pinned = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.field = _FilterField()
        self.field.setMinimumWidth(160)
        self.field.setMaxLength(200)
        self.field.textChanged.connect(self.changed)
        self.field.left.connect(self.left)
        self.clear_button = QPushButton()
        self.clear_button.setAutoDefault(False)
        self.clear_button.clicked.connect(self.reset)
        self.clear_button.hide()
        row.addWidget(self.field, 1)
        row.addWidget(self.clear_button)
        theme().changed.connect(self._retell)
        self._retell()

    def focus(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def text(self) -> str:
        return self.field.text()

    def set_text(self, text: str) -> None:
        self.field.setText(text)

    def pin(self, words: str) -> None:
        """A condition beside the typed words (already translated), shown on the button that clears both."""
        self._pinned = words
        self.set_hidden(self._hidden)

    def reset(self) -> None:
        """No filter any more."""
        self._pinned = ""
        self.field.clear()
        self.cleared.emit()
        self.set_hidden(0)

    def set_hidden(self, hidden: int) -> None:
        """How many rows the filter hides now; says so only while there is a filter."""
        self._hidden = hidden
        self.clear_button.setVisible(bool(self.field.text() or self._pinned))
        words = tr("{n} hidden by filter · clear", n=whole_text(hidden))
        self.clear_button.setText(f"{self._pinned} · {words}" if self._pinned else words)

    def _retell(self) -> None:
        self.field.setPlaceholderText(f"{tr(self._hint)}   {key_text(self._key)}")
        self.field.setAccessibleName(tr(self._hint))
        self.set_hidden(self._hidden)
