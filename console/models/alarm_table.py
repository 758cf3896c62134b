"""The alarm list: what is active or unacknowledged, most urgent first, through a tab and a filter."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.domain.alarms import ACTIVE_STATES, AlarmState, Condition, Occurrence, Severity
from console.models.alarm_columns import AlarmColumns
from console.models.alarm_order import alarm_keys
from console.models.alarm_trust import AlarmTrust
from console.models.row_order import SortColumn
from console.models.sorted_table import PLAIN, Column, RowLook, SortedTable
from console.models.tag_cache import tag_cache
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, Station
from console.ui.format import DASH, age_text, clock_text, exact_text, number_text, time_tip
from console.ui.priority_symbol import SymbolState, symbol_state
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

_MAX_WAITING = 64  # deltas kept for the next beat; a hidden list takes them in at once

_UNACKNOWLEDGED = RowLook(is_bold=True)
_RETURNED = RowLook(is_bold=True, is_dim=True)
_LATCHED = RowLook(is_dim=True)
_LOOKS = {
    AlarmState.UNACKNOWLEDGED: _UNACKNOWLEDGED,
    AlarmState.RETURNED_UNACKNOWLEDGED: _RETURNED,
    AlarmState.LATCHED_UNACKNOWLEDGED: _RETURNED,
    AlarmState.LATCHED_ACKNOWLEDGED: _LATCHED,
}
_RETURNED_STATES = frozenset(
    {AlarmState.RETURNED_UNACKNOWLEDGED, AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED}
)
_LOST_VALUE = RowLook(is_italic=True, is_dim=True)  # as the tag table shows what cannot be trusted now
_LIGHT_COLUMNS = frozenset({"age", "limit", "note"})  # never bold: they help, they do not decide


class AlarmTab(StrEnum):
    """The lists of alarms management. Shelving, suppression and out of service have no state in this form yet."""

    ACTIVE = "active"
    UNACKNOWLEDGED = "unacknowledged"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    SUPPRESSED = "suppressed"


class AlarmTable(SortedTable):
    """Follows ALARMS. Deltas wait for the heartbeat while visible, so that an act meets exactly what is on screen."""

    COLUMNS = (
        Column("symbol", "", 46),
        Column("since", mark("Since"), 146),
        Column("age", mark("Age"), 84, is_dim=True, is_live=True),
        Column("alarm", mark("Alarm"), 0),
        Column("asset", mark("Asset"), 150),
        Column("area", mark("Area"), 160),
        Column("value", mark("Value"), 120, is_number=True),
        Column("limit", mark("Limit"), 104, is_dim=True),
        Column("note", mark("Note"), 224, is_dim=True),
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
        self._waiting: list[AlarmsDelta] = []
        self.alarms = AlarmColumns()
        self._trust = AlarmTrust(tag_cache(station), self.alarms)
        self.tab = AlarmTab.ACTIVE
        self.wanted = ""
        self.priority = 0
        self._matches: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._undo = station.subscribe(ALARMS, self._on_delta)

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()
        self.set_visible(False)

    # input

    def _on_delta(self, delta: AlarmsDelta) -> None:
        self._waiting.append(delta)
        if not self.is_visible or len(self._waiting) > _MAX_WAITING:
            self._take_in()

    def _take_in(self) -> None:
        for delta in self._waiting:
            self.touch(self.alarms.apply(delta))
        self._waiting.clear()
        self.touch(self._trust.changed(), may_move=False)
        if len(self._matches) < len(self.alarms.haystack):
            fresh = self.alarms.haystack.matching(self.wanted, len(self._matches))
            self._matches = np.concatenate([self._matches, fresh])

    def set_filter(self, wanted: str) -> None:
        """Show only rows whose alarm, asset, area or path hold every word."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._matches = self.alarms.haystack.matching(wanted)
            self.relayout()

    def set_priority(self, priority: int) -> None:
        """Show only alarms of this priority; 0 shows them all."""
        if priority != self.priority:
            self.priority = priority
            self.relayout()

    @property
    def is_filtered(self) -> bool:
        return bool(self.wanted or self.priority)

    def set_tab(self, tab: AlarmTab) -> None:
        if tab != self.tab:
            self.tab = tab
            self.relayout()

    # order and filter

    def _keys(self) -> NDArray[np.uint64]:
        alarms = self.alarms
        return alarm_keys(alarms["state"], alarms["priority"], alarms["start_us"])  # type: ignore[arg-type]

    def _in_tab(self, tab: AlarmTab) -> NDArray[np.bool_]:
        if tab == AlarmTab.ACTIVE:
            return self.alarms.listed
        if tab == AlarmTab.UNACKNOWLEDGED:
            return self.alarms.unacknowledged
        return np.zeros(len(self.alarms), np.bool_)

    def _shown(self) -> NDArray[np.bool_]:
        shown = self._in_tab(self.tab)
        if self.wanted:
            shown = shown & self._matches
        return shown & (self.alarms["priority"] == self.priority) if self.priority else shown

    def _sort_column(self, key: str) -> SortColumn:
        alarms = self.alarms
        if key in {"alarm", "asset", "area"}:
            return alarms.ranks({"alarm": "text", "asset": "asset_name"}.get(key, key))
        if key == "value":
            return alarms["value"].astype(np.float64)
        source = {"symbol": "priority", "since": "start_us", "age": "start_us", "limit": "severity", "note": "count"}
        column = alarms[source[key]].astype(np.int64)
        return -column if key == "age" else column

    # counts: one truth for tabs, badge and the line about hidden rows

    def tab_count(self, tab: AlarmTab) -> int:
        """How many alarms belong to a tab, whatever the filter hides."""
        return int(np.count_nonzero(self._in_tab(tab)))

    def hidden_count(self) -> int:
        """How many alarms of this tab the filter hides."""
        return self.tab_count(self.tab) - self.rowCount()

    def active_by_priority(self) -> tuple[int, int, int, int]:
        """Alarms whose condition stands now: those that returned and wait for their acknowledgement are not active."""
        stands = np.isin(self.alarms["state"], [int(state) for state in ACTIVE_STATES])
        active = np.bincount(self.alarms["priority"][stands].astype(np.int64), minlength=5)
        return int(active[1]), int(active[2]), int(active[3]), int(active[4])

    def unacknowledged_by_priority(self) -> tuple[int, int, int, int]:
        owed = np.bincount(self.alarms["priority"][self.alarms.unacknowledged].astype(np.int64), minlength=5)
        return int(owed[1]), int(owed[2]), int(owed[3]), int(owed[4])

    # what acts on rows needs

    def condition_at(self, position: int) -> Condition | None:
        return self.alarms.condition(self.row_at(position))

    def occurrences(self, positions: Sequence[int]) -> tuple[Occurrence, ...]:
        """The occurrences on screen at these positions, exactly as shown."""
        found = (self.alarms.occurrence(self.row_at(position)) for position in positions)
        return tuple(occurrence for occurrence in found if occurrence is not None)

    def owed(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Those of the positions whose alarm is unacknowledged."""
        unacknowledged = self.alarms.unacknowledged
        return tuple(place for place in positions if (row := self.row_at(place)) >= 0 and unacknowledged[row])

    def acknowledged(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Those of the positions whose alarm is acknowledged, and could be taken back."""
        owed = set(self.owed(positions))
        return tuple(place for place in positions if self.row_at(place) >= 0 and place not in owed)

    def owed_count(self, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """How many rows lie in these (first, last) spans of positions, and how many of them are unacknowledged."""
        rows = [self._order[max(0, first) : last + 1] for first, last in spans]
        chosen = np.unique(np.concatenate(rows)) if rows else self._order[:0]
        return len(chosen), int(np.count_nonzero(self.alarms.unacknowledged[chosen])) if len(chosen) else 0

    def position_of_condition(self, occurrence: Occurrence) -> int:
        """Where the alarm of an occurrence is shown, -1 when tab or filter hide it or it has left the list."""
        row = self.alarms.row_of(occurrence.condition_id)
        return self.position_of(row) if row >= 0 else -1

    def next_unacknowledged(self, after: int) -> int:
        """Position of the next most urgent unacknowledged alarm after the one at `after`, then from the top; or -1."""
        rows = self.shown_rows
        owed = rows[self.alarms.unacknowledged[rows]] if len(rows) else rows
        if not len(owed):
            return -1
        by_urgency = owed[np.argsort(self._keys()[owed], kind="stable")]
        here = np.flatnonzero(by_urgency == self.row_at(after))
        following = int(here[0]) + 1 if len(here) else 0
        return self.position_of(int(by_urgency[following % len(by_urgency)]))

    # cells

    def symbol(self, row: int) -> tuple[int, SymbolState]:
        """Priority and how its symbol looks."""
        return int(self.alarms["priority"][row]), symbol_state(int(self.alarms["state"][row]))

    def look(self, row: int) -> RowLook:
        return _LOOKS.get(AlarmState(int(self.alarms["state"][row])), PLAIN)

    def cell_look(self, row: int, key: str) -> RowLook | None:
        if key == "value" and self._trust.word(row):
            return _LOST_VALUE
        return RowLook(is_dim=self.look(row).is_dim) if key in _LIGHT_COLUMNS else None

    def tip(self, row: int, key: str) -> str:
        if key == "value":
            return exact_text(float(self.alarms["value"][row]))
        return time_tip(int(self.alarms["start_us"][row])) if key in {"since", "age"} else ""

    def cell(self, row: int, key: str) -> str:
        condition = self.alarms.condition(row)
        return _CELLS[key](self, row, condition) if condition is not None and key in _CELLS else ""

    def since_text(self, row: int) -> str:
        return clock_text(int(self.alarms["start_us"][row]), self._now_us())

    def age_text(self, row: int) -> str:
        return age_text(self._now_us() - int(self.alarms["start_us"][row]))

    def value_text(self, row: int, condition: Condition) -> str:
        value = float(self.alarms["value"][row])
        return "" if math.isnan(value) else f"{number_text(value)} {condition.unit}".rstrip()

    def note_text(self, row: int) -> str:
        parts = [self.alarms.notes.get(row, "")]
        if int(self.alarms["state"][row]) in _RETURNED_STATES:
            parts.insert(0, tr("returned"))
        if self.alarms["uncertain"][row]:
            parts.append(tr("uncertain"))
        parts.append(self._trust.word(row))
        count = int(self.alarms["count"][row])
        if count > 1:
            parts.append(f"×{count}")
        return " · ".join(part for part in parts if part)


def alarm_text(condition: Condition) -> str:
    """What the alarm says: Leitstand's own texts in the person's language, a rule's text as it was written."""
    return tr(condition.text) if condition.text else condition.subject


_BANDS = {Severity.HIGH_HIGH: "HH", Severity.HIGH: "H", Severity.LOW: "L", Severity.LOW_LOW: "LL"}


def limit_text(condition: Condition, severity: int) -> str:
    """`HH 95`: the limit that was crossed; empty for alarms that have none."""
    limits = dict(condition.limits)
    band = _BANDS.get(severity, "")  # type: ignore[call-overload]
    if band not in limits and condition.side == "low":
        band = {"H": "L", "HH": "LL"}.get(band, band)
    return f"{band} {number_text(limits[band], digits=9)}" if band in limits else ("" if not limits else DASH)


_CELLS: dict[str, Callable[[AlarmTable, int, Condition], str]] = {
    "since": lambda table, row, _condition: table.since_text(row),
    "age": lambda table, row, _condition: table.age_text(row),
    "alarm": lambda _table, _row, condition: alarm_text(condition),
    "asset": lambda _table, _row, condition: condition.asset_name,
    "area": lambda _table, _row, condition: condition.area,
    "value": lambda table, row, condition: table.value_text(row, condition),
    "limit": lambda table, row, condition: limit_text(condition, int(table.alarms["severity"][row])),
    "note": lambda table, row, _condition: table.note_text(row),
}
