"""The priority matrix as people read it: severity down, time to respond across, the chosen cell framed."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.domain.alarms import Priority
from console.domain.master_fields import Severity
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix
from console.ui.fonts import font
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme
from console.ui.translation import mark, tr

_WORDS = {Severity.SEVERE: mark("severe"), Severity.MAJOR: mark("major"), Severity.MINOR: mark("minor")}
_HEAD, _ROW, _LEFT, _COLUMN = 22, 30, 66, 66
_SIGN = 20


class MatrixTable(QWidget):
    """`show_choice(severity, seconds)` frames the cell; empty texts frame none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix: PriorityMatrix = DEFAULT_MATRIX
        self._severity, self._seconds = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def set_matrix(self, matrix: PriorityMatrix) -> None:
        self.matrix = matrix
        self.updateGeometry()
        self.update()

    def show_choice(self, severity: str, seconds: str) -> None:
        self._severity, self._seconds = severity, seconds
        self.setAccessibleName(tr("Priority by severity and time to respond"))
        self.update()

    @property
    def cell(self) -> tuple[str, int] | None:
        """(severity, column) of the framed cell, None for none."""
        if self.matrix.priority(self._severity, self._seconds) is None:
            return None
        return self._severity, self.matrix.column(int(self._seconds))

    def sizeHint(self) -> QSize:
        return QSize(_LEFT + (len(self.matrix.bounds_s) + 1) * _COLUMN + 2, _HEAD + len(_WORDS) * _ROW + 2)

    minimumSizeHint = sizeHint

    def headings(self) -> list[str]:
        """`≤ 3 min`, and `> 30 min` for the last one."""
        bounds = [_time(bound) for bound in self.matrix.bounds_s]
        return [f"≤ {bound}" for bound in bounds] + [f"> {bounds[-1]}"]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text.dim"))
        centre, left = (
            int(Qt.AlignmentFlag.AlignCenter),
            int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
        )
        for column, words in enumerate(self.headings()):
            painter.drawText(QRectF(_LEFT + column * _COLUMN, 0, _COLUMN, _HEAD), centre, words)
        for row, (severity, word) in enumerate(_WORDS.items()):
            painter.setPen(theme().color("text.dim"))
            painter.drawText(QRectF(0, _HEAD + row * _ROW, _LEFT, _ROW), left, tr(word))
            for column, priority in enumerate(self.matrix.rows[severity]):
                box = QRectF(_LEFT + column * _COLUMN, _HEAD + row * _ROW, _COLUMN, _ROW)
                self._paint_cell(painter, box, int(priority), is_chosen=self.cell == (severity, column))
        painter.end()

    def _paint_cell(self, painter: QPainter, box: QRectF, priority: int, *, is_chosen: bool) -> None:
        tone = theme().color("accent" if is_chosen else "line.soft")
        painter.setPen(QPen(tone, 2 if is_chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(1, 1, -1, -1))
        if priority == Priority.JOURNAL:
            painter.setPen(theme().color("text.dim"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), tr("journal"))
            return
        sign = QRectF(0, 0, _SIGN, _SIGN)
        sign.moveCenter(box.center())
        paint_symbol(painter, sign, priority, SymbolState.ACKNOWLEDGED)


def _time(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
