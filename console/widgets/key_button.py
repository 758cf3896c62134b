"""A button that shows its key: on the button it belongs to, so that nobody has to learn a list."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QWidget

from console.ui.fonts import font
from console.ui.key_names import key_text
from console.ui.theme import theme

_GAP = 8
_PAD = 12
_HEIGHT = 34


class KeyButton(QPushButton):
    """Text and a small framed key. `bind(action)` follows an action's text, tip and enabled state and triggers it."""

    def __init__(self, text: str = "", key: str = "", *, primary: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._key = key
        self._action: QAction | None = None
        self._always_on = False
        self._own_text = bool(text)
        self.setProperty("primary", primary)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def key(self) -> str:
        return self._key

    def set_key(self, key: str) -> None:
        self._key = key
        self.updateGeometry()
        self.update()

    def bind(self, action: QAction, key: str, *, always_on: bool = False) -> None:
        """Show and trigger `action`. `always_on`: the button works although the key needs a list in focus."""
        self._action = action
        self._key = key
        self._always_on = always_on
        action.changed.connect(self._follow)
        self.clicked.connect(action.trigger)
        self._follow()

    def _follow(self) -> None:
        if self._action is None:
            return
        if not self._own_text:
            self.setText(self._action.text())
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled() or self._always_on)
        self.updateGeometry()

    def _key_width(self) -> int:
        if not self._key:
            return 0
        return QFontMetrics(font("font_small")).horizontalAdvance(key_text(self._key)) + 10

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().horizontalAdvance(self.text())
        key = self._key_width()
        return QSize(2 * _PAD + 3 + text + (key + _GAP if key else 0), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        primary = bool(self.property("primary")) and self.isEnabled()
        text = theme().color("accent.text" if primary else "text" if self.isEnabled() else "text.dim")
        painter.setPen(text)
        painter.setFont(self.font())
        key = self._key_width()
        room = self.rect().adjusted(_PAD, 0, -_PAD - (key + _GAP if key else 0), 0)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        align = Qt.AlignmentFlag.AlignLeft if key else Qt.AlignmentFlag.AlignHCenter
        painter.drawText(room, int(align | Qt.AlignmentFlag.AlignVCenter), shown)
        if key:
            self._paint_key(painter, key, primary)
        painter.end()

    def _paint_key(self, painter: QPainter, width: int, primary: bool) -> None:
        tone = theme().color("accent.text") if primary else theme().color("text.dim")
        box = QRectF(self.width() - _PAD - width, self.height() / 2 - 8.5, width, 17)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tone if primary else theme().color("line.strong"), 1))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(tone)
        painter.setFont(font("font_small"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), key_text(self._key))
