"""`leitstand doctor`: what keeps the journal alive: backups, ballast, anchor, write-ahead log, damage found earlier."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from console.app.commands.doctor import Finding
from console.app.folders import Folders
from console.config.settings import StationSettings
from console.services.storage.anchor import Anchor, anchor_folder
from console.services.storage.backup_schedule import backup_folder, newest_age_s
from console.services.storage.ballast import Ballast, ballast_bytes
from console.services.storage.database import reader_engine
from console.services.storage.disk_watch import WARN_WAL, measured
from console.services.storage.journal_health import damage_noted
from console.services.storage.self_test import append_only, self_test

_LATE = 2  # times the interval: one missed backup is no finding


def storage(station: StationSettings, folders: Folders, now_s: float | None = None) -> Iterator[Finding]:
    """Reads only; a station that was never started has nothing to look at yet."""
    yield functions(folders)
    journal = folders.data / "journal.db"
    if not journal.exists():
        yield Finding("journal", "ok", f"none yet in {folders.data}")
        return
    yield _journal(journal, station, folders.data)
    yield _backup(station, folders.data, time.time() if now_s is None else now_s)
    yield _ballast(station, folders.data)
    yield _anchor(station)


def functions(folders: Folders) -> Finding:
    """Whether what security rests on works here."""
    failed = self_test(folders.data / "keys")
    if failed:
        return Finding("self-test", "fail", ", ".join(failed), "install the locked packages; chmod 600 the keys")
    if not _is_append_only(folders.data / "journal.db"):
        return Finding("self-test", "fail", "the journal's tables can be changed", "leitstand verify; ask who did it")
    return Finding("self-test", "ok", "hashes, signatures, passwords, append-only tables, SQLite, rights of the keys")


def _is_append_only(journal: Path) -> bool:
    """True also where there is no journal yet, or none that can be read: other rows say so."""
    if not journal.exists():
        return True
    engine = reader_engine(journal)
    try:
        with engine.connect() as connection, connection.begin():
            return append_only(connection)
    except DBAPIError:
        return True
    finally:
        engine.dispose()


def _journal(journal: Path, station: StationSettings, data: Path) -> Finding:
    if damage := damage_noted(journal):
        return Finding("journal", "fail", f"damaged: {damage}", "restart the station: it rescues what can be proven")
    state = measured(journal, Ballast(data, ballast_bytes(station.ballast_mb)))
    text = f"{journal.stat().st_size / 2**20:.1f} MB, write-ahead log {state.wal / 2**20:.1f} MB"
    if state.wal > WARN_WAL:
        return Finding("journal", "warn", text, "something reads for too long: restart the station")
    return Finding("journal", "ok", text)


def _backup(station: StationSettings, data: Path, now_s: float) -> Finding:
    folder = backup_folder(station.backup, data)
    age_s = newest_age_s(folder, station.code, now_s)
    if age_s is None:
        return Finding(
            "backup", "warn", f"none in {folder}", "a running station makes them; leitstand backup FILE does"
        )
    text = f"{age_s / 60:.0f} min old, in {folder}"
    if age_s > _LATE * station.backup.every_s:
        return Finding("backup", "warn", text, "is the station running? Its log says why backups fail")
    if folder.stat().st_dev == data.stat().st_dev:
        return Finding("backup", "warn", f"{text}, on the disk of the data", "name another disk: [backup] folder")
    return Finding("backup", "ok", text)


def _ballast(station: StationSettings, data: Path) -> Finding:
    ballast = Ballast(data, ballast_bytes(station.ballast_mb))
    text = f"{ballast.size >> 20} MB"
    if ballast.size <= 0:
        return Finding("ballast", "warn", "none", "set ballast_mb in station.toml")
    if not ballast.is_there():
        return Finding("ballast", "warn", f"{text} are not there", "the running station makes it while 2 GB stay free")
    return Finding("ballast", "ok", text)


def _anchor(station: StationSettings) -> Finding:
    anchor = Anchor(anchor_folder(station.anchor), station.station_id)
    mark = anchor.read()
    if mark is None:
        return Finding("anchor", "warn", f"none at {anchor.path}", "the running station writes it with its next act")
    if not os.access(anchor.path.parent, os.W_OK):
        return Finding("anchor", "fail", f"{anchor.path} cannot be written", "give this user the right to write there")
    return Finding("anchor", "ok", f"event {mark.seq} of stream {mark.stream}")
