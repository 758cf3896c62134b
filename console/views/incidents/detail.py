"""One incident: what it is, what hangs on it, what was said, and what can be done next."""

from collections.abc import Callable, Mapping
from uuid import UUID

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.domain.alarms import Occurrence
from console.models.incident_table import assigned_text, incident_state_word
from console.services.records import IncidentRecord
from console.ui.dialogs import Field
from console.ui.format import clock_text, time_tip
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import mark, tr
from console.ui.view import Selection
from console.views.incidents.moves import MOVES, Move, why_not
from console.widgets.incident_form import IMPACT_WORDS, URGENCY_WORDS, PrioritySign

_SHOWN_NOTES = 200
EDITABLE = ("title", "description", "impact", "urgency")
FIELD_WORDS: Mapping[str, str] = {
    "title": mark("Title"),
    "description": mark("Description"),
    "impact": mark("Impact"),
    "urgency": mark("Urgency"),
    "state": mark("State"),
    "agent": mark("Assigned to"),
    "pending_reason": mark("Reason for waiting"),
}


GRADES: Mapping[str, Mapping[int, str]] = {"impact": IMPACT_WORDS, "urgency": URGENCY_WORDS}


def field_of(name: str, now: str) -> Field:
    """The input that changes a field of an incident, starting with its value of now."""
    choices = tuple((str(grade), tr(word)) for grade, word in GRADES.get(name, {}).items())
    kind = "choice" if choices else ("lines" if name == "description" else "line")
    return Field("value", tr(FIELD_WORDS[name]), kind, now, choices, required=name == "title")


