"""Is the plant healthy, and if not, where: areas, the most urgent alarms, open incidents, and every tag."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter

from console.domain.tags import Tag
from console.models.alarm_table import AlarmTable
from console.models.area_rollup import AreaRollup, AreaSummary
from console.models.empty_words import NO_ALARM_HEARD, EmptyWords
from console.models.heartbeat import heartbeat
from console.models.incident_table import IncidentTable
from console.models.sorted_table import SYMBOL_ROLE, SortedTable
from console.services.notifier import Undo
from console.services.records import AlarmCounts, StatusRecord
from console.services.station import ALARM_COUNTS, ALARMS, INCIDENTS, STATUS, TOPOLOGY
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.overview.area_tiles import NO_AREA, AreaTiles
from console.views.overview.plant_line import PlantLine
from console.views.overview.tag_browser import TagBrowser
from console.widgets.column_layout import lay_out_columns
from console.widgets.panel import bare_column, headed
from console.widgets.symbol_delegate import SymbolDelegate
from console.widgets.table_export import export_table

_ALARM_COLUMNS = ("symbol", "age", "alarm", "asset", "value")
_INCIDENT_COLUMNS = ("symbol", "number", "state", "title", "age")


class OverviewView(View):
    """The landing screen. Tiles and numbers follow the heartbeat like every table."""

    view_id = "overview"
    title = mark("Overview")
    icon = "overview"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.areas = AreaRollup(context.station)
        self.alarms = AlarmTable(context.station, self, now_us=now_us)
        self.incidents = IncidentTable(context.station, self, only_open=True, now_us=now_us)
        self.browser = TagBrowser(context.station, context.actions, now_us)
        self.line, self.tiles = PlantLine(), AreaTiles()
        self.alarm_list = _short_list("overview.alarms", self.alarms, _ALARM_COLUMNS, (2, 6))
        self.incident_list = _short_list("overview.incidents", self.incidents, _INCIDENT_COLUMNS, (2, 4), (1,))
        self.alarm_heading, self.incident_heading = PlainLabel(), PlainLabel()
        self._status: StatusRecord | None = None
        self._counts: AlarmCounts | None = None
        self._is_dirty = True
        self._leave: Undo | None = None
        self._lay_out()
        self._connect()
        self.alarm_words = EmptyWords(context.station, ALARMS, self._tell_empty, deaf=NO_ALARM_HEARD)
        self.incident_words = EmptyWords(context.station, INCIDENTS, self._tell_empty)
        self.area_words = EmptyWords(context.station, TOPOLOGY, self._tell_empty)
        self._undo = [
            *(words.close for words in (self.alarm_words, self.incident_words, self.area_words)),
            self.areas.changed.subscribe(lambda _none: self._mark_dirty()),
            context.station.subscribe(STATUS, self._on_status),
            context.station.subscribe(ALARM_COUNTS, self._on_counts),
        ]
        self._retell()

    def _lay_out(self) -> None:
        column = bare_column(self)
        column.addWidget(self.line)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.tiles)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.tiles.height_wanted.connect(scroll.setFixedHeight)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.addWidget(headed(self.alarm_heading, self.alarm_list))
        middle.addWidget(headed(self.incident_heading, self.incident_list))
        middle.setStretchFactor(0, 1)
        middle.setStretchFactor(1, 1)
        middle.setSizes([520, 480])
        middle.setChildrenCollapsible(False)
        whole = QSplitter(Qt.Orientation.Vertical)
        for part, share in ((middle, 1), (self.browser, 1)):
            whole.addWidget(part)
            whole.setStretchFactor(whole.count() - 1, share)
        whole.setSizes([400, 480])
        whole.setChildrenCollapsible(False)
        column.addWidget(scroll)
        column.addWidget(whole, 1)

    def _connect(self) -> None:
        self.tiles.chosen.connect(self._on_tile)
        self.browser.chosen.connect(lambda tag: self.selected.emit(_selection(tag)))
        self.alarm_list.selectionModel().selectionChanged.connect(lambda *_: self._on_alarm(go=False))
        self.alarm_list.doubleClicked.connect(lambda _index: self._on_alarm(go=True))
        self.incident_list.selectionModel().selectionChanged.connect(lambda *_: self._on_incident(go=False))
        self.incident_list.doubleClicked.connect(lambda _index: self._on_incident(go=True))
        theme().changed.connect(self._retell)

    # what the frame asks

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "show.trend": lambda: self._go("trends"),
            "show.topology": lambda: self._go("topology"),
            "app.filter": self.browser.filter.focus,
            "table.copy": lambda: self._focused().copy_selection(),
            "table.export": lambda: export_table(self._focused(), lambda text: self.context.refused(self, text)),
        }

    def show_selection(self, selection: Selection) -> None:
        """Select a tag in the browser; a branch or filter that hides it gives way."""
        if selection.tag_handle < 0:
            return
        self.browser.table.flush()
        table = self.browser.table
        if table.position_of(selection.tag_handle) < 0:
            self.browser.filter.set_text("")
            self.browser.tree.setCurrentIndex(self.browser.branches.index(0, 0))
        place = table.position_of(selection.tag_handle)
        if place >= 0:
            self.browser.list.selectRow(place)
            self.browser.list.scrollTo(table.index(place, 0))
            self.browser.list.setFocus()

    def save_state(self) -> dict[str, object]:
        return {"browser": self.browser.save_state()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        browser = state.get("browser")
        if isinstance(browser, Mapping):
            self.browser.restore_state(browser)

    def close_view(self) -> None:
        self._follow(False)
        for undo in self._undo:
            undo()
        self._undo.clear()
        self.tiles.release()
        self.areas.close()
        self.alarms.close()
        self.incidents.close()
        self.browser.close_browser()

    # selection

    def _focused(self) -> TableView:
        lists = (self.alarm_list, self.incident_list)
        return next((table for table in lists if table.hasFocus()), self.browser.list)

    def _current(self) -> Selection | None:
        table = self._focused()
        if table is self.alarm_list:
            return self._alarm_selection()
        if table is self.incident_list:
            record = self.incidents.record_at(table.first_selected())
            return Selection(asset_id=record.assets[0]) if record is not None and record.assets else None
        tag = self.browser.current()
        return _selection(tag) if tag is not None else None

    def _go(self, view_id: str) -> None:
        selection = self._current()
        if selection is not None:
            self.context.go(view_id, selection)

    def _alarm_selection(self) -> Selection | None:
        place = self.alarm_list.first_selected()
        condition, occurrences = self.alarms.condition_at(place), self.alarms.occurrences([place])
        if condition is None or not occurrences:
            return None
        at_us = occurrences[0].start_us
        return Selection(condition.asset_id, condition.tag_handle, condition.tag_id, occurrences[0], at_us=at_us)

    def _on_alarm(self, *, go: bool) -> None:
        selection = self._alarm_selection()
        if selection is not None:
            self.selected.emit(selection)
            if go:
                self.context.go("alarms", selection)

    def _on_incident(self, *, go: bool) -> None:
        record = self.incidents.record_at(self.incident_list.first_selected())
        if record is not None:
            selection = Selection(incident_id=record.incident_id, asset_id=record.assets[0] if record.assets else None)
            self.selected.emit(selection)
            if go:
                self.context.go("incidents", selection)

    def _on_tile(self, area: AreaSummary) -> None:
        if area.worst_asset is not None:
            self.selected.emit(Selection(asset_id=area.worst_asset))
            self.context.go("topology", Selection(asset_id=area.worst_asset))

    # what changes by itself

    def _mark_dirty(self) -> None:
        self._is_dirty = True

    def _on_status(self, status: StatusRecord) -> None:
        self._status = status
        self._is_dirty = True

    def _on_counts(self, counts: AlarmCounts) -> None:
        self._counts = counts
        self._is_dirty = True

    def _on_beat(self, beat: int) -> None:
        if self._is_dirty or beat % 10 == 0:  # ages of links count on by themselves
            self._is_dirty = False
            self.tell()

    def tell(self) -> None:
        """Show what is known now."""
        self.line.set_links(self.areas.links, now_us())
        self.line.set_numbers(self._status, self._counts, is_blind=bool(self.areas.lost_brokers))
        self.tiles.set_areas(self.areas.areas())

    def _retell(self) -> None:
        self.alarm_heading.setText(tr("Most urgent alarms"))
        self.incident_heading.setText(tr("Open incidents"))
        self._tell_empty()
        self.tell()

    def _tell_empty(self) -> None:
        self.alarm_list.set_empty_text(self.alarm_words.text(mark("No alarm. The plant is quiet.")))
        self.incident_list.set_empty_text(self.incident_words.text(mark("No open incident.")))
        self.tiles.set_empty_text(self.area_words.text(NO_AREA))

    def _follow(self, is_seen: bool) -> None:
        if is_seen and self._leave is None:
            self._leave = heartbeat().join(self._on_beat)
            self.tell()
        elif not is_seen and self._leave is not None:
            self._leave()
            self._leave = None
        for table in (self.alarms, self.incidents):
            table.set_visible(is_seen)
        self.browser.set_seen(is_seen)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._follow(False)


def _selection(tag: Tag) -> Selection:
    return Selection(asset_id=tag.asset_id, tag_handle=tag.handle, tag_id=tag.tag_id)


def _short_list(
    table_id: str,
    model: SortedTable,
    shown: tuple[str, ...],
    give_way: tuple[int, ...],
    steady: tuple[int, ...] = (),
) -> TableView:
    view = TableView(table_id)
    view.setModel(model)
    view.setSelectionMode(TableView.SelectionMode.SingleSelection)
    view.setItemDelegateForColumn(0, SymbolDelegate(view, 0, SYMBOL_ROLE))
    for number, column in enumerate(model.COLUMNS):
        view.setColumnHidden(number, column.key not in shown)
    lay_out_columns(view, [column.width for column in model.COLUMNS], give_way, steady)
    return view
