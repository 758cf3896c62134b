"""Refusals and errors beside what they concern: a bar that never blocks and goes away by itself or by Esc."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from console.ui.icons import icon
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import tr

STAY_MS = 12_000
KINDS = ("info", "refused", "error")


class NoticeBar(QFrame):
    """Hidden until `show_text`. An error stays until it is closed, the rest leaves after STAY_MS."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        self._label = PlainLabel()
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.clicked.connect(self.hide)
        row.addWidget(self._label, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        theme().changed.connect(self._retell)
        self._retell()
        self.hide()

    def text(self) -> str:
        return self._label.text()

    def show_text(self, text: str, kind: str = "refused") -> None:
        """`text` is already translated and shown plain; an empty one hides the bar."""
        self._timer.stop()
        if not text:
            self.hide()
            return
        self._label.setText(text)
        self.setProperty("kind", kind if kind in KINDS else "error")
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()
        if kind != "error":
            self._timer.start(STAY_MS)

    def dismiss(self) -> bool:
        """Put away what is said; False when nothing was."""
        is_said = self.isVisible()
        self.hide()
        return is_said

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _retell(self) -> None:
        self._close.setIcon(icon("close", "text.dim"))
        self._close.setToolTip(tr("Close"))
        self._close.setAccessibleName(tr("Close"))
