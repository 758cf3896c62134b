"""What an incident is: its states, the table of its transitions, its priority, and what may be decided about it.

ITIL's incident with the states of iTop's data model. Escalated states are never stored: every station derives them
from clocks, and they permit what the state below them permits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from uuid import UUID

from console.domain import commands as c
from console.domain.facts import (
    Fact,
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.identity import Hash
from console.domain.people import Role
from console.domain.permissions import PERMISSIONS
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused


class IncidentState(StrEnum):
    NEW = "new"
    ASSIGNED = "assigned"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    ESCALATED_TTO = "escalated_tto"  # derived: new, time to own is over
    ESCALATED_TTR = "escalated_ttr"  # derived: assigned, time to resolve is over


DERIVED = {IncidentState.ESCALATED_TTO: IncidentState.NEW, IncidentState.ESCALATED_TTR: IncidentState.ASSIGNED}
OPEN_STATES = frozenset({IncidentState.NEW, IncidentState.ASSIGNED, IncidentState.PENDING}) | frozenset(DERIVED)
FINAL_STATES = frozenset({IncidentState.CLOSED, IncidentState.CANCELLED})
OPENNESS = (  # concurrent states: the most open one wins, so that doubt never hides work
    IncidentState.CANCELLED,
    IncidentState.CLOSED,
    IncidentState.RESOLVED,
    IncidentState.PENDING,
    IncidentState.ASSIGNED,
    IncidentState.NEW,
)
FIELDS = ("title", "description", "impact", "urgency")
RESOLUTION_CODES = ("repaired", "replaced", "restarted", "reconfigured", "workaround", "no_fault_found", "by_itself")
_PARENTS = 64  # what an envelope may name
LINKS = 100  # alarms of one command: a journal transaction holds at most 200 events

_PRIORITY = (  # rows: impact 1 plant .. 4 single user; columns: urgency 1 now .. 4 planned
    (1, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 3, 4),
    (3, 3, 4, 4),
)


def priority(impact: int, urgency: int) -> int:
    """1..4 from the plant matrix: impact 1 (plant, several lines) .. 4 (single user), urgency 1 (now) .. 4 (planned).

    Raises Refused for anything outside 1..4.
    """
    return _PRIORITY[_grade(impact) - 1][_grade(urgency) - 1]


class Effect(StrEnum):
    """What a transition does to the clocks: time to own (TTO) and time to resolve (TTR)."""

    START_CLOCKS = "start_clocks"
    STOP_TTO = "stop_tto"
    RUN_ON = "run_on"
    PAUSE_TTR = "pause_ttr"
    RESUME_TTR = "resume_ttr"
    STOP_TTR = "stop_ttr"
    SEAL = "seal"  # read-only from here
    VOID_CLOCKS = "void_clocks"  # counted apart


@dataclass(frozen=True, slots=True)
class ReopenWindow:
    """A resolved incident may be reopened for this many working days (Monday to Friday in `zone`)."""

    working_days: int = 5
    zone: tzinfo = UTC

    def ends_us(self, resolved_us: int) -> int:
        """The last moment; the days of a weekend do not count."""
        moment = _monday(datetime.fromtimestamp(resolved_us / 1_000_000, self.zone).replace(tzinfo=None))
        for _ in range(self.working_days):
            moment += timedelta(days=1)
            if moment.weekday() >= 5:
                moment += timedelta(days=2)
        return int(moment.replace(tzinfo=self.zone).timestamp() * 1_000_000)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision may depend on beside the record: the time (us UTC) and the site's rules."""

    now_us: int
    reopen: ReopenWindow = field(default_factory=ReopenWindow)


@dataclass(frozen=True, slots=True)
class Incident:
    """A record as decisions see it. `heads` maps "state" and each field to the events whose value stands now."""

    incident_id: UUID
    number: str
    state: IncidentState
    opened_by: str = ""
    title: str = ""
    description: str = ""
    impact: int = 3
    urgency: int = 2
    team: str = ""
    agent: str = ""
    resolved_us: int = 0
    occurrences: frozenset[tuple[UUID, int]] = frozenset()
    heads: Mapping[str, tuple[Hash, ...]] = field(default_factory=dict)
    tips: tuple[Hash, ...] = ()  # the newest event of each stream: together they stand for everything known of it
    events: int = 0

    def known(self) -> tuple[Hash, ...]:
        """Parents of a closing: with them it says what was known, so that later activity can be told (P28)."""
        return tuple(dict.fromkeys((*self.heads.get("state", ()), *self.tips)))[:_PARENTS]


