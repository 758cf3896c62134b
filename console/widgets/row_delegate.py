"""Cells painted straight from the tokens: a fraction of a style sheet's cost, and hatches that it would paint over."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from console.ui.table_view import PlainDelegate
from console.ui.theme import theme

Painted = tuple[str, QFont | None, QColor | None, QBrush | None, int | None]  # text, font, colour, ground, alignment
_PAD = 11  # as in the header, so that cells stand under their heading
_LONGEST = 2000
_ROLE = Qt.ItemDataRole
_DEFAULT_ALIGN = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_WIDEST = 16  # no letter of the table font is wider: a text that fits even so needs no measuring
_REMEMBERED = 4000  # shortened texts kept
_ONE_LINE = int(Qt.TextFlag.TextSingleLine)


class RowDelegate(PlainDelegate):
    """Plain text on one line, elided; honours font, foreground, background and alignment of the model.

    A model that offers `painted(position, section)` is asked once a cell instead of once a role: every step from Qt
    into Python may have to wait for a busy telemetry thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._base = QFont()
        self._fonts: dict[QFont | None, tuple[QFont, QFontMetrics]] = {}
        self._elisions: dict[tuple[str, int, int], str] = {}

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        look = theme()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, look.color("selection"))
        text, font, color, background, align = _painted(index)
        if background is not None:
            painter.fillRect(rect, background)
        painter.setPen(look.color("line.soft"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if not text:
            return
        shown, metrics = self._resolved(font if isinstance(font, QFont) else None, option.font)
        painter.setFont(shown)
        painter.setPen(color if color is not None else look.color("text"))
        room = rect.adjusted(_PAD, 0, -_PAD, -1)
        if len(text) * _WIDEST > room.width():
            text = self._elided(text, id(shown), metrics, room.width())
        painter.drawText(room, (int(align) if align is not None else _DEFAULT_ALIGN) | _ONE_LINE, text)

    def _resolved(self, font: QFont | None, base: QFont) -> tuple[QFont, QFontMetrics]:
        """The model's font over that of the list, made once for the few that there are."""
        if base != self._base or not self._fonts:
            self._base = QFont(base)
            self._fonts.clear()
            self._elisions.clear()
        found = self._fonts.get(font)
        if found is None:
            shown = font.resolve(self._base) if font is not None else self._base
            found = self._fonts[font] = (shown, QFontMetrics(shown))
        return found

    def _elided(self, text: str, font: int, metrics: QFontMetrics, width: int) -> str:
        """Measured once: the same rows are painted many times a second."""
        key = (text, font, width)
        short = self._elisions.get(key)
        if short is None:
            if len(self._elisions) >= _REMEMBERED:
                self._elisions.clear()
            short = metrics.elidedText(text[:_LONGEST], Qt.TextElideMode.ElideRight, width)
            self._elisions[key] = short
        return short


def _painted(index: QModelIndex | QPersistentModelIndex) -> Painted:
    painted = getattr(index.model(), "painted", None)
    if painted is not None:
        answer: Painted = painted(index.row(), index.column())
        return answer
    text = index.data(_ROLE.DisplayRole)
    return (
        str(text) if text else "",
        index.data(_ROLE.FontRole),
        index.data(_ROLE.ForegroundRole),
        index.data(_ROLE.BackgroundRole),
        index.data(_ROLE.TextAlignmentRole),
    )
