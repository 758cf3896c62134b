"""Questions to the person: windows beside the work, never in its way, answered by awaiting them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.ui.option_row import OptionRow
from console.ui.plain_label import PlainLabel
from console.ui.secret_field import SecretField
from console.ui.translation import tr

Input = QLineEdit | QPlainTextEdit | QComboBox | QCheckBox | OptionRow


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `kind` is line, password, lines, choice, options (a row of buttons) or check ("yes" or nothing);
    `choices` are (value, shown text). A check's label stands beside its box."""

    key: str
    label: str
    kind: str = "line"
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    max_length: int = 2000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; all texts already translated. The first button is the primary one, Esc answers nothing.

    `has_default` False: Return presses nothing, so that nobody agrees to something large by accident.
    """

    title: str
    text: str = ""
    fields: tuple[Field, ...] = ()
    accept: str = ""
    width: int = 460
    hints: Sequence[str] = field(default=())
    has_default: bool = True


def fit_height(dialog: QDialog) -> None:
    """As high as its words need now; a dialog does not grow by itself when a notice appears in it."""
    layout = dialog.layout()
    if layout is None:
        return
    layout.activate()
    width = max(dialog.width(), dialog.minimumWidth())
    height = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
    dialog.resize(width, height)


class ReturningDialog(QDialog):
    """Gives the keyboard back to the window it was opened over, also on a screen without a window manager.

    Return on a button presses that button, not the default one as Qt does: on *Cancel* it cancels. A primary button
    that is not the default takes the space bar only, wherever Return is pressed.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        button = self.focusWidget()
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not is_return or not isinstance(button, QPushButton) or button.isCheckable():
            super().keyPressEvent(event)
        elif not button.property("primary") and not event.isAutoRepeat():
            button.click()

    def done(self, result: int) -> None:
        had_keyboard, parent = self.isActiveWindow(), self.parentWidget()
        super().done(result)
        if had_keyboard and parent is not None:
            parent.window().activateWindow()


class QuestionDialog(ReturningDialog):
    """Shows a question and stays open until answered; `say` shows a refusal inside it and lets the person retry."""

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(question.title)
        self.setModal(False)
        self.setMinimumWidth(question.width)
        self._question = question
        self._inputs: dict[str, Input] = {}
        self._future: asyncio.Future[dict[str, str] | None] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        heading = PlainLabel(question.title)
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        if question.text:
            text = PlainLabel(question.text)
            text.setWordWrap(True)
            column.addWidget(text)
        column.addLayout(self._form(question.fields))
        for hint in question.hints:
            label = PlainLabel(hint)
            label.setWordWrap(True)
            label.setProperty("role", "small")
            column.addWidget(label)
        self._notice = PlainLabel()
        self._notice.setWordWrap(True)
        self._notice.setProperty("role", "refused")
        self._notice.hide()
        column.addWidget(self._notice)
        column.addStretch(1)
        column.addLayout(self._buttons(question))
        self._check()

    def _form(self, fields: tuple[Field, ...]) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for spec in fields:
            made = _input(spec)
            if isinstance(made, QComboBox):
                made.currentIndexChanged.connect(self._check)
            elif isinstance(made, OptionRow):
                made.changed.connect(self._check)
            elif isinstance(made, QCheckBox):
                made.toggled.connect(self._check)
            else:
                made.textChanged.connect(self._check)
            made.setAccessibleName(spec.label)
            self._inputs[spec.key] = made
            form.addRow(PlainLabel("" if spec.kind == "check" else spec.label), made)
        return form

    def _buttons(self, question: Question) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel_button = QPushButton(tr("Cancel"))
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.reject)
        self.accept_button = QPushButton(question.accept or tr("OK"))
        self.accept_button.setProperty("primary", True)
        self.accept_button.setDefault(question.has_default)
        self.accept_button.setAutoDefault(question.has_default)
        self.accept_button.clicked.connect(self._accepted)
        row.addWidget(self.cancel_button)
        row.addWidget(self.accept_button)
        return row

    def input(self, key: str) -> Input:
        return self._inputs[key]

    def answers(self) -> dict[str, str]:
        """Field key -> text (value of the choice for choices)."""
        found: dict[str, str] = {}
        for key, made in self._inputs.items():
            if isinstance(made, QComboBox):
                found[key] = str(made.currentData())
            elif isinstance(made, OptionRow):
                found[key] = made.value()
            elif isinstance(made, QCheckBox):
                found[key] = "yes" if made.isChecked() else ""
            elif isinstance(made, QPlainTextEdit):
                found[key] = made.toPlainText()
            else:
                found[key] = made.text()
        return found

    def say(self, text: str) -> None:
        """Show why the answer was not taken; the dialog can be answered again."""
        self._notice.setText(text)
        self._notice.setVisible(bool(text))
        fit_height(self)
        self.set_busy(False)

    def set_busy(self, busy: bool) -> None:
        """While the answer is on its way nobody can send it twice."""
        for made in self._inputs.values():
            made.setEnabled(not busy)
        self.accept_button.setEnabled(not busy)
        if not busy:
            self._check()

    async def answer(self) -> dict[str, str] | None:
        """Show, wait for the next press of the primary button (its answers) or the end of the dialog (None)."""
        self._future = asyncio.get_running_loop().create_future()
        if not self.isVisible():
            self.show()
        self.raise_()
        self.activateWindow()
        if self._inputs:
            next(iter(self._inputs.values())).setFocus()
        try:
            return await self._future
        finally:
            self._future = None

    def _accepted(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(self.answers())

    def done(self, result: int) -> None:
        super().done(result)
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def _check(self) -> None:
        answers = self.answers()
        missing = any(spec.required and not answers[spec.key].strip() for spec in self._question.fields)
        self.accept_button.setEnabled(not missing)


def _input(spec: Field) -> Input:
    if spec.kind == "options":
        return OptionRow(spec.choices, spec.value)
    if spec.kind == "check":
        box = QCheckBox(spec.label)
        box.setChecked(bool(spec.value))
        return box
    if spec.kind == "choice":
        choice = QComboBox()
        for value, shown in spec.choices:
            choice.addItem(shown, value)
        choice.setCurrentIndex(max(0, choice.findData(spec.value)))
        return choice
    if spec.kind == "lines":
        lines = QPlainTextEdit(spec.value)
        lines.setTabChangesFocus(True)
        lines.setFixedHeight(96)
        return lines
    line = SecretField() if spec.kind == "password" else QLineEdit()
    line.setText(spec.value)
    line.setMaxLength(spec.max_length)
    return line


async def ask(question: Question, parent: QWidget | None = None) -> dict[str, str] | None:
    """One question, one answer: the fields' texts, or None when the person turned away."""
    dialog = QuestionDialog(question, parent)
    try:
        return await dialog.answer()
    finally:
        dialog.close()
        dialog.deleteLater()


async def confirm(title: str, text: str, accept: str, parent: QWidget | None = None) -> bool:
    """Yes or no; `accept` names the deed ("Acknowledge 12 alarms"), never "Yes"."""
    return await ask(Question(title, text, accept=accept), parent) is not None
