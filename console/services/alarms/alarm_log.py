"""The lane of alarm transitions: into `alarm_log` every turn, open occurrences and history out of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
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
_HIDES: Mapping[str, AlarmFlag] = {Transition.SUPPRESSED: AlarmFlag.SUPPRESSED, Transition.MASKED: AlarmFlag.MASKED}
_SHOWS: Mapping[str, AlarmFlag] = {Transition.UNSUPPRESSED: AlarmFlag.SUPPRESSED, Transition.UNMASKED: AlarmFlag.MASKED}
_ANNUNCIATES = frozenset(
    {Transition.SEVERITY_UP, Transition.UNACKNOWLEDGED, Transition.REANNUNCIATED, Transition.REALARMED}
)

# Tuples straight to the driver: a third of the time that the same rows take as dictionaries through SQLAlchemy.
_COLUMNS = [column.name for column in alarm_log.columns if column.name != "rid"]
_INSERT = f"INSERT OR IGNORE INTO alarm_log ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 names of our own table
_OPEN = "INSERT OR IGNORE INTO alarm_open (condition_id, start_us) VALUES (?, ?)"
_CLOSE = "DELETE FROM alarm_open WHERE condition_id = ? AND start_us = ?"
_NONE_ENDED: frozenset[int] = frozenset()
_RAISED = Transition.RAISED.value
_ONE_RAISED: Mapping[str, int] = MappingProxyType({_RAISED: 1})  # one for all: tens of thousands at a start
_KIND_OF = {kind.value: kind for kind in AlarmKind}


class _Row(NamedTuple):
    """A row of the log, its columns in the order in which an open occurrence needs them."""

    condition_id: bytes
    start_us: int
    transition: str
    at_us: int
    priority: int
    severity: int
    value: float | None
    text: str
    subject: str
    kind: str
    rule_id: str
    side: str
    area: str
    asset_name: str
    rid: int


# CROSS JOIN keeps SQLite from walking the whole log, years of it, in the order that is asked for.
_OPEN_ROWS = f"""SELECT {", ".join(f"l.{name}" for name in _Row._fields)}
FROM alarm_open o CROSS JOIN alarm_log l ON l.condition_id = o.condition_id AND l.start_us = o.start_us
ORDER BY l.rid"""  # noqa: S608 names of our own table


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
    """Occurrences that are not closed, from their rows, oldest first. Its time follows how many are open, not how long
    the log is: `alarm_open` leads."""
    found = connection.exec_driver_sql(_OPEN_ROWS).fetchall()
    rows = list(map(_Row._make, found))
    ended = _shelves_ended(connection)
    groups: dict[tuple[bytes, int], list[_Row]] = {}
    for row in rows:
        groups.setdefault(row[:2], []).append(row)
    return tuple(
        sorted(
            (
                _just_raised(told[0], ended.get(told[0][0], _NONE_ENDED))
                if len(told) == 1 and told[0].transition == _RAISED
                else _occurrence(told, ended.get(told[0][0], _NONE_ENDED))
                for told in groups.values()
            ),
            key=attrgetter("start_us"),
        )
    )


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


def _just_raised(row: _Row, shelves_ended: frozenset[int]) -> OpenOccurrence:
    """`_occurrence` of what nothing happened to since, as most is that was left open."""
    return OpenOccurrence(
        UUID(bytes=row.condition_id),
        row.start_us,
        max(row.start_us, row.at_us),
        row.at_us,
        0,
        row.severity,
        max(1, abs(row.severity)),
        row.priority,
        row.value,
        row.text,
        row.subject,
        _KIND_OF[row.kind],
        row.rule_id,
        row.side,
        row.area,
        row.asset_name,
        _ONE_RAISED,
        shelves_ended=shelves_ended,
    )


def _occurrence(told: Sequence[_Row], shelves_ended: frozenset[int]) -> OpenOccurrence:
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


def _is_realarmed(rows: Iterable[_Row]) -> bool:
    """Unacknowledged by the timer; nobody has acknowledged it since, nor has it ended. It may have got worse."""
    words = [row.transition for row in rows if row.transition in _MARKS]
    return bool(words) and words[-1] == Transition.REALARMED


def _began_under(rows: Iterable[_Row]) -> int:
    flags = AlarmFlag(0)
    for row in rows:
        flags = (flags | _HIDES.get(row.transition, 0)) & ~_SHOWS.get(row.transition, AlarmFlag(0))
    return int(flags)
