"""The host's clock, for whoever shows ages; tests give their own."""

from time import time_ns


def now_us() -> int:
    """Microseconds UTC."""
    return time_ns() // 1000
