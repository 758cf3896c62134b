"""Cards of the faceplate: label and text in two columns, or one text; plain text, wrapped, nothing cut off."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from console.ui.plain_label import PlainLabel

LABEL_WIDTH = 84
Row = tuple[str, str, str]  # label, text, role of the text


def set_role(label: QWidget, role: str) -> None:
    """Change a label's look by its `role` property; nothing happens when it is the same."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


class Card(QFrame):
    """A titled box; hidden while it has nothing to say (`set_rows([])`, `set_text("")`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 10)
        self.column.setSpacing(4)
        self.heading = PlainLabel()
        self.heading.setProperty("role", "small")
        self.heading.setWordWrap(True)
        self.column.addWidget(self.heading)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self.column.addLayout(self._grid)
        self._rows: list[tuple[PlainLabel, PlainLabel]] = []
        self._text = _wrapping("")
        self.column.addWidget(self._text)
        self._text.hide()

    def set_title(self, title: str) -> None:
        if self.heading.text() != title:
            self.heading.setText(title)
        self.heading.setVisible(bool(title))

    def set_rows(self, rows: Sequence[Row]) -> None:
        while len(self._rows) < len(rows):
            pair = (_wrapping("small"), _wrapping(""))
            pair[0].setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            at = len(self._rows)
            self._grid.addWidget(pair[0], at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(pair[1], at, 1)
            self._rows.append(pair)
        for at, (label, text) in enumerate(self._rows):
            shown = at < len(rows)
            label.setVisible(shown)
            text.setVisible(shown)
            if shown:
                for part, words in ((label, rows[at][0]), (text, rows[at][1])):
                    if part.text() != words:
                        part.setText(words)
                set_role(text, rows[at][2])
        self.setVisible(bool(rows))

    def set_text(self, text: str) -> None:
        if self._text.text() != text:
            self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setVisible(bool(text))

    def texts(self) -> list[str]:
        """What is shown, for tests and for reading aloud."""
        shown = [part.text() for pair in self._rows for part in pair if part.isVisibleTo(self)]
        return [*shown, self._text.text()] if self._text.isVisibleTo(self) else shown


def _wrapping(role: str) -> PlainLabel:
    label = PlainLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    label.setMinimumWidth(40)
    return label
