"""The people of this site as the station knows them: who they are, what they were granted, how they prove it."""

from collections.abc import Iterable, Iterator

from console.config.users_file import UserEntry
from console.domain.people import Grant, Person, User
from console.services.journal.entries import SITE_FILE, SYSTEM


class Users:
    """An unchanging directory; a changed users file makes a new one."""

    def __init__(self, entries: Iterable[UserEntry] = ()) -> None:
        self._people: dict[str, Person] = {}
        self._ids: dict[str, str] = {}
        self._hashes: dict[str, str] = {}
        for entry in entries:
            user = User(entry.user_id, entry.login, entry.name, entry.is_disabled)
            areas = entry.areas or ("",)
            grants = tuple(Grant(entry.user_id, role, area) for role in entry.roles for area in areas)
            self._people[entry.user_id] = Person(user, grants)
            self._ids[entry.login.casefold()] = entry.user_id
            self._hashes[entry.user_id] = entry.password_hash

    def person(self, user_id: str) -> Person | None:
        return self._people.get(user_id)

    def by_login(self, login: str) -> Person | None:
        """The person with this login, in any case."""
        return self._people.get(self._ids.get(login.strip().casefold(), ""))

    def find(self, text: str) -> Person | None:
        """The person with this id, login or full name; a name that two people share finds nobody."""
        wanted = text.strip()
        named = [person for person in self._people.values() if person.user.name.casefold() == wanted.casefold()]
        return self.person(wanted) or self.by_login(wanted) or (named[0] if len(named) == 1 else None)

    def password_hash(self, user_id: str) -> str:
        """The encoded hash, empty when there is none."""
        return self._hashes.get(user_id, "")

    def name_of(self, user_id: str) -> str:
        """The shown name; an unknown id is shown as it is."""
        if user_id in (SYSTEM.user_id, SITE_FILE.user_id):
            return SYSTEM.name if user_id == SYSTEM.user_id else SITE_FILE.name
        person = self._people.get(user_id)
        return person.user.name if person is not None else user_id

    def __iter__(self) -> Iterator[Person]:
        return iter(tuple(self._people.values()))

    def __len__(self) -> int:
        return len(self._people)
