"""The alarm table in numpy columns: one row per condition, one count for everybody, deltas of what changed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import HIDING, PRECEDENCE, AlarmFlag, hidden_by
from console.domain.alarm_step import Alarm, Returning
from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmState, Condition, Priority
from console.services.records import AlarmCounts, AlarmsDelta, AsideRecord

Rows = NDArray[np.int64]
ConditionSource = Callable[[int], Condition]  # makes the static part of a row when it is first told
AsideSource = Callable[[int], tuple[AsideRecord, ...]]  # why a row is kept out of the list


def _nothing_aside(_row: int) -> tuple[AsideRecord, ...]:
    return ()


_STATES = tuple(AlarmState)
RETURNING = tuple(Returning)  # by the column's number
_IS_UNACKNOWLEDGED = np.array([state in UNACKNOWLEDGED_STATES for state in _STATES])
_IS_ACTIVE = np.array([state in ACTIVE_STATES for state in _STATES])
# enum arithmetic would cost more than the rest
_ESCALATED = int(AlarmFlag.ESCALATED)
_HIDING, _PASSING = int(HIDING), int(AlarmFlag.REALARMED | AlarmFlag.ESCALATED)
_COLUMNS: dict[str, tuple[str, float | int]] = {
    "state": ("u1", 0),
    "priority": ("u1", Priority.MEDIUM),  # of `worst`
    "severity": ("i1", 0),  # outwards from zero
    "worst": ("i1", 0),
    "start_us": ("i8", 0),
    "annunciated_us": ("i8", 0),
    "changed_us": ("i8", 0),
    "returned_us": ("i8", 0),
    "value": ("f8", float("nan")),
    "count": ("i4", 0),
    "uncertain": ("?", False),
    "flags": ("u2", 0),  # AlarmFlag
    "returning": ("u1", 0),
    "realarm_s": ("i4", 0),  # 0: never
    "escalate_s": ("i4", 0),  # 0: never
    "outer": ("u1", Priority.MEDIUM),  # priority of band 2, or of the only band
    "inner": ("u1", Priority.MEDIUM),  # priority of band 1
    "sign": ("i1", 1),  # -1: a low side, severities are shown below zero
}


class AlarmRows:
    """Row = dense integer of one condition for the life of the process."""

    state: NDArray[np.uint8]
    priority: NDArray[np.uint8]
    severity: NDArray[np.int8]
    worst: NDArray[np.int8]
    start_us: NDArray[np.int64]
    annunciated_us: NDArray[np.int64]
    changed_us: NDArray[np.int64]
    returned_us: NDArray[np.int64]
    value: NDArray[np.float64]
    count: NDArray[np.int32]
    uncertain: NDArray[np.bool_]
    flags: NDArray[np.uint16]
    returning: NDArray[np.uint8]
    realarm_s: NDArray[np.int32]
    escalate_s: NDArray[np.int32]
    outer: NDArray[np.uint8]
    inner: NDArray[np.uint8]
    sign: NDArray[np.int8]

    def __init__(self) -> None:
        self.size = 0
        self._capacity = 0
        self._is_dirty = False
        self._dirty = np.zeros(0, bool)
        self._conditions: dict[int, Condition] = {}  # those that were told
        self._told = np.zeros(0, bool)
        self._unacknowledged = [0] * 6
        self._active = [0] * 6
        self._aside = dict.fromkeys(PRECEDENCE, 0)  # rows by the flag under which they are listed
        self.aside_of: AsideSource = _nothing_aside
        self.owners: dict[int, str] = {}  # row -> user id
        self._counts: AlarmCounts | None = None
        self.acked_by: dict[int, str] = {}  # row -> user id
        self.name_of: Callable[[str], str] = str  # as it is shown
        self.notes: dict[int, str] = {}
        self._grow(256)

    def add(self, *, outer: int, inner: int, sign: int = 1, returning: Returning = Returning.PLAIN) -> int:
        """A new row in state NORMAL. Priorities are those of the outer and the inner band."""
        if self.size == self._capacity:
            self._grow(self._capacity * 2)
        row = self.size
        self.size += 1
        self.configure(row, outer=outer, inner=inner, sign=sign, returning=returning)
        return row

    def configure(
        self, row: int, *, outer: int, inner: int, sign: int = 1, returning: Returning = Returning.PLAIN
    ) -> None:
        self.outer[row], self.inner[row], self.sign[row] = outer, inner, sign
        self.returning[row] = RETURNING.index(returning)

    def load(self, row: int) -> Alarm:
        """The row as the value that `step` takes."""
        return Alarm(
            _STATES[self.state[row]],
            int(self.start_us[row]),
            int(self.annunciated_us[row]),
            int(self.changed_us[row]),
            int(self.returned_us[row]),
            int(self.severity[row]),
            int(self.worst[row]),
            bool(self.uncertain[row]),
            RETURNING[self.returning[row]],
        )

    def store(self, row: int, alarm: Alarm) -> None:
        """Write the row back; counts and dirt follow."""
        self._account(row, -1)
        self.state[row] = alarm.state
        self.start_us[row] = alarm.start_us
        self.annunciated_us[row] = alarm.annunciated_us
        self.changed_us[row] = alarm.changed_us
        self.returned_us[row] = alarm.returned_us
        self.severity[row] = alarm.severity
        self.worst[row] = alarm.worst
        self.uncertain[row] = alarm.uncertain
        if alarm.worst:
            self.priority[row] = self.priority_of(row, alarm.worst)
        flags = int(self.flags[row])
        if flags & _PASSING and alarm.state is not AlarmState.UNACKNOWLEDGED:
            self.flags[row] = flags & ~_PASSING
        self._account(row, 1)
        self.mark(row)

    def raise_all(self, rows: Rows, at_us: Rows, severity: NDArray[np.int8]) -> None:
        """New occurrences on many rows, each once, none of them hidden: as `alarm_step` begins them."""
        self._account_all(rows, -1)
        self.state[rows] = AlarmState.UNACKNOWLEDGED
        self.start_us[rows] = self.annunciated_us[rows] = self.changed_us[rows] = at_us
        self.returned_us[rows] = 0
        self.severity[rows] = self.worst[rows] = severity
        self.uncertain[rows] = False
        self.priority[rows] = self.priorities_of(rows, severity)
        self.count[rows] += 1
        self._follow_all(rows)

    def restore_all(
        self,
        rows: Rows,
        *,
        start_us: Rows,
        annunciated_us: Rows,
        changed_us: Rows,
        severity: NDArray[np.int8],
        worst: NDArray[np.int8],
        value: NDArray[np.float64],
    ) -> None:
        """Active occurrences of the last run on rows that are normal, each once, none of them hidden."""
        self._account_all(rows, -1)
        self.state[rows] = AlarmState.UNACKNOWLEDGED
        self.start_us[rows], self.annunciated_us[rows], self.changed_us[rows] = start_us, annunciated_us, changed_us
        self.returned_us[rows] = 0
        self.severity[rows], self.worst[rows], self.value[rows] = severity, worst, value
        self.uncertain[rows] = True
        self.priority[rows] = self.priorities_of(rows, worst)
        self.count[rows] += 1
        self._follow_all(rows)

    def return_all(self, rows: Rows, at_us: Rows) -> None:
        """Plain returns of many active rows, each once, none of them hidden: as `alarm_step` moves them."""
        self._account_all(rows, -1)
        was_seen = self.state[rows] == AlarmState.ACKNOWLEDGED
        self.state[rows] = np.where(was_seen, AlarmState.NORMAL, AlarmState.RETURNED_UNACKNOWLEDGED)
        self.changed_us[rows] = at_us
        self.returned_us[rows] = np.maximum(at_us, self.start_us[rows])
        self.severity[rows] = 0
        self.flags[rows] &= np.uint16(~_PASSING & 0xFFFF)
        self._follow_all(rows)

    def priorities_of(self, rows: Rows, severity: NDArray[np.int8]) -> NDArray[np.uint8]:
        """`priority_of` of many."""
        return np.where(severity >= 2, self.outer[rows], self.inner[rows])

    def _follow_all(self, rows: Rows) -> None:
        self._account_all(rows, 1)
        self._dirty[rows] = True
        self._is_dirty = True

    def _account_all(self, rows: Rows, sign: int) -> None:
        """`_account` for rows of the list."""
        state, priority = self.state[rows], self.priority[rows]
        for counts, is_counted in ((self._unacknowledged, _IS_UNACKNOWLEDGED), (self._active, _IS_ACTIVE)):
            for at, n in enumerate(np.bincount(priority[is_counted[state]], minlength=len(counts)).tolist()):
                counts[at] += sign * n
        self._counts = None

    def priority_of(self, row: int, severity: int) -> int:
        return int(self.outer[row] if severity >= 2 else self.inner[row])

    def mark(self, row: int) -> None:
        """Something beside the columns changed: text, note, value."""
        self._dirty[row] = self._is_dirty = True

    def set_flag(self, row: int, flag: AlarmFlag, *, is_on: bool) -> bool:
        """Set or clear one flag, leaving all others; True when that changed it. Counts and dirt follow."""
        before = int(self.flags[row])
        after = before | flag if is_on else before & ~flag
        if after == before:
            return False
        self._account(row, -1)
        self.flags[row] = after
        self._account(row, 1)
        self.mark(row)
        return True

    def has_flag(self, row: int, flag: AlarmFlag) -> bool:
        return bool(self.flags[row] & flag.value)

    def is_hidden(self, row: int) -> bool:
        """Whether any flag keeps the row out of the list and silent."""
        return bool(int(self.flags[row]) & _HIDING)

    def hidden_rows(self) -> list[int]:
        """Rows that a flag keeps out of the list."""
        return list(np.flatnonzero(self.flags[: self.size] & _HIDING).tolist())

    def renew_condition(self, row: int) -> None:
        """The static part must be told again."""
        self._told[row] = False
        self._conditions.pop(row, None)
        if self.state[row] != AlarmState.NORMAL:
            self.mark(row)

    def set_uncertain(self, rows: NDArray[np.int64]) -> None:
        """Active rows whose source cannot be trusted now are held and marked."""
        rows = rows[_IS_ACTIVE[self.state[rows]] & ~self.uncertain[rows]]
        self.uncertain[rows] = True
        self._dirty[rows] = True
        self._is_dirty |= bool(len(rows))

    def is_active(self, row: int) -> bool:
        return bool(_IS_ACTIVE[self.state[row]])

    def counts(self) -> AlarmCounts:
        """Kept while rows change; only the top row is looked for, and only after a change."""
        if self._counts is None:
            unacknowledged, active = self._unacknowledged, self._active
            self._counts = AlarmCounts(
                (unacknowledged[1], unacknowledged[2], unacknowledged[3], unacknowledged[4]),
                (active[1], active[2], active[3], active[4]),
                self._top_row(),
                self._aside[AlarmFlag.SHELVED],
                self._aside[AlarmFlag.OUT_OF_SERVICE],
                self._aside[AlarmFlag.SUPPRESSED] + self._aside[AlarmFlag.MASKED],
                int(np.count_nonzero((self.flags[: self.size] & (_ESCALATED | _HIDING)) == _ESCALATED)),
            )
        return self._counts

    @property
    def is_dirty(self) -> bool:
        return self._is_dirty

    def take_delta(self, condition_of: ConditionSource) -> AlarmsDelta:
        """What changed since the last call; conditions that were never told come along."""
        rows = np.flatnonzero(self._dirty[: self.size])
        self._dirty[rows] = self._is_dirty = False
        fresh = rows[~self._told[rows]]
        self._told[fresh] = True
        conditions = {row: condition_of(row) for row in fresh.tolist()}
        self._conditions.update(conditions)
        return self._delta(rows, tuple(conditions.values()), is_snapshot=False)

    def snapshot(self, condition_of: ConditionSource) -> AlarmsDelta:
        """All rows that are listed or kept apart, and every condition that a later delta takes as known."""
        told = (self.state[: self.size] != AlarmState.NORMAL) | ((self.flags[: self.size] & _HIDING) != 0)
        rows = np.flatnonzero(told)
        for row in rows.tolist():
            if row not in self._conditions:
                self._conditions[row] = condition_of(row)
        return self._delta(rows, tuple(self._conditions.values()), is_snapshot=True)

    def _delta(self, index: Rows, conditions: tuple[Condition, ...], *, is_snapshot: bool) -> AlarmsDelta:
        priority = self.priority[index]
        state = self.state[index]
        return AlarmsDelta(
            is_snapshot=is_snapshot,
            conditions=conditions,
            rows=index.astype(np.int32),
            # journal-only alarms have no row in any list
            state=np.where(priority >= Priority.JOURNAL, np.uint8(AlarmState.NORMAL), state).astype(np.uint8),
            priority=priority,
            severity=(self.severity[index] * self.sign[index]).astype(np.int8),
            start_us=self.start_us[index],
            annunciated_us=self.annunciated_us[index],
            changed_us=self.changed_us[index],
            value=self.value[index],
            count=self.count[index],
            uncertain=self.uncertain[index],
            flags=self.flags[index],
            acked_by={row: self.name_of(who) for row, who in _of_these(self.acked_by, index)},
            notes=dict(_of_these(self.notes, index)),
            aside={row: self.aside_of(row) for row in index[(self.flags[index] & _HIDING) != 0].tolist()},
            owners={row: self.name_of(who) for row, who in _of_these(self.owners, index)},
            worst=(self.worst[index] * self.sign[index]).astype(np.int8),
        )

    def _account(self, row: int, sign: int) -> None:
        state, flags = self.state[row], int(self.flags[row])
        hidden = hidden_by(flags) if flags & _HIDING else None
        if hidden is not None:
            self._aside[hidden] += sign
        elif state:
            priority = self.priority[row]
            self._unacknowledged[priority] += sign * int(_IS_UNACKNOWLEDGED[state])
            self._active[priority] += sign * int(_IS_ACTIVE[state])
        self._counts = None

    def _top_row(self) -> int:
        wanted = next((p for p in range(1, 5) if self._unacknowledged[p]), 0)
        if not wanted:
            return -1
        state, priority = self.state[: self.size], self.priority[: self.size]
        shown = (self.flags[: self.size] & _HIDING) == 0
        rows = np.flatnonzero(_IS_UNACKNOWLEDGED[state] & (priority == wanted) & shown)
        return int(rows[np.argmax(self.annunciated_us[rows])])

    def _grow(self, capacity: int) -> None:
        for name, (kind, fill) in _COLUMNS.items():
            column = np.full(capacity, fill, kind)
            if self._capacity:
                column[: self._capacity] = getattr(self, name)
            setattr(self, name, column)
        self._dirty, self._told = (
            np.append(had, np.zeros(capacity - len(had), bool)) for had in (self._dirty, self._told)
        )
        self._capacity = capacity


def _of_these(texts: dict[int, str], rows: Rows) -> list[tuple[int, str]]:
    """What stands beside these rows; most often beside few or none."""
    return [(row, texts[row]) for row in rows.tolist() if row in texts] if texts else []
