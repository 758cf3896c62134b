"""Occurrences that are open at other stations: one condition has one occurrence at the whole site.

Architecture "Identity, time, values": a station that finds a condition true adopts the open occurrence known to any
station; overlapping open occurrences of one condition are one, and the smallest start names it. Adopting is silent:
the occurrence was annunciated where it began. Doubt never hides an alarm: an occurrence whose end was seen here is
not adopted, nor one that was normal here since it was last heard of there (that station may be cut from the plant and
hold it for ever); a worse severity sounds, and what a neighbour soon no longer knows is annunciated after all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_step import Alarm
from console.domain.alarms import ACTIVE_STATES, Priority
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.alarm_rows import AlarmRows

PROBATION_US = 10_000_000  # so long a neighbour's next word can take an adoption back
_ACTIVE = np.array(sorted(ACTIVE_STATES), np.uint8)
# condition_id, start_us, annunciated_us, priority, severity, worst (both outwards from zero), heard_us
Open = tuple[UUID, int, int, int, int, int, int]
Rows = NDArray[np.int64]


class OpenThere(Protocol):
    """An occurrence that is active at another station."""

    @property
    def condition_id(self) -> UUID: ...
    @property
    def start_us(self) -> int: ...
    @property
    def annunciated_us(self) -> int: ...
    @property
    def worst(self) -> int: ...
    @property
    def heard_us(self) -> int:
        """How far samples say there that it stands, in the source's time; 0: nothing can be said."""
        ...


class Hearing(Protocol):
    """What this station heard of alarm rows (`hearing`)."""

    def watch(self, rows: Sequence[int]) -> None: ...
    def normal_before(self, row: int, start_us: int) -> int: ...
    def heard_us(self, rows: Rows) -> Rows: ...


class _Deaf:
    """Of no row anything was heard."""

    def watch(self, rows: Sequence[int]) -> None:
        del rows

    def normal_before(self, row: int, start_us: int) -> int:
        del row, start_us
        return 0

    def heard_us(self, rows: Rows) -> Rows:
        return np.zeros(len(rows), np.int64)


@dataclass(frozen=True, slots=True)
class _Adopted:
    station: UUID
    start_us: int
    own_start_us: int
    since_us: int


