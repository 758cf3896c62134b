"""One master record whole: what it says, how its priority comes about, its review, and what in force differs."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from console.domain.master_audit import Difference
from console.domain.master_fields import FIELDS
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix
from console.models.master_table import difference_text
from console.models.master_words import field_word, state_word, value_word
from console.services.master_records import MasterRecord
from console.ui.format import date_text, local
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr
from console.widgets.card import Card, Row
from console.widgets.matrix_table import MatrixTable

_WIDTH = 420


class MasterDetail(QScrollArea):
    """Empty until `show_record`."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setMinimumWidth(_WIDTH)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.heading, self.text = PlainLabel(), PlainLabel()
        self.heading.setProperty("role", "heading")
        self.text.setProperty("role", "dim")
        self.review, self.words, self.settings = Card(), Card(), Card()
        self.differences, self.disputes = Card(), Card()
        self.matrix, self.matrix_card = MatrixTable(), QFrame()
        self.matrix_card.setProperty("role", "card")
        self.matrix_heading = PlainLabel()
        self.matrix_heading.setProperty("role", "small")
        box = QVBoxLayout(self.matrix_card)
        box.setContentsMargins(12, 10, 12, 10)
        box.addWidget(self.matrix_heading)
        box.addWidget(self.matrix)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        for label in (self.heading, self.text):
            label.setWordWrap(True)
            column.addWidget(label)
        for card in (self.disputes, self.differences, self.review, self.matrix_card, self.words, self.settings):
            column.addWidget(card)
        column.addStretch(1)
        self.setWidget(inner)

    def show_record(self, record: MasterRecord | None, matrix: PriorityMatrix = DEFAULT_MATRIX) -> None:
        self.setVisible(record is not None)
        if record is None:
            return
        self.heading.setText(record.key)
        self.text.setText(" · ".join(filter(None, (record.text, record.tags, record.area))))
        values = record.values or record.live
        self.matrix.set_matrix(matrix)
        self.matrix.show_choice(values.get("severity", ""), values.get("time_to_respond_s", ""))
        self.matrix_heading.setText(tr("Priority by severity and time to respond"))
        self.review.set_title(tr("Review"))
        self.review.set_rows(_review(record))
        self.words.set_title(tr("What it means and what to do"))
        self.words.set_rows(_rows(record, is_setting=False))
        self.settings.set_title(tr("Settings as rationalized") if record.values else tr("Settings in force"))
        self.settings.set_rows(_rows(record, is_setting=True))
        self.differences.set_title(tr("Differences"))
        self.differences.set_rows([_difference(one) for one in record.differences])
        self.disputes.set_title(tr("Written at two consoles at once: edit the record and keep one"))
        self.disputes.set_rows(
            [
                (
                    field_word(one.field),
                    f"{value_word(one.field, one.value) or '–'} ({one.who}, {_when(one.at_us)})",
                    "",
                )
                for one in record.competing
            ]
        )


def _difference(one: Difference) -> Row:
    role = "strong" if one.is_unauthorised else ""
    if not one.field:
        return "", difference_text(one), role
    approved = tr("approved: {value}", value=value_word(one.field, one.master))
    in_force = tr("in force: {value}", value=value_word(one.field, one.live) or "–")
    return field_word(one.field), f"{approved}\n{in_force}", role


def _when(at_us: int) -> str:
    moment = local(at_us)
    return f"{date_text(moment)} {moment:%H:%M}"


def _review(record: MasterRecord) -> list[Row]:
    rows: list[Row] = [(tr("State"), state_word(record.state), "strong")]
    if record.missing:
        rows.append((tr("Missing"), ", ".join(field_word(name) for name in record.missing), ""))
    if record.written_us:
        rows.append((tr("Last step"), f"{record.written_by}, {_when(record.written_us)}", ""))
    if record.approved_us:
        rows.append((tr("Approved by"), f"{record.approved_by}, {_when(record.approved_us)}", ""))
    if record.reason:
        rows.append((tr("Reason"), record.reason, ""))
    return rows


def _rows(record: MasterRecord, *, is_setting: bool) -> list[Row]:
    """Of the record, else of the rule in force; where both say otherwise, both."""
    found: list[Row] = []
    for field in FIELDS:
        if field.is_setting == is_setting:
            value = (record.values or record.live).get(field.key, "")
            approved = record.approved.get(field.key, "")
            told = value_word(field.key, value) or "–"
            if approved and approved != value:
                told += "\n" + tr("approved: {value}", value=value_word(field.key, approved))
            found.append((field_word(field.key), told, ""))
    return found
