"""How often operators are called: fixed bins by the site's clock, sliding floods, days of the site."""

from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_classes import FloodRules
from console.services.kpi_records import Bins, Flood
from console.services.reports.kpi_spans import Spans

I64 = NDArray[np.int64]
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
TEN_MINUTES_US = 10 * MINUTE_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def offset_us(at_us: int, zone: tzinfo) -> int:
    """How far the site's clock is ahead of UTC at this moment."""
    offset = datetime.fromtimestamp(at_us // SECOND_US, UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds()) * SECOND_US


def bin_starts(low: int, high: int, width_us: int, zone: tzinfo) -> I64:
    """Starts of all bins that touch [low, high). They have one length in real time and stand on the site's clock as it
    is at `low`, so that they are the same whenever one looks."""
    ahead = offset_us(low, zone)
    first = (low + ahead) // width_us * width_us - ahead
    return np.arange(first, high, width_us, dtype=np.int64)


def binned(at_us: I64, low: int, high: int, width_us: int, zone: tzinfo, watched: Spans) -> Bins:
    """Count in fixed bins. `at_us` is sorted and within [low, high), as is `watched`."""
    starts = bin_starts(low, high, width_us, zone)
    edges = np.searchsorted(at_us, np.append(starts, starts[-1] + width_us if len(starts) else low))
    seen = watched.measure(starts, starts + width_us)
    return Bins(starts, np.diff(edges).astype(np.int64), seen * 10 >= width_us * 9, width_us)


def day_edges(low: int, high: int, zone: tzinfo) -> list[int]:
    """`low`, every midnight of the site between, and `high`."""
    edges = [low]
    day = datetime.fromtimestamp(low / SECOND_US, UTC).astimezone(zone).date()
    while True:
        day += timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        at_us = round(midnight.timestamp()) * SECOND_US
        if at_us >= high:
            return [*edges, high]
        if at_us > edges[-1]:
            edges.append(at_us)


def sliding(at_us: I64, width_us: int = TEN_MINUTES_US) -> I64:
    """How many of the sorted moments lie in the time of this length that ends with each one."""
    first = np.searchsorted(at_us, at_us - width_us, "right")
    return np.arange(1, len(at_us) + 1) - first


def floods(at_us: I64, positions: int, rules: FloodRules) -> tuple[Flood, ...]:
    """All floods in the sorted moments: from the one that made it more than `enter` a position within the window, to
    when fewer than `leave` are left; nothing is rounded to bins."""
    enter, leave, width_us = rules.enter * positions, rules.leave * positions, rules.window_s * SECOND_US
    if len(at_us) <= enter:
        return ()
    count = sliding(at_us, width_us)
    begins = np.flatnonzero(count > enter)
    # With `leave` moments in view the oldest goes after the window; if nothing has come until then, the flood is over.
    gone = np.full(len(at_us), np.iinfo(np.int64).min, np.int64)
    gone[leave - 1 :] = at_us[: len(at_us) - leave + 1] + width_us
    following = np.append(at_us[1:], np.iinfo(np.int64).max)
    ends = np.flatnonzero(gone < following)
    found: list[Flood] = []
    at = 0
    while True:
        nth = int(np.searchsorted(begins, at))
        if nth == len(begins):
            return tuple(found)
        first = int(begins[nth])
        last = int(ends[np.searchsorted(ends, first)])
        size = last - first + int(count[first])
        found.append(Flood(int(at_us[first]), int(gone[last]), size, int(count[first : last + 1].max())))
        at = last + 1
