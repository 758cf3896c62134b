"""Signing on: right, wrong, disabled, too often; and what is written down about it."""

import asyncio

import pytest

from console.config.users_file import TEST_COST, hash_password
from console.domain.facts import SignOnFailed, UserSignedOff, UserSignedOn
from console.domain.people import Role
from console.domain.permissions import DISABLED
from console.domain.refusal import Refused
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.sign_on import UNKNOWN_LOGIN, WRONG
from console.services.identity.users import Users
from tests.support.desk import PASSWORD, PEOPLE, Desk, user


def test_the_right_password_signs_on_and_is_written_down_before_it_counts():
    async def story(desk: Desk) -> None:
        heard = []
        desk.sign_on.changed.subscribe(heard.append)
        session, entries = await desk.sign_on.sign_on(" OLGA", PASSWORD)
        assert desk.log.facts(UserSignedOn) == [UserSignedOn("id-olga")]
        assert entries[0].actor.session_id == session.session_id
        assert entries[0].actor.roles == ("operator",)
        assert [(record.name, record.roles) for record in heard] == [("Olga", ("operator",))]
        assert "request-rebirth" in heard[0].denied
        assert "ack" not in heard[0].denied

    with Desk() as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("SEC-8", "SEC-28")
@pytest.mark.parametrize(
    ("login", "password", "noted"),
    [
        ("olga", "wrong horse battery", ("id-olga", "password")),
        ("nobody", PASSWORD, (UNKNOWN_LOGIN, "login")),
        (PASSWORD, "olga", (UNKNOWN_LOGIN, "login")),
        ("", "", (UNKNOWN_LOGIN, "login")),
        ("olga", "x" * 100_000, ("id-olga", "password")),
        ("olga", "\ud800", ("id-olga", "password")),
    ],
)
def test_nothing_says_which_part_was_wrong_and_no_password_reaches_the_journal(login, password, noted):
    with Desk() as desk:
        with pytest.raises(Refused) as refused:
            asyncio.run(desk.sign_on.sign_on(login, password))
        assert refused.value.text == WRONG
        assert desk.sign_on.current is None
        assert desk.log.facts(SignOnFailed) == [SignOnFailed(*noted)]
        assert PASSWORD not in repr(desk.log.kept)


@pytest.mark.proves("SEC-8")
def test_an_unknown_login_costs_the_same_check_as_a_known_one():
    class Counting(PasswordWorker):
        checks = 0

        def _check(self, encoded: str, password: str) -> bool:
            self.checks += 1
            self.seen = encoded
            return super()._check(encoded, password)

    worker = Counting(TEST_COST)
    try:
        assert not asyncio.run(worker.verify("", "nobody has this password"))
        assert worker.checks == 1
        assert worker._hasher.verify(worker._nobody.result(), "nobody has this password")
    finally:
        worker.close()


def test_a_hash_that_cannot_be_read_lets_nobody_in():
    worker = PasswordWorker(TEST_COST)
    try:
        assert not asyncio.run(worker.verify("rubbish", "rubbish"))
    finally:
        worker.close()


def test_the_same_password_from_another_keyboard_is_the_same():
    worker = PasswordWorker(TEST_COST)
    try:
        composed = hash_password("Gr\u00f6\u00dfenwahn 1234", TEST_COST)
        assert asyncio.run(worker.verify(composed, "Gro\u0308\u00dfenwahn 1234"))
    finally:
        worker.close()


def test_a_disabled_person_is_told_so_only_with_the_right_password():
    with Desk() as desk:
        with pytest.raises(Refused, match=WRONG):
            asyncio.run(desk.sign_on.sign_on("dora", "wrong horse battery"))
        with pytest.raises(Refused, match=DISABLED):
            asyncio.run(desk.sign_on.sign_on("dora", PASSWORD))
        assert [fact.why for fact in desk.log.facts(SignOnFailed)] == ["password", "disabled"]


@pytest.mark.proves("SEC-9")
@pytest.mark.parametrize("login", ["olga", "nobody"])
def test_after_five_wrong_tries_even_the_right_password_waits_and_then_works(login):
    async def tries(desk: Desk) -> None:
        for _ in range(5):
            with pytest.raises(Refused, match=WRONG):
                await desk.sign_on.sign_on(login, "wrong horse battery")
        with pytest.raises(Refused, match="wait 30 s"):
            await desk.sign_on.sign_on(login, PASSWORD)
        await desk.sign_on.sign_on("lena", PASSWORD)  # others do not wait
        desk.clock.advance(30)
        if login == "olga":
            await desk.sign_on.sign_on(login, PASSWORD)
            assert desk.sign_on.current.person.user.login == "olga"

    with Desk() as desk:
        asyncio.run(tries(desk))


