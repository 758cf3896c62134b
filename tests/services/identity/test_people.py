"""People as facts: users.toml as input, administrators at the door, two islands, and who is out when."""

import asyncio
from dataclasses import replace

import pytest

from console.config.users_file import write_users
from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.facts import FACTS, SiteFileApplied, UserSignedOff
from console.domain.people import Role
from console.domain.people_facts import (
    ALL,
    CredentialSet,
    RecordSigned,
    RoleGranted,
    RoleRevoked,
    UserAdded,
    UserDisabled,
    UserEnabled,
    UserProfileChanged,
)
from console.domain.permissions import DISABLED
from console.domain.refusal import Refused
from console.domain.signatures import SignatureProof
from console.services.identity.people_file import IN_FILE, REMOVED
from console.services.identity.sign_on import WRONG
from console.services.journal.entries import SITE_FILE
from tests.support.desk import PASSWORD, PEOPLE, user
from tests.support.people_desk import PeopleDesk

NEW = "grüner Stuhl am Fenster"


@pytest.fixture
def desk(tmp_path):
    with PeopleDesk(tmp_path / "a") as one:
        yield one


async def refused(desk: PeopleDesk, command: c.Command) -> str:
    with pytest.raises(Refused) as refusal:
        await desk.submit(command)
    return refusal.value.text


def test_every_fact_about_people_is_known_to_the_journal():
    assert {fact.etype for fact in ALL} <= set(FACTS)


def test_the_people_of_the_file_become_facts_once_and_may_sign_on(desk, tmp_path):
    async def story():
        await desk.start()
        assert len(desk.log.facts(UserAdded)) == len(PEOPLE)
        assert {entry.actor.user_id for entry in desk.log.kept} == {SITE_FILE.user_id}
        assert desk.log.facts(UserDisabled) == [UserDisabled("id-dora", IN_FILE)]
        assert [fact.file for fact in desk.log.facts(SiteFileApplied)] == ["users.toml"]
        await desk.signed_on("olga")
        before = len(desk.log.kept)
        assert not await desk.people.file.look()
        with PeopleDesk(tmp_path / "a2", log=desk.log, people=PEOPLE) as again:
            await again.start()
            assert not await again.people.file.look()
        assert len(desk.log.kept) == before + 1, "only the session that the kill left is ended"
        assert PASSWORD not in repr(desk.log.kept) and "argon2" not in repr(desk.log.kept)

    asyncio.run(story())


def test_what_changes_in_the_file_is_a_fact_each_and_holds_while_the_station_runs(desk):
    async def story():
        await desk.start()
        await desk.signed_on("olga")
        changed = [
            user("olga", Role.OPERATOR, is_disabled=True),
            user("otto", Role.ENGINEER),
            replace(PEOPLE[2], name="Lena Lange"),
            *PEOPLE[4:],
            user("nora", Role.OPERATOR),
        ]
        write_users(desk.site_folder, changed)
        assert await desk.people.file.look()
        assert desk.sign_on.current is None
        await asyncio.sleep(0.01)
        assert desk.log.facts(UserSignedOff)[-1] == UserSignedOff("id-olga", "disabled")
        assert UserDisabled("id-emil", REMOVED) in desk.log.facts(UserDisabled)
        assert desk.log.facts(UserProfileChanged) == [UserProfileChanged("id-lena", 2)]
        assert desk.sign_on.name_of("id-lena") == "Lena Lange"
        assert desk.log.facts(RoleRevoked) == [RoleRevoked("id-otto", "operator", "", "users.toml")]
        assert desk.sign_on.users.by_login("otto").roles == (Role.ENGINEER,)
        assert desk.sign_on.users.by_login("nora") is not None
        with pytest.raises(Refused, match=DISABLED):
            await desk.signed_on("olga")
        write_users(desk.site_folder, PEOPLE)
        assert await desk.people.file.look()
        assert {fact.user_id for fact in desk.log.facts(UserEnabled)} == {"id-olga", "id-emil"}
        assert desk.sign_on.users.by_login("otto").roles == (Role.OPERATOR,)
        await desk.signed_on("olga")

    asyncio.run(story())


