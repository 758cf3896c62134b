"""A chunk of one tag's samples as bytes: stamps, values, qualities and exact integers, without loss.

Stamps go as what is left of an even grid, or as differences, whichever is less; values as whole numbers of their last
decimal place where they have few decimals (`number_codec`); equal qualities cost a few bytes.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from console.services.historian.blob_frame import framed, opened
from console.services.historian.number_codec import (
    DamagedChunk,
    Reader,
    pack_floats,
    pack_ints,
    unpack_floats,
    unpack_ints,
)
from console.services.records import Bytes8, Floats, Longs

__all__ = ["ChunkSamples", "DamagedChunk", "pack_chunk", "unpack_chunk"]

FORMAT = 1
_TIMES = struct.Struct("<BBqq")  # method, unit, first stamp, span of the grid in units
_UNITS = (1_000_000, 1_000, 1)  # us; sources stamp in s or ms
_PLAIN_TIMES, _GRID_TIMES = 0, 1
_EXACT = struct.Struct("<IB")  # how many, are they unsigned


@dataclass(frozen=True, slots=True)
class ChunkSamples:
    """Samples of one tag: columns of equal length in the order they were packed; `exact` by row."""

    at_us: Longs
    value: Floats
    quality: Bytes8
    exact: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at_us)


def pack_chunk(at_us: Longs, value: Floats, quality: Bytes8, exact: dict[int, int]) -> bytes:
    """The samples as a blob; small when the stamps ascend. `exact`: row -> integer of int64 or uint64.

    Raises ValueError for columns of unequal length, more than 2^20 rows, or an exact integer of neither type.
    """
    if not len(at_us) == len(value) == len(quality):
        raise ValueError("columns of equal length are asked for")
    at = np.ascontiguousarray(at_us, np.int64)
    body = _pack_times(at) + pack_floats(np.ascontiguousarray(value, np.float64))
    body += pack_ints(quality.astype(np.int64)) + _pack_exact(exact, at.size)
    return framed(FORMAT, at.size, body)


def unpack_chunk(blob: bytes) -> ChunkSamples:
    """The samples of a blob, bit for bit; raises `DamagedChunk` with what is wrong."""
    rows, reader = opened(FORMAT, blob)
    at = _unpack_times(reader, rows)
    value = unpack_floats(reader, rows, np.float64)
    quality = unpack_ints(reader, rows).astype(np.uint8)
    exact = _unpack_exact(reader, rows)
    reader.done()
    return ChunkSamples(at, value, quality, exact)


def _pack_times(at: Longs) -> bytes:
    if not at.size:
        return _TIMES.pack(_PLAIN_TIMES, 0, 0, 0)
    first = int(at[0])
    if int(at.max()) - int(at.min()) >= 1 << 50:  # 35 years: nothing is even there, and steps might overflow
        return _TIMES.pack(_PLAIN_TIMES, _UNITS.index(1), 0, 0) + pack_ints(at)
    moved = at - first
    unit = next(number for number, us in enumerate(_UNITS) if us == 1 or not (moved % us).any())
    moved //= _UNITS[unit]
    span = int(moved[-1])
    left = moved - _grid(span, at.size)
    if at.size > 2 and _spread(left) < _spread(np.diff(moved)):
        return _TIMES.pack(_GRID_TIMES, unit, first, span) + pack_ints(left)
    return _TIMES.pack(_PLAIN_TIMES, unit, first, 0) + pack_ints(moved)


def _unpack_times(reader: Reader, rows: int) -> Longs:
    method, unit, first, span = reader.fields(_TIMES)
    if unit >= len(_UNITS) or method not in {_PLAIN_TIMES, _GRID_TIMES}:
        raise DamagedChunk(f"no stamps of method {method} in unit {unit}")
    if not rows:
        return np.zeros(0, np.int64)
    moved = unpack_ints(reader, rows)
    if method == _GRID_TIMES:
        moved = moved + _grid(span, rows)
    return moved * np.int64(_UNITS[unit]) + np.int64(first)


def _grid(span: int, rows: int) -> Longs:
    """`rows` stamps as even as whole numbers allow, from 0 to `span`."""
    step, rest = divmod(span, max(rows - 1, 1))
    number = np.arange(rows, dtype=np.int64)
    return number * step + number * rest // max(rows - 1, 1)


def _spread(numbers: Longs) -> float:
    return float(np.abs(numbers - numbers.mean()).mean())


def _pack_exact(exact: dict[int, int], rows: int) -> bytes:
    if not exact:
        return _EXACT.pack(0, 0)
    places = sorted(exact)
    numbers = [exact[row] for row in places]
    if not 0 <= places[0] <= places[-1] < rows:
        raise ValueError("an exact integer belongs to a row of the chunk")
    if min(numbers) >= -(1 << 63) and max(numbers) < 1 << 63:
        is_unsigned, column = 0, np.array(numbers, np.int64)
    elif min(numbers) >= 0 and max(numbers) < 1 << 64:
        is_unsigned, column = 1, np.array(numbers, np.uint64).view(np.int64)
    else:
        raise ValueError("an exact integer is int64 or uint64")
    return _EXACT.pack(len(places), is_unsigned) + pack_ints(np.array(places, np.int64)) + pack_ints(column)


def _unpack_exact(reader: Reader, rows: int) -> dict[int, int]:
    count, is_unsigned = reader.fields(_EXACT)
    if not count:
        return {}
    if count > rows:
        raise DamagedChunk(f"{count} exact integers for {rows} rows")
    places = unpack_ints(reader, count)
    column = unpack_ints(reader, count)
    return dict(zip(places.tolist(), (column.view(np.uint64) if is_unsigned else column).tolist(), strict=True))
