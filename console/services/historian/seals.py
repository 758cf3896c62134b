"""What of a tag is sealed: how far its tail is taken, the sample that holds, and the newest buckets of all levels.

The newest buckets ("young") of all four levels stand together as plain records in the tag's one row: they change with
each sealing, and packing a few rows well costs more than it saves. Finished ones move to packed rows in batches.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from console.services.historian.number_codec import DamagedChunk
from console.services.historian.rollup_columns import (
    COLUMNS,
    DTYPES,
    LEVELS_US,
    Held,
    RollupColumns,
    columns_of,
    no_rows,
)
from console.services.storage.direct import direct

RECORD = np.dtype([("level", "u1"), *((name, np.dtype(DTYPES[name]).newbyteorder("<")) for name in COLUMNS)])
_HELD = struct.Struct("<qdB")
_CRC = struct.Struct("<I")
Levels = tuple[RollupColumns, ...]  # one for each of LEVELS_US
NO_LEVELS: Levels = tuple(no_rows(width_us) for width_us in LEVELS_US)


@dataclass(frozen=True, slots=True)
class Seal:
    """A tag's row. `young` as bytes: most of the work on them is done for many tags at once."""

    key: int
    seq: int = -1
    held: Held | None = None
    raw_from_us: int | None = None
    version: int = 0
    samples: int = 0
    raw_bytes: int = 0
    rollup_bytes: int = 0
    young: bytes = b""


def load_seal(connection: Connection, key: int) -> Seal:
    """A tag's state; an empty one when nothing of it is sealed."""
    row = direct(
        connection,
        "SELECT seq, held, raw_from_us, version, samples, raw_bytes, rollup_bytes, young FROM seal WHERE key = ?",
        (key,),
    ).fetchone()
    if row is None:
        return Seal(key)
    return Seal(key, row[0], Held(*_HELD.unpack(row[1])) if row[1] else None, *row[2:])


def save_seal(connection: Connection, seal: Seal) -> None:
    """Write a tag's state with the next version."""
    held = _HELD.pack(seal.held.at_us, seal.held.value, seal.held.quality) if seal.held else b""
    direct(
        connection,
        "INSERT OR REPLACE INTO seal (key, seq, held, raw_from_us, version, samples, raw_bytes, rollup_bytes, young)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seal.key, seal.seq, held, seal.raw_from_us, seal.version + 1, seal.samples, seal.raw_bytes,
            seal.rollup_bytes, seal.young,
        ),
    )  # fmt: skip


def version_of_seal(connection: Connection, key: int) -> int:
    """0 when nothing of the tag is sealed."""
    row = direct(connection, "SELECT version FROM seal WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row else 0


def pack_young(levels: Sequence[RollupColumns]) -> bytes:
    """Young buckets of all levels, finest first."""
    records = np.empty(sum(map(len, levels)), RECORD)
    start = 0
    for level, columns in enumerate(levels):
        part = records[start : start + len(columns)]
        part["level"] = level
        for name in COLUMNS:
            part[name] = getattr(columns, name)
        start += len(columns)
    return seal_records(records.tobytes())


def seal_records(records: bytes) -> bytes:
    """Records with their checksum; empty for none."""
    return _CRC.pack(zlib.crc32(records)) + records if records else b""


def records_of(young: bytes) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    """The records of a tag's young buckets. Raises DamagedChunk."""
    if not young:
        return np.empty(0, RECORD)
    if (len(young) - _CRC.size) % RECORD.itemsize or _CRC.unpack_from(young)[0] != zlib.crc32(young[_CRC.size :]):
        raise DamagedChunk("the newest buckets are not what was written")
    return np.frombuffer(young, RECORD, offset=_CRC.size)


def unpack_young(young: bytes) -> Levels:
    """Young buckets by level. Raises DamagedChunk."""
    if not young:
        return NO_LEVELS
    records = records_of(young)
    borders = np.searchsorted(records["level"], np.arange(len(LEVELS_US) + 1))
    return tuple(
        columns_from(records[borders[level] : borders[level + 1]], width_us) for level, width_us in enumerate(LEVELS_US)
    )


def young_level(young: bytes, level: int, columns: Sequence[str] = COLUMNS) -> RollupColumns:
    """Young buckets of one level, only these columns and `k`. Raises DamagedChunk."""
    records = records_of(young)
    low, high = np.searchsorted(records["level"], (level, level + 1))
    return columns_from(records[low:high], LEVELS_US[level], ("k", *columns))


def columns_from(
    records: "np.ndarray[tuple[int], np.dtype[np.void]]", width_us: int, columns: Sequence[str] = COLUMNS
) -> RollupColumns:
    """Records of one level as columns."""
    return columns_of(width_us, {name: np.ascontiguousarray(records[name]) for name in columns})
