"""The one writing thread: durable before it answers, in order, alive after a full disk."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.storage.database import LIBRARY, writer_engine
from console.services.storage.migrations import Schema
from console.services.storage.schema import Database, open_database


def _table(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE t (n INTEGER PRIMARY KEY, filler BLOB) STRICT")


SCHEMA = Schema("thing", (_table,))


def _insert(n: int, size: int = 0):  # type: ignore[no-untyped-def]
    def function(connection: Connection) -> int:
        connection.exec_driver_sql("INSERT INTO t VALUES (?, zeroblob(?))", (n, size))
        return n

    return function


def _numbers(path: Path) -> list[int]:
    connection = LIBRARY.connect(str(path))
    try:
        return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]
    finally:
        connection.close()


@pytest.fixture
def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = open_database(tmp_path / "t.db", SCHEMA)
    yield opened
    opened.close()


def test_what_was_answered_is_seen_by_another_connection(database: Database) -> None:
    async def story() -> None:
        assert await database.writer.write(_insert(1)) == 1
        assert _numbers(database.path) == [1]

    asyncio.run(story())


def test_answers_come_in_the_order_of_writing(database: Database) -> None:
    async def story() -> list[int]:
        seen: list[int] = []
        futures = [database.writer.write(_insert(n)) for n in range(500)]
        for future in futures:
            future.add_done_callback(lambda done: seen.append(done.result()))
        await asyncio.gather(*futures)
        return seen

    assert asyncio.run(story()) == list(range(500))


def test_a_function_that_fails_undoes_only_itself(database: Database) -> None:
    def half(connection: Connection) -> None:
        _insert(77)(connection)
        raise ValueError("in the middle")

    async def story() -> list[object]:
        tasks = [database.writer.write(f) for f in (_insert(1), half, _insert(2))]
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, failed, second = asyncio.run(story())
    assert (first, second) == (1, 2)
    assert isinstance(failed, ValueError)
    assert _numbers(database.path) == [1, 2]


def test_a_full_disk_refuses_what_does_not_fit_and_the_writer_lives_on(database: Database) -> None:
    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")

    def more_room(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=100000")

    async def story() -> list[object]:
        await database.writer.write(limit)
        tasks = [database.writer.write(f) for f in (_insert(1), _insert(2, 1_000_000), _insert(3))]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        await database.writer.write(more_room)
        await database.writer.write(_insert(4, 1_000_000))
        return answers

    first, full, third = asyncio.run(story())
    assert (first, third) == (1, 3)
    assert isinstance(full, Refused)
    assert "disk is full" in str(full)
    assert _numbers(database.path) == [1, 3, 4]


def test_closing_finishes_what_was_queued_and_refuses_what_comes_later(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.db", SCHEMA)

    async def story() -> None:
        futures = [database.writer.write(_insert(n)) for n in range(50)]
        database.close()
        assert await asyncio.gather(*futures) == list(range(50))
        with pytest.raises(Refused):
            await database.writer.write(_insert(99))

    asyncio.run(story())
    assert _numbers(database.path) == list(range(50))


def test_an_await_that_is_cancelled_does_not_take_the_write_back(database: Database) -> None:
    async def story() -> None:
        database.writer.write(_insert(5)).cancel()
        await database.writer.write(_insert(6))

    asyncio.run(story())
    assert _numbers(database.path) == [5, 6]


def test_a_locked_file_is_a_refusal_with_the_reason(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.db", SCHEMA)
    other = LIBRARY.connect(str(database.path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def impatient(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")

    async def story() -> None:
        other.execute("ROLLBACK")
        await database.writer.write(impatient)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused, match="locked"):
            await database.writer.write(_insert(1))
        other.execute("ROLLBACK")
        await database.writer.write(_insert(2))

    asyncio.run(story())
    other.close()
    database.close()
    assert _numbers(database.path) == [2]


def test_the_writing_connection_flushes_at_every_commit(tmp_path: Path) -> None:
    with writer_engine(tmp_path / "x.db").connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "cell_size_check")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
    }
