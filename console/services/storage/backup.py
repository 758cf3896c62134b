"""Copies a station's databases, keys and settings into one file while it runs, and proves the copy.

The history may be a hundred times as large as all the rest: backups of every quarter of an hour leave it out
(`history_copy` keeps a copy of its own beside them, made once a day), one on demand has it, stored as it is because it
is compressed already. Neither holds the station up: a database is copied from one read transaction in small steps with
pauses; until it ends the WAL of that database only grows.
"""

import logging
import shutil
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from console import __version__
from console.config.private_file import own_private
from console.domain.refusal import Refused
from console.services.storage.backup_file import (
    HISTORY,
    JOURNAL,
    MANIFEST,
    STATION,
    Head,
    Manifest,
    Part,
    copy_hashed,
    sha256_of,
    verify_backup,
)
from console.services.storage.database import LIBRARY, reader_engine
from console.services.storage.ownership import restrict_to_owner

_STEP_PAGES = 256  # 1 MiB between two looks at `stop`
_BREATH_S = 0.002  # the disk is the writer's first
_ROOM = 64 << 20
log = logging.getLogger(__name__)


class BackupStopped(Exception):
    """The station ends; the half backup was removed."""


@dataclass(frozen=True, slots=True)
class BackupSources:
    """What is saved: the data folder, station.toml's folder and site/."""

    data: Path
    config: Path
    site: Path
    station_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was written and proven."""

    file: Path
    sha256: str
    size: int
    events: int


def backup_name(code: str, now_us: int) -> str:
    """Names sort by time, and tell stations that share a folder apart."""
    return f"leitstand-{code}-{datetime.fromtimestamp(now_us / 1e6, UTC):%Y%m%dT%H%M%SZ}.zip"


def make_backup(
    sources: BackupSources,
    file: Path,
    now_us: int,
    stop: threading.Event | None = None,
    *,
    with_history: bool = False,
) -> BackupReport:
    """Write `file` whole, or leave what was there. Beside a running station or on a stopped one that was closed well.

    Each database is one moment's image; the writer is not held up, its WAL only cannot begin anew meanwhile. The file
    holds the station's private key: it is its owner's alone. Raises Refused, OSError, BackupStopped.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    databases = (JOURNAL, STATION, HISTORY) if with_history else (JOURNAL, STATION)
    check_room([sources.data / Path(name).name for name in databases], file.parent, 2)
    scratch = file.with_name(f".{file.name}.making")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    restrict_to_owner(scratch)
    fresh = file.with_name(file.name + ".new")
    stop = stop or threading.Event()

    def go_on() -> None:
        if stop.is_set():
            raise BackupStopped

    try:
        _write(sources, databases, fresh, scratch, now_us, stop)
        manifest = verify_backup(fresh, scratch, go_on)
        sha256, size = sha256_of(fresh), fresh.stat().st_size
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
    return BackupReport(file, sha256, size, manifest.events)


def prune(folder: Path, code: str, keep: int) -> list[Path]:
    """Delete this station's backups beyond the newest `keep`; gives what went. Call it after a good backup only."""
    found = sorted(folder.glob(f"leitstand-{code}-*.zip"), key=lambda file: file.name, reverse=True)
    gone = []
    for file in found[max(1, keep) :]:
        try:
            file.unlink()
        except OSError as error:
            log.warning("an old backup cannot be deleted: %s", error)
        else:
            gone.append(file)
    return gone


def _write(
    sources: BackupSources, databases: Sequence[str], fresh: Path, scratch: Path, now_us: int, stop: threading.Event
) -> None:
    files = dict(_files(sources))
    for name in databases:
        source = sources.data / Path(name).name
        if source.exists():
            files[name] = scratch / source.name
            copy_database(source, files[name], stop)
    events, heads = _heads(files[JOURNAL]) if JOURNAL in files else (0, ())
    parts = []
    with own_private(fresh) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in sorted(files.items()):
            form = zipfile.ZipInfo(name) if name == HISTORY else name  # by itself it says: stored
            with path.open("rb") as source_file, archive.open(form, "w", force_zip64=True) as entry:
                parts.append(Part(name, *copy_hashed(_Stoppable(source_file, stop), entry)))
        manifest = Manifest(sources.station_id, sources.code, now_us, __version__, events, heads, tuple(parts))
        archive.writestr(MANIFEST, manifest.to_json())


def _files(sources: BackupSources) -> Iterator[tuple[str, Path]]:
    """Settings and keys by their names in the backup; databases are copied, not read as files."""
    if (sources.config / "station.toml").is_file():
        yield "config/station.toml", sources.config / "station.toml"
    folders = {"data/keys": sources.data / "keys", "site": sources.site}
    if sources.config != sources.data:
        folders["config/keys"] = sources.config / "keys"
    for root, folder in folders.items():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(".new"):
                yield f"{root}/{path.relative_to(folder).as_posix()}", path


class _Stoppable:
    """A file that is read until somebody wants the whole to end."""

    def __init__(self, file: IO[bytes], stop: threading.Event) -> None:
        self._file = file
        self._stop = stop

    def read(self, size: int) -> bytes:
        if self._stop.is_set():
            raise BackupStopped
        return self._file.read(size)


def copy_database(source: Path, target: Path, stop: threading.Event) -> None:
    """SQLite's backup in small steps from one read transaction: without it every commit would start it over.

    Raises BackupStopped.
    """
    engine = reader_engine(source)
    copy = LIBRARY.connect(str(target), isolation_level=None)

    def look(_status: int, _left: int, _total: int) -> None:
        if stop.wait(_BREATH_S):
            raise BackupStopped

    try:
        copy.execute("PRAGMA synchronous=OFF")  # a scratch file; what counts is proven and made durable later
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.backup(copy, pages=_STEP_PAGES, progress=look)
    finally:
        copy.close()
        engine.dispose()


def _heads(journal: Path) -> tuple[int, tuple[Head, ...]]:
    engine = reader_engine(journal)
    try:
        with engine.connect() as connection, connection.begin():
            count = int(connection.exec_driver_sql("SELECT coalesce(max(rid), 0) FROM event").scalar_one())
            rows = connection.exec_driver_sql("SELECT stream_id, head_seq, head_hash FROM stream ORDER BY stream_id")
            return count, tuple(Head(row[0], row[1], row[2].hex()) for row in rows)
    finally:
        engine.dispose()


def check_room(databases: Sequence[Path], folder: Path, times: int) -> None:
    """Refused where `folder` has no room for so many copies of them."""
    size = times * sum(path.stat().st_size for path in databases if path.exists())
    free = shutil.disk_usage(folder).free
    if free < size + _ROOM:
        raise Refused(
            "No backup: {folder} has {free} MB free, {needed} MB are needed.",
            folder=str(folder),
            free=free >> 20,
            needed=(size + _ROOM) >> 20,
        )
