"""What operators do with alarms beside acknowledging: shelve, take out of service, reset, and say who has them.

Every batch is decided whole: one wrong item refuses it with the list of those (ALARM-F41).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from console.domain import alarm_commands as a
from console.domain import alarm_facts as f
from console.domain.acknowledgement import AT_ONCE, NAMED_AT_ONCE, listed
from console.domain.alarm_classes import ShelvingRules
from console.domain.alarms import Occurrence
from console.domain.command import Command
from console.domain.fact import Fact
from console.domain.identity import Hash
from console.domain.permissions import Subject
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.domain.shelving_acts import Shelvable, shelve
from console.services.acts import Act, receipt
from console.services.journal.entries import Actor, Journal
from console.services.station import Receipt


class FlagDoor(Protocol):
    """What these acts need to know of the alarm engine."""

    @property
    def shelving_rules(self) -> ShelvingRules: ...

    def text_of(self, condition_id: UUID) -> str: ...

    def area_of(self, condition_id: UUID) -> str: ...

    def is_current(self, occurrence: Occurrence) -> bool:
        """Whether it is what is on its row now; start 0: the condition is normal."""
        ...

    def shelvable(self, occurrence: Occurrence, user_id: str) -> Shelvable:
        """As it stands now, for this person."""
        ...

    def shelved_by(self, user_id: str) -> int:
        """How many alarms this person has shelved now."""
        ...

    def is_shelved(self, condition_id: UUID) -> bool: ...

    def is_out_of_service(self, condition_id: UUID) -> bool: ...

    def shelf_heads(self, condition_id: UUID) -> Sequence[Hash]:
        """What the next fact about its shelf names as parents."""
        ...

    def service_heads(self, condition_id: UUID) -> Sequence[Hash]: ...

    def why_no_reset(self, occurrence: Occurrence) -> str:
        """Why it cannot be reset now, in English; empty when it can."""
        ...

    def is_first_out(self, occurrence: Occurrence) -> bool:
        """Whether it bears the mark of its group."""
        ...

    def owner_of(self, occurrence: Occurrence) -> str:
        """User id of who works on it, empty for nobody."""
        ...


class FlagActs:
    """Its part of the operators' door."""

    def __init__(self, journal: Journal, alarms: FlagDoor, clock_us: Callable[[], int]) -> None:
        self._journal = journal
        self._alarms = alarms
        self._clock_us = clock_us

    def acts(self) -> Mapping[type[Command], Act]:
        return {
            a.ShelveAlarms: Act(self._shelve, self._about_occurrences),
            a.UnshelveAlarms: Act(self._unshelve, self._about_conditions),
            a.TakeOutOfService: Act(self._take_out, self._about_conditions),
            a.ReturnToService: Act(self._return, self._about_conditions),
            a.ResetAlarms: Act(self._reset, self._about_occurrences),
            a.ResetFirstOut: Act(self._reset_first_out, self._about_occurrences),
            a.TakeAlarms: Act(self._take, self._about_occurrences),
            a.LeaveAlarms: Act(self._leave, self._about_occurrences),
        }

    def _about_occurrences(self, command: Any) -> Subject:
        return self._subject([one.condition_id for one in command.occurrences])

    def _about_conditions(self, command: Any) -> Subject:
        return self._subject(command.condition_ids)

    def _subject(self, condition_ids: Sequence[UUID]) -> Subject:
        """The areas of all that can be acted on; of more than that the act is refused whatever they are."""
        most = max(AT_ONCE, self._alarms.shelving_rules.at_once)
        each = islice(dict.fromkeys(condition_ids), most + 1)
        return Subject(frozenset(self._alarms.area_of(one) for one in each))

    async def _shelve(self, command: a.ShelveAlarms, actor: Actor) -> Receipt:
        rules = self._alarms.shelving_rules
        occurrences = tuple({one.condition_id: one for one in command.occurrences}.values())
        if len(occurrences) <= rules.at_once:
            self._known([one.condition_id for one in occurrences])
        alarms = [self._alarms.shelvable(one, actor.user_id) for one in occurrences[: rules.at_once + 1]]
        facts = shelve(command, alarms, rules, self._clock_us(), self._alarms.shelved_by(actor.user_id))
        parents = self._parents(self._alarms.shelf_heads, [fact.condition_id for fact in facts])
        return receipt(await self._journal.append(facts, actor, reason=facts[0].reason, parents=parents))

    async def _unshelve(self, command: a.UnshelveAlarms, actor: Actor) -> Receipt:
        conditions = self._conditions(command.condition_ids)
        self._refuse("These are not shelved: {alarms}", conditions, self._alarms.is_shelved)
        reason = paragraph(command.reason)
        facts = [f.AlarmUnshelved(one, reason) for one in conditions]
        return await self._write(facts, actor, reason, self._parents(self._alarms.shelf_heads, conditions))

    async def _take_out(self, command: a.TakeOutOfService, actor: Actor) -> Receipt:
        conditions = self._conditions(command.condition_ids)
        reason = required(paragraph(command.reason), "Say why")
        if len(conditions) > self._alarms.shelving_rules.at_once:
            raise Refused(
                "At most {limit} alarms can be taken out of service at once", limit=self._alarms.shelving_rules.at_once
            )
        work_order = line(command.work_order)
        facts = [f.AlarmOutOfService(one, reason, work_order) for one in conditions]
        return await self._write(facts, actor, reason, self._parents(self._alarms.service_heads, conditions))

    async def _return(self, command: a.ReturnToService, actor: Actor) -> Receipt:
        conditions = self._conditions(command.condition_ids)
        self._refuse("These are in service: {alarms}", conditions, self._alarms.is_out_of_service)
        reason = paragraph(command.reason)
        facts = [f.AlarmReturnedToService(one, reason) for one in conditions]
        return await self._write(facts, actor, reason, self._parents(self._alarms.service_heads, conditions))

    async def _reset(self, command: a.ResetAlarms, actor: Actor) -> Receipt:
        occurrences = self._occurrences(command.occurrences)
        whys = [(one, why) for one in occurrences if (why := self._alarms.why_no_reset(one))]
        if whys:
            told = [f"{self._alarms.text_of(one.condition_id)}: {why}" for one, why in whys]
            raise Refused("Not reset. {alarms}", alarms=listed(told))
        facts = [f.AlarmReset(one.condition_id, one.start_us) for one in occurrences]
        return await self._write(facts, actor)

    async def _reset_first_out(self, command: a.ResetFirstOut, actor: Actor) -> Receipt:
        occurrences = self._on_screen(command.occurrences)
        others = [self._alarms.text_of(one.condition_id) for one in occurrences if not self._alarms.is_first_out(one)]
        if others:
            raise Refused("These are not marked as first of their group: {alarms}", alarms=listed(others))
        return await self._write([f.FirstOutReset(one.condition_id, one.start_us) for one in occurrences], actor)

    async def _take(self, command: a.TakeAlarms, actor: Actor) -> Receipt:
        """Taking what another one has replaces him; what one has already is left as it is."""
        occurrences = self._on_screen(command.occurrences)
        fresh = [one for one in occurrences if self._alarms.owner_of(one) != actor.user_id]
        if not fresh:
            raise Refused("You have these already")
        return await self._write([f.AlarmTaken(one.condition_id, one.start_us) for one in fresh], actor)

    async def _leave(self, command: a.LeaveAlarms, actor: Actor) -> Receipt:
        occurrences = self._on_screen(command.occurrences)
        free = [self._alarms.text_of(one.condition_id) for one in occurrences if not self._alarms.owner_of(one)]
        if free:
            raise Refused("Nobody works on these: {alarms}", alarms=listed(free))
        return await self._write([f.AlarmLeft(one.condition_id, one.start_us) for one in occurrences], actor)

    async def _write(
        self, facts: Sequence[Fact], actor: Actor, reason: str = "", parents: Sequence[Hash] = ()
    ) -> Receipt:
        return receipt(await self._journal.append(facts, actor, reason=reason, parents=parents))

    def _conditions(self, given: Sequence[UUID]) -> tuple[UUID, ...]:
        conditions = tuple(dict.fromkeys(given))
        self._page(conditions)
        self._known(conditions)
        return conditions

    def _occurrences(self, given: Sequence[Occurrence]) -> tuple[Occurrence, ...]:
        occurrences = tuple(dict.fromkeys(given))
        self._page(occurrences)
        self._known([one.condition_id for one in occurrences])
        return occurrences

    def _on_screen(self, given: Sequence[Occurrence]) -> tuple[Occurrence, ...]:
        occurrences = self._occurrences(given)
        gone = [one for one in occurrences if not one.start_us or not self._alarms.is_current(one)]
        if gone:
            texts = [self._alarms.text_of(one.condition_id) for one in gone]
            raise Refused("These are no longer the alarms on screen: {alarms}", alarms=listed(texts))
        return occurrences

    def _page(self, given: Sequence[object]) -> None:
        if not given:
            raise Refused("No alarm is selected")
        if len(given) > AT_ONCE:
            raise Refused("At most {limit} alarms at once", limit=AT_ONCE)

    def _known(self, conditions: Sequence[UUID]) -> None:
        if not all(self._alarms.text_of(one) for one in conditions):
            raise Refused("This alarm is not known here")

    def _refuse(self, template: str, conditions: Sequence[UUID], is_right: Callable[[UUID], bool]) -> None:
        wrong = [self._alarms.text_of(one) for one in conditions if not is_right(one)]
        if wrong:
            raise Refused(template, alarms=listed(wrong))

    def _parents(self, heads: Callable[[UUID], Sequence[Hash]], conditions: Sequence[UUID]) -> tuple[Hash, ...]:
        parents = tuple(dict.fromkeys(head for one in conditions for head in heads(one)))
        if len(parents) > NAMED_AT_ONCE:
            raise Refused("At most {limit} alarms at once", limit=NAMED_AT_ONCE)
        return parents
