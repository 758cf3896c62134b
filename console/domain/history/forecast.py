"""When something is full: from the highest value of each period, with trend, season, a band, and the courage to say no.

What a disk holds is told by its maxima (features of the field, 54 and 55): a clean-up is a new beginning and never a
trend, and what does not rise has no date. Everything is a function of the values and of `now_us`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import pairwise
from math import isfinite, sqrt

from console.domain.history.level_drops import DAY_US, HOUR_US, Jump, clean_ups
from console.domain.history.robust import median, spread, theil_sen
from console.domain.history.trend_lines import TrendLine, trend_line

NEEDED_US = 2 * DAY_US
STEP_US = 6 * HOUR_US  # between the daily maxima of a short past
SHORT_US = 14 * DAY_US
LEAST_PEAKS = 3  # clean-ups, before they count as a habit
_SURELY = 2.0  # times the bounds of the band: nobody is told of a trend that is one in five times none
_PATH_POINTS = 240
_PART = 0.05
_RHYTHM = 2.0  # times what chance makes of the slots of a series without any


class Outcome(StrEnum):
    """Why there is a date, or none."""

    PREDICTED = "predicted"
    FULL = "full"  # it is full already
    FLAT = "flat"
    FALLING = "falling"
    UNSURE = "unsure"  # it rises no more than it scatters
    BEYOND = "beyond"  # further away than so short a past lets one look
    REGULAR = "regular"  # cleaned up again and again, and its peaks do not rise
    CLEANED_UP = "cleaned_up"  # not long enough ago
    TOO_SHORT = "too_short"
    NO_DATA = "no_data"
    OLD = "old"  # the newest value is too long ago


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """`flexibility` 1 (one straight line) to 5; `z` of the band (1.28: four of five); nothing further than
    `horizon_us`, nor than `reach` times the past that the trend is made of."""

    flexibility: int = 3
    z: float = 1.2816
    horizon_us: int = 365 * DAY_US
    reach: float = 8.0
    oldest_us: int = DAY_US


@dataclass(frozen=True, slots=True)
class PathPoint:
    at_us: int
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """`days` until full, None unless PREDICTED or FULL; `earliest` and `latest` as the band has it (None: never).

    `per_day` is the slope of now; `since_us` where the values begin that it is made of; `cleaned_us` the newest
    clean-up, 0 for none; `changes_us` where the trend changed its direction.
    """

    outcome: Outcome
    full: float
    level: float = float("nan")  # the highest of the last day
    days: float | None = None
    earliest: float | None = None
    latest: float | None = None
    per_day: float = 0.0
    since_us: int = 0
    has_us: int = 0  # how long the past is that counts
    cleaned_us: int = 0
    every_us: int = 0  # REGULAR: between two clean-ups
    changes_us: tuple[int, ...] = ()
    path: tuple[PathPoint, ...] = ()


Past = tuple[list[int], list[float]]


def forecast(
    starts_us: Sequence[int],
    highs: Sequence[float],
    full: float,
    now_us: int,
    zone: tzinfo = UTC,
    settings: ForecastSettings | None = None,
) -> Forecast:
    """`highs`: the maximum of each period (an hour or so) that begins at `starts_us`, ascending; nan for no data."""
    settings = settings or ForecastSettings()
    known = [(at, v) for at, v in zip(starts_us, highs, strict=True) if isfinite(v) and at <= now_us]
    if not known:
        return Forecast(Outcome.NO_DATA, full)
    times, values = [at for at, _ in known], [v for _, v in known]
    level = max(v for at, v in known if at > times[-1] - DAY_US)
    span = times[-1] - times[0]
    if now_us - times[-1] > settings.oldest_us:
        return Forecast(Outcome.OLD, full, level, since_us=times[0], has_us=span)
    falls = clean_ups(times, values)
    cut = falls[-1].at if falls else 0
    cleaned_us = times[cut] if falls else 0
    recent = times[cut:], values[cut:]
    level = max(v for at, v in zip(*recent, strict=True) if at > times[-1] - DAY_US)
    span = times[-1] - times[cut]
    told = Forecast(Outcome.FULL, full, level, since_us=times[cut], has_us=span, cleaned_us=cleaned_us)
    if level >= full:
        return _with(told, days=0.0, earliest=0.0, latest=0.0)
    by_peaks = _by_peaks((times, values), falls, told, now_us, settings)
    if by_peaks is not None:
        return by_peaks
    if span <= NEEDED_US:
        return _with(told, outcome=Outcome.CLEANED_UP if falls else Outcome.TOO_SHORT)
    return _by_trend(recent, told, now_us, zone, settings)


def mirrored(told: Forecast) -> Forecast:
    """Of a forecast that was made of values turned upside down, because their end lies at the low side."""
    path = tuple(PathPoint(one.at_us, -one.high, -one.middle, -one.low) for one in told.path)
    return _with(told, full=-told.full, level=-told.level, per_day=-told.per_day, path=path)


def _with(told: Forecast, **changes: object) -> Forecast:
    fields = {name: getattr(told, name) for name in Forecast.__slots__}
    return Forecast(**{**fields, **changes})


def _by_trend(past: Past, told: Forecast, now_us: int, zone: tzinfo, settings: ForecastSettings) -> Forecast:
    """From the piece of the trend that goes on now."""
    times, levels, step_us = day_levels(*past)
    days = [(at - now_us) / DAY_US for at in times]
    offsets = _weekday_offsets(times, levels, zone)
    calm = [v - offsets[_weekday(at, zone)] for at, v in zip(times, levels, strict=True)]
    least = max(5, round(3 * DAY_US / step_us))
    trend = trend_line(days, calm, settings.z, settings.flexibility, least)
    span = -days[trend.begins]
    reach = min(settings.horizon_us / DAY_US, settings.reach * (span + 1))  # a level tells of the day before it
    band = _Band(trend, span, settings.z, len(calm), max(offsets), min(offsets))
    told = _with(
        told,
        per_day=trend.line.slope,
        since_us=times[trend.begins],
        changes_us=tuple(times[k] for k in trend.changes),
        path=_path(past, band, now_us, reach, told, zone),
    )
    outcome = _direction(trend, span, abs(told.full - told.level))
    if outcome is not Outcome.PREDICTED:
        return _with(told, outcome=outcome)
    meets = [_crossing(curve, told.full, 4 * reach) for curve in (band.high, band.middle, band.low)]
    earliest, middle, latest = meets
    if middle is None or middle > reach:
        return _with(told, outcome=Outcome.BEYOND, earliest=earliest)
    return _with(told, outcome=outcome, days=middle, earliest=earliest, latest=latest)


def day_levels(times: Sequence[int], values: Sequence[float]) -> tuple[list[int], list[float], int]:
    """The highest of the last 24 hours, day by day, of a short past every six hours: times, levels, the step.

    So a daily rhythm is no trend. Spans without data are left out.
    """
    step_us = DAY_US if times[-1] - times[0] >= SHORT_US else STEP_US
    wide = 2 * DAY_US if step_us == DAY_US else DAY_US
    at_us, levels = [], []
    moment = times[-1]
    low = high = len(times)
    while moment >= times[0] + DAY_US - HOUR_US:
        while high and times[high - 1] > moment:
            high -= 1
        low = min(low, high)
        while low and times[low - 1] > moment - DAY_US:
            low -= 1
        if high > low and (times[high - 1] > moment - wide / 4):
            at_us.append(moment)
            levels.append(max(values[low:high]))
        moment -= step_us
    return at_us[::-1], levels[::-1], step_us


def _weekday(at_us: int, zone: tzinfo) -> int:
    return datetime.fromtimestamp(at_us / 1e6, zone).weekday()


def _weekday_offsets(times: Sequence[int], levels: Sequence[float], zone: tzinfo) -> tuple[float, ...]:
    """By how much the days of the week lie above or below the week around them; nothing for less than three weeks."""
    if times[-1] - times[0] < 21 * DAY_US or times[1] - times[0] < DAY_US:
        return (0.0,) * 7
    over: dict[int, list[float]] = {day: [] for day in range(7)}
    for i in range(3, len(times) - 3):
        over[_weekday(times[i], zone)].append(levels[i] - median(levels[i - 3 : i + 4]))
    offsets = [median(over[day]) if len(over[day]) > 1 else 0.0 for day in range(7)]
    mean = median(offsets)
    return tuple(offset - mean for offset in offsets)


def _direction(trend: TrendLine, span: float, room: float) -> Outcome:
    """Whether the bounds of the slope agree that it goes one way, by more than the values scatter, and at a pace that
    matters: a year of it is a part of the `room` that is left."""
    line, rise = trend.line, trend.line.slope * span
    if abs(line.slope) * 365 < _PART * room:
        return Outcome.FLAT
    low = line.slope - _SURELY * (line.slope - line.low)
    high = line.slope + _SURELY * (line.high - line.slope)
    if high < 0 and -rise > trend.noise:
        return Outcome.FALLING
    if low > 0 and rise > trend.noise:
        return Outcome.PREDICTED
    return Outcome.UNSURE if rise > 2 * trend.noise > 0 else Outcome.FLAT


@dataclass(frozen=True, slots=True)
class _Band:
    """The line over days from now, and how sure it is there."""

    trend: TrendLine
    span: float
    z: float
    points: int
    highest: float  # weekday above the line
    lowest: float

    def half(self, day: float) -> float:
        """Half the width of the band: scatter, the slope's own bounds, and slopes that changed before."""
        line = self.trend.line
        low, high = (bound if isfinite(bound) else line.slope for bound in (line.low, line.high))
        changed = [abs(b - a) for a, b in pairwise(self.trend.slopes)]
        ahead = max(day, 0.0)
        turns = (
            sum(changed) / len(changed) * sqrt(len(changed) * ahead / (self.span * len(self.trend.slopes)))
            if changed
            else 0.0
        )
        return sqrt(
            (self.z * self.trend.noise) ** 2 + ((high - low) / 2 * (ahead + self.span / 2)) ** 2 + (turns * ahead) ** 2
        )

    def middle(self, day: float) -> float:
        return self.trend.line.at(day) + self.highest

    def high(self, day: float) -> float:
        return self.middle(day) + self.half(day)

    def low(self, day: float) -> float:
        return self.middle(day) - self.half(day)


