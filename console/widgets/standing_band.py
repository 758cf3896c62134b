"""A band across the window that stays as long as something holds: what it is, and the deeds that end it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from console.ui.icons import icon_pixmap
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.widgets.key_button import KeyButton


@dataclass(frozen=True, slots=True)
class BandButton:
    """`key` is the hint shown on it; texts already translated."""

    text: str
    act: Callable[[], object]
    key: str = ""
    is_primary: bool = False


class StandingBand(QFrame):
    """Hidden until `show_band`; told again with the same words it keeps its buttons and the focus on them."""

    def __init__(self, icon_id: str) -> None:
        super().__init__()
        self.setObjectName("band")
        self._icon_id = icon_id
        self._words: tuple[object, ...] = ()
        self.buttons: list[KeyButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 14, 7)
        row.setSpacing(10)
        self._sign = QLabel()
        self._sign.setFixedSize(QSize(22, 22))
        self.heading, self.text, self.code = PlainLabel(), PlainLabel(), PlainLabel()
        self.heading.setProperty("role", "strong")
        self.text.setWordWrap(True)
        self.code.setObjectName("bandCode")
        for label in (self.text, self.code):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.heading)
        words.addWidget(self.text)
        self._place = QHBoxLayout()
        self._place.setSpacing(8)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.code)
        row.addLayout(self._place)
        theme().changed.connect(self._tint)
        self._tint()
        self.hide()

    def show_band(self, heading: str, text: str = "", buttons: Sequence[BandButton] = (), code: str = "") -> None:
        """Texts are plain and translated; an empty heading hides the band."""
        words = (heading, text, code, tuple((one.text, one.key, one.is_primary) for one in buttons))
        if heading and words != self._words:
            self._tell(heading, text, buttons, code)
        self._words = words if heading else ()
        self.setVisible(bool(heading))

    def _tell(self, heading: str, text: str, buttons: Sequence[BandButton], code: str) -> None:
        self.heading.setText(heading)
        for label, words in ((self.text, text), (self.code, code)):
            label.setText(words)
            label.setVisible(bool(words))
        self.code.setAccessibleName(" ".join(code))
        self.setAccessibleName(f"{heading} {text}")
        for old in self.buttons:
            old.hide()
            old.deleteLater()
        self.buttons = []
        for one in buttons:
            button = KeyButton(one.text, one.key, primary=one.is_primary)
            button.clicked.connect(lambda _checked=False, act=one.act: act())
            self._place.addWidget(button)
            self.buttons.append(button)

    def _tint(self) -> None:
        self._sign.setPixmap(icon_pixmap(self._icon_id, "text", scale=self.devicePixelRatioF()))
