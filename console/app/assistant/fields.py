"""Parts of the assistant's pages: a form of labelled fields that says whether it is whole."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLineEdit, QVBoxLayout, QWidget

from console.app.assistant.plan import NewPerson
from console.domain.refusal import Refused
from console.services.identity.password_rules import check_password
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr, tr_refusal
from console.widgets.password_pair import PasswordPair


class Page(QWidget):
    """One step: heading, words, content. `why_not()` tells (translated) what is missing; empty: go on."""

    changed = Signal()

    def __init__(self, title: str, words: str = "") -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)
        heading = PlainLabel(title)
        heading.setProperty("role", "heading")
        self.column.addWidget(heading)
        self.title = title
        if words:
            self.column.addWidget(wrapped(words))

    def why_not(self) -> str:
        return ""

    def first_field(self) -> QWidget | None:
        """Where the keyboard begins."""
        return self.findChild(QLineEdit)

    def shown(self) -> None:
        """Called each time the page comes up."""


def wrapped(text: str, role: str = "") -> PlainLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label


def form(column: QVBoxLayout) -> QFormLayout:
    made = QFormLayout()
    made.setHorizontalSpacing(16)
    made.setVerticalSpacing(8)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    column.addLayout(made)
    return made


def line_field(place: QFormLayout, label: str, value: str = "", *, most: int = 200, tip: str = "") -> QLineEdit:
    field = QLineEdit(value)
    field.setMaxLength(most)
    field.setAccessibleName(label)
    field.setPlaceholderText(tip)
    place.addRow(PlainLabel(label), field)
    return field


def choice(place: QFormLayout, label: str, values: list[tuple[str, str]], value: str = "") -> QComboBox:
    made = QComboBox()
    for key, text in values:
        made.addItem(text, key)
    made.setCurrentIndex(max(0, made.findData(value)))
    made.setAccessibleName(label)
    place.addRow(PlainLabel(label), made)
    return made


class PersonForm(QFrame):
    """Name, login and a password twice, with its rules while one types. `about` are further words not to be in it."""

    changed = Signal()

    def __init__(self, title: str, words: str, about: Callable[[], tuple[str, ...]]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._about = about
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        column.addWidget(wrapped(title, "strong"))
        column.addWidget(wrapped(words, "small"))
        place = form(column)
        self.name = line_field(place, tr("Full name"))
        self.login = line_field(place, tr("Login"), most=60)
        self.pair = PasswordPair(self._problem)
        column.addWidget(self.pair)
        widest = max(label.sizeHint().width() for label in self.pair.labels)
        for at in range(place.rowCount()):
            item = place.itemAt(at, QFormLayout.ItemRole.LabelRole)
            label = item.widget() if item is not None else None
            if label is not None:
                label.setMinimumWidth(widest)
                widest = max(widest, label.sizeHint().width())
        for label in self.pair.labels:
            label.setMinimumWidth(widest)
        for field in (self.name, self.login):
            field.textChanged.connect(self.pair.look)
        self.pair.changed.connect(self.changed)

    def person(self) -> NewPerson:
        return NewPerson(self.name.text(), self.login.text(), self.pair.text())

    def is_begun(self) -> bool:
        return bool(self.name.text().strip() or self.login.text().strip() or self.pair.text())

    def why_not(self) -> str:
        if not self.name.text().strip() or not self.login.text().strip():
            return tr("Both people have a name and a login")
        return self.pair.why_not()

    def _problem(self, text: str) -> str:
        return problem_of(lambda: check_password(text, (self.name.text(), self.login.text(), *self._about())))


def problem_of(check: Callable[[], object]) -> str:
    """The translated reason why `check` refused, empty when it did not."""
    try:
        check()
    except Refused as refused:
        return tr_refusal(refused)
    return ""
