"""The line above the trend: live or paused, the length of the window, and the field that adds a pen."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from console.models.tag_cache import TagCache
from console.ui.format import US
from console.ui.plain_label import PlainLabel
from console.ui.translation import mark, tr
from console.views.trends.tag_field import TagField

MINUTE = 60 * US
PRESETS = (
    (5 * MINUTE, mark("5 min")),
    (15 * MINUTE, mark("15 min")),
    (60 * MINUTE, mark("1 h")),
    (120 * MINUTE, mark("2 h")),
    (480 * MINUTE, mark("8 h")),
    (1440 * MINUTE, mark("24 h")),
)


class TrendHeader(QWidget):
    """`live_pressed`, and `span_chosen(us)` for a preset. `more` is a menu that any part of the view adds to; it says
    `more_opens` before it is shown. `add_widget` puts a button or tabs of such a part beside the heading."""

    live_pressed = Signal()
    span_chosen = Signal(object)
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
        self.spans = {span: QPushButton() for span, _text in PRESETS}
        self.field = TagField(cache)
        self.more = QMenu(self)
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
        for widget in (self.live, *self.spans.values(), self._more):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.field)
        for span, button in self.spans.items():
            button.clicked.connect(lambda _on=False, us=span: self.span_chosen.emit(us))

    def add_widget(self, widget: QWidget) -> None:
        """Beside the heading, in the order of adding."""
        self._places.addWidget(widget)

    def tell(self, is_live: bool, span_us: int) -> None:
        """Show what is chosen."""
        self.live.setChecked(is_live)
        self.live.setText(tr("● Live") if is_live else tr("Paused"))
        for span, button in self.spans.items():
            button.setProperty("flat", span != span_us)
            button.style().polish(button)

    def retell(self) -> None:
        self._heading.setText(tr(self._title))
        self._more.setText(tr("More"))
        self.live.setToolTip(tr("Follow the newest values, or stop to look back (End)"))
        for span, text in PRESETS:
            self.spans[span].setText(tr(text))
        self.field.retell()
