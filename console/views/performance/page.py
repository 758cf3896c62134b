"""What the tabs of performance management share: a table, something drawn below it, one question at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QItemSelection, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QWidget

from console.domain.refusal import Refused
from console.models.sorted_table import SortedTable
from console.ui.errands import DEFECT_TEXT, Errands
from console.ui.table_view import TableView
from console.ui.translation import tr, tr_refusal
from console.ui.view import Selection, ViewContext
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.panel import bare_column
from console.widgets.steady_scroll import SteadyScroll

_SETTLE_MS = 180


class Page(QWidget):
    """One tab. `changed` when what is busy or was refused is another; `chosen(tag_id)` when a row was selected."""

    changed = Signal()
    chosen = Signal(object)  # UUID

    def __init__(self, context: ViewContext, errands: Errands) -> None:
        super().__init__()
        self.context = context
        self.problem = ""
        self.is_refused = False  # what was refused may be answered soon
        self._is_own_choice = False
        self._errands = errands
        self._asking: dict[str, asyncio.Task[Any]] = {}
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        bare_column(self).addWidget(self.splitter, 1)

    def ask(self) -> None:
        """Ask for everything that this page shows."""

    def retell(self) -> None:
        """The language or the theme is another."""

    def show_tag(self, tag_id: UUID) -> None:
        """Something is selected elsewhere."""

    def views(self) -> Sequence[TableView]:
        return ()

    @property
    def is_busy(self) -> bool:
        return any(not task.done() for task in self._asking.values())

    def facts(self) -> str:
        """What the head line says beside the title."""
        return ""

    def cancel(self) -> None:
        for task in self._asking.values():
            task.cancel()
        self._asking.clear()

    def close_page(self) -> None:
        self._settle.stop()
        self.cancel()
        for view in self.views():
            model = view.model()
            if isinstance(model, SortedTable):
                model.set_visible(False)

    def table(self, table_id: str, model: SortedTable, give_way: Sequence[str], steady: Sequence[str]) -> TableView:
        """A table with its menu; a selected row is looked at when the keys rest, a pressed one opens its trend."""
        view = TableView(table_id)
        view.setModel(model)
        keys = [column.key for column in model.COLUMNS]
        lay_out_columns(
            view,
            [column.width for column in model.COLUMNS],
            [keys.index(key) for key in give_way],
            [keys.index(key) for key in steady],
        )
        attach_menu(view, self.context.actions, ("table.copy", "table.export"))
        SteadyScroll(view)
        view.selectionModel().selectionChanged.connect(self._on_selected)
        view.activated.connect(lambda _index: self.open_trend())  # Enter, and two clicks
        return view

    def tag_of_row(self) -> UUID | None:
        """Of the selected row."""
        return None

    def open_trend(self) -> None:
        tag_id = self.tag_of_row()
        if tag_id is not None:
            self.context.go("trends", Selection(tag_id=tag_id))

    def look(self) -> None:
        """Draw what the selected row is about."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settle.start()

    def _on_selected(self, _new: QItemSelection, _old: QItemSelection) -> None:
        tag_id = self.tag_of_row()
        if tag_id is not None and not self._is_own_choice:
            self.chosen.emit(tag_id)
        self._settle.start()

    def look_at_first(self, view: TableView) -> None:
        """Draw the first row while nobody chose one; that is no selection that travels."""
        if view.first_selected() < 0 and view.model().rowCount():
            self._is_own_choice = True
            view.selectRow(0)
            self._is_own_choice = False

    def run(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The newest of its kind counts; a refusal is said in the head line."""
        before = self._asking.pop(what, None)
        if before is not None:
            before.cancel()
        task = self._errands.run(self._guarded(work))
        if task is not None:
            self._asking[what] = task
            task.add_done_callback(lambda _done: self.changed.emit())
        self.changed.emit()

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.problem, self.is_refused = "", False
        try:
            await work()
        except Refused as refused:
            self.problem, self.is_refused = tr_refusal(refused), True
        except Exception:
            self.problem = tr(DEFECT_TEXT)
            raise
