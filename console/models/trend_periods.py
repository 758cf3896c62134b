"""Spans of time that people name: today, yesterday, this shift, this week, and a moment that they type."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from console.domain.shifts import shift_start_us

SECOND_US = 1_000_000


class TrendPeriod(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    SHIFT = "shift"
    WEEK = "week"


def period_us(period: TrendPeriod, now_us: int, zone: tzinfo, shifts_s: Iterable[int]) -> tuple[int, int] | None:
    """The whole period as the site's clocks have it, microseconds UTC, its end also in the future.

    Weeks begin on Monday. `shifts_s`: beginnings of shifts in seconds after midnight; None where there are none.
    """
    today = datetime.fromtimestamp(now_us / SECOND_US, UTC).astimezone(zone).date()
    if period is TrendPeriod.SHIFT:
        return _shift_us(now_us, tuple(shifts_s), zone)
    if period is TrendPeriod.WEEK:
        monday = today - timedelta(days=today.weekday())
        return _begin_us(monday, zone), _begin_us(monday + timedelta(days=7), zone)
    day = today - timedelta(days=1 if period is TrendPeriod.YESTERDAY else 0)
    return _begin_us(day, zone), _begin_us(day + timedelta(days=1), zone)


def _shift_us(now_us: int, shifts_s: tuple[int, ...], zone: tzinfo) -> tuple[int, int] | None:
    begin = shift_start_us(now_us, shifts_s, zone)
    if not begin:
        return None
    day = datetime.fromtimestamp(now_us / SECOND_US, UTC).astimezone(zone).date()
    later = (_begin_us(day + timedelta(days=k), zone, start_s) for k in (0, 1) for start_s in shifts_s)
    return begin, min(at_us for at_us in later if at_us > now_us)


def _begin_us(day: date, zone: tzinfo, second: int = 0) -> int:
    """When the clocks show this; where they leave it out, the moment they go on."""
    wall = datetime.combine(day, time(second // 3600, second % 3600 // 60, second % 60), zone)
    return round(wall.astimezone(UTC).timestamp()) * SECOND_US
