"""The living directory of people: what the facts say now, with equal logins told apart.

Logins are unique only where an administrator can look at all of them: the same login made on two islands is kept
twice and shown with a suffix until somebody merges the two (P20).
"""

from collections.abc import Callable
from typing import Protocol

from console.domain.people import CONTROL_ROOM, Person, User
from console.domain.people_names import SEPARATOR
from console.services.identity.erasings import unauthorised_erasings
from console.services.identity.people_history import PeopleHistory, Rights
from console.services.identity.profile_form import Profile
from console.services.identity.users import Users
from console.services.journal.entries import Entry

CONTROL_ROOM_PERSON = Person(User(CONTROL_ROOM, CONTROL_ROOM, "Control room"))


class Called(Protocol):
    """What people are called (`profiles.Profiles`); `version` is another one whenever that may have changed."""

    @property
    def version(self) -> int: ...

    def of(self, user_id: str) -> Profile | None: ...


class Directory:
    """`users()` is the directory of now; `encoded(user_id)` gives a password's hash (the credentials table),
    `keys_version` counts the keys of stations that became known."""

    def __init__(
        self,
        history: PeopleHistory,
        called: Called,
        encoded: Callable[[str], str] = lambda user_id: "",
        keys_version: Callable[[], int] = lambda: 0,
    ) -> None:
        self._history = history
        self._called = called
        self._encoded = encoded
        self._keys_version = keys_version
        self._cached: tuple[tuple[int, int, int], Users] | None = None

    @property
    def policy_ver(self) -> int:
        return self._history.version

    def users(self) -> Users:
        """Everybody who was not erased, disabled ones too; made anew when facts or profiles arrived."""
        if self._cached is None or self._cached[0] != self.version:
            self._cached = (self.version, self._made())
        return self._cached[1]

    @property
    def version(self) -> tuple[int, int, int]:
        """Another one whenever `users()` may be."""
        return (self._history.version, self._called.version, self._keys_version())

    def login_is_taken(self, login: str, but_for: str = "") -> bool:
        """True when somebody who is not disabled signs on with it."""
        wanted = login.strip().casefold()
        return any(
            self.login_of(rights.user_id).casefold() == wanted and not rights.is_disabled and rights.user_id != but_for
            for rights in self._records()
        )

    @property
    def erased(self) -> frozenset[str]:
        """Every id of a person who was erased."""
        return self._history.erased

    @property
    def unauthorised_erasings(self) -> tuple[Entry, ...]:
        """Acts by which somebody was erased without the right to it, and nobody put that right yet."""
        return unauthorised_erasings(self._history)

    def login_of(self, user_id: str) -> str:
        """The login as it was given, without what tells equal ones apart; an id whose profile is not here."""
        profile = self._called.of(user_id)
        return profile.login if profile is not None else user_id

    def history_of(self, user_id: str) -> Rights | None:
        """The record of exactly this id."""
        return self._history.own(user_id)

    def _records(self) -> list[Rights]:
        """Records that stand for themselves: known, not merged into another and not erased."""
        found = (self._history.own(user_id) for user_id in self._history.ids)
        known = (one for one in found if one is not None and one.is_known and not one.is_erased)
        return [one for one in known if self._root(one.user_id) == one.user_id]

    def _root(self, user_id: str) -> str:
        rights = self._history.now(user_id)
        return rights.user_id if rights is not None else user_id

    def _made(self) -> Users:
        records = sorted(self._records(), key=lambda one: (one.is_disabled, one.added))
        shown: dict[str, int] = {}
        people: list[Person] = []
        typed: dict[str, list[str]] = {}
        for one in records:
            profile = self._called.of(one.user_id) or Profile(one.user_id, one.user_id)
            key = profile.login.casefold()
            shown[key] = shown.get(key, 0) + 1
            login = profile.login if shown[key] == 1 else f"{profile.login}{SEPARATOR}{shown[key]}"
            typed.setdefault(key, []).append(one.user_id)
            people.append(Person(User(one.user_id, login, profile.name, one.is_disabled, profile.mark), one.grants))
        aliases = {user_id: self._root(user_id) for user_id in self._history.ids if self._root(user_id) != user_id}
        return Users.of(people, self._encoded, typed=typed, aliases=aliases, erased=self._history.erased)
