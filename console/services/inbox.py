"""The one way from other threads into the main thread: an ordered, bounded, never blocking queue."""

import threading
import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """Threads `put`; the main thread takes every 15 ms while it is not busy (`pulse.TURN_S`).
    Order is kept across all producers.

    The queue is unbounded in length because nothing may be dropped here; producers that can wait look at `depth`.
    """

    def __init__(self) -> None:
        self._items: deque[tuple[float, T]] = deque()
        self._lock = threading.Lock()
        self.lag_s = 0.0  # age of the oldest message at the last drain

    def put(self, item: T) -> None:
        with self._lock:
            self._items.append((time.monotonic(), item))

    @property
    def depth(self) -> int:
        return len(self._items)

    def take(self) -> T | None:
        """The oldest message, or None. The caller stops when its share of the loop's time is used up."""
        with self._lock:
            if not self._items:
                self.lag_s = 0.0
                return None
            at, item = self._items.popleft()
        self.lag_s = time.monotonic() - at
        return item
