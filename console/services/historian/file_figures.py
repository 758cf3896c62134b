"""Figures of a history.db that others may be using: the room that it takes, and what of it is lost. Reads only."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import Connection

from console.domain.history.settings import HistorySettings
from console.services.historian.history_schema import RAW
from console.services.historian.retention import Room, measure
from console.services.storage.database import reader_engine
from console.services.storage.direct import direct

T = TypeVar("T")


def room_of(path: Path, settings: HistorySettings, now_us: int) -> Room:
    """As `retention.measure`, with the disk's free bytes. Raises DBAPIError, OSError."""
    room = _read(path, lambda connection: measure(connection, settings, now_us))
    return replace(room, disk_free=shutil.disk_usage(path.parent).free)


def samples_lost(path: Path) -> int:
    """Samples that damage is known to have cost. Raises DBAPIError."""
    sql = "SELECT coalesce(sum(samples), 0) FROM damage WHERE level = ?"
    return _read(path, lambda connection: int(direct(connection, sql, (RAW,)).fetchone()[0]))


def _read(path: Path, function: Callable[[Connection], T]) -> T:
    engine = reader_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            return function(connection)
    finally:
        engine.dispose()
