"""One incident while its facts arrive: registers, links and a timeline that do not depend on the order of arrival."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from console.domain.facts import (
    Fact,
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.incident_facts import IncidentNoteAmended
from console.domain.incident_settling import Note
from console.domain.incidents import (
    FIELDS,
    FINAL_STATES,
    OPENNESS,
    Incident,
    IncidentState,
    allowed,
    checked_value,
    priority,
)
from console.domain.refusal import Refused
from console.domain.registers import Register
from console.services.journal.entries import Entry
from console.services.records import CompetingValue, IncidentRecord, RelatedIncident
from console.services.servicedesk.timeline import Key, NameOf, as_note, key, note_text, timeline, who

HERE = "this PC"
IN_CENTRE = "in the centre"
_RANK = {state.value: place for place, state in enumerate(OPENNESS)}
_ACTIVITY = (IncidentNoted, IncidentNoteAmended, IncidentAlarmLinked, IncidentFieldSet)


@dataclass(frozen=True, slots=True)
class Relations:
    """How an incident stands to others: what its own facts do not tell."""

    suffix: str = ""  # behind its number, where two consoles gave the same one
    root: RelatedIncident | None = None
    merged: tuple[RelatedIncident, ...] = ()
    suggestions: tuple[RelatedIncident, ...] = ()


class Case:
    """`take` each entry once. `in_centre` holds the hashes that the central database has."""

    def __init__(self, incident_id: UUID) -> None:
        self.incident_id = incident_id
        self.number = ""
        self.opened_key: Key = (0, b"")
        self.links: dict[tuple[UUID, int], tuple[Key, str]] = {}
        self.in_centre: set[bytes] = set()
        self.entries: dict[bytes, Entry] = {}
        self._withheld: set[bytes] = set()
        self._opened: Entry | None = None
        self._assets: set[UUID] = set()
        self._fields: dict[str, Register[str | int]] = {name: Register() for name in FIELDS}
        self._state: Register[IncidentMoved] = Register(lambda moved: _RANK[moved.to])

    @property
    def is_opened(self) -> bool:
        return self._opened is not None

    @property
    def is_disputed(self) -> bool:
        return self.is_opened and bool(self._conflicts())

    @property
    def state(self) -> IncidentState:
        return IncidentState(self._shown_move().to)

    @property
    def title(self) -> str:
        return str(self._value("title"))

    def take(self, entry: Entry, fact: Fact, *, has_effect: bool = True) -> None:
        """A fact without effect (to be countersigned first) stands in the timeline and moves nothing."""
        entry = entry.to_keep()
        self.entries[entry.hash] = entry
        if not has_effect:
            self._withheld.add(entry.hash)
        elif isinstance(fact, IncidentOpened):
            self._take_opened(entry, fact)
        elif isinstance(fact, IncidentAlarmLinked):
            occurrence = (fact.condition_id, fact.start_us)
            link = (key(entry), fact.text)
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
            title=self.title,
            description=str(self._value("description")),
            impact=int(self._value("impact")),
            urgency=int(self._value("urgency")),
            team=move.team,
            agent=move.agent,
            resolved_us=self._shown_at_us() if move.to == IncidentState.RESOLVED else 0,
            occurrences=frozenset(self.links),
            heads={"state": self._state.heads(), **{name: self._fields[name].heads() for name in FIELDS}},
            tips=self._tips(),
            events=len(self.entries),
        )

    def moves(self) -> tuple[IncidentMoved, ...]:
        """The moves that stand side by side, the shown one last."""
        return self._state.values()

    def solution(self) -> Entry | None:
        """The newest move that says what was done; None while nobody said it."""
        said = (e for e in self.entries.values() if isinstance(e.fact, IncidentMoved) and e.hash not in self._withheld)
        told = (e for e in said if isinstance(e.fact, IncidentMoved) and (e.fact.solution or e.fact.resolution_code))
        return max(told, key=key, default=None)

    def note(self, by: bytes) -> Note | None:
        """The note that this event wrote, with its standing text; None when it wrote none here."""
        text = note_text((e for e in self.entries.values() if e.hash not in self._withheld), by)
        return None if text is None else Note(self.incident_id, by, text)

    def record(self, name_of: NameOf, relations: Relations) -> IncidentRecord:
        """As it is shown, with people by name."""
        incident = self.incident()
        opening = self._opening()
        steps = timeline(self.entries.values(), self._withheld, name_of)
        competing = self._competing(name_of)
        return IncidentRecord(
            self.incident_id,
            self.number + relations.suffix,
            incident.state.value,
            priority(incident.impact, incident.urgency),
            incident.title,
            incident.description,
            incident.impact,
            incident.urgency,
            opened_by=who(opening.actor, name_of),
            opened_us=opening.wall_us,
            changed_us=max(self.entries.values(), key=key).wall_us,
            team=incident.team,
            agent=name_of(incident.agent) if incident.agent else "",
            assets=tuple(sorted(self._assets)),
            alarms=tuple((*occurrence, text) for occurrence, (_, text) in sorted(self.links.items(), key=_by_link)),
            notes=tuple((step.at_us, step.who, as_note(step)) for step in steps if step.kind in ("note", "move")),
            conflicts=self._conflicts(),
            allowed=allowed(incident.state),
            places=IN_CENTRE if self.in_centre >= self.entries.keys() else HERE,
            opened_by_id=incident.opened_by,
            agent_id=incident.agent,
            steps=steps,
            concurrent=_distinct(competing),
            competing=competing,
            root=relations.root,
            merged=relations.merged,
            suggestions=relations.suggestions,
            is_active_after_close=self._is_active_after_close(),
        )

    def digest(self) -> bytes:
        """What this incident is, in 32 bytes: equal at every station that has taken in the same events."""
        if not self.is_opened:
            state: object = None
        else:
            incident = self.incident()
            state = (incident.number, incident.state.value, incident.opened_by, incident.title, incident.description,
                     incident.impact, incident.urgency, incident.team, incident.agent, incident.resolved_us,
                     sorted(incident.heads.items()), self._is_active_after_close())  # fmt: skip
        links = sorted(self.links.items())
        whole = (self.incident_id.hex, state, links, sorted(self._assets), sorted(self.entries), sorted(self._withheld))
        return hashlib.sha256(repr(whole).encode()).digest()

    def _take_opened(self, entry: Entry, fact: IncidentOpened) -> None:
        """Two stations may open the same incident by rule: the earliest gives number and opener, values compete."""
        if self._opened is None or key(entry) < self.opened_key:
            self._opened, self.opened_key, self.number = entry, key(entry), fact.number
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
        return self.entries[self._state.heads()[-1]].wall_us

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

    def _competing(self, name_of: NameOf) -> tuple[CompetingValue, ...]:
        """Every value that stands beside another one, by whom and when; per field the shown one last."""
        values: list[CompetingValue] = []
        for name in self._conflicts():
            register: Register[str | int] | Register[IncidentMoved] = self._fields.get(name, self._state)
            for by, value in zip(register.heads(), register.values(), strict=True):
                entry, plain = self.entries[by], _plain(name, value)
                shown = name_of(str(plain)) if name == "agent" and plain else str(plain)
                author = who(entry.actor, name_of)
                values.append(CompetingValue(name, plain, shown, author, entry.wall_us, by.hex()))
        return tuple(values)

    def _tips(self) -> tuple[bytes, ...]:
        """The newest event of each stream."""
        newest: dict[UUID, Entry] = {}
        for entry in self.entries.values():
            held = newest.get(entry.stream)
            if held is None or (entry.seq, entry.hash) > (held.seq, held.hash):
                newest[entry.stream] = entry
        return tuple(sorted(entry.hash for entry in newest.values()))

    def _is_active_after_close(self) -> bool:
        """True when somebody wrote who did not know of the closing, or wrote behind it (pitfall P28)."""
        if not self.is_opened or self.state not in FINAL_STATES:
            return False
        closings = [(self.entries[by], self._known_to(by)) for by in self._state.heads()]
        return any(
            all(_is_news(entry, closing, known) for closing, known in closings)
            for entry in self.entries.values()
            if isinstance(entry.fact, _ACTIVITY) and len(entry.parents) < 2  # naming several heads settles a conflict
        )

    def _known_to(self, closing: bytes) -> Mapping[UUID, int]:
        """How far the one who closed knew each stream."""
        known: dict[UUID, int] = {}
        for by in (closing, *self.entries[closing].parents):
            entry = self.entries.get(by)
            if entry is not None:
                known[entry.stream] = max(known.get(entry.stream, 0), entry.seq)
        return known


def _is_news(entry: Entry, closing: Entry, known: Mapping[UUID, int]) -> bool:
    """Whether the closing did not know of this entry; an older version's names no tips: there the clock decides."""
    if entry.seq <= known.get(entry.stream, 0):
        return False
    return bool(getattr(closing.fact, "seen", 0)) or key(entry) > key(closing)


def _plain(name: str, value: str | int | IncidentMoved) -> str | int:
    if isinstance(value, IncidentMoved):
        return value.to if name == "state" else value.agent
    return value


def _distinct(competing: tuple[CompetingValue, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Of every disputed field the values, each once, the shown one last."""
    fields = dict.fromkeys(one.field for one in competing)
    return tuple((f, tuple(dict.fromkeys(one.shown for one in competing if one.field == f))) for f in fields)


def _by_link(item: tuple[tuple[UUID, int], tuple[Key, str]]) -> Key:
    return item[1][0]
