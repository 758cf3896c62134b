"""Who has seen which part of a condition's time: a set of intervals that merges the same way everywhere.

An acknowledgement covers [start_us, seen_through_us] in source time. It leaves the set only when an
un-acknowledgement names it (so that of two concurrent ones both stand), whatever the order in which they arrive, and
nothing here depends on the time at which an event arrives.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.domain.acknowledgement import seen_through_us
from console.domain.identity import Hash


@dataclass(frozen=True, slots=True, order=True)
class AckInterval:
    """One acknowledgement: the event that made it, its place in time, and how far it reaches."""

    hlc: int
    by: Hash
    start_us: int
    seen_through_us: int
    user_id: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Occurred:
    """A stretch of a condition's time. `annunciated_us` is the newest of its start, severity rise, re-alarm and end
    of a shelf; `returned_us` the end of the condition, 0 while it holds."""

    start_us: int
    annunciated_us: int
    returned_us: int = 0


def interval_of(
    by: Hash, hlc: int, wall_us: int, start_us: int, through_us: int, *, user_id: str = "", comment: str = ""
) -> AckInterval:
    """The interval that an event makes; it reaches at most 5 minutes beyond the event's own clock (pitfall P25)."""
    return AckInterval(hlc, by, start_us, seen_through_us(through_us, wall_us), user_id, comment)


def reaches(start_us: int, through_us: int, occurred: Occurred) -> bool:
    """True when the interval overlaps the occurrence and reaches its newest annunciation."""
    if through_us < occurred.annunciated_us:
        return False
    return not occurred.returned_us or start_us <= occurred.returned_us


class AckSet:
    """All acknowledgements of one condition; `put` and `take_back` in any order, as often as they come."""

    __slots__ = ("_intervals", "_taken_back")

    def __init__(self) -> None:
        self._intervals: dict[Hash, AckInterval] = {}
        self._taken_back: set[Hash] = set()

    def put(self, interval: AckInterval) -> bool:
        """False when it is known."""
        if interval.by in self._intervals:
            return False
        self._intervals[interval.by] = interval
        return True

    def take_back(self, named: Iterable[Hash]) -> bool:
        """These acknowledgements count no more, also those that arrive later. False when that is known."""
        before = len(self._taken_back)
        self._taken_back.update(named)
        return len(self._taken_back) > before

    def merge(self, other: "AckSet") -> None:
        """Take in everything that another copy knows."""
        self._intervals.update(other._intervals)
        self._taken_back |= other._taken_back

    def standing(self) -> tuple[AckInterval, ...]:
        """What nobody has taken back, first given first."""
        return tuple(sorted(one for by, one in self._intervals.items() if by not in self._taken_back))

    def covering(self, occurred: Occurred) -> tuple[AckInterval, ...]:
        """Those that acknowledge the occurrence, first given first: the first is shown, all are listed. Empty: none."""
        return tuple(one for one in self.standing() if reaches(one.start_us, one.seen_through_us, occurred))

    def forget(self, before_us: int) -> tuple[tuple[AckInterval, ...], tuple[Hash, ...]]:
        """Drop what reaches no further than this; returns the dropped intervals and of those the taken back.

        For a condition without an open occurrence: old intervals cover nothing that can still be on a list.
        """
        old = [one for one in self._intervals.values() if one.seen_through_us < before_us]
        taken = tuple(one.by for one in old if one.by in self._taken_back)
        for one in old:
            del self._intervals[one.by]
        self._taken_back.difference_update(taken)
        return tuple(old), taken

    @property
    def taken_back(self) -> frozenset[Hash]:
        return frozenset(self._taken_back)

    @property
    def is_empty(self) -> bool:
        return not self._intervals and not self._taken_back

    def __iter__(self) -> Iterator[AckInterval]:
        return iter(sorted(self._intervals.values()))
