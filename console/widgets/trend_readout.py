"""The box beside the cursor: the moment and every pen's value with its quality."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from console.ui.fonts import font
from console.ui.theme import theme

PAD, LINE, WIDEST = 12, 20, 360


class TrendReadout(QWidget):
    """Lies over the plots and lets the mouse through. Rows are (pen colour index, name, value, quality)."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._moment = ""
        self._rows: list[tuple[int, str, str, str]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def tell(self, moment: str, rows: list[tuple[int, str, str, str]], beside: QPoint, within: QRect) -> None:
        """Show left of `beside` when there is room, else right of it, inside `within`."""
        self._moment, self._rows = moment, rows
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance("   ".join(row[1:])) for row in rows), default=120)
        width = min(widest + 4 * PAD, WIDEST)
        height = min(PAD + LINE * (len(rows) + 1) + PAD // 2, max(within.height() - 8, LINE))
        x = beside.x() - width - 14
        x = x if x > within.left() + 4 else min(beside.x() + 14, within.right() - width)
        self.setGeometry(x, min(within.top() + 22, within.bottom() - height), width, height)
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color("line.strong"))
        painter.setBrush(theme().color("surface.panel", 240))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(
            QRect(PAD, PAD // 2, self.width() - 2 * PAD, LINE), Qt.AlignmentFlag.AlignVCenter, self._moment
        )
        painter.setFont(font("font_small"))
        metrics = painter.fontMetrics()
        for k, (colour, name, value, quality) in enumerate(self._rows):
            line = QRect(PAD, PAD // 2 + LINE * (k + 1), self.width() - 2 * PAD, LINE)
            tail = f"{value}  {quality}"
            room = line.width() - metrics.horizontalAdvance(tail) - 10
            painter.setPen(theme().pen(colour))
            painter.drawText(
                line, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, tail)
        painter.end()
