"""The incidents of the plant: list on the left, the chosen one on the right, drafts that survive."""

from collections.abc import Callable, Coroutine, Mapping
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QPushButton, QSplitter

from console.domain.commands import NoteIncident, OpenIncident
from console.models.act_places import ActPlaces
from console.models.empty_words import EmptyWords
from console.models.incident_table import IncidentTable
from console.models.sorted_table import SYMBOL_ROLE
from console.services.records import IncidentRecord, SessionRecord, TopologyDelta
from console.services.station import INCIDENTS, SESSION, TOPOLOGY
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.incidents.deeds import Deeds
from console.views.incidents.detail import IncidentDetail
from console.views.incidents.drafts import DraftsOfOthers
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.filter_line import FilterLine
from console.widgets.incident_form import IncidentForm, Prefill
from console.widgets.panel import bare_column, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.symbol_delegate import SymbolDelegate
from console.widgets.table_export import export_table

_GIVE_WAY = (6, 5, 4, 2)  # kept, assigned, age, state
_EMPTY = mark("No incident. Open one from an alarm with the key I, or with New incident.")


class IncidentsView(View):
    """Drafts of notes are kept per incident and saved with the layout."""

    view_id = "incidents"
    title = mark("Incidents")
    icon = "incidents"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.table = IncidentTable(context.station, self, now_us=now_us)
        self.errands = Errands(lambda text: context.refused(self, text))
        self._denied: Mapping[str, str] = {}
        self._drafts: dict[str, str] = {}
        self._form: IncidentForm | None = None
        self._others = DraftsOfOthers()
        self._awaited: UUID | None = None
        self._asset_names: dict[UUID, str] = {}
        self.filter, self.list = FilterLine(), TableView("incidents")
        self.heading, self.only_open, self.new_button = PlainLabel(), QCheckBox(), QPushButton()
        self.places = ActPlaces(context.station, self._on_places)
        self._asked_of: UUID | None = None  # the incident whose entries were asked for
        self.detail = IncidentDetail(lambda asset_id: self._asset_names.get(asset_id, ""), now_us, self.places)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._lay_out()
        self._connect()
        self.words = EmptyWords(context.station, INCIDENTS, self._tell_empty)
        self._undo = [
            self.words.close,
            self.places.close,
            self.table.on_flushed(lambda _none: self._on_flushed()),
            context.station.subscribe(SESSION, self._on_session),
            context.station.subscribe(TOPOLOGY, self._on_topology),
        ]
        self._retell()

    def _lay_out(self) -> None:
        self.list.setModel(self.table)
        self.list.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.list.setItemDelegateForColumn(0, SymbolDelegate(self.list, 0, SYMBOL_ROLE))
        lay_out_columns(self.list, [column.width for column in IncidentTable.COLUMNS], _GIVE_WAY, (1,))
        attach_menu(self.list, self.context.actions, ("show.topology", "", "table.copy", "table.export"))
        SteadyScroll(self.list)
        column = bare_column(self)
        row = panel_row(column, spacing=12)
        self.heading.setProperty("role", "heading")
        self.filter.setMaximumWidth(520)
        self.new_button.setProperty("primary", True)
        self.new_button.setAutoDefault(False)
        for part in (self.heading, self.new_button, self.only_open):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self.filter, 2)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([880, 500])
        self.splitter.setChildrenCollapsible(False)
        self.detail.hide()
        column.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        self.filter.changed.connect(self.table.set_filter)
        self.filter.left.connect(self.list.setFocus)
        self.only_open.toggled.connect(self.table.set_only_open)
        self.new_button.clicked.connect(self.new_incident)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._on_current())
        detail, deeds = self.detail, Deeds(self.context.station, self)
        detail.moved.connect(lambda move: self._do(lambda record: deeds.move(record, move)))
        detail.noted.connect(lambda text: self.errands.run(self._note(text)))
        detail.edit_asked.connect(lambda field: self._do(lambda record: deeds.edit(record, field)))
        detail.settle_asked.connect(lambda field: self._do(lambda record: deeds.settle(record, field, now_us())))
        detail.amend_asked.connect(lambda note: self._do(lambda record: deeds.amend(record, note)))
        detail.merge_asked.connect(lambda other: self._do(lambda record: deeds.merge(record, other)))
        self.detail.jumped.connect(self._jump)
        self.detail.draft_changed.connect(self._keep_draft)
        theme().changed.connect(self._retell)

    # what the frame asks

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "incident.open": self.new_incident,
            "show.topology": self._show_on_topology,
            "app.filter": self.filter.focus,
            "table.copy": self.list.copy_selection,
            "table.export": lambda: export_table(self.list, lambda text: self.context.refused(self, text)),
        }

    def show_selection(self, selection: Selection) -> None:
        """Select an incident; what hides it gives way."""
        if selection.incident_id is None:
            return
        self.table.flush()
        place = self.table.position_of_incident(selection.incident_id)
        if place < 0:
            self.filter.set_text("")
            self.only_open.setChecked(False)
            place = self.table.position_of_incident(selection.incident_id)
        self._awaited = selection.incident_id if place < 0 else None  # a new view gets its rows with the next beat
        if place >= 0:
            self.list.selectRow(place)
            self.list.scrollTo(self.table.index(place, 0))
            self.list.setFocus()

    def save_state(self) -> dict[str, object]:
        drafts = {key: text for key, text in self._drafts.items() if text.strip()}
        form = self._form.draft() if self._form is not None else None
        return {
            "table": self.list.save_state(),
            "only_open": self.only_open.isChecked(),
            "drafts": drafts,
            "form": form,
            "splitter": self.splitter.sizes(),
        }

    def restore_state(self, state: Mapping[str, object]) -> None:
        table, drafts, form, sizes = (state.get(key) for key in ("table", "drafts", "form", "splitter"))
        if isinstance(table, Mapping):
            self.list.restore_state(table)
        self.only_open.setChecked(state.get("only_open") is True)
        if isinstance(drafts, Mapping):
            self._drafts = {str(key): str(text) for key, text in drafts.items()}
        if isinstance(sizes, list) and all(isinstance(size, int) for size in sizes):
            self.splitter.setSizes(sizes)
        if isinstance(form, Mapping):
            self._form = self._make_form(Prefill.of_draft(form))

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self.errands.cancel()
        self.table.close()

    # deeds

    def current(self) -> IncidentRecord | None:
        return self.table.record_at(self.list.first_selected())

    def new_incident(self) -> None:
        """The form as it was left, or an empty one."""
        if self._form is None:
            self._form = self._make_form(Prefill())
        self._form.show()
        self._form.raise_()
        self._form.activateWindow()
        self._form.title_field.setFocus()

    def _make_form(self, prefill: Prefill) -> IncidentForm:
        form = IncidentForm(prefill, self._open, self)
        form.accepted.connect(self._forget_form)
        return form

    def _forget_form(self) -> None:
        if self._form is not None:
            self._form.deleteLater()
            self._form = None

    async def _open(self, command: OpenIncident) -> None:
        receipt = await self.context.station.submit(command)
        if receipt.number:
            self.context.refused(self, tr("Incident {number} is open.", number=receipt.number))

    async def _note(self, text: str) -> None:
        record = self.detail.record
        if record is None or not text.strip():
            return
        await self.context.station.submit(NoteIncident(record.incident_id, text))
        self._drafts.pop(str(record.incident_id), None)
        if self.detail.record is not None and self.detail.record.incident_id == record.incident_id:
            self.detail.note_field.clear()

    def _do(self, deed: Callable[[IncidentRecord], Coroutine[None, None, None]]) -> None:
        """With the incident that is shown now, whatever is shown when the answer comes."""
        record = self.detail.record
        if record is not None:
            self.errands.run(deed(record))

    def _jump(self, selection: Selection) -> None:
        if selection.incident_id is not None:
            self.show_selection(selection)
            return
        self.selected.emit(selection)
        self.context.go("alarms" if selection.occurrence is not None else "topology", selection)

    def _show_on_topology(self) -> None:
        record = self.current()
        if record is not None and record.assets:
            self.context.go("topology", Selection(asset_id=record.assets[0], incident_id=record.incident_id))

    # what changes by itself

    def _on_current(self) -> None:
        record = self.current()
        self._show(record)
        if record is not None:
            self._ask_places(record)
            asset = record.assets[0] if record.assets else None
            self.selected.emit(Selection(incident_id=record.incident_id, asset_id=asset))

    def _show(self, record: IncidentRecord | None) -> None:
        draft = self._drafts.get(str(record.incident_id), "") if record is not None else ""
        self.detail.show_record(record, self._denied, draft)

    def _ask_places(self, record: IncidentRecord) -> None:
        if record.incident_id != self._asked_of:
            self._asked_of = record.incident_id
            self.errands.run(self.places.ask(record))

    def _on_places(self, entity: str) -> None:
        record = self.detail.record
        if record is not None and entity == f"incident {record.incident_id}":
            self._show(record)

    def _on_flushed(self) -> None:
        if self._awaited is not None and self.table.position_of_incident(self._awaited) >= 0:
            self.show_selection(Selection(incident_id=self._awaited))
        self.filter.set_hidden(self.table.hidden_count())
        record = self.current()
        if record != self.detail.record:
            self._show(record)

    def _keep_draft(self, text: str) -> None:
        if self.detail.record is not None:
            self._drafts[str(self.detail.record.incident_id)] = text

    def _on_session(self, session: SessionRecord | None) -> None:
        self._denied = session.denied if session is not None else {}
        why = self._denied.get("open-incident", "")
        self.new_button.setEnabled(not why)
        self.new_button.setToolTip(plain_tip(tr(why)))
        begun = self._others.take_over(session, (self._drafts, self._form))
        if begun is not None:
            self._drafts, self._form = begun
            self.detail.record = None  # what stands in the note field is the other's
        self._show(self.current())

    def _on_topology(self, delta: TopologyDelta) -> None:
        self._asset_names.update({asset.asset_id: asset.name for asset in delta.assets})

    def _retell(self) -> None:
        self.heading.setText(tr(self.title))
        self.only_open.setText(tr("Only open"))
        self.new_button.setText(tr("New incident"))
        self._tell_empty()
        self._show(self.current())

    def _tell_empty(self) -> None:
        self.list.set_empty_text(self.words.text(_EMPTY))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.set_visible(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.table.set_visible(False)
