"""The station's database files: which tables each has, and opening one with its writer and readers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.services.storage.database import reader_engine, writer_engine
from console.services.storage.failures import is_damage, opening_refusal
from console.services.storage.migrations import Schema, migrate
from console.services.storage.readers import ReaderPool
from console.services.storage.writer import WriterThread

_LOOK_THROUGH = 64 << 20  # bytes that are read in a few tenths of a second

_JOURNAL_1 = (
    """CREATE TABLE event (
        rid INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, stream_id TEXT NOT NULL, seq INTEGER NOT NULL,
        prev BLOB NOT NULL, hlc INTEGER NOT NULL, etype TEXT NOT NULL, ever INTEGER NOT NULL,
        entity_type TEXT NOT NULL, entity_id TEXT NOT NULL, user_id TEXT NOT NULL, tx_id TEXT NOT NULL,
        tx_n INTEGER NOT NULL, body BLOB NOT NULL, sig BLOB NOT NULL, recv_from TEXT NOT NULL,
        recv_at INTEGER NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX event_place ON event (stream_id, seq, hash)",
    "CREATE INDEX event_entity ON event (entity_type, entity_id, hlc)",
    "CREATE INDEX event_tx ON event (tx_id)",
    "CREATE INDEX event_kind ON event (etype, hlc)",
    "CREATE INDEX event_user ON event (user_id, hlc)",
    "CREATE INDEX event_order ON event (hlc)",
    """CREATE TABLE stream (
        stream_id TEXT PRIMARY KEY, station_id TEXT NOT NULL, code TEXT NOT NULL, opened_hlc INTEGER NOT NULL,
        closed INTEGER NOT NULL DEFAULT 0, head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL,
        forked INTEGER NOT NULL DEFAULT 0, predecessor TEXT, pubkey BLOB NOT NULL) STRICT""",
    "CREATE INDEX stream_station ON stream (station_id)",
    """CREATE TABLE stream_tip (
        stream_id TEXT NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (stream_id, hash)) STRICT""",
    """CREATE TABLE receipt (
        peer_id TEXT NOT NULL, stream_id TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL,
        peer_sig BLOB, PRIMARY KEY (peer_id, stream_id, seq, hash)) STRICT""",
    "CREATE INDEX receipt_stream ON receipt (stream_id, seq)",
    """CREATE TABLE event_flag (
        hash BLOB NOT NULL, flag TEXT NOT NULL, since INTEGER NOT NULL, cleared_by BLOB,
        PRIMARY KEY (hash, flag)) STRICT""",
    "CREATE INDEX event_flag_open ON event_flag (flag) WHERE cleared_by IS NULL",
    "CREATE TABLE cursor (name TEXT PRIMARY KEY, projection_ver INTEGER NOT NULL, rid INTEGER NOT NULL) STRICT",
)

_JOURNAL_2 = (
    """CREATE TABLE pending (
        hash BLOB PRIMARY KEY, missing_prev BLOB NOT NULL, stream_id TEXT NOT NULL, seq INTEGER NOT NULL,
        body BLOB NOT NULL, sig BLOB NOT NULL, recv_at INTEGER NOT NULL, size INTEGER NOT NULL) STRICT""",
    "CREATE INDEX pending_prev ON pending (missing_prev)",
    "CREATE INDEX pending_age ON pending (recv_at, seq)",
    "CREATE INDEX pending_size ON pending (size)",  # adding them up reads no bodies
    """CREATE TABLE rejected (
        hash BLOB PRIMARY KEY, stream_id TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL,
        peer TEXT NOT NULL, since INTEGER NOT NULL) STRICT""",
)

