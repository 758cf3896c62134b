"""Signing on and off: who acts at this console. Viewing never waits for it and never needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from console.domain.facts import Fact, SignOnFailed, UserSignedOff, UserSignedOn
from console.domain.people import CONTROL_ROOM, Person, User
from console.domain.people_facts import BreakGlassUsed, SessionLocked, SessionUnlocked, UnlockFailed
from console.domain.permissions import DISABLED, PERMISSIONS, denials
from console.domain.refusal import Refused
from console.services.identity.password_rules import looks_like_pin
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.ports import DirectoryCheck, NoDirectory, NoSecondFactor, SecondFactor
from console.services.identity.session import (
    ALLOWED_LOCKED,
    BREAK_GLASS,
    LOCKED,
    PASSWORD,
    PIN,
    SessionRules,
    actor_of,
    new_session_id,
)
from console.services.identity.session import SESSION_BYTES as SESSION_BYTES  # noqa: PLC0414 part of this face
from console.services.identity.session import Session as Session  # noqa: PLC0414 part of this module's face
from console.services.identity.sessions import OpenSessions
from console.services.identity.tries_file import TriesInMemory
from console.services.identity.users import Users
from console.services.journal.entries import SYSTEM, Actor, Entry, Journal
from console.services.notifier import Notifier
from console.services.records import SessionRecord

WRONG = "The login or the password is wrong"  # never which of them
NOT_SIGNED_ON = "Nobody is signed on here"
UNKNOWN_LOGIN = "(unknown)"  # what was typed may be a password, so it is not written down
CONTROL_ROOM_PERSON = Person(User(CONTROL_ROOM, CONTROL_ROOM, "Control room"))


class Tries(Protocol):
    """Remembers wrong passwords per login (`tries_file.py`)."""

    def waits_s(self, login: str, now_us: int) -> int: ...
    async def failed(self, login: str, now_us: int) -> None: ...
    async def succeeded(self, login: str) -> None: ...


class SignOnDesk:
    """The console's own session is `current`; others (`leitstand act`) are opened beside it and ended by their owner.

    `changed` tells the session's record, None when nobody is signed on. `pin_of` gives the PIN's hash of a user id,
    `policy_ver` how many facts about people are known, `is_recording` whether this station may write at all (one that
    is not enrolled only watches).
    """

    def __init__(
        self,
        users: Users,
        journal: Journal,
        worker: PasswordWorker,
        clock_us: Callable[[], int],
        *,
        tries: Tries | None = None,
        rules: SessionRules | None = None,
        pin_of: Callable[[str], str] = lambda user_id: "",
        policy_ver: Callable[[], int] = lambda: 0,
        is_recording: Callable[[], bool] = lambda: True,
        directory_check: DirectoryCheck | None = None,
        second_factor: SecondFactor | None = None,
    ) -> None:
        self.changed: Notifier[SessionRecord | None] = Notifier()
        self.users = users
        self.current: Session | None = None
        self.everywhere = OpenSessions()
        self.rules = rules or SessionRules()
        self.confirmed_us = 0  # when the centre last confirmed the rights of people, 0 = never
        self._journal = journal
        self._worker = worker
        self._clock_us = clock_us
        self._tries: Tries = tries or TriesInMemory()
        self._pin_of = pin_of
        self._policy_ver = policy_ver
        self._is_recording = is_recording
        self._directory_check: DirectoryCheck = directory_check or NoDirectory()
        self._second_factor: SecondFactor = second_factor or NoSecondFactor()
        self._alive: dict[str, Session] = {}
        self._locked: set[str] = set()
        self._begun: dict[str, int] = {}  # user id -> when he proved himself by password here, in this shift
        self._wrong_pins: dict[str, int] = {}
        self._ending: set[asyncio.Future[tuple[Entry, ...]]] = set()

    async def sign_on(self, login: str, password: str) -> tuple[Session, tuple[Entry, ...]]:
        """Makes the person the one who acts at this console; who was signed on before is signed off.

        A PIN does, too, for somebody who signed on here with his password within the shift. Raises Refused: wrong,
        too many tries, disabled, too many sessions, or the journal cannot write.
        """
        session, entries = await self._open(login, password, at_console=True)
        return session, entries + await self._take_over(session)

    async def break_glass(self, why: str) -> tuple[Session, tuple[Entry, ...]]:
        """Signs the identity "control room" on: acknowledge and silence, nothing else; a name is asked for later."""
        session = Session(new_session_id(), CONTROL_ROOM_PERSON, BREAK_GLASS, self._clock_us())
        facts = [UserSignedOn(CONTROL_ROOM, BREAK_GLASS), BreakGlassUsed(session.session_id, why)]
        entries = await self._write(facts, session.actor)
        self._alive[session.session_id] = session
        return session, entries + await self._take_over(session)

    async def sign_off(self, why: str = "") -> tuple[Entry, ...]:
        """Ends the console's session at once, then writes it down; nothing when nobody is signed on."""
        before, self.current = self.current, None
        if before is None:
            return ()
        if not why:
            self._begun.pop(before.person.user_id, None)
        self.changed.notify(None)
        return await self._end(before, why)

    async def open_session(self, login: str, password: str) -> tuple[Session, tuple[Entry, ...]]:
        """A session beside the console's own, for one call of the command line; `end_session` it."""
        return await self._open(login, password, at_console=False)

    async def end_session(self, session: Session, why: str = "") -> tuple[Entry, ...]:
        if self.current is not None and self.current.session_id == session.session_id:
            return await self.sign_off(why)
        return await self._end(session, why)

    async def lock(self, session_id: str, why: str = "") -> tuple[Entry, ...]:
        """View only from now on, whatever the disk says; alarms, horn and trends stay live. Raises Refused."""
        session = self._session(session_id)
        if session_id in self._locked:
            return ()
        self._locked.add(session_id)
        self.changed.notify(self.record())
        return await self._write([SessionLocked(session.person.user_id, why)], self.actor(session))

    async def unlock(self, session_id: str, secret: str, is_pin: bool) -> tuple[Entry, ...]:
        """By the person whose session it is. Raises Refused: wrong, too many tries, PIN not allowed any more."""
        session = self._session(session_id)
        if session_id not in self._locked:
            return ()
        method = await self.prove_again(session, secret, is_pin)
        entries = await self._write([SessionUnlocked(session.person.user_id, method)], self.actor(session))
        self._locked.discard(session_id)
        self.changed.notify(self.record())
        return entries

    async def prove_again(self, session: Session, secret: str, is_pin: bool) -> str:
        """Password or PIN of the person of this session once more; gives which it was. Raises Refused."""
        user = session.person.user
        if session.method == BREAK_GLASS:
            raise Refused("The control room identity has no password: sign on with your own name")
        wait_s = self._tries.waits_s(user.login, self._clock_us())
        if wait_s:
            raise Refused("Too many tries: wait {seconds} s", seconds=wait_s)
        if is_pin and not self._pin_is_open(user.user_id):
            raise Refused("The PIN does not count any more: use your password")
        if is_pin:
            is_right = await self._check_pin(user.user_id, secret)
        else:
            await self._tries.failed(user.login, self._clock_us())  # before the check: tries in parallel count
            is_right = await self._is_password(session.person, secret)
        if not is_right:
            await self._write([UnlockFailed(user.user_id, PIN if is_pin else PASSWORD)], self.actor(session))
            raise Refused("The PIN is wrong" if is_pin else "The password is wrong")
        if not is_pin:
            await self._tries.succeeded(user.login)
            self._begin(user.user_id)
        return PIN if is_pin else PASSWORD

    def refusal_of(self, session: Session | None, command: str) -> str | None:
        """The reason why a locked session may not give this command; None when it may."""
        is_locked = session is not None and session.session_id in self._locked
        return LOCKED if is_locked and command not in ALLOWED_LOCKED else None

    def is_locked(self, session: Session | None) -> bool:
        return session is not None and session.session_id in self._locked

    def person(self, session: Session | None) -> Person | None:
        """Who acts in this session, with the rights of now; None when it has ended or the person is gone."""
        if session is None or session.session_id not in self._alive:
            return None
        if session.person.is_break_glass:
            return session.person
        return self.users.person(session.person.user_id)

    def actor(self, session: Session) -> Actor:
        """Who makes the facts of this session, with roles and policy version of now."""
        return actor_of(session, self.person(session) or session.person, self._policy_ver())

    def session_of(self, actor: Actor) -> Session | None:
        """The living session in which this actor acts."""
        return self._alive.get(actor.session_id)

    def name_of(self, user_id: str) -> str:
        """The shown name of a user id, by the directory of now."""
        return self.users.name_of(user_id)

    async def replace_users(self, users: Users) -> None:
        """Another directory: rights hold at once, sessions of disabled or removed people end at once."""
        await asyncio.gather(*self._adopted(users))

    def adopt(self, users: Users) -> None:
        """The same from a subscriber of the journal: what is to be written about it is written a moment later."""
        for writing in self._adopted(users):
            task = asyncio.ensure_future(writing)
            self._ending.add(task)
            task.add_done_callback(self._ended)

    async def end_left_behind(self) -> None:
        """At the start: sessions that this station was killed in are over."""
        for one in self.everywhere.left_behind(tuple(self._alive)):
            actor = Actor(one.user_id, session_id=one.session_id, policy_ver=self._policy_ver())
            await self._write([UserSignedOff(one.user_id, "restart")], actor)

    def note_confirmed(self, at_us: int) -> None:
        """The centre confirmed the rights; older news change nothing. Its absence never blocks anybody."""
        if at_us > self.confirmed_us:
            self.confirmed_us = at_us
            self.changed.notify(self.record())

    def record(self) -> SessionRecord | None:
        """The console's session as the window shows it, with the reason for each command that is not allowed."""
        person = self.person(self.current)
        if self.current is None or person is None:
            return None
        session, user = self.current, person.user
        is_locked = session.session_id in self._locked
        denied = dict(denials(person))
        if is_locked:
            denied |= {name: LOCKED for name in PERMISSIONS if name not in ALLOWED_LOCKED}
        return SessionRecord(
            user.user_id,
            user.login,
            user.name,
            tuple(role.value for role in person.roles),
            session.signed_on_us,
            denied,
            is_locked=is_locked,
            method=session.method,
            confirmed_us=self.confirmed_us,
        )

    async def _open(self, login: str, secret: str, *, at_console: bool) -> tuple[Session, tuple[Entry, ...]]:
        person, method = await self._prove(login, secret)
        self._refuse_too_many(person, at_console)
        session = Session(new_session_id(), person, method, self._clock_us())
        entries = await self._write([UserSignedOn(person.user_id, method)], self.actor(session))
        self._alive[session.session_id] = session
        if method == PASSWORD:
            self._begin(person.user_id)
        return session, entries

    async def _take_over(self, session: Session) -> tuple[Entry, ...]:
        before, self.current = self.current, session
        self.changed.notify(self.record())
        return await self._end(before, "switch") if before is not None else ()

    async def _prove(self, login: str, secret: str) -> tuple[Person, str]:
        """The person and how he proved it, or Refused. A known and an unknown login take the same road and time."""
        waits_s = self._tries.waits_s(login, self._clock_us())
        if waits_s:
            raise Refused("Too many tries: wait {seconds} s", seconds=waits_s)
        candidates = self.users.candidates(login)
        await self._tries.failed(login, self._clock_us())  # before the check, so that tries in parallel count
        person, method = await self._who_proves(candidates, secret)
        if person is None:
            why = "password" if candidates else "login"
            await self._note_failure(candidates[0] if candidates else None, why)
            raise Refused(WRONG)
        await self._tries.succeeded(login)
        if person.user.is_disabled:
            await self._note_failure(person, "disabled")
            raise Refused(DISABLED)
        roles = tuple(role.value for role in person.roles)
        factor = self._second_factor
        if factor.is_needed(person.user_id, roles) and not await factor.is_proved(person.user_id):
            await self._note_failure(person, "second factor")
            raise Refused("Your second proof is missing")
        return person, method

    async def _who_proves(self, candidates: Sequence[Person], secret: str) -> tuple[Person | None, str]:
        """Of the people whom a login may mean (mostly one) the one whose secret this is."""
        if looks_like_pin(secret):
            for person in candidates:
                if self._pin_is_open(person.user_id) and await self._check_pin(person.user_id, secret):
                    return person, PIN
        for person in candidates:
            if await self._is_password(person, secret):
                return person, PASSWORD
        if not candidates:
            await self._worker.verify("", secret)
        return None, ""

    async def _is_password(self, person: Person, password: str) -> bool:
        """By the company's directory where there is one that knows him, else by the kept hash (always computed, so
        that the time says nothing)."""
        is_here = await self._worker.verify(self.users.password_hash(person.user_id), password)
        at_directory = await self._directory_check.is_right(person.user.login, password)
        return is_here if at_directory is None else at_directory

    def _pin_is_open(self, user_id: str) -> bool:
        """A PIN counts for who began with his password here in this shift, and until it was wrong five times."""
        begun_us = self._begun.get(user_id)
        if begun_us is None or self._wrong_pins.get(user_id, 0) >= self.rules.pin_tries:
            return False
        return 0 <= self._clock_us() - begun_us < self.rules.shift_us

    async def _check_pin(self, user_id: str, pin: str) -> bool:
        self._wrong_pins[user_id] = self._wrong_pins.get(user_id, 0) + 1
        if not await self._worker.verify(self._pin_of(user_id), pin):
            return False
        self._wrong_pins.pop(user_id, None)
        return True

    def _begin(self, user_id: str) -> None:
        self._begun[user_id] = self._clock_us()
        self._wrong_pins.pop(user_id, None)

    def _refuse_too_many(self, person: Person, at_console: bool) -> None:
        replaced = self.current.session_id if at_console and self.current is not None else ""
        since_us = self._clock_us() - self.rules.shift_us
        others = [one for one in self.everywhere.of(person.user_id, since_us) if not one.is_own]
        own = [s for s in self._alive.values() if s.person.user_id == person.user_id and s.session_id != replaced]
        if len(others) + len(own) < self.rules.most:
            return
        places = ", ".join(sorted({one.station_code for one in others})) or "-"
        raise Refused(
            "You are signed on {count} times already (other stations: {places}): sign off there first",
            count=len(others) + len(own),
            places=places,
        )

    def _session(self, session_id: str) -> Session:
        session = self._alive.get(session_id)
        if session is None:
            raise Refused(NOT_SIGNED_ON)
        return session

    def _adopted(self, users: Users) -> list[Awaitable[tuple[Entry, ...]]]:
        """Takes the directory over; gives what is left to write."""
        self.users = users
        writing: list[Awaitable[tuple[Entry, ...]]] = []
        for session in tuple(self._alive.values()):
            person = self.person(session)
            if person is not None and not person.user.is_disabled:
                continue
            self._begun.pop(session.person.user_id, None)
            if self.current is session:
                self.current = None
            writing.append(self._end(session, "disabled"))
        self.changed.notify(self.record())
        return writing

    def _ended(self, task: "asyncio.Future[tuple[Entry, ...]]") -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # a journal that cannot write says so itself; the session is over all the same

    async def _note_failure(self, person: Person | None, why: str) -> None:
        user_id = person.user_id if person is not None else UNKNOWN_LOGIN
        await self._write([SignOnFailed(user_id, why)], SYSTEM)

    async def _end(self, session: Session, why: str) -> tuple[Entry, ...]:
        self._locked.discard(session.session_id)
        if self._alive.pop(session.session_id, None) is None:
            return ()
        return await self._write([UserSignedOff(session.person.user_id, why)], self.actor(session))

    async def _write(self, facts: Sequence[Fact], actor: Actor) -> tuple[Entry, ...]:
        return await self._journal.append(facts, actor) if self._is_recording() else ()
