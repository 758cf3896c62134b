"""The pens below the plots: their table, the table of the cursors in its place, and what is chosen there."""

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QStackedWidget

from console.models.tag_cache import TagCache
from console.models.trend_table import PenRow, TrendTable
from console.ui.table_view import TableView
from console.ui.view import ViewContext
from console.views.trends.cursor_desk import CursorDesk
from console.widgets.column_layout import lay_out_columns
from console.widgets.trend_cursors import TrendCursors

_ACTIONS = ("show.topology", "table.copy", "table.export")


class PenDesk(QObject):
    """`chosen` when another pen is selected. Both tables have the same rows and the same selection."""

    chosen = Signal()

    def __init__(self, cache: TagCache, cursors: TrendCursors, context: ViewContext, parent: QObject) -> None:
        super().__init__(parent)
        self._cursors, self._actions = cursors, context.actions
        self.fill_menu: Callable[[QMenu, list[int]], None] = lambda _menu, _handles: None
        self.model = TrendTable(cache, self)
        self.table = TableView("trend_pens")
        self.table.setModel(self.model)
        lay_out_columns(self.table, (36, 0, 116, 104, 104, 104, 104, 190), (5, 4, 6))
        self.between = CursorDesk(cursors, context.station)
        self.tables = QStackedWidget()
        self.tables.addWidget(self.table)
        self.tables.addWidget(self.between)
        for table in (self.table, self.between.table):
            table.selectionModel().selectionChanged.connect(lambda *_: self._on_chosen())
            table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            table.customContextMenuRequested.connect(lambda place, of=table: self._popup(of, place))
        cursors.changed.connect(self._on_cursors)
        self._is_copying = False

    @property
    def shown(self) -> TableView:
        """The table in sight."""
        return self.between.table if self.tables.currentIndex() else self.table

    def selected(self) -> list[PenRow]:
        """Rows of the selection of the table in sight."""
        rows = self.between.model.rows if self.tables.currentIndex() else self.model.rows
        return [rows[row] for row in self.shown.selected_rows() if row < len(rows)]

    def set_rows(self, rows: list[PenRow]) -> None:
        """Rows anew; the selection stays on its pens."""
        kept = {row.tag.handle for row in self.selected()}
        self._is_copying = True
        if [row.tag.handle for row in self.model.rows] != [row.tag.handle for row in rows]:
            self.model.set_rows(list(rows))
        self.between.set_rows(rows)
        self._is_copying = False
        self._select(kept)

    def copy(self) -> str:
        return self.between.copy() if self.tables.currentIndex() else self.table.copy_selection()

    def menu(self, handles: list[int]) -> QMenu:
        """What can be done with these pens."""
        menu = QMenu(self.shown)
        self.fill_menu(menu, handles)
        menu.addSeparator()
        for action_id in _ACTIONS:
            menu.addAction(self._actions.action(action_id))
        return menu

    def _popup(self, table: TableView, place: QPoint) -> None:
        if not table.selected_rows():
            return
        menu = self.menu([row.tag.handle for row in self.selected()])
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(table.viewport().mapToGlobal(place))

    def _on_cursors(self) -> None:
        wanted = 1 if self._cursors.span is not None else 0
        if wanted != self.tables.currentIndex():
            kept = {row.tag.handle for row in self.selected()}
            had_keys = self.shown.hasFocus()
            self.tables.setCurrentIndex(wanted)
            self._select(kept)
            if had_keys:
                self.shown.setFocus()

    def _on_chosen(self) -> None:
        if not self._is_copying:
            self.chosen.emit()

    def _select(self, handles: set[int]) -> None:
        """Without telling anyone: nothing else was chosen."""
        rows = self.between.model.rows if self.tables.currentIndex() else self.model.rows
        self._is_copying = True
        selection = self.shown.selectionModel()
        if {row.tag.handle for row in self.selected()} != handles:
            selection.clearSelection()
            flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            for place, row in enumerate(rows):
                if row.tag.handle in handles:
                    selection.select(self.shown.model().index(place, 0), flags)
        self._is_copying = False
