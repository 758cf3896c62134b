"""What is selected in the alarm list, and the deeds for it with their keys: those that make sense in this list."""

from collections.abc import Mapping

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton

from console.models.alarm_table import AlarmTab
from console.ui.actions import ActionSet
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.translation import tr, tr_n, whole_text
from console.widgets.key_button import KeyButton

_SHOW = ("incident.open", "show.trend", "show.topology")
_LIST_BUTTONS = ("alarm.acknowledge", "alarm.unacknowledge", "alarm.reset", "alarm.shelve", "alarm.take")
_MORE = (
    "alarm.unacknowledge",
    "alarm.leave",
    "alarm.out_of_service",
    "alarm.attach",
    "alarm.reset",
)
_ASIDE_BUTTONS: Mapping[AlarmTab, tuple[str, ...]] = {
    AlarmTab.SHELVED: ("alarm.extend", "alarm.unshelve"),
    AlarmTab.OUT_OF_SERVICE: ("alarm.return_to_service",),
    AlarmTab.SUPPRESSED: (),
}
_COPY = ("", "table.copy", "table.export")
MENUS: Mapping[AlarmTab, tuple[str, ...]] = {
    AlarmTab.ACTIVE: (
        "alarm.acknowledge",
        "alarm.unacknowledge",
        "alarm.reset",
        "alarm.reset_first_out",
        "alarm.comment",
        "",
        "alarm.take",
        "alarm.leave",
        "alarm.shelve",
        "alarm.out_of_service",
        "",
        "incident.open",
        "alarm.attach",
        "show.trend",
        "show.topology",
        "show.procedure",
        "alarm.details",
        *_COPY,
    ),
    AlarmTab.SHELVED: (
        "alarm.extend",
        "alarm.shelve",
        "alarm.unshelve",
        "alarm.out_of_service",
        "alarm.comment",
        "",
        *_SHOW,
        *_COPY,
    ),
    AlarmTab.OUT_OF_SERVICE: ("alarm.return_to_service", "alarm.comment", "", *_SHOW, *_COPY),
    AlarmTab.SUPPRESSED: ("alarm.out_of_service", "alarm.comment", "", *_SHOW, *_COPY),
}
_ALL = (
    *_LIST_BUTTONS,
    "alarm.extend",
    "alarm.unshelve",
    "alarm.return_to_service",
    "alarm.comment",
    *_SHOW,
)
_GIVE_WAY = ("show.topology", "show.trend", "alarm.take", "incident.open", "alarm.comment", "alarm.shelve")
_PRIMARY = frozenset({"alarm.acknowledge", "alarm.extend", "alarm.return_to_service"})


class SelectionBar(QFrame):
    """Hidden while nothing is selected."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(8)
        self.text = PlainLabel(elide=True)
        self.text.setMinimumWidth(60)
        row.addWidget(self.text, 1)
        self.buttons: dict[str, KeyButton] = {}
        for action_id in _ALL:
            key = actions.spec(action_id).shortcut
            button = KeyButton(key=key, primary=action_id in _PRIMARY)
            button.bind(actions.action(action_id), key)
            row.addWidget(button)
            self.buttons[action_id] = button
        self.more = QPushButton()
        self.more.setAutoDefault(False)
        self._menu = QMenu(self.more)
        self._menu.aboutToShow.connect(self._fill)
        self.more.setMenu(self._menu)
        row.addWidget(self.more)
        self._actions = actions
        self._present: set[str] = set()
        self._in_menu: list[str] = []
        self._is_aside = False
        self.hide()

    def tell(self, chosen: int, owed: int, tab: AlarmTab, *, latched: bool = False) -> None:
        """How many rows are selected, how many of them are unacknowledged; `latched`: one waits for its reset."""
        self.setVisible(bool(chosen))
        present = set(_ASIDE_BUTTONS[tab]) if tab in _ASIDE_BUTTONS else {"alarm.shelve", "alarm.take"}
        if tab not in _ASIDE_BUTTONS:  # of the three only the one that does something
            present.add("alarm.acknowledge" if owed else "alarm.reset" if latched else "alarm.unacknowledge")
        present |= {"alarm.comment", *_SHOW}
        before = (self._present, self._is_aside, self.more.text(), self.text.text())
        self._present = present
        self.more.setText(tr("More"))
        count = tr_n("{n} alarm selected", "{n} alarms selected", chosen)
        self._is_aside = tab in _ASIDE_BUTTONS
        self.text.setText(count if self._is_aside else f"{count} · {tr('{n} unacknowledged', n=whole_text(owed))}")
        if before != (self._present, self._is_aside, self.more.text(), self.text.text()):
            self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(240, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow place buttons give way, one after the other, and stand in the menu at the end."""
        room = self.width() - 28 - self.text.fontMetrics().horizontalAdvance(self.text.text()) - 16
        room -= self.more.sizeHint().width() + 8
        shown = set(self._present)
        for action_id in _GIVE_WAY:
            if sum(self.buttons[one].sizeHint().width() + 8 for one in shown) <= room:
                break
            shown.discard(action_id)
        for action_id, button in self.buttons.items():
            button.setVisible(action_id in shown)
        self._in_menu = [one for one in reversed(_GIVE_WAY) if one in self._present - shown]
        self.more.setVisible(bool(self._in_menu) or not self._is_aside)

    def _fill(self) -> None:
        self._menu.clear()
        for action_id in (*self._in_menu, *(() if self._is_aside else _MORE)):
            self._menu.addAction(self._actions.action(action_id))


def rows_in_sight(view: TableView) -> range:
    """Positions whose rows can be read whole (NUREG-0700 4.3.3-2: a page is what is visible)."""
    height, count = view.viewport().height(), view.model().rowCount()
    first, last = view.rowAt(0), view.rowAt(height - 1)
    last = count - 1 if last < 0 else last
    if last >= 0 and view.rowViewportPosition(last) + view.rowHeight(last) > height:
        last -= 1
    return range(max(first, 0), last + 1) if first >= 0 else range(0)
