"""A pen as it was at another time, drawn where the present is: yesterday under today, hour by the site's clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.history.periods import Piece
from console.widgets.trend_curve import Columns, PenSource

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class GhostColumns:
    """As `Columns`."""

    low: Floats
    high: Floats
    good: NDArray[np.bool_]


class GhostSource:
    """Asks a pen for other times than the window's. `pieces` tell how much earlier; before the first and behind the
    last of them nothing is drawn. The compared time is over: there is no end of knowledge but `until_us` itself."""

    def __init__(self, source: PenSource, pieces: Sequence[Piece]) -> None:
        self._source = source
        self.pieces = tuple(pieces)

    def columns(self, edges_us: Longs, until_us: int) -> Columns:
        n = edges_us.size - 1
        low, high, good = np.full(n, np.nan), np.full(n, np.nan), np.ones(n, np.bool_)
        middles = (edges_us[:-1] + edges_us[1:]) // 2
        for piece in self.pieces:
            first, last = (int(at) for at in np.searchsorted(middles, (piece.from_us, piece.to_us)))
            if first < last:
                part = self._source.columns(edges_us[first : last + 1] - piece.offset_us, NEVER)
                low[first:last], high[first:last], good[first:last] = part.low, part.high, part.good
        late = edges_us[:-1] - self._least_offset() > until_us
        low[late] = high[late] = np.nan
        return GhostColumns(low, high, good)

    def _least_offset(self) -> int:
        return min((piece.offset_us for piece in self.pieces), default=0)
