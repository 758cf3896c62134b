"""The bands that a screen is stacked from: a column without gaps, a head line, a table under its heading."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

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


class TwoPartLine(QFrame):
    """A head line of two parts, `left` and `right`, which stand one above the other in a narrow place."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(14, 8, 14, 8)
        self._lines.setSpacing(8)
        self._first, self._second = QWidget(), QWidget()
        self.left, self.right = QHBoxLayout(self._first), QHBoxLayout(self._second)
        for row in (self.left, self.right):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
        self._lines.addWidget(self._first)
        self._lines.addWidget(self._second, 1)

    def minimumSizeHint(self) -> QSize:
        """That of two lines."""
        first, second = self._first.minimumSizeHint(), self._second.minimumSizeHint()
        return QSize(max(first.width(), second.width()) + 28, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        wide = self._first.sizeHint().width() + self._second.minimumSizeHint().width() + 60
        direction = QBoxLayout.Direction.TopToBottom if wide > self.width() else QBoxLayout.Direction.LeftToRight
        if self._lines.direction() != direction:
            self._lines.setDirection(direction)
