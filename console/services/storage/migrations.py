"""Brings a database file to the version this program knows: ordered steps, a copy before, no way back by accident."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from console.domain.refusal import Refused

Step = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Schema:
    """A kind of file and the steps that made it; the version of a file is the number of steps done to it."""

    name: str
    steps: Sequence[Step]

    @property
    def version(self) -> int:
        return len(self.steps)


class NewerDatabase(Refused):
    """The file was written by a newer program; nothing was changed."""


def version_of(connection: Connection) -> int:
    """The version of an open file; 0 for an empty one."""
    has_meta = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'"
    if connection.exec_driver_sql(has_meta).first() is None:
        return 0
    row = connection.exec_driver_sql("SELECT value FROM meta WHERE name = 'schema_ver'").first()
    return int(row[0]) if row else 0


def migrate(engine: Engine, path: Path, schema: Schema) -> int:
    """Do the missing steps, each in its own transaction; gives the version found before.

    A file that exists already is copied (VACUUM INTO, `<name>.before-v<n>`) before its first step. Raises
    NewerDatabase when the file is ahead of this program.
    """
    with engine.connect() as connection:
        with connection.begin():
            found = version_of(connection)
        if found > schema.version:
            raise NewerDatabase(
                "{file} was written by a newer Leitstand (version {found}; this program knows {known}). "
                "Install the newer program; nothing was changed.",
                file=path.name,
                found=found,
                known=schema.version,
            )
        if 0 < found < schema.version:
            _copy(connection, path.with_name(f"{path.name}.before-v{schema.version}"))
        for number in range(found, schema.version):
            with connection.begin():
                _step(connection, schema.steps[number], number + 1)
    return found


def _step(connection: Connection, step: Step, version: int) -> None:
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    step(connection)
    connection.exec_driver_sql("INSERT OR REPLACE INTO meta VALUES ('schema_ver', ?)", (str(version),))


def _copy(connection: Connection, target: Path) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    target.unlink(missing_ok=True)
    driver.execute("VACUUM INTO ?", (str(target),))  # outside any transaction, as SQLite demands
