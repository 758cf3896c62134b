"""The alarms that make the load, list by list, each with its count; a press goes to the alarm."""

from collections.abc import Callable

from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from console.domain.alarm_classes import FloodRules
from console.domain.alarms import Occurrence
from console.models.kpi_tables import FloodTable, OffenderTable
from console.models.kpi_words import LIST_NAMES, window_text
from console.models.sorted_table import SYMBOL_ROLE, SortedTable
from console.services.kpi_records import Flood, KpiReport
from console.ui.format import whole_text
from console.ui.table_view import TableView
from console.ui.translation import mark, tr
from console.ui.view import Selection
from console.widgets.column_layout import lay_out_columns
from console.widgets.symbol_delegate import SymbolDelegate

_STEADY = ("count", "share", "lasting", "last", "start", "end", "peak")  # half of them says something else
_NONE = {
    "top_ten": mark("Nobody was called in this time."),
    "chattering": mark("No alarm came and went three times within a minute."),
    "fleeting": mark("No alarm went away within seconds, unseen."),
    "stale": mark("No alarm was active for more than a day."),
    "floods": mark("No flood: never more than {n} alarms in {window}."),
    "reshelved": mark("No alarm was shelved three times or more."),
    "returned_first": mark("No alarm returned before somebody acknowledged it."),
}
_WITHOUT = {  # columns that say nothing in this list
    "top_ten": ("lasting",),
    "chattering": ("lasting",),
    "fleeting": ("lasting", "share"),
    "stale": ("count", "share"),
    "reshelved": ("lasting", "share"),
    "returned_first": ("lasting",),
}


class KpiLists(QWidget):
    """`go(selection)` when an alarm was asked for, `zoom(flood)` when a flood was."""

    def __init__(self, go: Callable[[Selection], None], zoom: Callable[[Flood], None]) -> None:
        super().__init__()
        self._go, self._zoom = go, zoom
        self.bar, self._stack = QTabBar(), QStackedWidget()
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setUsesScrollButtons(True)
        self.floods = FloodTable(self)
        self.offenders = {name: OffenderTable(self) for name in LIST_NAMES if name != "floods"}
        self.views = {name: self._view(name) for name in LIST_NAMES}
        for view in self.views.values():
            self.bar.addTab("")
            self._stack.addWidget(view)
        self.bar.currentChanged.connect(self._stack.setCurrentIndex)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)

    @property
    def shown(self) -> str:
        """The list in sight."""
        return tuple(LIST_NAMES)[self.bar.currentIndex()]

    @property
    def view(self) -> TableView:
        return self.views[self.shown]

    def tables(self) -> tuple[FloodTable | OffenderTable, ...]:
        return (self.floods, *self.offenders.values())

    def show_list(self, name: str) -> None:
        if name in LIST_NAMES:
            self.bar.setCurrentIndex(tuple(LIST_NAMES).index(name))

    def show_report(self, report: KpiReport | None, nothing: str) -> None:
        """Fill all lists; without a report or without data they say `nothing`."""
        found = report.lists if report is not None else {}
        for name, table in self.offenders.items():
            table.show(found.get(name, ()))
        self.floods.show(report.floods if report is not None else ())
        for at, name in enumerate(LIST_NAMES):
            count = len(report.floods if name == "floods" else found.get(name, ())) if report is not None else 0
            self.bar.setTabText(at, f"{tr(LIST_NAMES[name])} · {whole_text(count)}" if count else tr(LIST_NAMES[name]))
            flood = report.flood if report is not None else FloodRules()
            most = flood.enter * (report.positions if report is not None else 1)
            self.views[name].set_empty_text(nothing or tr(_NONE[name], n=most, window=window_text(flood)))

    def open_selected(self) -> None:
        """Go to the alarm or the flood of the selected row."""
        at = self.view.first_selected()
        if self.shown == "floods":
            flood = self.floods.record_at(at) if at >= 0 else None
            if flood is not None:
                self._zoom(flood)
            return
        one = self.offenders[self.shown].record_at(at) if at >= 0 else None
        if one is not None:
            self._go(Selection(occurrence=Occurrence(one.condition_id, one.start_us), at_us=one.at_us))

    def _view(self, name: str) -> TableView:
        table: SortedTable = self.floods if name == "floods" else self.offenders[name]
        view = TableView(f"kpi_{name}")
        view.setModel(table)
        keys = [column.key for column in table.COLUMNS]
        give_way = [keys.index(key) for key in ("subject", "area") if key in keys]
        steady = [keys.index(key) for key in _STEADY if key in keys]
        lay_out_columns(view, [column.width for column in table.COLUMNS], give_way, steady)
        if name != "floods":
            view.setItemDelegate(SymbolDelegate(view, 0, SYMBOL_ROLE))
        for key in _WITHOUT.get(name, ()):
            view.setColumnHidden(keys.index(key), True)
        view.doubleClicked.connect(lambda _index: self.open_selected())
        view.activated_row.connect(lambda _row: self.open_selected())
        return view
