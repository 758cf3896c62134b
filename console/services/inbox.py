"""The one way from other threads into the main thread: an ordered, never blocking queue that says when it is full."""

import threading
import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")
ROOM = 4_000_000  # samples: minutes of the largest plant while this program stood still; some 200 MB


class Inbox(Generic[T]):
    """Threads `put`; the main thread takes every 15 ms while it is not busy (`pulse.TURN_S`).
    Order is kept across all producers.

    Nothing is ever dropped here. A producer looks at `is_full` and stops where it can ask for everything anew: a lost
    link is seen by everybody, a lost message by nobody (ALARM-T26).
    """

    def __init__(self, room: int = ROOM) -> None:
        self._items: deque[tuple[float, int, T]] = deque()
        self._lock = threading.Lock()
        self._room = room
        self._size = 0
        self.lag_s = 0.0  # age of the oldest message at the last drain

    def put(self, item: T, size: int = 1) -> None:
        """`size` is what it weighs: samples, tags."""
        with self._lock:
            self._items.append((time.monotonic(), size, item))
            self._size += size

    @property
    def depth(self) -> int:
        return len(self._items)

    @property
    def is_full(self) -> bool:
        return self._size >= self._room

    @property
    def has_room(self) -> bool:
        """Worth beginning anew: half of it is free again."""
        return self._size <= self._room // 2

    def take(self) -> T | None:
        """The oldest message, or None. The caller stops when its share of the loop's time is used up."""
        with self._lock:
            if not self._items:
                self.lag_s = 0.0
                return None
            at, size, item = self._items.popleft()
            self._size -= size
        self.lag_s = time.monotonic() - at
        return item
