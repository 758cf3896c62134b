"""Forgetting a person at whole stations: neighbours agree on names without a centre, and forget them together."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from console.app.bootstrap import Core, Work, build
from console.app.cli import main
from console.app.exit_codes import Exit
from console.app.folders import Folders
from console.config.users_file import UserEntry, hash_password, read_users, write_users
from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.people import Role, erased_name
from console.domain.signatures import SignatureProof
from console.services.journal.verify import verify_journal
from console.services.station import JournalQuery, SignatureQuery
from console.services.storage.database import fold_wal
from tests.support import story_site
from tests.support.broker import Broker, running_broker
from tests.support.neighbourhood import Stranger
from tests.support.story_site import make_site, make_station
from tests.support.synced import until

ADMIN = ("adele", "seven green kettles sing")
LOGIN, NAME, ID = "brunhildew", "Brunhilde Wagner", "k7f3q9"
NEW = ("hildegardx", "Hildegard Xaver")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Core]:
    core = await build(Folders(folder, folder), Work.RUN)
    core.start()
    try:
        yield core
    finally:
        await core.stop()


def site_with_an_administrator(tmp_path: Path) -> Path:
    site = make_site(tmp_path)
    users, _ = read_users(site)
    hashed = hash_password(ADMIN[1])
    more = (
        UserEntry("a1", ADMIN[0], "Adele Admin", (Role.ADMINISTRATOR,), password_hash=hashed),
        UserEntry(ID, LOGIN, NAME, (Role.OPERATOR,), password_hash=hashed),
    )
    write_users(site, [*users, *more])
    return site


async def signed(core: Core, command: u.DisableUser | u.ErasePerson) -> None:
    sheet = await core.station.query(SignatureQuery(command))
    await core.station.submit(replace(command, proof=SignatureProof(ADMIN[1], sheet.meaning, sheet.sha256)))


def traces(folder: Path, words: Sequence[str]) -> list[str]:
    """Files of a station that hold one of these; users.toml is the administrator's."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != "users.toml"]
    return [path.name for path in found if any(word.encode() in path.read_bytes() for word in words)]


@pytest.mark.proves("P29")
def test_a_name_goes_from_neighbour_to_neighbour_and_is_forgotten_by_who_was_away(tmp_path: Path) -> None:
    async def story(broker: Broker) -> None:
        site, brokers = site_with_an_administrator(tmp_path), (story_site.Broker("plant", broker.port),)
        first, second = make_station(site, "k1", "K1", brokers), make_station(site, "k2", "K2", brokers)
        with Stranger(broker) as stranger:
            async with running(first) as k1:
                await k1.station.submit(c.SignOn(*ADMIN))
                made = await k1.station.submit(u.AddUser(*NEW, "operator", password="drei blaue Lampen hell"))
                async with running(second) as k2:
                    await until(lambda: k2.people.sign_on.name_of(made.entity_id) == NEW[1], "the name is there")
                    await k1.station.submit(u.RenameUser(made.entity_id, NEW[0], NEW[1] + " II"))
                    await until(lambda: k2.people.sign_on.name_of(made.entity_id) == NEW[1] + " II", "the new name")
                    assert traces(second, NEW)
                    await signed(k1, u.DisableUser(made.entity_id, "left"))
                await signed(k1, u.ErasePerson(made.entity_id, "asked for it"))
                async with running(second) as k2:
                    shown = erased_name(made.entity_id)
                    await until(lambda: k2.people.sign_on.name_of(made.entity_id) == shown, "forgotten over there")
                    await until(lambda: fold_wal(second / "station.db") and not traces(second, NEW), "its file, too")
                    rows = await k1.station.query(JournalQuery(etype="user.erased"))
                    assert [json.loads(row.summary)["user_id"] for row in rows] == [made.entity_id]
                    assert not k1.defects and not k2.defects
            said = [payload for _, payload, _ in stranger.heard]
            assert not [one for one in said if b"argon2" in one], "no hash of a password goes over the broker"
        for folder in (first, second):
            assert traces(folder, NEW) == []
            assert verify_journal(folder / "journal.db").is_sound

    with running_broker() as broker:
        asyncio.run(story(broker))


