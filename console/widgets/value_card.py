"""Main values of a thing with their sparklines: number right-aligned, unit dim, untrusted values italic and dim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from console.ui.format import ValueText
from console.ui.plain_label import PlainLabel, plain_tip
from console.widgets.card import Card, set_role
from console.widgets.sparkline import Sparkline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ValueRow:
    """`times`/`values`: the sparkline's points; empty for texts."""

    name: str
    value: ValueText
    tone: str
    times: NDArray[np.float64]
    values: NDArray[np.float64]


class ValueCard(Card):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(6)
        self._table.setVerticalSpacing(2)
        self._table.setColumnStretch(0, 3)
        self._table.setColumnStretch(3, 1)
        self._table.setColumnMinimumWidth(0, 84)
        self.column.addLayout(self._table)
        self._parts: list[tuple[PlainLabel, PlainLabel, PlainLabel, Sparkline]] = []

    def set_values(self, rows: Sequence[ValueRow]) -> None:
        while len(self._parts) < len(rows):
            self._add_row()
        for at, (name, number, unit, line) in enumerate(self._parts):
            shown = at < len(rows)
            for part in (name, number, unit, line):
                part.setVisible(shown)
            if not shown:
                continue
            row = rows[at]
            is_trusted = row.value.style in {"", "uncertain"}
            for label, text in ((name, row.name), (number, row.value.number), (unit, row.value.unit)):
                if label.text() != text:
                    label.setText(text)
            number.setToolTip(plain_tip(row.value.full))
            set_role(number, "strong" if is_trusted else "stale")
            line.set_points(row.times, row.values, trusted=is_trusted, tone=row.tone)
        self.setVisible(bool(rows))

    def row_at(self, y: int) -> int:
        """The row at this height, -1 for none."""
        for row, parts in enumerate(self._parts):
            place = parts[0].geometry()
            if parts[0].isVisible() and place.top() <= y <= place.bottom():
                return row
        return -1

    def _add_row(self) -> None:
        at = len(self._parts)
        name = PlainLabel(elide=True)
        number = PlainLabel(elide=True)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        number.setMinimumWidth(56)
        number.setMaximumWidth(96)
        unit = PlainLabel(elide=True)
        unit.setProperty("role", "small")
        unit.setFixedWidth(32)
        line = Sparkline()
        for column, part in enumerate((name, number, unit, line)):
            self._table.addWidget(part, at, column)
        self._parts.append((name, number, unit, line))