@dataclass(frozen=True, slots=True)
class Decision:
    """Facts to append, and the journal entries that they replace."""

    facts: tuple[Fact, ...]
    parents: tuple[Hash, ...] = ()


Guard = Callable[[Any, Incident, Circumstances], None]


def _free(command: c.Command, incident: Incident, at: Circumstances) -> None:
    """No condition."""


def _has_team_and_agent(command: c.AssignIncident, incident: Incident, at: Circumstances) -> None:
    required(command.team, "Name the team that takes the incident")
    required(command.agent, "Name the person who takes the incident")


def _goes_to_another(command: c.AssignIncident, incident: Incident, at: Circumstances) -> None:
    _has_team_and_agent(command, incident, at)
    if (line(command.team), line(command.agent)) == (incident.team, incident.agent):
        raise Refused("This person has the incident already")


def _has_reason(command: c.PendIncident | c.CancelIncident, incident: Incident, at: Circumstances) -> None:
    required(command.reason, "Give a reason")


def _is_solved(command: c.ResolveIncident, incident: Incident, at: Circumstances) -> None:
    required(command.resolution_code, "Choose how the incident was resolved")
    required(command.solution, "Describe the solution")


def _is_within_window(command: c.ReopenIncident, incident: Incident, at: Circumstances) -> None:
    required(command.reason, "Give a reason")
    if at.now_us > at.reopen.ends_us(incident.resolved_us):
        raise Refused(
            "It was resolved more than {days} working days ago: open a new incident", days=at.reopen.working_days
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: `event` moves `source` to `to` when the guard holds; the roles are those of its command."""

    source: IncidentState | None
    event: str
    to: IncidentState
    command: type[c.Command]
    guard: Guard
    effect: Effect

    @property
    def roles(self) -> frozenset[Role]:
        """Who may, from the permissions table (`own` roles only for what they opened)."""
        row = PERMISSIONS[self.command.name]
        return row.roles | row.own


_S = IncidentState
TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, "create", _S.NEW, c.OpenIncident, _free, Effect.START_CLOCKS),
    Transition(_S.NEW, "assign", _S.ASSIGNED, c.AssignIncident, _has_team_and_agent, Effect.STOP_TTO),
    Transition(_S.ASSIGNED, "reassign", _S.ASSIGNED, c.AssignIncident, _goes_to_another, Effect.RUN_ON),
    Transition(_S.ASSIGNED, "pend", _S.PENDING, c.PendIncident, _has_reason, Effect.PAUSE_TTR),
    Transition(_S.PENDING, "resume", _S.ASSIGNED, c.ResumeIncident, _free, Effect.RESUME_TTR),
    Transition(_S.ASSIGNED, "resolve", _S.RESOLVED, c.ResolveIncident, _is_solved, Effect.STOP_TTR),
    Transition(_S.RESOLVED, "reopen", _S.ASSIGNED, c.ReopenIncident, _is_within_window, Effect.RESUME_TTR),
    Transition(_S.RESOLVED, "close", _S.CLOSED, c.CloseIncident, _free, Effect.SEAL),
    Transition(_S.NEW, "cancel", _S.CANCELLED, c.CancelIncident, _has_reason, Effect.VOID_CLOCKS),
    Transition(_S.ASSIGNED, "cancel", _S.CANCELLED, c.CancelIncident, _has_reason, Effect.VOID_CLOCKS),
    Transition(_S.PENDING, "cancel", _S.CANCELLED, c.CancelIncident, _has_reason, Effect.VOID_CLOCKS),
)
_BY_COMMAND = {(row.command, row.source): row for row in TRANSITIONS}
_READ_ONLY = "A closed or cancelled incident is read-only"
_WRONG_STATE: dict[type[c.Command], str] = {
    c.AssignIncident: "Only a new or assigned incident can be assigned",
    c.PendIncident: "Only an assigned incident can be set waiting",
    c.ResumeIncident: "Only a waiting incident can be resumed",
    c.ResolveIncident: "Only an assigned incident can be resolved",
    c.ReopenIncident: "Only a resolved incident can be reopened",
    c.CloseIncident: "Only a resolved incident can be closed",
    c.CancelIncident: "Only an open incident can be cancelled",
}
_WRITING = (c.NoteIncident, c.EditIncident, c.LinkAlarms)


def allowed(state: IncidentState) -> tuple[str, ...]:
    """Names of the commands that this state permits, whoever asks."""
    stored = DERIVED.get(state, state)
    moves = [row.command.name for row in TRANSITIONS if row.source == stored]
    writing = [] if stored in FINAL_STATES else [command.name for command in _WRITING]
    return tuple(moves + writing)


def open_incident(
    command: c.OpenIncident,
    incident_id: UUID,
    number: str,
    alarm_texts: tuple[str, ...] = (),
) -> Decision:
    """A new incident with a link for each alarm; without a title the first alarm's text is the title.

    `alarm_texts` stand in the order of `command.occurrences`.
    """
    title = line(command.title) or line((alarm_texts[0] if alarm_texts else "")[:180])
    required(title, "Give the incident a title")
    priority(command.impact, command.urgency)
    opened = IncidentOpened(
        incident_id,
        number,
        title,
        command.impact,
        command.urgency,
        paragraph(command.description),
        command.asset_ids[:LINKS],
    )
    if len(command.occurrences) > LINKS:
        raise Refused("At most {limit} alarms can be linked at once", limit=LINKS)
    links = (
        IncidentAlarmLinked(incident_id, occurrence.condition_id, occurrence.start_us, text)
        for occurrence, text in zip(command.occurrences, alarm_texts, strict=True)
    )
    return Decision((opened, *links))


def link_alarms(command: c.LinkAlarms, incident: Incident, alarm_texts: tuple[str, ...]) -> Decision:
    """A link for each alarm that is not linked yet."""
    _writable(incident)
    if len(command.occurrences) > LINKS:
        raise Refused("At most {limit} alarms can be linked at once", limit=LINKS)
    facts = tuple(
        IncidentAlarmLinked(incident.incident_id, occurrence.condition_id, occurrence.start_us, text)
        for occurrence, text in zip(command.occurrences, alarm_texts, strict=True)
        if (occurrence.condition_id, occurrence.start_us) not in incident.occurrences
    )
    if not facts:
        raise Refused("These alarms are linked already" if command.occurrences else "No alarm is selected")
    return Decision(facts)


def note(command: c.NoteIncident, incident: Incident) -> Decision:
    _writable(incident)
    text = required(paragraph(command.text), "Write something first")
    return Decision((IncidentNoted(incident.incident_id, text),))


def edit(command: c.EditIncident, incident: Incident) -> Decision:
    """Sets one field, naming every value that stands now as replaced: that also settles a conflict."""
    _writable(incident)
    value = checked_value(command.field, command.value)
    heads = incident.heads.get(command.field, ())
    if value == getattr(incident, command.field) and len(heads) <= 1:
        raise Refused("Nothing has changed")
    return Decision((IncidentFieldSet(incident.incident_id, command.field, value),), heads)


def checked_value(name: str, value: str | int) -> str | int:
    """The value as the field takes it; Refused for an unknown field or a value that it cannot hold."""
    if name not in FIELDS:
        raise Refused("An incident has no field {field}", field=name)
    if name in ("impact", "urgency"):
        return _grade(int(value) if isinstance(value, str) and value.isdecimal() else value)
    if name == "title":
        return required(line(str(value)), "Give the incident a title")
    return paragraph(str(value))


def move(command: c.Command, incident: Incident, at: Circumstances) -> Decision:
    """The transition that the command means in this state, by the table; Refused when there is none.

    Every move carries team and agent, so that concurrent moves compete as a whole.
    """
    row = _BY_COMMAND.get((type(command), DERIVED.get(incident.state, incident.state)))
    if row is None:
        raise Refused(_WRONG_STATE[type(command)])
    row.guard(command, incident, at)
    closes = row.to in FINAL_STATES
    moved = IncidentMoved(
        incident.incident_id,
        row.event,
        row.to.value,
        team=line(getattr(command, "team", incident.team)),
        agent=line(getattr(command, "agent", incident.agent)),
        resolution_code=line(getattr(command, "resolution_code", "")),
        solution=paragraph(getattr(command, "solution", "")),
        reason=paragraph(getattr(command, "reason", "")),
        seen=incident.events if closes else 0,
    )
    return Decision((moved,), incident.known() if closes else incident.heads.get("state", ()))


MOVES = frozenset(_WRONG_STATE)


def _writable(incident: Incident) -> None:
    if incident.state in FINAL_STATES:
        raise Refused(_READ_ONLY)


def _grade(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 4:
        raise Refused("Impact and urgency go from 1 to 4")
    return value


def _monday(moment: datetime) -> datetime:
    """The moment itself, or the first one after its weekend."""
    if moment.weekday() < 5:
        return moment
    return datetime.combine(moment.date(), datetime.min.time()) + timedelta(days=7 - moment.weekday())
