"""The lists of what is kept aside: shelved, out of service, suppressed; who did it, why, since when and how long."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState, Condition
from console.models.alarm_table import AlarmTab, AlarmTable
from console.models.alarm_texts import STATE_WORDS, alarm_text
from console.models.row_order import Keys, Rows, SortColumn, pack_keys
from console.models.sorted_table import Column, RowLook, SortedTable
from console.services.records import AsideRecord
from console.ui.format import DASH, age_text, short_clock_text, time_tip
from console.ui.priority_symbol import SymbolState, symbol_state
from console.ui.translation import mark, tr

REASON_WORDS = {
    "chattering": mark("chattering"),
    "stale": mark("stands for long"),
    "maintenance": mark("maintenance"),
    "other": mark("other reason"),
}
_WHAT = (
    Column("symbol", "", 46),
    Column("alarm", mark("Alarm"), 0),
    Column("asset", mark("Asset"), 112),
    Column("area", mark("Area"), 130),
    Column("state", mark("State"), 190, is_dim=True),
)
COLUMNS: dict[AlarmTab, tuple[Column, ...]] = {
    AlarmTab.SHELVED: (
        *_WHAT,
        Column("remaining", mark("Remaining"), 190, is_live=True),
        Column("reason", mark("Reason"), 210, is_dim=True),
        Column("who", mark("Who"), 112),
        Column("workstation", mark("Workstation"), 110, is_dim=True),
        Column("since", mark("Start"), 105),
        Column("times", mark("Again"), 74, is_number=True, is_dim=True),
    ),
    AlarmTab.OUT_OF_SERVICE: (
        *_WHAT,
        Column("reason", mark("Reason"), 220, is_dim=True),
        Column("order", mark("Work order"), 120),
        Column("who", mark("Who"), 112),
        Column("workstation", mark("Workstation"), 110, is_dim=True),
        Column("since", mark("Since"), 105),
        Column("age", mark("For"), 96, is_dim=True, is_live=True),
    ),
    AlarmTab.SUPPRESSED: (
        *_WHAT,
        Column("reason", mark("Held back by"), 300, is_dim=True),
        Column("since", mark("Since"), 105),
        Column("age", mark("For"), 96, is_dim=True, is_live=True),
    ),
}
_ENDS_SOON, _OVER = RowLook(is_bold=True), RowLook(is_italic=True, is_dim=True)


class ShelfState(StrEnum):
    LASTING = "lasting"
    ENDS_SOON = "ends soon"
    OVER = "over"  # the alarm comes back with the next beat of the station


class AsideTable(SortedTable):
    """One of the three lists, over the rows and the filter of the alarm list. `warn_us()`: how long before its end a
    shelf asks to be looked at."""

    DEFAULT_SORT = "symbol"

    def __init__(
        self,
        source: AlarmTable,
        tab: AlarmTab,
        parent: QObject | None = None,
        *,
        now_us: Callable[[], int],
        warn_us: Callable[[], int] = lambda: 0,
    ) -> None:
        self.COLUMNS = COLUMNS[tab]
        super().__init__(parent)
        self.tab, self.alarms = tab, source.alarms
        self._source, self._now_us, self._warn_us = source, now_us, warn_us
        self._undo = source.taken.subscribe(self._on_taken)
        self._is_resort_due = True  # what the alarm list took in before

    def close(self) -> None:
        self._undo()
        self.set_visible(False)

    def _on_taken(self, rows: Rows) -> None:
        if self.is_visible:
            self.touch(rows)
        else:
            self._is_resort_due = True

    # order and filter

    def _keys(self) -> Keys:
        """What ends first stands first; what has no end of its own: the newest first."""
        alarms = self.alarms
        if self.tab == AlarmTab.SHELVED:
            return alarms["aside_until_us"].astype(np.uint64)
        none = np.zeros(len(alarms), np.uint8)
        return pack_keys(none.astype(np.bool_), none, alarms["aside_since_us"])  # type: ignore[arg-type]

    def _shown(self) -> NDArray[np.bool_]:
        return self._source.in_tab(self.tab) & self._source.passing()

    def _sort_column(self, key: str) -> SortColumn:
        alarms = self.alarms
        if key in {"alarm", "asset", "area"}:
            return alarms.ranks({"alarm": "text", "asset": "asset_name"}.get(key, key))
        times = {"remaining": "aside_until_us", "since": "aside_since_us", "age": "aside_since_us"}
        if key in times or key in {"symbol", "state"}:
            column = alarms[times.get(key, {"symbol": "priority"}.get(key, "state"))].astype(np.int64)
            return -column if key == "age" else column
        return self._ranked(key)

    def _ranked(self, key: str) -> NDArray[np.int64]:
        """By what the records say: few rows, so that their texts may be compared."""
        rows = np.flatnonzero(self._shown())
        told = [self._record(int(row)).times if key == "times" else self.cell(int(row), key).casefold() for row in rows]
        rank = {value: number for number, value in enumerate(sorted(set(told)))}
        ranks = np.zeros(len(self.alarms), np.int64)
        ranks[rows] = [rank[value] for value in told]
        return ranks

    def hidden_count(self) -> int:
        """How many alarms of this list the filter hides."""
        return int(np.count_nonzero(self._source.in_tab(self.tab))) - int(np.count_nonzero(self._shown()))

    def soon(self) -> int:
        """How many shelves end within the warning time, whatever the filter hides."""
        ends = self.alarms["aside_until_us"][self._source.in_tab(AlarmTab.SHELVED)].astype(np.int64)
        return int(np.count_nonzero((ends > 0) & (ends - self._now_us() <= self._warn_us())))

    # what acts on rows needs

    def alarm_rows(self, positions: Sequence[int]) -> tuple[int, ...]:
        return tuple(row for place in positions if (row := self.row_at(place)) >= 0)

    def condition_at(self, position: int) -> Condition | None:
        return self.alarms.condition(self.row_at(position))

    # cells

    def _record(self, row: int) -> AsideRecord:
        return self.alarms.aside(row) or AsideRecord(0)

    def shelf(self, row: int) -> ShelfState:
        until = self._record(row).until_us
        left = until - self._now_us()
        if not until or left > self._warn_us():
            return ShelfState.LASTING
        return ShelfState.OVER if left <= 0 else ShelfState.ENDS_SOON

    def symbol(self, row: int) -> tuple[int, SymbolState]:
        """As it would stand in the list; nothing here is owed, so nothing flashes."""
        state = symbol_state(int(self.alarms["state"][row]))
        return int(self.alarms["priority"][row]), SymbolState.NONE if state == SymbolState.NONE else _CALM

    def cell_look(self, row: int, key: str) -> RowLook | None:
        """The remaining time alone changes by itself, and is repainted for it."""
        if key != "remaining":
            return None
        return {ShelfState.ENDS_SOON: _ENDS_SOON, ShelfState.OVER: _OVER}.get(self.shelf(row))

    def tip(self, row: int, key: str) -> str:
        record = self._record(row)
        if key in {"since", "age"}:
            return time_tip(record.since_us)
        if key == "remaining":
            return time_tip(record.until_us)
        return f"{record.reason}\n{record.rule_id}".strip() if key == "reason" else ""

    def cell(self, row: int, key: str) -> str:
        condition = self.alarms.condition(row)
        if condition is None:
            return ""
        if key in {"alarm", "asset", "area"}:
            return {"asset": condition.asset_name, "area": condition.area}.get(key) or (
                alarm_text(condition) if key == "alarm" else ""
            )
        if key == "state":
            return tr(STATE_WORDS.get(int(self.alarms["state"][row]), STATE_WORDS[AlarmState.NORMAL]))
        return _CELLS[key](self, row, self._record(row)) if key in _CELLS else ""

    def remaining_text(self, record: AsideRecord) -> str:
        if not record.until_us:
            return DASH
        left = record.until_us - self._now_us()
        if left <= 0:
            return tr("over")
        parts = [age_text(left)]
        if record.is_one_shot:
            parts.append(tr("or its return"))
        if left <= self._warn_us():
            parts.append(tr("ends soon"))
        return " · ".join(parts)

    def since_text(self, at_us: int) -> str:
        return short_clock_text(at_us, self._now_us())

    def lasting_text(self, at_us: int) -> str:
        return age_text(self._now_us() - at_us) if at_us else DASH

    def reason_text(self, row: int, record: AsideRecord) -> str:
        if self.tab != AlarmTab.SUPPRESSED:
            code = tr(REASON_WORDS[record.reason_code]) if record.reason_code in REASON_WORDS else record.reason_code
            return " · ".join(part for part in (code, record.reason) if part)
        if int(self.alarms.hidden_as[row]) == AlarmFlag.MASKED:
            return " · ".join(part for part in (tr("behind its cause"), record.reason) if part)
        return record.reason or record.rule_id or tr("a rule")


_CALM = SymbolState.ACKNOWLEDGED
_CELLS: dict[str, Callable[[AsideTable, int, AsideRecord], str]] = {
    "remaining": lambda table, _row, record: table.remaining_text(record),
    "reason": lambda table, row, record: table.reason_text(row, record),
    "who": lambda _table, _row, record: record.who or tr("a rule"),
    "workstation": lambda _table, _row, record: record.workstation,
    "order": lambda _table, _row, record: record.work_order,
    "since": lambda table, _row, record: table.since_text(record.since_us),
    "age": lambda table, _row, record: table.lasting_text(record.since_us),
    "times": lambda _table, _row, record: f"×{record.times}" if record.times else "",
}
