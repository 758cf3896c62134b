"""One incident: what it is, what hangs on it, what was said, and what can be done next."""

from collections.abc import Callable, Mapping
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.models.act_places import ActPlaces
from console.models.incident_table import incident_state_word
from console.services.records import IncidentRecord
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import tr
from console.views.incidents.cards import Asked, Cards
from console.views.incidents.moves import MOVES, Move, why_not
from console.widgets.incident_form import PrioritySign


class IncidentDetail(QFrame):
    """Shows a record; its signals say what is wanted: `moved(Move)`, `noted(text)`, `edit_asked(field)`,
    `settle_asked(field)`, `amend_asked(IncidentStep)`, `merge_asked(RelatedIncident)`, `jumped(Selection)`."""

    moved = Signal(object)
    noted = Signal(str)
    edit_asked = Signal(str)
    settle_asked = Signal(str)
    amend_asked = Signal(object)
    merge_asked = Signal(object)
    jumped = Signal(object)
    draft_changed = Signal(str)

    def __init__(self, asset_name: Callable[[UUID], str], now_us: Callable[[], int], places: ActPlaces) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.record: IncidentRecord | None = None
        self.sign, self.number, self.title = PrioritySign(), PlainLabel(elide=True), PlainLabel()
        self.number.setProperty("role", "dim")
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        self.buttons = {move.command: self._button(move) for move in MOVES}
        asked = Asked(
            self.edit_asked.emit,
            self.settle_asked.emit,
            self.amend_asked.emit,
            self.merge_asked.emit,
            self.jumped.emit,
        )
        self._cards = Cards(asset_name, now_us, asked, places)
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
        words = [record.number, incident_state_word(record.state)]
        if record.is_active_after_close:
            words.append(tr("activity after close"))
        if record.root is not None:
            words.append(tr("merged into {number}", number=record.root.number))
        self.number.setText(" · ".join(words))
        self.title.setText(record.title)
        for move in MOVES:
            why = why_not(move, record, denied)
            button = self.buttons[move.command]
            button.setText(tr(move.text))
            button.setEnabled(not why)
            button.setToolTip(plain_tip(why))
        self._show_note_field(record, denied, draft if is_other else self.note_field.toPlainText())
        self._cards.fill(record, denied)

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
