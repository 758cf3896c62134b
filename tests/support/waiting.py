"""Waits for the outside world: asks again until something is so, or says what was seen last."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 45.0


def until(ask: Callable[[], T], *, seconds: float = PATIENCE_S, every_s: float = 0.1, what: str = "") -> T:
    """The first answer that is true. AssertionError with `what` and the last answer when it never comes."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        last = ask()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or ask}; last answer: {last!r}")
        pause.wait(every_s)
