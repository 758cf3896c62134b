"""The value under the pointer: a thin line across its plot, and the value itself on the axes."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from console.ui.fonts import font
from console.ui.format import number_text
from console.ui.theme import theme
from console.widgets.trend_axes import AXIS_WIDTH, Scale

_TAG = 18


class Crosshair(QGraphicsItem):
    """Lies over one plot and its axes; hidden while the pointer is elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QRectF(0, 0, 1, 1)
        self._y = 0.0
        self._scales: tuple[Scale, ...] = ()
        self.setZValue(2)
        self.hide()

    def boundingRect(self) -> QRectF:
        """From the axes to the right end of the plot, one tag high."""
        y = self._box.top() + self._y
        return QRectF(0, y - _TAG / 2 - 1, self._box.right() + 1, _TAG + 2)

    def show_at(self, box: QRectF | None, y: float, scales: Sequence[Scale]) -> None:
        """`y` from the top of the plot `box`; None hides it."""
        self.setVisible(box is not None and bool(scales))
        if box is not None:
            self.prepareGeometryChange()
            self._box, self._y, self._scales = QRectF(box), y, tuple(scales)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        y = self._box.top() + self._y
        painter.setPen(QPen(theme().color("accent"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(self._box.left(), round(y) + 0.5), QPointF(self._box.right(), round(y) + 0.5))
        painter.setFont(font("font_small"))
        for place, scale in enumerate(self._scales):
            words = number_text(scale.value(self._y, self._box.height()))
            right = self._box.left() - 4 - place * AXIS_WIDTH
            tag = QRectF(right - AXIS_WIDTH + 2, y - _TAG / 2, AXIS_WIDTH - 4, _TAG)
            painter.fillRect(tag, theme().color("accent"))
            painter.setPen(theme().color("accent.text"))
            painter.drawText(
                tag.adjusted(2, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words
            )
