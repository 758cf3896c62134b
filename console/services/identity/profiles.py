"""What people are called: login and name stand beside the credentials, never in the journal (P29).

A profile is signed by the station that set it, the highest version stands, and it is no secret: it also goes from
neighbour to neighbour. Until it is here the user id is shown; rights are facts and hold all the same. Whoever was
erased by a fact has no profile, whatever version somebody still carries about.
"""

from collections.abc import Callable, Iterable, Mapping

from console.domain.people_names import checked_login, checked_name
from console.services.identity.credentials import Credentials, Kind
from console.services.identity.profile_form import Profile, encoded, read_profile


class Profiles:
    """`of(user_id)` is what somebody is called now. Lives in the main thread.

    `random_bits` makes marks; `is_withheld(user_id, version)` tells of a version that somebody set without the right
    to it. users.toml is version 0: what it says holds until somebody sets a profile.
    """

    def __init__(
        self, credentials: Credentials, random_bits: Callable[[int], int], is_withheld: Callable[[str, int], bool]
    ) -> None:
        self._credentials = credentials
        self._is_withheld = is_withheld
        self._random_bits = random_bits
        self._file: Mapping[str, Profile] = {}
        self._file_version = 0

    @property
    def version(self) -> int:
        """Another number whenever somebody may be called otherwise."""
        return self._credentials.changes + self._file_version

    def set_file(self, names: Mapping[str, tuple[str, str]]) -> None:
        """Login and name by user id, as users.toml says them; what may not be kept is left out."""
        found = {user_id: Profile(login, name) for user_id, (login, name) in names.items()}
        self._file = {one: profile for one, profile in found.items() if read_profile(encoded(profile)) is not None}
        self._file_version += 1

    @property
    def of_file(self) -> frozenset[str]:
        """User ids that users.toml names."""
        return frozenset(self._file)

    def of(self, user_id: str) -> Profile | None:
        """None for somebody whose profile is not here, and for somebody who was erased."""
        if self._credentials.is_erased(user_id):
            return None
        return self.signed(user_id) or self._file.get(user_id)

    def signed(self, user_id: str) -> Profile | None:
        """Only what a station signed."""
        text = self._credentials.encoded(user_id, Kind.PROFILE)
        if not text or self._is_withheld(user_id, self.next_version(user_id) - 1):
            return None
        return read_profile(text)

    def next_version(self, user_id: str) -> int:
        """What the next setting will be."""
        return self._credentials.version(user_id, Kind.PROFILE) + 1

    async def set(self, user_id: str, login: str, name: str) -> None:
        """At a console; what the file said last stays known. Raises Refused."""
        known = self.signed(user_id) or Profile("", "")
        profile = self._made(login, name, known.file_login, known.file_name)
        await self._credentials.set(user_id, Kind.PROFILE, profile)

    async def set_by_file(self, told: Iterable[tuple[str, str, str]]) -> None:
        """(user id, login, name) as users.toml says now. Raises Refused."""
        made = [(user_id, Kind.PROFILE, self._made(login, name, login, name)) for user_id, login, name in told]
        if made:
            await self._credentials.set_all(made)

    def _made(self, login: str, name: str, file_login: str, file_name: str) -> str:
        checked_login(login)
        checked_name(name)
        return encoded(Profile(login, name, f"{self._random_bits(128):032x}", file_login, file_name))
