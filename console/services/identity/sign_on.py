"""Signing on and off: who acts at this console. Viewing never waits for it and never needs it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from console.domain.facts import SignOnFailed, UserSignedOff, UserSignedOn
from console.domain.people import Person
from console.domain.permissions import DISABLED, denials
from console.domain.refusal import Refused
from console.services.identity.back_off import BackOff
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.users import Users
from console.services.journal.entries import SYSTEM, Actor, Entry, Journal
from console.services.notifier import Notifier
from console.services.records import SessionRecord

WRONG = "The login or the password is wrong"  # never which of them
UNKNOWN_LOGIN = "(unknown)"  # what was typed may be a password, so it is not written down
SESSION_BYTES = 16


@dataclass(frozen=True, slots=True)
class Session:
    """One person's stay at this console or in one call of the command line."""

    session_id: str
    person: Person
    method: str
    signed_on_us: int

    @property
    def actor(self) -> Actor:
        """Who makes the facts of this session."""
        user = self.person.user
        roles = tuple(role.value for role in self.person.roles)
        return Actor(user.user_id, user.login, user.name, roles, self.session_id, self.method)


class SignOnDesk:
    """The console's own session is `current`; others (`leitstand act`) are opened beside it and ended by their owner.

    `changed` tells the session's record, None when nobody is signed on.
    """

    def __init__(self, users: Users, journal: Journal, worker: PasswordWorker, clock_us: Callable[[], int]) -> None:
        self.changed: Notifier[SessionRecord | None] = Notifier()
        self.users = users
        self.current: Session | None = None
        self._journal = journal
        self._worker = worker
        self._clock_us = clock_us
        self._back_off = BackOff()
        self._alive: dict[str, Session] = {}

    async def sign_on(self, login: str, password: str) -> tuple[Session, tuple[Entry, ...]]:
        """Makes the person the one who acts at this console; who was signed on before is signed off.

        Raises Refused: wrong, too many tries, disabled, or the journal cannot write.
        """
        session, entries = await self.open_session(login, password)
        before, self.current = self.current, session
        self.changed.notify(self.record())
        if before is not None:
            entries += await self._end(before, "switch")
        return session, entries

    async def sign_off(self, why: str = "") -> tuple[Entry, ...]:
        """Ends the console's session at once, then writes it down; nothing when nobody is signed on."""
        before, self.current = self.current, None
        if before is None:
            return ()
        self.changed.notify(None)
        return await self._end(before, why)

    async def open_session(self, login: str, password: str) -> tuple[Session, tuple[Entry, ...]]:
        """A session beside the console's own, for one call of the command line; `end_session` it."""
        person = await self._prove(login, password)
        session = Session(secrets.token_hex(SESSION_BYTES), person, "password", self._clock_us())
        entries = await self._journal.append([UserSignedOn(person.user_id)], session.actor)
        self._alive[session.session_id] = session
        return session, entries

    async def end_session(self, session: Session, why: str = "") -> tuple[Entry, ...]:
        if self.current is not None and self.current.session_id == session.session_id:
            return await self.sign_off(why)
        return await self._end(session, why)

    def person(self, session: Session | None) -> Person | None:
        """Who acts in this session, with the rights of now; None when it has ended or the person is gone."""
        if session is None or session.session_id not in self._alive:
            return None
        return self.users.person(session.person.user_id)

    def name_of(self, user_id: str) -> str:
        """The shown name of a user id, by the directory of now."""
        return self.users.name_of(user_id)

    async def replace_users(self, users: Users) -> None:
        """Another users file: rights hold at once, sessions of disabled or removed people end at once."""
        self.users = users
        for session in tuple(self._alive.values()):
            person = users.person(session.person.user_id)
            if person is None or person.user.is_disabled:
                await self.end_session(session, "disabled")
        self.changed.notify(self.record())

    def record(self) -> SessionRecord | None:
        """The console's session as the window shows it, with the reason for each command that is not allowed."""
        person = self.person(self.current)
        if self.current is None or person is None:
            return None
        roles = tuple(role.value for role in person.roles)
        user = person.user
        signed_on_us = self.current.signed_on_us
        return SessionRecord(user.user_id, user.login, user.name, roles, signed_on_us, denials(person))

    async def _prove(self, login: str, password: str) -> Person:
        """The person, or Refused. A known and an unknown login take the same road and the same time."""
        waits_s = self._back_off.waits_s(login, self._clock_us())
        if waits_s:
            raise Refused("Too many tries: wait {seconds} s", seconds=waits_s)
        person = self.users.by_login(login)
        encoded = self.users.password_hash(person.user_id) if person is not None else ""
        self._back_off.failed(login, self._clock_us())  # before the check, so that tries in parallel count
        is_right = await self._worker.verify(encoded, password)
        if person is None or not is_right:
            why = "password" if person is not None else "login"
            await self._note_failure(person, why)
            raise Refused(WRONG)
        self._back_off.succeeded(login)
        if person.user.is_disabled:
            await self._note_failure(person, "disabled")
            raise Refused(DISABLED)
        return person

    async def _note_failure(self, person: Person | None, why: str) -> None:
        login = person.user.login if person is not None else UNKNOWN_LOGIN
        await self._journal.append([SignOnFailed(login, why)], SYSTEM)

    async def _end(self, session: Session, why: str) -> tuple[Entry, ...]:
        if self._alive.pop(session.session_id, None) is None:
            return ()
        return await self._journal.append([UserSignedOff(session.person.user_id, why)], session.actor)
