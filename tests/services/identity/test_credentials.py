"""Proofs of people: what a password must be, how hashes are kept, signed and replaced, and tries that survive."""

import asyncio
from uuid import UUID

import msgspec
import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from console.config.users_file import PLANT_COST, TEST_COST, hash_password
from console.domain import people_commands as u
from console.domain.refusal import Refused
from console.domain.station_facts import StationRevoked, StreamOpened
from console.services.identity.credentials import Credentials, Kind, SignedCredential
from console.services.identity.password_rules import _common, check_password, check_pin, looks_like_pin
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.sign_on import WRONG
from console.services.journal.entries import SYSTEM
from tests.support.desk import PASSWORD
from tests.support.people_desk import SITE, PeopleDesk

GOOD = "grüner Stuhl am Fenster"
HASH = hash_password(GOOD, TEST_COST)


@pytest.mark.proves("SEC-6")
@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 2000,
        "Password2026!",
        "p4ssw0rdp4ssw0rd",
        "qwertzuiopasdf",
        "QWERTYUIOPAS",
        "123456789012",
        "anna1anna1anna1",
        "aaaaaaaaaaaa",
        "correct horse battery staple",
        "schichtleiter1",
        "olga olga olga!",
        "Kassel works 1",
        "987654321098",
        "abcdefghijklm",
    ],
)
def test_what_everybody_would_try_first_is_no_password(password):
    with pytest.raises(Refused):
        check_password(password, ("olga", "Olga Operator", "Kassel works"))


@pytest.mark.proves("SEC-6")
@pytest.mark.parametrize(
    "password",
    [GOOD, "nur kleine buchstaben hier", "  blank at both ends ", "12 Äpfel & 3 Birnen", "päßwört für gürke"],
)
def test_there_are_no_rules_of_composition(password):
    check_password(password, ("olga", "Olga Operator", "Kassel works"))


def test_the_list_of_common_passwords_is_there_and_holds_hundreds():
    assert len(_common()) > 500
    assert all(len(word) >= 12 for word in _common())


@given(st.text(min_size=12, max_size=40))
def test_the_rules_always_decide(password):
    try:
        check_password(password, ("olga",))
    except Refused:
        return


@pytest.mark.parametrize("pin", ["12345", "111111", "123456", "654321", "123456789012", "12345a", "٣٣٤٥٦٧", ""])
def test_what_is_no_pin(pin):
    with pytest.raises(Refused):
        check_pin(pin)


def test_a_pin_is_never_long_enough_to_be_a_password():
    check_pin("294817")
    assert looks_like_pin("294817") and not looks_like_pin("294817294817")


@pytest.mark.proves("SEC-6", "SEC-33")
def test_what_is_set_at_a_console_is_argon2id_with_the_parameters_of_the_plant():
    worker = PasswordWorker()
    try:
        found = extract_parameters(asyncio.run(worker.hash(GOOD)))
    finally:
        worker.close()
    assert (found.type.name, found.time_cost, found.memory_cost, found.parallelism) == ("ID", 3, 64 * 1024, 4)
    assert PLANT_COST == (3, 64 * 1024, 4)


def told(tmp_path, story, **more):
    with PeopleDesk(tmp_path / "a", **more) as desk:
        asyncio.run(story(desk))


def test_a_credential_is_kept_over_a_restart_and_the_newest_version_stands(tmp_path):
    async def story(desk: PeopleDesk):
        await desk.start()
        credentials = desk.people.credentials
        first = await credentials.set("id-olga", Kind.PASSWORD, HASH)
        second = await credentials.set("id-olga", Kind.PASSWORD, hash_password(PASSWORD, TEST_COST))
        assert (first.version, second.version) == (1, 2)
        fresh = Credentials(
            desk.database.writer,
            desk.database.readers,
            site=SITE,
            station=desk.me.station,
            key=desk.key,
            keys_of=lambda station: (),
            now_us=desk.clock,
        )
        await fresh.load()
        assert fresh.encoded("id-olga") == second.encoded
        assert await fresh.take([first]) == 0, "an older version changes nothing"
        rows, mark = await fresh.rows_since(0)
        assert [row for row in rows if row.kind != Kind.PROFILE] == [second]
        assert await fresh.rows_since(mark) == ((), mark)
        await fresh.set("id-olga", Kind.PIN, HASH)
        assert [row.kind for row in (await fresh.rows_since(mark))[0]] == ["pin"]

    told(tmp_path, story)


async def introduce(here: PeopleDesk, there: PeopleDesk) -> None:
    """Here learns the key of there by its stream's opening."""
    fact = StreamOpened(UUID(int=1002), there.code, there.key.public_key.hex(), "first_start")
    await there.log.append([fact], SYSTEM)
    here.receive(there)


