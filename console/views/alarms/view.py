"""The alarm list: what is wrong, most urgent first, and everything a person does with it in two keystrokes."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QHideEvent, QShowEvent

from console.domain.alarms import Occurrence
from console.models.alarm_spans import AlarmSpans
from console.models.alarm_table import AlarmTab, AlarmTable
from console.models.empty_words import NO_ALARM_HEARD, EmptyWords
from console.models.incident_table import IncidentTable
from console.models.sorted_table import SYMBOL_ROLE
from console.services.records import AlarmCounts, SessionRecord
from console.services.station import ALARM_COUNTS, ALARMS, SESSION, AlarmHistoryQuery
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.alarms import deeds
from console.views.alarms.deeds import IncidentDesk, Seen, seen_at
from console.views.alarms.selection_bar import BUTTONS, SelectionBar, rows_in_sight
from console.views.alarms.tabs import EMPTY, AlarmTabs
from console.views.alarms.timeline import AlarmTimeline
from console.widgets.action_menu import attach_menu
from console.widgets.column_layout import lay_out_columns
from console.widgets.filter_line import FilterLine
from console.widgets.panel import bare_column, panel_row
from console.widgets.steady_scroll import SteadyScroll
from console.widgets.symbol_delegate import SymbolDelegate
from console.widgets.table_export import export_table

_GIVE_WAY = (5, 7, 2, 8)  # area, limit, age, note
_MENU = (*(action_id for action_id, _key in BUTTONS), "show.procedure", "", "table.copy", "table.export")


class AlarmsView(View):
    """Tabs, filter, list, what is selected, and the strip of the last hours."""

    view_id = "alarms"
    title = mark("Alarms")
    icon = "bell"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.table = AlarmTable(context.station, self, now_us=now_us)
        self.incidents = IncidentTable(context.station, self)
        self.spans = AlarmSpans(context.station)
        self.errands = Errands(self.say)
        self.desk = IncidentDesk(context, self.incidents, self)
        self._kept_aside: AlarmCounts | None = None
        self._awaited: Occurrence | None = None
        self._has_history = False
        self.tabs, self.filter = AlarmTabs(), FilterLine()
        self.list = TableView("alarms")
        self.heading, self.bar = PlainLabel(), SelectionBar(context.actions)
        self.timeline = AlarmTimeline(self.spans, now_us)
        self._lay_out()
        self._connect()
        self.words = EmptyWords(context.station, ALARMS, self._tell_counts, deaf=NO_ALARM_HEARD)
        self._undo = [
            self.words.close,
            self.table.on_flushed(lambda _none: self._on_flushed()),
            context.station.subscribe(ALARM_COUNTS, self._on_counts),
            context.station.subscribe(SESSION, self._on_session),
        ]
        self._retell()

    def _lay_out(self) -> None:
        self.list.setModel(self.table)
        self.list.setItemDelegateForColumn(0, SymbolDelegate(self.list, 0, SYMBOL_ROLE))
        lay_out_columns(self.list, [column.width for column in AlarmTable.COLUMNS], _GIVE_WAY)
        attach_menu(self.list, self.context.actions, _MENU)
        SteadyScroll(self.list)
        column = bare_column(self)
        self.heading.setProperty("role", "heading")
        self.filter.setMaximumWidth(520)
        row = panel_row(column)
        row.addWidget(self.heading)
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self.filter, 2)
        column.addWidget(self.list, 1)
        column.addWidget(self.bar)
        column.addWidget(self.timeline)

    def _connect(self) -> None:
        self.tabs.chosen.connect(self.show_tab)
        self.filter.changed.connect(self.table.set_filter)
        self.filter.cleared.connect(lambda: self.table.set_priority(0))
        self.filter.left.connect(self.focus_list)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._on_selection())
        theme().changed.connect(self._retell)

    # what the frame asks

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "alarm.acknowledge": self.acknowledge_selection,
            "alarm.acknowledge_page": self.acknowledge_page,
            "alarm.unacknowledge": self.unacknowledge_selection,
            "alarm.next": self.go_to_next,
            "alarm.comment": self.comment_selection,
            "incident.open": self.open_incident,
            "show.trend": lambda: self._go("trends"),
            "show.topology": lambda: self._go("topology"),
            "app.filter": self.filter.focus,
            "table.copy": self.list.copy_selection,
            "table.export": lambda: export_table(self.list, self.say),
        }

    def show_selection(self, selection: Selection) -> None:
        """Select the alarm of an occurrence; a tab or filter that hides it gives way."""
        if selection.occurrence is None:
            return
        self.table.flush()
        place = self.table.position_of_condition(selection.occurrence)
        if place < 0:
            self._show_all()
            place = self.table.position_of_condition(selection.occurrence)
        self._awaited = selection.occurrence if place < 0 else None  # a new view gets its rows with the next beat
        self._select(place)

    def save_state(self) -> dict[str, object]:
        return {"table": self.list.save_state(), "tab": self.table.tab.value, "filter": self.filter.text()}

    def restore_state(self, state: Mapping[str, object]) -> None:
        table, tab = state.get("table"), state.get("tab")
        if isinstance(table, Mapping):
            self.list.restore_state(table)
        if tab in set(AlarmTab):
            self.show_tab(AlarmTab(str(tab)))
        self.filter.set_text(str(state.get("filter", "")))

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self.errands.cancel()
        self.table.close()
        self.incidents.close()
        self.spans.close()

    # deeds

    def selection(self) -> tuple[Seen, ...]:
        return seen_at(self.table, self.list.selected_rows())

    def acknowledge_selection(self) -> object:
        owed = self.table.owed(self.list.selected_rows())
        return self.errands.run(deeds.acknowledge(self.context.station, seen_at(self.table, owed)))

    def acknowledge_page(self) -> object:
        """Only rows that can be read now, whole."""
        owed = self.table.owed(self.visible_positions())
        return self.errands.run(deeds.acknowledge_page(self.context.station, seen_at(self.table, owed), self))

    def unacknowledge_selection(self) -> object:
        acknowledged = seen_at(self.table, self.table.acknowledged(self.list.selected_rows()))
        return self.errands.run(deeds.unacknowledge(self.context.station, acknowledged, self))

    def comment_selection(self) -> object:
        return self.errands.run(deeds.comment(self.context.station, self.selection(), self))

    def open_incident(self) -> object:
        async def open_or_show() -> None:
            self.desk.open_or_show(self.selection())

        return self.errands.run(open_or_show())

    def say(self, text: str) -> None:
        self.context.refused(self, text)

    def go_to_next(self) -> None:
        """The most urgent unacknowledged alarm, or the one after the current."""
        self.table.flush()
        place = self.table.next_unacknowledged(self.list.currentIndex().row())
        if place < 0 and (self.table.is_filtered or self.table.tab != AlarmTab.ACTIVE):
            self._show_all()
            place = self.table.next_unacknowledged(-1)
        self._select(place)

    def visible_positions(self) -> range:
        """Positions whose rows are whole in sight."""
        return rows_in_sight(self.list)

    def show_tab(self, tab: AlarmTab) -> None:
        self.tabs.choose(tab)
        self.table.set_tab(tab)
        self._tell_counts()

    def show_priority(self, priority: int) -> None:
        """Only alarms of this priority, whatever the state; the filter line says how many that hides."""
        self._show_all()
        self.filter.pin(tr("Only priority {n}", n=priority))
        self.table.set_priority(priority)
        self._tell_counts()

    def _show_all(self) -> None:
        self.filter.reset()
        self.show_tab(AlarmTab.ACTIVE)

    def focus_list(self) -> None:
        self.list.setFocus()
        if not self.list.currentIndex().isValid() and self.table.rowCount():
            self._select(0)

    def _select(self, place: int) -> None:
        if place < 0:
            return
        self.list.selectRow(place)
        self.list.scrollTo(self.table.index(place, 0))
        self.list.setFocus()

    def _go(self, view_id: str) -> None:
        chosen = self.selection()
        if chosen:
            self.context.go(view_id, _selection(chosen[0]))

    # what changes by itself

    def _on_flushed(self) -> None:
        place = self.table.position_of_condition(self._awaited) if self._awaited is not None else -1
        if place >= 0:
            self._awaited = None
            self._select(place)
        self._tell_counts()

    def _on_selection(self) -> None:
        self._tell_selection()
        chosen = self.list.selected_rows()
        current = self.list.currentIndex().row()
        if chosen:
            seen = seen_at(self.table, [current if current in chosen else chosen[0]])
            if seen:
                self.selected.emit(_selection(seen[0]))

    def _on_session(self, session: SessionRecord | None) -> None:
        self.desk.author = session.user_id if session is not None else ""

    def _on_counts(self, counts: AlarmCounts) -> None:
        self._kept_aside = counts
        self._tell_counts()

    def _tell_counts(self) -> None:
        aside, is_known = self._kept_aside, self.words.is_known
        self.tabs.set_counts(
            {
                AlarmTab.ACTIVE: self.table.tab_count(AlarmTab.ACTIVE) if is_known else None,
                AlarmTab.UNACKNOWLEDGED: self.table.tab_count(AlarmTab.UNACKNOWLEDGED) if is_known else None,
                AlarmTab.SHELVED: aside.shelved if aside else None,
                AlarmTab.OUT_OF_SERVICE: aside.out_of_service if aside else None,
                AlarmTab.SUPPRESSED: aside.suppressed if aside else None,
            }
        )
        self.filter.set_hidden(self.table.hidden_count())
        if self.table.is_filtered and not self.table.rowCount():
            self.list.set_empty_text(tr("The filter hides every alarm of this list."))
        elif not self.table.rowCount():
            self.list.set_empty_text(self.words.text(EMPTY[self.table.tab]))
        self._tell_selection()

    def _tell_selection(self) -> None:
        parts = self.list.selectionModel().selection().toList()
        spans = [(part.top(), part.bottom()) for part in parts]
        self.bar.tell(*self.table.owed_count(spans))

    def _retell(self) -> None:
        self.heading.setText(tr(self.title))
        self.tabs.retell()
        self._tell_counts()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.set_visible(True)
        self._tell_counts()
        self._has_history = self._has_history or self.errands.run(self._ask_history()) is not None

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.table.set_visible(False)

    async def _ask_history(self) -> None:
        log = await self.context.station.query(AlarmHistoryQuery(limit=5000))
        self.spans.add_history(log)
        self.timeline.refresh()


def _selection(seen: Seen) -> Selection:
    condition = seen.condition
    return Selection(
        asset_id=condition.asset_id,
        tag_handle=condition.tag_handle,
        tag_id=condition.tag_id,
        occurrence=seen.occurrence,
        at_us=seen.occurrence.start_us,
    )
