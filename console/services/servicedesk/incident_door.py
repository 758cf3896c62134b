"""What people do with incidents: open, move on, edit, note and link, each decided on the record as it stands."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Protocol
from uuid import UUID

from console.domain import commands as c
from console.domain import incident_settling as settling
from console.domain import incidents
from console.domain.alarms import Occurrence
from console.domain.identity import uuid7
from console.domain.incidents import Circumstances, Incident, ReopenWindow
from console.domain.merge_commands import AmendNote, MergeIncidents, ResolveConflict
from console.domain.people import Person
from console.domain.permissions import Subject
from console.domain.plain_text import line, paragraph
from console.domain.refusal import Refused
from console.services.acts import Act, receipt
from console.services.journal.entries import Actor, Journal
from console.services.servicedesk.incidents import IncidentDesk
from console.services.servicedesk.numbering import Numbering
from console.services.station import Receipt


class LinkedAlarms(Protocol):
    """What incidents need to know of alarms."""

    def texts(self, occurrences: Sequence[Occurrence]) -> tuple[str, ...]:
        """What names each one to people."""
        ...

    def subject(self, occurrences: Sequence[Occurrence], opened_by: str = "") -> Subject:
        """The areas of these alarms."""
        ...


class IncidentActs:
    """The incident's part of the operators' door; `find_person` takes a user id, a login or a full name."""

    def __init__(
        self,
        journal: Journal,
        desk: IncidentDesk,
        alarms: LinkedAlarms,
        find_person: Callable[[str], Person | None],
        numbering: Numbering,
        *,
        clock_us: Callable[[], int],
        zone: tzinfo,
        random_bits: Callable[[int], int],
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._alarms = alarms
        self._find_person = find_person
        self._numbering = numbering
        self._clock_us = clock_us
        self._zone = zone
        self._random_bits = random_bits

    def acts(self) -> Mapping[type[c.Command], Act]:
        about = self._subject
        return {
            c.OpenIncident: Act(
                self._open, lambda command: self._alarms.subject(command.occurrences[: incidents.LINKS])
            ),
            c.NoteIncident: Act(self._note, about),
            c.EditIncident: Act(self._edit, about),
            c.LinkAlarms: Act(self._link, about),
            MergeIncidents: Act(self._merge, self._subject_of_both),
            AmendNote: Act(self._amend, about),
            ResolveConflict: Act(self._resolve_conflict, about),
            **{move: Act(self._move, about) for move in incidents.MOVES},
        }

    async def _open(self, command: c.OpenIncident, actor: Actor) -> Receipt:
        for occurrence in command.occurrences:
            standing = self._desk.open_for_occurrence(occurrence)
            if standing is not None:
                raise Refused("{number} is open for this alarm", number=standing.number)
        now_us = self._clock_us()
        incident_id = uuid7(now_us // 1000, self._random_bits(80))
        number = self._numbering.next(now_us, self._desk.numbers())
        texts = self._alarms.texts(command.occurrences)
        decision = incidents.open_incident(command, incident_id, number, texts)
        return receipt(await self._journal.append(decision.facts, actor), str(incident_id), number)

    async def _move(self, command: Any, actor: Actor) -> Receipt:
        at = Circumstances(self._clock_us(), ReopenWindow(zone=self._zone))
        incident = self._incident(command.incident_id)
        if isinstance(command, c.AssignIncident):
            command = self._to_known_person(command)
        return await self._decided(incident, incidents.move(command, incident, at), actor)

    async def _note(self, command: c.NoteIncident, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        return await self._decided(incident, incidents.note(command, incident), actor)

    async def _edit(self, command: c.EditIncident, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        return await self._decided(incident, incidents.edit(command, incident), actor)

    async def _link(self, command: c.LinkAlarms, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        decision = incidents.link_alarms(command, incident, self._alarms.texts(command.occurrences))
        return await self._decided(incident, decision, actor)

    async def _merge(self, command: MergeIncidents, actor: Actor) -> Receipt:
        incident, other = self._incident(command.incident_id), self._incident(command.other_id)
        decision = settling.merge(command, incident, other, self._desk.merges)
        return await self._decided(incident, decision, actor)

    async def _amend(self, command: AmendNote, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        try:
            note = self._desk.note(command.incident_id, bytes.fromhex(command.note))
        except ValueError:
            note = None
        return await self._decided(incident, settling.amend(command, incident, note), actor)

    async def _resolve_conflict(self, command: ResolveConflict, actor: Actor) -> Receipt:
        incident = self._incident(command.incident_id)
        decision = settling.resolve(command, incident, self._desk.moves(command.incident_id))
        return await self._decided(incident, decision, actor, paragraph(command.reason))

    async def _decided(
        self, incident: Incident, decision: incidents.Decision, actor: Actor, reason: str = ""
    ) -> Receipt:
        entries = await self._journal.append(decision.facts, actor, reason=reason, parents=decision.parents)
        return receipt(entries, str(incident.incident_id), incident.number)

    def _incident(self, incident_id: UUID) -> Incident:
        incident = self._desk.incident(incident_id)
        if incident is None:
            raise Refused("This incident is not known here")
        return incident

    def _to_known_person(self, command: c.AssignIncident) -> c.AssignIncident:
        """The agent by id; people may write a login or a full name."""
        if not command.agent.strip():
            return command
        person = self._find_person(command.agent)
        if person is None or person.user.is_disabled:
            raise Refused("Nobody here is called {name}", name=line(command.agent))
        return c.AssignIncident(command.incident_id, command.team, person.user_id)

    def _subject(self, command: Any) -> Subject:
        """The areas of the alarms that the incident is about, and who opened it."""
        incident = self._desk.incident(command.incident_id)
        if incident is None:
            return Subject()
        return self._alarms.subject([Occurrence(*one) for one in incident.occurrences], incident.opened_by)

    def _subject_of_both(self, command: MergeIncidents) -> Subject:
        """Both incidents' areas: who merges must be responsible for either."""
        both = [self._desk.incident(one) for one in (command.incident_id, command.other_id)]
        links = [Occurrence(*link) for incident in both if incident is not None for link in incident.occurrences]
        return self._alarms.subject(links)
