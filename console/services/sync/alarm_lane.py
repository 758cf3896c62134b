"""The unsigned lane of alarm transitions: read from the station's own log, N stations make one row at the centre."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Connection

from console.services.alarms.alarm_tables import alarm_log


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
