"""What people can ask for to keep an alarm out of the list for a while, to reset it, and to say that they have it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.alarms import Occurrence
from console.domain.command import Command


@dataclass(frozen=True, slots=True)
class ShelveAlarms(Command):
    """For `duration_s` from now, or one-shot: until the next return to normal, at most `duration_s`.

    Shelving what is shelved already replaces the end. `reason_code` is one of `shelving.REASON_CODES`; the text is
    mandatory. An occurrence names what was seen; a condition without one (start 0) is shelved for what is to come.
    """

    name: ClassVar[str] = "shelve"
    occurrences: tuple[Occurrence, ...]
    duration_s: int
    reason_code: str
    reason: str
    is_one_shot: bool = False


@dataclass(frozen=True, slots=True)
class UnshelveAlarms(Command):
    """Back into the list as they are: what was acknowledged before stays so."""

    name: ClassVar[str] = "unshelve"
    condition_ids: tuple[UUID, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TakeOutOfService(Command):
    """For maintenance, without an end of its own."""

    name: ClassVar[str] = "out-of-service"
    condition_ids: tuple[UUID, ...]
    reason: str
    work_order: str = ""


@dataclass(frozen=True, slots=True)
class ReturnToService(Command):
    name: ClassVar[str] = "return-to-service"
    condition_ids: tuple[UUID, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResetAlarms(Command):
    """Latched alarms that have returned and are acknowledged; the whole batch is refused with the list of others."""

    name: ClassVar[str] = "reset-alarms"
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class ResetFirstOut(Command):
    """Takes the mark "first out" off these alarms; their groups mark nobody before they were normal again."""

    name: ClassVar[str] = "reset-first-out"
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class TakeAlarms(Command):
    """ "I have it": says who works on them; no acknowledgement. Taking what another one has replaces him."""

    name: ClassVar[str] = "take-alarms"
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class LeaveAlarms(Command):
    """Nobody works on them any more."""

    name: ClassVar[str] = "leave-alarms"
    occurrences: tuple[Occurrence, ...]


ALL: tuple[type[Command], ...] = (
    ShelveAlarms,
    UnshelveAlarms,
    TakeOutOfService,
    ReturnToService,
    ResetAlarms,
    ResetFirstOut,
    TakeAlarms,
    LeaveAlarms,
)
