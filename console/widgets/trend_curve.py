"""One pen on one plot, the window it is drawn in, and its values per pixel column."""

from dataclasses import dataclass, field
from functools import lru_cache
from math import isnan
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]
NEVER = 1 << 62


class Columns(Protocol):
    @property
    def low(self) -> Floats: ...

    @property
    def high(self) -> Floats: ...

    @property
    def good(self) -> Bools: ...


class PenSource(Protocol):
    """What a curve is drawn from: n columns between n+1 rising edges, nan where nothing is known.

    Its answer may also have `pieces` (`Pieces` or None): parts of columns that a gap divides.
    """

    def columns(self, edges_us: Longs, until_us: int) -> Columns: ...


class Pieces(Protocol):
    """Columns that a gap divides, drawn piece by piece so that nothing stands where nothing was. `column` rises, each
    stands as often as it has pieces."""

    @property
    def column(self) -> Longs: ...

    @property
    def low(self) -> Floats: ...

    @property
    def high(self) -> Floats: ...

    @property
    def good(self) -> Bools: ...


@dataclass(frozen=True, slots=True)
class KeptPieces:
    """Those of the present window."""

    column: Longs
    low: Floats
    high: Floats
    good: Bools


NO_PIECES = KeptPieces(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True)
class Window:
    """`width` pixel columns of `step_us` each; column 0 starts at `first * step_us`. Nothing is known after `until`."""

    first: int
    step_us: int
    width: int
    until_us: int

    @property
    def from_us(self) -> int:
        return self.first * self.step_us

    @property
    def to_us(self) -> int:
        return (self.first + self.width) * self.step_us

    def column(self, at_us: int) -> int:
        return at_us // self.step_us - self.first

    def edges(self, start: int, stop: int) -> Longs:
        """Where the columns [start, stop) begin and the last of them ends; do not change them."""
        return _edges(self.first + start, self.first + stop, self.step_us)


@lru_cache(maxsize=8)
def _edges(first: int, last: int, step_us: int) -> Longs:
    """The same ones for every pen of a plot."""
    return np.arange(first, last + 1, dtype=np.int64) * step_us


@dataclass(slots=True)
class Curve:
    """One pen on one plot: where its samples are, how it looks, and its columns of the present window."""

    key: int
    source: PenSource
    colour: int  # index of the pen tokens
    limits: tuple[tuple[str, float], ...] = ()
    is_strong: bool = False  # selected: two pixels wide, above the others
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    good: Bools = field(default_factory=lambda: np.empty(0, np.bool_))
    dirty_us: int = 0  # columns from here on are not true any more; in the source's time
    is_coarse: bool = False  # every column of a block holds the extremes of the whole block
    width_px: int = 1  # logical pixels
    axis: int = 0  # curves of one number share a range; 0 is the plot's own axis
    is_log: bool = False  # a logarithmic axis; one such curve makes its whole axis so
    is_ghost: bool = False  # another time for comparison: dim and dashed, below the others
    offset_us: int = 0  # what was then stands this much later
    pieces: Pieces = NO_PIECES  # drawn in the place of their columns
    has_void: bool = True  # some columns may be empty
    _room: tuple[NDArray[Any], ...] = ()  # longer ones that the columns move along, so that they are copied seldom
    _begin: int = 0

    @property
    def thickness(self) -> int:
        """Logical pixels."""
        return max(self.width_px, 2 if self.is_strong else 1)

    def forget(self) -> None:
        """All columns must be computed anew."""
        self.low, self.pieces = np.empty(0), NO_PIECES

    def fill(self, window: Window, block: int = 1) -> None:
        """All columns, `block` of them as one; the last block may reach over the edge."""
        starts = np.arange(0, window.width, block, dtype=np.int64)
        edges = (window.first + np.append(starts, starts[-1] + block)) * window.step_us - self.offset_us
        columns = self.source.columns(edges, window.until_us)
        parts = (columns.low, columns.high, columns.good)
        if block > 1:
            parts = tuple(np.repeat(part, block)[: window.width] for part in parts)  # type: ignore[assignment]
        self.low, self.high, self.good = parts
        self.pieces = NO_PIECES if block > 1 else getattr(columns, "pieces", None) or NO_PIECES
        self.dirty_us, self.is_coarse, self._room = NEVER, block > 1, ()
        self.has_void = bool(np.isnan(self.low).any())

    def renew(self, window: Window, shift: int, known_us: int) -> int:
        """Move the columns left and compute those from `known_us` on, or from where they are not true; returns the
        first computed one."""
        since_us = min(known_us, self.dirty_us + self.offset_us)
        start = min(max(window.column(since_us), 0), window.width - shift)
        if shift:
            self._slide(shift)
        if start < window.width:
            edges = window.edges(start, window.width)
            columns = self.source.columns(edges - self.offset_us if self.offset_us else edges, window.until_us)
            self.low[start:], self.high[start:], self.good[start:] = columns.low, columns.high, columns.good
            self.pieces = _moved(self.pieces, shift, start, getattr(columns, "pieces", None) or NO_PIECES)
            self.has_void = self.has_void or any(map(isnan, columns.low.tolist()))
        self.dirty_us = NEVER
        return start

    def _slide(self, shift: int) -> None:
        """All columns `shift` places farther left; the last places are free."""
        n, parts = self.low.size, (self.low, self.high, self.good)
        self._begin += shift
        if not self._room or self._begin + n > self._room[0].size:
            self._room, self._begin = tuple(np.empty(2 * n, part.dtype) for part in parts), 0
            for longer, part in zip(self._room, parts, strict=True):
                longer[: n - shift] = part[shift:]
        self.low, self.high, self.good = (longer[self._begin : self._begin + n] for longer in self._room)


def _moved(old: Pieces, shift: int, start: int, new: Pieces) -> Pieces:
    """Those that stay, `shift` columns farther left, and the new ones from column `start` on."""
    if old is new is NO_PIECES:
        return NO_PIECES
    a, b = np.searchsorted(old.column, (shift, start + shift))
    return KeptPieces(
        np.concatenate((old.column[a:b] - shift, new.column + start)),
        np.concatenate((old.low[a:b], new.low)),
        np.concatenate((old.high[a:b], new.high)),
        np.concatenate((old.good[a:b], new.good)),
    )