class IncidentDetail(QFrame):
    """Shows a record; `moved(Move)`, `noted(text)`, `edit_asked(field)` and `jumped(Selection)` say what is wanted."""

    moved = Signal(object)
    noted = Signal(str)
    edit_asked = Signal(str)
    jumped = Signal(object)
    draft_changed = Signal(str)

    def __init__(self, asset_name: Callable[[UUID], str], now_us: Callable[[], int]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._asset_name = asset_name
        self._now_us = now_us
        self.record: IncidentRecord | None = None
        self.sign, self.number, self.title = PrioritySign(), PlainLabel(), PlainLabel()
        self.number.setProperty("role", "dim")
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        self.buttons = {move.command: self._button(move) for move in MOVES}
        self._cards = QVBoxLayout()
        self._cards.setSpacing(12)
        self.note_field = QPlainTextEdit()
        self.note_field.setFixedHeight(64)
        self.note_field.setTabChangesFocus(True)
        self.note_field.textChanged.connect(self._on_note)
        self.note_button = QPushButton()
        self.note_button.setAutoDefault(False)
        self.note_button.clicked.connect(lambda: self.noted.emit(self.note_field.toPlainText()))
        self._lay_out()

    def _button(self, move: Move) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        button.setProperty("primary", move.is_primary)
        button.clicked.connect(lambda: self.moved.emit(move))
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(self.sign)
        head.addWidget(self.number, 1)
        column.addLayout(head)
        column.addWidget(self.title)
        deeds = QGridLayout()
        deeds.setSpacing(8)
        for place, button in enumerate(self.buttons.values()):
            deeds.addWidget(button, place // 4, place % 4)
        column.addLayout(deeds)
        inside = QWidget()
        inside.setLayout(self._cards)
        self._cards.setContentsMargins(0, 0, 8, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        column.addWidget(scroll, 1)
        writing = QHBoxLayout()
        writing.addWidget(self.note_field, 1)
        writing.addWidget(self.note_button, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(writing)

    def show_record(self, record: IncidentRecord | None, denied: Mapping[str, str], draft: str) -> None:
        """Show it anew; what is being written stays when it belongs to the same incident."""
        is_other = record is None or self.record is None or record.incident_id != self.record.incident_id
        self.record = record
        self.setVisible(record is not None)
        if record is None:
            return
        self.sign.set_priority(record.priority)
        self.number.setText(f"{record.number} · {incident_state_word(record.state)}")
        self.title.setText(record.title)
        for move in MOVES:
            why = why_not(move, record, denied)
            button = self.buttons[move.command]
            button.setText(tr(move.text))
            button.setEnabled(not why)
            button.setToolTip(plain_tip(why))
        self._show_note_field(record, denied, draft if is_other else self.note_field.toPlainText())
        self._fill(record, denied)

    def _show_note_field(self, record: IncidentRecord, denied: Mapping[str, str], text: str) -> None:
        why = tr(denied["note-incident"]) if "note-incident" in denied else ""
        if not why and "note-incident" not in record.allowed:
            why = tr("A closed or cancelled incident is read-only")
        self.note_button.setText(tr("Write note"))
        self.note_button.setToolTip(plain_tip(why))
        self.note_field.setPlaceholderText(why or tr("What was found, tried, agreed"))
        self.note_field.setAccessibleName(tr("Note"))
        self.note_field.setEnabled(not why)
        if self.note_field.toPlainText() != text:
            self.note_field.setPlainText(text)
        self.note_button.setEnabled(not why and bool(text.strip()))

    def _on_note(self) -> None:
        text = self.note_field.toPlainText()
        self.note_button.setEnabled(self.note_field.isEnabled() and bool(text.strip()))
        self.draft_changed.emit(text)

    def _fill(self, record: IncidentRecord, denied: Mapping[str, str]) -> None:
        _empty(self._cards)
        if record.conflicts:
            self._cards.addWidget(self._conflicts(record))
        self._cards.addWidget(self._facts(record, denied))
        if record.alarms:
            self._cards.addWidget(self._alarms(record))
        if record.assets:
            self._cards.addWidget(self._assets(record))
        self._cards.addWidget(self._notes(record))
        self._cards.addStretch(1)

    def _conflicts(self, record: IncidentRecord) -> QFrame:
        card, lines = _card(tr("Written at two places at once"))
        values = dict(record.concurrent)
        for field in record.conflicts:
            stand = "\n".join(f"•  {value}" for value in values.get(field, ()))
            shown = f"{tr(FIELD_WORDS.get(field, field))}\n{stand}".rstrip()
            row = QHBoxLayout()
            row.addWidget(_text(shown), 1)
            button = QPushButton(tr("Settle"))
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, name=field: self.edit_asked.emit(name))
            button.setVisible(field in EDITABLE)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            lines.addLayout(row)
        return card

    def _facts(self, record: IncidentRecord, denied: Mapping[str, str]) -> QFrame:
        card, lines = _card("")
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        opened = f"{clock_text(record.opened_us, self._now_us())} · {record.opened_by}"
        rows = (
            (tr("Title"), record.title, "title"),
            (tr("Description"), record.description, "description"),
            (tr("Impact"), tr(IMPACT_WORDS.get(record.impact, str(record.impact))), "impact"),
            (tr("Urgency"), tr(URGENCY_WORDS.get(record.urgency, str(record.urgency))), "urgency"),
            (tr("Assigned to"), assigned_text(record), ""),
            (tr("Opened"), opened, ""),
            (tr("Kept"), tr(record.places), ""),
        )
        may_edit = "edit-incident" in record.allowed and "edit-incident" not in denied
        for number, (name, value, field) in enumerate(rows):
            label = PlainLabel(name)
            label.setProperty("role", "dim")
            grid.addWidget(label, number, 0)
            grid.addWidget(_text(value or "–"), number, 1)
            if field and may_edit:
                button = QPushButton(tr("Change"))
                button.setProperty("flat", True)
                button.setAutoDefault(False)
                button.setAccessibleName(f"{tr('Change')} {name}")
                button.clicked.connect(lambda _checked=False, key=field: self.edit_asked.emit(key))
                grid.addWidget(button, number, 2)
        lines.addLayout(grid)
        return card

    def _alarms(self, record: IncidentRecord) -> QFrame:
        card, lines = _card(tr("Alarms"))
        for identity, start_us, text in record.alarms:
            there = Selection(occurrence=Occurrence(identity, start_us), at_us=start_us)
            when = f"{clock_text(start_us, self._now_us())}   {text}"
            lines.addWidget(self._jump(when, there, f"{text}\n{time_tip(start_us)}"))
        return card

    def _assets(self, record: IncidentRecord) -> QFrame:
        card, lines = _card(tr("Assets"))
        for asset_id in record.assets:
            lines.addWidget(self._jump(self._asset_name(asset_id) or str(asset_id), Selection(asset_id=asset_id), ""))
        return card

    def _jump(self, text: str, selection: Selection, tip: str) -> QPushButton:
        button = _Jump(" ".join(text.split())[:160])
        button.setToolTip(plain_tip(tip))
        button.setMinimumWidth(10)
        button.clicked.connect(lambda: self.jumped.emit(selection))
        return button

    def _notes(self, record: IncidentRecord) -> QFrame:
        card, lines = _card(tr("History"))
        for at_us, who, text in _history(record):
            head = PlainLabel(f"{clock_text(at_us, self._now_us())} · {who}")
            head.setProperty("role", "small")
            head.setToolTip(plain_tip(time_tip(at_us)))
            lines.addWidget(head)
            lines.addWidget(_text(text))
        if not record.notes and not record.steps:
            lines.addWidget(_text(tr("Nothing has been written yet.")))
        return card


class _Jump(QPushButton):
    """A line that leads elsewhere, elided to the room it has."""

    def __init__(self, line: str) -> None:
        super().__init__(line.replace("&", "&&"))
        self._line = line
        self.setAccessibleName(line)
        self.setProperty("flat", True)
        self.setAutoDefault(False)
        self.setStyleSheet("text-align: left; padding-left: 0;")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        shown = self.fontMetrics().elidedText(self._line, Qt.TextElideMode.ElideRight, self.width() - 16)
        self.setText(shown.replace("&", "&&"))

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._line) + 20, super().sizeHint().height())


def _history(record: IncidentRecord) -> list[tuple[int, str, str]]:
    """Newest first: (at_us, who, text); what is not typed by a person is translated."""
    told = [
        (step.at_us, step.who, step.text if step.kind == "note" else f"{tr(step.text)}: {step.detail}".rstrip(": "))
        for step in record.steps
    ]
    return sorted(told or record.notes, key=lambda line: -line[0])[:_SHOWN_NOTES]


def _text(text: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(10)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _card(heading: str) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setProperty("role", "card")
    lines = QVBoxLayout(card)
    lines.setContentsMargins(14, 10, 14, 12)
    lines.setSpacing(6)
    if heading:
        label = PlainLabel(heading)
        label.setProperty("role", "small")
        lines.addWidget(label)
    return card, lines


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
