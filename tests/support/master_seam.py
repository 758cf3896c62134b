"""Master alarm records behind the seam: a window's tests act on the real door of a plant."""

from pathlib import Path
from typing import Any

from console.domain.commands import Command
from console.services import station as s
from tests.support.fake_station import FakeStation
from tests.support.master_plant import MasterPlant


class MasterSeam(FakeStation):
    """MASTER, MASTER_FILES and SESSION are delivered after every act. Use `async with`, then `begin()`."""

    def __init__(self, folder: Path, **plant: Any) -> None:
        super().__init__()
        self.plant = MasterPlant(folder, **plant)
        self.answers[s.SignatureQuery] = lambda query: self.plant.sheet(query.command)

    async def __aenter__(self) -> "MasterSeam":
        await self.plant.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.plant.close()

    def begin(self) -> None:
        self.plant.sign_on.changed.subscribe(lambda session: self.deliver(s.SESSION, session))
        self.deliver(s.SESSION, self.plant.sign_on.record())
        self.deliver(s.MASTER, self.plant.told())

    def tell(self) -> None:
        """Everything that changed, as some beats would."""
        while (delta := self.plant.master.take_delta()) is not None:
            self.deliver(s.MASTER, delta)
        self.deliver(s.MASTER_FILES, self.plant.acts.files.record.value)

    async def submit(self, command: Command) -> s.Receipt:
        self.submitted.append(command)
        try:
            return await self.plant.submit(command)
        finally:
            self.tell()

    async def query(self, query: s.Query[Any]) -> Any:
        if isinstance(query, s.MasterPreviewQuery):
            return await self.plant.acts.preview(query.file)
        return await super().query(query)
