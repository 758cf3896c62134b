"""The same hours of another day as a site's clocks show them, and where its shifts begin: right over clock changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

US = 1_000_000
HOUR_US, DAY_US = 3600 * US, 86_400 * US
MOST_BORDERS = 4000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """Moments of [from_us, to_us) are compared with those `offset_us` earlier."""

    from_us: int
    to_us: int
    offset_us: int


def earlier(at_us: int, days: int, zone: tzinfo) -> int:
    """The moment when the site's clocks showed the same, so many days before (after, when negative). A time that was
    left out there is taken as the clocks went on; of one that was shown twice the turn that `at_us` itself has."""
    here = _local(at_us, zone)
    wall = here.replace(tzinfo=None) - timedelta(days=days)
    there = wall.replace(tzinfo=zone, fold=here.fold)
    return round((there.astimezone(UTC) - _EPOCH) / timedelta(microseconds=1))


def pieces(from_us: int, to_us: int, days: int, zone: tzinfo) -> tuple[Piece, ...]:
    """[from_us, to_us) parted wherever a change of clocks here or there makes the distance another one."""
    found: list[Piece] = []
    at = from_us
    while at < to_us:
        offset = at - earlier(at, days, zone)
        end = _end_of(at, to_us, offset, days, zone)
        found.append(Piece(at, end, offset))
        at = end
    return tuple(found)


def _end_of(at_us: int, to_us: int, offset: int, days: int, zone: tzinfo) -> int:
    """Where the distance changes: looked for in steps of an hour, then to the second. Clocks are changed at full
    seconds."""

    def differs(moment: int) -> bool:
        return moment - earlier(moment, days, zone) != offset

    low = at_us
    while low + HOUR_US < to_us and not differs(low + HOUR_US):
        low += _stride(low, to_us, days, zone)
    high = min(low + HOUR_US, to_us)
    if not differs(high):
        return to_us
    while high - low > 1:
        middle = (low + high) // 2
        if differs(middle):
            high = middle
        else:
            low = middle
    return high


def _stride(at_us: int, to_us: int, days: int, zone: tzinfo) -> int:
    """A day at once where neither end of the distance changes its clocks within the next two."""
    ahead = at_us + 2 * DAY_US
    quiet = ahead < to_us and all(
        _offset(a, zone) == _offset(b, zone)
        for a, b in ((at_us, ahead), (at_us - days * DAY_US, ahead - days * DAY_US + DAY_US))
    )
    return DAY_US if quiet else HOUR_US


def shift_borders(from_us: int, to_us: int, starts_s: Iterable[int], zone: tzinfo) -> tuple[int, ...]:
    """When shifts begin in [from_us, to_us), rising, at most `MOST_BORDERS`. `starts_s` are seconds after midnight on
    the site's wall clock; a time that the clocks leave out begins where they go on, one shown twice begins once."""
    starts = sorted(set(starts_s))
    day = _local(from_us, zone).date() - timedelta(days=1)
    last = _local(to_us, zone).date()
    found: set[int] = set()
    while day <= last and starts and len(found) < MOST_BORDERS:
        for start_s in starts:
            wall = datetime.combine(day, time(start_s // 3600, start_s % 3600 // 60, start_s % 60), zone)
            at_us = round((wall.astimezone(UTC) - _EPOCH) / timedelta(seconds=1)) * US
            if from_us <= at_us < to_us:
                found.add(at_us)
        day += timedelta(days=1)
    return tuple(sorted(found))


def _local(at_us: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone)


def _offset(at_us: int, zone: tzinfo) -> timedelta | None:
    return _local(at_us, zone).utcoffset()
