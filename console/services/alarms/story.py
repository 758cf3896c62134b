"""The story of one alarm as it is answered at the seam: its log and its acts as one line of time, and like cases."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.alarm_facts import AlarmShelved
from console.domain.facts import AlarmAcknowledged, AlarmCommented
from console.services.alarms import similar
from console.services.alarms.similar import Linked, LogStep, NameOf, Past, Told
from console.services.station import AlarmDetailsQuery
from console.services.storage.ports import Reader
from console.services.story_records import AlarmDetails, RawInputs, StoryStep

# The log says that it happened, the journal who did it where and why: one line is enough.
_TOLD_BY_ACT = {
    "acknowledged": "alarm.acknowledged",
    "unacknowledged": "alarm.unacknowledged",
    "shelved": "alarm.shelved",
    "unshelved": "alarm.unshelved",
    "out_of_service": "alarm.out_of_service",
    "returned_to_service": "alarm.returned_to_service",
    "taken": "alarm.taken",
    "left": "alarm.left",
}


@dataclass(frozen=True, slots=True)
class StorySource:
    """Where it comes from. `siblings(condition, most)`: others of the same rule; `inputs(condition)`: what its value is
    computed from; `flags(hash)`: what is doubtful about a journal entry."""

    station_id: UUID
    alarm_log: Reader
    journal: Reader
    siblings: Callable[[UUID, int], tuple[UUID, ...]]
    linked: Linked
    inputs: Callable[[UUID], RawInputs]
    flags: Callable[[bytes], Collection[str]]
    name_of: NameOf


@dataclass(frozen=True, slots=True)
class _Read:
    own: tuple[Past, ...]
    count: int
    others: tuple[Past, ...]
    steps: tuple[LogStep, ...]


class AlarmStory:
    """Lives in the main thread; reads in the readers' threads. Cancel the await to give a question up."""

    def __init__(self, source: StorySource) -> None:
        self._source = source

    def answers(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        return {AlarmDetailsQuery: self.details}

    async def details(self, query: AlarmDetailsQuery) -> AlarmDetails:
        source, condition_id = self._source, query.condition_id
        siblings = source.siblings(condition_id, similar.MOST_SIBLINGS)
        read = await source.alarm_log.read(lambda c: _read_log(c, query, siblings))
        others = tuple(dict.fromkeys(past.condition_id for past in read.others))
        told, told_others = await source.journal.read(
            lambda c: (
                similar.told_about(c, (condition_id,), source.station_id),
                similar.told_about(c, others, source.station_id),
            )
        )
        return AlarmDetails(
            condition_id,
            query.start_us,
            story(read.steps, told, condition_id, query.start_us, source.name_of, source.flags),
            source.linked(condition_id, query.start_us),
            similar.past_occurrences(
                (*read.own, *read.others), (*told, *told_others), condition_id, source.linked, source.name_of
            ),
            read.count,
            source.inputs(condition_id),
        )


def _read_log(connection: Connection, query: AlarmDetailsQuery, siblings: tuple[UUID, ...]) -> _Read:
    before_us = query.start_us or 1 << 62  # a normal alarm that is kept aside: everything is past
    return _Read(
        similar.own_past(connection, query.condition_id, before_us),
        similar.own_count(connection, query.condition_id, before_us),
        similar.siblings_past(connection, siblings, before_us),
        similar.log_steps(connection, query.condition_id, query.start_us),
    )


def story(
    logged: Iterable[LogStep],
    told: Iterable[Told],
    condition_id: UUID,
    start_us: int,
    name_of: NameOf,
    flags: Callable[[bytes], Collection[str]] = lambda _hash: (),
) -> tuple[StoryStep, ...]:
    """Everything that happened with one occurrence, newest first. What a person did is told once, by the journal."""
    told = tuple(told)
    mine = [one for one in told if _is_of(one, start_us)]
    judged = {(s.kind, s.at_us, s.who): s for s in similar.acts_of(told, condition_id, start_us, name_of)}
    acts = []
    for one in mine:
        step = similar.act_step(one, name_of)
        doubts = tuple(sorted(flags(one.entry.hash)))
        acts.append(replace(judged.get((step.kind, step.at_us, step.who), step), doubts=doubts))
    known = {step.kind for step in acts}
    moves = [
        StoryStep(
            row.transition,
            row.at_us,
            row.receive_us,
            name_of(row.who) if row.who else "",
            value=row.value,
            severity=row.severity,
            priority=row.priority,
        )
        for row in logged
        if _TOLD_BY_ACT.get(row.transition) not in known
    ]
    return tuple(sorted((*acts, *moves), key=lambda step: -step.at_us))


def _is_of(told: Told, start_us: int) -> bool:
    """About this occurrence, or about its condition since then."""
    fact = told.entry.fact
    if isinstance(fact, AlarmAcknowledged):
        return fact.start_us <= start_us <= max(fact.seen_through_us, fact.start_us)
    its_start = getattr(fact, "start_us", 0)
    if isinstance(fact, AlarmCommented) or (its_start and not isinstance(fact, AlarmShelved)):
        return bool(its_start == start_us)
    return its_start == start_us or told.entry.wall_us >= start_us
