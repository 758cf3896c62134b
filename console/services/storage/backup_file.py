"""The form of a backup: one zip file with a manifest of what it holds; reading and proving it."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from console.config.private_file import own_private
from console.domain.refusal import Refused
from console.services.journal.event_table import chain_name
from console.services.storage.database import reader_engine
from console.services.storage.journal_health import LINKS, broken_link, whole_check

VERSION = 1
MANIFEST = "manifest.json"
JOURNAL, STATION, HISTORY = "data/journal.db", "data/station.db", "data/history.db"
ROOTS = ("data", "config", "site")  # what the parts' names begin with
_CHUNK = 1 << 20
_MOST_PARTS = 10_000
_LARGEST_MANIFEST = 16 << 20


class BadBackup(Refused):
    """The file is no backup, or is not whole; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file in the backup; `name` is `data/...`, `config/...` or `site/...` with slashes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream came: text of its id, seq and hash (hex) of its last event."""

    stream: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    station_id: UUID
    code: str
    made_us: int
    program: str
    events: int
    heads: tuple[Head, ...]
    parts: tuple[Part, ...]

    def to_json(self) -> bytes:
        table = asdict(self) | {"leitstand_backup": VERSION, "station_id": str(self.station_id)}
        return json.dumps(table, indent=1).encode()


def read_manifest(file: Path) -> Manifest:
    """What the backup says it holds; nothing else is looked at. Raises BadBackup, OSError."""
    with _opened(file) as archive:
        return _manifest(archive, file)


def verify_backup(
    file: Path, scratch: Path, go_on: Callable[[], None] = lambda: None, *, every_event: bool = False
) -> Manifest:
    """Prove the whole file: every part's hash, both databases open and sound, every stream's head in its place. Of the
    history the hash is enough: each of its parts carries a checksum of its own, and damage there stops no station.

    `scratch` is a folder for the databases while they are looked at; `go_on` is called now and then and may raise.
    Raises BadBackup, OSError.
    """
    with _opened(file) as archive:
        manifest = _manifest(archive, file)
        for part in manifest.parts:
            with closing(_chunks(archive, part, file)) as chunks:  # who stops here must not keep the file open
                told = _hash_of(chunks, go_on)
            if told != part.sha256:
                raise _bad(file, f"{part.name} is not what was saved")
    for name in (JOURNAL, STATION):
        if any(part.name == name for part in manifest.parts):
            go_on()
            database = scratch / f"{Path(name).name}.proof"
            try:
                extract_part(file, name, database)
                links = -1 if every_event else LINKS
                _prove_database(database, manifest if name == JOURNAL else None, file, links)
            finally:
                remove_database(database)
    return manifest


def extract_part(file: Path, name: str, target: Path) -> None:
    """Write one part to `target`, owner-only and durable. Raises BadBackup, OSError."""
    with _opened(file) as archive:
        part = next((part for part in _manifest(archive, file).parts if part.name == name), None)
        if part is None:
            raise _bad(file, f"{name} is missing")
        target.parent.mkdir(parents=True, exist_ok=True)
        with own_private(target) as out, closing(_chunks(archive, part, file)) as chunks:
            for chunk in chunks:
                out.write(chunk)


def remove_database(path: Path) -> None:
    """Delete a scratch copy with what SQLite left beside it."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def newest_verified(
    folders: tuple[Path, ...], station_id: UUID, scratch: Path, *, every_event: bool = False
) -> tuple[Path, Manifest] | None:
    """The newest backup of this station that proves sound; others are left as they are.

    `every_event` looks at each event's hash and predecessor, not at the newest alone: bits may have flipped long ago.
    """
    for file in backups_in(folders):
        try:
            if read_manifest(file).station_id == station_id:
                return file, verify_backup(file, scratch, every_event=every_event)
        except (BadBackup, OSError):
            continue
    return None


def backups_in(folders: tuple[Path, ...]) -> list[Path]:
    """Files that are named like backups, newest first: their names carry the time."""
    found = [file for folder in folders if folder.is_dir() for file in folder.glob("leitstand-*.zip")]
    return sorted(found, key=lambda file: file.name.rpartition("-")[2], reverse=True)


