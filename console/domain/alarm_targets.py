"""What is measured about the alarm system itself, and the bands it is held against.

Numbers of ISA-18.2 / IEC 62682 practice as published (per day, per hour, per 10 minutes, top ten, stale, 80/15/5) and
of EEMUA 191 (steady rate, peaks, standing). Rates are per operator position. They are advice for at least 30 days of
data; a mean inside its band says nothing about the hours outside it, so the percentages stand beside the means.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kpi(StrEnum):
    """The words are stable: exports and saved layouts name them."""

    PER_DAY = "per_day"
    PER_HOUR = "per_hour"
    PER_TEN_MINUTES = "per_ten_minutes"
    HOURS_OVER_30 = "hours_over_30"  # percent of the hours
    BINS_OVER_10 = "bins_over_10"  # percent of the ten minutes
    MOST_IN_TEN_MINUTES = "most_in_ten_minutes"
    FLOOD_TIME = "flood_time"  # percent of the time
    FLOODS = "floods"
    FLOODS_PER_WEEK = "floods_per_week"
    LONGEST_FLOOD = "longest_flood"  # seconds
    PEAK_RATE = "peak_rate"  # most in ten sliding minutes
    TOP_TEN_SHARE = "top_ten_share"
    CHATTERING = "chattering"  # alarms with three activations within 60 s
    PER_DAY_DECHATTERED = "per_day_dechattered"
    FLEETING = "fleeting"
    STALE = "stale"  # most on any day
    SHARE_CRITICAL = "share_critical"
    SHARE_HIGH = "share_high"  # critical and high together
    SHARE_MEDIUM = "share_medium"
    SHARE_LOW = "share_low"
    STANDING = "standing"  # mean number of active alarms
    ACK_MEDIAN = "ack_median"  # seconds
    ACK_P95 = "ack_p95"
    ACK_MOST = "ack_most"
    ACTIVE_MEDIAN = "active_median"  # seconds
    ACTIVE_P95 = "active_p95"
    ACTIVE_MOST = "active_most"
    RETURNED_FIRST = "returned_first"  # percent of the annunciations that returned before anybody acknowledged
    SHELVED = "shelved"  # at the end of the window
    RESHELVED = "reshelved"
    OUT_OF_SERVICE_LONG = "out_of_service_long"
    CHANGED_SETTINGS = "changed_settings"  # settings that differ from the master record
    ABOVE_STEADY = "above_steady"  # percent of the ten minutes with more than one
    PEAK_HOUR = "peak_hour"
    PEAK_MINUTE = "peak_minute"


class Verdict(StrEnum):
    GOOD = "good"
    OVER_TARGET = "over_target"
    OVER_LIMIT = "over_limit"
    NO_DATA = "no_data"
    NO_TARGET = "no_target"  # for the site to judge


class Bound(StrEnum):
    AT_MOST = "<="
    BELOW = "<"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Target:
    """`target` is where one wants to be, `limit` where something must be done; None: there is no such number."""

    target: float | None = None
    limit: float | None = None
    bound: Bound = Bound.AT_MOST


TARGETS: dict[Kpi, Target] = {
    Kpi.PER_DAY: Target(144, 288),
    Kpi.PER_HOUR: Target(6, 12),
    Kpi.PER_TEN_MINUTES: Target(1, 2),
    Kpi.HOURS_OVER_30: Target(1, bound=Bound.BELOW),
    Kpi.BINS_OVER_10: Target(1, bound=Bound.BELOW),
    Kpi.MOST_IN_TEN_MINUTES: Target(10),
    Kpi.FLOOD_TIME: Target(1, bound=Bound.BELOW),
    Kpi.FLOODS_PER_WEEK: Target(0, 20),
    Kpi.TOP_TEN_SHARE: Target(5),
    Kpi.CHATTERING: Target(0),
    Kpi.PER_DAY_DECHATTERED: Target(144, 288),
    Kpi.FLEETING: Target(0),
    Kpi.STALE: Target(5, bound=Bound.BELOW),
    Kpi.SHARE_CRITICAL: Target(1, 5, Bound.BELOW),
    Kpi.SHARE_HIGH: Target(5),
    Kpi.SHARE_MEDIUM: Target(15),
    Kpi.SHARE_LOW: Target(80, bound=Bound.AT_LEAST),
    Kpi.STANDING: Target(10, bound=Bound.BELOW),
    Kpi.CHANGED_SETTINGS: Target(0),
    Kpi.ABOVE_STEADY: Target(0),
    Kpi.PEAK_HOUR: Target(15),
    Kpi.PEAK_MINUTE: Target(2),
}

# Load bands of a rate: most annunciations in ten minutes that still belong to it.
BANDS: tuple[tuple[str, float], ...] = (
    ("recommended", 1.0),
    ("manageable", 2.0),
    ("over_demanding", 10.0),
    ("unacceptable", float("inf")),
)


def target_of(kpi: Kpi) -> Target:
    """An empty target where the site has to judge."""
    return TARGETS.get(kpi, Target())


def verdict(kpi: Kpi, value: float | None) -> Verdict:
    """How a value stands; what is not known is never good."""
    aim = target_of(kpi)
    if value is None:
        return Verdict.NO_DATA
    if aim.target is None:
        return Verdict.NO_TARGET
    if _holds(value, aim.target, aim.bound):
        return Verdict.GOOD
    if aim.limit is not None and not _holds(value, aim.limit, aim.bound):
        return Verdict.OVER_LIMIT
    return Verdict.OVER_TARGET


def band(per_ten_minutes: float) -> str:
    """The load band of a rate: one in 10 minutes, in 5, in 1, or more (control-room load as EEMUA 191 tells it)."""
    return next(name for name, most in BANDS if per_ten_minutes <= most)


def _holds(value: float, number: float, bound: Bound) -> bool:
    if bound is Bound.AT_LEAST:
        return value >= number
    return value < number if bound is Bound.BELOW else value <= number
