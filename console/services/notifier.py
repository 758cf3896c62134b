"""One-to-many notification inside the main thread; subscribing returns its own undoing."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
Undo = Callable[[], None]
log = logging.getLogger(__name__)


class Notifier(Generic[T]):
    """Calls every subscriber in order; one that fails is logged and does not stop the others."""

    def __init__(self) -> None:
        self._subscribers: dict[int, Callable[[T], None]] = {}
        self._next = 0

    def subscribe(self, callback: Callable[[T], None]) -> Undo:
        key = self._next
        self._next += 1
        self._subscribers[key] = callback

        def undo() -> None:
            self._subscribers.pop(key, None)

        return undo

    def __bool__(self) -> bool:
        return bool(self._subscribers)

    def notify(self, message: T) -> None:
        for callback in tuple(self._subscribers.values()):
            try:
                callback(message)
            except Exception:
                log.exception("a subscriber failed")

    def calls(self, message: T) -> list[Callable[[], None]]:
        """`notify` as single calls, for who spreads them over several turns: who has left by then is not called."""
        return [partial(self._call, key, message) for key in self._subscribers]

    def _call(self, key: int, message: T) -> None:
        callback = self._subscribers.get(key)
        if callback is None:
            return
        try:
            callback(message)
        except Exception:
            log.exception("a subscriber failed")