def _crossing(curve: object, full: float, reach: float) -> float | None:
    """The first day from now on at which a curve reaches `full`; None: not within `reach` days."""
    assert callable(curve)
    if curve(0.0) >= full:
        return 0.0
    steps = 400
    before = 0.0
    for step in range(1, steps + 1):
        day = reach * (step / steps) ** 2  # finer where it is near
        if curve(day) >= full:
            low, high = before, day
            for _ in range(40):
                middle = (low + high) / 2
                low, high = (low, middle) if curve(middle) >= full else (middle, high)
            return high
        before = day
    return None


def _path(past: Past, band: _Band, now_us: int, reach: float, told: Forecast, zone: tzinfo) -> tuple[PathPoint, ...]:
    """What is expected, with the rhythm of day and week that the past showed, to be drawn behind it."""
    rhythm = _rhythm(past, band, now_us, zone)
    until = min(reach, max(7.0, 1.2 * (_crossing(band.middle, told.full, reach) or 0.4 * reach)))
    found = []
    for step in range(_PATH_POINTS + 1):
        day = until * step / _PATH_POINTS
        at_us = now_us + round(day * DAY_US)
        moment = datetime.fromtimestamp(at_us / 1e6, zone)
        middle = band.trend.line.at(day) + rhythm.get((moment.weekday(), moment.hour), rhythm.get((-1, moment.hour), 0))
        half = band.half(day)
        found.append(PathPoint(at_us, middle - half, middle, middle + half))
    return tuple(found)


