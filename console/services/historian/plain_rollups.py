"""Rollups as plain columns, for buckets that stand for so many samples that their bytes do not count.

A year is drawn from such rows: opening one costs a checksum of the columns that are asked for and nothing else.
"""

import struct
import zlib
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from console.services.historian.number_codec import MAX_ROWS, DamagedChunk
from console.services.historian.rollup_codec import pack_rollups, unpack_rollups
from console.services.historian.rollup_columns import COLUMNS, DTYPES, RollupColumns, columns_of

FORMAT = 3
ENOUGH = 800  # samples a bucket: 0.1 bytes a sample
_HEAD = struct.Struct(f"<BqI{len(COLUMNS)}I")  # format, width, rows, crc32 of each column
_CRC = struct.Struct("<I")  # of the head
_TYPES = {name: np.dtype(dtype).newbyteorder("<") for name, dtype in DTYPES.items()}


def pack_row(rollups: RollupColumns) -> bytes:
    """The bytes of a row: plain where that is cheap, else packed. All columns are needed."""
    samples = int(rollups.count.sum(dtype=np.int64) + rollups.untrusted.sum(dtype=np.int64))
    return _plain(rollups) if samples >= ENOUGH * len(rollups) else pack_rollups(rollups)


def unpack_row(blob: bytes, columns: Collection[str] | None = None) -> RollupColumns:
    """The rows of either form; with `columns` only these and `k`. Raises DamagedChunk."""
    if blob[:1] != bytes([FORMAT]):
        return unpack_rollups(blob, columns)
    begin = _HEAD.size + _CRC.size
    if len(blob) < begin or _CRC.unpack_from(blob, _HEAD.size)[0] != zlib.crc32(blob[: _HEAD.size]):
        raise DamagedChunk("the head of plain buckets does not agree")
    _, width_us, rows, *crcs = _HEAD.unpack_from(blob)
    size = begin + rows * sum(dtype.itemsize for dtype in _TYPES.values())
    if rows > MAX_ROWS or len(blob) != size or width_us <= 0:
        raise DamagedChunk(f"{len(blob)} bytes, {size} were expected")
    wanted = set(COLUMNS if columns is None else columns) | {"k"}
    whole = memoryview(blob)
    found: dict[str, NDArray[np.generic]] = {}
    for (name, dtype), crc in zip(_TYPES.items(), crcs, strict=True):
        end = begin + rows * dtype.itemsize
        if name in wanted:
            part = whole[begin:end]
            if zlib.crc32(part) != crc:
                raise DamagedChunk(f"the column {name} does not agree")
            found[name] = np.frombuffer(part, dtype)
        begin = end
    return columns_of(width_us, found)


def _plain(rollups: RollupColumns) -> bytes:
    parts = [getattr(rollups, name).astype(dtype).tobytes() for name, dtype in _TYPES.items()]
    head = _HEAD.pack(FORMAT, rollups.width_us, len(rollups), *map(zlib.crc32, parts))
    return b"".join((head, _CRC.pack(zlib.crc32(head)), *parts))
