"""What operators do with alarms: acknowledge exactly what was seen, comment, silence the horn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

from console.domain import commands as c
from console.domain.acknowledgement import AT_ONCE, Seen, Standing, acknowledge, names, unacknowledge
from console.domain.acknowledgements import AckInterval
from console.domain.alarms import Occurrence
from console.domain.facts import AlarmAcknowledged, AlarmCommented, HornSilenced
from console.domain.merge_commands import UnacknowledgeAlarms
from console.domain.permissions import Subject
from console.domain.plain_text import paragraph, required
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.services.acts import Act, receipt
from console.services.identity.signing import Signing
from console.services.journal.entries import Actor, Journal
from console.services.station import Receipt


class AlarmDoor(Protocol):
    """What acts need to know of the alarm engine."""

    def check_acknowledge(self, occurrences: Sequence[Occurrence]) -> Sequence[Standing]:
        """How each one stands now, in the given order; an unknown one is stale."""
        ...

    def seen_through_us(self, occurrence: Occurrence, now_us: int) -> int:
        """How far its condition was seen by now, in its node's source time; at least its newest annunciation."""
        ...

    def annunciated_us(self, occurrence: Occurrence) -> int:
        """Its newest annunciation, in its node's source time; 0 when it is not current."""
        ...

    def acknowledgements_of(self, occurrence: Occurrence) -> Sequence[AckInterval]:
        """Those that acknowledge it, first given first; none when it is not acknowledged or not current."""
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

    def may_acknowledge_many(self, roles: Sequence[str]) -> bool:
        """Whether somebody with these roles acknowledges more than one alarm at once."""
        ...

    def needs_comment(self, condition_id: UUID) -> bool:
        """Whether nobody acknowledges it without a word."""
        ...

    def needs_signature(self, condition_id: UUID) -> bool:
        """Whether acknowledging it takes an electronic signature."""
        ...