def test_a_file_takes_nothing_back_that_it_never_spoke_of(desk):
    async def story():
        await desk.start()
        await desk.signed_on("adam")
        await desk.submit(u.GrantRole("olga", "engineer", "Press shop"))
        await desk.signed(u.DisableUser("otto", "left the company"))
        write_users(desk.site_folder, [*PEOPLE, user("nora", Role.OPERATOR)])
        assert await desk.people.file.look()
        olga, otto = desk.sign_on.users.by_login("olga"), desk.sign_on.users.by_login("otto")
        assert set(olga.roles) == {Role.OPERATOR, Role.ENGINEER}
        assert otto.user.is_disabled

    asyncio.run(story())


def test_a_file_with_mistakes_changes_nothing_and_says_so(desk):
    async def story():
        await desk.start()
        before = len(desk.log.kept)
        (desk.site_folder / "users.toml").write_text("[[user]]\nid = 3\n", encoding="utf-8")
        assert not await desk.people.file.look()
        assert desk.people.file.problems
        assert len(desk.log.kept) == before
        assert desk.sign_on.users.by_login("olga") is not None

    asyncio.run(story())


@pytest.mark.proves("SEC-4")
def test_the_id_of_somebody_who_left_is_never_another_persons(desk):
    async def story():
        await desk.start()
        write_users(desk.site_folder, [one for one in PEOPLE if one.login != "otto"])
        await desk.people.file.look()
        write_users(desk.site_folder, [*PEOPLE[2:], replace(PEOPLE[1], login="oscar", name="Oscar")])
        await desk.people.file.look()
        assert desk.people.file.reused == ("id-otto",)
        assert desk.sign_on.users.by_login("oscar") is None
        await desk.signed_on("adam")
        first = await desk.submit(u.AddUser("gina", "Gina", "operator", password=NEW))
        await desk.signed(u.DisableUser("gina", "left"))
        second = await desk.submit(u.AddUser("gina", "Gina again", "operator", password=NEW))
        assert first.entity_id != second.entity_id
        session = await desk.signed_on("gina", NEW)
        assert session.person.user_id == second.entity_id

    asyncio.run(story())


@pytest.mark.proves("SEC-3", "SEC-5")
def test_an_administrator_makes_a_person_who_signs_on_until_he_is_disabled(desk):
    async def story():
        await desk.start()
        adam = await desk.signed_on("adam")
        made = await desk.submit(u.AddUser("gina", "Gina Gut", "operator", password=NEW))
        assert desk.log.facts(CredentialSet) == [CredentialSet(made.entity_id, "password", 1)]
        gina, _ = await desk.sign_on.open_session("gina", NEW)
        assert desk.sign_on.actor(gina).policy_ver == desk.people.history.version
        await desk.signed(u.DisableUser(made.entity_id, "left the company"))
        assert desk.sign_on.person(gina) is None, "at once"
        with pytest.raises(Refused, match=DISABLED):
            await desk.signed_on("gina", NEW)
        assert desk.sign_on.current == adam
        await desk.submit(u.EnableUser(made.entity_id, "came back"))
        await desk.signed_on("gina", NEW)
        assert NEW not in repr(desk.log.kept)

    asyncio.run(story())


@pytest.mark.proves("SEC-6")
def test_a_password_that_is_set_follows_the_rules_and_replaces_that_of_the_file(desk):
    async def story():
        await desk.start()
        await desk.signed_on("olga")
        assert "at least" in await refused(desk, u.SetPassword("short", current=PASSWORD))
        assert "wrong" in await refused(desk, u.SetPassword(NEW, current="not this one at all"))
        assert "another person" in await refused(desk, u.SetPassword(NEW, user="otto"))
        await desk.submit(u.SetPassword(NEW, current=PASSWORD))
        await desk.sign_on.sign_off()
        with pytest.raises(Refused, match=WRONG):
            await desk.signed_on("olga")
        await desk.signed_on("olga", NEW)
        await desk.signed_on("adam")
        await desk.submit(u.SetPassword(NEW, user="otto"))
        await desk.signed_on("otto", NEW)

    asyncio.run(story())


