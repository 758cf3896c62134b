"""One incident while its facts arrive: registers, links and a timeline that do not depend on the order of arrival."""

from collections.abc import Callable
from uuid import UUID

from console.domain.facts import (
    Fact,
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.incidents import (
    FIELDS,
    OPENNESS,
    Incident,
    IncidentState,
    allowed,
    checked_value,
    priority,
)
from console.domain.refusal import Refused
from console.domain.registers import Register
from console.services.journal.entries import Actor, Entry
from console.services.records import IncidentRecord, IncidentStep

HERE = "this PC"
IN_CENTRE = "in the centre"
Key = tuple[int, bytes]  # hybrid clock, hash: the order of everything that has no other
_RANK = {state.value: place for place, state in enumerate(OPENNESS)}
_EVENTS = {  # shown in the timeline, translated where it is shown
    "assign": "Assigned",
    "reassign": "Assigned to another",
    "pend": "Waiting",
    "resume": "Resumed",
    "resolve": "Resolved",
    "reopen": "Reopened",
    "close": "Closed",
    "cancel": "Cancelled",
}
_FIELD_TITLES = {
    "title": "Title changed",
    "description": "Description changed",
    "impact": "Impact changed",
    "urgency": "Urgency changed",
}


class Case:
    """`take` each entry once. `in_centre` holds the hashes that the central database has."""

    def __init__(self, incident_id: UUID) -> None:
        self.incident_id = incident_id
        self.number = ""
        self.opened_key: Key = (0, b"")
        self.links: dict[tuple[UUID, int], tuple[Key, str]] = {}
        self.in_centre: set[bytes] = set()
        self._entries: dict[bytes, Entry] = {}
        self._opened: Entry | None = None
        self._assets: set[UUID] = set()
        self._fields: dict[str, Register[str | int]] = {name: Register() for name in FIELDS}
        self._state: Register[IncidentMoved] = Register(lambda moved: _RANK[moved.to])

    @property
    def is_opened(self) -> bool:
        return self._opened is not None

    @property
    def state(self) -> IncidentState:
        return IncidentState(self._shown_move().to)

    def take(self, entry: Entry, fact: Fact) -> None:
        self._entries[entry.hash] = entry
        if isinstance(fact, IncidentOpened):
            self._take_opened(entry, fact)
        elif isinstance(fact, IncidentAlarmLinked):
            occurrence = (fact.condition_id, fact.start_us)
            link = (_key(entry), fact.text)
            self.links[occurrence] = min(self.links.get(occurrence, link), link)
        elif isinstance(fact, IncidentFieldSet):
            self._put(fact.field, entry, fact.value)
        elif isinstance(fact, IncidentMoved) and fact.to in _RANK:
            self._state.put(entry.hash, entry.hlc, fact, entry.parents)

    def incident(self) -> Incident:
        """As decisions see it."""
        move = self._shown_move()
        return Incident(
            self.incident_id,
            self.number,
            IncidentState(move.to),
            opened_by=self._opening().actor.user_id,
            title=str(self._value("title")),
            description=str(self._value("description")),
            impact=int(self._value("impact")),
            urgency=int(self._value("urgency")),
            team=move.team,
            agent=move.agent,
            resolved_us=self._shown_at_us() if move.to == IncidentState.RESOLVED else 0,
            occurrences=frozenset(self.links),
            heads={"state": self._state.heads(), **{name: self._fields[name].heads() for name in FIELDS}},
        )

    def record(self, name_of: Callable[[str], str], suffix: str = "") -> IncidentRecord:
        """As it is shown, with people by name."""
        incident = self.incident()
        opening = self._opening()
        steps = self._timeline(name_of)
        return IncidentRecord(
            self.incident_id,
            self.number + suffix,
            incident.state.value,
            priority(incident.impact, incident.urgency),
            incident.title,
            incident.description,
            incident.impact,
            incident.urgency,
            opened_by=_who(opening.actor, name_of),
            opened_us=opening.wall_us,
            changed_us=max(self._entries.values(), key=_key).wall_us,
            team=incident.team,
            agent=name_of(incident.agent) if incident.agent else "",
            assets=tuple(sorted(self._assets)),
            alarms=tuple((*occurrence, text) for occurrence, (_, text) in sorted(self.links.items(), key=_by_link)),
            notes=tuple((step.at_us, step.who, _as_note(step)) for step in steps if step.kind in ("note", "move")),
            conflicts=self._conflicts(),
            allowed=allowed(incident.state),
            places=IN_CENTRE if self.in_centre >= self._entries.keys() else HERE,
            opened_by_id=incident.opened_by,
            agent_id=incident.agent,
            steps=steps,
            concurrent=self._concurrent(),
        )

    def _take_opened(self, entry: Entry, fact: IncidentOpened) -> None:
        """Two stations may open the same incident by rule: the earliest gives number and opener, values compete."""
        if self._opened is None or _key(entry) < self.opened_key:
            self._opened, self.opened_key, self.number = entry, _key(entry), fact.number
        self._assets.update(fact.asset_ids)
        for name in FIELDS:
            self._put(name, entry, getattr(fact, name))
        begun = IncidentMoved(fact.incident_id, "create", IncidentState.NEW.value)
        self._state.put(entry.hash, entry.hlc, begun)

    def _put(self, name: str, entry: Entry, value: str | int) -> None:
        """A value that its field cannot hold (another version, a faulty sender) is passed over by every station.

        An opening must show something: its texts as they are, and the most urgent grade, since doubt never hides.
        """
        if name not in self._fields:
            return
        try:
            sound = checked_value(name, value)
        except Refused:
            if not isinstance(entry.fact, IncidentOpened):
                return
            sound = 1 if name in ("impact", "urgency") else str(value)
        self._fields[name].put(entry.hash, entry.hlc, sound, entry.parents)

    def _value(self, name: str) -> str | int:
        return self._fields[name].values()[-1]

    def _shown_move(self) -> IncidentMoved:
        """The move that stands now; every move carries team and agent, so that they compete together with the state."""
        return self._state.values()[-1]

    def _shown_at_us(self) -> int:
        return self._entries[self._state.heads()[-1]].wall_us

    def _opening(self) -> Entry:
        assert self._opened is not None
        return self._opened

    def _conflicts(self) -> tuple[str, ...]:
        fields = [name for name in FIELDS if self._fields[name].is_disputed()]
        if self._state.is_disputed(lambda moved: moved.to):
            fields.append("state")
        if self._state.is_disputed(lambda moved: (moved.team, moved.agent)):
            fields.append("agent")
        return tuple(fields)

    def _concurrent(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Of every disputed field the values that stand side by side, the shown one last."""
        return tuple(
            (name, tuple(dict.fromkeys(map(str, self._fields[name].values()))))
            for name in FIELDS
            if self._fields[name].is_disputed()
        )

    def _timeline(self, name_of: Callable[[str], str]) -> tuple[IncidentStep, ...]:
        steps = (_step(entry, name_of) for entry in sorted(self._entries.values(), key=_key))
        return tuple(step for step in steps if step is not None)


def _key(entry: Entry) -> Key:
    return (entry.hlc, entry.hash)


def _by_link(item: tuple[tuple[UUID, int], tuple[Key, str]]) -> Key:
    return item[1][0]


def _who(actor: Actor, name_of: Callable[[str], str]) -> str:
    shown = name_of(actor.user_id)
    return actor.name if shown == actor.user_id and actor.name else shown


def _step(entry: Entry, name_of: Callable[[str], str]) -> IncidentStep | None:
    """A line of the timeline; None for a move that this version does not know."""
    fact, at_us, who = entry.fact, entry.wall_us, _who(entry.actor, name_of)
    if isinstance(fact, IncidentOpened):
        return IncidentStep(at_us, who, "move", "Opened", fact.title)
    if isinstance(fact, IncidentNoted):
        return IncidentStep(at_us, who, "note", fact.text)
    if isinstance(fact, IncidentAlarmLinked):
        return IncidentStep(at_us, who, "alarm", "Alarm linked", fact.text)
    if isinstance(fact, IncidentFieldSet) and fact.field in _FIELD_TITLES:
        return IncidentStep(at_us, who, "field", _FIELD_TITLES[fact.field], str(fact.value))
    if isinstance(fact, IncidentMoved) and fact.event in _EVENTS:
        return IncidentStep(at_us, who, "move", _EVENTS[fact.event], _details(fact, name_of))
    return None


def _details(moved: IncidentMoved, name_of: Callable[[str], str]) -> str:
    """What was said with the move; who has the incident only where that changes."""
    owner = [moved.team, name_of(moved.agent)] if moved.event in ("assign", "reassign") else []
    said = [*owner, moved.resolution_code, moved.solution, moved.reason]
    return ", ".join(part for part in said if part)


def _as_note(step: IncidentStep) -> str:
    return f"{step.text}: {step.detail}" if step.detail else step.text
