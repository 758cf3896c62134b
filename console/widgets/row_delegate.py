"""Cells painted straight from the tokens: a fraction of a style sheet's cost, and hatches that it would paint over."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from console.ui.table_view import PlainDelegate
from console.ui.theme import theme

_PAD = 11  # as in the header, so that cells stand under their heading
_LONGEST = 2000
_ROLE = Qt.ItemDataRole
_DEFAULT_ALIGN = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_ONE_LINE = int(Qt.TextFlag.TextSingleLine)


class RowDelegate(PlainDelegate):
    """Plain text on one line, elided; honours font, foreground, background and alignment of the model."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme().color("selection"))
        background = index.data(_ROLE.BackgroundRole)
        if background is not None:
            painter.fillRect(rect, background)
        painter.setPen(theme().color("line.soft"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        text = index.data(_ROLE.DisplayRole)
        if not text:
            return
        font = index.data(_ROLE.FontRole)
        shown = font.resolve(option.font) if isinstance(font, QFont) else option.font
        align = index.data(_ROLE.TextAlignmentRole)
        color = index.data(_ROLE.ForegroundRole)
        painter.setFont(shown)
        painter.setPen(color if color is not None else theme().color("text"))
        room = rect.adjusted(_PAD, 0, -_PAD, -1)
        elided = QFontMetrics(shown).elidedText(str(text)[:_LONGEST], Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, (int(align) if align is not None else _DEFAULT_ALIGN) | _ONE_LINE, elided)
