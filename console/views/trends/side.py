"""The side of a trend: one of several lists beside the plots, with its heading, or nothing."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from console.ui.plain_label import PlainLabel
from console.ui.translation import tr

WIDTH = 300


class TrendSide(QWidget):
    """`show_page(name)` opens a page, the same again closes it. `changed`: another page or none."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: dict[str, tuple[QWidget, Callable[[], str]]] = {}
        self._heading = PlainLabel(elide=True)
        self._heading.setProperty("role", "heading")
        self._close = QPushButton("✕")
        self._close.setProperty("flat", True)
        self._close.setAutoDefault(False)
        self._close.clicked.connect(lambda: self.show_page(""))
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 6, 4)
        head.addWidget(self._heading, 1)
        head.addWidget(self._close)
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.setFixedWidth(WIDTH)
        self.name = ""
        self.hide()

    def add_page(self, name: str, widget: QWidget, title: Callable[[], str]) -> None:
        """`title` is asked whenever it is shown."""
        self._pages[name] = (widget, title)
        self._stack.addWidget(widget)

    def show_page(self, name: str) -> None:
        self.name = "" if name == self.name else name
        if self.name in self._pages:
            self._stack.setCurrentWidget(self._pages[self.name][0])
        self.retell()
        self.setVisible(bool(self.name))
        self.changed.emit()

    def retell(self) -> None:
        self._close.setToolTip(tr("Close"))
        self._close.setAccessibleName(tr("Close"))
        if self.name in self._pages:
            self._heading.setText(self._pages[self.name][1]())
