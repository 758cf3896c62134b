"""Whether the console itself can be believed: links, freshness of tags, collector, who is signed on, site clock."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from console.ui.plain_label import PlainLabel, plain_tip
from console.widgets.lamp import Lamp, LampState


@dataclass(frozen=True, slots=True)
class StripItem:
    """One place of the strip: all texts translated. `strong` is the decisive word, `tip` the detail on hover."""

    key: str
    label: str
    strong: str
    rest: str = ""
    lamp: LampState | None = None
    tip: str = ""
    is_left: bool = True


class StripField(QWidget):
    """Lamp, dim label, strong word, dim rest. `may_elide` lets it give way when the window is narrow."""

    clicked = Signal(str)

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        self.lamp = Lamp()
        self.label = PlainLabel()
        self.label.setProperty("role", "small")
        self.strong = PlainLabel()
        self.strong.setProperty("role", "strong")
        self.rest = PlainLabel(elide=True)
        self.rest.setProperty("role", "small")
        for part in (self.lamp, self.label, self.strong, self.rest):
            row.addWidget(part)

    def show_item(self, item: StripItem) -> None:
        self.lamp.setVisible(item.lamp is not None)
        if item.lamp is not None:
            self.lamp.set_state(item.lamp)
        for part, text in ((self.label, item.label), (self.strong, item.strong), (self.rest, item.rest)):
            if part.text() != text:
                part.setText(text)
            part.setVisible(bool(text))
        self.setToolTip(plain_tip(item.tip))
        self.setAccessibleName(" ".join(word for word in (item.label, item.strong, item.rest) if word))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.key)


class StatusStrip(QFrame):
    """Items by key in the order they are told; the right side holds who and when."""

    clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setFixedHeight(28)
        self._fields: dict[str, StripField] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(18)
        self._left = QHBoxLayout()
        self._left.setSpacing(18)
        self._right = QHBoxLayout()
        self._right.setSpacing(18)
        row.addLayout(self._left)
        row.addStretch(1)
        row.addLayout(self._right)

    def show_items(self, items: tuple[StripItem, ...]) -> None:
        """Show exactly these items; what is missing from them disappears."""
        wanted = {item.key for item in items}
        for key in [key for key in self._fields if key not in wanted]:
            gone = self._fields.pop(key)
            gone.hide()
            gone.deleteLater()
        places = {True: 0, False: 0}
        for item in items:
            field = self._fields.get(item.key)
            if field is None:
                field = StripField(item.key)
                field.clicked.connect(self.clicked)
                self._fields[item.key] = field
            side = self._left if item.is_left else self._right
            if side.indexOf(field) != places[item.is_left]:
                side.insertWidget(places[item.is_left], field)
            places[item.is_left] += 1
            field.show_item(item)

    def field(self, key: str) -> StripField | None:
        return self._fields.get(key)
