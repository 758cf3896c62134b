"""The head line of the alarm view: heading, tabs with their counts, how the list is grouped, and what it is
filtered by; in a narrow place on two lines."""

from collections.abc import Callable

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton

from console.models.alarm_groups import GROUP_WORDS, GroupBy
from console.models.alarm_table import AlarmTable
from console.ui.key_names import key_text
from console.ui.plain_label import PlainLabel
from console.ui.theme import theme
from console.ui.translation import tr
from console.views.alarms.filter_menu import FilterMenu
from console.views.alarms.tabs import AlarmTabs
from console.widgets.filter_line import FilterLine
from console.widgets.panel import TwoPartLine


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


class AlarmHead(TwoPartLine):
    """`table` is asked for its filter and its groups when a menu opens."""

    def __init__(self, group: Callable[[GroupBy], None], table: AlarmTable) -> None:
        super().__init__()
        alarms = table.alarms
        self.heading, self.tabs, self.filter = PlainLabel(), AlarmTabs(), FilterLine()
        self.heading.setProperty("role", "heading")
        self.group = GroupMenu(group, lambda: table.groups.by)
        self.menu = FilterMenu(lambda: table.filter, lambda: alarms.texts["area"].names, lambda: alarms.class_names)
        self.filter.setMaximumWidth(560)
        self.left.addWidget(self.heading)
        self.left.addWidget(self.tabs)
        self.left.addStretch(1)
        self.right.addStretch(1)
        self.right.addWidget(self.group)
        self.right.addWidget(self.menu)
        self.right.addWidget(self.filter, 2)