@pytest.mark.proves("P29")
def test_what_an_erased_person_did_is_shown_without_a_name_everywhere_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        site = site_with_an_administrator(tmp_path)
        folder = make_station(site, "k1", "K1", ())
        async with running(folder) as k1:
            await k1.station.submit(c.SignOn(LOGIN, ADMIN[1]))
            opened = await k1.station.submit(c.OpenIncident("Pump 4 drips"))
            await k1.station.submit(c.SignOn(*ADMIN))
            assert NAME in shown(k1)
            await signed(k1, u.DisableUser(ID, "left"))
            await signed(k1, u.ErasePerson(ID, "asked for it"))
            assert not {NAME, LOGIN} & set(shown(k1).split('"')), "on screen"
            assert NAME not in shown(k1) and erased_name(ID) in shown(k1)
            rows = await k1.station.query(JournalQuery(entity=f"incident {opened.entity_id}"))
            assert {row.user for row in rows} == {erased_name(ID)} and {row.user_id for row in rows} == {ID}
            await until(lambda: fold_wal(folder / "station.db"), "folded")
            assert traces(folder, (NAME, LOGIN)) == []
        report = verify_journal(folder / "journal.db")
        assert report.is_sound
        async with running(folder) as again:
            assert again.people.sign_on.name_of(ID) == erased_name(ID)
            alarms = await again.people.look()
            assert alarms["erased"], "users.toml still names her"
        assert traces(folder, (NAME, LOGIN)) == []

    asyncio.run(story())


@pytest.mark.proves("P29")
def test_names_go_by_stick_beside_the_journal_and_not_any_more_when_they_were_erased(tmp_path: Path) -> None:
    site = site_with_an_administrator(tmp_path)
    first, second = make_station(site, "k1", "K1", ()), make_station(site, "k2", "K2", ())
    made: list[str] = []

    async def at_k1(work: str) -> None:
        core = await build(Folders(first, first), Work.ACT)
        try:
            await core.station.submit(c.SignOn(*ADMIN))
            if work == "add":
                made.append((await core.station.submit(u.AddUser(*NEW, "operator"))).entity_id)
            else:
                await signed(core, u.DisableUser(made[0], "left"))
                await signed(core, u.ErasePerson(made[0], "asked for it"))
        finally:
            await core.stop()

    async def name_at_k2() -> str:
        core = await build(Folders(second, second), Work.ACT)
        try:
            return core.people.sign_on.name_of(made[0])
        finally:
            await core.stop()

    asyncio.run(at_k1("add"))
    assert main(["export", "journal", str(tmp_path / "stick"), "--config", str(first)]) == Exit.DONE
    assert main(["import", str(tmp_path / "stick"), "--config", str(second)]) == Exit.DONE
    assert asyncio.run(name_at_k2()) == NEW[1]
    asyncio.run(at_k1("erase"))
    assert main(["export", "journal", str(tmp_path / "later"), "--config", str(first)]) == Exit.DONE
    assert traces(first, NEW) == []
    assert NEW[1].encode() not in (tmp_path / "later").read_bytes()
    assert main(["import", str(tmp_path / "later"), "--config", str(second)]) == Exit.DONE
    assert main(["import", str(tmp_path / "stick"), "--config", str(second)]) == Exit.DONE
    assert asyncio.run(name_at_k2()) == erased_name(made[0])
    assert traces(second, NEW) == []


def shown(core: Core) -> str:
    """What the seam tells a window about people, incidents and the journal."""
    parts = core.parts
    records = (parts.recent.snapshot().rows, parts.desk.snapshot().incidents, parts.people.view.record())
    return msgspec.json.encode(records).decode()
