"""The bands that a screen is stacked from: a column without gaps, a head line, a table under its heading."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.ui.plain_label import PlainLabel


def bare_column(owner: QWidget) -> QVBoxLayout:
    """What is stacked touches each other and the edges."""
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column


def panel_row(column: QVBoxLayout, *, edge: int = 8, spacing: int = 8) -> QHBoxLayout:
    """A head line as the column's next band; `edge` px above and below it."""
    frame = QFrame()
    frame.setProperty("role", "panel")
    row = QHBoxLayout(frame)
    row.setContentsMargins(14, edge, 14, edge)
    row.setSpacing(spacing)
    column.addWidget(frame)
    return row


def headed(heading: PlainLabel, content: QWidget, button: QPushButton | None = None) -> QWidget:
    """A part of a screen: its heading, a button at the right when it has one, and what it holds."""
    part = QWidget()
    column = bare_column(part)
    row = panel_row(column)
    heading.setProperty("role", "strong")
    row.addWidget(heading)
    row.addStretch(1)
    if button is not None:
        button.setAutoDefault(False)
        row.addWidget(button)
    column.addWidget(content, 1)
    return part
