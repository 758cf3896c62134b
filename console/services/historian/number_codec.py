"""Columns of numbers as few bytes and back, bit for bit: constant, evenly stepped, decimal or plain, by pcodec.

A section is a method byte, a count of rows that only the caller knows, and what the method needs. Reading checks every
length and raises `DamagedChunk`; the blobs that hold sections carry a checksum, so that damage is met there first.
"""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, DeltaSpec, ModeSpec, standalone

from console.services.historian.decimal_grid import EXACT
from console.services.historian.rollup_columns import Floats32, above, below
from console.services.records import Floats, Longs

MAX_ROWS = 1 << 20  # of one blob; more is damage
CONSTANT, STEPPED, PACKED32, PACKED64, DECIMAL, PLAIN, BESIDE_GUESS = range(7)
_MAX_DECIMALS = 11  # an integral: 4 of the value and 6 of the stamp, and one to spare
_FEW = 8  # at most a row in so many may be off the grid
_PROBE = 64  # rows that are tried before all


class DamagedChunk(Exception):
    """A blob of the history is torn or flipped; says what is wrong with it."""


def _plain(whole: Floats, scale: Any) -> Floats:
    return np.asarray(whole / scale)


def _single(whole: Floats, scale: Any) -> Floats32:
    return np.asarray(whole / scale).astype(np.float32)


def _below(whole: Floats, scale: Any) -> Floats32:
    return below(whole / scale)


def _above(whole: Floats, scale: Any) -> Floats32:
    return above(whole / scale)


# How a decimal number became the float that is kept; the index is written. Bounds are rounded outward, and a source of
# single precision reports decimals too.
_MADE: tuple[Callable[[Floats, Any], NDArray[Any]], ...] = (_plain, _single, _below, _above)
_FOR = {np.dtype(np.float64): (0, 1), np.dtype(np.float32): (2, 3, 1)}
_SCALES = 10.0 ** np.arange(_MAX_DECIMALS + 1)
_NOBODY = np.empty(0, np.int64)


