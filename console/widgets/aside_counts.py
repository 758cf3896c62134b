"""How many alarms are kept out of the list, always in sight; a click on a count shows its list."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import DASH, whole_text
from console.ui.icons import icon
from console.ui.theme import theme
from console.ui.translation import mark, tr

# The lists by the names of their tabs, line by line.
LINES = (("shelved", "suppressed"), ("out_of_service",))
_WORDS = {
    "shelved": mark("{n} shelved"),
    "out_of_service": mark("{n} out of service"),
    "suppressed": mark("{n} suppressed"),
}
_ICONS = {"shelved": "shelve", "out_of_service": "out-of-service", "suppressed": "filter-off"}
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

    def set_counts(self, shelved: int, out_of_service: int, suppressed: int) -> None:
        counts = {"shelved": shelved, "out_of_service": out_of_service, "suppressed": suppressed}
        if counts != self._counts:
            self._counts = counts
            self._follow()

    def set_short(self, is_short: bool) -> None:
        if is_short != self._is_short:
            self._is_short = is_short
            self._follow()

    def _shown(self, key: str) -> str:
        """What stands there; in the short form behind its icon."""
        return self.word(key) if not self._is_short else whole_text(self._counts[key]) if self._counts else DASH

    def _lead(self) -> int:
        return _ICON + 4 if self._is_short else 0

    def word(self, key: str) -> str:
        """`6 shelved`; a dash while nothing is known."""
        return tr(_WORDS[key], n=whole_text(self._counts[key]) if self._counts else DASH)

    def text(self) -> str:
        return "\n".join(_DOT.join(map(self.word, line)) for line in LINES)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font("font_small"))
        wide = max(self.place_of(line[-1]).right() for line in LINES)
        return QSize(int(wide) + 3, metrics.height() * len(LINES))

    minimumSizeHint = sizeHint

    def place_of(self, key: str) -> QRectF:
        """Where a count stands."""
        metrics = QFontMetrics(font("font_small"))
        for number, line in enumerate(LINES):
            x = 0.0
            for one in line:
                wide = metrics.horizontalAdvance(self._shown(one)) + self._lead()
                if one == key:
                    return QRectF(x, number * metrics.height(), wide, metrics.height())
                x += wide + metrics.horizontalAdvance(_DOT)
        return QRectF()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        small = font("font_small")
        for key in _WORDS:
            lined = font("font_small")
            lined.setUnderline(key == self._hover)
            painter.setFont(lined)
            painter.setPen(theme().color("text" if key == self._hover else "text.dim"))
            place = self.place_of(key)
            if self._is_short:
                box = QRect(int(place.x()), int(place.center().y()) - _ICON // 2, _ICON, _ICON)
                icon(_ICONS[key], "text.dim").paint(painter, box)
            text = place.adjusted(self._lead(), 0, 2, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft, self._shown(key))
            if key == LINES[0][0]:
                painter.setFont(small)
                painter.setPen(theme().color("text.dim"))
                painter.drawText(place.translated(place.width(), 0), Qt.AlignmentFlag.AlignLeft, _DOT)
        painter.end()

    def _at(self, point: QPointF) -> str:
        return next((key for key in _WORDS if self.place_of(key).contains(point)), "")

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
