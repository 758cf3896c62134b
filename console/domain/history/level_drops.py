"""Clean-ups: moments at which a level fell at once and stayed down, told apart from load that goes and comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from console.domain.history.robust import median, spread

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
BACK_US = 8 * DAY_US  # what comes back within a week and a day is load, not a clean-up
_NOISES = 6.0
_LEAST_SHARE = 0.01  # of all that the values span
_AROUND = 3  # periods before and after, within which a clean-up is done for the most part
_WITHIN_US = 3 * HOUR_US


@dataclass(frozen=True, slots=True)
class Jump:
    """The level changed by `size` (always above 0); `at` is the first index of the new level."""

    at: int
    size: float


def clean_ups(starts_us: Sequence[int], values: Sequence[float]) -> tuple[Jump, ...]:
    """Persistent falls, oldest first, of values in ascending time without gaps marked (missing periods are absent)."""
    falls = jumps(starts_us, values)
    if not falls:
        return ()
    rises = jumps(starts_us, [-value for value in values])
    returned = [_comes_back(fall, rises, starts_us) for fall in falls]
    kept: list[Jump] = []
    for number, fall in enumerate(falls):
        is_young = starts_us[-1] - starts_us[fall.at] < BACK_US
        is_as_before = is_young and number > 0 and 2 * sum(returned[:number]) >= number
        if not returned[number] and not is_as_before:
            kept.append(fall)
    return tuple(kept)


def _comes_back(fall: Jump, rises: Sequence[Jump], starts_us: Sequence[int]) -> bool:
    since = starts_us[fall.at]
    return any(since < starts_us[rise.at] <= since + BACK_US and rise.size >= fall.size / 2 for rise in rises)


def jumps(starts_us: Sequence[int], values: Sequence[float]) -> tuple[Jump, ...]:
    """Where the median of the day before lies above that of the day after, and most of the fall is within hours."""
    n = len(values)
    if n < 8:
        return ()
    steps = [b - a for a, b in pairwise(values)]
    least = max(_NOISES * spread(steps), _LEAST_SHARE * (max(values) - min(values)), 1e-12)
    found: list[Jump] = []
    around = max(1, min(_AROUND, _WITHIN_US // max(1, round(median([b - a for a, b in pairwise(starts_us)])))))
    for i in range(1, n):
        sharp = max(values[max(0, i - around) : i]) - min(values[i : i + around])
        if sharp < least or values[i] >= values[i - 1]:
            continue
        before = median(_between(starts_us, values, i, -1))
        after = median(_between(starts_us, values, i, +1))
        size = before - after
        if size < least or sharp < size / 2:
            continue
        if found and starts_us[i] - starts_us[found[-1].at] <= DAY_US // 2:
            if values[i - 1] - values[i] > values[found[-1].at - 1] - values[found[-1].at]:
                found[-1] = Jump(i, max(size, found[-1].size))
            continue
        found.append(Jump(i, size))
    return tuple(_settled(jump, values) for jump in found)


def _between(starts_us: Sequence[int], values: Sequence[float], at: int, direction: int) -> list[float]:
    """The values of up to a day before or from an index on."""
    found: list[float] = []
    i = at if direction > 0 else at - 1
    edge = starts_us[at]
    while 0 <= i < len(values) and abs(starts_us[i] - edge) <= DAY_US:
        found.append(values[i])
        i += direction
    return found


def _settled(jump: Jump, values: Sequence[float]) -> Jump:
    """The index at which the fall is over: a clean-up may take some periods."""
    at = jump.at
    while at + 1 < len(values) and at < jump.at + _AROUND and values[at] - values[at + 1] > jump.size / 4:
        at += 1
    return Jump(at, jump.size)
