"""What happened in like cases: earlier occurrences of an alarm and of its rule on other devices, and what was done.

Reading takes a fixed number of statements whatever the past holds; putting together is pure.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.facts import AlarmAcknowledged, AlarmCommented
from console.services.journal.entries import Entry
from console.services.journal.event_table import entry_of, id_as_name, stored_of
from console.services.story_records import LinkedIncident, PastOccurrence, StoryStep

OWN, OF_SIBLINGS, OF_EACH_SIBLING = 50, 20, 5
MOST_SIBLINGS = 100
ACTS = 500  # newest journal entries that are read about an alarm, and about all its siblings together
_STEPS, _FLAG_STEPS = 200, 50

NameOf = Callable[[str], str]
Linked = Callable[[UUID, int], tuple[LinkedIncident, ...]]

# The unique key (condition_id, start_us, transition, n) answers all of it, newest first, without a sort. Its search
# takes one lower bound only: that of the oldest occurrence that is wanted.
_SINCE = (
    "SELECT start_us FROM alarm_log WHERE condition_id = {id} AND start_us > 0 AND start_us < ? "
    "AND transition = 'raised' ORDER BY start_us DESC LIMIT 1 OFFSET {skip}"
)
_SUMS = (
    "SELECT a.condition_id, a.start_us, max(a.asset_name), "
    "max(CASE WHEN a.transition = 'returned' THEN a.at_us ELSE 0 END), "
    "max(CASE WHEN a.transition IN ('closed', 'retired') THEN a.at_us ELSE 0 END), "
    "coalesce(min(CASE WHEN a.transition = 'acknowledged' THEN a.at_us END), 0), "
    "coalesce(min(CASE WHEN a.transition = 'acknowledged' THEN a.who END), ''), "
    "max(abs(a.severity)) "
)


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier occurrence as the log sums it up; `who` is a user id."""

    condition_id: UUID
    start_us: int
    asset_name: str
    ended_us: int
    acknowledged_us: int
    who: str
    worst: int


@dataclass(frozen=True, slots=True)
class LogStep:
    """One row of the log; `start_us` 0: about the condition, not the occurrence."""

    start_us: int
    transition: str
    at_us: int
    receive_us: int
    priority: int
    severity: int
    value: float | None
    who: str


@dataclass(frozen=True, slots=True)
class Told:
    """A journal entry and when this PC received it."""

    entry: Entry
    receive_us: int


def own_past(connection: Connection, condition_id: UUID, before_us: int, most: int = OWN) -> tuple[Past, ...]:
    """The newest occurrences that began before this time, newest first."""
    since = _SINCE.format(id="?", skip=max(0, most - 1))
    sql = (
        f"{_SUMS} FROM alarm_log a WHERE a.condition_id = ? AND a.start_us < ? "
        f"AND a.start_us >= coalesce(({since}), 1) GROUP BY a.condition_id, a.start_us ORDER BY a.start_us DESC LIMIT ?"
    )
    values = (condition_id.bytes, before_us, condition_id.bytes, before_us, most)
    return _pasts(connection.exec_driver_sql(sql, values))


def own_count(connection: Connection, condition_id: UUID, before_us: int) -> int:
    """How many there were in all."""
    sql = (
        "SELECT count(*) FROM alarm_log WHERE condition_id = ? AND start_us > 0 AND start_us < ? "
        "AND transition = 'raised'"
    )
    return int(connection.exec_driver_sql(sql, (condition_id.bytes, before_us)).scalar_one())


def siblings_past(
    connection: Connection, siblings: Collection[UUID], before_us: int, most: int = OF_SIBLINGS
) -> tuple[Past, ...]:
    """The newest occurrences of other alarms of the same rule, few of each, newest first."""
    if not siblings:
        return ()
    ids = tuple(one.bytes for one in list(siblings)[:MOST_SIBLINGS])
    since = _SINCE.format(id="w.id", skip=OF_EACH_SIBLING - 1)
    sql = (
        f"WITH w(id) AS (VALUES {', '.join(['(?)'] * len(ids))}) {_SUMS} FROM w JOIN alarm_log a "
        f"ON a.condition_id = w.id AND a.start_us < ? AND a.start_us >= coalesce(({since}), 1) "
        "GROUP BY a.condition_id, a.start_us ORDER BY a.start_us DESC LIMIT ?"
    )
    return _pasts(connection.exec_driver_sql(sql, (*ids, before_us, before_us, most)))


def log_steps(connection: Connection, condition_id: UUID, start_us: int) -> tuple[LogStep, ...]:
    """Transitions of one occurrence and what hid the condition since it began, newest first."""
    columns = "SELECT start_us, transition, at_us, receive_us, priority, severity, value, who FROM alarm_log WHERE"
    order = "ORDER BY at_us DESC, rid DESC LIMIT"
    steps: list[Any] = []
    if start_us:
        sql = f"{columns} condition_id = ? AND start_us = ? {order} {_STEPS}"
        steps += connection.exec_driver_sql(sql, (condition_id.bytes, start_us)).all()
    sql = f"{columns} condition_id = ? AND start_us = 0 AND at_us >= ? {order} {_FLAG_STEPS}"
    steps += connection.exec_driver_sql(sql, (condition_id.bytes, start_us)).all()
    return tuple(sorted((LogStep(*row) for row in steps), key=lambda step: -step.at_us))


