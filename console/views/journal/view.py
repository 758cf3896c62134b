"""Who did what, when, to what: filtered, in full, and whether the centre has it."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QPushButton, QSplitter

from console.models.empty_words import EmptyWords
from console.models.journal_table import JournalTable
from console.services.station import JOURNAL, JournalQuery
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import View, ViewContext
from console.ui.wall_clock import now_us
from console.views.journal.detail import detail_text
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.filter_line import FilterLine
from console.widgets.panel import bare_column, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.table_export import export_table

_ASK_MS = 350  # older entries are asked for when the typing rests
_LIMIT = 2000
_GIVE_WAY = (5, 6, 3)  # station, kept, concerns
_EMPTY = mark("Nothing has been done yet. What people do is written here and can never be changed.")
_FIELDS = {"who": mark("Who"), "what": mark("What"), "entity": mark("Concerns")}


class JournalView(View):
    """The newest thousand come by themselves; a filter also asks the station for older ones."""

    view_id = "journal"
    title = mark("Journal")
    icon = "journal"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.table = JournalTable(context.station, self, now_us=now_us)
        self.errands = Errands(lambda text: context.refused(self, text))
        self.list, self.filter = TableView("journal"), FilterLine()
        self.heading, self.older_button = PlainLabel(), QPushButton()
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self.detail = QPlainTextEdit()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_ASK_MS)
        self._timer.timeout.connect(self.ask_older)
        self._lay_out()
        self._connect()
        self.words = EmptyWords(context.station, JOURNAL, self._on_flushed)
        self._undo = [self.words.close, self.table.on_flushed(lambda _none: self._on_flushed())]
        self._retell()

    def _lay_out(self) -> None:
        self.list.setModel(self.table)
        lay_out_columns(self.list, [column.width for column in JournalTable.COLUMNS], _GIVE_WAY)
        attach_menu(self.list, self.context.actions, ("table.copy", "table.export"))
        SteadyScroll(self.list)
        column = bare_column(self)
        row = panel_row(column)
        self.heading.setProperty("role", "heading")
        row.addWidget(self.heading)
        for field in self.fields.values():
            field.setMaximumWidth(180)
            field.setMaxLength(200)
            field.setClearButtonEnabled(True)
            row.addWidget(field)
        row.addStretch(1)
        self.older_button.setAutoDefault(False)
        row.addWidget(self.filter, 2)
        row.addWidget(self.older_button)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        self.detail.setReadOnly(True)
        self.detail.setFrameShape(QFrame.Shape.NoFrame)
        splitter.addWidget(self.list)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([1020, 400])
        splitter.setChildrenCollapsible(False)
        self.detail.hide()
        column.addWidget(splitter, 1)

    def _connect(self) -> None:
        for name, field in self.fields.items():
            field.textChanged.connect(self._filter_by(name))
        self.filter.changed.connect(self._filter_by("text"))
        self.filter.left.connect(self.list.setFocus)
        self.older_button.clicked.connect(self.ask_older)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._show_detail())
        theme().changed.connect(self._retell)

    def _filter_by(self, name: str) -> Callable[[str], None]:
        def use(text: str) -> None:
            self.table.set_filters(**{name: text})
            if text:
                self._timer.start()

        return use

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "app.filter": self.filter.focus,
            "table.copy": self.list.copy_selection,
            "table.export": lambda: export_table(self.list, lambda text: self.context.refused(self, text)),
        }

    def save_state(self) -> dict[str, object]:
        return {"table": self.list.save_state()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        table = state.get("table")
        if isinstance(table, Mapping):
            self.list.restore_state(table)

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self._timer.stop()
        self.errands.cancel()
        self.table.close()

    def ask_older(self) -> object:
        """Ask the station for entries that match the fields as they stand."""
        return self.errands.run(self._ask_older())

    async def _ask_older(self) -> None:
        query = JournalQuery(text=self.filter.text().strip(), limit=_LIMIT)
        found = await self.context.station.query(query)
        self.table.add_older(found)
        self.table.flush()

    def _on_flushed(self) -> None:
        is_filtered = bool(self.filter.text()) or any(field.text() for field in self.fields.values())
        self.filter.set_hidden(self.table.hidden_count())
        self.list.set_empty_text(tr("No entry matches these filters.") if is_filtered else self.words.text(_EMPTY))
        self._show_detail()

    def _show_detail(self) -> None:
        entry = self.table.entry_at(self.list.first_selected())
        self.detail.setVisible(entry is not None)
        text = ""
        if entry is not None:
            text = detail_text(entry, self.table.earlier_of(entry), self.table.names.entity(entry))
        if text != self.detail.toPlainText():  # else a selection inside it would be lost
            self.detail.setPlainText(text)

    def _retell(self) -> None:
        self.heading.setText(tr(self.title))
        self.older_button.setText(tr("Look for older"))
        for name, field in self.fields.items():
            field.setPlaceholderText(tr(_FIELDS[name]))
            field.setAccessibleName(tr(_FIELDS[name]))
        self._on_flushed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.set_visible(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.table.set_visible(False)
