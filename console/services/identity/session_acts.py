"""Acts about sessions and other people's acts: lock and unlock, break the glass, put a name to it, countersign."""

from collections.abc import Callable, Mapping

from console.domain import people_commands as u
from console.domain.command import Command
from console.domain.commands import COMMANDS
from console.domain.facts import Fact
from console.domain.people_facts import ActCountersigned, BreakGlassAttributed
from console.domain.permissions import Subject, may
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.domain.unsafe_acts import ACT_RULES
from console.services.acts import Act, receipt
from console.services.identity.gate import Gate
from console.services.identity.sign_on import SignOnDesk
from console.services.identity.signing import Signing
from console.services.journal.entries import Actor, Entry, Journal
from console.services.station import Receipt

BREAK_GLASS_TEXT = "Somebody acted as control room and nobody has said who it was"


class SessionActs:
    """Its part of the operators' door."""

    def __init__(
        self, journal: Journal, sign_on: SignOnDesk, gate: Gate, signing: Signing, clock_us: Callable[[], int]
    ) -> None:
        self._journal = journal
        self._sign_on = sign_on
        self._gate = gate
        self._signing = signing
        self._clock_us = clock_us

    def acts(self) -> Mapping[type[Command], Act]:
        return {
            u.Lock: Act(self._lock),
            u.Unlock: Act(self._unlock),
            u.BreakGlass: Act(self._break_glass),
            u.AttributeBreakGlass: Act(self._attribute, self._about_use),
            u.Countersign: Act(self._countersign, record=self._countersigning),
        }

    def is_overdue(self) -> bool:
        """True when a use of the control room identity is older than a shift and has no name: a system alarm."""
        return bool(self._sign_on.everywhere.unattributed(self._clock_us() - self._sign_on.rules.shift_us))

    async def _lock(self, command: u.Lock, actor: Actor) -> Receipt:
        return receipt(await self._sign_on.lock(actor.session_id, line(command.why)), actor.user_id)

    async def _unlock(self, command: u.Unlock, actor: Actor) -> Receipt:
        return receipt(await self._sign_on.unlock(actor.session_id, command.secret, command.is_pin), actor.user_id)

    async def _break_glass(self, command: u.BreakGlass, _actor: Actor) -> Receipt:
        why = required(paragraph(command.why), "Say why nobody can sign on")
        session, entries = await self._sign_on.break_glass(why)
        return receipt(entries, session.session_id)

    async def _attribute(self, command: u.AttributeBreakGlass, actor: Actor) -> Receipt:
        use = self._sign_on.everywhere.use(command.use_id.strip())
        if use is None:
            raise Refused("This use of the control room identity is not known here")
        if use.by:
            raise Refused("It was {name}: that is written down already", name=self._sign_on.name_of(use.by))
        person = self._sign_on.users.find(command.user or actor.user_id)
        if person is None:
            raise Refused("Nobody here is called {name}", name=line(command.user))
        fact = BreakGlassAttributed(use.use_id, person.user_id, paragraph(command.note))
        return receipt(await self._journal.append([fact], actor), use.use_id)

    async def _countersign(self, command: u.Countersign, actor: Actor) -> Receipt:
        act = self._act(command)
        if act.actor.user_id == actor.user_id:
            raise Refused("Nobody countersigns his own act")
        needed = ACT_RULES[act.etype].command_of(act.fact)
        person = self._sign_on.users.person(actor.user_id)
        if needed in COMMANDS and may(person, COMMANDS[needed]) is not None:
            raise Refused("Only who may do this himself may countersign it")

        def decide() -> list[Fact]:
            return [ActCountersigned(self._act(command).hash.hex(), paragraph(command.note))]

        entries = await self._signing.append(
            command, lambda: self._countersigning(command), decide, actor, parents=(act.hash,)
        )
        return receipt(entries, act.hash.hex())

    def _countersigning(self, command: u.Countersign) -> Record:
        act = self._act(command)
        person = self._sign_on.users.person(act.actor.user_id)
        lines = (
            ("Act", act.etype),
            ("Who", self._sign_on.name_of(act.actor.user_id)),
            ("Profile mark", person.user.mark if person is not None else ""),
            ("When", str(act.wall_us)),
            ("Station", act.station_code),
            ("Concerning", act.entity_id),
            ("Content", act.payload_json),
            ("Note", paragraph(command.note)),
        )
        return Record("act.countersign", act.hash.hex(), lines)

    def _act(self, command: u.Countersign) -> Entry:
        try:
            found = self._gate.find_withheld(bytes.fromhex(command.act_hash.strip()))
        except ValueError:
            found = None
        if found is None:
            raise Refused("No act with this mark waits for a countersignature")
        return found

    def _about_use(self, command: u.AttributeBreakGlass) -> Subject:
        """Saying that it was oneself is one's own matter."""
        person = self._sign_on.users.find(command.user) if command.user.strip() else None
        return Subject(opened_by=person.user_id if person else "", is_own=not command.user.strip())
