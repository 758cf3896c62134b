"""What the seam answers about one alarm: its past, what was done, what happened in like cases, what it is made of."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One line of what happened. `kind` is a transition of `alarm_log` or the type of a fact; times us UTC, 0: none."""

    kind: str
    at_us: int  # source time of a transition, wall time of an act
    receive_us: int = 0  # when this PC learned of it
    who: str = ""  # shown name
    workstation: str = ""  # code of the station where it was done
    text: str = ""  # comment or reason, as typed
    reason_code: str = ""
    work_order: str = ""
    until_us: int = 0  # of a shelf
    value: float | None = None
    severity: int = 0
    priority: int = 0
    is_taken_back: bool = False  # an acknowledgement that does not stand any more
    is_concurrent: bool = False  # given without knowing of another one
    doubts: tuple[str, ...] = ()  # flags of the journal entry: unauthorised, clock_suspect, ...


@dataclass(frozen=True, slots=True)
class LinkedIncident:
    """An incident about one occurrence, and what was done: code and words of its newest resolution."""

    incident_id: UUID
    number: str
    state: str
    title: str
    resolution_code: str = ""
    solution: str = ""
    solved_by: str = ""
    solved_us: int = 0


@dataclass(frozen=True, slots=True)
class PastOccurrence:
    """An earlier time of the same alarm (`is_own`), or of the same rule on another device."""

    condition_id: UUID
    start_us: int
    asset_name: str
    is_own: bool
    ended_us: int = 0  # 0: it did not return as far as is known
    acknowledged_us: int = 0
    acknowledged_by: str = ""
    worst: int = 1
    acts: tuple[StoryStep, ...] = ()  # acknowledgements and comments, oldest first
    incidents: tuple[LinkedIncident, ...] = ()


@dataclass(frozen=True, slots=True)
class RawInputs:
    """What a value is computed from: the expression or comparison, and the tags it names by their path. A handle below
    0: no such tag is known."""

    expression: str = ""
    tags: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmDetails:
    """`steps` newest first; `past` newest first, at most as many as were asked for, of `own_past` in all."""

    condition_id: UUID
    start_us: int
    steps: tuple[StoryStep, ...] = ()
    incidents: tuple[LinkedIncident, ...] = ()
    past: tuple[PastOccurrence, ...] = ()
    own_past: int = 0
    inputs: RawInputs = RawInputs()


@dataclass(frozen=True, slots=True)
class PastAlarm:
    """What the log says of an alarm, whether it is known now or not."""

    condition_id: UUID
    text: str
    asset_name: str
    area: str


def _none() -> NDArray[Any]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class PastSpans:
    """Activations that are over, one place each in columns, by their end; `alarm` is an index into `alarms`."""

    alarms: tuple[PastAlarm, ...] = ()
    alarm: NDArray[np.int32] = field(default_factory=_none)
    start_us: NDArray[np.int64] = field(default_factory=_none)
    end_us: NDArray[np.int64] = field(default_factory=_none)
    priority: NDArray[np.uint8] = field(default_factory=_none)  # the most urgent it had
