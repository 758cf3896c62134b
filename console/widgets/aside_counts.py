"""How many alarms are kept out of the list, always in sight, and how many nobody acknowledged in their time; a click on
a count shows its list."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import DASH, whole_text
from console.ui.icons import icon
from console.ui.theme import theme
from console.ui.translation import mark, tr

# The lists by the names of their tabs, line by line. What is escalated stands there only while there is something.
ESCALATED = "escalated"
LINES = (("shelved", "suppressed"), ("out_of_service", ESCALATED))
_WORDS = {
    "shelved": mark("{n} shelved"),
    "out_of_service": mark("{n} out of service"),
    "suppressed": mark("{n} suppressed"),
    ESCALATED: mark("{n} escalated"),
}
_ICONS = {"shelved": "shelve", "out_of_service": "out-of-service", "suppressed": "filter-off", ESCALATED: "warning"}
_DOT = " · "
_ICON = 14


class AsideCounts(QWidget):
    """Paints itself: no layout work when a count changes within its width. In its short form icons stand for words."""

    chosen = Signal(str)  # a key of _WORDS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: dict[str, int] = {}
        self._hover = ""
        self._is_short = False
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._follow)

    def set_counts(self, shelved: int, out_of_service: int, suppressed: int, escalated: int = 0) -> None:
        counts = {"shelved": shelved, "out_of_service": out_of_service, "suppressed": suppressed, ESCALATED: escalated}
        if counts != self._counts:
            self._counts = counts
            self._follow()

    def set_short(self, is_short: bool) -> None:
        if is_short != self._is_short:
            self._is_short = is_short
            self._follow()

    def _lines(self) -> tuple[tuple[str, ...], ...]:
        is_late = bool(self._counts.get(ESCALATED))
        return tuple(tuple(key for key in line if key != ESCALATED or is_late) for line in LINES)

    def _shown(self, key: str) -> str:
        """What stands there; in the short form behind its icon."""
        return self.word(key) if not self._is_short else whole_text(self._counts[key]) if self._counts else DASH

    def _lead(self) -> int:
        return _ICON + 4 if self._is_short else 0

    def word(self, key: str) -> str:
        """`6 shelved`; a dash while nothing is known."""
        return tr(_WORDS[key], n=whole_text(self._counts[key]) if self._counts else DASH)

    def text(self) -> str:
        return "\n".join(_DOT.join(map(self.word, line)) for line in self._lines())

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font("font_small"))
        wide = max(self.place_of(line[-1]).right() for line in self._lines())
        return QSize(int(wide) + 3, metrics.height() * len(LINES))

    minimumSizeHint = sizeHint

    def place_of(self, key: str) -> QRectF:
        """Where a count stands."""
        metrics = QFontMetrics(font("font_small"))
        for number, line in enumerate(self._lines()):
            x = 0.0
            for one in line:
                wide = QFontMetrics(_font(one)).horizontalAdvance(self._shown(one)) + self._lead()
                if one == key:
                    return QRectF(x, number * metrics.height(), wide, metrics.height())
                x += wide + metrics.horizontalAdvance(_DOT)
        return QRectF()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for line in self._lines():
            for key in line:
                self._paint_count(painter, key, is_last=key == line[-1])
        painter.end()

    def _paint_count(self, painter: QPainter, key: str, *, is_last: bool) -> None:
        place, is_late = self.place_of(key), key == ESCALATED
        painter.setFont(_font(key, is_lined=key == self._hover))
        painter.setPen(theme().color("text" if is_late or key == self._hover else "text.dim"))
        if self._is_short:
            box = QRect(int(place.x()), int(place.center().y()) - _ICON // 2, _ICON, _ICON)
            icon(_ICONS[key], "text.dim").paint(painter, box)
        painter.drawText(place.adjusted(self._lead(), 0, 2, 0), Qt.AlignmentFlag.AlignLeft, self._shown(key))
        if not is_last:
            painter.setFont(font("font_small"))
            painter.setPen(theme().color("text.dim"))
            painter.drawText(place.translated(place.width(), 0), Qt.AlignmentFlag.AlignLeft, _DOT)

    def _at(self, point: QPointF) -> str:
        return next((key for line in self._lines() for key in line if self.place_of(key).contains(point)), "")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._at(event.position())
        if over != self._hover:
            self._hover = over
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = ""
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        key = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and key:
            self.chosen.emit(key)

    def _follow(self) -> None:
        self.setToolTip(self.text() if self._is_short else "")
        self.setAccessibleName(self.text().replace("\n", _DOT))
        self.updateGeometry()
        self.update()


def _font(key: str, *, is_lined: bool = False) -> QFont:
    """What nobody answered in time is decisive; what is kept aside is not."""
    made = font("font_small", bold=key == ESCALATED)
    made.setUnderline(is_lined)
    return made