def _rhythm(past: Past, band: _Band, now_us: int, zone: tzinfo) -> dict[tuple[int, int], float]:
    """Distance from the line by weekday and hour where two weeks are known, else by hour (weekday -1); nothing when
    the slots differ no more than chance makes them."""
    weekly = band.span >= SHORT_US / DAY_US
    over: dict[tuple[int, int], list[float]] = {}
    for at_us, value in zip(*past, strict=True):
        day = (at_us - now_us) / DAY_US
        if day < -band.span:
            continue
        moment = datetime.fromtimestamp(at_us / 1e6, zone)
        rest = value - band.trend.line.at(day)
        over.setdefault((-1, moment.hour), []).append(rest)
        if weekly:
            over.setdefault((moment.weekday(), moment.hour), []).append(rest)
    known = {slot: rests for slot, rests in over.items() if len(rests) > 1}
    found = {slot: median(rests) for slot, rests in known.items()}
    if not found:
        return {}
    left = spread([rest - found[slot] for slot, rests in known.items() for rest in rests])
    doubt = left / sqrt(median([len(rests) for rests in known.values()]))
    return found if spread(list(found.values())) > _RHYTHM * doubt else {}


def _by_peaks(
    past: Past, falls: Sequence[Jump], told: Forecast, now_us: int, settings: ForecastSettings
) -> Forecast | None:
    """What is cleaned up again and again is full when its peaks are; None: no habit, or the habit has ended."""
    times, values = past
    if len(falls) < LEAST_PEAKS:
        return None
    spans = [times[b.at] - times[a.at] for a, b in pairwise(falls)]
    usual = round(median(spans))
    if max(spans) > 2 * min(spans) or now_us - times[falls[-1].at] > 1.5 * usual:
        return None
    begins = [0, *(fall.at for fall in falls)]
    peaks = [max(values[a:b]) for a, b in pairwise(begins)]
    days = [(times[fall.at] - now_us) / DAY_US for fall in falls]
    line = theil_sen(days, peaks, settings.z)
    scatter = max(abs(v - line.at(at)) for at, v in zip(days, peaks, strict=True))
    told = _with(told, since_us=times[0], has_us=times[-1] - times[0], every_us=usual, per_day=line.slope)
    rise = line.slope * (days[-1] - days[0])
    if rise <= max(2 * scatter, 0.02 * (max(values) - min(values))):
        return _with(told, outcome=Outcome.REGULAR)
    day = max(0.0, (told.full - line.level) / line.slope)
    reach = min(settings.horizon_us / DAY_US, settings.reach * (days[-1] - days[0]))
    if day > reach:
        return _with(told, outcome=Outcome.BEYOND)
    return _with(told, outcome=Outcome.PREDICTED, days=day)
