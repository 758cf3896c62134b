"""Erased by somebody who had no right to it: without effect, the name gone all the same, and everybody is told."""

import asyncio
from pathlib import Path

import pytest

from console.app.commands.verify_words import Words
from console.domain import people_commands as u
from console.domain.people_facts import RoleGranted, RoleRevoked, UserAdded, UserErased, UserMerged
from console.services.identity.erasings import erasings_in
from console.services.journal.entries import SYSTEM, Actor
from console.services.journal.verify import verify_journal
from tests.services.identity.test_erasing import ID, LOGIN, NAME, NEW, WITH_HER, erased
from tests.support.journals import StationJournal, note
from tests.support.people_desk import PeopleDesk


async def adam_erases_though_lena_had_disabled_him(here: PeopleDesk, there: PeopleDesk) -> None:
    """Lena is an administrator, too; the two stations do not hear each other meanwhile."""
    await here.start()
    await there.start()
    await here.meet(there)
    await here.signed_on("adam")
    await here.signed(u.GrantRole("lena", "administrator"))
    await there.meet(here)
    await there.signed_on("lena")
    await there.signed(u.DisableUser("adam", "left the company"))
    here.clock.advance(60)
    await erased(here)
    assert here.people.view.record().wrong_erasings == ()


@pytest.mark.proves("P29", "P19")
def test_an_erasing_that_turns_out_to_be_without_the_right_is_told_until_somebody_puts_it_right(tmp_path: Path) -> None:
    async def story(here: PeopleDesk, there: PeopleDesk) -> None:
        await adam_erases_though_lena_had_disabled_him(here, there)
        here.receive(there)
        there.receive(here)
        (gone,) = here.people.view.record().wrong_erasings
        (kept,) = there.people.view.record().wrong_erasings
        assert gone.act_hash == kept.act_hash
        assert (gone.user_id, gone.by, gone.station, gone.is_gone) == (ID, "Adam", "A1", True)
        assert gone.person == NAME, "only because users.toml still names her"
        assert here.people.profiles.signed(ID) is None and not here.people.credentials.encoded(ID)
        assert (kept.person, kept.is_gone) == (NAME, False)
        await here.signed_on("lena")
        anew = (await here.submit(u.AddUser(LOGIN + "2", NAME, "operator", password=NEW))).entity_id
        assert len(here.people.view.record().wrong_erasings) == 1
        await here.submit(u.MergeUsers(ID, anew))
        there.receive(here)
        for desk in (here, there):
            assert desk.people.view.record().wrong_erasings == ()
        assert here.sign_on.name_of(ID) == NAME

    with (
        PeopleDesk(tmp_path / "a", people=WITH_HER) as here,
        PeopleDesk(tmp_path / "b", "B2", 2, people=WITH_HER, clock=here.clock) as there,
    ):
        asyncio.run(story(here, there))


@pytest.mark.proves("P29", "P19")
def test_an_erasing_that_somebody_countersigned_is_no_finding_any_more(tmp_path: Path) -> None:
    async def story(here: PeopleDesk, there: PeopleDesk) -> None:
        await adam_erases_though_lena_had_disabled_him(here, there)
        here.receive(there)
        (told,) = here.people.view.record().wrong_erasings
        await here.signed_on("lena")
        await here.signed(u.Countersign(told.act_hash, "she had asked for it"))
        assert here.people.view.record().wrong_erasings == ()
        assert here.people.history.is_erased(ID)

    with (
        PeopleDesk(tmp_path / "a", people=WITH_HER) as here,
        PeopleDesk(tmp_path / "b", "B2", 2, people=WITH_HER, clock=here.clock) as there,
    ):
        asyncio.run(story(here, there))


def by(user: str) -> Actor:
    return Actor(user, user, user, (), "s-1", "password")


async def a_journal(folder: Path) -> StationJournal:
    """Ada and Eva administer; Otto is an operator; Ida was erased rightly, Pia and Tom were not."""
    station = await StationJournal(folder, "A1").start()
    people = ("ada", "eva", "otto", "ida", "pia", "tom")
    await station.log.append(
        [*(UserAdded(one) for one in people), RoleGranted("ada", "administrator"), RoleGranted("eva", "administrator")],
        SYSTEM,
    )
    for fact, actor in (
        (UserErased("ida", "asked"), "ada"),
        (UserErased("pia", "spite"), "otto"),
        (UserErased("nobody", "never was here"), "otto"),
        (RoleRevoked("ada", "administrator"), "eva"),
        (UserErased("tom", "too late"), "ada"),
    ):
        station.clock.now_us += 1_000_000
        await station.log.append([fact, note("with it")], by(actor))
    return station


@pytest.mark.proves("P29", "P19")
def test_a_journal_file_alone_tells_the_erasings_without_the_right_and_stays_sound(tmp_path: Path) -> None:
    async def story() -> None:
        station = await a_journal(tmp_path)
        found = erasings_in(station.path)
        assert [(one.fact.user_id, one.actor.user_id) for one in found] == [("pia", "otto"), ("tom", "ada")]  # type: ignore[union-attr]
        assert verify_journal(station.path).is_sound
        said = Words("").erasing(found[0])
        assert f"stream {found[0].stream} seq {found[0].seq}" in said
        assert "pia was erased by otto, who had no right to it, on 2026-09-21" in said and "add the person anew" in said
        german = Words("de").erasing(found[0])
        assert "pia wurde von otto gelöscht, der kein Recht dazu hatte" in german and "neu anlegen" in german
        await station.log.append([UserAdded("pia2"), UserMerged("pia", "pia2")], by("eva"))
        await station.log.append([UserErased("tom", "rightly")], by("eva"))
        assert erasings_in(station.path) == ()
        station.close()

    asyncio.run(story())


def test_a_station_without_such_erasings_tells_of_none(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await erased(desk)
        assert desk.people.view.record().wrong_erasings == ()

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))
