"""The lists of the alarm view, one in sight at a time: the alarms themselves and what is kept aside, each in columns
of its own."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QStackedWidget

from console.models.alarm_aside import COLUMNS, AsideTable
from console.models.alarm_table import ASIDE_FLAGS, AlarmTab, AlarmTable
from console.models.sorted_table import SYMBOL_ROLE
from console.services.notifier import Undo
from console.services.station import Station
from console.ui.actions import ActionSet
from console.ui.table_view import TableView
from console.ui.tag_drag import TagDrag
from console.ui.wall_clock import now_us
from console.views.alarms.seen import Seen, seen_rows
from console.views.alarms.selection_bar import MENUS
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.symbol_delegate import SymbolDelegate

_GIVE_WAY = {
    AlarmTab.ACTIVE: ("area", "limit", "age", "note"),
    AlarmTab.SHELVED: ("times", "area", "state", "workstation", "since", "asset"),
    AlarmTab.OUT_OF_SERVICE: ("age", "area", "state", "workstation", "since", "asset"),
    AlarmTab.SUPPRESSED: ("age", "area", "state"),
}
_FEW = 200  # selected rows that are looked at one by one
_STEADY = ("age", "limit")  # half of them says something else
_STEADY_ASIDE = ("asset", "remaining", "state", "who", "since", "age")
_GROWS = ("note", "reason")  # what people wrote


class AlarmLists(QStackedWidget):
    """`table` and `list` are the alarms themselves; `shown` is the pair in sight."""

    selection_changed = Signal()
    clear_asked = Signal()  # Esc in a list while a filter hides rows

    def __init__(self, station: Station, actions: ActionSet, warn_us: Callable[[], int]) -> None:
        super().__init__()
        self._actions = actions
        self._is_seen = False
        self.tab = AlarmTab.ACTIVE
        self.table = AlarmTable(station, self, now_us=now_us)
        self.list = self._page(AlarmTab.ACTIVE, self.table, "alarms")
        self.asides = {tab: AsideTable(self.table, tab, self, now_us=now_us, warn_us=warn_us) for tab in ASIDE_FLAGS}
        self._pages: Mapping[AlarmTab, TableView] = {
            tab: self._page(tab, table, f"alarms.{tab.value}") for tab, table in self.asides.items()
        }

    def _page(self, tab: AlarmTab, table: AlarmTable | AsideTable, table_id: str) -> TableView:
        view = TableView(table_id)
        view.setModel(table)
        view.setItemDelegateForColumn(0, SymbolDelegate(view, 0, SYMBOL_ROLE))
        columns = COLUMNS.get(tab, AlarmTable.COLUMNS)
        keys = [column.key for column in columns]
        steady = [keys.index(key) for key in (_STEADY if tab not in COLUMNS else _STEADY_ASIDE) if key in keys]
        give_way = [keys.index(key) for key in _GIVE_WAY[tab]]
        grows = next(keys.index(key) for key in _GROWS if key in keys)
        lay_out_columns(view, [column.width for column in columns], give_way, steady, grows)
        attach_menu(view, self._actions, MENUS[tab])
        SteadyScroll(view)
        TagDrag(view.viewport(), partial(self._ids_at, table, view))
        view.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)
        self.addWidget(view)
        return view

    @property
    def shown(self) -> tuple[AlarmTable | AsideTable, TableView]:
        aside = self.asides.get(self.tab)
        return (self.table, self.list) if aside is None else (aside, self._pages[self.tab])

    @property
    def is_aside(self) -> bool:
        return self.tab in self.asides

    def view_of(self, tab: AlarmTab) -> TableView:
        return self._pages.get(tab, self.list)

    def show_tab(self, tab: AlarmTab) -> None:
        self.tab = tab
        if tab not in self.asides:
            self.table.set_tab(tab)
        self.setCurrentWidget(self.view_of(tab))
        self.set_seen(self._is_seen)
        self.selection_changed.emit()

    def set_seen(self, is_seen: bool) -> None:
        """Only what is seen follows the heartbeat; the alarms themselves do for the lists beside them as well."""
        self._is_seen = is_seen
        self.table.set_visible(is_seen)
        for tab, table in self.asides.items():
            table.set_visible(is_seen and tab == self.tab)

    def relayout(self) -> None:
        """The filter changed: the list in sight shows it now, the others when they are seen."""
        aside = self.asides.get(self.tab)
        if aside is not None:
            aside.relayout()

    def on_flushed(self, tell: Callable[[None], None]) -> list[Undo]:
        return [table.on_flushed(tell) for table in (self.table, *self.asides.values())]

    def selection(self) -> tuple[Seen, ...]:
        """The selected alarms as they are shown now."""
        table, view = self.shown
        return seen_rows(self.table.alarms, table.alarm_rows(view.selected_rows()))

    def _ids_at(self, table: AlarmTable | AsideTable, view: TableView, place: QPoint) -> list[UUID]:
        """The tags of the selected alarms, or of the one under the pointer."""
        row, rows = view.rowAt(place.y()), view.selected_rows()
        seen = seen_rows(self.table.alarms, table.alarm_rows(rows if row in rows else [row]))
        return list(dict.fromkeys(one.condition.tag_id for one in seen if one.condition.tag_id is not None))

    def chosen(self) -> tuple[int, int, bool]:
        """How many rows are selected, how many of them are unacknowledged, and whether one waits for its reset."""
        table, view = self.shown
        parts = view.selectionModel().selection().toList()
        spans = [(part.top(), part.bottom()) for part in parts]
        if table is not self.table:
            return len({row for first, last in spans for row in range(first, last + 1)}), 0, False
        count, owed = self.table.owed_count(spans)
        few = [row for first, last in spans[:_FEW] for row in range(first, min(last, first + _FEW) + 1)]
        return count, owed, bool(count and not owed and self.table.waits_for_reset(few[:_FEW]))

    def seen_at(self, position: int) -> tuple[Seen, ...]:
        """The alarm at a position of the list in sight."""
        return seen_rows(self.table.alarms, self.shown[0].alarm_rows([position]))

    def save_state(self) -> dict[str, object]:
        return {tab.value: view.save_state() for tab, view in self._pages.items()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        for tab, view in self._pages.items():
            kept = state.get(tab.value)
            if isinstance(kept, Mapping):
                view.restore_state(kept)

    def close_tables(self) -> None:
        for table in self.asides.values():
            table.close()
        self.table.close()

    # groups fold and open at their heads; Esc clears the filter before it goes back

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and isinstance(watched, TableView):
            if event.key() == Qt.Key.Key_Escape and self.table.is_filtered:
                if event.type() == QEvent.Type.ShortcutOverride:
                    event.accept()
                    return True
                if event.type() == QEvent.Type.KeyPress:
                    self.clear_asked.emit()
                    return True
            if event.type() == QEvent.Type.KeyPress and self._folds(event.key()):
                return self.table.toggle_group(self.list.currentIndex().row())
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonPress
            and watched is self.list.viewport()
            and event.button() == Qt.MouseButton.LeftButton
        ):
            return self.table.toggle_group(self.list.rowAt(int(event.position().y())))
        return super().eventFilter(watched, event)

    def _folds(self, key: int) -> bool:
        """Enter turns a head, Left folds it, Right opens it."""
        if self.is_aside:
            return False
        row = self.table.row_at(self.list.currentIndex().row())
        if not self.table.groups.is_head(row):
            return False
        wanted = {Qt.Key.Key_Left: True, Qt.Key.Key_Right: False}.get(Qt.Key(key))
        if wanted is None:
            return key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return self.table.groups.is_folded(row) != wanted
