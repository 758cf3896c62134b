"""The cards of one incident: conflicts, relatives, facts, alarms, assets and history, built anew for each record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLayout, QPushButton, QVBoxLayout

from console.domain.alarms import Occurrence
from console.models.act_places import ActPlaces
from console.models.incident_table import assigned_text, incident_state_word
from console.services.records import CompetingValue, IncidentRecord, IncidentStep, RelatedIncident
from console.ui.format import clock_text, time_tip
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import tr
from console.ui.view import Selection
from console.views.incidents.settling import FIELD_WORDS, said_by, value_text
from console.widgets.incident_form import IMPACT_WORDS, URGENCY_WORDS

_SHOWN_STEPS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for on a card."""

    edit: Callable[[str], None]  # a field
    settle: Callable[[str], None]  # a disputed field
    amend: Callable[[IncidentStep], None]  # a note
    merge: Callable[[RelatedIncident], None]
    jump: Callable[[Selection], None]


class Cards(QVBoxLayout):
    """`fill(record, denied)`; denied maps command name to the reason why the person may not."""

    def __init__(
        self, asset_name: Callable[[UUID], str], now_us: Callable[[], int], asked: Asked, places: ActPlaces
    ) -> None:
        super().__init__()
        self._places = places
        self.setContentsMargins(0, 0, 8, 0)
        self.setSpacing(12)
        self._asset_name = asset_name
        self._now_us = now_us
        self._asked = asked
        self._denied: Mapping[str, str] = {}

    def fill(self, record: IncidentRecord, denied: Mapping[str, str]) -> None:
        self._denied = denied
        _empty(self)
        if record.conflicts:
            self.addWidget(self._conflicts(record))
        if record.is_active_after_close or record.root or record.merged or record.suggestions:
            self.addWidget(self._relatives(record))
        self.addWidget(self._facts(record))
        if record.alarms:
            self.addWidget(self._alarms(record))
        if record.assets:
            self.addWidget(self._assets(record))
        self.addWidget(self._history(record))
        self.addStretch(1)

    def _conflicts(self, record: IncidentRecord) -> QFrame:
        """Each disputed field with every value, who wrote it and when; the shown one first."""
        card, lines = _card(tr("Written at two places at once"))
        lines.setSpacing(12)
        for field in record.conflicts:
            row = QHBoxLayout()
            values = [one for one in reversed(record.competing) if one.field == field]
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(_small(tr(FIELD_WORDS.get(field, field))))
            for place, one in enumerate(values):
                self._add_value(column, one, is_shown=place == 0)
            row.addLayout(column, 1)
            button = self._button(tr("Resolve..."), "resolve-conflict", partial(self._asked.settle, field))
            button.setAccessibleName(f"{tr('Resolve...')} {tr(FIELD_WORDS.get(field, field))}")
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            lines.addLayout(row)
        return card

    def _add_value(self, column: QVBoxLayout, one: CompetingValue, *, is_shown: bool) -> None:
        value = _text(value_text(one) or tr("empty"))
        value.setProperty("role", "strong" if is_shown else "")
        column.addWidget(value)
        said = said_by(one, self._now_us())
        told = _small(f"{said} · {tr('shown now')}" if is_shown else said)
        told.setToolTip(plain_tip(time_tip(one.at_us)))
        column.addWidget(told)

    def _relatives(self, record: IncidentRecord) -> QFrame:
        card, lines = _card("")
        if record.is_active_after_close:
            lines.addWidget(_strong(tr("Activity after close")))
            lines.addWidget(_text(tr("Somebody went on writing who did not know that it was closed.")))
        if record.root is not None:
            lines.addWidget(_small(tr("Merged into")))
            lines.addWidget(self._to_incident(record.root))
        if record.merged:
            lines.addWidget(_small(tr("Merged with this one")))
            for one in record.merged:
                lines.addWidget(self._to_incident(one))
        if record.suggestions:
            lines.addWidget(_small(tr("May be the same, for the same alarm")))
        for one in record.suggestions:
            row = QHBoxLayout()
            row.addWidget(self._to_incident(one), 1)
            button = self._button(tr("Merge..."), "merge-incidents", partial(self._asked.merge, one))
            button.setAccessibleName(f"{tr('Merge...')} {one.number}")
            row.addWidget(button)
            lines.addLayout(row)
        return card

    def _to_incident(self, one: RelatedIncident) -> QPushButton:
        text = f"{one.number} · {one.title}"
        return self._jump(text, Selection(incident_id=one.incident_id), text)

    def _facts(self, record: IncidentRecord) -> QFrame:
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
            (tr("Kept"), self._places.of_record(record), ""),
        )
        may_edit = "edit-incident" in record.allowed and "edit-incident" not in self._denied
        for number, (name, value, field) in enumerate(rows):
            label = PlainLabel(name)
            label.setProperty("role", "dim")
            grid.addWidget(label, number, 0)
            grid.addWidget(_text(value or "–"), number, 1)
            if field and may_edit:
                button = _flat(tr("Change"))
                button.setAccessibleName(f"{tr('Change')} {name}")
                button.clicked.connect(lambda _checked=False, key=field: self._asked.edit(key))
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

    def _history(self, record: IncidentRecord) -> QFrame:
        """Newest first; what stood in a note before it was amended is struck through."""
        card, lines = _card(tr("History"))
        may_amend = "note-incident" in record.allowed and "amend-note" not in self._denied
        for step in record.steps[: -_SHOWN_STEPS - 1 : -1]:
            row = QHBoxLayout()
            kept = self._places.of_act(record, step.hash)
            words = [clock_text(step.at_us, self._now_us()), step.who, *([kept.text] if kept else [])]
            head = _small(" · ".join(words))
            head.setToolTip(plain_tip(time_tip(step.at_us)))
            row.addWidget(head, 1)
            if step.kind == "note" and step.hash and may_amend and not step.is_withheld:
                button = _flat(tr("Amend..."))
                button.clicked.connect(lambda _checked=False, note=step: self._asked.amend(note))
                row.addWidget(button)
            lines.addLayout(row)
            for older in step.struck:
                lines.addWidget(_struck(older))
            lines.addWidget(_text(step_text(step)))
            if kept and kept.doubt and not step.is_withheld:
                lines.addWidget(_strong(kept.doubt))
            if step.is_withheld:
                lines.addWidget(_strong(tr("Without effect until somebody who may countersigns it")))
        if not record.steps:
            lines.addWidget(_text(tr("Nothing has been written yet.")))
        return card

    def _button(self, text: str, command: str, act: Callable[[], None]) -> QPushButton:
        """A button that says why not, where the person may not."""
        why = tr(self._denied[command]) if command in self._denied else ""
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setEnabled(not why)
        button.setToolTip(plain_tip(why))
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _jump(self, text: str, selection: Selection, tip: str) -> QPushButton:
        button = _Jump(" ".join(text.split())[:160])
        button.setToolTip(plain_tip(tip))
        button.setMinimumWidth(10)
        button.clicked.connect(lambda: self._asked.jump(selection))
        return button


def step_text(step: IncidentStep) -> str:
    """A line of the history; what is not typed by a person is translated."""
    if step.kind == "note":
        return step.text
    detail = step.detail
    if step.text == "Conflict settled":  # its first word is a state
        state, comma, rest = detail.partition(", ")
        detail = incident_state_word(state) + comma + rest
    return f"{tr(step.text)}: {detail}".rstrip(": ")


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


def _text(text: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(10)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _strong(text: str) -> PlainLabel:
    label = _text(text)
    label.setProperty("role", "strong")
    return label


def _struck(text: str) -> PlainLabel:
    label = _text(text)
    label.setProperty("role", "dim")
    label.setAccessibleName(f"{tr('Struck out')}: {text}")
    font = label.font()
    font.setStrikeOut(True)
    label.setFont(font)
    return label


def _small(text: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setProperty("role", "small")
    return label


def _flat(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("flat", True)
    button.setAutoDefault(False)
    return button


def _card(heading: str) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setProperty("role", "card")
    lines = QVBoxLayout(card)
    lines.setContentsMargins(14, 10, 14, 12)
    lines.setSpacing(6)
    if heading:
        lines.addWidget(_small(heading))
    return card, lines


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
