"""Answers the journal view's questions: newest first, filtered by text, type, user and entity."""

from collections.abc import Iterable

import msgspec
from sqlalchemy.engine import Connection

from console.services.journal.entries import Entry
from console.services.journal.event_table import SELECT_STORED, Names
from console.services.records import JournalRow
from console.services.station import JournalQuery


def statement(connection: Connection, query: JournalQuery, names: Names) -> tuple[str, tuple[object, ...]]:
    """SQL and values of a query. Text is sought in the whole body without regard to case."""
    conditions: list[str] = []
    values: list[object] = []
    if query.text:
        quoted = msgspec.json.encode(query.text).decode()[1:-1]  # as it stands inside the JSON body
        conditions.append("instr(folded(e.body), folded(?)) > 0")
        values.append(quoted)
    if query.etype:
        conditions.append("(e.etype = ? OR substr(e.etype, 1, ?) = ?)")  # "incident" means every incident.*
        values += [query.etype, len(query.etype) + 1, query.etype + "."]
    if query.entity:
        conditions.append("instr(e.entity_type || ' ' || e.entity_id, ?) > 0")  # as the row shows it, or a part
        values.append(query.entity)
    if query.user:
        users = _users(connection, query.user, names)
        conditions.append(f"e.user_id IN ({', '.join('?' * len(users))})")
        values += users
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{SELECT_STORED}{where} ORDER BY e.rid DESC LIMIT ?", (*values, max(0, query.limit))


def _users(connection: Connection, sought: str, names: Names) -> list[str]:
    """User ids whose id, login or name holds the text."""
    part = sought.casefold()
    ids = connection.exec_driver_sql("SELECT DISTINCT user_id FROM event").scalars()
    return [user for user in ids if any(part in known.casefold() for known in (user, *names(user)))]


def rows_of(entries: Iterable[Entry], in_centre: "dict[str, int]") -> tuple[JournalRow, ...]:
    """Rows for the view; `in_centre` maps a stream's id to the highest seq that the centre holds."""
    return tuple(
        JournalRow(
            hash=entry.hash.hex(),
            stream=entry.stream,
            seq=entry.seq,
            at_us=entry.wall_us,
            station=entry.station_code,
            user=entry.actor.name or entry.actor.user_id,
            etype=entry.etype,
            entity=f"{entry.entity_type} {entry.entity_id}".strip(),
            summary=entry.payload_json,
            in_centre=entry.seq <= in_centre.get(str(entry.stream), 0),
        )
        for entry in entries
    )
