"""Answers the journal view's questions: newest first, filtered by text, type, user, entity, station and time."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from console.services.journal.entries import Entry
from console.services.journal.event_table import SELECT_STORED, Names
from console.services.records import JournalRow
from console.services.station import JournalQuery

_WALL = "json_extract(CAST(e.body AS TEXT), '$.wall_us')"
_COUNTER_BITS = 16  # of a hybrid stamp, below its milliseconds


def statement(connection: Connection, query: JournalQuery, names: Names) -> tuple[str, tuple[object, ...]]:
    """SQL and values of a query, newest first by receive order."""
    where, values = conditions(connection, query, names)
    return f"{SELECT_STORED}{where} ORDER BY e.rid DESC LIMIT ?", (*values, max(0, query.limit))


def conditions(connection: Connection, query: JournalQuery, names: Names) -> tuple[str, tuple[object, ...]]:
    """` WHERE ...` (or nothing) over event `e` and stream `s`, with its values. Text is sought in the whole body
    without regard to case."""
    parts: list[str] = []
    values: list[object] = []

    def add(sql: str, *bound: object) -> None:
        parts.append(sql)
        values.extend(bound)

    if query.before_rid:
        add("e.rid < ?", query.before_rid)
    if query.etype.strip():
        sql, bound = _of_types(query.etype.split())
        add(sql, *bound)
    kind, _blank, identity = query.entity.partition(" ")
    if _is_whole_id(identity):  # by the index
        add("e.entity_type = ? AND e.entity_id = ?", kind, identity)
    elif query.entity:
        add("instr(e.entity_type || ' ' || e.entity_id, ?) > 0", query.entity)  # as the row shows it, or a part
    if query.user:
        users = _users(connection, query.user, names)
        add(f"e.user_id IN ({', '.join('?' * len(users))})", *users)
    if query.station:
        add("s.code = ?", query.station.strip().upper())
    if query.from_us:
        # A station's logical clock is never behind its wall clock: the column is a quick first answer.
        add(f"e.hlc >= ? AND {_WALL} >= ?", _stamp(query.from_us), query.from_us)
    if query.to_us:
        add(f"(e.hlc < ? OR {_WALL} < ?)", _stamp(query.to_us), query.to_us)
    if query.text:
        quoted = msgspec.json.encode(query.text).decode()[1:-1]  # as it stands inside the JSON body
        add("instr(folded(e.body), folded(?)) > 0", quoted)
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), tuple(values)


def _of_types(wanted: list[str]) -> tuple[str, list[object]]:
    """ "incident" means every incident.*, "incident.moved" only that."""
    one = "e.etype = ? OR substr(e.etype, 1, ?) = ?"
    bound: list[object] = [part for etype in wanted for part in (etype, len(etype) + 1, etype + ".")]
    return f"({' OR '.join([one] * len(wanted))})", bound


def _is_whole_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _stamp(at_us: int) -> int:
    return max(0, at_us // 1000) << _COUNTER_BITS


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
            rid=entry.rid,
            reason=entry.reason,
            user_id=entry.actor.user_id,
            roles=entry.actor.roles,
        )
        for entry in entries
    )
