"""Which rows show, in which order: kept sorted by merging what changed, never by sorting everything again.

An order is an array of rows: `order[i]` is the row shown at position i. Keys are uint64 per row, ascending; equal keys
stand by row, so that an order does not depend on its history.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Keys = NDArray[np.uint64]
SortColumn = NDArray[np.int64] | NDArray[np.float64]

NO_ROWS: Rows = np.empty(0, np.int32)
_MERGE_SHARE = 4  # beyond a quarter of the rows a plain sort is as fast as the merge
_LAST_SHIFT = np.uint64(63)
_RANK_SHIFT = np.uint64(60)
_TIME_MASK = np.uint64((1 << 60) - 1)


def pack_keys(is_last: NDArray[np.bool_], rank: NDArray[np.uint8], newest_us: NDArray[np.int64]) -> Keys:
    """One number per row: bit 63 `is_last`, bits 60-62 `rank` 0..7, below the inverted time, so that the newest leads.

    Times are microseconds UTC from 0 to 2**60 (the year 38,000); times outside are cut to it.
    """
    time = np.clip(newest_us, 0, int(_TIME_MASK)).astype(np.uint64)
    ranked = (rank.astype(np.uint64) & np.uint64(7)) << _RANK_SHIFT
    return np.asarray((is_last.astype(np.uint64) << _LAST_SHIFT) | ranked | (_TIME_MASK - time), np.uint64)


def sorted_rows(keys: Keys, shown: NDArray[np.bool_]) -> Rows:
    """All rows with `shown[row]`, by key."""
    rows = np.flatnonzero(shown).astype(np.int32)
    return rows[np.argsort(keys[rows], kind="stable")]


def merged_rows(order: Rows, keys: Keys, shown: NDArray[np.bool_], changed: Rows) -> Rows:
    """The order after the `changed` rows (distinct) got new keys or came or left; all others kept key and place.

    O(n) copies and O(k log n) comparisons for k changed of n rows.
    """
    if len(changed) * _MERGE_SHARE > len(order):
        return sorted_rows(keys, shown)
    is_changed = np.zeros(len(keys), np.bool_)
    is_changed[changed] = True
    rest = order[~is_changed[order]]
    coming = np.sort(changed[shown[changed]])
    coming = coming[np.argsort(keys[coming], kind="stable")]
    return np.insert(rest, _places(rest, coming, keys), coming)


def rows_sorted_by(columns: Sequence[tuple[SortColumn, bool]], keys: Keys, shown: NDArray[np.bool_]) -> Rows:
    """Shown rows by (column, is_descending) pairs, the first one first, then by key. NaN comes last either way."""
    rows = np.flatnonzero(shown).astype(np.int32)
    levels: list[NDArray[np.generic]] = [keys[rows]]
    for values, is_descending in reversed(columns):
        level = values[rows]
        levels.append(-level if is_descending else level)
    return rows[np.lexsort(levels)]


def positions(order: Rows, size: int) -> Rows:
    """Position of each of `size` rows, -1 for one that is not shown."""
    inverse = np.full(size, -1, np.int32)
    inverse[order] = np.arange(len(order), dtype=np.int32)
    return inverse


def _places(rest: Rows, coming: Rows, keys: Keys) -> NDArray[np.intp]:
    """Where in `rest` each of `coming` belongs, both in order: by key, among equal keys by row."""
    sorted_keys, wanted = keys[rest], keys[coming]
    low = np.searchsorted(sorted_keys, wanted, "left")
    high = np.searchsorted(sorted_keys, wanted, "right")
    while (is_open := low < high).any():  # few have an equal, so halving among the equals costs next to nothing
        middle = (low + high) // 2
        is_before = is_open & (rest[np.minimum(middle, len(rest) - 1)] < coming)
        low = np.where(is_before, middle + 1, low)
        high = np.where(is_open & ~is_before, middle, high)
    return low
