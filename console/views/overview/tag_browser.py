"""Every tag of the plant, by where it comes from: any Sparkplug plant, with nothing configured."""

from collections.abc import Callable, Mapping
from uuid import UUID

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QSplitter, QTreeView, QWidget

from console.domain.tags import Tag
from console.models.empty_words import NOTHING_HEARD, EmptyWords
from console.models.tag_table import TagTable
from console.models.tag_tree import BRANCH_ROLE, TagTree
from console.services.station import TAGS, Station
from console.ui.actions import ActionSet
from console.ui.plain_label import PlainLabel
from console.ui.table_view import PlainDelegate, TableView
from console.ui.tag_drag import TagDrag
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.filter_line import FilterLine
from console.widgets.panel import bare_column, panel_row
from console.widgets.steady_scroll import SteadyScroll

_OPEN_LEVELS = 2
_GIVE_WAY = (5, 4)  # age, quality (stale rows look so anyway)


class TagBrowser(QWidget):
    """`chosen(Tag)` when a tag gets the focus; values follow the heartbeat while the browser is seen."""

    chosen = Signal(object)

    def __init__(self, station: Station, actions: ActionSet, now_us: Callable[[], int]) -> None:
        super().__init__()
        self.table = TagTable(station, self, now_us=now_us)
        self.branches = TagTree(station, self)
        self.tree, self.list = QTreeView(), TableView("tags")
        self.filter, self.heading = FilterLine(), PlainLabel()
        self._lay_out(actions)
        self.filter.changed.connect(self.table.set_filter)
        self.filter.left.connect(self.list.setFocus)
        self.tree.selectionModel().currentChanged.connect(self._on_branch)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._on_tag())
        self.words = EmptyWords(station, TAGS, self._tell, deaf=NOTHING_HEARD)
        self._undo = self.table.on_flushed(lambda _none: self._tell())
        self._retell()
        theme().changed.connect(self._retell)

    def _lay_out(self, actions: ActionSet) -> None:
        self.tree.setModel(self.branches)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setItemDelegate(PlainDelegate(self.tree))
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.expandToDepth(_OPEN_LEVELS)
        self.branches.rowsInserted.connect(self._open_new)
        self.list.setModel(self.table)
        lay_out_columns(self.list, [column.width for column in TagTable.COLUMNS], _GIVE_WAY, (1,))
        attach_menu(self.list, actions, ("show.trend", "show.topology", "", "table.copy", "table.export"))
        SteadyScroll(self.list)
        TagDrag(self.list.viewport(), self._ids_at)
        column = bare_column(self)
        row = panel_row(column, edge=6)
        self.heading.setProperty("role", "strong")
        row.addWidget(self.heading)
        row.addStretch(1)
        row.addWidget(self.filter, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.tree)
        splitter.addWidget(self.list)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([270, 1000])
        splitter.setChildrenCollapsible(False)
        column.addWidget(splitter, 1)

    def _ids_at(self, place: QPoint) -> list[UUID]:
        """The tags of the selected rows, or of the one under the pointer."""
        row = self.list.rowAt(place.y())
        rows = self.list.selected_rows()
        tags = (self.table.tag_at(one) for one in (rows if row in rows else [row]))
        return [tag.tag_id for tag in tags if tag is not None]

    def current(self) -> Tag | None:
        return self.table.tag_at(self.list.first_selected())

    def save_state(self) -> dict[str, object]:
        return {"table": self.list.save_state()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        table = state.get("table")
        if isinstance(table, Mapping):
            self.list.restore_state(table)

    def set_seen(self, is_seen: bool) -> None:
        self.table.set_visible(is_seen)

    def close_browser(self) -> None:
        self._undo()
        self.words.close()
        self.table.close()
        self.branches.close()

    def _open_new(self, parent: QModelIndex, first: int, last: int) -> None:
        depth, above = 0, parent
        while above.isValid():
            depth, above = depth + 1, above.parent()
        if depth <= _OPEN_LEVELS:
            self.tree.expand(parent)

    def _on_branch(self, index: QModelIndex) -> None:
        self.table.set_branch(tuple(index.data(BRANCH_ROLE) or ()))

    def _on_tag(self) -> None:
        tag = self.current()
        if tag is not None:
            self.chosen.emit(tag)

    def _tell(self) -> None:
        self.filter.set_hidden(self.table.hidden_count())
        words = (
            tr("No tag matches.")
            if self.table.wanted
            else self.words.text(mark("No tag yet. Tags appear with the first birth of a node."))
        )
        self.list.set_empty_text(words)

    def _retell(self) -> None:
        self.heading.setText(tr("Tags"))
        self.tree.setAccessibleName(tr("Tags by node and device"))
        self._tell()
