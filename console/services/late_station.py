"""A station for the window that stands before the station does: it takes subscriptions and passes them on later."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from console.domain.commands import Command
from console.domain.refusal import Refused
from console.services.notifier import Undo
from console.services.station import Query, Receipt, Station, Topic

T = TypeVar("T")


class LateStation:
    """Subscriptions made before `attach` are made then; queries wait for it; commands are refused until then."""

    def __init__(self) -> None:
        self._station: Station | None = None
        self._attached = asyncio.Event()
        self._waiting: list[Callable[[Station], None]] = []

    def attach(self, station: Station) -> None:
        self._station = station
        waiting, self._waiting = self._waiting, []
        for subscribe in waiting:
            subscribe(station)
        self._attached.set()

    async def submit(self, command: Command) -> Receipt:
        if self._station is None:
            raise Refused("The station is still starting; try again in a moment")
        return await self._station.submit(command)

    async def query(self, query: Query[T]) -> T:
        await self._attached.wait()
        assert self._station is not None
        return await self._station.query(query)

    def subscribe(self, topic: Topic[T], callback: Callable[[T], None]) -> Undo:
        if self._station is not None:
            return self._station.subscribe(topic, callback)
        undone: list[Any] = []

        def later(station: Station) -> None:
            if not undone:
                undone.append(station.subscribe(topic, callback))

        def undo() -> None:
            if undone and callable(undone[0]):
                undone[0]()
            undone[:] = [None]

        self._waiting.append(later)
        return undo
