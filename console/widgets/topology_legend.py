"""What the outlines of the cards mean, in one line."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import state_word
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.widgets.topology_painter import ALARM, BLIND, DOWN, OK, STALE, STATES, UNKNOWN, outline

_ITEMS = (OK, ALARM, DOWN, STALE, BLIND, UNKNOWN)
_PROPOSED = mark("square corners: not in the plant model")
_BOX_W, _BOX_H, _GAP = 26, 14, 20


class TopologyLegend(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface.panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("font_small"))
        x = 16.0
        middle = self.height() / 2
        for state in _ITEMS:
            box = QRectF(x, middle - _BOX_H / 2, _BOX_W, _BOX_H)
            pen, fill = outline(state, 2 if state == ALARM else 0)
            painter.setPen(pen)
            painter.setBrush(fill)
            painter.drawRoundedRect(box, 4, 4)
            if state == BLIND:
                painter.setBrush(QBrush(theme().color("line.strong"), Qt.BrushStyle.BDiagPattern))
                painter.drawRoundedRect(box, 4, 4)
            x = self._word(painter, box.right() + 7, state_word(STATES[state]))
        painter.setPen(theme().color("line.strong"))
        painter.setBrush(theme().color("surface.raised"))
        box = QRectF(x, middle - _BOX_H / 2, _BOX_W, _BOX_H)
        painter.drawRect(box)
        self._word(painter, box.right() + 7, tr(_PROPOSED))
        painter.end()

    def _word(self, painter: QPainter, x: float, text: str) -> float:
        painter.setPen(theme().color("text.dim"))
        width = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRectF(x, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return x + width + _GAP
