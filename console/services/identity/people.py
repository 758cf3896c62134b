"""People of a station, joined: directory, gate, stations, credentials and the acts about them, behind one `take`."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from console.config.users_file import PLANT_COST, PasswordCost
from console.domain.command import Command
from console.domain.facts import UserSignedOff, UserSignedOn
from console.domain.people_facts import BreakGlassAttributed, BreakGlassUsed
from console.domain.refusal import Refused
from console.domain.station_facts import StationEnrolled, StationRevoked, StreamOpened
from console.services.acts import Act
from console.services.identity.administration import Administration
from console.services.identity.credentials import Credentials, SignedCredential
from console.services.identity.directory import Directory
from console.services.identity.enrolment import Enrolment
from console.services.identity.gate import Gate
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.people_file import ERASED_TEXT, USERS_TEXT, PeopleFile, look_quietly
from console.services.identity.people_history import PeopleHistory
from console.services.identity.people_view import PeopleView
from console.services.identity.ports import DirectoryCheck, SecondFactor
from console.services.identity.profiles import Profiles
from console.services.identity.session import SessionRules
from console.services.identity.session_acts import BREAK_GLASS_TEXT, SessionActs
from console.services.identity.sign_on import SignOnDesk
from console.services.identity.signing import Signing
from console.services.identity.station_acts import StationActs
from console.services.identity.stations import Stations
from console.services.identity.tries_file import TriesFile
from console.services.journal.entries import Entry, Journal
from console.services.journal.keys import StationKey
from console.services.notifier import Notifier
from console.services.storage.ports import Reader, Writer

log = logging.getLogger(__name__)
# Facts that change what `PeopleView` shows, beside those about people themselves.
_SHOWN = (
    UserSignedOn,
    UserSignedOff,
    BreakGlassUsed,
    BreakGlassAttributed,
    StreamOpened,
    StationEnrolled,
    StationRevoked,
)


@dataclass(frozen=True, slots=True)
class Home:
    """Whose people these are, and where their files stand."""

    site: UUID
    site_name: str
    authority: bytes
    site_folder: Path
    station: UUID
    lock_after_s: int = 0
    rules: SessionRules = field(default_factory=SessionRules)


class People:
    """Build it before the journal is replayed; `take` every entry first of all projections, in replay and after.

    Start: `await load()`, replay, then `await settle()` (or `pretend()` for a station that writes nothing), then
    `look()` from time to time. Files of the database: `credential_tables.metadata`.
    """

    def __init__(
        self,
        home: Home,
        journal: Journal,
        worker: PasswordWorker,
        enrolment: Enrolment,
        key: StationKey,
        writer: Writer,
        reader: Reader,
        clock_us: Callable[[], int],
        *,
        is_confirmed: Callable[[], bool] = lambda: False,
        fold: Callable[[], Awaitable[bool]] | None = None,
        random_bits: Callable[[int], int] = secrets.randbits,
        least: PasswordCost = PLANT_COST,
        directory_check: DirectoryCheck | None = None,
        second_factor: SecondFactor | None = None,
    ) -> None:
        self.changed: Notifier[None] = Notifier()  # something that `PeopleView` shows
        self.renamed: Notifier[None] = Notifier()  # people may be called otherwise than before
        self.enrolment = enrolment
        self._know(home, enrolment, key, writer, reader, clock_us, fold, random_bits)
        self.sign_on = self._sign_on(home, journal, worker, clock_us, directory_check, second_factor)
        self.signing = Signing(journal, self.sign_on, clock_us, is_confirmed)
        self._act(home, journal, worker, clock_us, random_bits)
        self._show(home, journal, clock_us, least)
        self._follow(home)

    def _know(
        self,
        home: Home,
        enrolment: Enrolment,
        key: StationKey,
        writer: Writer,
        reader: Reader,
        clock_us: Callable[[], int],
        fold: Callable[[], Awaitable[bool]] | None,
        random_bits: Callable[[int], int],
    ) -> None:
        """What the journal and the credentials say about people and stations."""
        self.history = PeopleHistory()
        self.gate = Gate(self.history)
        self.stations = Stations(home.site, home.authority, lambda entry: not self.gate.is_withheld(entry))
        self.credentials = Credentials(
            writer,
            reader,
            site=home.site,
            station=home.station,
            key=key,
            keys_of=self.stations.keys_of,
            keys_ever=self.stations.keys_ever,
            is_erased=self.history.is_erased,
            now_us=clock_us,
            **({"fold": fold} if fold is not None else {}),
        )
        self.profiles = Profiles(self.credentials, random_bits, self.history.is_profile_withheld)
        self.directory = Directory(self.history, self.profiles, self.credentials.encoded, lambda: self.stations.version)
        self.tries = TriesFile(writer, reader, key)

    def _sign_on(
        self,
        home: Home,
        journal: Journal,
        worker: PasswordWorker,
        clock_us: Callable[[], int],
        directory_check: DirectoryCheck | None,
        second_factor: SecondFactor | None,
    ) -> SignOnDesk:
        return SignOnDesk(
            self.directory.users(),
            journal,
            worker,
            clock_us,
            tries=self.tries,
            rules=home.rules,
            pin_of=self.credentials.pin,
            policy_ver=lambda: self.history.version,
            is_recording=lambda: self.enrolment.is_enrolled,
            directory_check=directory_check,
            second_factor=second_factor,
        )

    def _show(self, home: Home, journal: Journal, clock_us: Callable[[], int], least: PasswordCost) -> None:
        """users.toml, and what the administration's view shows."""
        self.file = PeopleFile(
            home.site_folder,
            journal,
            self.history,
            self.profiles,
            on_hashes=self.credentials.set_file,
            least=least,
        )
        self.view = PeopleView(
            self.directory,
            self.credentials,
            self.gate,
            self.stations,
            self.enrolment,
            self.sign_on,
            own=home.station,
            lock_after_s=home.lock_after_s,
            clock_us=clock_us,
        )

    def _follow(self, home: Home) -> None:
        """What changes by itself."""
        self._own = home.station
        self._was_overdue = False
        self._was_wrong = ""
        self._directory_version = self.directory.version
        self._erasing: set[asyncio.Future[None]] = set()
        self.credentials.changed.subscribe(lambda _none: self._on_profiles())
        self.enrolment.asked.subscribe(self.changed.notify)
        self.enrolment.changed.subscribe(lambda _certificate: self.changed.notify(None))

    def _act(
        self,
        home: Home,
        journal: Journal,
        worker: PasswordWorker,
        clock_us: Callable[[], int],
        random_bits: Callable[[int], int],
    ) -> None:
        """The acts about people, sessions and stations."""
        self.session_acts = SessionActs(journal, self.sign_on, self.gate, self.signing, clock_us)
        self._administration = Administration(
            journal,
            self.sign_on,
            self.directory,
            self.credentials,
            self.profiles,
            worker,
            self.signing,
            clock_us=clock_us,
            random_bits=random_bits,
            site_name=home.site_name,
        )
        self._station_acts = StationActs(journal, self.stations, self.enrolment, self.signing, home.station)

    def acts(self) -> Mapping[type[Command], Act]:
        """For `Operations.extend`."""
        return {**self._administration.acts(), **self.session_acts.acts(), **self._station_acts.acts()}

    async def load(self) -> None:
        """What station.db remembers: credentials and tries."""
        await self.credentials.load()
        await self.tries.load()

    def take(self, entries: Sequence[Entry]) -> None:
        """Learn from entries; sessions of people who were disabled end at once."""
        before = self.history.version
        held = len(self.gate.withheld_hashes)
        self.gate.take(entries)
        self.stations.take(entries)
        self.file.take(entries)
        self.sign_on.everywhere.take(entries)
        self.enrolment.is_revoked = self.stations.is_revoked(self._own)
        is_about_people = self.history.version != before
        if is_about_people or self.directory.version != self._directory_version:
            self._adopt()
        if is_about_people and self.history.erased:
            self._forget()
        if (
            is_about_people
            or held != len(self.gate.withheld_hashes)
            or any(isinstance(e.fact, _SHOWN) for e in entries)
        ):
            self.changed.notify(None)

    async def take_profiles(self, rows: Sequence[SignedCredential]) -> int:
        """What somebody nearby says that people are called; of people whom no fact names nothing is kept: it is told
        again. Gives how many were new. Raises Refused."""
        return await self.credentials.take([row for row in rows if self.history.own(row.user_id) is not None])

    def _adopt(self) -> None:
        """Somebody came, or is called otherwise."""
        before, self._directory_version = self._directory_version, self.directory.version
        self.sign_on.adopt(self.directory.users())
        if before[1:] != self._directory_version[1:] or self.history.erased:
            self.renamed.notify(None)

    def _refresh(self) -> None:
        if self.directory.version != self._directory_version:
            self._adopt()

    def _on_profiles(self) -> None:
        self._refresh()
        self.changed.notify(None)

    def _forget(self) -> None:
        """Who was erased, here or elsewhere, is gone from this station's file a moment later."""
        task = asyncio.ensure_future(self._erase())
        self._erasing.add(task)
        task.add_done_callback(self._erasing.discard)

    async def _erase(self) -> None:
        with suppress(Refused):  # a full disk: the next look tries again
            await self.credentials.erase(self.history.erased)

    async def settle(self) -> None:
        """After the replay: apply users.toml when it is new, and end the sessions that a killed station left.

        A station that cannot write now (not enrolled, disk full) shows the people of its file all the same.
        """
        if not self.enrolment.is_enrolled:
            self.pretend()
            return
        try:
            await self.file.look()
            self._refresh()
            await self.sign_on.end_left_behind()
        except Refused:
            self.pretend()

    async def look(self) -> Mapping[str, str]:
        """From time to time: users.toml when it changed, and uses of the control room identity without a name.

        Gives system alarms by key: constant English texts, empty for what is in order.
        """
        wrong = await look_quietly(self.file) if self.enrolment.is_enrolled else ""
        self._refresh()
        await self._erase()
        if wrong and wrong != self._was_wrong:
            log.warning("users.toml: %s", wrong)
        self._was_wrong = wrong
        is_overdue = self.session_acts.is_overdue()
        if is_overdue != self._was_overdue:
            self._was_overdue = is_overdue
            self.changed.notify(None)
        return {
            "users.toml": USERS_TEXT if wrong else "",
            "erased": ERASED_TEXT if self.file.names_erased else "",
            "break-glass": BREAK_GLASS_TEXT if is_overdue else "",
        }

    def pretend(self) -> None:
        """The people of users.toml without a fact."""
        self.file.pretend()
        self._adopt()

    def name_pair(self, user_id: str) -> tuple[str, str]:
        """Login and shown name of a user id: what the journal asks for its rows."""
        users = self.sign_on.users
        person = users.person(user_id)
        return (person.user.login, person.user.name) if person is not None else (user_id, users.name_of(user_id))