@pytest.mark.proves("SEC-2", "SEC-22")
def test_only_rows_that_a_station_of_the_site_signed_are_taken(tmp_path, log_lines):
    log_lines.expect("was not taken")

    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        row = await there.people.credentials.set("id-olga", Kind.PASSWORD, HASH)
        assert await here.people.credentials.take([row]) == 0, "a station that nobody knows"
        await introduce(here, there)
        forged = [
            msgspec.structs.replace(row, user_id="id-adam"),
            msgspec.structs.replace(row, version=9),
            msgspec.structs.replace(row, encoded=hash_password("another good one", TEST_COST)),
            msgspec.structs.replace(row, site=UUID(int=3)),
            msgspec.structs.replace(row, kind="root"),
            msgspec.structs.replace(row, sig=b""),
            msgspec.structs.replace(row, station=here.me.station),
        ]
        assert await here.people.credentials.take(forged) == 0
        assert await here.people.credentials.take([row, row]) == 1
        await here.signed_on("olga", GOOD)

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


@pytest.mark.proves("SEC-26")
def test_a_peer_does_not_choose_how_much_memory_a_sign_on_costs(tmp_path, log_lines):
    log_lines.expect("was not taken")

    async def story(here: PeopleDesk, there: PeopleDesk):
        await introduce(here, there)
        monster = HASH.replace("m=8", "m=1073741824")
        for encoded in (monster, "$2b$12$abc", "x" * 1000):
            row = await there.people.credentials.set("id-olga", Kind.PASSWORD, encoded)
            assert await here.people.credentials.take([row]) == 0

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


@pytest.mark.proves("P18")
def test_what_a_revoked_station_set_counts_no_more(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await introduce(here, there)
        row = await there.people.credentials.set("id-adam", Kind.PASSWORD, HASH)
        assert await here.people.credentials.take([row]) == 1
        here.clock.advance(5)
        await here.log.append([StationRevoked(there.me.station, (), (), "stolen")], SYSTEM)
        with pytest.raises(Refused, match=WRONG):
            await here.signed_on("adam", GOOD)
        await here.signed_on("adam")  # the file's still stands

    with PeopleDesk(tmp_path / "a") as here, PeopleDesk(tmp_path / "b", "B2", 2) as there:
        asyncio.run(story(here, there))


@given(st.integers(1, 5), st.permutations(range(4)))
def test_rows_in_any_order_end_with_the_same_one(seed, order):
    rows = [
        SignedCredential(1, SITE, "x", "password", 1 + (n * seed) % 3, "", n % 2, UUID(int=n), bytes([n]))
        for n in range(4)
    ]
    assert max((rows[n] for n in order), key=lambda row: row.rank) == max(rows, key=lambda row: row.rank)


@pytest.mark.proves("SEC-28", "SEC-63")
def test_no_secret_and_no_hash_shows_in_records_logs_or_the_journal(tmp_path, caplog):
    canary = "Kanarienvogel im Stollen 7"

    async def story(desk: PeopleDesk):
        await desk.start()
        await desk.signed_on("adam")
        commands = [u.AddUser("gina", "Gina", "operator", password=canary), u.SetPassword(canary, "otto")]
        for command in commands:
            await desk.submit(command)
        await desk.signed_on("otto", canary)
        await desk.submit(u.SetPin("294817", canary))
        with pytest.raises(Refused) as refusal:
            await desk.submit(u.SetPassword("short", current=canary))
        rows, _ = await desk.people.credentials.rows_since(0)
        seen = repr((desk.log.kept, desk.people.view.record(), desk.sign_on.record(), commands, rows, refusal.value))
        for secret in (canary, "294817", "argon2"):
            assert secret not in seen + caplog.text, secret

    told(tmp_path, story)


@pytest.mark.proves("SEC-9")
def test_pulling_the_plug_gives_no_new_tries_and_viewing_goes_on(tmp_path):
    async def tries(desk: PeopleDesk):
        await desk.start()
        for _ in range(5):
            with pytest.raises(Refused, match=WRONG):
                await desk.signed_on("olga", "wrong horse battery")
        with pytest.raises(Refused, match=WRONG):
            await desk.signed_on("typed in the wrong field", "x")

    async def afterwards(desk: PeopleDesk):
        await desk.start()
        with pytest.raises(Refused, match="wait 30 s"):
            await desk.signed_on("Olga")
        await desk.signed_on("lena")
        assert desk.people.view.record().people
        desk.clock.advance(31)
        await desk.signed_on("olga")
        assert desk.people.tries.waits_s("olga", desk.clock()) == 0

    told(tmp_path, tries)
    raw = (tmp_path / "a" / "station.db").read_bytes()
    assert b"typed in" not in raw, "what was typed may have been a password"
    told(tmp_path, afterwards)
