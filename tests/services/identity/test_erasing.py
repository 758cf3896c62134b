"""Forgetting a person: the name goes from everywhere, what he did stays under his id (P29)."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config.users_file import write_users
from console.domain import people_commands as u
from console.domain.facts import SignOnFailed
from console.domain.people import Role, erased_name
from console.domain.people_facts import RecordSigned, UserAdded, UserErased, UserProfileChanged
from console.domain.refusal import Refused
from console.services.identity.credentials import LAST, Kind, SignedCredential
from console.services.identity.people_file import ERASED_TEXT
from console.services.identity.profile_form import MAX_BYTES, Profile, encoded, read_profile
from console.services.journal.entries import Entry
from console.services.journal.facts_codec import decode_fact
from console.services.storage.database import fold_wal
from tests.support.desk import PASSWORD, PEOPLE, user
from tests.support.people_desk import PeopleDesk

LOGIN, NAME, ID = "brunhildew", "Brunhilde Wagner-Überall", "k7f3q9"
BRUNHILDE = user(LOGIN, Role.OPERATOR, user_id=ID, name=NAME)
WITH_HER = (*PEOPLE, BRUNHILDE)
NEW = "grüner Stuhl am Fenster"


def traces(folder: Path) -> list[str]:
    """Files of a station that hold her login or name in any bytes; users.toml is the administrator's."""
    wanted = [text.encode(form) for text in (LOGIN, NAME, "Brunhilde") for form in ("utf-8", "utf-16-le")]
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "users.toml"]
    return [path.name for path in files if any(one in path.read_bytes() for one in wanted)]


async def refused(desk: PeopleDesk, command: u.ErasePerson) -> str:
    with pytest.raises(Refused) as refusal:
        await desk.submit(command)
    return refusal.value.text


async def erased(desk: PeopleDesk) -> None:
    await desk.signed_on("adam")
    await desk.signed(u.DisableUser(ID, "left the company"))
    await desk.signed(u.ErasePerson(ID, "asked for it"))


@pytest.mark.proves("P29")
def test_nothing_of_an_erased_person_is_found_in_the_stations_files_and_his_acts_stay(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await desk.signed_on(LOGIN)
        await desk.submit(u.SetPin("294817", PASSWORD))
        await desk.signed_on("adam")
        await desk.submit(u.RenameUser(ID, LOGIN, NAME + " II"))
        await desk.submit(u.RenameUser(ID, LOGIN, NAME))
        assert traces(tmp_path / "a"), "she was there"
        acts = [entry for entry in desk.log.kept if entry.actor.user_id == ID]
        _, told = await desk.people.credentials.rows_since(0)
        await erased(desk)
        further, _ = await desk.people.credentials.rows_since(told)
        assert {row.kind for row in further if row.user_id == ID} == set(Kind), "the centre is told of it"
        assert [fact.user_id for fact in desk.log.facts(UserErased)] == [ID]
        assert [entry for entry in desk.log.kept if entry.actor.user_id == ID] == acts
        assert desk.people.name_pair(ID) == (ID, erased_name(ID))
        assert desk.sign_on.users.find(NAME) is None and desk.sign_on.users.person(ID) is None
        assert not [one for one in desk.people.view.record().people if one.user_id == ID]
        rows, _ = await desk.people.credentials.rows_since(0)
        assert {(row.kind, row.version, row.encoded) for row in rows if row.user_id == ID} == {
            (kind.value, LAST, "") for kind in Kind
        }
        with pytest.raises(Refused):
            await desk.signed_on(LOGIN)
        assert fold_wal(desk.database.path)

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))
        assert traces(tmp_path / "a") == [], "while the station runs"
    assert traces(tmp_path / "a") == []


