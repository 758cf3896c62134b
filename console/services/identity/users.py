"""The people of this site as the station knows them: who they are, what they were granted, how they prove it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from console.config.users_file import UserEntry
from console.domain.people import CONTROL_ROOM, Grant, Person, User, erased_name
from console.services.journal.entries import SITE_FILE, SYSTEM

_NAMES = {SYSTEM.user_id: SYSTEM.name, SITE_FILE.user_id: SITE_FILE.name, CONTROL_ROOM: "Control room"}


class Users:
    """An unchanging directory; facts that arrive make a new one (`identity/directory.py`)."""

    def __init__(self, entries: Iterable[UserEntry] = ()) -> None:
        self._people: dict[str, Person] = {}
        self._typed: dict[str, tuple[str, ...]] = {}
        self._shown: dict[str, str] = {}
        self._aliases: Mapping[str, str] = {}
        self._erased: Collection[str] = ()
        hashes: dict[str, str] = {}
        for entry in entries:
            user = User(entry.user_id, entry.login, entry.name, entry.is_disabled)
            areas = entry.areas or ("",)
            grants = tuple(Grant(entry.user_id, role, area) for role in entry.roles for area in areas)
            self._people[entry.user_id] = Person(user, grants)
            self._typed[entry.login.casefold()] = (entry.user_id,)
            hashes[entry.user_id] = entry.password_hash
        self._encoded: Callable[[str], str] = lambda user_id: hashes.get(user_id, "")

    @classmethod
    def of(
        cls,
        people: Iterable[Person],
        encoded: Callable[[str], str],
        *,
        typed: Mapping[str, Sequence[str]],
        aliases: Mapping[str, str],
        erased: Collection[str] = (),
    ) -> "Users":
        """From people whose shown logins differ; `typed` maps a typed login to the ids it may mean, first first;
        `aliases` a merged id to the one that stands for it; `erased` are ids of people whom nobody names any more."""
        users = cls()
        users._people = {person.user_id: person for person in people}
        users._shown = {person.user.login.casefold(): person.user_id for person in users._people.values()}
        users._typed = {login: tuple(ids) for login, ids in typed.items()}
        users._aliases = dict(aliases)
        users._erased = erased
        users._encoded = encoded
        return users

    def person(self, user_id: str) -> Person | None:
        return self._people.get(self._aliases.get(user_id, user_id))

    def by_login(self, login: str) -> Person | None:
        """The person with this login, in any case; of two with one login the older that is not disabled."""
        return next(iter(self.candidates(login)), None)

    def candidates(self, login: str) -> tuple[Person, ...]:
        """Everybody whom a typed login may mean: more than one only while two islands' equal logins are not merged."""
        key = login.strip().casefold()
        ids = self._typed.get(key) or tuple(filter(None, (self._shown.get(key, ""),)))
        return tuple(self._people[user_id] for user_id in ids)

    def find(self, text: str) -> Person | None:
        """The person with this id, login or full name; a name that two people share finds nobody."""
        wanted = text.strip()
        named = [person for person in self._people.values() if person.user.name.casefold() == wanted.casefold()]
        return self.person(wanted) or self._alone(wanted) or (named[0] if len(named) == 1 else None)

    def password_hash(self, user_id: str) -> str:
        """The encoded hash, empty when there is none."""
        return self._encoded(user_id)

    def name_of(self, user_id: str) -> str:
        """The shown name; an unknown id is shown as it is."""
        if user_id in _NAMES:
            return _NAMES[user_id]
        person = self.person(user_id)
        if person is None:
            return erased_name(user_id) if user_id in self._erased else user_id
        return person.user.name

    def _alone(self, login: str) -> Person | None:
        """By the login as it is shown, which is one person's; a typed one that could mean two means the first."""
        shown = self._shown.get(login.casefold(), "")
        return self._people.get(shown) or self.by_login(login)

    def __iter__(self) -> Iterator[Person]:
        return iter(tuple(self._people.values()))

    def __len__(self) -> int:
        return len(self._people)
