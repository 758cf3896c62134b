"""Shares as horizontal bars with their numbers, and a mark where each should end."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme

_ROW, _SYMBOL, _NUMBER = 22, 20, 54


@dataclass(frozen=True, slots=True)
class Share:
    """`share` in percent, None: no data. `goal` in percent is marked; `priority` 1..4 puts its symbol before."""

    label: str
    share: float | None
    text: str
    goal: float | None = None
    priority: int = 0


class ShareBars(QWidget):
    """A heading and a bar a row; the longest bar fills the room unless `whole` (then 100 %)."""

    def __init__(self, parent: QWidget | None = None, *, whole: bool = False) -> None:
        super().__init__(parent)
        self._whole = whole
        self._heading = ""
        self.rows: tuple[Share, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 10 + _ROW * (1 + max(4, len(self.rows))))

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 10 + _ROW * 5)

    def show_shares(self, heading: str, rows: Sequence[Share]) -> None:
        """All texts are translated already and drawn as they are."""
        self._heading, self.rows = heading, tuple(rows)
        self.setAccessibleName(heading)
        self.setAccessibleDescription("; ".join(f"{row.label}: {row.text}" for row in rows))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(10, 4, self.width() - 20, _ROW), int(Qt.AlignmentFlag.AlignVCenter), self._heading)
        painter.setFont(font("font_small"))
        shares = [row.share or 0.0 for row in self.rows] + [row.goal or 0.0 for row in self.rows]
        top = 100.0 if self._whole else max(max(shares, default=0.0), 1e-9)
        fits = max(0, (self.height() - 8) // _ROW - 1)
        for at, row in enumerate(self.rows[:fits]):
            self._paint_row(painter, 4 + _ROW * (at + 1), row, top)
        painter.end()

    def _paint_row(self, painter: QPainter, y: int, row: Share, top: float) -> None:
        left = 10
        if row.priority:
            box = QRectF(left, y + 3, 16, 16)
            paint_symbol(painter, box, row.priority, SymbolState.ACKNOWLEDGED)
            left += _SYMBOL
        label = min(max(int(self.width() * 0.44), 60), 300)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        shown = painter.fontMetrics().elidedText(row.label, Qt.TextElideMode.ElideMiddle, label - 6)
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(left, y, label, _ROW), middle, shown)
        painter.setPen(theme().color("text" if row.share is not None else "text.dim"))
        number = QRectF(self.width() - _NUMBER - 10, y, _NUMBER, _ROW)
        painter.drawText(number, middle | int(Qt.AlignmentFlag.AlignRight), row.text)
        room = QRectF(left + label, y + 5, max(number.left() - left - label - 4, 1), _ROW - 10)
        painter.fillRect(room, theme().color("surface.base"))
        if row.share is None:
            painter.setPen(QPen(theme().color("stale"), 1, Qt.PenStyle.DashLine))
            painter.drawRect(room)
        else:
            full = QRectF(room.left(), room.top(), room.width() * min(row.share / top, 1.0), room.height())
            painter.fillRect(full, theme().color("normal"))
        if row.goal is not None:
            x = room.left() + room.width() * min(row.goal / top, 1.0)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawLine(QPointF(x, room.top() - 3), QPointF(x, room.bottom() + 3))