class Elsewhere:
    """Main thread only. The book asks `adopt` whenever a condition becomes true."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self.hearing: Hearing = _Deaf()
        self._open: dict[UUID, dict[UUID, OpenThere]] = {}  # station -> condition -> occurrence
        self._adopted: dict[int, _Adopted] = {}  # row -> on probation
        self._normal_us: dict[int, int] = {}  # row -> newest normal sample before the newest rise here
        self._younger: dict[UUID, dict[int, int]] = {}  # station -> row -> start there, of what began earlier here
        self._told = b""
        book.adopt, book.is_open_elsewhere = self.adopt, self.is_open

    def told(self, station: UUID, occurrences: Sequence[OpenThere] | None, now_us: int) -> None:
        """Everything that is active at a station now; None: it is away, and what it knew is no longer known."""
        if occurrences is None:
            self._open.pop(station, None)
            self._younger.pop(station, None)
            self._watch()
            return
        there = self._open[station] = {one.condition_id: one for one in occurrences}
        for row, adopted in list(self._adopted.items()):
            if adopted.station == station:
                self._confirm(row, adopted, there, now_us)
        for one in occurrences:
            known = self._book.row_of(one.condition_id)
            if known is not None:
                self._join(known, one, now_us)
        self._younger[station] = self._younger_there(occurrences)
        self._watch()

    def is_open(self, condition_id: UUID) -> bool:
        """Whether any other station has an occurrence of it that might be adopted."""
        return any(condition_id in there for there in self._open.values())

    def adopt(self, row: int, alarm: Alarm, now_us: int) -> OpenThere | None:
        """The older occurrence, open at another station, that this one just raised is a part of."""
        condition_id = self._book.ids[row]
        self._normal_us.pop(row, None)
        known = [(there[condition_id], station) for station, there in self._open.items() if condition_id in there]
        normal_us = self.hearing.normal_before(row, alarm.start_us) if known else 0
        if normal_us:
            self._normal_us[row] = normal_us
        found = [(one, station) for one, station in known if self._is_older(row, one, alarm)]
        if not found:
            return None
        one, station = min(found, key=lambda item: item[0].start_us)
        self._adopted[row] = _Adopted(station, one.start_us, alarm.start_us, now_us)
        return one

    def ours(self, *, everything: bool) -> list[Open] | None:
        """What is active here, the most urgent first; None when nothing changed since the last call."""
        rows = self._book.rows
        active = np.flatnonzero(np.isin(rows.state[: rows.size], _ACTIVE) & (rows.priority[: rows.size] < _JOURNAL))
        columns = (rows.start_us, rows.annunciated_us, rows.worst)
        told = active.tobytes() + b"".join(column[active].tobytes() for column in columns) + self._outlasting()
        if told == self._told and not everything:
            return None
        self._told = told
        order = active[np.argsort(rows.priority[active], kind="stable")]
        return list(self._columns(rows, order))

    def _columns(self, rows: AlarmRows, order: Rows) -> Iterable[Open]:
        columns = (rows.start_us, rows.annunciated_us, rows.priority, rows.severity, rows.worst)
        told = (column[order].tolist() for column in columns)
        ids = [self._book.ids[row] for row in order.tolist()]
        return zip(ids, *told, self.hearing.heard_us(order).tolist(), strict=True)

    def _outlasting(self) -> bytes:
        """Which of the occurrences that are younger elsewhere were heard here until then: there they are one with ours
        as soon as that is told. How far each was heard is no news by itself: it would be told every beat."""
        pairs = sorted({pair for younger in self._younger.values() for pair in younger.items()})
        if not pairs:
            return b""
        row, start_us = np.array(pairs, np.int64).T
        return bytes(self.hearing.heard_us(row) >= start_us)

    def _younger_there(self, occurrences: Sequence[OpenThere]) -> dict[int, int]:
        rows, found = self._book.rows, {}
        for one in occurrences:
            row = self._book.row_of(one.condition_id)
            if row is not None and rows.is_active(row) and rows.start_us[row] < one.start_us:
                found[row] = one.start_us
        return found

    def _watch(self) -> None:
        """What may be adopted one day: what is open elsewhere, and not here or since earlier."""
        known = {row for there in self._open.values() for row in map(self._book.row_of, there) if row is not None}
        rows = np.array(sorted(known), np.int64)
        idle = rows[~np.isin(self._book.rows.state[rows], _ACTIVE)].tolist()
        self.hearing.watch([*idle, *{row for younger in self._younger.values() for row in younger}.difference(idle)])

    def _is_older(self, row: int, one: OpenThere, alarm: Alarm) -> bool:
        """Not when its end was seen here, or when it was normal here since it was last heard of there: then ours is
        another occurrence."""
        if not self._book.returned_us.get(row, 0) < one.start_us < alarm.start_us:
            return False
        normal_us = self._normal_us.get(row, 0)
        return not (one.start_us < normal_us <= alarm.start_us and one.heard_us <= normal_us)

    def _join(self, row: int, one: OpenThere, now_us: int) -> None:
        """Both are open: the smaller start names them."""
        alarm = self._book.rows.load(row)
        if alarm.state in ACTIVE_STATES and self._is_older(row, one, alarm):
            self._book.rename(row, one, now_us)

    def _confirm(self, row: int, adopted: _Adopted, there: dict[UUID, OpenThere], now_us: int) -> None:
        del self._adopted[row]
        alarm = self._book.rows.load(row)
        if alarm.state not in ACTIVE_STATES or alarm.start_us != adopted.start_us:
            return
        now_there = there.get(self._book.ids[row])
        is_gone = now_there is None or now_there.start_us > adopted.start_us
        if is_gone and 0 <= now_us - adopted.since_us <= PROBATION_US:
            self._book.begin_again(row, adopted.own_start_us, now_us)


_JOURNAL = int(Priority.JOURNAL)
