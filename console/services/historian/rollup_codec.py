"""Rollups of one tag and level as bytes, column by column, so that a reader decodes only what it asks for."""

import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

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
from console.services.historian.rollup_columns import COLUMNS, DTYPES, NOTHING, RollupColumns
from console.services.records import Floats

__all__ = ["DamagedChunk", "pack_rollups", "unpack_rollups"]

FORMAT = 2
_WIDTH = struct.Struct("<q")
_SIZES = struct.Struct(f"<{len(COLUMNS)}I")  # bytes of each column, 0 where `tail` is `last`
_NUMBER = {name: number for number, name in enumerate(COLUMNS)}
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
    reader.check_left(sum(sizes))
    opening = _Opening(rows, reader, sizes)
    wanted = COLUMNS if columns is None else {"k", *columns}
    found = [opening.column(name) if name in wanted else NOTHING[name] for name in COLUMNS]
    if width_us <= 0:
        raise DamagedChunk(f"buckets of {width_us} us")
    return RollupColumns(width_us, *found)


@dataclass(slots=True)
class _Opening:
    """Columns of one blob, each decoded when it is asked for, by the reader or by a guess."""

    rows: int
    body: Reader
    sizes: tuple[int, ...]
    found: dict[str, NDArray[Any] | None] = field(default_factory=dict)  # None: on the way

    def column(self, name: str) -> NDArray[Any]:
        column = self.found.get(name)
        if column is None:
            if name in self.found:
                raise DamagedChunk(f"{name} is made of itself")
            self.found[name] = None
            column = self.found[name] = self._decoded(name)
        return column

    def _decoded(self, name: str) -> NDArray[Any]:
        number = _NUMBER[name]
        size = self.sizes[number]
        if name == "tail" and not size:
            return self.column("last")
        section = self.body.part(sum(self.sizes[:number]), size)
        if name in _WHOLE:
            numbers = unpack_ints(section, self.rows).astype(DTYPES[name])
        elif name in _GUESSES:
            numbers = unpack_floats(section, self.rows, np.float64, lambda: _GUESSES[name](self.column))
        else:
            numbers = unpack_floats(section, self.rows, np.float32 if DTYPES[name] is np.float32 else np.float64)
        section.done()
        return numbers


def _mean(column: Callable[[str], NDArray[Any]]) -> Floats:
    return np.asarray(column("sum") / np.maximum(column("count"), 1))


def _square(column: Callable[[str], NDArray[Any]]) -> Floats:
    """As if all samples of a bucket were alike."""
    with np.errstate(over="ignore"):
        return np.asarray(_mean(column) * column("sum"))


def _integral(column: Callable[[str], NDArray[Any]]) -> Floats:
    """As if they were even in time."""
    with np.errstate(over="ignore"):
        return np.asarray(_mean(column) * column("good_s").astype(np.float64))


_GUESSES: dict[str, Callable[[Callable[[str], NDArray[Any]]], Floats]] = {"sum_sq": _square, "integral": _integral}


def _packed(rollups: RollupColumns, name: str) -> bytes:
    column = np.ascontiguousarray(getattr(rollups, name))
    if name == "tail" and np.array_equal(column.view(np.int64), np.ascontiguousarray(rollups.last).view(np.int64)):
        return b""
    if name in _WHOLE:
        return pack_ints(column.astype(np.int64))
    guess = _GUESSES[name](lambda other: getattr(rollups, other)) if name in _GUESSES else None
    return pack_floats(column, guess)
