"""Alarm rationalization: every rule with its master record, the review, and what in force is not as approved."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget

from console.domain import master_commands as ma
from console.models.empty_words import EmptyWords
from console.models.master_table import CHOICES, DifferenceTable, MasterTable
from console.models.sorted_table import SYMBOL_ROLE
from console.services.master_records import MasterDelta, MasterRecord
from console.services.records import SessionRecord
from console.services.station import MASTER, SESSION
from console.ui.counted_tabs import CountedTabs
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel
from console.ui.rights import denied_to
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n
from console.ui.view import View, ViewContext
from console.views.masteralarms.bar import DeedBar
from console.views.masteralarms.choice import Choice, offered_deeds
from console.views.masteralarms.deeds import Deeds
from console.views.masteralarms.detail import MasterDetail
from console.views.masteralarms.files import FileBand
from console.views.masteralarms.form import MasterForm
from console.widgets.column_layout import lay_out_columns
from console.widgets.filter_line import FilterLine
from console.widgets.panel import TwoPartLine, bare_column
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.symbol_delegate import SymbolDelegate
from console.widgets.table_export import export_table

_TABS = {
    "all": mark("All"),
    "none": mark("Not rationalized"),
    "work": mark("In work"),
    "approved": mark("Approved"),
    "differences": mark("Differences"),
}
_EMPTY = {
    "all": mark("No alarm rule and no master record. Import records, or write the first one with Ins."),
    "none": mark("Every alarm rule has its master record."),
    "work": mark("No record is being worked on. Edit one with Enter: it becomes a draft."),
    "approved": mark("No record is approved yet. A draft is submitted with R and approved by somebody else."),
    "differences": mark("The alarm rules in force are exactly what was approved."),
}
_GIVE_WAY = (9, 8, 6, 5, 4)


class MasterAlarmsView(View):
    """Told by MASTER; the session decides what can be done. Everybody may look."""

    view_id = "masteralarms"
    title = mark("Alarm rationalization")
    icon = "masteralarms"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        station = context.station
        self.errands = Errands(self.say)
        self.form: MasterForm | None = None
        self.table, self.audit = MasterTable(station, self), DifferenceTable(station, self)
        self.list, self.audit_list = TableView("masteralarms"), TableView("masteralarms_audit")
        self.heading, self.notice, self.filter = PlainLabel(elide=True), PlainLabel(), FilterLine()
        self.stack, self.detail = QStackedWidget(), MasterDetail()
        self.splitter, self.tabs = QSplitter(Qt.Orientation.Horizontal), CountedTabs(_TABS)
        self.files = FileBand(station, self.say)
        deeds = (self.edit, self.new, self.files_import, self.undo_import, self.files_export)
        self.choice = Choice(self.selected_records, lambda: self.files.is_running)
        offered = offered_deeds(self.choice, Deeds(station, self), self.errands, *deeds)
        self.bar = DeedBar(offered, (self.list, self.audit_list), context.actions)
        self._lay_out()
        self._connect()
        self._on_session(None)
        self.words = EmptyWords(station, MASTER, self._tell)
        self._undo = [
            self.words.close,
            station.subscribe(MASTER, self._on_master),
            station.subscribe(SESSION, self._on_session),
            self.table.on_flushed(lambda _none: self._on_flushed()),
            self.audit.on_flushed(lambda _none: self._tell()),
        ]
        self.show_tab("all")

    def _lay_out(self) -> None:
        self.list.setModel(self.table)
        self.audit_list.setModel(self.audit)
        self.list.setItemDelegateForColumn(0, SymbolDelegate(self.list, 0, SYMBOL_ROLE))
        lay_out_columns(self.list, [column.width for column in MasterTable.COLUMNS], _GIVE_WAY, (1, 3, 5))
        lay_out_columns(self.audit_list, [column.width for column in DifferenceTable.COLUMNS], (4, 3), (0,))
        SteadyScroll(self.list)
        SteadyScroll(self.audit_list)
        column = bare_column(self)
        self.head = TwoPartLine()
        column.addWidget(self.head)
        self.heading.setProperty("role", "heading")
        self.head.left.addWidget(self.heading)
        self.head.left.addWidget(self.tabs)
        self.head.left.addStretch(1)
        self.tabs.chosen.connect(self.show_tab)
        self.filter.setMaximumWidth(420)
        self.head.right.addStretch(1)
        self.head.right.addWidget(self.filter, 2)
        self.notice.setProperty("role", "strong")
        self.notice.setContentsMargins(14, 6, 14, 6)
        self.notice.setWordWrap(True)
        column.addWidget(self.notice)
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.audit_list)
        self.splitter.addWidget(self.stack)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([900, 420])
        self.splitter.setChildrenCollapsible(False)
        self.detail.hide()
        for part in (self.splitter, self.files, self.bar):
            column.addWidget(part, 1 if part is self.splitter else 0)

    def _connect(self) -> None:
        self.filter.changed.connect(self.table.set_filter)
        self.filter.left.connect(self.list.setFocus)
        self.list.doubleClicked.connect(lambda _index: self.bar.actions_of["master.edit"].trigger())
        for view in (self.list, self.audit_list):
            view.selectionModel().selectionChanged.connect(lambda *_: self._on_selected())
        theme().changed.connect(self._tell)
        theme().changed.connect(self._on_selected)  # the record's words, too

    # what the frame asks

    def say(self, text: str) -> None:
        self.context.refused(self, text)

    @property
    def tab(self) -> str:
        return self.tabs.shown

    @property
    def shown_list(self) -> TableView:
        return self.audit_list if self.tab == "differences" else self.list

    def show_tab(self, name: str) -> None:
        self.tabs.choose(name)
        if name in CHOICES:
            self.table.choose(name)
        self.stack.setCurrentWidget(self.shown_list)
        self.filter.setEnabled(name in CHOICES)
        self.setFocusProxy(self.shown_list)
        self._follow_visible()
        self._on_selected()
        self._tell()

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "app.filter": self.filter.focus,
            "table.copy": self.shown_list.copy_selection,
            "table.export": lambda: export_table(self.shown_list, self.say),
        }

    def save_state(self) -> dict[str, object]:
        return {"table": self.list.save_state(), "audit": self.audit_list.save_state(), "tab": self.tab,
                "splitter": self.splitter.sizes()}  # fmt: skip

    def restore_state(self, state: Mapping[str, object]) -> None:
        for name, view in (("table", self.list), ("audit", self.audit_list)):
            kept = state.get(name)
            if isinstance(kept, Mapping):
                view.restore_state(kept)
        sizes = state.get("splitter")
        if isinstance(sizes, list) and all(isinstance(size, int) for size in sizes):
            self.splitter.setSizes(sizes)
        if state.get("tab") in _TABS:
            self.show_tab(str(state["tab"]))

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self.errands.cancel()
        self.files.close_band()
        self.table.close()
        self.audit.close()

    # deeds

    def selected_records(self) -> list[MasterRecord]:
        """Of the list in sight; a difference stands for its record."""
        if self.tab == "differences":
            found = [self.audit.record_at(at) for at in self.audit_list.selected_rows()]
            records = [self.table.record(key) for key in dict.fromkeys(one.key for one in found if one is not None)]
        else:
            records = [self.table.record_at(at) for at in self.list.selected_rows()]
        return [record for record in records if record is not None]

    def edit(self) -> None:
        records = self.selected_records()
        if len(records) == 1:
            self._open_form(records[0])

    def new(self) -> None:
        self._open_form(None)

    def _open_form(self, record: MasterRecord | None) -> None:
        if self.form is not None:
            self.form.close()
        self.form = MasterForm(record, self.choice.told.matrix, self._save, self)
        self.form.finished.connect(self._forget_form)
        self.form.show()
        self.form.activateWindow()

    def _forget_form(self) -> None:
        if self.form is not None:
            self.form.deleteLater()
            self.form = None

    async def _save(self, key: str, values: Mapping[str, str]) -> None:
        await self.context.station.submit(ma.SetMasterAlarm(key, tuple(values.items())))

    def files_import(self) -> None:
        self.files.ask_import()

    def files_export(self) -> None:
        self.files.ask_export(differences=self.tab == "differences")

    def undo_import(self) -> None:
        standing = [one for one in self.choice.told.imports if not one.is_undone]
        if standing:
            self.errands.run(Deeds(self.context.station, self).take_back(standing[0]))

    # what changes by itself

    def _on_master(self, delta: MasterDelta) -> None:
        self.choice.told = delta
        self._tell()

    def _on_session(self, session: SessionRecord | None) -> None:
        self.choice.user = session.user_id if session is not None else ""
        self.bar.denied = denied_to(session, (command.name for command in ma.ALL))
        self.bar.refresh()

    def _on_flushed(self) -> None:
        self.filter.set_hidden(self.table.hidden_count())
        self._on_selected()
        self._tell()

    def _on_selected(self) -> None:
        records = self.selected_records()
        self.detail.show_record(records[0] if len(records) == 1 else None, self.choice.told.matrix)
        self.bar.refresh()

    def _tell(self) -> None:
        """Counts, the notice and the empty words; nothing is claimed before the station told it once."""
        self.heading.setText(tr(self.title))
        records, is_known = self.table.records(), self.words.is_known
        counts = {name: sum(map(is_chosen, records)) for name, is_chosen in CHOICES.items()}
        counts["differences"] = sum(len(record.differences) for record in records)
        self.tabs.set_counts({name: count if is_known else None for name, count in counts.items()})
        self.tabs.retell()
        n = self.choice.told.unauthorised
        self.notice.setText(
            tr_n(
                "1 setting in force is not the approved one. See Differences.",
                "{n} settings in force are not the approved ones. See Differences.",
                n,
            )
        )
        self.notice.setVisible(n > 0)
        self.list.set_empty_text(self.words.text(_EMPTY[self.table.choice]))
        self.audit_list.set_empty_text(self.words.text(_EMPTY["differences"]))
        self.bar.refresh()

    def _follow_visible(self) -> None:
        is_audit = self.tab == "differences"
        self.table.set_visible(self.isVisible() and not is_audit)
        self.audit.set_visible(self.isVisible() and is_audit)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_visible()
        self._tell()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.table.set_visible(False)
        self.audit.set_visible(False)
