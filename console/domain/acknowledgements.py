"""Who has seen which part of a condition's time: a set of intervals that merges the same way everywhere.

An acknowledgement covers [start_us, seen_through_us] in source time. It leaves the set only when an
un-acknowledgement names it (so that of two concurrent ones both stand), whatever the order in which they arrive, and
nothing here depends on the time at which an event arrives.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.domain.acknowledgement import seen_through_us
from console.domain.identity import Hash
from console.domain.interval_store import AckInterval as AckInterval  # noqa: PLC0414 part of this module's face
from console.domain.interval_store import IntervalStore


@dataclass(frozen=True, slots=True)
class Occurred:
    """A stretch of a condition's time. `annunciated_us` is the newest of its start, severity rise, re-alarm and end
    of a shelf; `returned_us` the end of the condition, 0 while it holds."""

    start_us: int
    annunciated_us: int
    returned_us: int = 0


@dataclass(frozen=True, slots=True, order=True)
class TakenBack:
    """One un-acknowledgement: what it names, and the stretch that is annunciated anew as of `seen_through_us`.

    No clock decides what it does: the named ones count no more, and a concurrent one that it did not know stands when
    it saw at least as far.
    """

    hlc: int
    by: Hash
    start_us: int
    seen_through_us: int
    named: frozenset[Hash]


def interval_of(
    by: Hash, hlc: int, wall_us: int, start_us: int, through_us: int, *, user_id: str = "", comment: str = ""
) -> AckInterval:
    """The interval that an event makes; it reaches at most 5 minutes beyond the event's own clock (pitfall P25).

    What was annunciated before that clock was set back lies beyond: it is acknowledged exactly, and nothing else.
    """
    reach_us = seen_through_us(through_us, wall_us)
    return AckInterval(
        hlc, by, start_us, reach_us, user_id, comment, exactly_us=through_us if through_us > reach_us else 0
    )


def taken_back(by: Hash, hlc: int, wall_us: int, start_us: int, through_us: int, named: Iterable[Hash]) -> TakenBack:
    """What an un-acknowledging event does, capped like the acknowledgements that it takes back."""
    return TakenBack(hlc, by, start_us, seen_through_us(through_us, wall_us), frozenset(named))


def overlaps(start_us: int, occurred: Occurred) -> bool:
    """True when a stretch that begins here began before the occurrence was over."""
    return not occurred.returned_us or start_us <= occurred.returned_us


_NEVER = -(1 << 63)
_NONE: dict[Hash, AckInterval] = {}  # shared: hardly any condition has one


class AckSet:
    """All acknowledgements of one condition; `put` and `take_back` in any order, as often as they come."""

    __slots__ = ("_exact", "_furthest_us", "_intervals", "_named", "_taken_back")

    def __init__(self) -> None:
        self._intervals = IntervalStore()
        self._taken_back: dict[Hash, TakenBack] = {}
        self._named: set[Hash] = set()
        self._exact = _NONE  # of those with `exactly_us`
        self._furthest_us = _NEVER  # no interval reaches further: a new occurrence is most often behind all of them

    def put(self, interval: AckInterval) -> bool:
        """False when it is known."""
        if not self._intervals.put(interval):
            return False
        self._furthest_us = max(self._furthest_us, interval.seen_through_us)
        if interval.exactly_us:
            self._exact = {**self._exact, interval.by: interval}
        return True

    def take_back(self, act: TakenBack) -> bool:
        """What it names counts no more, also what arrives later. False when it is known."""
        if act.by in self._taken_back:
            return False
        self._taken_back[act.by] = act
        self._named |= act.named
        return True

    def merge(self, other: "AckSet") -> None:
        """Take in everything that another copy knows."""
        for interval in other._intervals:
            self.put(other._exact.get(interval.by, interval))
        for act in other._taken_back.values():
            self.take_back(act)

    def standing(self) -> tuple[AckInterval, ...]:
        """What nobody has taken back, first given first."""
        return tuple(sorted(self._intervals.without(self._named)))

    def annunciated_us(self, occurred: Occurred) -> int:
        """The newest annunciation of the occurrence, un-acknowledgements included."""
        again = (act.seen_through_us for act in self._taken_back.values() if overlaps(act.start_us, occurred))
        return max(occurred.annunciated_us, max(again, default=0))

    def covering(self, occurred: Occurred) -> tuple[AckInterval, ...]:
        """Those that acknowledge the occurrence, first given first: the first is shown, all are listed. Empty: none."""
        reach_us = self.annunciated_us(occurred)
        exact = [
            one
            for one in self._exact.values()
            if (one.start_us, one.exactly_us) == (occurred.start_us, reach_us) and one.by not in self._named
        ]
        if reach_us > self._furthest_us:
            return tuple(sorted(exact))
        seen = self._intervals.reaching(reach_us)
        wide = (one for one in seen if overlaps(one.start_us, occurred) and one.by not in self._named)
        return tuple(sorted((*wide, *exact)))

    def forget(self, before_us: int) -> tuple[AckInterval | TakenBack, ...]:
        """Drop and return what reaches no further than this.

        For a condition without an open occurrence: old intervals cover nothing that can still be on a list.
        """
        intervals = self._intervals.drop(before_us)
        if self._exact:
            self._exact = {by: one for by, one in self._exact.items() if by in self._intervals}
        acts = tuple(  # what is still kept must stay taken back
            one
            for one in self._taken_back.values()
            if one.seen_through_us < before_us and not any(by in self._intervals for by in one.named)
        )
        for act in acts:
            del self._taken_back[act.by]
        self._named = {by for act in self._taken_back.values() for by in act.named}
        self._furthest_us = self._intervals.furthest_us(_NEVER)
        return (*intervals, *acts)

    @property
    def is_empty(self) -> bool:
        return not len(self._intervals) and not self._taken_back

    def __iter__(self) -> Iterator[AckInterval | TakenBack]:
        """Everything that is known, for digests."""
        yield from self._intervals
        yield from self._taken_back.values()
