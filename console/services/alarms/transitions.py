"""What the alarm lane carries: transitions on their way to the log, and occurrences that come back from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmKind


class AlarmTransition(NamedTuple):
    """One row of `alarm_log`; `n` counts transitions of this kind within the occurrence, so that stations agree.

    A tuple in the order of the table's columns: a burst makes 50,000 of them, and what is a tuple already is bound to
    its statement as it stands.
    """

    condition_id: UUID
    start_us: int
    transition: Transition
    n: int
    at_us: int  # source time
    receive_us: int
    priority: int
    severity: int  # signed: a low side lies below zero
    value: float | None
    text: str
    subject: str
    kind: str = ""
    rule_id: str = ""
    side: str = ""
    area: str = ""
    asset_name: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class OpenOccurrence:
    """An occurrence that was not closed when the process ended, as its log rows tell it."""

    condition_id: UUID
    start_us: int
    annunciated_us: int
    changed_us: int
    returned_us: int  # 0: still active
    severity: int  # signed
    worst: int  # outwards from zero, since its last acknowledgement
    priority: int
    value: float | None
    text: str
    subject: str
    kind: AlarmKind
    rule_id: str = ""
    side: str = ""
    area: str = ""
    asset_name: str = ""
    counted: Mapping[str, int] = field(default_factory=dict)  # transition -> how many are logged
    is_realarmed: bool = False  # unacknowledged because its acknowledgement ran out
    shelves_ended: frozenset[int] = frozenset()  # numbers in the log of the shelves whose time ran out over it
    began_under: int = 0  # bits of AlarmFlag: rules hid it when it began, and have not let go since
