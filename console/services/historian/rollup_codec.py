"""Rollups of one tag and level as bytes, column by column, so that a reader decodes only what it asks for."""

import struct
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from console.services.historian.blob_frame import framed, opened
from console.services.historian.number_codec import (
    DamagedChunk,
    Reader,
    pack_floats,
    pack_ints,
    unpack_floats,
    unpack_ints,
)
from console.services.historian.rollup_columns import COLUMNS, DTYPES, RollupColumns, columns_of

__all__ = ["DamagedChunk", "pack_rollups", "unpack_rollups"]

FORMAT = 2
_WIDTH = struct.Struct("<q")
_SIZES = struct.Struct(f"<{len(COLUMNS)}I")  # bytes of each column, 0 where `tail` is `last`
_WHOLE = {"k", "count", "untrusted", "tail_quality"}


def pack_rollups(rollups: RollupColumns) -> bytes:
    """The rows as a blob. Raises ValueError when a column is not there or there are more than 2^20 rows."""
    if missing := [name for name in COLUMNS if not rollups.has(name)]:
        raise ValueError(f"rollups without {', '.join(missing)} cannot be kept")
    packed = [_packed(rollups, name) for name in COLUMNS]
    head = _WIDTH.pack(rollups.width_us) + _SIZES.pack(*map(len, packed))
    return framed(FORMAT, len(rollups), head + b"".join(packed))


def unpack_rollups(blob: bytes, columns: Collection[str] | None = None) -> RollupColumns:
    """The rows of a blob, bit for bit; with `columns` only these and `k`. Raises `DamagedChunk`."""
    rows, reader = opened(FORMAT, blob)
    (width_us,) = reader.fields(_WIDTH)
    sizes = reader.fields(_SIZES)
    wanted = set(COLUMNS if columns is None else columns) | {"k"}
    tail_is_last = not sizes[COLUMNS.index("tail")]
    if tail_is_last and "tail" in wanted:
        wanted.add("last")
    found: dict[str, NDArray[np.generic]] = {}
    for name, size in zip(COLUMNS, sizes, strict=True):
        section = reader.part(size)
        if name in wanted and size:
            found[name] = _unpacked(section, name, rows)
            section.done()
    if tail_is_last and "tail" in wanted:
        found["tail"] = found["last"]
        if columns is not None and "last" not in columns:
            del found["last"]
    reader.done()
    if width_us <= 0:
        raise DamagedChunk(f"buckets of {width_us} us")
    return columns_of(width_us, found)


def _packed(rollups: RollupColumns, name: str) -> bytes:
    column = getattr(rollups, name)
    if name == "tail" and np.array_equal(column.view(np.int64), rollups.last.view(np.int64)):
        return b""
    if name in _WHOLE:
        return pack_ints(column.astype(np.int64))
    return pack_floats(np.ascontiguousarray(column))


def _unpacked(section: Reader, name: str, rows: int) -> NDArray[np.generic]:
    if name in _WHOLE:
        return unpack_ints(section, rows).astype(DTYPES[name])
    return unpack_floats(section, rows, np.float32 if DTYPES[name] is np.float32 else np.float64)
