"""Which events a station must know before it can be used, when its journal is too long to be read whole first.

Projections give the same state for any order of entries (invariant 5), so a long journal is replayed in two parts:
first what belongs to the work of now, then, while the station runs, all the rest. An entity is taken whole: every
event of an incident that is open or was touched lately, every acknowledgement of a condition that has an open alarm.
"""

from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from console.domain.facts import (
    HornSilenced,
    IncidentMoved,
    IncidentOpened,
    PreferenceSaved,
    UserSignedOff,
    UserSignedOn,
)
from console.domain.incidents import FINAL_STATES

WHOLE = 20_000  # a journal up to this length is replayed whole: a second or two
NEWEST = 8_000  # events; the journal's view and everything that somebody did just now
LATELY_US = 7 * 86_400_000_000
_COUNTER_BITS = 16
_AT_ONCE = 500
# Few events each, and what they say concerns every other event: taken whole by the first part of their type.
_ALWAYS = (
    "stream.", "station.", "site.", "break_glass.", "act.countersigned", "record.", "alarm.unacknowledged",
    "alarm.shelved", "alarm.unshelved", "alarm.out_of_service", "alarm.returned_to_service", "user.added",
    "user.profile_changed", "user.erased", "user.disabled", "user.enabled", "user.merged", "user.role_",
    "user.credential_set", "master_alarm.",
)  # fmt: skip
_NEWEST_OF = {
    PreferenceSaved.etype: 2000,
    HornSilenced.etype: 100,
    UserSignedOn.etype: 1000,
    UserSignedOff.etype: 1000,
}


def count_events(connection: Connection) -> int:
    """Quickly, from the local order of receiving."""
    return int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())


def urgent_rids(connection: Connection, conditions: Collection[UUID], newest: int = NEWEST) -> set[int]:
    """Row ids of the events that come first; `conditions` are those with an open alarm."""
    found = set(_ids(connection, "SELECT rid FROM event ORDER BY hlc DESC LIMIT ?", newest))
    found |= set(_ids(connection, "SELECT e.rid FROM stream_tip t JOIN event e ON e.hash = t.hash"))
    for start in _ALWAYS:
        end = start[:-1] + chr(ord(start[-1]) + 1)
        found |= set(_ids(connection, "SELECT rid FROM event WHERE etype >= ? AND etype < ?", start, end))
    for etype, limit in _NEWEST_OF.items():
        found |= set(_ids(connection, "SELECT rid FROM event WHERE etype = ? ORDER BY hlc DESC LIMIT ?", etype, limit))
    for entity_type, entities in (
        ("incident", _living_incidents(connection)),
        ("condition", {str(one) for one in conditions}),
    ):
        sql = "SELECT rid FROM event WHERE entity_type = ? AND entity_id = ?"
        for entity in entities:
            found.update(_ids(connection, sql, entity_type, entity))
    return found


def _living_incidents(connection: Connection) -> set[str]:
    """Open ones, and those that somebody touched lately; when in doubt it lives."""
    newest = connection.exec_driver_sql("SELECT coalesce(max(hlc), 0) FROM event").scalar_one()
    since = newest - ((LATELY_US // 1000) << _COUNTER_BITS)
    lately = connection.exec_driver_sql(
        "SELECT entity_id FROM event WHERE entity_type = 'incident' GROUP BY entity_id HAVING max(hlc) >= ?", (since,)
    ).scalars()
    return set(lately) | _not_final(connection)


def _not_final(connection: Connection) -> set[str]:
    """Incidents of which a state stands that is not final; no later state event names it as its parent.

    The same rule as the projection's register, so that a reopening beside a closing counts as open.
    """
    standing: dict[bytes, tuple[str, bool]] = {}
    superseded: set[bytes] = set()
    for entity, event_hash, body in connection.exec_driver_sql(
        "SELECT entity_id, hash, body FROM event WHERE etype IN (?, ?)", (IncidentOpened.etype, IncidentMoved.etype)
    ):
        told = _states.decode(body)
        superseded.update(bytes.fromhex(parent) for parent in told.parents)
        standing[event_hash] = (entity, told.payload.to in FINAL_STATES)
    return {entity for one, (entity, is_final) in standing.items() if not is_final and one not in superseded}


class _Payload(msgspec.Struct):
    to: str = ""  # an opening has none


class _State(msgspec.Struct):
    payload: _Payload
    parents: tuple[str, ...] = ()


_states: "msgspec.json.Decoder[_State]" = msgspec.json.Decoder(_State)


def ordered(connection: Connection, rids: Iterable[int]) -> list[tuple[int, int]]:
    """(hlc, rid) of these rows in that order: the order of every replay."""
    found: list[tuple[int, int]] = []
    for part in _parts(sorted(rids)):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT hlc, rid FROM event WHERE rid IN ({marks})"  # noqa: S608 question marks only
        found += [(row[0], row[1]) for row in connection.exec_driver_sql(sql, tuple(part))]
    return sorted(found)


def _ids(connection: Connection, sql: str, *values: object) -> Iterator[int]:
    return iter(connection.exec_driver_sql(sql, values).scalars().all())


def _parts(rids: list[int]) -> Iterator[list[int]]:
    return (rids[start : start + _AT_ONCE] for start in range(0, len(rids), _AT_ONCE))
