"""The alarms of one thing in a few lines: symbol, text, age."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from console.ui.plain_label import PlainLabel
from console.ui.priority_symbol import SymbolState, flash_clock, paint_symbol, symbol_state
from console.ui.theme import theme
from console.widgets.card import Card, set_role

_FLASHING = frozenset({SymbolState.UNACKNOWLEDGED, SymbolState.RETURNED})


@dataclass(frozen=True, slots=True)
class AlarmCardRow:
    """`state` is a `domain.alarms.AlarmState`."""

    priority: int
    state: int
    text: str
    age: str


class SymbolLabel(QWidget):
    """The priority symbol as a widget of its own; it flashes with all others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._priority, self._state = 0, SymbolState.NONE
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        flash_clock().beat.connect(self._beat)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(18, 18)

    def set_symbol(self, priority: int, state: SymbolState) -> None:
        if (priority, state) != (self._priority, self._state):
            self._priority, self._state = priority, state
            flash_clock().hold(self, state in _FLASHING)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_symbol(painter, QRectF(0, 0, 18, 18), self._priority, self._state, lit=flash_clock().lit(self._state))
        painter.end()

    def _beat(self) -> None:
        if self._state in _FLASHING and self.isVisible():
            self.update()


class AlarmCard(Card):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[QWidget, SymbolLabel, PlainLabel, PlainLabel]] = []

    def set_alarms(self, rows: Sequence[AlarmCardRow]) -> None:
        while len(self._lines) < len(rows):
            self._add_line()
        for at, (line, symbol, text, age) in enumerate(self._lines):
            line.setVisible(at < len(rows))
            if at >= len(rows):
                symbol.set_symbol(0, SymbolState.NONE)
                continue
            row = rows[at]
            state = symbol_state(row.state)
            symbol.set_symbol(row.priority, state)
            text.setText(row.text)
            set_role(
                text,
                "strong" if state == SymbolState.UNACKNOWLEDGED else "dim" if state == SymbolState.RETURNED else "",
            )
            age.setText(row.age)
        self.setVisible(bool(rows))

    def release(self) -> None:
        for _line, symbol, _text, _age in self._lines:
            symbol.set_symbol(0, SymbolState.NONE)

    def _add_line(self) -> None:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 1, 0, 1)
        row.setSpacing(8)
        symbol = SymbolLabel()
        text = PlainLabel()
        text.setWordWrap(True)
        age = PlainLabel()
        age.setProperty("role", "small")
        row.addWidget(symbol)
        row.addWidget(text, 1)
        row.addWidget(age)
        self.column.addWidget(line)
        self._lines.append((line, symbol, text, age))
