"""Whether somebody set this PC's clock: wall time and the monotonic clock are compared from look to look."""

STEP_MS = 500  # a time server that steers the clock gently stays far below this between two looks


class ClockSteps:
    """`look` once a second or so; a machine that slept shows as a step forward, which it is for the journal."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None

    def look(self, now_us: int, mono_s: float) -> int:
        """By how many milliseconds the wall clock jumped since the last look, forward positive; 0: it did not."""
        last, self._last = self._last, (now_us, mono_s)
        if last is None:
            return 0
        jumped_ms = round((now_us - last[0]) / 1000 - (mono_s - last[1]) * 1000)
        return jumped_ms if abs(jumped_ms) >= STEP_MS else 0
