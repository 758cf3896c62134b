"""The head line of the alarm view: heading, tabs with their counts, how the list is grouped, and what it is
filtered by; in a narrow place on two lines."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QMenu, QPushButton, QWidget

from console.models.alarm_groups import GROUP_WORDS, GroupBy
from console.models.alarm_table import AlarmTable
from console.ui.key_names import key_text
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import tr
from console.views.alarms.filter_menu import FilterMenu
from console.views.alarms.tabs import AlarmTabs
from console.widgets.filter_line import FilterLine


class GroupMenu(QPushButton):
    """By what the list is grouped: one of five, the chosen one ticked."""

    def __init__(self, choose: Callable[[GroupBy], None], by: Callable[[], GroupBy]) -> None:
        super().__init__()
        self._choose, self._by = choose, by
        self.setAutoDefault(False)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)
        theme().changed.connect(self.retell)
        self.retell()

    def retell(self) -> None:
        self.setText(tr("Group"))
        self.setToolTip(tr("Group the list by area, or show it flat again") + f" ({key_text('Ctrl+G')})")

    def fill(self) -> None:
        self._menu.clear()
        only_one = QActionGroup(self._menu)
        for by, words in GROUP_WORDS.items():
            action = self._menu.addAction(tr(words))
            action.setCheckable(True)
            action.setChecked(by == self._by())
            only_one.addAction(action)
            action.triggered.connect(lambda _on=False, wanted=by: self._choose(wanted))


class AlarmHead(QFrame):
    """`table` is asked for its filter and its groups when a menu opens."""

    def __init__(self, group: Callable[[GroupBy], None], table: AlarmTable) -> None:
        super().__init__()
        alarms = table.alarms
        self.setProperty("role", "panel")
        self.heading, self.tabs, self.filter = PlainLabel(), AlarmTabs(), FilterLine()
        self.heading.setProperty("role", "heading")
        self.group = GroupMenu(group, lambda: table.groups.by)
        self.menu = FilterMenu(lambda: table.filter, lambda: alarms.texts["area"].names, lambda: alarms.class_names)
        self.filter.setMaximumWidth(560)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(14, 8, 14, 8)
        self._lines.setSpacing(8)
        first, second = QWidget(), QWidget()
        left, right = QHBoxLayout(first), QHBoxLayout(second)
        for row in (left, right):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
        left.addWidget(self.heading)
        left.addWidget(self.tabs)
        left.addStretch(1)
        right.addStretch(1)
        right.addWidget(self.group)
        right.addWidget(self.menu)
        right.addWidget(self.filter, 2)
        self._first, self._second = first, second
        self._lines.addWidget(first)
        self._lines.addWidget(second, 1)

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