def test_there_is_always_an_administrator_left(desk):
    async def story():
        await desk.start()
        await desk.signed_on("adam")
        assert "no administrator" in (await refused(desk, u.DisableUser("adam", "bored")))
        assert "no administrator" in await refused(desk, u.RevokeRole("adam", "administrator"))
        assert "no administrator" in await refused(desk, u.MergeUsers("adam", "olga"))
        await desk.signed(u.GrantRole("lena", "administrator"))
        await desk.signed(u.RevokeRole("adam", "administrator", why="lena does it"))
        assert "Only administrators" in await refused(desk, u.AddUser("x", "X"))

    asyncio.run(story())


@pytest.mark.proves("P20")
def test_the_same_login_made_on_two_islands_is_kept_twice_told_apart_and_merged(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        for desk in (here, there):
            await desk.start()
            await desk.signed_on("adam")
        there.clock.advance(5)
        mine = (await here.submit(u.AddUser("gina", "Gina North", "operator", password=NEW))).entity_id
        hers = (await there.submit(u.AddUser("gina", "Gina South", "engineer", password=NEW + " 2"))).entity_id
        await here.meet(there)
        assert hers not in {person.user.login for person in here.sign_on.users}
        await there.meet(here)
        for desk in (here, there):
            shown = {person.user_id: person.user.login for person in desk.sign_on.users}
            assert (shown[mine], shown[hers]) == ("gina", "gina~2")
        await there.signed_on("gina", NEW + " 2")  # types what she always typed
        assert there.sign_on.current.person.user_id == hers
        assert "already" in await refused(here, u.AddUser("Gina", "Third"))
        await here.submit(u.MergeUsers("gina~2", "gina"))
        there.receive(here)
        for desk in (here, there):
            assert desk.sign_on.users.person(hers).user_id == mine
            assert desk.sign_on.name_of(hers) == "Gina North"
            assert [p.user.login for p in desk.sign_on.users if "gina" in p.user.login] == ["gina"]

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


def test_a_revocation_wins_over_a_grant_that_did_not_know_it(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        for desk in (here, there):
            await desk.start()
            await desk.signed_on("adam")
        here.receive(there)
        there.receive(here)
        await here.signed(u.DisableUser("olga", "theft"))
        there.clock.advance(3600)
        await there.submit(u.RevokeRole("otto", "operator"))
        await there.submit(u.GrantRole("otto", "operator"))  # names the revocation
        await here.submit(u.RevokeRole("otto", "operator", why="concurrent"))
        here.receive(there)
        there.receive(here)
        for desk in (here, there):
            assert desk.sign_on.users.person("id-olga").user.is_disabled
            assert desk.sign_on.users.person("id-otto").roles == ()
        assert [p.user_id for p in here.sign_on.users] == [p.user_id for p in there.sign_on.users]

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


@pytest.mark.proves("SEC-53", "P31")
def test_nothing_of_an_administrator_is_granted_without_a_signature(desk):
    async def story():
        await desk.start()
        await desk.signed_on("adam")
        command = u.GrantRole("lena", "administrator")
        assert "needs your signature" in await refused(desk, command)
        sheet = desk.sheet(command)
        assert (sheet.name, sheet.meaning) == ("Adam", "approved")
        wrong = SignatureProof("not the right password", sheet.meaning, sheet.sha256)
        assert "password is wrong" in await refused(desk, replace(command, proof=wrong))
        assert desk.log.facts(RoleGranted)[-1].role != "administrator"
        await desk.submit(u.GrantRole("lena", "engineer"))  # the record changes after it was shown
        proof = SignatureProof(PASSWORD, sheet.meaning, sheet.sha256)
        assert "no longer what was shown" in await refused(desk, replace(command, proof=proof))
        receipt = await desk.signed(command)
        assert len(receipt.hashes) == 2
        (signature,) = desk.log.facts(RecordSigned)
        assert (signature.record_type, signature.record_id) == ("person.grant", "id-lena")
        assert signature.verified_offline
        assert {entry.meaning for entry in desk.log.kept[-2:]} == {"approved"}

    asyncio.run(story())
