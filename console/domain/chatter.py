"""Alarms that come and go: noticed, marked, and what would calm them (three activations within 60 s)."""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

from console.domain.alarm_step import Transition

COUNT = 3
WITHIN_US = 60_000_000
QUIET_US = 300_000_000  # so long without an activation, and it is calm again
LONGEST_ON_DELAY_S = 30  # an operator may not learn of it later than this because of a proposal
LONGEST_OFF_DELAY_S = 120
SHELVE_S = 3600


@dataclass(slots=True)
class Chatter:
    """One alarm. A mark and nothing else: it hides neither an activation nor a return."""

    is_chattering: bool = False
    _starts: list[int] = field(default_factory=list)  # source times of the newest activations, in order
    _heard_us: int = 0  # this PC's time of the newest one

    def begun(self, start_us: int, now_us: int) -> bool:
        """An activation, in whatever order they are told. True when the alarm chatters from now on."""
        self._heard_us = max(self._heard_us, now_us)
        if start_us in self._starts:
            return False
        insort(self._starts, start_us)
        del self._starts[:-COUNT]
        if self.is_chattering or len(self._starts) < COUNT or self._starts[-1] - self._starts[0] > WITHIN_US:
            return False
        self.is_chattering = True
        return True

    def is_quiet(self, now_us: int) -> bool:
        """Nothing came for long enough: what was remembered may be forgotten, a mark taken off."""
        return now_us - self._heard_us >= QUIET_US


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would have calmed the alarm. 0 and None: that would not help, or nothing is known about it."""

    activations: int
    on_delay_s: int = 0  # swallows pulses of this length
    off_delay_s: int = 0  # holds the alarm over gaps of this length
    deadband: float | None = None
    shelve_s: int = SHELVE_S  # until somebody has looked at it


def proposal(spans: Sequence[tuple[int, int]], depths: Sequence[float] = ()) -> Proposal:
    """From the (start, end) source times of one alarm's activations, oldest first, microseconds; an end of 0 is open.

    `depths`: how far beyond the limit towards normal each gap went, in the value's unit. A delay is proposed where it
    would have swallowed nine of ten pulses or gaps without making the operator wait too long.
    """
    pulses = [end - start for start, end in spans if end]
    gaps = [start - end for (_, end), (start, _) in pairwise(spans) if end]
    deadband = _most(depths) if depths and min(depths) > 0 else None
    return Proposal(
        len(spans),
        _delay(pulses, LONGEST_ON_DELAY_S),
        _delay(gaps, LONGEST_OFF_DELAY_S),
        None if deadband is None else deadband * 1.1,
    )


def spans_of(log: Iterable[tuple[str, int, int]]) -> list[tuple[int, int]]:
    """(start, end) of each activation from one alarm's log as (transition, start, at), in any order; 0: still open."""
    ends: dict[int, int] = {}
    for transition, start_us, at_us in log:
        if transition == Transition.RAISED:
            ends.setdefault(start_us, 0)
        elif transition == Transition.RETURNED:
            ends[start_us] = at_us
    return sorted(ends.items())


def _delay(lengths: Sequence[int], longest_s: int) -> int:
    if not lengths:
        return 0
    seconds = ceil((_most(lengths) + 1) / 1e6)  # longer than the pulse, not as long
    return seconds if seconds <= longest_s else 0


def _most(numbers: Sequence[float]) -> float:
    """The smallest that nine of ten do not exceed."""
    ordered = sorted(numbers)
    return ordered[ceil(0.9 * len(ordered)) - 1]
