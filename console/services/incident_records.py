"""Incidents as they cross the seam to the window: their fields, values beside each other, and their steps."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class IncidentStep:
    """A line of an incident's timeline. A note's `text` is as typed, any other to be translated; `detail` is plain."""

    at_us: int
    who: str
    kind: str  # note, move, field, alarm, amendment, merge
    text: str
    detail: str = ""
    hash: str = ""  # hex, of the event
    struck: tuple[str, ...] = ()  # of an amended note: what stood there before, first text first
    is_withheld: bool = False  # has no effect until it is countersigned


@dataclass(frozen=True, slots=True)
class CompetingValue:
    """One of several values that were written at once and stand until a person chooses."""

    field: str  # title, description, impact, urgency, state, agent
    value: str | int  # the state's name; the agent's user id
    shown: str  # for people: as `value`, with names for user ids
    who: str
    at_us: int
    hash: str  # hex


@dataclass(frozen=True, slots=True)
class RelatedIncident:
    """Another incident by id, number and title."""

    incident_id: UUID
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    incident_id: UUID
    number: str
    state: str
    priority: int  # 1..4 from impact x urgency
    title: str
    description: str
    impact: int
    urgency: int
    opened_by: str
    opened_us: int
    changed_us: int
    team: str = ""
    agent: str = ""
    assets: tuple[UUID, ...] = ()
    alarms: tuple[tuple[UUID, int, str], ...] = ()  # condition_id, start_us, text
    notes: tuple[tuple[int, str, str], ...] = ()  # at_us, who, text (state changes included)
    conflicts: tuple[str, ...] = ()  # fields with concurrent values
    allowed: tuple[str, ...] = ()  # commands that its state permits
    places: str = ""  # this PC / in the centre
    opened_by_id: str = ""  # user id: whose incident it is
    agent_id: str = ""
    steps: tuple[IncidentStep, ...] = ()  # the whole timeline, to be shown in the person's language
    concurrent: tuple[tuple[str, tuple[str, ...]], ...] = ()  # of each conflict: its field and the values that stand
    competing: tuple[CompetingValue, ...] = ()  # of each conflict every value, per field the shown one last
    root: RelatedIncident | None = None  # the incident that this one was merged into, None: it is one by itself
    merged: tuple[RelatedIncident, ...] = ()  # of a root: those that were merged into it
    suggestions: tuple[RelatedIncident, ...] = ()  # open incidents about the same alarm that may be the same
    is_active_after_close: bool = False  # somebody went on writing who did not know that it was closed


@dataclass(frozen=True, slots=True)
class IncidentsDelta:
    is_snapshot: bool
    incidents: tuple[IncidentRecord, ...]
