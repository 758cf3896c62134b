"""The real people of a station behind the seam: a window's tests act on them as on a running station."""

from pathlib import Path
from typing import Any

from console.domain.commands import Command
from console.services import station as s
from console.services.identity.certificates import Authority
from tests.support.fake_station import FakeStation
from tests.support.people_desk import PeopleDesk


class PeopleSeam(FakeStation):
    """`desk` is the real thing; SESSION and PEOPLE are delivered after every act. Use `async with`, then `begin()`."""

    def __init__(self, folder: Path, *, authority: Authority | None = None, **desk: Any) -> None:
        super().__init__()
        self.desk = PeopleDesk(folder, authority=authority, **desk)
        self.answers[s.SignatureQuery] = lambda query: self.desk.sheet(query.command)
        self.answers[s.PreferencesQuery] = lambda _query: {}
        self.answers[s.JournalQuery] = lambda _query: ()

    async def __aenter__(self) -> "PeopleSeam":
        await self.desk.start()
        return self

    def begin(self) -> None:
        """The first beat, when whoever subscribes stands."""
        self.desk.sign_on.changed.subscribe(lambda session: self.deliver(s.SESSION, session))
        self.desk.people.changed.subscribe(lambda _none: self.tell())
        self.deliver(s.SESSION, self.desk.sign_on.record())
        self.tell()

    async def __aexit__(self, *_error: object) -> None:
        self.desk.close()

    def tell(self) -> None:
        self.deliver(s.PEOPLE, self.desk.people.view.record())

    async def submit(self, command: Command) -> s.Receipt:
        self.submitted.append(command)
        try:
            return await self.desk.submit(command)
        finally:
            self.tell()
