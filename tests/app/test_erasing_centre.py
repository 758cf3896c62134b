"""Forgetting a person at the centre: its tables lose the name, and a station that was away does not bring it back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.domain import commands as c
from console.domain import people_commands as u
from console.domain.people import erased_name
from tests.app.test_erasing import ADMIN, NEW, signed, site_with_an_administrator
from tests.support.postgres import TestDatabase, postgres, postgres_server
from tests.support.story_site import make_station
from tests.support.synced import asked, until

__all__ = ["postgres", "postgres_server"]


@asynccontextmanager
async def running(folder: Path, work: Work = Work.RUN) -> AsyncIterator[Core]:
    core = await build(Folders(folder, folder), work)
    if work is Work.RUN:
        core.start()
    try:
        yield core
    finally:
        await core.stop()


def tables_with(database: TestDatabase, *words: str) -> list[str]:
    """Tables of the centre in which a row holds one of these, in any column, bytes included."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'leitstand'").fetchall()
        found = []
        for (table,) in tables:
            for row in connection.execute(f"select * from leitstand.{table}".encode()):
                told = b" ".join(part if isinstance(part, bytes) else str(part).encode() for part in row)
                if any(word.encode() in told for word in words):
                    found.append(str(table))
        return sorted(set(found))


@pytest.mark.proves("P29")
def test_the_centre_loses_the_name_and_a_newer_profile_of_who_was_away_changes_nothing(
    tmp_path: Path,
    postgres: TestDatabase,
) -> None:
    async def story(first: Path, second: Path) -> None:
        async with running(first) as k1:
            await k1.station.submit(c.SignOn(*ADMIN))
            made = await k1.station.submit(u.AddUser(*NEW, "operator", password="drei blaue Lampen hell"))
            user = made.entity_id
            async with running(second) as k2:
                await until(lambda: k2.people.sign_on.name_of(user) == NEW[1], "the name by the centre")
                await until(lambda: "credential" in tables_with(postgres, *NEW), "it is there")
                assert tables_with(postgres, *NEW) == ["credential"], "and nowhere else"
            async with running(second, Work.ACT) as k2:  # away from the centre
                await k2.station.submit(c.SignOn(*ADMIN))
                for n in range(3):
                    await k2.station.submit(u.RenameUser(user, NEW[0], f"{NEW[1]} {n}"))
            await signed(k1, u.DisableUser(user, "left"))
            await signed(k1, u.ErasePerson(user, "asked for it"))
            await until(lambda: not tables_with(postgres, *NEW), "forgotten at the centre")
        async with running(second) as k2:
            await until(lambda: k2.people.sign_on.name_of(user) == erased_name(user), "forgotten by who was away")
            await until(lambda: k2.sync.replicator.link.waiting == 0, "all is told")
            await until(lambda: not tables_with(postgres, *NEW), "and still forgotten at the centre")
            assert not k2.defects
        rows = asked(postgres.url, f"select state, login, name from leitstand.user_account where user_id = '{user}'")
        assert rows == [("erased", None, None)]
        kept = asked(postgres.url, f"select encoded from leitstand.credential where user_id = '{user}'")
        assert kept == [("",)] * 3, "password and PIN, too"

    postgres.set_up()
    site = site_with_an_administrator(tmp_path)
    asyncio.run(story(make_station(site, "k1", "K1", (), postgres), make_station(site, "k2", "K2", (), postgres)))
