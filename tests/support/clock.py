"""A clock that moves when the test says so."""


class FakeClock:
    """Microseconds UTC; call it for the time."""

    def __init__(self, now_us: int = 1_795_000_000_000_000) -> None:  # a Wednesday in November 2026
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us

    def advance(self, seconds: float) -> None:
        self.now_us += int(seconds * 1_000_000)
