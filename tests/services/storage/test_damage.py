"""Damaged files: the journal is never guessed at, the alarm list never stays dark because of yesterday's log."""

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.storage.failures import DamagedDatabase
from console.services.storage.schema import Database, open_journal_db, open_station_db

METADATA = MetaData()
THINGS = Table("things", METADATA, Column("n", Integer, primary_key=True), Column("text", Text), sqlite_strict=True)


def _station(path: Path, count: int = 0) -> Database:
    database = open_station_db(path, [METADATA])
    if count:

        async def fill() -> None:
            rows = [{"n": n, "text": "x" * 500} for n in range(count)]
            await database.writer.write(lambda c: c.execute(insert(THINGS), rows).rowcount)

        asyncio.run(fill())
    return database


def _scribble(path: Path, at: int) -> bytes:
    content = bytearray(path.read_bytes())
    content[at : at + 8192] = b"\xa5" * 8192
    path.write_bytes(content)
    return bytes(content)


def _count(database: Database) -> int:
    async def ask() -> int:
        return len(await database.readers.read(lambda c: list(c.execute(select(THINGS.c.n)))))

    return asyncio.run(ask())


@pytest.mark.parametrize("at", [0, 8192 * 3])
def test_a_damaged_station_file_is_kept_and_a_new_one_begun(tmp_path: Path, at: int) -> None:
    path = tmp_path / "station.db"
    _station(path, 200).close()
    damaged = _scribble(path, at)
    for number in (1, 2):
        database = _station(path)
        try:
            assert database.set_aside == tmp_path / f"station.db.damaged-{number}"
            assert database.set_aside.read_bytes() == damaged
            assert _count(database) == 0
        finally:
            database.close()
        path.write_bytes(damaged)


def test_a_station_file_that_is_sound_is_never_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    _station(path, 50).close()
    database = _station(path)
    assert database.set_aside is None
    assert _count(database) == 50
    database.close()


def test_a_damaged_journal_is_left_as_it_is_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal_db(path).close()
    damaged = _scribble(path, 0)
    with pytest.raises(DamagedDatabase, match=r"journal\.db is damaged.*backup"):
        open_journal_db(path)
    assert path.read_bytes() == damaged


def test_damage_that_is_met_while_reading_names_the_file(tmp_path: Path) -> None:
    database = _station(tmp_path / "station.db", 200)

    def read(connection: Connection) -> list[object]:
        _scribble(tmp_path / "station.db", 8192 * 3)
        return list(connection.exec_driver_sql("SELECT text FROM things"))

    async def ask() -> None:
        await database.writer.write(lambda c: None)
        with pytest.raises(DamagedDatabase, match=r"station\.db is damaged"):
            await database.readers.read(read)

    async def fold() -> None:
        def checkpoint() -> None:
            engine = database.writer._engine
            with engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        await asyncio.to_thread(checkpoint)

    asyncio.run(fold())
    asyncio.run(ask())
    database.close()


def test_a_folder_in_the_place_of_the_journal_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises((Refused, OSError)):
        open_journal_db(tmp_path / "journal.db")


@pytest.mark.skipif(os.name == "nt", reason="rights are the folder's on Windows")
def test_only_the_owner_reads_who_did_what(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.touch(mode=0o644)
    for path in (tmp_path / "journal.db", old):
        database = open_journal_db(path)
        for end in ("", "-wal", "-shm"):
            file = path.with_name(path.name + end)
            assert not file.exists() or file.stat().st_mode & 0o077 == 0
        database.close()