class AlarmActs:
    """The alarm's part of the operators' door; `position` is the desk whose horn is silenced."""

    def __init__(
        self,
        journal: Journal,
        alarms: AlarmDoor,
        clock_us: Callable[[], int],
        position: str,
        signing: Signing | None = None,
    ) -> None:
        self._journal = journal
        self._signing = signing
        self._alarms = alarms
        self._clock_us = clock_us
        self._position = position

    def acts(self) -> Mapping[type[c.Command], Act]:
        # more than a page is refused whatever it is about: nobody waits for a million areas to be looked up
        return {
            c.AcknowledgeAlarms: Act(
                self._acknowledge, lambda command: self.subject(_page(command.occurrences)), self._record
            ),
            UnacknowledgeAlarms: Act(self._unacknowledge, lambda command: self.subject(_page(command.occurrences))),
            c.CommentAlarm: Act(self._comment, lambda command: self.subject((command.occurrence,))),
            c.SilenceHorn: Act(self._silence),
        }

    def subject(self, occurrences: Sequence[Occurrence], opened_by: str = "") -> Subject:
        """The areas of these alarms."""
        areas = frozenset(self._alarms.area_of(one.condition_id) for one in occurrences)
        return Subject(areas, opened_by)

    def texts(self, occurrences: Sequence[Occurrence]) -> tuple[str, ...]:
        """What names each one to people."""
        return tuple(self._alarms.text_of(one.condition_id) for one in occurrences)

    async def _acknowledge(self, command: c.AcknowledgeAlarms, actor: Actor) -> Receipt:
        if len(set(command.occurrences)) > 1 and not self._alarms.may_acknowledge_many(actor.roles):
            raise Refused("Your role acknowledges one alarm at a time")
        facts, skipped = self._decide(command)
        if command.signs:
            if self._signing is None:
                raise Refused("This station does not do that")
            entries = await self._signing.append(
                command, lambda: self._record(command), lambda: self._decide(command)[0], actor
            )
        else:
            entries = await self._journal.append(facts, actor)
        return receipt(entries, skipped=tuple(one.text for one in skipped))

    def _decide(self, command: c.AcknowledgeAlarms) -> tuple[tuple[AlarmAcknowledged, ...], tuple[Seen, ...]]:
        """What is written and what is skipped; raises Refused, naming what is in the way."""
        occurrences = tuple(dict.fromkeys(command.occurrences))
        standings = self._alarms.check_acknowledge(occurrences)
        now_us = self._clock_us()
        seen = [self._seen(one, standing, now_us) for one, standing in zip(occurrences, standings, strict=True)]
        facts, skipped = acknowledge(seen, now_us, command.comment)
        wanted = [one for one in seen if one.standing is Standing.OPEN]
        if not paragraph(command.comment):
            silent = [one for one in wanted if self._alarms.needs_comment(one.occurrence.condition_id)]
            if silent:
                raise Refused("Write a comment to acknowledge these: {alarms}", alarms=names(silent))
        signed = [one for one in wanted if self._alarms.needs_signature(one.occurrence.condition_id)]
        if signed and not command.signs:
            raise Refused("These are acknowledged with your signature only: {alarms}", alarms=names(signed))
        return facts, skipped

    def _record(self, command: c.AcknowledgeAlarms) -> Record:
        """What is read before it is signed: every alarm of the batch with its time, and the comment."""
        occurrences = tuple(dict.fromkeys(command.occurrences))
        if not occurrences:
            raise Refused("No alarm is selected")
        lines = [
            ("Alarm", f"{self._alarms.text_of(one.condition_id)} ({_utc(one.start_us)})")
            for one in occurrences[:AT_ONCE]
        ]
        if comment := paragraph(command.comment):
            lines.append(("Comment", comment))
        first = occurrences[0]
        return Record("acknowledgement", f"{first.condition_id}@{first.start_us}+{len(occurrences) - 1}", tuple(lines))

    async def _unacknowledge(self, command: UnacknowledgeAlarms, actor: Actor) -> Receipt:
        occurrences = tuple(dict.fromkeys(command.occurrences))
        standings = self._alarms.check_acknowledge(occurrences)
        seen = [
            Seen(one, standing, 0, self._alarms.text_of(one.condition_id))
            for one, standing in zip(occurrences, standings, strict=True)
        ]
        named = [tuple(self._alarms.acknowledgements_of(one)) for one in occurrences]
        facts, parents = unacknowledge(seen, named, command.comment)
        return receipt(await self._journal.append(facts, actor, parents=parents))

    async def _comment(self, command: c.CommentAlarm, actor: Actor) -> Receipt:
        condition_id = command.occurrence.condition_id
        if not self._alarms.text_of(condition_id):
            raise Refused("This alarm is not known here")
        text = required(paragraph(command.text), "Write something first")
        fact = AlarmCommented(condition_id, command.occurrence.start_us, text)
        return receipt(await self._journal.append([fact], actor), str(condition_id))

    async def _silence(self, _command: c.SilenceHorn, actor: Actor) -> Receipt:
        newest_us = self._alarms.newest_sounding_us()
        if not newest_us:
            raise Refused("Nothing is sounding")
        # not bounded by the clock: what sounded before it was set back must be silenced too, and what comes later
        # sounds in any case
        fact = HornSilenced(self._position, newest_us)
        return receipt(await self._journal.append([fact], actor), self._position)

    def _seen(self, occurrence: Occurrence, standing: Standing, now_us: int) -> Seen:
        through_us = self._alarms.seen_through_us(occurrence, now_us) if standing is Standing.OPEN else 0
        annunciated_us = self._alarms.annunciated_us(occurrence)
        return Seen(occurrence, standing, through_us, self._alarms.text_of(occurrence.condition_id), annunciated_us)


def _page(occurrences: Sequence[Occurrence]) -> tuple[Occurrence, ...]:
    """Each once, as they are acted on: a repeated one must not push another out of sight."""
    return tuple(islice(dict.fromkeys(occurrences), AT_ONCE + 1))


def _utc(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
