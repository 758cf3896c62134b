"""Readers: read only, beside the writer, and given up at once when nobody waits."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from console.services.storage.schema import Database, open_station_db

METADATA = MetaData()
THINGS = Table("things", METADATA, Column("n", Integer, primary_key=True), sqlite_strict=True)
ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"


@pytest.fixture
def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = open_station_db(tmp_path / "station.db", [METADATA])
    yield opened
    opened.close()


def test_a_reader_sees_what_was_committed(database: Database) -> None:
    async def story() -> list[int]:
        await database.writer.write(lambda c: c.execute(insert(THINGS), [{"n": 1}, {"n": 2}]).rowcount)
        return await database.readers.read(lambda c: list(c.execute(select(THINGS.c.n)).scalars()))

    assert asyncio.run(story()) == [1, 2]


def test_a_reader_cannot_write(database: Database) -> None:
    async def story() -> None:
        with pytest.raises(OperationalError, match="readonly"):
            await database.readers.read(lambda c: c.execute(insert(THINGS), {"n": 1}).rowcount)

    asyncio.run(story())


def test_cancelling_the_await_ends_a_query_that_would_never_end(database: Database) -> None:
    started = threading.Event()
    ended: list[str] = []

    def endless(connection: Connection) -> None:
        started.set()
        try:
            connection.exec_driver_sql(ENDLESS)
        except OperationalError as error:
            ended.append(str(error.orig))
            raise

    async def story() -> int:
        tasks = [asyncio.ensure_future(database.readers.read(endless)) for _ in range(2)]
        await asyncio.to_thread(started.wait, 10)
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return await asyncio.wait_for(
            database.readers.read(lambda c: int(c.exec_driver_sql("SELECT 7").scalar_one())), 10
        )

    assert asyncio.run(story()) == 7
    assert "interrupted" in ended


def test_a_question_given_up_before_it_began_is_never_asked(database: Database) -> None:
    asked: list[int] = []

    async def story() -> None:
        gate = threading.Event()
        busy = [database.readers.read(lambda c: gate.wait(10)) for _ in range(2)]
        waiting = database.readers.read(lambda c: asked.append(1))
        waiting.cancel()
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*busy)
        await database.readers.read(lambda c: None)

    asyncio.run(story())
    assert asked == []
