"""Columns of a trend that a gap divides: their extremes on either side of it, so that no line bridges a gap."""

from dataclasses import dataclass

import numpy as np

from console.models.trend_blocks import Blocks, FineRows
from console.models.trend_chunk import FINE, Bools, Floats, Longs

MOST_GAPS = 1024  # in one window; beyond, columns are drawn from their lowest to their highest value


@dataclass(frozen=True, slots=True)
class PenPieces:
    """`column` rises; each stands as often as it has pieces, twice at least."""

    column: Longs
    low: Floats
    high: Floats
    good: Bools


def pieces_of(blocks: Blocks, edges: Longs, samples: FineRows) -> PenPieces | None:
    """The divided columns among n between n+1 rising edges; None when there is none."""
    if not blocks.may_have_gaps:
        return None
    gaps = _gaps(blocks, edges, samples)
    column = np.searchsorted(edges, gaps, side="right") - 1
    inside = (column >= 0) & (column < edges.size - 1)
    gaps, column = gaps[inside], column[inside]
    if not 0 < gaps.size <= MOST_GAPS:
        return None
    divided = np.unique(column)
    borders = np.concatenate((edges[divided], gaps, gaps + 1, edges[divided + 1]))
    owners = np.concatenate((divided, column, column, divided))
    order = np.lexsort((borders, owners))
    borders, owners = np.maximum.accumulate(borders[order]), owners[order]
    low, high, bad = blocks.columns(borders, 0, samples)
    is_piece = (low <= high) & (owners[1:] == owners[:-1])
    is_piece &= (borders[1:] == borders[:-1]) | ~np.isin(borders[:-1], gaps)  # not the gap's own microsecond
    _found, place, count = np.unique(owners[:-1][is_piece], return_inverse=True, return_counts=True)
    at = np.flatnonzero(is_piece)[count[place] > 1]
    if not at.size:
        return None
    return PenPieces(owners[at], low[at], high[at], ~bad[at])


def _gaps(blocks: Blocks, edges: Longs, samples: FineRows) -> Longs:
    """Moments of the gaps in the runs that the window touches; none when there are too many."""
    rows = blocks.rows
    begin, end = np.searchsorted(rows.first_us, (edges[0], edges[-1]))
    begin = max(int(begin) - 1, 0)
    block = np.flatnonzero(rows.gaps[begin:end]) + begin
    which, run = np.nonzero(rows.fine_gap[block])
    if not 0 < which.size <= MOST_GAPS:
        return np.empty(0, np.int64)
    block = block[which]
    times, values, _bads = samples(block, run)
    real = np.arange(FINE) < (rows.count[block] - run * FINE)[:, None]
    found: Longs = times[real & np.isnan(values)]
    return found
