"""How much room history takes, grows by, and when it will be full: figures from what is measured, or none at all."""

from collections.abc import Sequence
from dataclasses import dataclass

DAY_US = 86_400_000_000
_LEAST_US = 3_600_000_000  # of growth that was seen; before that nothing is foretold


@dataclass(frozen=True, slots=True)
class LevelUse:
    """What a level of a class holds (RAW or the width of its buckets): bytes, and from when to when."""

    class_name: str
    level_s: int
    size: int
    oldest_us: int
    newest_us: int

    @property
    def per_day(self) -> float | None:
        """Bytes a day of plant time; None while less than an hour is known."""
        span_us = self.newest_us - self.oldest_us
        return self.size * DAY_US / span_us if self.size > 0 and span_us >= _LEAST_US else None


@dataclass(frozen=True, slots=True)
class RoomForecast:
    """`days_left` until the limit is reached; inf: never, the retention ends before; None: not predictable."""

    size: int
    per_day: float | None
    days_left: float | None
    limit: int  # bytes; 0: none

    @property
    def is_predictable(self) -> bool:
        return self.days_left is not None


def forecast(levels: Sequence[LevelUse], days_kept: Sequence[float], limit: int) -> RoomForecast:
    """When the levels of a class (or of all) outgrow `limit` bytes, each growing until its days are full.

    `days_kept` belongs to `levels`. Without a limit nothing is ever full.
    """
    size = sum(one.size for one in levels)
    held = [one for one in levels if one.size > 0]
    rates = [one.per_day for one in held]
    if not held or any(rate is None for rate in rates):
        return RoomForecast(size, None, None, limit)
    growing: list[tuple[float, float]] = []  # days until full, bytes a day until then
    for one, kept in zip(levels, days_kept, strict=True):
        rate = one.per_day
        if rate is not None:
            growing.append((max(0.0, kept - (one.newest_us - one.oldest_us) / DAY_US), rate))
    now_per_day = sum(rate for left, rate in growing if left > 0)
    if limit <= 0:
        return RoomForecast(size, now_per_day, float("inf"), limit)
    return RoomForecast(size, now_per_day, _days_until(growing, float(limit - size)), limit)


def _days_until(growing: list[tuple[float, float]], room: float) -> float:
    """Days until `room` bytes are used up by what grows; inf when all of it stops before."""
    if room <= 0:
        return 0.0
    at = 0.0
    for end in sorted({left for left, _ in growing}):
        per_day = sum(rate for left, rate in growing if left >= end)
        if per_day > 0 and room <= per_day * (end - at):
            return at + room / per_day
        room -= per_day * (end - at)
        at = end
    return float("inf")
