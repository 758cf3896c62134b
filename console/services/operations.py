"""The one door for operators: every act is checked, decided, written down, and only then takes effect.

Effects come from the journal: whoever keeps state listens to its entries, own and replicated alike. A station that
replays or receives never passes through here.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, tzinfo
from typing import Any, Protocol
from uuid import UUID

from console.domain import commands as c
from console.domain import incidents
from console.domain.acknowledgement import AHEAD_US, AT_ONCE, Seen, Standing, acknowledge
from console.domain.alarms import Occurrence
from console.domain.facts import ActRefused, AlarmCommented, HornSilenced, PreferenceSaved, RebirthRequested
from console.domain.identity import uuid7
from console.domain.incidents import Circumstances, Incident, ReopenWindow
from console.domain.numbers import NumberSeries
from console.domain.permissions import Subject, may
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.services.identity.sign_on import Session, SignOnDesk
from console.services.journal.entries import SYSTEM, Actor, Entry, Journal
from console.services.servicedesk.incidents import IncidentDesk
from console.services.station import Receipt


class AlarmDoor(Protocol):
    """What acts need to know of the alarm engine."""

    def check_acknowledge(self, occurrences: Sequence[Occurrence]) -> Sequence[Standing]:
        """How each one stands now, in the given order; an unknown one is stale."""
        ...

    def seen_through_us(self, occurrence: Occurrence, now_us: int) -> int:
        """How far its condition was seen by now, in its node's source time; at least its newest annunciation."""
        ...

    def text_of(self, condition_id: UUID) -> str:
        """What names the alarm to people, empty for an unknown condition."""
        ...

    def area_of(self, condition_id: UUID) -> str:
        """The alarm's area, empty for none."""
        ...

    def newest_sounding_us(self) -> int:
        """Newest annunciation that sounds at this position, 0 when nothing does."""
        ...


class RebirthDoor(Protocol):
    """What asks a Sparkplug node for its birth."""

    def request_rebirth(self, broker: str, group: str, node: str) -> None:
        """Raises Refused when it may not be asked now (not connected, asked a moment ago)."""
        ...


Handler = Callable[["Operations", Any, Actor], Awaitable[Receipt]]
Viewer = Callable[["Operations", Any], Subject]


