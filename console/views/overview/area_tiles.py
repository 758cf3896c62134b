"""Areas as calm tiles: grey while all is well, the worst alarm's symbol when not, hatched when nothing is known."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from console.models.area_rollup import AreaSummary
from console.models.text_rank import one_line
from console.ui.fonts import font
from console.ui.format import state_word, whole_text
from console.ui.plain_label import plain_tip
from console.ui.priority_symbol import SymbolState, flash_clock, paint_symbol
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n

_WIDTH, _HEIGHT, _GAP, _EDGE = 196, 68, 8, 14
MOST_ROWS = 3
NO_AREA = mark("No area yet. Areas appear with the first node that publishes.")


class AreaTiles(QWidget):
    """Paints its tiles itself; a click tells which area (`chosen(AreaSummary)`)."""

    chosen = Signal(object)
    height_wanted = Signal(int)  # up to MOST_ROWS rows

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._areas: tuple[AreaSummary, ...] = ()
        self.empty_text = ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        flash_clock().beat.connect(self._beat)
        theme().changed.connect(self.update)

    @property
    def areas(self) -> tuple[AreaSummary, ...]:
        return self._areas

    def set_areas(self, areas: Sequence[AreaSummary]) -> None:
        if tuple(areas) == self._areas:
            return
        self._areas = tuple(areas)
        flash_clock().hold(self, any(area.unacknowledged for area in areas))
        self._fit()
        self.update()

    def set_empty_text(self, text: str) -> None:
        self.empty_text = text
        self.update()

    def release(self) -> None:
        """Let the flash clock rest; call before the widget goes."""
        flash_clock().hold(self, False)

    def _columns(self) -> int:
        return max(1, (self.width() - 2 * _EDGE + _GAP) // (_WIDTH + _GAP))

    def _fit(self) -> None:
        rows = -(-len(self._areas) // self._columns()) if self._areas else 1
        self.setMinimumHeight(rows * (_HEIGHT + _GAP) + _GAP)
        self.height_wanted.emit(min(rows, MOST_ROWS) * (_HEIGHT + _GAP) + _GAP)

    def sizeHint(self) -> QSize:
        return QSize(4 * (_WIDTH + _GAP), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def tile(self, number: int) -> QRectF:
        """Where a tile is."""
        columns = self._columns()
        wide = (self.width() - 2 * _EDGE - (columns - 1) * _GAP) / columns
        row, column = divmod(number, columns)
        return QRectF(_EDGE + column * (wide + _GAP), _GAP + row * (_HEIGHT + _GAP), wide, _HEIGHT)

    def _at(self, x: float, y: float) -> AreaSummary | None:
        return next((area for number, area in enumerate(self._areas) if self.tile(number).contains(x, y)), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, area in enumerate(self._areas):
            box = self.tile(number)
            if box.intersects(QRectF(event.rect())):
                _paint_tile(painter, box, area)
        if not self._areas:
            painter.setPen(theme().color("text.dim"))
            painter.setFont(font())
            painter.drawText(
                QRectF(self.rect()).adjusted(_EDGE, 0, -_EDGE, 0), int(Qt.AlignmentFlag.AlignVCenter), self.empty_text
            )
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        area = self._at(event.position().x(), event.position().y())
        if area is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(area)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            area = self._at(event.pos().x(), event.pos().y())
            if area is None:
                QToolTip.hideText()
            else:
                text = f"{area.area or tr('no area')} · {told(area)}"
                QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return super().event(event)

    def _beat(self) -> None:
        for number, area in enumerate(self._areas):
            if area.unacknowledged:
                self.update(self.tile(number).toAlignedRect())


def told(area: AreaSummary) -> str:
    """One line about an area; the first thing that is not well leads."""
    parts = []
    if area.look:
        parts.append(state_word(area.look))
    if area.down:
        parts.append(tr("{n} down", n=whole_text(area.down)))
    if area.alarms:
        parts.append(tr("{n} in alarm", n=whole_text(area.alarms)))
    if area.blind and area.look != "blind":
        parts.append(tr("{n} blind", n=whole_text(area.blind)))
    if area.stale and not area.look:
        parts.append(tr("{n} stale", n=whole_text(area.stale)))
    return " · ".join([*parts, tr_n("{n} asset", "{n} assets", area.assets)])


def _paint_tile(painter: QPainter, box: QRectF, area: AreaSummary) -> None:
    frame = box.adjusted(0.5, 0.5, -0.5, -0.5)
    radius = theme().measure("radius")
    dashed = Qt.PenStyle.DashLine if area.look else Qt.PenStyle.SolidLine
    painter.setPen(QPen(theme().color("stale" if area.look else "line.strong"), 1, dashed))
    painter.setBrush(Qt.BrushStyle.NoBrush if area.look else theme().color("surface.raised"))
    painter.drawRoundedRect(frame, radius, radius)
    if area.look == "blind":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(theme().color("line.strong"), Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(frame, radius, radius)
    if area.priority and not area.look:
        edge = QRectF(box.left(), box.top() + radius, 3, box.height() - 2 * radius)
        painter.fillRect(edge, theme().priority_color(area.priority, "edge"))
    right = box.right() - 14
    if area.priority:
        state = SymbolState.UNACKNOWLEDGED if area.unacknowledged else SymbolState.ACKNOWLEDGED
        paint_symbol(
            painter, QRectF(right - 24, box.top() + 12, 24, 24), area.priority, state, lit=flash_clock().lit(state)
        )
        right -= 32
    left = box.left() + 14
    bold = bool(area.priority) and not area.look
    painter.setFont(font(bold=bold, italic=bool(area.look)))
    painter.setPen(theme().color("text.dim" if area.look else "text"))
    name = painter.fontMetrics().elidedText(
        one_line(area.area) or tr("no area"), Qt.TextElideMode.ElideRight, int(right - left)
    )
    middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    painter.drawText(QRectF(left, box.top() + 12, right - left, 24), middle, name)
    painter.setFont(font("font_small", bold=bool(area.look), italic=bool(area.look)))
    painter.setPen(theme().color("text.dim"))
    wide = box.width() - 28
    words = painter.fontMetrics().elidedText(told(area), Qt.TextElideMode.ElideRight, int(wide))
    painter.drawText(QRectF(left, box.top() + 42, wide, 20), middle, words)
