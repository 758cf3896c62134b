"""Facts about alarms beside acknowledging: what takes it back, what hides an alarm for a while, and what ends that."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class AlarmUnacknowledged(Fact):
    """Takes back exactly the acknowledgements that it names; one that it did not know stands.

    `acknowledgements` are event hashes in hex; the envelope names them as parents too.
    """

    etype: ClassVar[str] = "alarm.unacknowledged"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int
    acknowledgements: tuple[str, ...]
    seen_through_us: int  # how far they reached: the alarm is annunciated anew as of then, in source time
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AlarmShelved(Fact):
    """Out of the list until `until_us` (wall time), at most `max_s` seconds from the event's own wall time.

    `shelf_class` names the class whose maximum `max_s` was when it was decided. Parents: the heads it replaces.
    """

    etype: ClassVar[str] = "alarm.shelved"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    until_us: int
    max_s: int
    shelf_class: str = ""
    reason: str = ""
    reason_code: str = ""
    is_one_shot: bool = False  # ends with the next return to normal, at `until_us` at the latest
    start_us: int = 0  # the occurrence that was seen, 0: none


@dataclass(frozen=True, slots=True)
class AlarmUnshelved(Fact):
    etype: ClassVar[str] = "alarm.unshelved"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AlarmOutOfService(Fact):
    """For maintenance: without an end of its own, until somebody returns it. Parents: the heads it replaces."""

    etype: ClassVar[str] = "alarm.out_of_service"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    reason: str = ""
    work_order: str = ""


@dataclass(frozen=True, slots=True)
class AlarmReturnedToService(Fact):
    etype: ClassVar[str] = "alarm.returned_to_service"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AlarmReset(Fact):
    """Closes this occurrence once it has returned and is acknowledged; before that it has no effect."""

    etype: ClassVar[str] = "alarm.reset"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int


@dataclass(frozen=True, slots=True)
class FirstOutReset(Fact):
    """The mark "first out" is taken off this occurrence, and its group marks nobody before it was normal again."""

    etype: ClassVar[str] = "alarm.first_out_reset"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int


@dataclass(frozen=True, slots=True)
class AlarmTaken(Fact):
    """Whoever wrote it works on this occurrence. Of several the newest stands."""

    etype: ClassVar[str] = "alarm.taken"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int


@dataclass(frozen=True, slots=True)
class AlarmLeft(Fact):
    """Nobody works on this occurrence any more."""

    etype: ClassVar[str] = "alarm.left"
    entity_type: ClassVar[str] = "condition"
    condition_id: UUID
    start_us: int


ALL: tuple[type[Fact], ...] = (
    AlarmUnacknowledged,
    AlarmShelved,
    AlarmUnshelved,
    AlarmOutOfService,
    AlarmReturnedToService,
    AlarmReset,
    FirstOutReset,
    AlarmTaken,
    AlarmLeft,
)