def _prove_database(database: Path, manifest: Manifest | None, file: Path, links: int) -> None:
    engine = reader_engine(database)
    try:
        with engine.connect() as connection, connection.begin():
            wrong = whole_check(connection)
            if not wrong and manifest is not None:
                wrong = broken_link(connection, links) or next(
                    (
                        f"the end of stream {head.stream} is missing"
                        for head in manifest.heads
                        if not _has(connection, head)
                    ),
                    "",
                )
    except DBAPIError as error:
        wrong = str(error.orig)
    finally:
        engine.dispose()
    if wrong:
        raise _bad(file, f"{database.stem}: {wrong}")


def _has(connection: Any, head: Head) -> bool:
    name = chain_name(connection)
    sql = f"SELECT 1 FROM {name} WHERE hash = ? AND stream_id = ? AND seq = ?"  # noqa: S608 one of two names
    return connection.exec_driver_sql(sql, (bytes.fromhex(head.hash), head.stream, head.seq)).first() is not None


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except OSError:
        raise  # not there, or not to be read: that is another matter
    except _unreadable() as error:
        raise _bad(file, str(error)) from error


def _manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        with archive.open(MANIFEST) as stream:
            raw = stream.read(_LARGEST_MANIFEST + 1)
        if len(raw) > _LARGEST_MANIFEST:
            raise _bad(file, "its manifest is too large")
        table = json.loads(raw)
        if table["leitstand_backup"] != VERSION:
            raise _bad(file, f"its form is version {table['leitstand_backup']}; this program knows {VERSION}")
        manifest = Manifest(
            UUID(table["station_id"]),
            str(table["code"]),
            int(table["made_us"]),
            str(table["program"]),
            int(table["events"]),
            tuple(Head(str(row["stream"]), int(row["seq"]), str(row["hash"])) for row in table["heads"]),
            tuple(Part(str(row["name"]), int(row["size"]), str(row["sha256"])) for row in table["parts"]),
        )
    except _unreadable() as error:
        raise _bad(file, f"its manifest cannot be read ({error})") from error
    if len(manifest.parts) > _MOST_PARTS:
        raise _bad(file, f"it names {len(manifest.parts)} files")
    for part in manifest.parts:
        pieces = PurePosixPath(part.name).parts
        if pieces[:1] not in {(root,) for root in ROOTS} or len(pieces) < 2 or _leaves_its_root(part.name):
            raise _bad(file, f"it names a file outside its folders: {part.name}")
    return manifest


def _leaves_its_root(name: str) -> bool:
    return ".." in PurePosixPath(name).parts or any(sign in name for sign in "\\:\0")


def _chunks(archive: zipfile.ZipFile, part: Part, file: Path) -> Generator[bytes, None, None]:
    """A part's bytes, never more than it says (a zip that unfolds without end). Raises BadBackup."""
    left = part.size
    try:
        with archive.open(part.name) as stream:
            while chunk := stream.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
    except _unreadable() as error:
        raise _bad(file, f"{part.name} cannot be read ({error})") from error
    if left:
        raise _bad(file, f"{part.name} has another size than was saved")


def _unreadable() -> tuple[type[Exception], ...]:
    """What reading a spoilt archive raises; OSError comes of offsets that are none (and of a disk that fails)."""
    import zlib

    spoilt = (KeyError, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, OverflowError)
    return (TypeError, AttributeError, *spoilt, zipfile.BadZipFile, zlib.error)


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Readable(Protocol):
    """All that copying needs of a file."""

    def read(self, size: int, /) -> bytes: ...


def copy_hashed(source: Readable, target: IO[bytes]) -> tuple[int, str]:
    """Copy all of it; gives size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _hash_of(chunks: Iterator[bytes], go_on: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        go_on()
        digest.update(chunk)
    return digest.hexdigest()


def _bad(file: Path, reason: str) -> BadBackup:
    return BadBackup("{file} is no usable backup: {reason}", file=file.name, reason=reason)