# An event leaves the table only for a sealed segment; where it stood, and its hash, stay for ever (`chain`).
_JOURNAL_3 = (
    """CREATE TABLE archive_segment (
        segment INTEGER PRIMARY KEY, stream_id TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL,
        first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, manifest BLOB NOT NULL, sig BLOB NOT NULL,
        uri TEXT NOT NULL, UNIQUE (stream_id, from_seq)) STRICT""",
    """CREATE TABLE pruned (
        hash BLOB PRIMARY KEY, segment INTEGER NOT NULL, seq INTEGER NOT NULL, prev BLOB NOT NULL)
        STRICT, WITHOUT ROWID""",
    "CREATE INDEX pruned_place ON pruned (segment, seq, hash)",
    """CREATE TABLE pruned_sum (
        entity_type TEXT NOT NULL, entity_id TEXT NOT NULL, total BLOB NOT NULL,
        PRIMARY KEY (entity_type, entity_id)) STRICT""",
    """CREATE VIEW chain AS SELECT hash, stream_id, seq, prev FROM event
        UNION ALL SELECT p.hash, s.stream_id, p.seq, p.prev FROM pruned p JOIN archive_segment s USING (segment)""",
    "DROP TRIGGER event_no_delete",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
        WHEN NOT EXISTS (SELECT 1 FROM pruned WHERE hash = OLD.hash)
        BEGIN SELECT RAISE(ABORT, 'event is never changed'); END""",
    """CREATE TRIGGER pruned_is_archived BEFORE INSERT ON pruned
        WHEN NOT EXISTS (
            SELECT 1 FROM event e JOIN archive_segment s ON s.stream_id = e.stream_id
            WHERE e.hash = NEW.hash AND e.seq = NEW.seq AND e.prev = NEW.prev
                AND s.segment = NEW.segment AND NEW.seq BETWEEN s.from_seq AND s.to_seq)
        BEGIN SELECT RAISE(ABORT, 'only an archived event leaves the journal'); END""",
    """CREATE TRIGGER pruned_no_update BEFORE UPDATE ON pruned
        BEGIN SELECT RAISE(ABORT, 'pruned is never changed'); END""",
    """CREATE TRIGGER pruned_no_delete BEFORE DELETE ON pruned
        WHEN NOT EXISTS (SELECT 1 FROM event WHERE hash = OLD.hash)
        BEGIN SELECT RAISE(ABORT, 'pruned is never changed'); END""",
)


def _refuse_change(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is never changed'); END"
        for verb in ("UPDATE", "DELETE")
    )


def _execute(statements: Sequence[str]) -> Callable[[Connection], None]:
    def step(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return step


JOURNAL = Schema(
    "journal",
    (
        _execute((*_JOURNAL_1, *_refuse_change("event"), *_refuse_change("receipt"))),
        _execute(_JOURNAL_2),
        _execute((*_JOURNAL_3, *_refuse_change("archive_segment"))),
    ),
)


@dataclass(frozen=True, slots=True)
class Database:
    """An open file: its one writer and its readers."""

    path: Path
    writer: WriterThread
    readers: ReaderPool
    set_aside: Path | None = None  # the damaged file that this one took the place of

    def close(self) -> None:
        """Finish what is queued and end the threads; readers first, so that the last close folds the WAL in."""
        self.readers.close()
        self.writer.close()


def open_database(path: Path, schema: Schema, *, synchronous: str = "FULL", readers: int = 2) -> Database:
    """Open or create a file of a schema, migrate it, start its threads.

    Raises NewerDatabase, DamagedDatabase, OldLibrary, and Refused when it cannot be opened.
    """
    engine = writer_engine(path, synchronous=synchronous)
    try:
        migrate(engine, path, schema)
    except DBAPIError as error:
        raise opening_refusal(error, path) from error
    name = schema.name
    return Database(
        path, WriterThread(engine, f"{name} writer"), ReaderPool(reader_engine(path), f"{name} reader", path, readers)
    )


def open_journal_db(path: Path) -> Database:
    """The journal: signed facts, durable at every commit."""
    return open_database(path, JOURNAL)


def open_station_db(path: Path, metadatas: Sequence[MetaData], *, is_suspect: bool = False) -> Database:
    """What a station knows beside the journal (tag names, alarm log): tables are described by their owners.

    Tables that are missing are created; a change of an existing one needs a step in its owner's migrations. Nothing
    signed is in this file, and a desk without alarms is worse than one without yesterday's: a damaged file is set
    aside, kept, and a new one begun (`set_aside` tells), also when somebody met damage in it (`is_suspect`). Raises
    NewerDatabase, OldLibrary, Refused.
    """
    kept = set_aside(path) if path.exists() and (is_suspect or is_damaged(path)) else None

    def create(connection: Connection) -> None:
        for metadata in metadatas:
            metadata.create_all(connection, checkfirst=True)
            for index in (index for table in metadata.sorted_tables for index in table.indexes):
                index.create(connection, checkfirst=True)  # `create_all` leaves tables that are there as they are

    engine = writer_engine(path)
    try:
        migrate(engine, path, Schema("station", (create,)))
        with engine.begin() as connection:
            create(connection)
    except DBAPIError as error:
        raise opening_refusal(error, path) from error
    readers = ReaderPool(reader_engine(path), "station reader", path)
    return Database(path, WriterThread(engine, "station writer"), readers, kept)


def is_damaged(path: Path) -> bool:
    """A look through the whole file while it is small; of a large one only at its tables' first pages."""
    engine = writer_engine(path)  # a reader cannot bring back what a killed station left in the WAL
    try:
        with engine.connect() as connection, connection.begin():
            if path.stat().st_size <= _LOOK_THROUGH:
                return bool(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok")
            tables = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
            for table in tables:
                connection.exec_driver_sql(f'SELECT * FROM "{table}" LIMIT 1').first()  # noqa: S608 its own names
    except DBAPIError as error:
        return is_damage(error)
    finally:
        engine.dispose()
    return False


def set_aside(path: Path) -> Path:
    """Rename the file and its WAL to the first free `<name>.damaged-<n>`; gives the new path."""
    number = next(n for n in count(1) if not path.with_name(f"{path.name}.damaged-{n}").exists())
    kept = path.with_name(f"{path.name}.damaged-{number}")
    path.replace(kept)
    for end in ("-wal", "-shm"):
        part = path.with_name(path.name + end)
        if part.exists():
            part.replace(kept.with_name(kept.name + end))
    return kept