@pytest.mark.proves("P29")
def test_only_a_disabled_person_is_erased_signed_with_a_reason_and_never_by_himself(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await desk.signed_on("olga")
        assert "Only administrators" in await refused(desk, u.ErasePerson(ID, "x"))
        await desk.signed_on("adam")
        assert "disable the account first" in await refused(desk, u.ErasePerson(ID, "x"))
        assert "Nobody erases himself" in await refused(desk, u.ErasePerson("adam", "x"))
        assert "Say why" in await refused(desk, u.ErasePerson(ID, " "))
        await desk.signed(u.DisableUser(ID, "left"))
        assert "needs your signature" in await refused(desk, u.ErasePerson(ID, "x"))
        await desk.signed(u.GrantRole("lena", "administrator"))
        await desk.signed_on("lena")
        assert "disable the account first" in await refused(desk, u.ErasePerson("adam", "x"))
        assert not desk.log.facts(UserErased)
        await desk.signed(u.ErasePerson(ID, "asked for it"))
        assert "Nobody here is called" in await refused(desk, u.ErasePerson(ID, "again"))
        with pytest.raises(Refused):
            await desk.submit(u.EnableUser(ID, "came back"))

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("P29")
def test_a_signature_over_a_record_with_a_name_gives_no_hash_to_guess_it_by(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await desk.signed_on("adam")
        sheet = desk.sheet(u.DisableUser(ID, "left"))
        marks = [value for label, value in sheet.lines if label == "Profile mark"]
        assert len(marks) == 1 and len(marks[0]) == 32
        await erased(desk)
        assert len(desk.log.facts(RecordSigned)) == 2
        assert marks[0].encode() not in desk.database.path.read_bytes()
        assert marks[0] not in repr(desk.log.kept)

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("P29")
def test_users_toml_does_not_bring_an_erased_person_back_and_a_system_alarm_says_so(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await erased(desk)
        assert (await desk.people.look())["erased"] == ERASED_TEXT
        write_users(desk.site_folder, [*WITH_HER, user("nora", Role.OPERATOR)])
        before = len(desk.log.kept)
        assert await desk.people.file.look()
        assert desk.sign_on.users.by_login("nora") is not None
        assert not [e for e in desk.log.kept[before:] if getattr(e.fact, "user_id", "") == ID]
        assert desk.sign_on.users.by_login(LOGIN) is None and desk.sign_on.name_of(ID) == erased_name(ID)
        assert (await desk.people.look())["erased"] == ERASED_TEXT
        write_users(desk.site_folder, PEOPLE)
        assert (await desk.people.look())["erased"] == ""

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))
        with PeopleDesk(tmp_path / "a2", log=desk.log, people=WITH_HER) as again:
            asyncio.run(started_without_her(again))


async def started_without_her(again: PeopleDesk) -> None:
    """Another station with the old file that learns of the erasing by the journal."""
    await again.start()
    await again.people.look()
    assert again.sign_on.name_of(ID) == erased_name(ID) and again.sign_on.users.by_login(LOGIN) is None
    assert traces(again.folder) == []


@pytest.mark.proves("P29")
def test_a_station_that_was_away_forgets_on_return_and_no_newer_version_wins_over_the_fact(tmp_path: Path) -> None:
    async def story(here: PeopleDesk, away: PeopleDesk) -> None:
        await here.start()
        await away.start()
        await away.meet(here)
        await here.meet(away)
        await away.signed_on("adam")
        for n in range(3):
            await away.submit(u.RenameUser(ID, LOGIN, f"{NAME} {n}"))
        await away.submit(u.SetPassword(NEW, ID))
        carried = [row for row in (await away.people.credentials.rows_since(0))[0] if row.user_id == ID]
        assert {row.version for row in carried} > {1}
        await erased(here)
        assert await here.people.credentials.take(carried) == 0
        await here.meet(away)
        assert here.sign_on.name_of(ID) == erased_name(ID) and traces(here.folder) == []
        assert away.sign_on.name_of(ID) == f"{NAME} 2"
        await away.meet(here)
        await away.people.look()
        assert away.sign_on.name_of(ID) == erased_name(ID)
        assert await away.people.credentials.take(carried) == 0
        assert ID not in {row.user_id for row in away.people.credentials.profiles()}
        assert fold_wal(away.database.path) and traces(away.folder) == []

    with (
        PeopleDesk(tmp_path / "a", people=WITH_HER) as here,
        PeopleDesk(tmp_path / "b", "B2", 2, people=WITH_HER) as away,
    ):
        asyncio.run(story(here, away))


class FullDisk:
    async def write(self, _function: object) -> None:  # type: ignore[override]
        raise Refused("The disk is full")


@pytest.mark.proves("P29")
def test_an_erasing_that_the_disk_refused_is_made_good_at_the_next_look(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        credentials = desk.people.credentials
        writer, credentials._writer = credentials._writer, FullDisk()
        await erased(desk)
        assert desk.sign_on.name_of(ID) == erased_name(ID)
        assert traces(desk.folder)
        credentials._writer = writer
        await desk.people.look()
        assert fold_wal(desk.database.path) and traces(desk.folder) == []

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("P29")
def test_who_is_merged_into_an_erased_person_is_forgotten_with_him(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await desk.signed_on("adam")
        twin = (await desk.submit(u.AddUser(LOGIN + "2", NAME + " Twin", "operator", password=NEW))).entity_id
        await desk.submit(u.MergeUsers(twin, ID))
        await erased(desk)
        assert desk.sign_on.name_of(twin) == erased_name(twin)
        assert fold_wal(desk.database.path) and traces(desk.folder) == []

    with PeopleDesk(tmp_path / "a", people=WITH_HER) as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("P29", "P19")
def test_an_erasing_or_a_renaming_by_somebody_without_the_right_has_no_effect(tmp_path: Path) -> None:
    async def story(here: PeopleDesk, there: PeopleDesk) -> None:
        await here.start()
        await there.start()
        await here.meet(there)
        await there.meet(here)
        olga = here.sign_on.users.by_login("olga")
        assert olga is not None
        session = await here.signed_on("olga")
        facts = [UserErased("id-otto", "spite"), UserProfileChanged("id-pia", 2)]
        made: tuple[Entry, ...] = await here.log.append(facts, here.sign_on.actor(session))
        await here.people.profiles.set("id-pia", "pia", "Not Pia")
        there.receive(here)
        await there.people.credentials.take(here.people.credentials.profiles())
        for desk in (here, there):
            assert desk.sign_on.name_of("id-otto") == "Otto"
            assert desk.sign_on.name_of("id-pia") != "Not Pia"
            assert {entry.hash for entry in made} <= desk.gate.withheld_hashes

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


def test_while_a_profile_is_not_here_the_id_is_shown_and_the_rights_hold(tmp_path: Path) -> None:
    async def story(here: PeopleDesk, there: PeopleDesk) -> None:
        await here.start()
        await there.start()
        await here.signed_on("adam")
        gina = (await here.submit(u.AddUser("gina", "Gina Gut", "operator"))).entity_id
        there.receive(here)
        assert there.sign_on.name_of(gina) == gina
        person = there.sign_on.users.person(gina)
        assert person is not None and person.roles == (Role.OPERATOR,)
        assert await there.meet(here) >= 1
        assert there.sign_on.name_of(gina) == "Gina Gut"
        older = there.people.credentials.profiles()
        await here.submit(u.RenameUser(gina, "gina", "Gina Gross"))
        assert await there.meet(here) == 1
        assert await there.people.credentials.take(older) == 0, "an older version never wins"
        assert there.sign_on.name_of(gina) == "Gina Gross"

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


@pytest.mark.proves("P29", "SEC-22")
def test_a_hostile_profile_is_not_taken(tmp_path: Path, log_lines) -> None:  # type: ignore[no-untyped-def]
    log_lines.expect("was not taken")

    async def story(here: PeopleDesk, there: PeopleDesk) -> None:
        await here.start()
        await there.start()
        await here.meet(there)
        own = next(row for row in there.people.credentials.profiles() if row.user_id == "id-otto")

        def signed(text: str, **more: object) -> SignedCredential:
            row = msgspec.structs.replace(own, encoded=text, version=9, **more)  # type: ignore[arg-type]
            return msgspec.structs.replace(row, sig=there.key.sign(row.signed_bytes()))

        good = encoded(Profile("otto", "Otto Odd"))
        hostile = [
            msgspec.structs.replace(own, encoded=good, version=9),  # not signed
            msgspec.structs.replace(signed(good), sig=b""),
            signed(good, station=here.me.station),  # of a station whose key it is not
            signed(good, station=UUID(int=77)),
            signed(good, site=UUID(int=5)),
            signed(good, v=2),
            signed(good, kind="nickname"),
            signed(encoded(Profile("otto", "x" * 201))),
            signed(encoded(Profile("o" * 61, "Otto"))),
            signed(encoded(Profile("otto", "Otto", file_name="y" * MAX_BYTES))),
            signed(encoded(Profile("otto", "<b>Otto</b>"))),
            signed(encoded(Profile("otto", "Ot\u202eto"))),
            signed(encoded(Profile("otto\n", "Otto"))),
            signed(encoded(Profile("otto~2", "Otto"))),
            signed("no json"),
            signed('{"login":7,"name":[]}'),
            replace_version(signed(good), LAST, there),
            replace_version(signed(good), 2**40, there),
        ]
        assert await here.people.credentials.take(hostile) == 0
        assert here.sign_on.name_of("id-otto") == "Otto"
        assert await here.people.credentials.take([signed(good)]) == 1

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


def replace_version(row: SignedCredential, version: int, by: PeopleDesk) -> SignedCredential:
    bare = msgspec.structs.replace(row, version=version)
    return msgspec.structs.replace(bare, sig=by.key.sign(bare.signed_bytes()))


@given(st.text(max_size=300) | st.builds(lambda a, b: encoded(Profile(a, b)), st.text(max_size=90), st.text()))
def test_any_text_is_a_profile_that_may_be_shown_or_none(text: str) -> None:
    found = read_profile(text)
    if found is not None:
        assert found.login and found.name and found.login.isprintable() and found.name.isprintable()
        assert not {*found.login, *found.name} & {"<", ">", "\n"} and len(text.encode()) <= MAX_BYTES


@pytest.mark.proves("P29", "P8")
def test_journals_from_before_profiles_are_read_without_their_names() -> None:
    added = decode_fact("user.added", 1, b'{"user_id":"u","login":"anna","name":"Anna"}')
    failed = decode_fact("user.sign_on_failed", 1, b'{"login":"anna","why":"password"}')
    assert (added, failed) == (UserAdded("u"), SignOnFailed("", "password"))


def test_a_name_that_nobody_may_have_is_refused_where_it_is_typed(tmp_path: Path) -> None:
    async def story(desk: PeopleDesk) -> None:
        await desk.start()
        await desk.signed_on("adam")
        for login, name in (("x<y", "X"), ("x", "<i>X</i>"), ("x", "A\u202eB"), ("x~1", "X"), ("", "X"), ("x", " ")):
            with pytest.raises(Refused):
                await desk.submit(u.AddUser(login, name))
        write_users(desk.site_folder, [*PEOPLE[:-1], replace(PEOPLE[-1], name="<b>Dora</b>")])
        assert not await desk.people.file.look()
        assert "name" in str(desk.people.file.problems[0])

    with PeopleDesk(tmp_path / "a") as desk:
        asyncio.run(story(desk))
