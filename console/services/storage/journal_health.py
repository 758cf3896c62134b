"""Is this journal file sound? A quick look before it is opened, and the whole file in the background."""

from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.config.private_file import write_private
from console.services.journal.envelope import BadEvent, RawEvent, decode_event
from console.services.journal.event_table import chain_name
from console.services.storage.database import writer_engine
from console.services.storage.failures import is_damage, opening_refusal
from console.services.storage.migrations import version_of
from console.services.storage.page_salvage import MAGIC
from console.services.storage.schema import JOURNAL

LINKS = 1000  # newest events whose hash and predecessor are looked at before opening: some 20 ms
_SUSPECT = "-suspect"


def damage_of(path: Path) -> str:
    """What is wrong with the file as far as a quick look shows; empty when nothing is, or when it is not there yet.

    Call it as the folder's owner: opening the file brings back what a killed station left in the WAL. Raises Refused
    when the world around the file fails (rights, locks).
    """
    if noted := damage_noted(path):
        return noted
    if not path.exists() or path.stat().st_size == 0:
        return ""
    return _header_problem(path) or _content_problem(path)


def damage_noted(path: Path) -> str:
    """What a running station found wrong since the last rescue; empty for nothing."""
    suspect = path.with_name(path.name + _SUSPECT)
    if not suspect.exists():
        return ""
    return suspect.read_text(encoding="utf-8", errors="replace").strip() or "it was found damaged"


def note_damage(path: Path, why: str) -> None:
    """A running station found its journal damaged: the next start rescues it."""
    write_private(path.with_name(path.name + _SUSPECT), why + "\n")


def forget_damage(path: Path) -> None:
    path.with_name(path.name + _SUSPECT).unlink(missing_ok=True)


def whole_check(connection: Connection) -> str:
    """SQLite's look through the whole file; empty when it is sound. Seconds per gigabyte: for a reader's thread."""
    try:
        result = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    except DBAPIError as error:
        if not is_damage(error):
            raise
        return str(error.orig)
    return "" if result == "ok" else result


def broken_link(connection: Connection, links: int = LINKS) -> str:
    """The first of the newest events whose hash or predecessor is wrong, or a stream that lost its end; else empty.

    `links`: how many of the newest, -1 for all of them.
    """
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_schema WHERE name = 'event'").first() is None:
        return ""
    rows = connection.exec_driver_sql(
        "SELECT rid, stream_id, seq, hash, body, sig FROM event ORDER BY rid DESC LIMIT ?", (links,)
    )
    for rid, stream, seq, event_hash, body, sig in rows:
        try:
            event = decode_event(RawEvent(event_hash, body, sig))
        except BadEvent as error:
            return f"event {rid}: {error}"
        if (str(event.stream), event.seq) != (stream, seq):
            return f"event {rid}: its row says something else than its bytes"
        if seq > 1 and not _is_at(connection, event.prev, stream, seq - 1):
            return f"event {rid}: its predecessor is missing"
    heads = connection.exec_driver_sql("SELECT stream_id, head_seq, head_hash FROM stream WHERE head_seq > 0").all()
    for stream, seq, event_hash in heads:
        if not _is_at(connection, event_hash, stream, seq):
            return f"the end of stream {stream} is missing"
    return ""


def _is_at(connection: Connection, event_hash: bytes, stream: str, seq: int) -> bool:
    sql = f"SELECT stream_id, seq FROM {chain_name(connection)} WHERE hash = ?"  # noqa: S608 one of two names
    row = connection.exec_driver_sql(sql, (event_hash,)).first()
    return row is not None and (row[0], row[1]) == (stream, seq)


def _header_problem(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(MAGIC):
        return "the file does not begin like a database"
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return ""  # pages may stand in the WAL alone
    size = int.from_bytes(head[16:18], "big")
    pages, is_counted = int.from_bytes(head[28:32], "big"), head[24:28] == head[92:96]
    if is_counted and path.stat().st_size < pages * (65536 if size == 1 else size):
        return "the file is cut off"
    return ""


def _content_problem(path: Path) -> str:
    engine = writer_engine(path)
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            is_newer = version_of(connection) > JOURNAL.version  # migrating refuses it, with what to do
            problem = "" if is_newer else broken_link(connection)
            transaction.rollback()
            return problem
    except DBAPIError as error:
        if is_damage(error):
            return str(error.orig)
        raise opening_refusal(error, path) from error
    finally:
        engine.dispose()
