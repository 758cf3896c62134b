"""The head of the details pane: which alarm it is, where it leads, and how to copy or hide it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.models.alarm_present import Present
from console.ui.actions import ActionSet
from console.ui.plain_label import PlainLabel
from console.ui.priority_symbol import SymbolState, symbol_state
from console.ui.translation import mark, tr
from console.widgets.alarm_card import SymbolLabel
from console.widgets.flow import FlowLayout
from console.widgets.key_button import KeyButton
from console.widgets.panel import bare_column

EMPTY_TEXT = mark("Select an alarm: here stands what it is, what to do, and what was done when it came before.")
LINKS = ("show.trend", "show.topology", "show.procedure")


class DetailsHead(QWidget):
    """`show_present(None)` says what belongs here."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        self.symbol = SymbolLabel()
        self.title, self.crumb, self.empty = selectable("heading"), selectable("small"), selectable("dim")
        self.copy, self.hide_button, self.display = QPushButton(), KeyButton(key="D"), KeyButton()
        self.copy.setAutoDefault(False)
        column = bare_column(self)
        column.addLayout(self._line())
        self.links = QWidget()
        around = QHBoxLayout()
        around.setContentsMargins(12, 4, 12, 4)
        around.addWidget(self.links)
        flow = FlowLayout(self.links)
        for action_id in LINKS:
            button = KeyButton(key=actions.spec(action_id).shortcut)
            button.bind(actions.action(action_id), button.key, always_on=True)
            flow.addWidget(button)
        flow.addWidget(self.display)
        flow.addWidget(self.copy)
        column.addLayout(around)

    def _line(self) -> QHBoxLayout:
        line, words = QHBoxLayout(), QVBoxLayout()
        line.setContentsMargins(14, 8, 12, 2)
        line.setSpacing(8)
        words.setSpacing(0)
        for label in (self.title, self.crumb, self.empty):
            words.addWidget(label)
        line.addWidget(self.symbol, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        return line

    def retell(self) -> None:
        self.empty.setText(tr(EMPTY_TEXT))
        self.copy.setText(tr("Copy"))
        self.copy.setToolTip(tr("Copy all of it as text (Ctrl+C)"))
        self.hide_button.setText(tr("Hide"))

    def show_present(self, present: Present | None) -> None:
        for part in (self.symbol, self.title, self.crumb, self.links, self.copy):
            part.setVisible(present is not None)
        self.empty.setVisible(present is None)
        if present is None:
            self.rest()
            return
        self.symbol.set_symbol(present.priority, symbol_state(present.state))
        _set(self.title, present.title)
        _set(self.crumb, present.crumb)
        shown = present.condition.display
        self.display.setVisible(bool(shown))
        self.display.setText(tr("Open display: {name}", name=shown[:40]))

    def rest(self) -> None:
        """Out of sight: nothing flashes."""
        self.symbol.set_symbol(0, SymbolState.NONE)


def selectable(role: str) -> PlainLabel:
    """A label that wraps, and whose text can be marked and copied."""
    label = PlainLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label


def _set(label: PlainLabel, text: str) -> None:
    if label.text() != text:  # what is marked by mouse stays marked
        label.setText(text)
