"""The one door for operators: every act is checked, decided, written down, and only then takes effect.

Effects come from the journal: whoever keeps state listens to its entries, own and replicated alike. A station that
replays or receives never passes through here.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Protocol

from console.domain import commands as c
from console.domain.facts import ActRefused, PreferenceSaved, RebirthRequested
from console.domain.permissions import PERMISSIONS, may
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.services.acts import Act, receipt
from console.services.alarms.alarm_door import AlarmActs, AlarmDoor
from console.services.alarms.flag_acts import FlagActs, FlagDoor
from console.services.identity.sign_on import Session, SignOnDesk
from console.services.identity.signing import Signing
from console.services.journal.entries import SYSTEM, Actor, Journal
from console.services.servicedesk.incident_door import IncidentActs
from console.services.servicedesk.incidents import IncidentDesk
from console.services.servicedesk.numbering import Numbering
from console.services.station import Receipt


class RebirthDoor(Protocol):
    """What asks a Sparkplug node for its birth."""

    def request_rebirth(self, broker: str, group: str, node: str) -> None:
        """Raises Refused when it may not be asked now (not connected, asked a moment ago)."""
        ...


class AlarmsDoor(AlarmDoor, FlagDoor, Protocol):
    """The alarm engine, as far as acts need it."""


class Operations:
    """`submit` is the only way in. Lives in the main thread; decisions are made one after the other.

    `incarnation` gives the letter of the journal's stream; `zone` is the site's; `station_refusal` tells why this
    station does not do what a command asks (not enrolled), None when it does. Further areas bring their acts by
    `extend`.
    """

    def __init__(
        self,
        journal: Journal,
        alarms: AlarmsDoor,
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
        station_refusal: Callable[[str], str | None] = lambda command: None,
        signing: Signing | None = None,
    ) -> None:
        self._journal = journal
        self._station_refusal = station_refusal
        self._sign_on = sign_on
        self._rebirth = rebirth
        self._one_at_a_time = asyncio.Lock()
        self._acts: dict[type[c.Command], Act] = {
            c.SavePreference: Act(self._save_preference),
            c.RequestRebirth: Act(self._request_rebirth),
        }
        alarm_acts = AlarmActs(journal, alarms, clock_us, position, signing)
        incident_acts = IncidentActs(
            journal,
            desk,
            alarm_acts,
            lambda name: sign_on.users.find(name),  # noqa: PLW0108 a changed directory is another one
            Numbering(site_short, station_code, incarnation, zone),
            clock_us=clock_us,
            zone=zone,
            random_bits=random_bits,
        )
        self.extend(alarm_acts.acts())
        self.extend(FlagActs(journal, alarms, clock_us).acts())
        self.extend(incident_acts.acts())

    def extend(self, acts: Mapping[type[c.Command], Act]) -> None:
        """Let these commands in as well; ValueError for one that has its act already."""
        twice = self._acts.keys() & acts.keys()
        if twice:
            raise ValueError(f"two acts for {', '.join(sorted(command.name for command in twice))}")
        for command, act in acts.items():
            if PERMISSIONS[command.name].signed is not None and act.record is None:
                raise ValueError(f"{command.name} is signed but shows no record")
        self._acts.update(acts)

    def record_of(self, command: c.Command) -> Record:
        """What a person is shown before he signs this command; raises Refused."""
        act = self._acts.get(type(command))
        if act is None or act.record is None:
            raise Refused("This needs no signature")
        return act.record(command)

    @property
    def commands(self) -> frozenset[type[c.Command]]:
        """Everything that can be asked for here, signing on and off aside."""
        return frozenset(self._acts)

    async def submit(self, command: c.Command, session: Session | None = None) -> Receipt:
        """Do what the person of this session (default: signed on at the console) asks; returns when durable.

        Raises Refused. A signed-on person's denied act is written down; what the state of things refuses is not.
        """
        if isinstance(command, c.SignOn):
            return await self._sign_person_on(command)
        if isinstance(command, c.SignOff):
            return receipt(await self._sign_on.end_session(session) if session else await self._sign_on.sign_off())
        session = session or self._sign_on.current
        act = self._acts.get(type(command))
        if act is None:
            raise Refused("This station does not do that")
        actor = await self._admitted(act, command, session)
        if act.is_long:
            return await act.do(command, actor)
        return await asyncio.shield(self._in_turn(act, command, session))

    async def _admitted(self, act: Act, command: c.Command, session: Session | None) -> Actor:
        """Who gives the command, if he may now; else Refused."""
        person = self._sign_on.person(session)
        closed = self._station_refusal(command.name) or self._sign_on.refusal_of(session, command.name)
        if closed is not None:
            raise Refused(closed)
        denial = may(person, type(command), act.about(command))
        if denial is not None:
            if session is not None and person is not None:
                await self._note_denial(command, session, denial)
            raise Refused(denial)
        return self._sign_on.actor(session) if session is not None and person is not None else SYSTEM

    async def _in_turn(self, act: Act, command: c.Command, session: Session | None) -> Receipt:
        """What is decided must see what was decided before it, even when whoever asked no longer waits: it may be that
        he lost the right to it meanwhile."""
        async with self._one_at_a_time:
            return await act.do(command, await self._admitted(act, command, session))

    async def _note_denial(self, command: c.Command, session: Session, denial: str) -> None:
        fact = ActRefused(session.person.user_id, command.name, denial)
        try:
            await self._journal.append([fact], self._sign_on.actor(session))
        except Refused:
            return  # a journal that cannot write refuses every act by itself; the denial stands

    async def _sign_person_on(self, command: c.SignOn) -> Receipt:
        session, entries = await self._sign_on.sign_on(command.login, command.password)
        return receipt(entries, session.person.user_id)

    async def _save_preference(self, command: c.SavePreference, actor: Actor) -> Receipt:
        key = required(line(command.key), "A preference needs a name")
        value = paragraph(command.value)
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            raise Refused("A preference is JSON text") from None
        fact = PreferenceSaved(actor.user_id, key, value)
        return receipt(await self._journal.append([fact], actor), actor.user_id)

    async def _request_rebirth(self, command: c.RequestRebirth, actor: Actor) -> Receipt:
        """Written down before it is asked: an order to OT without a name behind it never leaves the station."""
        if self._rebirth is None:
            raise Refused("This station asks no node for its birth")
        fact = RebirthRequested(f"{command.broker}/{command.group}/{command.node}")
        entries = await self._journal.append([fact], actor)
        self._rebirth.request_rebirth(command.broker, command.group, command.node)
        return receipt(entries, fact.node_path)
