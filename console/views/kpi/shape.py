"""The verdict's shape in the table of figures: told apart without colour, and none of the alarm symbols."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionViewItem

from console.domain.alarm_targets import Verdict
from console.models.sorted_table import SYMBOL_ROLE
from console.ui.theme import theme
from console.widgets.row_delegate import RowDelegate

# Lines on a square from -1 to 1: a tick, an arrow up, two of them, a dash, a dot (a short line).
_LINES: dict[Verdict, tuple[tuple[tuple[float, float], ...], ...]] = {
    Verdict.GOOD: (((-0.8, 0.1), (-0.2, 0.7), (0.9, -0.6)),),
    Verdict.OVER_TARGET: (((-0.7, 0.0), (0.0, -0.7), (0.7, 0.0)), ((0.0, -0.7), (0.0, 0.8))),
    Verdict.OVER_LIMIT: (
        ((-0.8, -0.2), (0.0, -0.9), (0.8, -0.2)),
        ((-0.8, 0.4), (0.0, -0.3), (0.8, 0.4)),
        ((0.0, -0.9), (0.0, 0.9)),
    ),
    Verdict.NO_DATA: (((-0.8, 0.0), (-0.3, 0.0)), ((0.3, 0.0), (0.8, 0.0))),
    Verdict.NO_TARGET: (((0.0, 0.0), (0.05, 0.0)),),
}
_TONE = {Verdict.GOOD: "normal", Verdict.NO_DATA: "text.dim", Verdict.NO_TARGET: "text.dim"}
_HALF = 7.0


class ShapeDelegate(RowDelegate):
    """Paints what the model gives as its symbol in the first column."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        verdict = index.data(SYMBOL_ROLE) if index.column() == 0 else None
        if verdict is None:
            return
        middle = QRectF(option.rect).center()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = 2.6 if verdict is Verdict.OVER_LIMIT else 1.8
        painter.setPen(
            QPen(theme().color(_TONE.get(verdict, "text")), wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        )
        for line in _LINES[verdict]:
            painter.drawPolyline(QPolygonF([middle + QPointF(x * _HALF, y * _HALF) for x, y in line]))
        painter.restore()
