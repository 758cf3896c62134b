"""Hybrid logical clock: orders events of all stations near wall time, and never follows a wrong clock."""

import threading
from collections.abc import Callable

_COUNTER_BITS = 16
_LATEST_MS = (1 << 47) - (1 << 32)  # of a clock beyond the year 6000: stamps stay below 2**63
_MAX_AHEAD_MS = 5 * 60 * 1000  # INV-16


class HybridClock:
    """48-bit milliseconds and a 16-bit counter in one integer that strictly rises; thread-safe.

    `now_us` gives wall time in microseconds UTC, `last` the newest stamp already given out.
    """

    def __init__(self, now_us: Callable[[], int], last: int = 0) -> None:
        self._now_us = now_us
        self._last = last
        self._lock = threading.Lock()

    def tick(self) -> int:
        """A stamp above every one given or seen before; a counter that overflows carries into the milliseconds."""
        with self._lock:
            self._last = max(self._wall() << _COUNTER_BITS, self._last + 1)
            return self._last

    def observe(self, remote: int) -> bool:
        """Move past a stamp of another station; False when it is more than 5 minutes ahead and is not followed."""
        with self._lock:
            if (remote >> _COUNTER_BITS) > self._wall() + _MAX_AHEAD_MS:
                return False
            self._last = max(self._last, remote)
            return True

    def is_ahead(self) -> bool:
        """True when our own stamps are so far ahead of the wall that others will not follow them for long: the wall
        was wrong, or is. What the wall makes up for in a few minutes is none of that."""
        with self._lock:
            return (self._last >> _COUNTER_BITS) > self._wall() + 2 * _MAX_AHEAD_MS

    def furthest(self) -> int:
        """The highest stamp that is not ahead of the wall by more than others follow."""
        return ((self._wall() + _MAX_AHEAD_MS + 1) << _COUNTER_BITS) - 1

    def come_back(self, last: int) -> None:
        """Go on above this stamp, lower than what was given out: only where a new stream begins."""
        with self._lock:
            self._last = last

    def resume(self, last: int) -> None:
        """Continue above the newest stamp of our own stream, whatever the wall says."""
        with self._lock:
            self._last = max(self._last, last)

    def _wall(self) -> int:
        return min(max(0, self._now_us() // 1000), _LATEST_MS)


def wall_ms(stamp: int) -> int:
    """The millisecond part of a stamp."""
    return stamp >> _COUNTER_BITS


def as_text(stamp: int) -> str:
    """16 hex digits: JSON numbers end at 2**53, and text of equal length sorts like the number."""
    return f"{stamp:016x}"