class Reader:
    """Takes bytes off the front of a blob, or of a part of it."""

    __slots__ = ("_at", "_blob", "_end")

    def __init__(self, blob: bytes, at: int = 0, end: int | None = None) -> None:
        self._blob = blob
        self._at = at
        self._end = len(blob) if end is None else end

    def _past(self, count: int) -> int:
        """Step over so many bytes; gives where they begin."""
        at = self._at
        if at + count > self._end:
            raise DamagedChunk(f"{count} bytes wanted at {at}, {self._end - at} are left")
        self._at = at + count
        return at

    def take(self, count: int) -> bytes:
        at = self._past(count)
        return self._blob[at : at + count]

    def byte(self) -> int:
        return self._blob[self._past(1)]

    def part(self, begin: int, size: int) -> "Reader":
        """A reader of `size` bytes from `begin` on, counted from here; does not step."""
        at = self._at + begin
        return Reader(self._blob, at, at + size)

    def check_left(self, count: int) -> None:
        """Exactly so many bytes have to be left."""
        if self._at + count != self._end:
            raise DamagedChunk(f"{self._end - self._at} bytes are left, {count} were expected")

    def fields(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack_from(self._blob, self._past(form.size))

    def done(self) -> None:
        self.check_left(0)


_LONG, _TWO_LONGS, _SIZE = struct.Struct("<q"), struct.Struct("<qq"), struct.Struct("<I")
_GRID = struct.Struct("<BBI")  # decimals, how it was made, rows off the grid


def pack_ints(numbers: Longs) -> bytes:
    """A section of int64."""
    if not numbers.size:
        return bytes([CONSTANT]) + _LONG.pack(0)
    first = int(numbers[0])
    low, high = int(numbers.min()), int(numbers.max())
    if low == high:
        return bytes([CONSTANT]) + _LONG.pack(first)
    if high - low >= 1 << 31:
        return bytes([PACKED64]) + _pcodec(numbers)
    moved = (numbers - low).astype(np.int32)
    steps = np.diff(moved)
    if numbers.size > 2 and (steps == steps[0]).all():
        return bytes([STEPPED]) + _TWO_LONGS.pack(first, int(steps[0]))
    return bytes([PACKED32]) + _LONG.pack(low) + _pcodec(moved, steps)


def unpack_ints(reader: Reader, count: int) -> Longs:
    """`count` rows of int64."""
    method = reader.byte()
    if method == CONSTANT:
        numbers = np.empty(count, np.int64)
        numbers.fill(reader.fields(_LONG)[0])
        return numbers
    if method == STEPPED:
        first, step = reader.fields(_TWO_LONGS)
        return np.arange(count, dtype=np.int64) * np.int64(step) + np.int64(first)
    if method == PACKED32:
        low = np.int64(reader.fields(_LONG)[0])
        return _unpcodec(reader, count, np.int32) + low
    if method == PACKED64:
        return _unpcodec(reader, count, np.int64)
    raise DamagedChunk(f"no method {method} for whole numbers")


def pack_floats(numbers: Floats | Floats32, guess: Floats | None = None) -> bytes:
    """A section of float64 or float32 that comes back bit for bit, nan payloads and -0.0 as well.

    `guess`: about what float64 numbers with few decimals will be, from what the reader has as well; where that is
    less, only the difference is kept.
    """
    bits = numbers.view(np.int64 if numbers.itemsize == 8 else np.int32)
    if not numbers.size or (bits == bits[0]).all():
        return bytes([CONSTANT]) + (numbers[:1].tobytes() or bytes(numbers.itemsize))
    grid = _grid_of(numbers)
    if grid is None:
        return bytes([PLAIN]) + _pcodec(numbers)
    decimals, made, whole, off = grid
    head = _GRID.pack(decimals, made, off.size)
    if off.size:
        head += pack_ints(off) + pack_ints(bits[off].astype(np.int64))
    kept = whole.astype(np.int64)
    if guess is not None and not made:
        beside = kept - _whole_guess(guess, decimals)
        if _scatter(beside) < min(_scatter(kept), float(np.abs(np.diff(whole)).mean())):
            return bytes([BESIDE_GUESS]) + head + pack_ints(beside)
    return bytes([DECIMAL]) + head + pack_ints(kept)


def unpack_floats(
    reader: Reader,
    count: int,
    dtype: type[np.float64] | type[np.float32],
    guess: Callable[[], Floats] | None = None,
) -> NDArray[Any]:
    """`count` rows of float64 or float32; `guess` gives what they were packed beside and is asked only then."""
    method = reader.byte()
    if method == CONSTANT:
        return np.repeat(np.frombuffer(reader.take(np.dtype(dtype).itemsize), dtype), count)
    if method == PLAIN:
        return _unpcodec(reader, count, dtype)
    if method not in {DECIMAL, BESIDE_GUESS} or (method == BESIDE_GUESS and guess is None):
        raise DamagedChunk(f"no method {method} for numbers")
    decimals, made, off_count = reader.fields(_GRID)
    if decimals > _MAX_DECIMALS or made >= len(_MADE) or off_count > count:
        raise DamagedChunk(f"no grid of {decimals} decimals, made {made}, {off_count} beside it")
    off = bits = _NOBODY
    if off_count:
        off, bits = unpack_ints(reader, off_count), unpack_ints(reader, off_count)
        if not 0 <= int(off.min()) <= int(off.max()) < count:
            raise DamagedChunk("a row off the grid that is none of the chunk's")
    whole = unpack_ints(reader, count)
    if method == BESIDE_GUESS and guess is not None:
        whole += _whole_guess(guess(), decimals)
    numbers = np.asarray(_MADE[made](whole.astype(np.float64), _SCALES[decimals]), dtype)
    if off_count:
        numbers.view(np.int64 if numbers.itemsize == 8 else np.int32)[off] = bits
    return numbers


def _whole_guess(guess: Floats, decimals: int) -> Longs:
    """One rounded product of each: the same bits on every machine. 0 where the guess is none."""
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(guess * _SCALES[decimals])
        return np.where(np.abs(whole) < EXACT, whole, 0.0).astype(np.int64)


def _scatter(numbers: Longs) -> float:
    return float(np.abs(numbers - numbers.mean()).mean())


def _grid_of(numbers: Floats | Floats32) -> tuple[int, int, Floats, Longs] | None:
    """Decimals, how they became these floats, whole numbers, rows that do not fit; None where the grid does not pay."""
    finite = np.isfinite(numbers)
    odd = numbers.size - int(np.count_nonzero(finite))
    probe = numbers[finite] if odd else numbers
    probe = probe[:: probe.size // _PROBE + 1].reshape(-1, 1)
    best: tuple[int, int, Floats, Longs] | None = None
    fewest = numbers.size // _FEW
    for made in _FOR[numbers.dtype]:
        off_probe = np.count_nonzero(~_fits(probe, _SCALES, made)[1], axis=0)
        for decimals in np.flatnonzero(off_probe * _FEW <= probe.size).tolist():
            whole, fits = _fits(numbers, _SCALES[decimals], made)
            off = np.flatnonzero(~fits)
            if off.size - odd <= fewest:
                best, fewest = (decimals, made, _filled(whole, off), off), off.size - odd - 1
            if off.size == odd:
                return best
    return best


def _fits(numbers: NDArray[Any], scale: NDArray[Any], made: int) -> tuple[Floats, NDArray[np.bool_]]:
    """numbers x scale as whole numbers, and which of them give the number back bit for bit."""
    wide = numbers.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(wide * scale)
        fits = (_MADE[made](whole, scale) == wide) & (np.abs(whole) < EXACT)
    fits &= (whole != 0) | ~np.signbit(wide)
    return whole, fits


def _filled(whole: Floats, off: Longs) -> Floats:
    """Rows `off` get what the row before them has, 0 at the front: that costs least."""
    if not off.size:
        return whole
    if off[0] == 0:
        whole[0] = 0.0
    source = np.arange(whole.size)
    source[off] = 0
    return whole[np.maximum.accumulate(source)]


def _pcodec(numbers: NDArray[Any], steps: NDArray[Any] | None = None) -> bytes:
    """pcodec's standalone form behind its size. Whole numbers say by their steps whether differences are smaller."""
    if steps is None:
        config = ChunkConfig()
    else:
        is_smooth = float(np.abs(steps).mean()) < _scatter(numbers)
        delta = DeltaSpec.try_consecutive(1) if is_smooth else DeltaSpec.no_op()
        config = ChunkConfig(mode_spec=ModeSpec.classic(), delta_spec=delta)
    packed: bytes = standalone.simple_compress(np.ascontiguousarray(numbers), config)
    return _SIZE.pack(len(packed)) + packed


def _unpcodec(reader: Reader, count: int, dtype: type[np.generic]) -> NDArray[Any]:
    packed = reader.take(reader.fields(_SIZE)[0])
    numbers = np.empty(count, dtype)
    try:
        progress = standalone.simple_decompress_into(packed, numbers)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DamagedChunk(f"pcodec: {error}") from error
    if progress.n_processed != count or not progress.finished:
        raise DamagedChunk(f"pcodec has {progress.n_processed} of {count} numbers")
    return numbers
