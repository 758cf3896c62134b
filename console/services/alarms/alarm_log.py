"""The lane of alarm transitions: into `alarm_log` every turn, open occurrences and history out of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.engine import Connection

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmKind
from console.services.alarms.alarm_tables import alarm_log, alarm_open
from console.services.alarms.transitions import AlarmTransition, OpenOccurrence
from console.services.station import AlarmLogRow
from console.services.storage.ports import Writer

_ENDS = frozenset({Transition.CLOSED, Transition.RETIRED, Transition.SUPERSEDED})
_OPENS = frozenset({Transition.RAISED, Transition.UNACKNOWLEDGED})  # taken back after it was closed: open again
_MARKS = frozenset({Transition.REALARMED, Transition.ACKNOWLEDGED, Transition.RETURNED})
_HIDES = {Transition.SUPPRESSED: AlarmFlag.SUPPRESSED, Transition.MASKED: AlarmFlag.MASKED}
_SHOWS = {Transition.UNSUPPRESSED: AlarmFlag.SUPPRESSED, Transition.UNMASKED: AlarmFlag.MASKED}
_ANNUNCIATES = frozenset(
    {Transition.SEVERITY_UP, Transition.UNACKNOWLEDGED, Transition.REANNUNCIATED, Transition.REALARMED}
)

# Tuples straight to the driver: a third of the time that the same rows take as dictionaries through SQLAlchemy.
_COLUMNS = [column.name for column in alarm_log.columns if column.name != "rid"]
_INSERT = f"INSERT OR IGNORE INTO alarm_log ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 names of our own table
_OPEN = "INSERT OR IGNORE INTO alarm_open (condition_id, start_us) VALUES (?, ?)"
_CLOSE = "DELETE FROM alarm_open WHERE condition_id = ? AND start_us = ?"


class AlarmLog:
    """Group-commits transitions through the writer. What could not be written stays queued and comes first again."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: list[AlarmTransition] = []
        self._is_writing = False

    @property
    def waiting(self) -> int:
        """Rows that are not durable yet."""
        return len(self._waiting)

    def add(self, transitions: Iterable[AlarmTransition]) -> None:
        self._waiting.extend(transitions)

    async def flush(self) -> int:
        """Write what waits as one transaction; the number of rows. One flush runs at a time, the next takes the rest.

        Raises what the writer raises; the rows then stay waiting.
        """
        if self._is_writing or not self._waiting:
            return 0
        rows = tuple(self._waiting)
        self._is_writing = True
        try:
            await self._writer.write(lambda connection: insert_transitions(connection, rows))
            del self._waiting[: len(rows)]
        finally:
            self._is_writing = False
        return len(rows)


def insert_transitions(connection: Connection, transitions: Sequence[AlarmTransition]) -> None:
    """Insert or ignore, own and replicated rows alike; keeps `alarm_open` true to them."""
    if not transitions:
        return
    rows = [(row[0].bytes, row[1], row[2].value, *row[3:]) for row in transitions]
    connection.exec_driver_sql(_INSERT, rows)
    opened, last = [], {}
    for item, row in zip(transitions, rows, strict=True):
        word, key = item.transition, row[:2]
        if word in _OPENS:
            opened.append(key)
        if word in _OPENS or word in _ENDS:
            last[key] = word
    if opened:
        connection.exec_driver_sql(_OPEN, opened)
    ended = [key for key, word in last.items() if word in _ENDS]
    if ended:
        connection.exec_driver_sql(_CLOSE, ended)


def load_open(connection: Connection) -> tuple[OpenOccurrence, ...]:
    """Occurrences that are not closed, from their rows, oldest first."""
    same = (alarm_log.c.condition_id == alarm_open.c.condition_id) & (alarm_log.c.start_us == alarm_open.c.start_us)
    query = select(alarm_log).join(alarm_open, same).order_by(alarm_log.c.rid)
    groups: dict[tuple[bytes, int], list[Row[Any]]] = {}
    for row in connection.execute(query):
        groups.setdefault((row.condition_id, row.start_us), []).append(row)
    ended = _shelves_ended(connection)
    found = (_occurrence(rows, ended.get(rows[0].condition_id, frozenset())) for rows in groups.values())
    return tuple(sorted(found, key=lambda item: item.start_us))


