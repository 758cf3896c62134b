"""The unsigned lane of alarm transitions: read from the station's own log, N stations make one row at the centre."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Connection

from console.services.alarms.alarm_tables import alarm_file, alarm_log

NO_LANE = UUID(int=0)


class LaneRow(msgspec.Struct, frozen=True):
    """One transition as it travels; the key is (condition_id, start_us, transition, n)."""

    condition_id: UUID
    start_us: int
    transition: str
    n: int
    at_us: int
    receive_us: int
    priority: int
    severity: int
    value: float | None
    text: str
    subject: str
    who: str = ""


# (connection to station.db, last local row id seen, limit) -> rows with their local row ids, in that order
RowsSince = Callable[[Connection, int, int], Sequence[tuple[int, LaneRow]]]


def lane_of(station_db: Connection, own_stream: str | None) -> UUID:
    """The id of this alarm log: row ids mean something only with it. A new file is a new lane, and so is a new stream:
    a file that was restored or copied counts on from a number that others have seen already."""
    with station_db.begin():
        found = station_db.execute(select(alarm_file.c.file_id)).first()
    return uuid5(UUID(hex=found[0]), own_stream or "") if found else NO_LANE


def alarm_rows_since(connection: Connection, rid: int, limit: int) -> Sequence[tuple[int, LaneRow]]:
    """Rows of `alarm_log` behind a local row id."""
    rows = connection.execute(select(alarm_log).where(alarm_log.c.rid > rid).order_by(alarm_log.c.rid).limit(limit))
    return [(int(row.rid), _lane_row(row)) for row in rows]


def _lane_row(row: Any) -> LaneRow:
    return LaneRow(
        condition_id=UUID(bytes=row.condition_id),
        start_us=row.start_us,
        transition=str(row.transition),
        n=row.n,
        at_us=row.at_us,
        receive_us=row.receive_us,
        priority=row.priority,
        severity=row.severity,
        value=row.value,
        text=row.text.replace("\0", ""),  # jsonb holds no NUL
        subject=row.subject.replace("\0", ""),
        who=row.who.replace("\0", ""),
    )