class Operations:
    """`submit` is the only way in. Lives in the main thread; decisions are made one after the other.

    `incarnation` gives the letter of the journal's stream; `zone` is the site's.
    """

    def __init__(
        self,
        journal: Journal,
        alarms: AlarmDoor,
        desk: IncidentDesk,
        sign_on: SignOnDesk,
        *,
        clock_us: Callable[[], int],
        site_short: str,
        station_code: str,
        position: str = "",
        incarnation: Callable[[], str] = lambda: "A",
        zone: tzinfo = UTC,
        rebirth: RebirthDoor | None = None,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._journal = journal
        self._alarms = alarms
        self._desk = desk
        self._sign_on = sign_on
        self._clock_us = clock_us
        self._site_short = site_short
        self._station_code = station_code
        self._position = position
        self._incarnation = incarnation
        self._zone = zone
        self._rebirth = rebirth
        self._random_bits = random_bits
        self._one_at_a_time = asyncio.Lock()

    async def submit(self, command: c.Command, session: Session | None = None) -> Receipt:
        """Do what the person of this session (default: signed on at the console) asks; returns when durable.

        Raises Refused. A signed-on person's denied act is written down; what the state of things refuses is not.
        """
        if isinstance(command, c.SignOn):
            return await self._sign_person_on(command)
        if isinstance(command, c.SignOff):
            return _receipt(await self._sign_on.end_session(session) if session else await self._sign_on.sign_off())
        session = session or self._sign_on.current
        person = self._sign_on.person(session)
        denial = may(person, type(command), _SUBJECTS.get(type(command), _any_subject)(self, command))
        if denial is not None:
            if session is not None and person is not None:
                await self._note_denial(command, session, denial)
            raise Refused(denial)
        actor = session.actor if session is not None and person is not None else SYSTEM
        return await asyncio.shield(self._in_turn(command, actor))

    async def _in_turn(self, command: c.Command, actor: Actor) -> Receipt:
        """What is decided must see what was decided before it, even when whoever asked no longer waits."""
        async with self._one_at_a_time:
            return await _HANDLERS[type(command)](self, command, actor)

    async def _note_denial(self, command: c.Command, session: Session, denial: str) -> None:
        fact = ActRefused(session.person.user_id, command.name, denial)
        try:
            await self._journal.append([fact], session.actor)
        except Refused:
            return  # a journal that cannot write refuses every act by itself; the denial stands

    async def _sign_person_on(self, command: c.SignOn) -> Receipt:
        session, entries = await self._sign_on.sign_on(command.login, command.password)
        return _receipt(entries, session.person.user_id)

    async def _acknowledge(self, command: c.AcknowledgeAlarms, actor: Actor) -> Receipt:
        occurrences = tuple(dict.fromkeys(command.occurrences))
        standings = self._alarms.check_acknowledge(occurrences)
        now_us = self._clock_us()
        seen = [self._seen(one, standing, now_us) for one, standing in zip(occurrences, standings, strict=True)]
        facts, skipped = acknowledge(seen, now_us, command.comment)
        entries = await self._journal.append(facts, actor)
        return _receipt(entries, skipped=tuple(one.text for one in skipped))

    async def _comment(self, command: c.CommentAlarm, actor: Actor) -> Receipt:
        condition_id = command.occurrence.condition_id
        if not self._alarms.text_of(condition_id):
            raise Refused("This alarm is not known here")
        text = required(paragraph(command.text), "Write something first")
        fact = AlarmCommented(condition_id, command.occurrence.start_us, text)
        return _receipt(await self._journal.append([fact], actor), str(condition_id))

    async def _silence(self, command: c.SilenceHorn, actor: Actor) -> Receipt:
        newest_us = self._alarms.newest_sounding_us()
        if not newest_us:
            raise Refused("Nothing is sounding")
        fact = HornSilenced(self._position, min(newest_us, self._clock_us() + AHEAD_US))
        return _receipt(await self._journal.append([fact], actor), self._position)

    async def _open_incident(self, command: c.OpenIncident, actor: Actor) -> Receipt:
        for occurrence in command.occurrences:
            standing = self._desk.open_for_occurrence(occurrence)
            if standing is not None:
                raise Refused("{number} is open for this alarm", number=standing.number)
        now_us = self._clock_us()
        incident_id = uuid7(now_us // 1000, self._random_bits(80))
        number = self._next_number(now_us)
        texts = self._texts(command.occurrences)
        decision = incidents.open_incident(command, incident_id, number, texts)
        return _receipt(await self._journal.append(decision.facts, actor), str(incident_id), number)

    async def _move_incident(self, command: Any, actor: Actor) -> Receipt:
        at = Circumstances(self._clock_us(), ReopenWindow(zone=self._zone))
        incident = self._incident(command.incident_id)
        if isinstance(command, c.AssignIncident):
            command = self._to_known_person(command)
        return await self._decided(incident, incidents.move(command, incident, at), actor)

    async def _note_incident(self, command: c.NoteIncident, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        return await self._decided(incident, incidents.note(command, incident), actor)

    async def _edit_incident(self, command: c.EditIncident, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        return await self._decided(incident, incidents.edit(command, incident), actor)

    async def _link_alarms(self, command: c.LinkAlarms, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        decision = incidents.link_alarms(command, incident, self._texts(command.occurrences))
        return await self._decided(incident, decision, actor)

    async def _save_preference(self, command: c.SavePreference, actor: Actor) -> Receipt:
        key = required(line(command.key), "A preference needs a name")
        value = paragraph(command.value)
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            raise Refused("A preference is JSON text") from None
        fact = PreferenceSaved(actor.user_id, key, value)
        return _receipt(await self._journal.append([fact], actor), actor.user_id)

    async def _request_rebirth(self, command: c.RequestRebirth, actor: Actor) -> Receipt:
        """Written down before it is asked: an order to OT without a name behind it never leaves the station."""
        if self._rebirth is None:
            raise Refused("This station asks no node for its birth")
        fact = RebirthRequested(f"{command.broker}/{command.group}/{command.node}")
        entries = await self._journal.append([fact], actor)
        self._rebirth.request_rebirth(command.broker, command.group, command.node)
        return _receipt(entries, fact.node_path)

    async def _decided(self, incident: Incident, decision: incidents.Decision, actor: Actor) -> Receipt:
        entries = await self._journal.append(decision.facts, actor, parents=decision.parents)
        return _receipt(entries, str(incident.incident_id), incident.number)

    def _incident(self, incident_id: UUID) -> Incident:
        incident = self._desk.incident(incident_id)
        if incident is None:
            raise Refused("This incident is not known here")
        return incident

    def _to_known_person(self, command: c.AssignIncident) -> c.AssignIncident:
        """The agent by id; people may write a login or a full name."""
        if not command.agent.strip():
            return command
        person = self._sign_on.users.find(command.agent)
        if person is None or person.user.is_disabled:
            raise Refused("Nobody here is called {name}", name=line(command.agent))
        return c.AssignIncident(command.incident_id, command.team, person.user_id)

    def _next_number(self, now_us: int) -> str:
        """One behind the highest of this station's series today."""
        incarnation = self._incarnation()
        series = NumberSeries.at(now_us, self._site_short, self._station_code, incarnation, self._zone)
        return series.number(1 + max(map(series.place_of, self._desk.numbers()), default=0))

    def _seen(self, occurrence: Occurrence, standing: Standing, now_us: int) -> Seen:
        through_us = self._alarms.seen_through_us(occurrence, now_us) if standing is Standing.OPEN else 0
        return Seen(occurrence, standing, through_us, self._alarms.text_of(occurrence.condition_id))

    def _texts(self, occurrences: Sequence[Occurrence]) -> tuple[str, ...]:
        return tuple(self._alarms.text_of(one.condition_id) for one in occurrences)

    def _areas(self, occurrences: Sequence[Occurrence]) -> frozenset[str]:
        return frozenset(self._alarms.area_of(one.condition_id) for one in occurrences[:AT_ONCE])

    def _incident_subject(self, command: Any) -> Subject:
        """The areas of the alarms that the incident is about, and who opened it."""
        incident = self._desk.incident(command.incident_id)
        if incident is None:
            return Subject()
        occurrences = [Occurrence(*one) for one in incident.occurrences]
        return Subject(self._areas(occurrences), incident.opened_by)

    def _alarm_subject(self, command: c.AcknowledgeAlarms | c.OpenIncident) -> Subject:
        return Subject(self._areas(command.occurrences))

    def _comment_subject(self, command: c.CommentAlarm) -> Subject:
        return Subject(self._areas((command.occurrence,)))


def _any_subject(operations: Operations, command: c.Command) -> Subject:
    return Subject()


def _receipt(entries: Sequence[Entry], entity_id: str = "", number: str = "", skipped: tuple[str, ...] = ()) -> Receipt:
    return Receipt(tuple(entry.hash.hex() for entry in entries), entity_id, number, skipped)


_HANDLERS: dict[type[c.Command], Handler] = {
    c.AcknowledgeAlarms: Operations._acknowledge,
    c.CommentAlarm: Operations._comment,
    c.SilenceHorn: Operations._silence,
    c.OpenIncident: Operations._open_incident,
    c.NoteIncident: Operations._note_incident,
    c.EditIncident: Operations._edit_incident,
    c.LinkAlarms: Operations._link_alarms,
    **dict.fromkeys(incidents.MOVES, Operations._move_incident),
    c.SavePreference: Operations._save_preference,
    c.RequestRebirth: Operations._request_rebirth,
}
_SUBJECTS: dict[type[c.Command], Viewer] = {
    c.AcknowledgeAlarms: Operations._alarm_subject,
    c.OpenIncident: Operations._alarm_subject,
    c.CommentAlarm: Operations._comment_subject,
    c.NoteIncident: Operations._incident_subject,
    c.EditIncident: Operations._incident_subject,
    c.LinkAlarms: Operations._incident_subject,
    **dict.fromkeys(incidents.MOVES, Operations._incident_subject),
}
