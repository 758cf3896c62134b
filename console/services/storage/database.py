"""Opens SQLite files the one safe way: our library, WAL, checked pragmas, explicit BEGIN."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

from console.services.storage.ownership import restrict_to_owner

MINIMUM_LIBRARY = (3, 51, 3)  # older ones can corrupt a WAL that two connections write or checkpoint
LIBRARY = sqlite

_COMMON = (
    "busy_timeout=5000",
    "foreign_keys=ON",
    "cell_size_check=ON",
    "trusted_schema=OFF",
    "mmap_size=0",
    "temp_store=MEMORY",
)
_WRITER = ("journal_mode=WAL", "wal_autocheckpoint=1000", "journal_size_limit=67108864")
_READER = ("query_only=ON", "wal_autocheckpoint=0")


class OldLibrary(Exception):
    """The SQLite library of this installation is too old to be trusted with a journal."""


def check_library(version: tuple[int, ...] = tuple(sqlite.sqlite_version_info)) -> None:
    """Raise OldLibrary when the SQLite library has the WAL-reset bug."""
    if version < MINIMUM_LIBRARY:
        have, need = ".".join(map(str, version)), ".".join(map(str, MINIMUM_LIBRARY))
        raise OldLibrary(f"SQLite {have} is installed, {need} or newer is needed")


def writer_engine(path: Path, *, synchronous: str = "FULL") -> Engine:
    """The engine of the one writing connection: every transaction is BEGIN IMMEDIATE.

    Creates the file, for its owner only: it holds who did what. Raises OSError, OldLibrary.
    """
    check_library()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # SQLite gives the WAL the rights of the file
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        restrict_to_owner(path)
    pragmas = (*_COMMON, *_WRITER, f"synchronous={synchronous}")
    return _engine(
        lambda: sqlite.connect(str(path), isolation_level=None, check_same_thread=False), pragmas, "IMMEDIATE"
    )


def fold_wal(path: Path) -> bool:
    """Carry the WAL into the file and empty it, so that nothing which was overwritten stands there any more; waits
    for others. False while somebody reads in it: try again. Raises sqlite errors."""
    engine = writer_engine(path)
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
        return row is not None and int(row[0]) == 0
    finally:
        connection.close()
        engine.dispose()


def reader_engine(path: Path) -> Engine:
    """Read-only connections; works beside a running writer and on the file of a stopped station."""
    check_library()
    uri = path.resolve().as_uri() + "?mode=ro"
    return _engine(
        lambda: sqlite.connect(uri, uri=True, isolation_level=None, check_same_thread=False),
        (*_COMMON, *_READER),
        "DEFERRED",
    )


def _engine(connect: Callable[[], Any], pragmas: tuple[str, ...], begin: str) -> Engine:
    engine = create_engine("sqlite://", module=sqlite, creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("folded", 1, _folded, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


def _folded(text: object) -> str | None:
    """SQL function for searching without regard to case, umlauts included (SQLite's LIKE folds ASCII only)."""
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace").casefold()
    return None if text is None else str(text).casefold()
