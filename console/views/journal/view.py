"""Who did what, when, to what: filtered, in full, with what stood there before, and where it is kept."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QSplitter

from console.domain.audit_commands import ExportAudit
from console.domain.permissions import SIGN_ON_FIRST
from console.models.empty_words import EmptyWords
from console.models.journal_table import JournalTable
from console.services.journal.before_after import replaces
from console.services.records import JournalRow, SessionRecord
from console.services.station import JOURNAL, SESSION, JournalQuery
from console.ui.errands import Errands
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.journal.archive_line import ArchiveLine
from console.views.journal.detail import detail_text
from console.views.journal.exporting import ExportBand
from console.views.journal.filters import Filters
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.filter_line import FilterLine
from console.widgets.panel import bare_column, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.table_export import export_table

_ASK_MS = 350  # older entries are asked for when the typing rests
_PAGE = 500
_EARLIER = 200  # entries of one thing that are looked through for what stood there before
_GIVE_WAY = (5, 7, 6, 3)  # station, doubt, kept, concerns
_GROWS = 3  # concerns
_STEADY = (0, 1, 2)  # when, who and what are read whole
_EMPTY = mark("Nothing has been done yet. What people do is written here and can never be changed.")


class JournalView(View):
    """The newest thousand come by themselves; a filter asks the station, a page at a time, and `Load more` goes on."""

    view_id = "journal"
    title = mark("Journal")
    icon = "journal"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.table = JournalTable(context.station, self, now_us=now_us)
        self.errands = Errands(lambda text: context.refused(self, text))
        self.list, self.filter = TableView("journal"), FilterLine()
        self.filters = Filters(self.table.names.ids_of)
        self.fields = self.filters.fields
        self.heading, self.older_button, self.export_button = PlainLabel(), QPushButton(), QPushButton()
        self.exporting = ExportBand(context.station, self.errands)
        self.archived = ArchiveLine(context.station)
        self._why_not = SIGN_ON_FIRST
        self.detail = QPlainTextEdit()
        self._earlier: dict[str, tuple[JournalRow, ...]] = {}  # of the entry that is shown, by its hash
        self._asking: asyncio.Task[Any] | None = None
        self._looking: asyncio.Task[Any] | None = None
        self._oldest = 0  # rid behind which the present filter goes on; 0: from the newest
        self._is_all = False  # the present filter has nothing older
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_ASK_MS)
        self._timer.timeout.connect(self.ask_older)
        self._lay_out()
        self._connect()
        self.words = EmptyWords(context.station, JOURNAL, self._on_flushed)
        self._undo = [self.archived.close_line, self.words.close, self.exporting.close_band]
        self._undo += [context.station.subscribe(SESSION, self._on_session)]
        self._undo += [self.table.on_flushed(lambda _none: self._on_flushed())]
        self._retell()

    def _lay_out(self) -> None:
        self.list.setModel(self.table)
        lay_out_columns(self.list, [column.width for column in JournalTable.COLUMNS], _GIVE_WAY, _STEADY, _GROWS)
        attach_menu(self.list, self.context.actions, ("table.copy", "table.export"))
        SteadyScroll(self.list)
        column = bare_column(self)
        row = panel_row(column)
        self.heading.setProperty("role", "heading")
        row.addWidget(self.heading)
        row.addStretch(1)
        row.addWidget(self.filter, 2)
        self.older_button.setAutoDefault(False)
        self.export_button.setAutoDefault(False)
        row.addWidget(self.older_button)
        row.addWidget(self.export_button)
        panel_row(column, edge=4).addWidget(self.filters, 1)
        column.addWidget(self.exporting)
        column.addWidget(self.archived)
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
        self.filters.words_changed.connect(self._on_words)
        self.filters.window_changed.connect(self._on_window)
        self.filter.changed.connect(lambda text: self._on_words("text", text))
        self.filter.left.connect(self.list.setFocus)
        self.older_button.clicked.connect(self.ask_older)
        self.export_button.clicked.connect(self.export)
        self.exporting.said.connect(lambda text: self.context.refused(self, text))
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._on_selected())
        theme().changed.connect(self._retell)

    def _on_words(self, name: str, text: str) -> None:
        self.table.set_filters(**{name: text})
        self._begin_anew(asks=bool(text))

    def _on_window(self) -> None:
        self.table.set_window(self.filters.chosen())
        self._begin_anew(asks=self.filters.is_set)

    def _begin_anew(self, *, asks: bool) -> None:
        """Another question: what was asked before is of no interest any more."""
        self._oldest, self._is_all = 0, False
        if self._asking is not None:
            self._asking.cancel()
        if asks:
            self._timer.start()
        else:
            self._timer.stop()
        self._tell_older()

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "app.filter": self.filter.focus,
            "table.copy": self.list.copy_selection,
            "table.export": lambda: export_table(self.list, lambda text: self.context.refused(self, text)),
        }

    def show_selection(self, selection: Selection) -> None:
        """Everything about an incident, else about an alarm, else of a moment; an asset has no entries of its own."""
        about = selection.incident_id or (selection.occurrence.condition_id if selection.occurrence else None)
        if about is not None:
            self.fields["entity"].setText(str(about))
        elif selection.at_us and selection.asset_id is None and selection.tag_handle < 0:
            self.filters.show_moment(selection.at_us)

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

    def export(self) -> object:
        """Take the rows that the filters mean away, with their proof."""
        return self.exporting.ask(self, self._wanted)

    def _wanted(self) -> JournalQuery | None:
        if self.filters.is_exact:
            return self.filters.query(self.filter.text().strip(), 0)
        self.context.refused(self, tr("Several things are called so: give one name or an id under “Concerns”."))
        return None

    def _on_session(self, session: SessionRecord | None) -> None:
        self._why_not = SIGN_ON_FIRST if session is None else session.denied.get(ExportAudit.name, "")
        self._tell_export()

    def _tell_export(self) -> None:
        why = tr(self._why_not) if self._why_not else ""
        self.export_button.setText(tr("Export with proof…"))
        self.export_button.setEnabled(not why)
        self.export_button.setToolTip(plain_tip(why or tr("What the filters mean, as CSV, Excel or PDF, signed")))

    def ask_older(self) -> object:
        """Ask the station for the next page of entries that match the fields as they stand."""
        if self._asking is not None and not self._asking.done():
            return self._asking
        self._asking = self.errands.run(self._ask_older())
        self._tell_older()
        return self._asking

    async def _ask_older(self) -> None:
        text = self.filter.text().strip()
        is_filtered = bool(text) or self.filters.is_set
        before = self._oldest if is_filtered or self._oldest else self.table.oldest_rid()
        try:
            found = await self.context.station.query(self.filters.query(text, _PAGE, before))
        finally:
            self._asking = None
            if self._undo:  # not closed meanwhile
                self._tell_older()
        self._is_all = len(found) < _PAGE
        self._oldest = min((row.rid for row in found if row.rid), default=self._oldest)
        self.table.add_older(found)
        self.table.flush()
        self._tell_older()

    def _tell_older(self) -> None:
        """What the button can do now."""
        is_busy = self._asking is not None and not self._asking.done()
        word = tr("Searching…") if is_busy else tr("Nothing older") if self._is_all else tr("Load more")
        self.older_button.setText(word)
        self.older_button.setEnabled(not is_busy and not self._is_all)

    def _on_selected(self) -> None:
        """Show the entry, and ask for what stood there before when it may replace something."""
        self._earlier.clear()
        if self._looking is not None:
            self._looking.cancel()
        self._show_detail()
        entry = self.table.entry_at(self.list.first_selected())
        if entry is not None and entry.rid and replaces(entry.etype):
            self._looking = self.errands.run(self._look_before(entry))

    async def _look_before(self, entry: JournalRow) -> None:
        query = JournalQuery(entity=entry.entity, before_rid=entry.rid, limit=_EARLIER)
        self._earlier[entry.hash] = await self.context.station.query(query)
        self._show_detail()

    def _on_flushed(self) -> None:
        is_filtered = bool(self.filter.text()) or self.filters.is_set
        self.filter.set_hidden(self.table.hidden_count())
        shown = whole_text(self.table.rowCount())
        self.heading.setText(f"{tr(self.title)} · {shown}" if self.words.is_known else tr(self.title))
        self.list.set_empty_text(tr("No entry matches these filters.") if is_filtered else self.words.text(_EMPTY))
        self._show_detail()

    def _show_detail(self) -> None:
        entry = self.table.entry_at(self.list.first_selected())
        self.detail.setVisible(entry is not None)
        text = ""
        if entry is not None:
            earlier = self._earlier.get(entry.hash) or self.table.earlier_of(entry)
            text = detail_text(entry, earlier, self.table.names.entity(entry))
        if text != self.detail.toPlainText():  # else a selection inside it would be lost
            self.detail.setPlainText(text)

    def _retell(self) -> None:
        self.filters.retell()
        self.archived.retell()
        self._tell_older()
        self._tell_export()
        self._on_flushed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.set_visible(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.table.set_visible(False)
