"""The counts of one priority: its symbol, how many are unacknowledged, how many active; one click lists them."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import DASH, whole_text
from console.ui.priority_symbol import SymbolState, flash_clock, paint_symbol
from console.ui.theme import theme
from console.ui.translation import mark, tr

LETTERS = {1: mark("critical"), 2: mark("high"), 3: mark("medium"), 4: mark("low")}


class PriorityCount(QWidget):
    """Paints itself: no layout work when a count changes. Nothing unacknowledged is drawn as an outline, no flash."""

    clicked = Signal(int)

    def __init__(self, priority: int, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.priority = priority
        self.unacknowledged = 0
        self.active = 0
        self.is_known = False  # until the first counts have come
        self.is_old = False  # nothing is received: what is counted here was true once
        self._compact = compact
        self._hover = False
        self._words = True
        self._active_shown = True
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        flash_clock().beat.connect(self._beat)
        theme().changed.connect(self._follow_theme)
        self._follow_theme()

    def set_counts(self, unacknowledged: int, active: int) -> None:
        if self.is_known and (unacknowledged, active) == (self.unacknowledged, self.active):
            return
        wide = self.sizeHint().width()
        self.is_known, self.unacknowledged, self.active = True, unacknowledged, active
        flash_clock().hold(self, unacknowledged > 0)
        if self.sizeHint().width() != wide:
            self.updateGeometry()
        self._follow_theme()

    def set_old(self, is_old: bool) -> None:
        """Whether the counts are only the last that were heard: dim, in a dashed frame of the alarm colour."""
        if is_old != self.is_old:
            self.is_old = is_old
            self._follow_theme()

    def set_words(self, words: bool, active: bool) -> None:
        """Without the words `1 / 5` stands for one unacknowledged and five active; without both only the first."""
        if (words, active) != (self._words, self._active_shown):
            self._words, self._active_shown = words, active
            self.updateGeometry()
            self.update()

    def release(self) -> None:
        """Let the flash clock rest; call before the widget goes."""
        flash_clock().hold(self, False)

    def shown(self, count: int) -> str:
        """The count, or a dash while nothing is known."""
        return whole_text(count) if self.is_known else DASH

    def _lines(self) -> tuple[str, str]:
        return tr("unack"), tr("{n} active", n=self.shown(self.active))

    def sizeHint(self) -> QSize:
        count = QFontMetrics(font("font_count", bold=True)).horizontalAdvance(self.shown(self.unacknowledged))
        if self._compact:
            return QSize(12 + 18 + 6 + count + 8, 26)
        small = QFontMetrics(font("font_small"))
        words = list(self._lines()) if self._words else [self._slim_text()]
        gap = 10 if self._words else 4 if self._active_shown else 0
        return QSize(12 + 20 + 10 + count + gap + max(map(small.horizontalAdvance, words)) + 12, 40)

    def _slim_text(self) -> str:
        return f"/ {self.shown(self.active)}" if self._active_shown else ""

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._compact:
            painter.setBrush(theme().color("surface.raised"))
        if not self._compact or self.is_old:
            painter.setPen(self._frame_pen())
            radius = theme().measure("radius")
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        state = SymbolState.UNACKNOWLEDGED if self.unacknowledged else SymbolState.ACKNOWLEDGED
        side = 18 if self._compact else 20
        box = QRectF(12, (self.height() - side) / 2, side, side)
        if self.is_old or (not self.unacknowledged and not self.active):
            painter.setOpacity(0.55)
        paint_symbol(painter, box, self.priority, state, lit=flash_clock().lit(state))
        painter.setOpacity(1)
        painter.setPen(theme().color("text" if self.unacknowledged and not self.is_old else "text.dim"))
        painter.setFont(font("font_count", bold=bool(self.unacknowledged)))
        left = 12 + side + (6 if self._compact else 10)
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        shown = self.shown(self.unacknowledged)
        painter.drawText(QRectF(left, 0, self.width(), self.height()), middle, shown)
        if not self._compact:
            x = left + painter.fontMetrics().horizontalAdvance(shown) + 10
            painter.setFont(font("font_small"))
            painter.setPen(theme().color("text.dim"))
            if not self._words:
                painter.drawText(QRectF(x - 6, 3, self.width() - x + 6, self.height()), middle, self._slim_text())
                painter.end()
                return
            first, second = self._lines()
            painter.drawText(QRectF(x, 4, self.width() - x, 16), middle, first)
            painter.drawText(QRectF(x, 20, self.width() - x, 16), middle, second)
        painter.end()

    def _frame_pen(self) -> QPen:
        if self.is_old:
            return QPen(theme().priority_color(1, "edge"), 1, Qt.PenStyle.DashLine)
        return QPen(theme().color("accent" if self._hover else "line.strong"), 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit(self.priority)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hover = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = False
        self.update()

    def _beat(self) -> None:
        if self.unacknowledged and self.isVisible():
            self.update()

    def _follow_theme(self) -> None:
        name = tr(LETTERS[self.priority])
        words = tr(
            "Priority {name}: {n} unacknowledged, {m} active",
            name=name,
            n=self.shown(self.unacknowledged),
            m=self.shown(self.active),
        )
        self.setAccessibleName(f"{words} · {tr('last known')}" if self.is_old else words)
        self.setToolTip(self.accessibleName())
        self.update()