@pytest.mark.proves("SEC-9")
def test_tries_in_parallel_count_too():
    async def storm(desk: Desk) -> list[object]:
        tries = (desk.sign_on.sign_on("olga", "wrong horse battery") for _ in range(20))
        return await asyncio.gather(*tries, return_exceptions=True)

    with Desk() as desk:
        answers = asyncio.run(storm(desk))
    assert sum("wait" in str(answer) for answer in answers) == 15


def test_taking_over_signs_the_other_person_off():
    async def story(desk: Desk) -> None:
        first, _ = await desk.sign_on.sign_on("olga", PASSWORD)
        second, _ = await desk.sign_on.sign_on("lena", PASSWORD)
        assert desk.sign_on.current == second
        assert desk.sign_on.person(first) is None
        assert desk.log.facts(UserSignedOff) == [UserSignedOff("id-olga", "switch")]
        await desk.sign_on.sign_off("end of shift")
        assert desk.sign_on.record() is None
        assert desk.sign_on.person(second) is None
        assert await desk.sign_on.sign_off() == ()
        assert len(desk.log.facts(UserSignedOff)) == 2

    with Desk() as desk:
        asyncio.run(story(desk))


def test_a_session_of_the_command_line_leaves_the_consoles_alone():
    async def story(desk: Desk) -> None:
        console, _ = await desk.sign_on.sign_on("olga", PASSWORD)
        beside, _ = await desk.sign_on.open_session("emil", PASSWORD)
        assert desk.sign_on.current == console
        assert desk.sign_on.person(beside).user.login == "emil"
        await desk.sign_on.end_session(beside)
        assert desk.sign_on.person(beside) is None
        assert desk.sign_on.person(console) is not None

    with Desk() as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("SEC-29")
def test_session_ids_have_128_bits_and_never_repeat():
    async def story(desk: Desk) -> set[str]:
        ids = set()
        for _ in range(20):
            session, _ = await desk.sign_on.open_session("olga", PASSWORD)
            ids.add(session.session_id)
            await desk.sign_on.end_session(session)
        return ids

    with Desk() as desk:
        ids = asyncio.run(story(desk))
    assert len(ids) == 20
    assert all(len(bytes.fromhex(one)) == 16 for one in ids)


@pytest.mark.proves("SEC-18")
def test_when_the_journal_cannot_write_nobody_is_signed_on():
    with Desk() as desk:
        desk.log.fail_with = Refused("The disk is full")
        with pytest.raises(Refused, match="disk"):
            asyncio.run(desk.sign_on.sign_on("olga", PASSWORD))
        assert desk.sign_on.current is None


@pytest.mark.proves("SEC-3")
def test_who_is_disabled_or_removed_meanwhile_is_out_at_once():
    async def story(desk: Desk, people: tuple) -> None:
        heard = []
        await desk.signed_on("olga")
        desk.sign_on.changed.subscribe(heard.append)
        await desk.sign_on.replace_users(Users(people))
        assert desk.sign_on.current is None
        assert heard[-1] is None
        assert desk.log.facts(UserSignedOff) == [UserSignedOff("id-olga", "disabled")]

    for people in (PEOPLE[1:], (user("olga", Role.OPERATOR, is_disabled=True),)):
        with Desk() as desk:
            asyncio.run(story(desk, people))


def test_new_roles_hold_at_once():
    async def story(desk: Desk) -> None:
        await desk.signed_on("olga")
        await desk.sign_on.replace_users(Users([user("olga", Role.ENGINEER)]))
        assert "request-rebirth" not in desk.sign_on.record().denied
        assert "ack" in desk.sign_on.record().denied

    with Desk() as desk:
        asyncio.run(story(desk))


def test_people_are_found_by_id_login_or_full_name_but_never_by_a_shared_name():
    users = Users([user("olga"), user("otto", name="Same Name"), user("uwe", name="Same Name")])
    assert users.find("OLGA").user_id == users.find("id-olga").user_id == users.find("olga ").user_id == "id-olga"
    assert users.find("same name") is None
    assert users.name_of("system") == "Leitstand"
    assert users.name_of("somebody else") == "somebody else"
    assert len(users) == len(list(users)) == 3