def _shelves_ended(connection: Connection) -> dict[bytes, frozenset[int]]:
    """Of the conditions with an open occurrence: numbers of the shelves whose time ran out."""
    query = select(alarm_log.c.condition_id, alarm_log.c.n).where(
        alarm_log.c.start_us == 0,
        alarm_log.c.transition == Transition.SHELF_EXPIRED.value,
        alarm_log.c.condition_id.in_(select(alarm_open.c.condition_id)),
    )
    found: dict[bytes, set[int]] = {}
    for condition_id, number in connection.execute(query):
        found.setdefault(condition_id, set()).add(number)
    return {one: frozenset(numbers) for one, numbers in found.items()}


def history(connection: Connection, condition_id: UUID | None, limit: int) -> tuple[AlarmLogRow, ...]:
    """Transitions of one condition (None: of all), newest first."""
    query: Select[Any] = select(alarm_log).order_by(alarm_log.c.at_us.desc(), alarm_log.c.rid.desc()).limit(limit)
    if condition_id is not None:
        query = query.where(alarm_log.c.condition_id == condition_id.bytes)
    return tuple(
        AlarmLogRow(
            UUID(bytes=row.condition_id),
            row.start_us,
            row.transition,
            row.n,
            row.at_us,
            row.receive_us,
            row.priority,
            row.severity,
            row.value,
            row.text,
            row.subject,
        )
        for row in connection.execute(query)
    )


def returned_since(connection: Connection, conditions: Mapping[UUID, int]) -> frozenset[UUID]:
    """Those of these conditions that were seen to return after a wall time of this PC, in microseconds."""
    found = set()
    for condition_id, since_us in conditions.items():
        query = select(alarm_log.c.rid).where(
            alarm_log.c.condition_id == condition_id.bytes,
            alarm_log.c.transition == Transition.RETURNED.value,
            alarm_log.c.receive_us >= since_us,
        )
        if connection.execute(query.limit(1)).first() is not None:
            found.add(condition_id)
    return frozenset(found)


def _occurrence(told: list[Row[Any]], shelves_ended: frozenset[int]) -> OpenOccurrence:
    rows = [row for row in told if row.transition not in _HIDES and row.transition not in _SHOWS] or told
    first, last = rows[0], rows[-1]
    annunciated_us = first.start_us
    for row in rows:
        if row.transition == Transition.SEVERITY_UP:  # as in `alarm_step`
            annunciated_us = max(annunciated_us + 1, row.at_us)
        elif row.transition == Transition.RAISED or row.transition in _ANNUNCIATES:
            annunciated_us = max(annunciated_us, row.at_us)
    returned = [row.at_us for row in rows if row.transition == Transition.RETURNED]
    leading = max(rows, key=lambda row: (row.transition == Transition.RAISED, -row.rid))
    worst = 1
    for row in rows:  # an acknowledgement takes the worst down to what is
        worst = (
            abs(row.severity) or worst if row.transition == Transition.ACKNOWLEDGED else max(worst, abs(row.severity))
        )
    return OpenOccurrence(
        condition_id=UUID(bytes=first.condition_id),
        start_us=first.start_us,
        annunciated_us=annunciated_us,
        changed_us=last.at_us,
        returned_us=max(returned, default=0),
        severity=last.severity,
        worst=worst,
        priority=last.priority,
        value=last.value,
        text=leading.text,
        subject=leading.subject,
        kind=AlarmKind(leading.kind),
        rule_id=leading.rule_id,
        side=leading.side,
        area=leading.area,
        asset_name=leading.asset_name,
        counted=Counter(row.transition for row in told),
        is_realarmed=_is_realarmed(rows),
        shelves_ended=shelves_ended,
        began_under=_began_under(told),
    )


def _is_realarmed(rows: Iterable[Row[Any]]) -> bool:
    """Unacknowledged by the timer; nobody has acknowledged it since, nor has it ended. It may have got worse."""
    words = [row.transition for row in rows if row.transition in _MARKS]
    return bool(words) and words[-1] == Transition.REALARMED


def _began_under(rows: Iterable[Row[Any]]) -> int:
    flags = AlarmFlag(0)
    for row in rows:
        flags = (flags | _HIDES.get(row.transition, 0)) & ~_SHOWS.get(row.transition, AlarmFlag(0))
    return int(flags)
