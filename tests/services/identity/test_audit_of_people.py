"""What about people must stand in the journal, and what must never."""

import asyncio
import dataclasses

import pytest

from console.config.users_file import write_users
from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.facts import FACTS, ActRefused, SignOnFailed, SiteFileApplied, UserSignedOff, UserSignedOn
from console.domain.people import Role
from console.domain.people_facts import CredentialSet, RoleGranted
from console.domain.refusal import Refused
from tests.support.desk import PASSWORD, PEOPLE, user
from tests.support.people_desk import PeopleDesk


@pytest.mark.proves("SEC-16", "SEC-48")
def test_sign_on_failure_denial_configuration_and_rights_are_all_written_with_who_and_when(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.start()
        with pytest.raises(Refused):
            await desk.signed_on("olga", "wrong horse battery")
        await desk.signed_on("olga")
        with pytest.raises(Refused):
            await desk.submit(u.AddUser("x", "X"))
        await desk.signed_on("adam")
        await desk.submit(u.GrantRole("olga", "engineer"))
        await desk.submit(u.SetPassword("grüner Stuhl am Fenster", "olga"))
        await desk.submit(c.SignOff())
        write_users(desk.site_folder, [*PEOPLE, user("nora", Role.OPERATOR)])
        await desk.people.look()
        kinds = (UserSignedOn, SignOnFailed, ActRefused, RoleGranted, CredentialSet, UserSignedOff, SiteFileApplied)
        for kind in kinds:
            assert desk.log.facts(kind), kind
        assert all(entry.wall_us and entry.actor.user_id for entry in desk.log.kept)

    with PeopleDesk(tmp_path) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("P29")
def test_no_fact_has_a_place_for_the_name_of_a_person():
    naming = {kind for kind in FACTS.values() for f in dataclasses.fields(kind) if f.name in ("full_name", "login")}
    assert not naming
    of_people = {kind for kind in FACTS.values() if kind.entity_type == "user"}
    assert not [kind for kind in of_people for f in dataclasses.fields(kind) if f.name == "name"]


@pytest.mark.proves("P29")
def test_what_people_do_is_written_with_their_ids_and_shown_with_their_names(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.start()
        named = len(desk.log.kept)
        await desk.signed_on("adam")
        await desk.signed(u.DisableUser("otto", "left"))
        await desk.submit(u.MergeUsers("pia", "olga"))
        await desk.submit(u.Lock())
        assert len(desk.log.kept) > named
        facts = repr([entry.fact for entry in desk.log.kept])
        assert not [one.name for one in PEOPLE if one.name in facts]
        assert desk.people.name_pair("id-otto") == ("otto", "Otto")
        assert desk.people.name_pair("id-pia") == ("olga", "Olga")

    with PeopleDesk(tmp_path) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("SEC-18")
def test_a_right_that_cannot_be_written_down_is_not_given_and_a_lock_holds_all_the_same(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.start()
        await desk.signed_on("adam")
        desk.log.fail_with = Refused("The disk is full")
        for command in (u.GrantRole("olga", "engineer"), u.SetPassword("grüner Stuhl am Fenster", "olga")):
            with pytest.raises(Refused, match="disk"):
                await desk.submit(command)
        with pytest.raises(Refused, match="disk"):
            await desk.submit(u.Lock())
        assert desk.sign_on.record().is_locked, "what protects does not wait for the disk"
        desk.log.fail_with = None
        await desk.signed_on("olga", PASSWORD)
        assert desk.sign_on.users.by_login("olga").roles == (Role.OPERATOR,)

    with PeopleDesk(tmp_path) as desk:
        asyncio.run(story(desk))
