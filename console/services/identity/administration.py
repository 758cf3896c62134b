"""What administrators do with people: add, rename, disable, erase, merge, grant, revoke; setting passwords and PINs.

Neither a password nor a name enters a fact, a log or a receipt: the journal is told which version was set, hash and
profile go to the credentials table.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from console.domain import people_commands as u
from console.domain.command import Command
from console.domain.facts import Fact
from console.domain.identity import uuid7
from console.domain.people import Grant, Person, Role
from console.domain.people_facts import (
    CredentialSet,
    RoleGranted,
    RoleRevoked,
    UserAdded,
    UserDisabled,
    UserEnabled,
    UserErased,
    UserMerged,
    UserProfileChanged,
)
from console.domain.people_names import checked_login, checked_name
from console.domain.permissions import Subject
from console.domain.plain_text import line, paragraph, required
from console.domain.refusal import Refused
from console.domain.signatures import Record
from console.services.acts import Act, receipt
from console.services.identity.credentials import Credentials, Kind
from console.services.identity.directory import Directory
from console.services.identity.password_rules import check_password, check_pin
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.people_history import Rights
from console.services.identity.profiles import Profiles
from console.services.identity.sign_on import NOT_SIGNED_ON, SignOnDesk
from console.services.identity.signing import Signing
from console.services.journal.entries import Actor, Journal
from console.services.station import Receipt

NOBODY_CALLED = "Nobody here is called {name}"
LAST_ADMINISTRATOR = "There would be no administrator left: make another one first"


class Administration:
    """Its part of the operators' door. `site_name` must not be in a password; `random_bits` makes ids of people."""

    def __init__(
        self,
        journal: Journal,
        sign_on: SignOnDesk,
        directory: Directory,
        credentials: Credentials,
        profiles: Profiles,
        worker: PasswordWorker,
        signing: Signing,
        *,
        clock_us: Callable[[], int],
        random_bits: Callable[[int], int],
        site_name: str,
    ) -> None:
        self._journal = journal
        self._sign_on = sign_on
        self._directory = directory
        self._credentials = credentials
        self._profiles = profiles
        self._worker = worker
        self._signing = signing
        self._clock_us = clock_us
        self._random_bits = random_bits
        self._site_name = site_name

    def acts(self) -> Mapping[type[Command], Act]:
        return {
            u.AddUser: Act(self._add, _about_area),
            u.RenameUser: Act(self._rename, _about_site),
            u.DisableUser: Act(self._disable, _about_site, self._disabling),
            u.EnableUser: Act(self._enable, _about_site),
            u.ErasePerson: Act(self._erase, _about_site, self._erasing),
            u.MergeUsers: Act(self._merge, _about_site),
            u.GrantRole: Act(self._grant, _about_area, self._granting),
            u.RevokeRole: Act(self._revoke, _about_area, self._revoking),
            u.SetPassword: Act(self._set_password, self._about_password),
            u.SetPin: Act(self._set_pin),
        }

    async def _add(self, command: u.AddUser, actor: Actor) -> Receipt:
        login, name = self._free_login(command.login), checked_name(command.full_name)
        role = _role(command.role) if command.role.strip() else None
        if role is Role.ADMINISTRATOR:
            raise Refused("Add the person first, then grant the administrator's role with your signature")
        if command.password:
            check_password(command.password, (login, name, self._site_name))
        user_id = str(uuid7(self._clock_us() // 1000, self._random_bits(80)))
        facts: list[Fact] = [UserAdded(user_id)]
        if role is not None:
            facts.append(RoleGranted(user_id, role.value, line(command.area)))
        if command.password:
            facts.append(CredentialSet(user_id, Kind.PASSWORD.value, 1))
        encoded = await self._worker.hash(command.password) if command.password else ""
        entries = await self._journal.append(facts, actor)
        await self._profiles.set(user_id, login, name)
        if encoded:
            await self._credentials.set(user_id, Kind.PASSWORD, encoded)
        return receipt(entries, user_id)

    async def _rename(self, command: u.RenameUser, actor: Actor) -> Receipt:
        user_id = self._person(command.user).user_id
        login, name = self._free_login(command.login, user_id), checked_name(command.full_name)
        fact = UserProfileChanged(user_id, self._profiles.next_version(user_id))
        entries = await self._journal.append([fact], actor)
        await self._profiles.set(user_id, login, name)
        return receipt(entries, user_id)

    async def _disable(self, command: u.DisableUser, actor: Actor) -> Receipt:
        person = self._person(command.user)
        why = required(paragraph(command.why), "Say why")

        def decide() -> list[Fact]:
            if person.user.is_disabled:
                raise Refused("{name} is disabled already", name=person.user.name)
            self._keep_an_administrator(person)
            return [UserDisabled(person.user_id, why)]

        decide()
        entries = await self._signing.append(command, lambda: self._disabling(command), decide, actor, reason=why)
        return receipt(entries, person.user_id)

    async def _enable(self, command: u.EnableUser, actor: Actor) -> Receipt:
        person = self._person(command.user)
        rights, login = self._rights(person), self._directory.login_of(person.user_id)
        if not rights.is_disabled:
            raise Refused("{name} is not disabled", name=person.user.name)
        if self._directory.login_is_taken(login, person.user_id):
            raise Refused("The login {login} is another person's now: rename one of them first", login=login)
        why = required(paragraph(command.why), "Say why")
        taken_back = tuple(sorted(rights.disabled_by))
        facts = [UserEnabled(person.user_id, why)]
        return receipt(await self._journal.append(facts, actor, reason=why, parents=taken_back), person.user_id)

    async def _erase(self, command: u.ErasePerson, actor: Actor) -> Receipt:
        """The fact is what counts, everywhere; here the file is clean when this returns, or at one of the next looks
        when it could not be written."""
        person = self._person(command.user)
        why = required(paragraph(command.why), "Say why")

        def decide() -> list[Fact]:
            if person.user_id == actor.user_id:
                raise Refused("Nobody erases himself")
            self._keep_an_administrator(person)
            if not self._person(person.user_id).user.is_disabled:
                raise Refused("{name} is not disabled: disable the account first", name=person.user.name)
            return [UserErased(person.user_id, why)]

        decide()
        entries = await self._signing.append(command, lambda: self._erasing(command), decide, actor, reason=why)
        with suppress(Refused):
            await self._credentials.erase(self._directory.erased)
        return receipt(entries, person.user_id)

    async def _merge(self, command: u.MergeUsers, actor: Actor) -> Receipt:
        person, into = self._person(command.user), self._person(command.into)
        if person.user_id == into.user_id:
            raise Refused("These two are one person already")
        self._keep_an_administrator(person)
        facts = [UserMerged(person.user_id, into.user_id)]
        return receipt(await self._journal.append(facts, actor), into.user_id)

    async def _grant(self, command: u.GrantRole, actor: Actor) -> Receipt:
        person, role, area = self._person(command.user), _role(command.role), line(command.area)

        def decide() -> list[Fact]:
            if any((grant.role, grant.area) == (role, area) for grant in self._grants(person)):
                raise Refused("{name} has this role already", name=person.user.name)
            return [RoleGranted(person.user_id, role.value, area)]

        decide()
        parents = self._rights(person).revocations(role.value, area)
        entries = await self._signing.append(command, lambda: self._granting(command), decide, actor, parents=parents)
        return receipt(entries, person.user_id)

    async def _revoke(self, command: u.RevokeRole, actor: Actor) -> Receipt:
        person, role, area = self._person(command.user), _role(command.role), line(command.area)
        why = paragraph(command.why)

        def decide() -> list[Fact]:
            if not any((grant.role, grant.area) == (role, area) for grant in self._grants(person)):
                raise Refused("{name} does not have this role", name=person.user.name)
            if role is Role.ADMINISTRATOR and not area:
                self._keep_an_administrator(person)
            return [RoleRevoked(person.user_id, role.value, area, why)]

        decide()
        entries = await self._signing.append(command, lambda: self._revoking(command), decide, actor, reason=why)
        return receipt(entries, person.user_id)

    async def _set_password(self, command: u.SetPassword, actor: Actor) -> Receipt:
        person = self._person(command.user or actor.user_id)
        if person.user_id == actor.user_id:
            await self._prove(actor, command.current)
        check_password(command.password, (person.user.login, person.user.name, self._site_name))
        return await self._put(person.user_id, Kind.PASSWORD, await self._worker.hash(command.password), actor)

    async def _set_pin(self, command: u.SetPin, actor: Actor) -> Receipt:
        await self._prove(actor, command.current)
        if command.pin:
            check_pin(command.pin)
        encoded = await self._worker.hash(command.pin) if command.pin else ""
        return await self._put(actor.user_id, Kind.PIN, encoded, actor)

    async def _put(self, user_id: str, kind: Kind, encoded: str, actor: Actor) -> Receipt:
        """Written down first: what the journal cannot take is not done (security row 18)."""
        version = self._credentials.version(user_id, kind) + 1
        entries = await self._journal.append([CredentialSet(user_id, kind.value, version, not encoded)], actor)
        await self._credentials.set(user_id, kind, encoded)
        return receipt(entries, user_id)

    async def _prove(self, actor: Actor, password: str) -> None:
        session = self._sign_on.session_of(actor)
        if session is None:
            raise Refused(NOT_SIGNED_ON)
        await self._sign_on.prove_again(session, password, is_pin=False)

    def _about_password(self, command: u.SetPassword) -> Subject:
        """One's own is one's own record; another person's is an administrator's matter."""
        person = self._sign_on.users.find(command.user) if command.user.strip() else None
        return Subject(opened_by=person.user_id if person else "", is_own=not command.user.strip())

    def _disabling(self, command: u.DisableUser) -> Record:
        person = self._person(command.user)
        return Record("person.disable", person.user_id, (*_lines(person), ("Why", paragraph(command.why))))

    def _erasing(self, command: u.ErasePerson) -> Record:
        person = self._person(command.user)
        return Record("person.erase", person.user_id, (*_lines(person), ("Why", paragraph(command.why))))

    def _granting(self, command: u.GrantRole) -> Record:
        person = self._person(command.user)
        lines = (("Role to grant", _role(command.role).value), ("Area", line(command.area)))
        return Record("person.grant", person.user_id, (*_lines(person), *lines))

    def _revoking(self, command: u.RevokeRole) -> Record:
        person = self._person(command.user)
        lines = (("Role to revoke", _role(command.role).value), ("Area", line(command.area)))
        return Record("person.revoke", person.user_id, (*_lines(person), *lines, ("Why", paragraph(command.why))))

    def _person(self, text: str) -> Person:
        person = self._sign_on.users.find(text)
        if person is None:
            raise Refused(NOBODY_CALLED, name=line(text))
        return person

    def _rights(self, person: Person) -> Rights:
        return self._directory.history_of(person.user_id) or Rights(person.user_id)

    def _grants(self, person: Person) -> tuple[Grant, ...]:
        return self._person(person.user_id).grants

    def _free_login(self, text: str, but_for: str = "") -> str:
        login = checked_login(text)
        if self._directory.login_is_taken(login, but_for):
            raise Refused("The login {login} is another person's already", login=login)
        return login

    def _keep_an_administrator(self, leaving: Person) -> None:
        """Raises Refused when nobody could administer any more."""
        others = (person for person in self._sign_on.users if person.user_id != leaving.user_id)
        left = (
            grant
            for person in others
            if not person.user.is_disabled
            for grant in person.grants
            if grant.role is Role.ADMINISTRATOR and not grant.area
        )
        is_one = any(grant.role is Role.ADMINISTRATOR for grant in leaving.grants) and not leaving.user.is_disabled
        if is_one and next(left, None) is None:
            raise Refused(LAST_ADMINISTRATOR)


def _about_site(_command: Command) -> Subject:
    """People belong to the whole site: an administrator of one area does not change them."""
    return Subject(frozenset({""}))


def _about_area(command: u.AddUser | u.GrantRole | u.RevokeRole) -> Subject:
    return Subject(frozenset({command.area.strip()}))


def _role(text: str) -> Role:
    try:
        return Role(text.strip())
    except ValueError:
        raise Refused("There is no role {role}", role=line(text)) from None


def _lines(person: Person) -> tuple[tuple[str, str], ...]:
    roles = ", ".join(f"{grant.role.value}@{grant.area}" if grant.area else grant.role.value for grant in person.grants)
    user = person.user
    return (("Person", user.name), ("Login", user.login), ("Profile mark", user.mark), ("Roles", roles))
