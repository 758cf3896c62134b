"""What is usual at this hour, weekday or day of the month, and how far from it is too far.

A reference joins the same slot of the last N periods, as the wall clock of the site shows them: the hour that the
clocks leave out is missing, the one they show twice is one. Sigma is that of the whole population: ten times 10, 11
and 9 give 10 and 0.41.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from math import inf, isfinite, sqrt

LEAST_KNOWN = 3  # periods of a slot, before anything is called usual
MOST_SIGMAS = 999.0  # where nothing ever scattered


class Cycle(StrEnum):
    """What repeats itself."""

    HOUR = "hour"  # of the day
    WEEKDAY = "weekday"
    WEEKDAY_HOUR = "weekday_hour"
    MONTH_DAY = "month_day"


SLOTS = {Cycle.HOUR: 24, Cycle.WEEKDAY: 7, Cycle.WEEKDAY_HOUR: 168, Cycle.MONTH_DAY: 31}
_DAYS = {Cycle.HOUR: 1, Cycle.WEEKDAY: 7, Cycle.WEEKDAY_HOUR: 7}
HOURLY = frozenset({Cycle.HOUR, Cycle.WEEKDAY_HOUR})


class Measure(StrEnum):
    """How a bound is given."""

    ABSOLUTE = "absolute"  # in the unit of the value
    PERCENT = "percent"  # of the mean
    SIGMA = "sigma"


@dataclass(frozen=True, slots=True)
class Cell:
    """Mean over a span of at most an hour that lies within one hour of the wall clock; `weight` in good seconds."""

    start_us: int
    mean: float
    weight: float = 3600.0


@dataclass(frozen=True, slots=True)
class Reference:
    """One slot: `known` periods of the asked ones, their mean, sigma and extremes."""

    known: int
    mean: float
    sigma: float
    low: float
    high: float


def slot_of(moment: datetime, cycle: Cycle) -> int:
    """The slot of a moment of the site's wall clock."""
    if cycle is Cycle.HOUR:
        return moment.hour
    if cycle is Cycle.WEEKDAY:
        return moment.weekday()
    if cycle is Cycle.WEEKDAY_HOUR:
        return moment.weekday() * 24 + moment.hour
    return moment.day - 1


def local(at_us: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(zone)


def reference(values: Sequence[float]) -> Reference:
    """Of one slot's periods. Raises ValueError for none."""
    if not values:
        raise ValueError("no periods")
    mean = sum(values) / len(values)
    sigma = sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    return Reference(len(values), mean, sigma, min(values), max(values))


def references(
    cells: Iterable[Cell], cycle: Cycle, periods: int, now_us: int, zone: tzinfo
) -> tuple[Reference | None, ...]:
    """One per slot, of the last `periods` periods before the running one; a period without data is not replaced by an
    older one. None: none of them is known."""
    now = local(now_us, zone)
    whole: dict[tuple[int, date], tuple[float, float]] = {}
    for cell in cells:
        if not isfinite(cell.mean) or cell.weight <= 0:
            continue
        moment = local(cell.start_us, zone)
        if not _counts(moment, now, cycle, periods):
            continue
        key = slot_of(moment, cycle), moment.date()
        total, weight = whole.get(key, (0.0, 0.0))
        whole[key] = total + cell.mean * cell.weight, weight + cell.weight
    found: list[list[float]] = [[] for _ in range(SLOTS[cycle])]
    for (slot, _), (total, weight) in sorted(whole.items()):
        found[slot].append(total / weight)
    return tuple(reference(values) if values else None for values in found)


def _counts(moment: datetime, now: datetime, cycle: Cycle, periods: int) -> bool:
    """Whether the moment's period is over, and among the last ones."""
    days = (now.date() - moment.date()).days
    if cycle is Cycle.MONTH_DAY:
        months = (now.year - moment.year) * 12 + now.month - moment.month - (now.day <= moment.day)
        return days > 0 and months < periods
    if cycle in HOURLY and days == 0:
        return moment.hour < now.hour
    if days <= 0:
        return False
    slot_is_over = cycle in HOURLY and moment.hour < now.hour
    return -(-days // _DAYS[cycle]) + (slot_is_over and days % _DAYS[cycle] == 0) <= periods


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one slot; None where none was asked for, or too little is known."""

    upper: float | None
    lower: float | None


def width(measure: Measure, amount: float, usual: Reference, least_sigma: float = 0.0) -> float:
    """How far from the mean a bound of this amount lies, in the unit of the value."""
    if measure is Measure.ABSOLUTE:
        return amount
    if measure is Measure.PERCENT:
        return abs(usual.mean) * amount / 100
    return amount * max(usual.sigma, least_sigma)


def bounds(
    usual: Reference | None,
    measure: Measure,
    above: float | None,
    below: float | None,
    floor: float | None = None,
    least_sigma: float = 0.0,
    least_known: int = LEAST_KNOWN,
) -> Bounds:
    """`above` and `below` are amounts from the mean outwards; the upper bound is never lower than `floor`."""
    if usual is None or usual.known < least_known:
        return Bounds(None, None)
    upper = None if above is None else usual.mean + width(measure, above, usual, least_sigma)
    if upper is not None and floor is not None:
        upper = max(upper, floor)
    return Bounds(upper, None if below is None else usual.mean - width(measure, below, usual, least_sigma))


def distance(value: float, usual: Reference, measure: Measure, least_sigma: float = 0.0) -> float:
    """How far a value lies above (below: negative) the mean, in what bounds are given in."""
    unit = width(measure, 1.0, usual, least_sigma)
    away = value - usual.mean
    if away == 0:
        return 0.0
    far = away / unit if unit > 0 else inf if away > 0 else -inf
    return max(-MOST_SIGMAS, min(MOST_SIGMAS, far)) if measure is not Measure.ABSOLUTE else far
