"""The form of a master alarm record: its priority follows from the matrix while severity and time are chosen."""

from collections.abc import Awaitable, Callable, Mapping

from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.master_fields import BANDS, FIELD_OF, FIELDS, Kind, key_of, value_of
from console.domain.priority_matrix import PriorityMatrix
from console.domain.refusal import Refused
from console.models.master_words import SEVERITY_WORDS, field_word
from console.services.master_records import MasterRecord
from console.ui.dialogs import ReturningDialog, fit_height
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr, tr_refusal
from console.widgets.matrix_table import MatrixTable

Save = Callable[[str, Mapping[str, str]], Awaitable[object]]  # the record's name and the values that changed
Input = QLineEdit | QPlainTextEdit | QComboBox
_HIGH = 88


class MasterForm(ReturningDialog):
    """Not modal. Of a new record the name is asked as well; a refusal stands in it and nothing typed is lost."""

    def __init__(self, record: MasterRecord | None, matrix: PriorityMatrix, save: Save, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setMinimumWidth(860)
        self._save, self._record, self._matrix = save, record, matrix
        self._errands = Errands(self.say)
        self.rule, self.band = QLineEdit(), QComboBox()
        self.inputs: dict[str, Input] = {}
        self.matrix_table, self.priority = MatrixTable(), PlainLabel()
        self.notice = PlainLabel()
        self.save_button, self.cancel_button = QPushButton(tr("Save as draft")), QPushButton(tr("Cancel"))
        self._lay_out()
        self._before = self.values()
        self._follow()

    @property
    def is_busy(self) -> bool:
        return bool(len(self._errands))

    def _lay_out(self) -> None:
        title = self._record.key if self._record is not None else tr("New master record")
        self.setWindowTitle(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        heading = PlainLabel(title)
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        row = QHBoxLayout()
        row.setSpacing(24)
        left = QVBoxLayout()
        left.addLayout(self._words())
        left.addStretch(1)
        row.addLayout(left, 3)
        row.addLayout(self._settings(), 2)
        column.addLayout(row)
        self.notice.setWordWrap(True)
        self.notice.setProperty("role", "refused")
        self.notice.hide()
        column.addWidget(self.notice)
        column.addStretch(1)
        buttons = QHBoxLayout()
        hint = PlainLabel(tr("Saving makes it a draft: it needs a review by somebody else."))
        hint.setProperty("role", "small")
        buttons.addWidget(hint, 1)
        for button in (self.cancel_button, self.save_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        self.save_button.setProperty("primary", True)
        self.save_button.setDefault(True)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._submit)
        column.addLayout(buttons)

    def _words(self) -> QFormLayout:
        form = _form()
        if self._record is None:
            self.rule.setPlaceholderText(tr("Rule, or @ and an area"))
            self.band.addItem(tr("all"), "")
            for band in BANDS:
                self.band.addItem(band, band)
            form.addRow(PlainLabel(tr("Alarm")), self.rule)
            form.addRow(PlainLabel(tr("Band")), self.band)
        for field in FIELDS:
            if field.kind is Kind.TEXT:
                self._add(form, field.key)
        for name in ("owner", "display"):
            self._add(form, name)
        return form

    def _settings(self) -> QVBoxLayout:
        column, form = QVBoxLayout(), _form()
        for name in ("severity", "time_to_respond_s"):
            self._add(form, name)
        column.addLayout(form)
        column.addWidget(self.matrix_table)
        self.matrix_table.set_matrix(self._matrix)
        self.priority.setProperty("role", "small")
        column.addWidget(self.priority)
        rest = _form()
        for field in FIELDS:
            if field.is_setting:
                self._add(rest, field.key)
        column.addLayout(rest)
        column.addStretch(1)
        return column

    def _add(self, form: QFormLayout, name: str) -> None:
        field = FIELD_OF[name]
        known = self._record.values.get(name, "") if self._record is not None else ""
        live = self._record.live.get(name, "") if self._record is not None and not self._record.values else ""
        made = _input(field.kind, known or live)
        unit = " (s)" if name.endswith("_s") else ""
        made.setAccessibleName(field_word(name))
        if isinstance(made, QComboBox):
            made.currentIndexChanged.connect(self._follow)
        else:
            made.textChanged.connect(self._follow)
        self.inputs[name] = made
        form.addRow(PlainLabel(field_word(name) + unit), made)

    def values(self) -> dict[str, str]:
        """Every field as it is written now."""
        return {name: _text(made) for name, made in self.inputs.items()}

    def changed_values(self) -> dict[str, str]:
        """What is to be written: what differs from the record, and what is in dispute."""
        known = self._record.values if self._record is not None else {}
        disputed = self._record.disputed if self._record is not None else ()
        return {name: text for name, text in self.values().items() if text != known.get(name, "") or name in disputed}

    def say(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.setVisible(bool(text))
        fit_height(self)

    def _follow(self) -> None:
        values = self.values()
        seconds = values["time_to_respond_s"].strip()
        self.matrix_table.show_choice(values["severity"], seconds)
        given = self._matrix.priority(values["severity"], seconds)
        told = tr("Priority {n}", n=int(given)) if given else tr("The priority follows from severity and time.")
        self.priority.setText(told)

    def _submit(self) -> None:
        if not self.is_busy:
            self._errands.run(self._do())

    async def _do(self) -> None:
        self.say("")
        key = self._record.key if self._record is not None else key_of(self.rule.text(), self.band.currentData())
        for name, text in self.changed_values().items():
            try:
                value_of(name, text)
            except Refused as refused:
                self.inputs[name].setFocus()
                self.say(f"{field_word(name)}: {tr_refusal(refused)}")
                return
        await self._save(key, self.changed_values())
        self.accept()


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form


def _input(kind: Kind, value: str) -> Input:
    if kind is Kind.SEVERITY:
        choice = QComboBox()
        for key, word in SEVERITY_WORDS.items():
            choice.addItem(tr(word), key)
        choice.setCurrentIndex(max(0, choice.findData(value)))
        return choice
    if kind is Kind.TEXT:
        lines = QPlainTextEdit(value)
        lines.setTabChangesFocus(True)
        lines.setFixedHeight(_HIGH)
        return lines
    line = QLineEdit(value)
    line.setMaxLength(200)
    return line


def _text(made: Input) -> str:
    if isinstance(made, QComboBox):
        return str(made.currentData())
    return made.toPlainText() if isinstance(made, QPlainTextEdit) else made.text()
