"""A station that answers questions about performance from a made-up history, for the page and its pictures."""

from typing import Any, TypeVar

from console.services.station import Query
from tests.support.busy_plant import BusyPlant
from tests.support.fake_station import FakeStation

T = TypeVar("T")


class BusyStation(FakeStation):
    """`asked` keeps what was asked of the plant's desk."""

    def __init__(self, plant: BusyPlant) -> None:
        super().__init__()
        self.plant = plant
        self.asked: list[Any] = []
        self._desk = plant.desk.answers()

    async def query(self, query: Query[T]) -> T:
        if type(query) not in self._desk:
            return await super().query(query)
        self.asked.append(query)
        answer: T = await self._desk[type(query)](query)
        return answer
