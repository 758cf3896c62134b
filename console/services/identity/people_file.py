"""`site/users.toml` as input: what changed in it since it was last applied becomes facts by the user `site-file`.

Compared is what the file says with what files said before, so that a grant made at a console is not taken back by a
file that never spoke of it. Logins and names become profiles, never facts; of somebody who was erased nothing is
taken. A file is applied once: when its content is not what this station applied last, and, at a
station that never applied one, when no other station applied the same.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from console.config.problems import Problem
from console.config.users_file import FILE, PLANT_COST, PasswordCost, UserEntry, read_users
from console.domain.facts import Fact, SiteFileApplied
from console.domain.people_facts import (
    RoleGranted,
    RoleRevoked,
    UserAdded,
    UserDisabled,
    UserEnabled,
    UserProfileChanged,
)
from console.domain.refusal import Refused
from console.services.identity.people_history import PeopleHistory
from console.services.identity.profiles import Profiles
from console.services.journal.entries import SITE_FILE, Entry, Journal

_TOGETHER = 150  # facts of one transaction; the journal allows 200
ERASED_TEXT = "users.toml names a person who was erased: take the entry out"
USERS_TEXT = "users.toml cannot be applied; the people known before stay as they are"  # of the system alarm
REMOVED = "removed from users.toml"
IN_FILE = "disabled in users.toml"


@dataclass(slots=True)
class Difference:
    """Facts that take nothing back, person by person, and those that do, each with what it takes back; and whose
    profile is to be set."""

    plain: list[list[Fact]] = field(default_factory=list)
    taking_back: list[tuple[Fact, tuple[bytes, ...]]] = field(default_factory=list)
    called: list[UserEntry] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)  # ids of removed people that the file gives to others: left alone

    @property
    def is_empty(self) -> bool:
        return not self.plain and not self.taking_back and not self.called

    def transactions(self) -> Iterator[tuple[list[Fact], tuple[bytes, ...]]]:
        """What is appended together, people never cut in two."""
        group: list[Fact] = []
        for facts in self.plain:
            if group and len(group) + len(facts) > _TOGETHER:
                yield group, ()
                group = []
            group.extend(facts)
        if group:
            yield group, ()
        for fact, parents in self.taking_back:
            yield [fact], parents


def differences(
    entries: Sequence[UserEntry], said: PeopleHistory, known: PeopleHistory, profiles: Profiles
) -> Difference:
    """What the file says now and did not say before. `said` holds the facts of files alone, `known` all of them."""
    found = Difference()
    for entry in entries:
        before, profile = said.own(entry.user_id), profiles.signed(entry.user_id)
        if known.is_erased(entry.user_id):
            continue
        is_another = profile is None or entry.login.casefold() != (profile.file_login or profile.login).casefold()
        if before is not None and before.is_disabled and is_another:
            found.reused.append(entry.user_id)  # an id is one person's for ever (SEC-4)
            continue
        _compare(entry, said, known, profiles, found)
    named = {entry.user_id for entry in entries}
    for user_id in said.ids:
        rights = said.own(user_id)
        is_left = rights is not None and not rights.is_disabled and not known.is_erased(user_id)
        if user_id not in named and is_left:
            found.plain.append([UserDisabled(user_id, REMOVED)])
    return found


def _compare(
    entry: UserEntry, said: PeopleHistory, known: PeopleHistory, profiles: Profiles, found: Difference
) -> None:
    user_id, before, now = entry.user_id, said.own(entry.user_id), known.own(entry.user_id)
    profile = profiles.signed(user_id)
    facts: list[Fact] = []
    if before is None or not before.is_known:
        facts.append(UserAdded(user_id))
    elif profile is not None and (profile.file_login, profile.file_name) != (entry.login, entry.name):
        facts.append(UserProfileChanged(user_id, profiles.next_version(user_id)))
    if profile is None or (profile.file_login, profile.file_name) != (entry.login, entry.name):
        found.called.append(entry)
    wanted = {(role.value, area) for role in entry.roles for area in entry.areas or ("",)}
    held = {(grant.role.value, grant.area) for grant in before.grants} if before is not None else set()
    for role, area in sorted(wanted - held):
        revoked = now.revocations(role, area) if before is not None and now is not None else ()
        if revoked:
            found.taking_back.append((RoleGranted(user_id, role, area), revoked))
        else:
            facts.append(RoleGranted(user_id, role, area))
    facts += [RoleRevoked(user_id, role, area, "users.toml") for role, area in sorted(held - wanted)]
    was_disabled = before is not None and before.is_disabled
    if entry.is_disabled and not was_disabled:
        facts.append(UserDisabled(user_id, IN_FILE))
    elif was_disabled and not entry.is_disabled and now is not None:
        found.taking_back.append((UserEnabled(user_id, "users.toml"), tuple(sorted(now.disabled_by))))
    if facts:
        found.plain.append(facts)


class PeopleFile:
    """Watches one `users.toml`. `on_hashes` is given the password hashes it holds, by user id."""

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        known: PeopleHistory,
        profiles: Profiles,
        *,
        on_hashes: Callable[[dict[str, str]], None],
        least: PasswordCost = PLANT_COST,
    ) -> None:
        self.problems: tuple[Problem, ...] = ()
        self.reused: tuple[str, ...] = ()
        self._folder = folder
        self._journal = journal
        self._known = known
        self._profiles = profiles
        self._on_hashes = on_hashes
        self._least = least
        self._said = PeopleHistory()
        self._applied: set[str] = set()
        self._own_last: tuple[int, str] = (-1, "")
        self._stamp: tuple[int, int] | None = None

    def take(self, entries: Sequence[Entry]) -> None:
        """Learn what files said and which of them were applied; feed every entry, replayed and new."""
        self._said.take([one for one in entries if one.actor.user_id == SITE_FILE.user_id])
        for entry in entries:
            if isinstance(entry.fact, SiteFileApplied) and entry.fact.file == FILE:
                self._applied.add(entry.fact.sha256)
                if entry.is_own:
                    self._own_last = max(self._own_last, (entry.hlc, entry.fact.sha256))

    async def look(self) -> bool:
        """Apply the file when it changed; True when facts were written. A file with mistakes changes nothing and is
        told in `problems`; one that cannot be written down now is tried again at the next look."""
        stamp = _stamp(self._folder / FILE)
        if stamp == self._stamp:
            return False
        users, problems = read_users(self._folder, self._least)
        self.problems = tuple(problems)
        is_new = not problems and self._is_new()
        if not problems:
            self._tell(users)
        if is_new:
            await self._apply(users)
        self._stamp = stamp
        return is_new

    def pretend(self) -> None:
        """For a station that may write nothing: show the people of the file without a fact."""
        users, problems = read_users(self._folder, self._least)
        if not problems:
            self._tell(users)
        if problems or not self._is_new():
            return
        made: list[Entry] = []
        for facts, parents in differences(users, self._said, self._known, self._profiles).transactions():
            made += [_unwritten(fact, parents, len(made) + number) for number, fact in enumerate(facts)]
        self._known.take(made)

    @property
    def names_erased(self) -> bool:
        """True while the file still names somebody who was erased."""
        return any(map(self._known.is_erased, self._profiles.of_file))

    def _tell(self, users: Sequence[UserEntry]) -> None:
        """What holds until something newer is set at a console."""
        self._on_hashes({user.user_id: user.password_hash for user in users if user.password_hash})
        self._profiles.set_file({user.user_id: (user.login, user.name) for user in users})

    def _is_new(self) -> bool:
        digest = self._digest()
        if not digest:
            return False
        if self._said.version == 0:
            return True  # journals of older versions say that it was applied, but not what it said
        return digest != self._own_last[1] if self._own_last[1] else digest not in self._applied

    async def _apply(self, users: Sequence[UserEntry]) -> None:
        found = differences(users, self._said, self._known, self._profiles)
        self.reused = tuple(found.reused)
        for facts, parents in found.transactions():
            self.take(await self._journal.append(facts, SITE_FILE, reason=FILE, parents=parents))
        await self._profiles.set_by_file((user.user_id, user.login, user.name) for user in found.called)
        if self._digest() != self._own_last[1]:
            self.take(await self._journal.append([SiteFileApplied(FILE, self._digest())], SITE_FILE))

    def _digest(self) -> str:
        path = self._folder / FILE
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


async def look_quietly(people_file: PeopleFile) -> str:
    """`look` for the standing work: what is wrong, empty when all is well."""
    try:
        await people_file.look()
    except (Refused, OSError) as error:
        return str(error)
    return "; ".join(map(str, people_file.problems))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)


def _unwritten(fact: Fact, parents: tuple[bytes, ...], number: int) -> Entry:
    """A fact that no journal holds, for showing alone."""
    user_id = str(getattr(fact, "user_id", ""))
    return Entry(
        rid=0,
        hash=hashlib.sha256(f"unwritten {number} {fact}".encode()).digest(),
        stream=UUID(int=0),
        seq=0,
        prev=bytes(32),
        hlc=(2**62) + number,
        wall_us=0,
        station=UUID(int=0),
        station_code="",
        actor=SITE_FILE,
        fact=fact,
        etype=fact.etype,
        ever=fact.ever,
        entity_type=fact.entity_type,
        entity_id=user_id,
        reason=FILE,
        parents=parents,
        payload_json="{}",
        is_own=False,
    )
