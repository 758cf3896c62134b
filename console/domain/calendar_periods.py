"""Hours, days, weeks and months as a site's calendar has them: where clocks are changed a day has 23 or 25 hours."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

SECOND_US = 1_000_000
_HOUR_S = 3600


class Period(StrEnum):
    """Weeks begin on Monday (ISO 8601). An hour that is there twice when clocks go back is two hours."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def period_edges(from_us: int, to_us: int, period: Period, zone: tzinfo, most: int) -> list[int]:
    """Rising edges, us UTC: `from_us`, every begin of a period in between, `to_us`. The first and the last period may
    be cut. Raises ValueError for an empty window, for one with more than `most` periods, and beyond the years 1-9999.
    """
    if not from_us < to_us:
        raise ValueError("the window is empty")
    edges, at_us = [from_us], from_us
    while True:
        at_us = _next_begin(at_us, period, zone)
        if at_us >= to_us:
            return [*edges, to_us]
        edges.append(at_us)
        if len(edges) > most:
            raise ValueError("too many periods")


def _next_begin(at_us: int, period: Period, zone: tzinfo) -> int:
    """The first begin of a period after this moment."""
    try:
        here = datetime.fromtimestamp(at_us // SECOND_US, UTC).astimezone(zone)
        if period is Period.HOUR:
            return _next_hour(here)
        first = _first_day_after(here.date(), period)
        # A midnight that is left out stands for the first moment after it; of one that is there twice it is the first.
        return _us(datetime(first.year, first.month, first.day, tzinfo=zone))
    except (OverflowError, OSError) as error:
        raise ValueError("the calendar ends") from error


def _first_day_after(day: date, period: Period) -> date:
    if period is Period.DAY:
        return day + timedelta(days=1)
    if period is Period.WEEK:
        return day + timedelta(days=7 - day.weekday())
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _next_hour(here: datetime) -> int:
    """The next full hour on the wall, or the moment when the clock is changed, whichever comes first."""
    begin = int(here.timestamp())
    low, high = begin, begin + _HOUR_S - (here.minute * 60 + here.second)
    offset = here.utcoffset()
    if datetime.fromtimestamp(high - 1, here.tzinfo).utcoffset() == offset:
        return high * SECOND_US
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, here.tzinfo).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high * SECOND_US


def _us(at: datetime) -> int:
    return round(at.timestamp()) * SECOND_US
