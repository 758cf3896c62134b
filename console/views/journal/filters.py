"""What of the journal is looked at: who, what, about what, at which station, from when to when, and free words."""

import re
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from console.models.journal_table import Window
from console.models.journal_words import EVENT_GROUPS, types_of
from console.services.station import JournalQuery
from console.ui.format import local
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us
from console.widgets.flow import FlowLayout
from console.widgets.time_field import TimeField

MINUTE_US = 60_000_000
_FIELDS = {"who": mark("Who"), "what": mark("What"), "entity": mark("Concerns"), "station": mark("Station")}
_ID_PART = re.compile(r"[0-9a-f-]{8,36}")
_WIDTHS = {"who": 105, "what": 105, "entity": 110, "station": 84}
_KIND_WIDTH, _TIME_WIDTH = 164, 122


class Filters(QWidget):
    """`words_changed(name, text)` for who, what and entity; `window_changed` for group, station and times."""

    words_changed = Signal(str, str)
    window_changed = Signal()

    def __init__(self, ids_of: Callable[[str], list[str]]) -> None:
        """`ids_of(words)`: ids of everything that is called so."""
        super().__init__()
        self._ids_of = ids_of
        row = FlowLayout(self, spacing=6)
        self.group = QComboBox()
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self.begin, self.end = TimeField(), TimeField(is_end=True)
        for name, field in self.fields.items():
            field.setFixedWidth(_WIDTHS[name])
            field.setMaxLength(200)
            field.setClearButtonEnabled(True)
        self.group.setFixedWidth(_KIND_WIDTH)
        self.group.view().setMinimumWidth(240)
        for field in (self.begin, self.end):
            field.setFixedWidth(_TIME_WIDTH)
        for part in (self.fields["who"], self.group, *list(self.fields.values())[1:], self.begin, self.end):
            row.addWidget(part)
        for name in ("who", "what", "entity"):
            self.fields[name].textChanged.connect(lambda text, key=name: self.words_changed.emit(key, text))
        self.fields["station"].textChanged.connect(lambda _text: self.window_changed.emit())
        self.group.currentIndexChanged.connect(lambda _at: self.window_changed.emit())
        self.begin.changed.connect(self.window_changed)
        self.end.changed.connect(self.window_changed)
        self.retell()

    @property
    def is_set(self) -> bool:
        return any(field.text() for field in self.fields.values()) or self.chosen() != Window()

    def chosen(self) -> Window:
        group = str(self.group.currentData() or "")
        return Window(group, self.fields["station"].text().strip().upper(), self.begin.at_us, self.end.at_us)

    def show_moment(self, at_us: int) -> None:
        """The minute around a moment of the site's time."""
        begin_us = at_us - at_us % MINUTE_US
        for field, moment in ((self.begin, local(begin_us)), (self.end, local(begin_us + MINUTE_US))):
            field.setText(f"{moment:%Y-%m-%d %H:%M}")

    def query(self, text: str, limit: int, before_rid: int = 0) -> JournalQuery:
        """The same as a question to the station, which knows types and ids instead of words and names."""
        window = self.chosen()
        what = self.fields["what"].text().strip()
        etype = " ".join(types_of(what, window.group)) or what.split()[0] if what else window.group
        return JournalQuery(
            text=text,
            etype=etype,
            user=self.fields["who"].text().strip(),
            entity=self._entity(),
            limit=limit,
            from_us=window.from_us,
            to_us=window.to_us,
            station=window.station,
            before_rid=before_rid,
        )

    def _entity(self) -> str:
        """What may be part of an id, or the one thing that is called so; else the rows alone are filtered."""
        typed = self.fields["entity"].text().strip().lower()
        if _ID_PART.fullmatch(typed):
            return typed
        found = self._ids_of(typed)
        return found[0] if len(found) == 1 else ""

    @property
    def is_exact(self) -> bool:
        """The question to the station means the same as the filters do."""
        return not self.fields["entity"].text().strip() or bool(self._entity())

    def retell(self) -> None:
        self.begin.set_now(now_us())
        self.end.set_now(now_us())
        for name, field in self.fields.items():
            field.setPlaceholderText(tr(_FIELDS[name]))
            field.setAccessibleName(tr(_FIELDS[name]))
        for field, word in ((self.begin, tr("From (time)")), (self.end, tr("To (time)"))):
            field.setPlaceholderText(word)
            field.setAccessibleName(word)
        at = max(0, self.group.currentIndex())
        self.group.blockSignals(True)
        self.group.clear()
        for group, word in EVENT_GROUPS:
            self.group.addItem(tr(word), group)
        self.group.setCurrentIndex(at)
        self.group.setAccessibleName(tr("Kind of entry"))
        self.group.blockSignals(False)
