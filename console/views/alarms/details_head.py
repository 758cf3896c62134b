"""The head of the details pane: which alarm it is, where it leads, and how to copy or hide it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.models.alarm_present import Present
from console.ui.actions import ActionSet
from console.ui.icons import icon
from console.ui.key_names import key_text
from console.ui.plain_label import PlainLabel
from console.ui.priority_symbol import SymbolState, symbol_state
from console.ui.translation import mark, tr
from console.widgets.alarm_card import SymbolLabel
from console.widgets.flow import FlowLayout
from console.widgets.key_button import KeyButton
from console.widgets.panel import bare_column

EMPTY_TEXT = mark("Select an alarm: here stands what it is, what to do, and what was done when it came before.")
_WIDE_PX = 420  # for the name beside the links
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
        self._is_wide = False
        self._line = QHBoxLayout()
        self._line.setContentsMargins(14, 8, 12, 2)
        self._line.setSpacing(8)
        self._fill_line()
        column.addLayout(self._line)
        self.links = QWidget()
        self._below = QHBoxLayout()
        self._below.setContentsMargins(12, 4, 12, 4)
        self._below.addWidget(self.links)
        flow = FlowLayout(self.links)
        self._buttons: list[QPushButton] = []
        for action_id in LINKS:
            button = KeyButton(key=actions.spec(action_id).shortcut)
            button.bind(actions.action(action_id), button.key, always_on=True)
            self._buttons.append(button)
        self._buttons.append(self.display)
        for one in self._buttons:
            flow.addWidget(one)
        column.addLayout(self._below)

    def _fill_line(self) -> None:
        line, words = self._line, QVBoxLayout()
        words.setSpacing(0)
        for label in (self.title, self.crumb, self.empty):
            words.addWidget(label)
        line.addWidget(self.symbol, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)

    def arrange(self, width: int) -> None:
        """The links stand in the line of the name where there is room for both, else below it."""
        wide = sum(button.sizeHint().width() + 8 for button in self._buttons if not button.isHidden())
        is_wide = width >= _WIDE_PX + wide
        self.links.setMinimumWidth(wide if is_wide else 0)
        if is_wide == self._is_wide:
            return
        self._is_wide = is_wide
        (self._below if is_wide else self._line).removeWidget(self.links)
        if is_wide:
            self._line.insertWidget(2, self.links, 0, Qt.AlignmentFlag.AlignTop)
        else:
            self._below.addWidget(self.links)
        edge = 0 if is_wide else 4
        self._below.setContentsMargins(12, edge, 12, edge)

    def retell(self) -> None:
        self.empty.setText(tr(EMPTY_TEXT))
        self.copy.setIcon(icon("copy"))  # the picture alone: the name needs the room
        self.copy.setAccessibleName(tr("Copy"))
        self.copy.setToolTip(tr("Copy all of it as text") + f" ({key_text('Ctrl+C')})")
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
        self.arrange(self.width())

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
