"""A station's people for tests: the real directory, gate, credentials and door, on a journal in memory."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import TracebackType
from uuid import UUID

from console.config.users_file import TEST_COST, UserEntry, write_users
from console.domain.command import Command
from console.domain.signatures import SignatureProof
from console.domain.station_facts import StreamOpened
from console.services.identity.certificates import Authority
from console.services.identity.credential_tables import metadata
from console.services.identity.enrolment import Enrolment, Identity
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.people import Home, People
from console.services.identity.session import SessionRules
from console.services.identity.sign_on import Session
from console.services.journal.entries import SYSTEM, Entry
from console.services.journal.keys import FileKey
from console.services.operations import Operations
from console.services.people_records import SignatureSheet
from console.services.servicedesk.incidents import IncidentDesk
from console.services.station import Receipt
from console.services.storage.database import fold_wal
from console.services.storage.schema import open_station_db
from tests.support.clock import FakeClock
from tests.support.desk import PASSWORD, PEOPLE, FakeAlarms, FakeRebirths
from tests.support.memory_log import MemoryLog

SITE = UUID("0190a0b0-0000-7000-8000-0000000000ab")


class PeopleDesk(AbstractContextManager["PeopleDesk"]):
    """`await start()` replays nothing and applies users.toml; `restarted()` is the same folder after a kill."""

    def __init__(
        self,
        folder: Path,
        code: str = "A1",
        number: int = 1,
        *,
        people: Sequence[UserEntry] | None = PEOPLE,
        clock: FakeClock | None = None,
        log: MemoryLog | None = None,
        authority: Authority | None = None,
        rules: SessionRules | None = None,
    ) -> None:
        self.folder = folder
        self.code, self.number = code, number
        self.clock = clock or FakeClock()
        self.log = log or MemoryLog(self.clock, code, number)
        self.site_folder = folder / "site"
        self.site_folder.mkdir(parents=True, exist_ok=True)
        if people is not None:
            write_users(self.site_folder, people)
        self.key = FileKey.load_or_create(folder / "keys")
        self.me = Identity(SITE, UUID(int=number), code, f"Console {code}", self.key.public_key)
        public = authority.public_key if authority is not None else b""
        self.enrolment = Enrolment(
            self.me, authority=public, site_folder=self.site_folder, keys=folder / "keys", clock_us=self.clock
        )
        self._know_people(authority, rules)
        self._open_door()

    def _know_people(self, authority: Authority | None, rules: SessionRules | None) -> None:
        """The real people, over a real database."""
        public = authority.public_key if authority is not None else b""
        self.worker = PasswordWorker(TEST_COST)
        self.database = open_station_db(self.folder / "station.db", [metadata])
        bits = count(1)
        self.random_bits = lambda n: (self.number << 40) + next(bits)
        self.people = People(
            Home(SITE, "Kassel works", public, self.site_folder, self.me.station, rules=rules or SessionRules()),
            self.log,
            self.worker,
            self.enrolment,
            self.key,
            self.database.writer,
            self.database.readers,
            self.clock,
            fold=partial(asyncio.to_thread, fold_wal, self.database.path),
            random_bits=self.random_bits,
            least=TEST_COST,
        )
        self.sign_on = self.people.sign_on
        self.gate = self.people.gate

    def _open_door(self) -> None:
        """Incidents and alarms behind the operators' door; both follow the journal after the people."""
        self.incidents = IncidentDesk(self.sign_on.name_of)
        self.log.entries.subscribe(self.people.take)
        self.log.entries.subscribe(self.incidents.apply)
        self.alarms = FakeAlarms()
        self.operations = Operations(
            self.log,
            self.alarms,
            self.incidents,
            self.sign_on,
            clock_us=self.clock,
            site_short="KASS",
            station_code=self.code,
            position="desk",
            rebirth=FakeRebirths(),
            random_bits=self.random_bits,
            station_refusal=self.enrolment.refusal_of,
        )
        self.operations.extend(self.people.acts())

    async def start(self) -> "PeopleDesk":
        await self.people.load()
        if self.log.kept:
            self.people.take(tuple(self.log.kept))
        await self.people.settle()
        return self

    async def signed_on(self, login: str, password: str = PASSWORD) -> Session:
        session, _ = await self.sign_on.sign_on(login, password)
        return session

    async def submit(self, command: Command, session: Session | None = None) -> Receipt:
        self.clock.advance(1)
        return await self.operations.submit(command, session)

    def sheet(self, command: Command) -> SignatureSheet:
        return self.people.signing.sheet(command, self.operations.record_of(command))

    async def signed(self, command: Command, secret: str = PASSWORD) -> Receipt:
        """Look at the record, then sign it."""
        sheet = self.sheet(command)
        proof = SignatureProof(secret, sheet.meaning, sheet.sha256)
        return await self.submit(replace(command, proof=proof))  # type: ignore[call-arg]

    def receive(self, other: "PeopleDesk | Sequence[Entry]") -> None:
        entries = other.log.kept if isinstance(other, PeopleDesk) else other
        self.log.receive([replace(entry, is_own=False) for entry in entries if entry.station != self.me.station])

    async def meet(self, other: "PeopleDesk") -> int:
        """What two stations tell each other: the other's key, its events and its profiles; how many profiles were
        taken."""
        fact = StreamOpened(UUID(int=1000 + other.number), other.code, other.key.public_key.hex(), "first_start")
        if not any(isinstance(one.fact, StreamOpened) and one.is_own for one in other.log.kept):
            await other.log.append([fact], SYSTEM)
        self.receive(other)
        return await self.people.credentials.take(other.people.credentials.profiles())

    def close(self) -> None:
        self.worker.close()
        self.database.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
