"""Topics of the seam: a snapshot for each new subscriber, then deltas, 10 times a second."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, Generic, TypeVar

from console.services.notifier import Notifier, Undo
from console.services.station import Topic

T = TypeVar("T")
Call = Callable[[], None]


class Told(Enum):
    """What a delta may be beside a value and None."""

    NOTHING_NOW = "nothing now"  # the value itself is None now, as when a person signs off


class Publication(Generic[T]):
    """One topic. `delta` takes what changed since its last call, None when nothing did; it is called on every beat,
    subscribed or not, so that what changed never piles up."""

    def __init__(
        self, snapshot: Callable[[], T], delta: Callable[[], T | Told | None], close: Callable[[], None] = lambda: None
    ) -> None:
        self.close = close  # called when the last subscriber of a topic with parameters has gone
        self._snapshot = snapshot
        self._delta = delta
        self._subscribers: Notifier[T] = Notifier()
        self._fresh: list[Callable[[T], None]] = []
        self._undo: dict[int, Undo] = {}
        self._next = 0

    @property
    def is_watched(self) -> bool:
        return bool(self._subscribers) or bool(self._fresh)

    def subscribe(self, callback: Callable[[T], None]) -> Undo:
        self._next += 1
        key = self._next
        cancelled = False

        def once(message: T) -> None:
            if not cancelled:
                self._undo[key] = self._subscribers.subscribe(callback)
                callback(message)

        def undo() -> None:
            nonlocal cancelled
            cancelled = True
            if once in self._fresh:
                self._fresh.remove(once)
            self._undo.pop(key, lambda: None)()

        self._fresh.append(once)
        return undo

    def due(self) -> list[Call]:
        """What is to be told now: the delta to those who have the snapshot, then the snapshot to those who are new."""
        delta = self._delta()
        calls: list[Call] = []
        if delta is not None and self._subscribers:
            calls += self._subscribers.calls(self._snapshot() if isinstance(delta, Told) else delta)
        if self._fresh:
            snapshot = self._snapshot()
            calls += [partial(self._welcome, callback, snapshot) for callback in self._fresh]
        return calls

    def beat(self) -> None:
        """All of it at once."""
        for call in self.due():
            call()

    def _welcome(self, callback: Callable[[T], None], snapshot: T) -> None:
        if callback not in self._fresh:  # left before the snapshot came
            return
        self._fresh.remove(callback)
        welcome: Notifier[T] = Notifier()
        welcome.subscribe(callback)
        welcome.notify(snapshot)


class Publications:
    """All topics of a station by name, and the makers of topics that exist only while somebody listens."""

    def __init__(self) -> None:
        self._publications: dict[str, Publication[Any]] = {}
        self._makers: dict[str, Callable[[str], Publication[Any]]] = {}
        self._due: deque[Call] = deque()

    def offer(self, topic: Topic[T], snapshot: Callable[[], T], delta: Callable[[], T | Told | None]) -> None:
        self._publications[topic.name] = Publication(snapshot, delta)

    def offer_kind(self, prefix: str, make: Callable[[str], Publication[Any]]) -> None:
        """Topics named `<prefix>:<rest>` are made on first use from `<rest>`."""
        self._makers[prefix] = make

    def subscribe(self, topic: Topic[T], callback: Callable[[T], None]) -> Undo:
        """Raises KeyError for a topic that does not exist."""
        prefix, separator, rest = topic.name.partition(":")
        if topic.name not in self._publications:
            self._publications[topic.name] = self._makers[prefix](rest)
        publication = self._publications[topic.name]
        undo = publication.subscribe(callback)
        return (lambda: self._leave(topic.name, undo)) if separator else undo

    def _leave(self, name: str, undo: Undo) -> None:
        """A topic with parameters ends with its last subscriber."""
        undo()
        publication = self._publications.get(name)
        if publication is not None and not publication.is_watched:
            del self._publications[name]
            publication.close()

    def beat(self) -> None:
        """Everything that changed, told at once."""
        self.begin()
        self.deliver()

    @property
    def has_due(self) -> bool:
        """True while somebody has not been told yet what the last `begin` took."""
        return bool(self._due)

    def begin(self) -> None:
        """Take what changed in all topics, at one moment; `deliver` tells it."""
        self.deliver()
        for publication in tuple(self._publications.values()):
            self._due.extend(publication.due())

    def deliver(self, is_enough: Callable[[], bool] = lambda: False) -> bool:
        """Tell one subscriber after the other until it `is_enough`; True when some are left."""
        while self._due and not is_enough():
            self._due.popleft()()
        return bool(self._due)

    def tell(self, *topics: Topic[Any]) -> None:
        """These topics now, without waiting for the beat; what was taken before is told before."""
        self.deliver()
        for topic in topics:
            self._publications[topic.name].beat()


class Latest(Generic[T]):
    """A topic whose delta is its newest value: counts, horn, status, session."""

    def __init__(self, value: T) -> None:
        self._value = value
        self._dirty = False

    @property
    def value(self) -> T:
        return self._value

    def set(self, value: T) -> None:
        if value != self._value:
            self._value = value
            self._dirty = True

    def snapshot(self) -> T:
        return self._value

    def delta(self) -> T | Told | None:
        if not self._dirty:
            return None
        self._dirty = False
        return Told.NOTHING_NOW if self._value is None else self._value
