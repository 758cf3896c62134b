"""When the shifts of a site begin, as its wall clocks show it, over changes of daylight saving time too."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo

_SECOND_US = 1_000_000


def shift_start_us(now_us: int, starts_s: Iterable[int], zone: tzinfo) -> int:
    """The newest beginning of a shift at or before now, microseconds UTC; 0 when the site has no shifts.

    `starts_s` are seconds after midnight on the wall clock of `zone`. A time that the clocks leave out begins where
    they go on; one that they show twice begins once.
    """
    today = datetime.fromtimestamp(now_us / _SECOND_US, UTC).astimezone(zone).date()
    found = 0
    for start_s in starts_s:
        for day in (today, today - timedelta(days=1)):
            wall = datetime.combine(day, time(start_s // 3600, start_s % 3600 // 60, start_s % 60), zone)
            at_us = round(wall.astimezone(UTC).timestamp()) * _SECOND_US
            if at_us <= now_us:
                found = max(found, at_us)
    return found
