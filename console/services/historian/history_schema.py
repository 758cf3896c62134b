"""The tables of history.db and the steps that made them."""

from sqlalchemy.engine import Connection

from console.services.storage.migrations import Schema

NEWEST_PART = 256  # partitions of the tail; the tail's newest rows, which hold all keys, stand behind them
RAW = -1  # in place of a level: samples, not rollups
EVERY_KEY = -1  # in `damage`: nobody knows whose samples they were

_FIRST = (
    # INT, not INTEGER: so the key stands in the row itself, where salvage finds it.
    """CREATE TABLE tag (
        key INT PRIMARY KEY NOT NULL, tag_id BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL, class TEXT NOT NULL,
        unit TEXT NOT NULL) STRICT""",
    """CREATE TABLE text (
        key INTEGER NOT NULL, code INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (key, code)) STRICT""",
    "CREATE UNIQUE INDEX text_once ON text (key, text)",
    # id = part << 40 | seq, so that a partition is one piece of the tree. A row holds samples of that partition only,
    # those of part NEWEST_PART all keys; every seq there is above every seq in a partition.
    """CREATE TABLE tail (
        id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL, first_us INTEGER NOT NULL,
        last_us INTEGER NOT NULL, crc INTEGER NOT NULL, block BLOB NOT NULL, exact BLOB) STRICT""",
    # Chunks of a tag never overlap, and samples of one stamp stand in one chunk.
    """CREATE TABLE chunk (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,
        n INTEGER NOT NULL, block BLOB NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX chunk_place ON chunk (key, first_us)",
    # Rows of a level never overlap and hold finished buckets only; the newest ones stand in `seal.young`.
    """CREATE TABLE rollup (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, level INTEGER NOT NULL, first_k INTEGER NOT NULL,
        last_k INTEGER NOT NULL, n INTEGER NOT NULL, block BLOB NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX rollup_place ON rollup (key, level, first_k)",
    # What of a tag stands in chunks: all tail rows up to `seq`; its newest sample there; raw is whole from
    # `raw_from_us` on (NULL: always). `young`: the newest buckets of all levels, the last of each still filling.
    # `version` rises with each change, so that work prepared on an older state is not written.
    """CREATE TABLE seal (
        key INTEGER PRIMARY KEY, seq INTEGER NOT NULL, held BLOB NOT NULL, raw_from_us INTEGER,
        version INTEGER NOT NULL, samples INTEGER NOT NULL, raw_bytes INTEGER NOT NULL,
        rollup_bytes INTEGER NOT NULL, young BLOB NOT NULL) STRICT""",
    """CREATE TABLE damage (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, level INTEGER NOT NULL, from_us INTEGER NOT NULL,
        to_us INTEGER NOT NULL, samples INTEGER NOT NULL, reason TEXT NOT NULL) STRICT""",
    "CREATE INDEX damage_place ON damage (key, level, from_us)",
    # Buckets whose time integral and seconds were left as they are when a sample came after raw had been purged.
    """CREATE TABLE estimate (
        key INTEGER NOT NULL, from_us INTEGER NOT NULL, to_us INTEGER NOT NULL,
        PRIMARY KEY (key, from_us, to_us)) STRICT""",
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT",
    "INSERT INTO counter VALUES ('seq', 0)",
)


def _create(connection: Connection) -> None:
    for statement in _FIRST:
        connection.exec_driver_sql(statement)


HISTORY = Schema("history", (_create,))
