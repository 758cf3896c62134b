"""The alarm list: what is active or unacknowledged, most urgent first, through a tab and a filter, also in groups."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import ACTIVE_STATES, AlarmState, Condition, Occurrence
from console.models.alarm_feed import alarm_feed
from console.models.alarm_filter import AlarmFilter
from console.models.alarm_groups import AlarmGroups, GroupBy, head_state
from console.models.alarm_tabs import ASIDE_FLAGS as ASIDE_FLAGS  # noqa: PLC0414 part of this face
from console.models.alarm_tabs import AlarmTab as AlarmTab  # noqa: PLC0414 part of this face
from console.models.alarm_texts import alarm_text as alarm_text  # noqa: PLC0414 part of this face
from console.models.alarm_texts import limit_text, limit_tip, note_text, note_tip, seen_text
from console.models.alarm_trust import AlarmTrust
from console.models.row_order import Rows, SortColumn, merged_rows
from console.models.sorted_table import PLAIN, Column, RowLook, SortedTable
from console.models.tag_cache import tag_cache
from console.services.notifier import Notifier
from console.services.station import Station
from console.ui.format import age_text, exact_text, short_clock_text, time_tip, whole_text
from console.ui.priority_symbol import SymbolState, symbol_state
from console.ui.translation import mark, tr, tr_n
from console.ui.wall_clock import now_us

_UNACKNOWLEDGED = RowLook(is_bold=True)
_RETURNED = RowLook(is_bold=True, is_dim=True)
_LATCHED = RowLook(is_dim=True)
_LOOKS: dict[int, RowLook] = {
    AlarmState.UNACKNOWLEDGED: _UNACKNOWLEDGED,
    AlarmState.RETURNED_UNACKNOWLEDGED: _RETURNED,
    AlarmState.LATCHED_UNACKNOWLEDGED: _RETURNED,
    AlarmState.LATCHED_ACKNOWLEDGED: _LATCHED,
}
_LOST_VALUE = RowLook(is_italic=True, is_dim=True)  # as the tag table shows what cannot be trusted now
_LIGHT_DIM = RowLook(is_dim=True)
_HEAD = RowLook(is_bold=True, is_head=True)
_LIGHT_HEAD = RowLook(is_dim=True, is_head=True)
_LIGHT_COLUMNS = frozenset({"age", "limit", "note"})  # never bold: they help, they do not decide


class AlarmTable(SortedTable):
    """Follows ALARMS. Deltas wait for the heartbeat while visible, so that an act meets exactly what is on screen."""

    COLUMNS = (
        Column("symbol", "", 46),
        Column("since", mark("Since"), 146),
        Column("age", mark("Age"), 84, is_dim=True, is_live=True),
        Column("alarm", mark("Alarm"), 0),
        Column("asset", mark("Asset"), 156),
        Column("area", mark("Area"), 160),
        Column("value", mark("Value"), 120, is_number=True),
        Column("limit", mark("Limit"), 104, is_dim=True),
        Column("note", mark("Note"), 218, is_dim=True),
    )
    DEFAULT_SORT = "symbol"

    def __init__(
        self,
        station: Station,
        parent: QObject | None = None,
        *,
        now_us: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent)
        self._now_us = now_us
        self._feed = alarm_feed(station)
        self.alarms = self._feed.alarms
        self._tags = tag_cache(station)
        self._trust = AlarmTrust(self._tags, self.alarms)
        self.groups = AlarmGroups(self.alarms)
        self.tab = AlarmTab.ACTIVE
        self.filter = AlarmFilter()
        self.taken: Notifier[Rows] = Notifier()  # rows that were taken in, for the lists of what is kept aside
        self._matches: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._undo = self._feed.taken.subscribe(self._on_taken)
        self._is_flushing = False
        self._ungrouped: Rows | None = None  # the order without heads, while there are any
        self._is_resort_due = bool(len(self.alarms))  # what other lists took in before

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()
        self.set_visible(False)

    # input

    def set_visible(self, is_visible: bool) -> None:
        self._feed.hold(self, is_visible)
        super().set_visible(is_visible)

    def flush(self) -> None:
        self._is_flushing = True
        try:
            super().flush()
        finally:
            self._is_flushing = False

    def _on_taken(self, rows: Rows) -> None:
        """Seen lists show it at once, whoever took it in: what an act meets is never newer than what is on screen."""
        if self.is_visible or self._is_flushing:
            self.touch(rows)
        else:
            self._is_resort_due = True
        self.taken.notify(rows)
        if self.is_visible and not self._is_flushing:
            self.flush()

    def _take_in(self) -> None:
        self._feed.take_in()
        self.touch(self._trust.changed(), may_move=False)
        if self.filter.text and len(self._matches) < len(self.alarms):
            fresh = self.alarms.matching(self.filter.text, len(self._matches))
            self._matches = np.concatenate([self._matches, fresh])

    def choose(self, wanted: AlarmFilter) -> None:
        """Show only what passes this filter."""
        if wanted == self.filter:
            return
        if wanted.text != self.filter.text:
            self._matches = self.alarms.matching(wanted.text) if wanted.text else np.empty(0, np.bool_)
        self.filter = wanted
        self.relayout()

    def set_filter(self, wanted: str) -> None:
        """Show only rows whose alarm, asset, area or path hold every word."""
        self.choose(replace(self.filter, text=wanted))

    def set_priority(self, priority: int) -> None:
        """Show only alarms of this priority; 0 shows them all."""
        self.choose(replace(self.filter, priorities=frozenset({priority} if priority else ())))

    @property
    def wanted(self) -> str:
        return self.filter.text

    @property
    def is_filtered(self) -> bool:
        return not self.filter.is_empty

    def passing(self) -> NDArray[np.bool_]:
        """Per row whether the filter lets it through, in whichever list it stands."""
        size, known = len(self.alarms), len(self._matches)
        matches = self._matches if known >= size else np.pad(self._matches, (0, size - known), constant_values=True)
        return self.filter.mask(self.alarms, matches)

    def set_tab(self, tab: AlarmTab) -> None:
        if tab != self.tab:
            self.tab = tab
            self.relayout()

    def group_by(self, by: GroupBy, *, folded: bool = False) -> None:
        """Arrange the list under head rows, or flat again."""
        if by != self.groups.by or folded:
            self.groups.choose(by, folded=folded)
            self.relayout()

    def toggle_group(self, position: int) -> bool:
        """Fold or open the group whose head stands here; False: no head does."""
        row = self.row_at(position)
        if not self.groups.is_head(row):
            return False
        self.groups.toggle(row)
        self.relayout()
        return True

    def reveal(self, row: int) -> None:
        """Open the group that folds this alarm away."""
        if self.groups.by != GroupBy.NONE and 0 <= row < len(self.alarms) and self.position_of(row) < 0:
            head = self.groups.head_of(row)
            if self.groups.is_folded(head):
                self.groups.toggle(head)
                self.relayout()

    # order and filter

    def _keys(self) -> NDArray[np.uint64]:
        return self.alarms["key"]  # type: ignore[return-value]

    def in_tab(self, tab: AlarmTab) -> NDArray[np.bool_]:
        """Which rows belong to a list, whatever the filter hides."""
        if tab == AlarmTab.ACTIVE:
            return self.alarms.listed
        if tab == AlarmTab.UNACKNOWLEDGED:
            return self.alarms.unacknowledged
        hidden = self.alarms.hidden_as
        found = hidden == ASIDE_FLAGS[tab]
        return np.asarray(found | (hidden == AlarmFlag.MASKED) if tab == AlarmTab.SUPPRESSED else found, np.bool_)

    def _shown(self) -> NDArray[np.bool_]:
        shown = self.in_tab(self.tab)
        return shown & self.passing() if self.is_filtered else shown

    def _reordered(self, changed: Rows) -> Rows:
        if self.groups.by == GroupBy.NONE:
            self._ungrouped = None
            return super()._reordered(changed)
        if self._ungrouped is None or self._is_resort_due or self._sorts:
            self._ungrouped = self._flat()
        else:
            self._ungrouped = merged_rows(self._ungrouped, self._keys(), self._shown(), changed)
        return self.groups.arranged(self._ungrouped)

    def _repaint(self, rows: Rows) -> None:
        if self.groups.by == GroupBy.NONE:
            super()._repaint(rows)
        elif len(rows) and len(self._order):  # with its alarms a head changes, too
            self._cells_changed(0, len(self._order) - 1, 0, len(self.COLUMNS) - 1)

    def _sort_column(self, key: str) -> SortColumn:
        alarms = self.alarms
        if key in {"alarm", "asset", "area"}:
            return alarms.ranks({"alarm": "text", "asset": "asset_name"}.get(key, key))
        if key == "value":
            return alarms["value"].astype(np.float64)
        source = {"symbol": "priority", "since": "since_us", "age": "since_us", "limit": "severity", "note": "count"}
        column = alarms[source[key]].astype(np.int64)
        return -column if key == "age" else column

    # counts: one truth for tabs, badge and the line about hidden rows

    def tab_count(self, tab: AlarmTab) -> int:
        """How many alarms belong to a tab, whatever the filter hides."""
        return int(np.count_nonzero(self.in_tab(tab)))

    def hidden_count(self) -> int:
        """How many alarms of this tab the filter hides."""
        return self.tab_count(self.tab) - int(np.count_nonzero(self._shown())) if self.is_filtered else 0

    def active_by_priority(self) -> tuple[int, int, int, int]:
        """Alarms whose condition stands now: those that returned and wait for their acknowledgement are not active."""
        stands = self.alarms.listed & np.isin(self.alarms["state"], [int(state) for state in ACTIVE_STATES])
        active = np.bincount(self.alarms["priority"][stands].astype(np.int64), minlength=5)
        return int(active[1]), int(active[2]), int(active[3]), int(active[4])

    def unacknowledged_by_priority(self) -> tuple[int, int, int, int]:
        owed = np.bincount(self.alarms["priority"][self.alarms.unacknowledged].astype(np.int64), minlength=5)
        return int(owed[1]), int(owed[2]), int(owed[3]), int(owed[4])

    # what acts on rows needs

    def condition_at(self, position: int) -> Condition | None:
        row = self.row_at(position)
        return None if self.groups.is_head(row) else self.alarms.condition(row)

    def occurrences(self, positions: Sequence[int]) -> tuple[Occurrence, ...]:
        """The occurrences on screen at these positions, exactly as shown."""
        found = (self.alarms.occurrence(row) for row in self.alarm_rows(positions))
        return tuple(occurrence for occurrence in found if occurrence is not None)

    def every_row(self) -> Rows:
        """Every alarm of this list through its filter in its order, also those that a folded group hides."""
        if self.groups.by == GroupBy.NONE:
            return self.shown_rows
        return self._flat()

    def _flat(self) -> Rows:
        self._is_resort_due, was_due = True, self._is_resort_due  # the order in sight has heads in it
        flat = super()._reordered(self.shown_rows)
        self._is_resort_due = was_due
        return flat

    def alarm_rows(self, positions: Sequence[int]) -> tuple[int, ...]:
        """The alarms at these positions; heads of groups are none."""
        rows = (self.row_at(position) for position in positions)
        return tuple(row for row in rows if row >= 0 and not self.groups.is_head(row))

    def owed(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Those of the positions whose alarm is unacknowledged."""
        unacknowledged = self.alarms.unacknowledged
        return tuple(place for place in positions if any(unacknowledged[row] for row in self.alarm_rows([place])))

    def acknowledged(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Those of the positions whose alarm is acknowledged, and could be taken back."""
        owed = set(self.owed(positions))
        return tuple(place for place in positions if self.alarm_rows([place]) and place not in owed)

    def waits_for_reset(self, positions: Sequence[int]) -> bool:
        """Whether a latched alarm among these has returned and is acknowledged."""
        states = (self.alarms["state"][row] for row in self.alarm_rows(positions))
        return any(state == AlarmState.LATCHED_ACKNOWLEDGED for state in states)

    def owed_count(self, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """How many rows lie in these (first, last) spans of positions, and how many of them are unacknowledged."""
        rows = [self._order[max(0, first) : last + 1] for first, last in spans]
        chosen = np.unique(np.concatenate(rows)) if rows else self._order[:0]
        if self.groups.by != GroupBy.NONE:
            chosen = chosen[chosen < self.groups.base]
        return len(chosen), int(np.count_nonzero(self.alarms.unacknowledged[chosen])) if len(chosen) else 0

    def position_of_condition(self, occurrence: Occurrence) -> int:
        """Where the alarm of an occurrence is shown, -1 when tab or filter hide it or it has left the list."""
        row = self.alarms.row_of(occurrence.condition_id)
        return self.position_of(row) if row >= 0 else -1

    def next_unacknowledged(self, after: int) -> int:
        """Position of the next most urgent unacknowledged alarm after the one at `after`, then from the top; or -1.

        A group that folds it away opens.
        """
        owed = np.flatnonzero(self._shown() & self.alarms.unacknowledged)
        if not len(owed):
            return -1
        by_urgency = owed[np.argsort(self._keys()[owed], kind="stable")]
        here = np.flatnonzero(by_urgency == self.row_at(after))
        following = int(here[0]) + 1 if len(here) else 0
        row = int(by_urgency[following % len(by_urgency)])
        self.reveal(row)
        return self.position_of(row)

    # cells

    def symbol(self, row: int) -> tuple[int, SymbolState]:
        """Priority and how its symbol looks."""
        if self.groups.is_head(row):
            group = self.groups.group(row)
            return group.priority, symbol_state(head_state(group))
        return int(self.alarms["priority"][row]), symbol_state(int(self.alarms["state"][row]))

    def look(self, row: int) -> RowLook:
        if self.groups.is_head(row):
            return _HEAD
        return _LOOKS.get(int(self.alarms["state"][row]), PLAIN)

    def cell_look(self, row: int, key: str) -> RowLook | None:
        if self.groups.is_head(row):
            return None if key == "alarm" else _LIGHT_HEAD
        if key == "value" and self._trust.word(row):
            return _LOST_VALUE
        if key not in _LIGHT_COLUMNS:
            return None
        return _LIGHT_DIM if self.look(row).is_dim else PLAIN

    def tip(self, row: int, key: str) -> str:
        condition = None if self.groups.is_head(row) else self.alarms.condition(row)
        if condition is None:
            return ""
        if key == "value":
            return exact_text(float(self.alarms["value"][row]))
        if key == "limit":
            return limit_tip(condition, int(self.alarms["severity"][row]), int(self.alarms["worst"][row]))
        if key == "note":
            return note_tip(self.alarms, row, self.note_text(row), self._now_us())
        return time_tip(int(self.alarms["since_us"][row])) if key in {"since", "age"} else ""

    def cell(self, row: int, key: str) -> str:
        if self.groups.is_head(row):
            return self._head_cell(row, key)
        condition = self.alarms.condition(row)
        return _CELLS[key](self, row, condition) if condition is not None and key in _CELLS else ""

    def _head_cell(self, row: int, key: str) -> str:
        group = self.groups.group(row)
        if key == "alarm":
            return f"{'▸' if group.is_folded else '▾'}  {group.name}"
        if key == "asset":
            return tr_n("{n} alarm", "{n} alarms", group.count)
        if key == "since":
            return short_clock_text(group.last_us, self._now_us())
        if key == "age":
            return age_text(self._now_us() - group.first_us)
        if key != "note" or not group.unacknowledged:
            return ""
        owed = tr("{n} unack", n=whole_text(group.unacknowledged))
        return f"{tr('{n} critical', n=whole_text(group.critical))} · {owed}" if group.critical else owed

    def since_text(self, row: int) -> str:
        return short_clock_text(int(self.alarms["since_us"][row]), self._now_us())

    def age_text(self, row: int) -> str:
        return age_text(self._now_us() - int(self.alarms["since_us"][row]))

    def value_text(self, row: int, condition: Condition) -> str:
        return seen_text(condition, float(self.alarms["value"][row]), self._tags.tag(condition.tag_handle))

    def limit_text(self, row: int, condition: Condition) -> str:
        return limit_text(condition, int(self.alarms["severity"][row]), int(self.alarms["worst"][row]))

    def note_text(self, row: int) -> str:
        return note_text(self.alarms, row, self._trust.word(row), is_held=self._trust.is_held(row))


_CELLS: dict[str, Callable[[AlarmTable, int, Condition], str]] = {
    "since": lambda table, row, _condition: table.since_text(row),
    "age": lambda table, row, _condition: table.age_text(row),
    "alarm": lambda _table, _row, condition: alarm_text(condition),
    "asset": lambda _table, _row, condition: condition.asset_name,
    "area": lambda _table, _row, condition: condition.area,
    "value": lambda table, row, condition: table.value_text(row, condition),
    "limit": lambda table, row, condition: table.limit_text(row, condition),
    "note": lambda table, row, _condition: table.note_text(row),
}
