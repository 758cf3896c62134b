"""Files of older programs are brought forward with a copy; files of newer ones are left alone."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.engine import Connection

from console.services.storage.database import LIBRARY, OldLibrary, check_library, writer_engine
from console.services.storage.migrations import NewerDatabase, Schema, migrate, version_of
from console.services.storage.schema import JOURNAL, open_journal_db, open_station_db


def _one(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE a (n INTEGER) STRICT")


def _two(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE a ADD COLUMN text TEXT NOT NULL DEFAULT 'old'")


def _breaks(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE half (n INTEGER) STRICT")
    raise RuntimeError("a defect in the step")


def _rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = LIBRARY.connect(str(path))
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def _migrated(path: Path, *steps: object) -> int:
    engine = writer_engine(path)
    return migrate(engine, path, Schema("x", tuple(steps)))  # type: ignore[arg-type]


def test_an_older_file_is_copied_and_then_brought_forward_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert _migrated(path, _one) == 0
    with writer_engine(path).begin() as connection:
        connection.exec_driver_sql("INSERT INTO a VALUES (1)")
    assert _migrated(path, _one, _two) == 1
    assert _rows(path, "SELECT n, text FROM a") == [(1, "old")]
    copy = tmp_path / "x.db.before-v2"
    assert _rows(copy, "SELECT * FROM a") == [(1,)]
    assert _rows(copy, "SELECT value FROM meta WHERE name = 'schema_ver'") == [("1",)]


def test_a_step_that_breaks_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    _migrated(path, _one)
    with pytest.raises(RuntimeError):
        _migrated(path, _one, _breaks)
    with writer_engine(path).begin() as connection:
        assert version_of(connection) == 1
    assert _rows(path, "SELECT name FROM sqlite_schema WHERE name = 'half'") == []


@pytest.mark.proves("P9")
def test_a_file_of_a_newer_program_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    _migrated(path, _one, _two)
    with pytest.raises(NewerDatabase, match=r"newer Leitstand \(version 2; this program knows 1\)"):
        _migrated(path, _one)
    assert _rows(path, "SELECT value FROM meta") == [("2",)]


@pytest.mark.proves("P9")
def test_a_newer_journal_is_refused_by_this_program(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal_db(path).close()
    with writer_engine(path).begin() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = ? WHERE name = 'schema_ver'", (str(JOURNAL.version + 1),))
    with pytest.raises(NewerDatabase):
        open_journal_db(path)


def test_tables_of_a_later_owner_are_added_to_an_existing_station_file(tmp_path: Path) -> None:
    first, second = MetaData(), MetaData()
    Table("tags", first, Column("n", Integer, primary_key=True), sqlite_strict=True)
    Table("alarms", second, Column("t", Text, primary_key=True), sqlite_strict=True)
    path = tmp_path / "station.db"
    open_station_db(path, [first]).close()
    open_station_db(path, [first, second]).close()
    names = {row[0] for row in _rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert {"meta", "tags", "alarms"} <= names


def test_a_library_with_the_wal_bug_is_refused() -> None:
    check_library()
    with pytest.raises(OldLibrary, match=r"3\.51\.1"):
        check_library((3, 51, 1))
