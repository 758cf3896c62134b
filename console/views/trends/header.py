"""The line above the trend: live or paused, cursors, the shown time, and the field that adds a pen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from console.models.tag_cache import TagCache
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr
from console.views.trends.tag_field import TagField


class TrendHeader(QWidget):
    """`more` is a menu that any part of the view adds to; it says `more_opens` before it is shown. `add_widget` puts a
    button or tabs of such a part beside the heading."""

    live_pressed = Signal()
    cursors_pressed = Signal(bool)
    more_opens = Signal()

    def __init__(self, title: str, cache: TagCache) -> None:
        """`title` is marked English."""
        super().__init__()
        self._title = title
        self._heading = PlainLabel()
        self._heading.setProperty("role", "heading")
        self.live = QPushButton()
        self.live.setCheckable(True)
        self.live.clicked.connect(lambda _on: self.live_pressed.emit())
        self.cursors = QPushButton()
        self.cursors.setCheckable(True)
        self.cursors.clicked.connect(self.cursors_pressed)
        self.span = PlainLabel(elide=True)
        self.span.setProperty("role", "dim")
        self.field = TagField(cache)
        self.more = QMenu(self)
        self.keys = QAction(self)
        self._more = QPushButton()
        self._more.setMenu(self.more)
        self.more.aboutToShow.connect(self.more_opens)
        self._places = QHBoxLayout()
        self._places.setSpacing(8)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(8)
        row.addWidget(self._heading)
        row.addLayout(self._places)
        for button in (self.live, self.cursors, self._more):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self.span, 2)
        row.addWidget(self.field, 1)

    def add_keys(self) -> None:
        """The last entry of the menu, when all others are there."""
        self.more.addSeparator()
        self.more.addAction(self.keys)

    def add_widget(self, widget: QWidget) -> None:
        """Beside the heading, in the order of adding."""
        self._places.addWidget(widget)

    def tell(self, is_live: bool, span: str, has_cursors: bool) -> None:
        """Show what is chosen; `span` in words."""
        self.live.setChecked(is_live)
        self.live.setText(tr("● Live") if is_live else tr("Paused"))
        self.cursors.setChecked(has_cursors)
        self.span.setText(span)

    def retell(self) -> None:
        self._heading.setText(tr(self._title))
        self._more.setText(tr("More"))
        self.keys.setText(tr("Keys and mouse..."))
        self.field.retell()
        self.live.setToolTip(tr("Follow the newest values, or stop to look back (End)"))
        self.cursors.setText(tr("Cursors"))
        self.cursors.setToolTip(
            tr("Two cursors with what lies between them (A, B, or click with Ctrl; Backspace removes them)")
        )
