"""What an alarm is: kinds, priorities, states, occurrences and rules. The transitions live in `alarm_step`."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID


class Priority(IntEnum):
    """Urgency for the operator; 5 goes to the journal only, without row or sound."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4
    JOURNAL = 5


class AlarmState(IntEnum):
    """Region 1 of an alarm (OPC UA Part 9): process x acknowledgement. The values are stable in columns and logs."""

    NORMAL = 0
    UNACKNOWLEDGED = 1
    ACKNOWLEDGED = 2
    RETURNED_UNACKNOWLEDGED = 3
    LATCHED_UNACKNOWLEDGED = 4
    LATCHED_ACKNOWLEDGED = 5


ACTIVE_STATES = frozenset({AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED})
UNACKNOWLEDGED_STATES = frozenset(
    {AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED_UNACKNOWLEDGED, AlarmState.LATCHED_UNACKNOWLEDGED}
)


class AlarmKind(StrEnum):
    LIMIT = "limit"  # HH/H/L/LL: one condition per side
    DEVIATION = "deviation"  # value minus setpoint, limits like LIMIT
    RATE = "rate"  # change of the value over `over_s` seconds, per second, limits like LIMIT
    BASELINE = "baseline"  # distance from what is usual at this hour, limits like LIMIT
    DISCRETE = "discrete"  # a state that is an alarm by itself
    STALE = "stale"
    BAD_QUALITY = "bad_quality"
    NODE_DEAD = "node_dead"  # Sparkplug node or device death
    LINK_DOWN = "link_down"  # our own link to a broker
    CLOCK = "clock"  # a node's clock is wrong
    SYSTEM = "system"  # Leitstand about itself: no sound device, disk, defect


class Severity(IntEnum):
    """Band of a limit alarm, signed: high side above zero, low side below; discrete alarms use 1."""

    LOW_LOW = -2
    LOW = -1
    NORMAL = 0
    HIGH = 1
    HIGH_HIGH = 2


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One `[[rule]]`. `tag` is a glob over `TagSource.path()` without its broker; limits that are None do not exist.

    `priority` holds for the outer band given; `priority_inner` (H, L) defaults to one less urgent when HH/LL exist.
    Delays in seconds of source time. `equals` serves discrete rules: alarm while the value is in this set
    (numbers, booleans or texts).
    """

    rule_id: str
    tag: str
    kind: AlarmKind
    hh: float | None = None
    h: float | None = None
    l: float | None = None  # noqa: E741 - the field's standard name
    ll: float | None = None
    equals: tuple[float | bool | str, ...] = ()
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    priority: Priority = Priority.MEDIUM
    priority_inner: Priority | None = None
    text: str = ""
    response: str = ""
    area: str = ""
    revision: int = 1
    alarm_class: str = "standard"
    deadbands: tuple[tuple[str, float], ...] = ()  # ("hh", 2.0): instead of `deadband` for this limit
    setpoint: str = ""  # DEVIATION: a tag's path (may use the device's own: "./Setpoint"), or a number
    over_s: float = 60.0  # RATE
    count: int = 1  # so many entries within `within_s` make the alarm
    within_s: float = 0.0
    first_out: str = ""  # name of a group of which the first one is marked
    suppress_when: str = ""  # an expression (`domain.expressions`): suppressed by design while it is true
    cause: str = ""
    consequence: str = ""
    time_to_respond_s: int = 0
    owner: str = ""
    needs_comment: bool = False  # beside what its class says
    cycle: str = "weekday_hour"  # BASELINE (`domain.history.baseline`): what repeats itself
    periods: int = 12  # BASELINE: so many of them make what is usual
    bound: str = "sigma"  # BASELINE: what the limits count
    floor: float | None = None  # BASELINE: a value below it is never too high
    least_sigma: float = 0.0  # BASELINE: sigma counts as this at least


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One activation of a condition: its identity everywhere. `start_us` is the crossing sample's source time."""

    condition_id: UUID
    start_us: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What can alarm: a rule on a tag or asset. `row` is a dense integer of this process only."""

    row: int
    condition_id: UUID
    rule_id: str
    kind: AlarmKind
    side: str = ""  # "high", "low" or empty
    tag_id: UUID | None = None
    tag_handle: int = -1
    asset_id: UUID | None = None
    subject: str = ""  # tag, node or link by its path
    asset_name: str = ""
    area: str = ""
    text: str = ""  # what to show; plain text from outside or from the rules
    response: str = ""
    unit: str = ""
    limits: tuple[tuple[str, float], ...] = ()  # ("HH", 95.0) ...
    alarm_class: str = "standard"
    cause: str = ""
    consequence: str = ""
    time_to_respond_s: int = 0
    owner: str = ""
    needs_comment: bool = False
    needs_signature: bool = False
    is_shelvable: bool = True
    first_out: str = ""
    display: str = ""  # what to open for it: the id of a view, or words
    class_name: str = ""  # what people call its class; empty: by its id
