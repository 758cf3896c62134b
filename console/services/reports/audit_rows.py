"""Rows of the journal for auditors, oldest first: who, when, where, what, before, after, why; read in pages."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from sqlalchemy.engine import Connection

from console.services.journal.archive_table import newest_segment, pruned_count
from console.services.journal.before_after import Told, changes, replaces
from console.services.journal.envelope import Event, RawEvent, decode_event
from console.services.journal.event_table import SELECT_STORED, Names, Stored, stored_of
from console.services.journal.row_query import conditions
from console.services.station import JournalQuery

HEADERS = (
    "time UTC", "site time", "station", "entry", "person", "user id", "roles", "type", "concerns",
    "before", "after", "reason", "content", "flags", "stream", "hash",
)  # fmt: skip
_PAGE = 500
_EARLIER = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WITHHELD = "(withheld)"


class Scope(StrEnum):
    """How much of the journal a person may take away (the role matrix: read audit, export)."""

    OWN = "own"  # what he did himself
    METADATA = "metadata"  # everything, without what was written
    SITE = "site"  # everything


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event: its cells in the order of HEADERS, and what the proof says of it."""

    cells: tuple[str, ...]
    event: Event
    code: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is exported: the filters, how much of it, for whom, in which zone times are told."""

    query: JournalQuery
    scope: Scope
    user_id: str
    zone: tzinfo


def count_rows(connection: Connection, asked: Question, names: Names) -> int:
    """How many rows an export will have, if nothing is added meanwhile."""
    with connection.begin():
        where, values = _where(connection, asked, names)
        sql = f"SELECT count(*) FROM event e JOIN stream s USING (stream_id){where}"  # noqa: S608 bound values only
        return int(connection.exec_driver_sql(sql, values).scalar_one())


def audit_rows(connection: Connection, asked: Question, names: Names) -> Iterator[AuditRow]:
    """Each row once, by (hlc, receive order). What arrives while reading may be missing, never doubled."""
    with connection.begin():
        where, values = _where(connection, asked, names)
    joined = f"{where} AND" if where else " WHERE"
    sql = f"{SELECT_STORED}{joined} (e.hlc, e.rid) > (?, ?) ORDER BY e.hlc, e.rid LIMIT ?"
    after = (-1, -1)
    while True:
        with connection.begin():  # short: a reader that stays in one keeps the writer's log from being folded in
            page = stored_of(connection.exec_driver_sql(sql, (*values, *after, _PAGE)))
            rows = [_row(connection, stored, asked, names) for stored in page]
        if not page:
            return
        yield from rows
        after = (page[-1].event.hlc, page[-1].rid)


def archived_before(connection: Connection, asked: Question) -> dict[str, dict[str, object]]:
    """{"archived": {events, before_us, where}} when entries of the time that is asked for are in the archive alone:
    no export may look as if there were none. How many of them the other filters would take is not known here."""
    with connection.begin():
        events = pruned_count(connection)
        before_us, where = newest_segment(connection) if events else (0, "")
    if not events or asked.query.from_us > before_us:
        return {}
    return {"archived": {"events": events, "before_us": before_us, "where": where}}


def _where(connection: Connection, asked: Question, names: Names) -> tuple[str, tuple[object, ...]]:
    where, values = conditions(connection, asked.query, names)
    if asked.scope is Scope.OWN:
        where += (" AND" if where else " WHERE") + " e.user_id = ?"
        values += (asked.user_id,)
    return where, values


def _row(connection: Connection, stored: Stored, asked: Question, names: Names) -> AuditRow:
    event, body = stored.event, stored.event.body
    is_told = asked.scope is not Scope.METADATA
    earlier = _earlier(connection, stored) if replaces(body.etype) else ()
    found = changes(_told(event), earlier) if is_told else ()
    _login, name = names(body.user_id)
    at = _EPOCH + timedelta(microseconds=max(0, min(body.wall_us, 253_402_000_000_000_000)))
    cells = (
        at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z",
        at.astimezone(asked.zone).isoformat(sep=" ", timespec="seconds"),
        stored.code,
        str(body.seq),
        name or body.user_id,
        body.user_id,
        ", ".join(body.roles),
        body.etype,
        f"{body.entity_type} {body.entity_id}".strip(),
        "\n".join(f"{one.field}: {one.before}" for one in found if one.before),
        "\n".join(f"{one.field}: {one.after}" for one in found),
        body.reason if is_told else WITHHELD,
        bytes(body.payload).decode() if is_told else WITHHELD,
        _flags(connection, event.raw.hash),
        str(body.stream),
        event.raw.hash.hex(),
    )
    return AuditRow(cells, event, stored.code)


def _earlier(connection: Connection, stored: Stored) -> Iterator[Told]:
    body = stored.event.body
    rows = connection.exec_driver_sql(
        "SELECT hash, body, sig FROM event WHERE entity_type = ? AND entity_id = ? AND (hlc, rid) < (?, ?) "
        "ORDER BY hlc DESC, rid DESC LIMIT ?",
        (body.entity_type, body.entity_id, stored.event.hlc, stored.rid, _EARLIER),
    )
    for row in rows:
        yield _told(decode_event(RawEvent(*row)))


def _told(event: Event) -> Told:
    payload = json.loads(bytes(event.body.payload))
    return Told(event.raw.hash.hex(), event.body.etype, payload if isinstance(payload, dict) else {})


def _flags(connection: Connection, event_hash: bytes) -> str:
    rows = connection.exec_driver_sql(
        "SELECT flag FROM event_flag WHERE hash = ? AND cleared_by IS NULL ORDER BY flag", (event_hash,)
    )
    return ", ".join(rows.scalars())
