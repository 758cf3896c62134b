"""The alarm view: what is wrong, most urgent first, what is kept aside, and everything a person does with it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent

from console.domain.alarms import Occurrence
from console.models.alarm_filter import ESCALATED, AlarmFilter
from console.models.alarm_groups import GroupBy
from console.models.alarm_spans import AlarmSpans
from console.models.alarm_table import ASIDE_FLAGS, AlarmTab
from console.models.empty_words import NO_ALARM_HEARD, EmptyWords
from console.models.incident_table import IncidentTable
from console.services.records import AlarmCounts, SessionRecord
from console.services.station import ALARM_COUNTS, ALARMS, FLOOD, SESSION, STATUS
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View, ViewContext
from console.ui.wall_clock import now_us
from console.views.alarms.acts import AlarmActs
from console.views.alarms.details_split import DetailsSplit
from console.views.alarms.flood_band import FloodBand
from console.views.alarms.head import AlarmHead
from console.views.alarms.incident_desk import IncidentDesk
from console.views.alarms.kept_filters import KeptFilters
from console.views.alarms.kept_state import bring_back, state_of
from console.views.alarms.lists import AlarmLists
from console.views.alarms.seen import seen_rows, selection_of
from console.views.alarms.selection_bar import SelectionBar, rows_in_sight
from console.views.alarms.tabs import EMPTY
from console.views.alarms.timeline import AlarmTimeline
from console.widgets.panel import bare_column

_LOOK_MS = 5_000  # shelves end by time: how often it is looked whether one asks for attention


class AlarmsView(View):
    """Tabs, filter, list, what is selected, and the strip of the last hours."""

    view_id = "alarms"
    title = mark("Alarms")
    icon = "bell"

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        station = context.station
        self.lists = AlarmLists(station, context.actions, lambda: self.acts.settings.shelving.warn_s * 1_000_000)
        self.table, self.list = self.lists.table, self.lists.list
        self.incidents = IncidentTable(station, self)
        self.spans = AlarmSpans(station)
        self.desk = IncidentDesk(context, self.incidents, self)
        self.acts = AlarmActs(station, self.lists, self.desk, self, self.say, context.go)
        self.errands = self.acts.errands
        self.details = DetailsSplit(context, self.lists, self.errands)
        self.kept = KeptFilters(station, lambda filters: setattr(self.head.menu, "kept", filters))
        self.flood = FloodBand(self._group, now_us)
        self.head = AlarmHead(self.flood.choose, self.table)
        self.heading, self.tabs, self.filter = self.head.heading, self.head.tabs, self.head.filter
        self.bar = SelectionBar(context.actions)
        self.timeline = AlarmTimeline(self.spans, now_us)
        self._kept_aside: AlarmCounts | None = None
        self._awaited: Occurrence | None = None
        self._has_history = False
        column = bare_column(self)
        for part, stretch in ((self.head, 0), (self.flood, 0), (self.details, 1), (self.bar, 0), (self.timeline, 0)):
            column.addWidget(part, stretch)
        self._connect()
        self.words = EmptyWords(station, ALARMS, self._tell_counts, deaf=NO_ALARM_HEARD)
        self.setFocusProxy(self.list)  # who comes here by a key acts on the list at once
        self._undo = [
            self.words.close,
            *self.lists.on_flushed(lambda _none: self._on_flushed()),
            station.subscribe(ALARM_COUNTS, self._on_counts),
            station.subscribe(SESSION, self._on_session),
            station.subscribe(FLOOD, self.flood.take),
            station.subscribe(STATUS, lambda status: self.flood.tell_waiting(status.alarms_waiting)),
        ]
        self._retell()

    def _connect(self) -> None:
        self.tabs.chosen.connect(self.show_tab)
        self.filter.changed.connect(lambda text: self.choose(replace(self.table.filter, text=text)))
        self.filter.cleared.connect(lambda: self.choose(AlarmFilter()))
        self.filter.left.connect(self.focus_list)
        self.head.menu.chosen.connect(self.choose_whole)
        self.head.menu.save_asked.connect(lambda: self.errands.run(self.kept.keep(self.table, self)))
        self.head.menu.drop_asked.connect(lambda name: self.errands.run(self.kept.drop(name)))
        self.lists.selection_changed.connect(self._on_selection)
        self.details.squeezed.connect(self.timeline.setHidden)
        self.lists.clear_asked.connect(self.filter.reset)
        theme().changed.connect(self._retell)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._tell_counts)

    # what the frame asks

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        own: dict[str, Callable[[], object]] = {
            "alarm.next": self.go_to_next,
            "app.filter": self.filter.focus,
            "alarm.clear_filter": self.filter.reset,
            "alarm.group": self.turn_groups,
            "alarm.details": self.details.toggle,
            "table.copy": self.details.copy,
        }
        if not self.lists.is_aside:
            own["alarm.acknowledge_page"] = self.acknowledge_page
        return {**self.acts.handlers(self.lists.tab), **own}

    def show_selection(self, selection: Selection) -> None:
        """Select the alarm of an occurrence; a tab, a filter or a group that hides it gives way."""
        if selection.occurrence is None:
            return
        self.table.flush()
        place = self._place_of(selection.occurrence)
        if place < 0 or self.lists.is_aside:
            self._show_all()
            place = self._place_of(selection.occurrence)
        self._awaited = selection.occurrence if place < 0 else None  # a new view gets its rows with the next beat
        self._select(place)

    def _place_of(self, occurrence: Occurrence) -> int:
        self.table.reveal(self.table.alarms.row_of(occurrence.condition_id))
        return self.table.position_of_condition(occurrence)

    def explains(self, selection: Selection) -> bool:
        return self.details.explains(selection.occurrence)

    def show_procedure(self) -> None:
        self.details.pane.show_procedure()

    def save_state(self) -> dict[str, object]:
        return state_of(self)

    def restore_state(self, state: Mapping[str, object]) -> None:
        bring_back(self, state)

    def close_view(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()
        self._look.stop()
        self.details.close_split()
        self.errands.cancel()
        self.lists.close_tables()
        self.incidents.close()
        self.spans.close()

    # deeds

    def acknowledge_page(self) -> object:
        """Only rows that can be read now, whole."""
        rows = self.table.alarm_rows(self.visible_positions())
        return self.acts.acknowledge_page(seen_rows(self.table.alarms, rows))

    def say(self, text: str) -> None:
        self.context.refused(self, text)

    def go_to_next(self) -> None:
        """The most urgent unacknowledged alarm, or the one after the current."""
        self.table.flush()
        if self.lists.is_aside:
            self.show_tab(AlarmTab.ACTIVE)
        place = self.table.next_unacknowledged(self.list.chosen_current())
        if place < 0 and (self.table.is_filtered or self.lists.tab != AlarmTab.ACTIVE):
            self._show_all()
            place = self.table.next_unacknowledged(-1)
        self._select(place)

    def visible_positions(self) -> range:
        """Positions whose rows are whole in sight."""
        return rows_in_sight(self.list)

    # which rows, in which arrangement

    def show_tab(self, tab: AlarmTab) -> None:
        self.tabs.choose(tab)
        self.lists.show_tab(tab)
        self.setFocusProxy(self.lists.shown[1])
        self.context.actions.refresh()
        self._tell_counts()

    def choose(self, wanted: AlarmFilter) -> None:
        """Show only what passes; what that hides is counted beside the field."""
        self.table.choose(wanted)
        self.lists.relayout()
        self.filter.pin(wanted.words(self.table.alarms.class_names))
        self._tell_counts()

    def choose_whole(self, wanted: AlarmFilter) -> None:
        """The typed words as well."""
        if self.filter.text() != wanted.text:
            self.filter.set_text(wanted.text)
        self.choose(wanted)

    def show_priority(self, priority: int) -> None:
        """Only alarms of this priority, whatever the state; the filter line says how many that hides."""
        self._show_all()
        self.choose(AlarmFilter(priorities=frozenset({priority})))

    def show_aside(self, tab: str) -> None:
        """One of the lists of what is kept out, by its tab's name; or what nobody acknowledged in its time."""
        if tab == ESCALATED:
            self._show_all()
            self.choose(AlarmFilter(states=frozenset({ESCALATED})))
        else:
            self.show_tab(AlarmTab(tab))

    def turn_groups(self) -> None:
        self.flood.choose(GroupBy.AREA if self.table.groups.by == GroupBy.NONE else GroupBy.NONE)

    def _group(self, by: GroupBy, folded: bool) -> None:
        self.table.group_by(by, folded=folded)
        self.flood.tell(by)

    def _show_all(self) -> None:
        self.filter.reset()
        self.show_tab(AlarmTab.ACTIVE)

    def focus_list(self) -> None:
        table, view = self.lists.shown
        view.setFocus()
        if not view.currentIndex().isValid() and table.rowCount():
            view.selectRow(0)

    def _select(self, place: int) -> None:
        if place < 0:
            return
        self.list.selectRow(place)
        self.list.scrollTo(self.table.index(place, 0))
        self.list.setFocus()

    # what changes by itself

    def _on_flushed(self) -> None:
        place = self._place_of(self._awaited) if self._awaited is not None else -1
        if place >= 0:
            self._awaited = None
            self._select(place)
        self._tell_counts()

    def _on_selection(self) -> None:
        self._tell_selection()
        view = self.lists.shown[1]
        chosen, current = view.selected_rows(), view.currentIndex().row()
        seen = self.lists.seen_at(current if current in chosen else chosen[0]) if chosen else ()
        if seen:
            self.selected.emit(selection_of(seen[0]))

    def _on_session(self, session: SessionRecord | None) -> None:
        author = session.user_id if session is not None else ""
        if author != self.desk.author:
            self.desk.author = author
            self.errands.run(self.kept.load())

    def _on_counts(self, counts: AlarmCounts) -> None:
        self._kept_aside = counts
        if not self.words.is_known:  # afterwards the list counts its own rows
            self._tell_counts()

    def _tell_counts(self) -> None:
        counts, aside = self._kept_aside, self.lists.shown[0]
        known: dict[AlarmTab, int | None] = dict.fromkeys(AlarmTab, None)
        if self.words.is_known:
            known = {tab: self.table.tab_count(tab) for tab in AlarmTab}
        elif counts is not None:
            known |= zip(ASIDE_FLAGS, (counts.shelved, counts.out_of_service, counts.suppressed), strict=True)
        self.tabs.set_counts(known, soon=self.lists.asides[AlarmTab.SHELVED].soon())
        self.filter.set_hidden(aside.hidden_count())
        if self.table.is_filtered and not aside.rowCount():
            self.lists.shown[1].set_empty_text(tr("The filter hides every alarm of this list."))
        elif not aside.rowCount():
            self.lists.shown[1].set_empty_text(self.words.text(EMPTY[self.lists.tab]))
        self._tell_selection()

    def _tell_selection(self) -> None:
        chosen, owed, latched = self.lists.chosen()
        self.bar.tell(chosen, owed, self.lists.tab, latched=latched)

    def _retell(self) -> None:
        self.heading.setText(tr(self.title))
        self.tabs.retell()
        self.filter.pin(self.table.filter.words(self.table.alarms.class_names))
        self._tell_counts()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.lists.set_seen(True)
        self._look.start()
        self._tell_counts()
        if not self._has_history:
            self.errands.run(self.acts.learn_settings())
            self._has_history = self.errands.run(self.timeline.learn(self.context.station)) is not None

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()
        self.lists.set_seen(False)
