"""A label that never renders markup: all text from outside goes through it."""

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget


class PlainLabel(QLabel):
    """Plain text, elided at its end when `elide` is set, with the whole text as an escaped tooltip."""

    def __init__(self, text: str = "", parent: QWidget | None = None, *, elide: bool = False) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._elide = elide
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text)
        if self._elide:
            self.setToolTip(plain_tip(text))

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(24, hint.height()) if self._elide else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._elide:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.setFont(self.font())
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.contentsRect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)


def plain_tip(text: str) -> str:
    """A tooltip that shows the text as it is, however it looks like HTML."""
    return f"<span>{html.escape(text)}</span>" if text else ""
