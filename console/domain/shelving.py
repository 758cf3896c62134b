"""What hides an alarm on purpose: shelves and out-of-service, merged so that doubt always shows the alarm.

Two registers per condition, because nobody may undo a colleague's maintenance with a shelf (flags are
independent). Concurrent values stand side by side until a later event names them as parents; as long as one of them
lifts, the alarm is visible.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.acknowledgement import AHEAD_US
from console.domain.identity import Hash
from console.domain.registers import Register

SECOND_US = 1_000_000
REASON_CODES = ("chattering", "stale", "maintenance", "other")
LONGEST_S = 24 * 3600  # no class may be longer: a wrong or foreign class maximum hides nothing for good


@dataclass(frozen=True, slots=True)
class Shelved:
    """One shelf as its event grants it: `until_us` is clamped already; it lasts until_us - from_us on any clock."""

    from_us: int  # wall time of the event
    until_us: int
    user_id: str = ""
    reason: str = ""
    reason_code: str = ""
    station_code: str = ""
    is_one_shot: bool = False
    hlc: int = 0  # of its event: what was acknowledged later was acknowledged under it
    by: Hash = b""

    @property
    def lasts_us(self) -> int:
        return self.until_us - self.from_us


def shelved(
    wall_us: int,
    until_us: int,
    max_s: int,
    user_id: str = "",
    reason: str = "",
    *,
    reason_code: str = "",
    station_code: str = "",
    is_one_shot: bool = False,
    hlc: int = 0,
    by: Hash = b"",
) -> Shelved:
    """What the event grants: at most its class maximum after its own wall time, and never less than nothing."""
    longest_us = min(max(max_s, 0), LONGEST_S) * SECOND_US
    end_us = max(wall_us, min(until_us, wall_us + longest_us))
    return Shelved(wall_us, end_us, user_id, reason, reason_code, station_code, is_one_shot, hlc, by)


class Shelf:
    """The shelf of one condition, from events in any order. `None` in the register is an unshelving."""

    __slots__ = ("_register",)

    def __init__(self) -> None:
        self._register: Register[Shelved | None] = Register()

    def put(self, by: Hash, hlc: int, value: Shelved | None, parents: Iterable[Hash] = ()) -> None:
        """A shelving, or None for an unshelving; `parents` are the events it knew and replaces."""
        self._register.put(by, hlc, value, parents)

    def heads(self) -> tuple[Hash, ...]:
        """What the next shelving or unshelving names as parents."""
        return self._register.heads()

    def granted(self) -> Shelved | None:
        """The shelf that may hide the alarm; None when there is none or anybody has lifted it meanwhile.

        Of several concurrent ones the one that ends first.
        """
        values = self._register.values()
        if not values or any(value is None for value in values):
            return None
        return min((value for value in values if value is not None), key=_end)

    def is_disputed(self) -> bool:
        """True when concurrent events do not say the same."""
        return self._register.is_disputed()


def is_over(shelf: Shelved, now_us: int, known_for_s: float) -> bool:
    """Whether this station must show the alarm again. Pure: the caller brings both clocks.

    `known_for_s` counts on the monotonic clock since this station learnt of the shelf: whichever ends first. A wall
    clock that stands before the shelving by more than 5 minutes proves that the clocks disagree, and doubt shows.
    """
    if now_us >= shelf.until_us or now_us < shelf.from_us - AHEAD_US:
        return True
    return known_for_s * SECOND_US >= shelf.lasts_us


@dataclass(frozen=True, slots=True)
class Taken:
    """Taken out of service by somebody, for a reason."""

    user_id: str = ""
    reason: str = ""
    work_order: str = ""
    station_code: str = ""
    since_us: int = 0  # wall time of the event


class OutOfService:
    """Out-of-service of one condition: any concurrent return brings it back. `None` is a return."""

    __slots__ = ("_register",)

    def __init__(self) -> None:
        self._register: Register[Taken | None] = Register()

    def put(self, by: Hash, hlc: int, value: Taken | None, parents: Iterable[Hash] = ()) -> None:
        self._register.put(by, hlc, value, parents)

    def heads(self) -> tuple[Hash, ...]:
        return self._register.heads()

    def taken(self) -> Taken | None:
        """Who took it out (the shown one of several); None: in service."""
        values = self._register.values()
        if not values or any(value is None for value in values):
            return None
        return values[-1]


def _end(shelf: Shelved) -> tuple[int, int, str, str]:
    return (shelf.until_us, shelf.from_us, shelf.user_id, shelf.reason)
