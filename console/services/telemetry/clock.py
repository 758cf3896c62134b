"""The two clocks that telemetry is given: wall time in microseconds UTC and a monotonic one in seconds."""

import time
from typing import Protocol


class Clock(Protocol):
    """`now_us` may jump when somebody sets it; every timer runs on `mono_s`."""

    def now_us(self) -> int: ...

    def mono_s(self) -> float: ...


class SystemClock:
    """The clocks of this machine."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def mono_s(self) -> float:
        return time.monotonic()
