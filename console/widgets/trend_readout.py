"""The box beside the pointer: the moment and every pen's value with its quality."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from console.ui.fonts import font
from console.ui.theme import theme

PAD, LINE, TIGHT, WIDEST = 12, 20, 15, 360


class TrendReadout(QWidget):
    """Lies over the plots and lets the mouse through. Rows are (pen colour index, name, value, quality); those that
    find no room below each other go on in a second and third column."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._moment = ""
        self._rows: list[tuple[int, str, str, str]] = []
        self._line, self._per_column, self._column = LINE, 1, WIDEST
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def tell(self, moment: str, rows: list[tuple[int, str, str, str]], beside: QPoint, within: QRect) -> None:
        """Show left of `beside` when there is room, else right of it, inside `within`."""
        self._moment, self._rows = moment, rows
        room = max(within.height() - 30, LINE * 2)
        self._line = LINE if PAD + LINE * (len(rows) + 1) + PAD // 2 <= room else TIGHT
        self._per_column = max(1, min(len(rows), (room - PAD * 2) // self._line - 1))
        columns = -(-len(rows) // self._per_column)
        metrics = QFontMetrics(font("font_small"))
        widest = max((metrics.horizontalAdvance("   ".join(row[1:])) for row in rows), default=120)
        self._column = min(widest + 2 * PAD, WIDEST, max((within.width() - PAD) // max(columns, 1), 60))
        width = min(max(self._column * max(columns, 1) + PAD, 120), within.width())
        height = PAD + self._line * (self._per_column + 1) + PAD // 2
        x = beside.x() - width - 14
        x = x if x > within.left() + 4 else max(min(beside.x() + 14, within.right() - width), within.left())
        self.setGeometry(x, max(within.top(), min(within.top() + 22, within.bottom() - height)), width, height)
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
        head = QRect(PAD, PAD // 2, self.width() - 2 * PAD, self._line)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, self._moment)
        painter.setFont(font("font_small"))
        for k in range(len(self._rows)):
            self._paint_row(painter, k)
        painter.end()

    def _paint_row(self, painter: QPainter, k: int) -> None:
        colour, name, value, quality = self._rows[k]
        metrics = painter.fontMetrics()
        left = PAD + k // self._per_column * self._column
        top = PAD // 2 + self._line * (k % self._per_column + 1)
        line = QRect(left, top, self._column - PAD, self._line)
        tail = f"{value}  {quality}"
        room = line.width() - metrics.horizontalAdvance(tail) - 10
        painter.setPen(theme().pen(colour))
        name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, name)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, tail)
