"""The rule of acknowledging: it is about the occurrence that was seen, never about the tag.

OPC 10000-9 (Part 9) names the event that is acknowledged and may reject unknown and already acknowledged ones;
NUREG-0700 4.3.3-2 allows it only where the alarm can be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.alarms import Occurrence
from console.domain.facts import AlarmAcknowledged
from console.domain.identity import Hash
from console.domain.plain_text import paragraph
from console.domain.refusal import Refused

AT_ONCE = 100  # a page of rows
NAMED_AT_ONCE = 64  # parents of one envelope
AHEAD_US = 5 * 60 * 1_000_000  # no act reaches further than this beyond the clock of the one who acts
_NAMED = 5


class Standing(StrEnum):
    """How an occurrence that somebody points at stands now."""

    OPEN = "open"  # current, waits for acknowledgement (active or returned)
    ACKNOWLEDGED = "acknowledged"
    STALE = "stale"  # no longer the occurrence on screen, or never known


@dataclass(frozen=True, slots=True)
class Seen:
    """An occurrence as it stands at the moment of acting; `text` names it to people.

    `through_us` is how far its condition was seen, in the source time of its own node: on a slow clock the acker's
    wall time would acknowledge what is yet to come.
    """

    occurrence: Occurrence
    standing: Standing
    through_us: int
    text: str = ""
    annunciated_us: int = 0  # its newest annunciation: what is on screen can be acknowledged by whatever clock


class Given(Protocol):
    """An acknowledgement as un-acknowledging needs it (`acknowledgements.AckInterval`)."""

    @property
    def by(self) -> Hash: ...

    @property
    def seen_through_us(self) -> int: ...


def seen_through_us(through_us: int, now_us: int) -> int:
    """How far an acknowledgement reaches: a sample stamped 2099 must not hide the alarms that follow."""
    return min(through_us, now_us + AHEAD_US)


def acknowledge(
    seen: Sequence[Seen], now_us: int, comment: str = ""
) -> tuple[tuple[AlarmAcknowledged, ...], tuple[Seen, ...]]:
    """The facts, and what was acknowledged before and is therefore skipped.

    Refused as a whole, naming them, when one is not on screen any more, and when there is nothing left to do.
    """
    if not seen:
        raise Refused("No alarm is selected")
    if len(seen) > AT_ONCE:
        raise Refused("At most {limit} alarms can be acknowledged at once", limit=AT_ONCE)
    stale = [one for one in seen if one.standing is Standing.STALE]
    if stale:
        raise Refused("Not acknowledged, these are no longer the alarms on screen: {alarms}", alarms=names(stale))
    skipped = tuple(one for one in seen if one.standing is Standing.ACKNOWLEDGED)
    if len(skipped) == len(seen):
        raise Refused("Already acknowledged: {alarms}", alarms=names(skipped))
    text = paragraph(comment)
    facts = tuple(
        AlarmAcknowledged(
            one.occurrence.condition_id,
            one.occurrence.start_us,
            max(seen_through_us(one.through_us, now_us), min(one.through_us, one.annunciated_us)),
            text,
        )
        for one in seen
        if one.standing is Standing.OPEN
    )
    return facts, skipped


def unacknowledge(
    seen: Sequence[Seen], named: Sequence[Sequence[Given]], comment: str = ""
) -> tuple[tuple[AlarmUnacknowledged, ...], tuple[Hash, ...]]:
    """The facts, and the acknowledgements that they take back together: the parents of their envelopes.

    `named` has for every occurrence all the acknowledgements that cover it; one that is not known here stands, because
    nobody here has seen it. Refused as a whole when one is not on screen any more or not acknowledged.
    """
    if not seen:
        raise Refused("No alarm is selected")
    stale = [one for one in seen if one.standing is Standing.STALE]
    if stale:
        raise Refused("Not taken back, these are no longer the alarms on screen: {alarms}", alarms=names(stale))
    unseen = [one for one, acks in zip(seen, named, strict=True) if not acks]
    if unseen:
        raise Refused("Not acknowledged: {alarms}", alarms=names(unseen))
    parents = tuple(dict.fromkeys(ack.by for acks in named for ack in acks))
    if len(parents) > NAMED_AT_ONCE:
        raise Refused("At most {limit} acknowledgements can be taken back at once", limit=NAMED_AT_ONCE)
    text = paragraph(comment)
    facts = tuple(
        AlarmUnacknowledged(
            one.occurrence.condition_id,
            one.occurrence.start_us,
            tuple(ack.by.hex() for ack in acks),
            max(ack.seen_through_us for ack in acks),
            text,
        )
        for one, acks in zip(seen, named, strict=True)
    )
    return facts, parents


def names(seen: Sequence[Seen]) -> str:
    """The first few by name, then how many more."""
    return listed([one.text or str(one.occurrence.condition_id) for one in seen])


def listed(texts: Sequence[str]) -> str:
    """The first few of these names, then how many more."""
    shown = ", ".join(texts[:_NAMED])
    return shown + (f" (+{len(texts) - _NAMED})" if len(texts) > _NAMED else "")
