"""A simulated station's journal on a real SQLite file: `TableStore` on the production schema, pragmas and triggers.

Only `synchronous` is off: what survives a power cut is proved by the kill tests, not here.
"""

import shutil
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from console.domain.refusal import Refused
from console.services.journal import event_table as table
from console.services.journal.envelope import Event, RawEvent, decode_event
from console.services.journal.event_table import Stored
from console.services.journal.receipts import clear_known_types
from console.services.journal.table_store import TableDisk, TableStore
from console.services.storage.database import LIBRARY, reader_engine, writer_engine
from console.services.storage.migrations import migrate
from console.services.storage.schema import JOURNAL

T = TypeVar("T")


class FileJournals:
    """Makes journals in a folder, each from a copy of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._template = folder / "template.db"
        engine = writer_engine(self._template, synchronous="OFF")
        migrate(engine, self._template, JOURNAL)
        engine.dispose()

    def make(self, name: str) -> "FileJournal":
        return FileJournal(self, self._template)

    def new_path(self) -> Path:
        return self._folder / f"{next(self._numbers)}.db"


class FileJournal:
    """The same face as `MemoryJournal`; a backup is a file."""

    def __init__(self, journals: FileJournals, backup: Path) -> None:
        self._journals = journals
        self._path = journals.new_path()
        self._transaction: Any = None
        self._backups: list[Path] = []
        self.quota: int | None = None
        self._open(backup)

    def _open(self, backup: Path) -> None:
        shutil.copyfile(backup, self._path)
        self._path.chmod(0o600)
        self._writer = writer_engine(self._path, synchronous="OFF").connect()
        self._reader = reader_engine(self._path).connect()

    def _shut(self) -> None:
        self.crash()
        self._reader.close()
        self._writer.close()
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

    def read(self) -> Any:
        return TableDisk(self._reader).read()

    def write(self, function: Callable[[Any], T]) -> T:
        if self._transaction is None:
            self._transaction = self._writer.begin()
        writer = self._writer
        writer.exec_driver_sql("SAVEPOINT job")
        try:
            before = _last(writer)
            result = function(TableStore(writer))
            if self.quota is not None and before < _last(writer) > self.quota:
                raise Refused("Not saved: the disk is full.")
        except BaseException:
            writer.exec_driver_sql("ROLLBACK TO job")
            raise
        finally:
            writer.exec_driver_sql("RELEASE job")
        return result

    def fill(self) -> None:
        if self._transaction is None:
            self._transaction = self._writer.begin()
        self.quota = _last(self._writer)

    @property
    def is_dirty(self) -> bool:
        return self._transaction is not None

    def commit(self) -> None:
        if self._transaction is not None:
            self._transaction.commit()
            self._transaction = None

    def crash(self) -> None:
        if self._transaction is not None:
            self._transaction.rollback()
            self._transaction = None

    def backup(self) -> Path:
        path = self._journals.new_path()
        copy = LIBRARY.connect(str(path))
        with self._reader.begin():
            self._reader.connection.driver_connection.backup(copy)  # what is committed, nothing else
        copy.close()
        return path

    def restore(self, backup: Path) -> None:
        self._shut()
        self._open(backup)

    def copy_of(self, backup: Path) -> "FileJournal":
        return FileJournal(self._journals, backup)

    def stored_in_order(self) -> list[Stored]:
        with self._reader.begin():
            return table.stored_in_order(self._reader, (-1, -1), 1 << 30)

    def clear_known_types(self, known: Iterable[str]) -> None:
        self.crash()
        with self._writer.begin():
            clear_known_types(self._writer)

    def inserted(self, event_hash: bytes) -> bool:
        with self._reader.begin():
            return table.place_of(self._reader, event_hash) is not None

    def raws(self) -> dict[bytes, RawEvent]:
        with self._reader.begin():
            rows = self._reader.exec_driver_sql("SELECT hash, body, sig FROM event")
            return {row[0]: RawEvent(*row) for row in rows}

    def events(self) -> dict[bytes, Event]:
        return {one: decode_event(raw) for one, raw in self.raws().items()}

    def flags(self) -> set[tuple[bytes, str]]:
        with self._reader.begin():
            rows = self._reader.exec_driver_sql("SELECT hash, flag FROM event_flag WHERE cleared_by IS NULL")
            return {(row[0], row[1]) for row in rows}

    def waiting(self) -> dict[bytes, bytes]:
        with self._reader.begin():
            rows = self._reader.exec_driver_sql("SELECT hash, missing_prev FROM pending")
            return {row[0]: row[1] for row in rows}

    def close(self) -> None:
        self._shut()


def _last(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())
