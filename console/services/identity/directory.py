"""The living directory of people: what the facts say now, with equal logins told apart.

Logins are unique only where an administrator can look at all of them: the same login made on two islands is kept
twice and shown with a suffix until somebody merges the two (sync.md P20).
"""

from collections.abc import Callable

from console.domain.people import CONTROL_ROOM, Person, User
from console.services.identity.people_history import PeopleHistory, Rights
from console.services.identity.users import Users

SEPARATOR = "~"  # no keyboard puts it into a login by accident: "olga~2"
CONTROL_ROOM_PERSON = Person(User(CONTROL_ROOM, CONTROL_ROOM, "Control room"))


class Directory:
    """`users()` is the directory of now; `encoded(user_id)` gives a password's hash (the credentials table)."""

    def __init__(self, history: PeopleHistory, encoded: Callable[[str], str] = lambda user_id: "") -> None:
        self._history = history
        self._encoded = encoded
        self._cached: tuple[int, Users] | None = None

    @property
    def policy_ver(self) -> int:
        return self._history.version

    def users(self) -> Users:
        """Everybody, disabled ones too; made anew when facts arrived."""
        if self._cached is None or self._cached[0] != self._history.version:
            self._cached = (self._history.version, self._made())
        return self._cached[1]

    def login_is_taken(self, login: str, but_for: str = "") -> bool:
        """True when somebody who is not disabled signs on with it."""
        wanted = login.strip().casefold()
        return any(
            rights.login.casefold() == wanted and not rights.is_disabled and rights.user_id != but_for
            for rights in self._records()
        )

    def history_of(self, user_id: str) -> Rights | None:
        """The record of exactly this id."""
        return self._history.own(user_id)

    def _records(self) -> list[Rights]:
        """Records that stand for themselves: known and not merged into another."""
        found = (self._history.own(user_id) for user_id in self._history.ids)
        return [one for one in found if one is not None and one.is_known and self._root(one.user_id) == one.user_id]

    def _root(self, user_id: str) -> str:
        rights = self._history.now(user_id)
        return rights.user_id if rights is not None else user_id

    def _made(self) -> Users:
        records = sorted(self._records(), key=lambda one: (one.is_disabled, one.added))
        shown: dict[str, int] = {}
        people: list[Person] = []
        typed: dict[str, list[str]] = {}
        for one in records:
            key = one.login.casefold()
            shown[key] = shown.get(key, 0) + 1
            login = one.login if shown[key] == 1 else f"{one.login}{SEPARATOR}{shown[key]}"
            typed.setdefault(key, []).append(one.user_id)
            people.append(Person(User(one.user_id, login, one.name, one.is_disabled), one.grants))
        aliases = {user_id: self._root(user_id) for user_id in self._history.ids if self._root(user_id) != user_id}
        return Users.of(people, self._encoded, typed=typed, aliases=aliases)
