"""A new password, typed twice, with its rules told while it is typed."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from console.ui.plain_label import PlainLabel
from console.ui.secret_field import SecretField
from console.ui.translation import tr

Check = Callable[[str], str]  # what was typed -> why it may not be set, translated; empty: it may


class PasswordPair(QWidget):
    """`is_right` once both fields agree and the rules are kept. `labels` are those of the two fields."""

    changed = Signal()

    def __init__(self, check: Check, labels: tuple[str, str] | None = None, *, may_be_empty: bool = False) -> None:
        super().__init__()
        self._check = check
        self._may_be_empty = may_be_empty
        first, second = labels or (tr("New password"), tr("Once more"))
        self.first, self.second = SecretField(label=first), SecretField(label=second)
        self.rule = PlainLabel()
        self.rule.setWordWrap(True)
        self.rule.setProperty("role", "small")
        self.rule.setMinimumHeight(34)  # two lines: nothing jumps while one types
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.labels = (PlainLabel(first), PlainLabel(second))
        form.addRow(self.labels[0], self.first)
        form.addRow(self.labels[1], self.second)
        form.addRow(PlainLabel(), self.rule)
        for field in (self.first, self.second):
            field.textChanged.connect(self.look)
        self.look()

    @property
    def is_right(self) -> bool:
        return not self.why_not()

    def text(self) -> str:
        return self.first.text()

    def clear(self) -> None:
        self.first.clear()
        self.second.clear()

    def why_not(self) -> str:
        """Translated reason, empty when it can be set."""
        text = self.first.text()
        if not text and self._may_be_empty:
            return ""
        if why := self._check(text):
            return why
        if text != self.second.text():
            return tr("Both fields must hold the same")
        return ""

    def look(self) -> None:
        """Say again what is missing; also called when what the rules depend on changed."""
        why = self.why_not()
        self.rule.setText(why or (tr("Good") if self.first.text() else ""))
        for field, is_wrong in (
            (self.first, bool(self.first.text()) and bool(self._check(self.first.text()))),
            (self.second, bool(self.second.text()) and self.first.text() != self.second.text()),
        ):
            if bool(field.property("invalid")) != is_wrong:
                field.setProperty("invalid", is_wrong)
                field.style().unpolish(field)
                field.style().polish(field)
        self.changed.emit()