def told_about(connection: Connection, conditions: Sequence[UUID], own: UUID, most: int = ACTS) -> tuple[Told, ...]:
    """The newest journal entries about these alarms, newest first; `own` is this station. Names are still ids."""
    if not conditions:
        return ()
    marks = ", ".join("?" * len(conditions))
    sql = (
        "SELECT e.rid, e.hash, e.body, e.sig, s.code, e.recv_at FROM event e JOIN stream s USING (stream_id) "  # noqa: S608
        f"WHERE e.entity_type = 'condition' AND e.entity_id IN ({marks}) ORDER BY e.hlc DESC LIMIT ?"
    )
    rows = connection.exec_driver_sql(sql, (*map(str, conditions), most)).all()
    return tuple(
        Told(entry_of(stored, own, id_as_name, keeps_bytes=False), int(row[5]))
        for stored, row in zip(stored_of(rows), rows, strict=True)
    )


def _pasts(rows: Iterable[Any]) -> tuple[Past, ...]:
    return tuple(
        Past(UUID(bytes=row[0]), row[1], row[2], row[3] or row[4], row[5], row[6], max(int(row[7]), 1)) for row in rows
    )


# -- put together ----------------------------------------------------------------------------------------------------


def acts_of(told: Iterable[Told], condition_id: UUID, start_us: int, name_of: NameOf) -> tuple[StoryStep, ...]:
    """Acknowledgements and comments of one occurrence, oldest first: every one with its name, also those that were
    taken back, and those that were given at another console without knowing of an earlier one."""
    mine = sorted((one for one in told if _is_about(one.entry, condition_id, start_us)), key=lambda t: t.entry.hlc)
    gone = {
        by
        for one in told
        if isinstance(one.entry.fact, AlarmUnacknowledged) and one.entry.fact.condition_id == condition_id
        for by in one.entry.fact.acknowledgements
    }
    steps, seen_us = [], 0
    for one in mine:
        fact, is_gone, is_concurrent = one.entry.fact, one.entry.hash.hex() in gone, False
        if isinstance(fact, AlarmAcknowledged) and not is_gone:
            is_concurrent = 0 < fact.seen_through_us <= seen_us  # it saw no more than one that was there before
            seen_us = max(seen_us, fact.seen_through_us)
        steps.append(act_step(one, name_of, is_taken_back=is_gone, is_concurrent=is_concurrent))
    return tuple(steps)


def act_step(told: Told, name_of: NameOf, *, is_taken_back: bool = False, is_concurrent: bool = False) -> StoryStep:
    """Any act on an alarm as a line."""
    entry, fact = told.entry, told.entry.fact
    words = (getattr(fact, name, "") for name in ("text", "comment", "reason"))
    name = name_of(entry.actor.user_id)
    return StoryStep(
        entry.etype,
        entry.wall_us,
        told.receive_us,
        name,
        entry.station_code,
        next((word for word in words if word), entry.reason),
        getattr(fact, "reason_code", ""),
        getattr(fact, "work_order", ""),
        getattr(fact, "until_us", 0),
        is_taken_back=is_taken_back,
        is_concurrent=is_concurrent,
    )


def past_occurrences(
    pasts: Sequence[Past], told: Sequence[Told], condition_id: UUID, linked: Linked, name_of: NameOf
) -> tuple[PastOccurrence, ...]:
    """What the log sums up, with who said what then and the incidents with their solutions; newest first."""
    by_condition: dict[str, list[Told]] = {}
    for one in told:
        by_condition.setdefault(one.entry.entity_id, []).append(one)
    found = []
    for past in sorted(pasts, key=lambda one: -one.start_us):
        about = by_condition.get(str(past.condition_id), [])
        acts = acts_of(about, past.condition_id, past.start_us, name_of)
        who = next((act.who for act in acts if act.kind == AlarmAcknowledged.etype and not act.is_taken_back), "")
        found.append(
            PastOccurrence(
                past.condition_id,
                past.start_us,
                past.asset_name,
                past.condition_id == condition_id,
                past.ended_us,
                past.acknowledged_us,
                who or (name_of(past.who) if past.who else ""),
                past.worst,
                acts,
                linked(past.condition_id, past.start_us),
            )
        )
    return tuple(found)


def _is_about(entry: Entry, condition_id: UUID, start_us: int) -> bool:
    fact = entry.fact
    if isinstance(fact, AlarmAcknowledged):
        covers = fact.start_us <= start_us <= max(fact.seen_through_us, fact.start_us)
        return fact.condition_id == condition_id and covers
    return isinstance(fact, AlarmCommented) and (fact.condition_id, fact.start_us) == (condition_id, start_us)
