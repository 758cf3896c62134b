"""A station that behaves like one, for models and views: delivers deltas, keeps the commands it was given."""

from collections.abc import Callable
from typing import Any, TypeVar

from console.domain.alarm_classes import AlarmSettings
from console.domain.commands import Command
from console.domain.refusal import Refused
from console.services.notifier import Notifier, Undo
from console.services.station import (
    AggregateQuery,
    AlarmSettingsQuery,
    AlarmSpansQuery,
    JournalQuery,
    PreferencesQuery,
    Query,
    Receipt,
    Topic,
)
from console.services.story_records import PastSpans

T = TypeVar("T")


class FakeStation:
    """`deliver(TOPIC, delta)` calls the subscribers at once and is replayed to later ones (last snapshot)."""

    def __init__(self) -> None:
        self.submitted: list[Command] = []
        self.refusals: dict[type[Command], Refused] = {}
        self.answers: dict[type, Callable[[Any], Any]] = {
            JournalQuery: lambda _query: (),
            AlarmSettingsQuery: lambda _query: AlarmSettings(),
            PreferencesQuery: lambda _query: {},
            AlarmSpansQuery: lambda _query: PastSpans(),
            AggregateQuery: lambda _query: (),
        }
        self._notifiers: dict[str, Notifier[Any]] = {}
        self._kept: dict[str, list[Any]] = {}

    async def submit(self, command: Command) -> Receipt:
        self.submitted.append(command)
        if type(command) in self.refusals:
            raise self.refusals[type(command)]
        return Receipt(("00" * 32,))

    async def query(self, query: Query[T]) -> T:
        return self.answers[type(query)](query)  # type: ignore[no-any-return]

    def subscribe(self, topic: Topic[T], callback: Callable[[T], None]) -> Undo:
        undo = self._notifiers.setdefault(topic.name, Notifier()).subscribe(callback)
        for delta in self._kept.get(topic.name, ()):
            callback(delta)
        return undo

    def deliver(self, topic: Topic[T], delta: T) -> None:
        if getattr(delta, "is_snapshot", True):
            self._kept[topic.name] = []
        self._kept.setdefault(topic.name, []).append(delta)
        self._notifiers.setdefault(topic.name, Notifier()).notify(delta)
