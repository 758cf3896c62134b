"""Which rows show, in which order: kept sorted by merging what changed, never by sorting everything again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Keys = NDArray[np.uint64]
SortColumn = NDArray[np.int64] | NDArray[np.float64]

_MERGE_SHARE = 4  # beyond a quarter of the rows a plain sort is as fast as the merge


class RowOrder:
    """Rows by ascending key; equal keys by row. `rows[i]` is the row shown at position i."""

    def __init__(self) -> None:
        self.rows: Rows = np.empty(0, np.int32)

    def sort(self, keys: Keys, shown: NDArray[np.bool_]) -> None:
        """Order anew all rows with `shown[row]`."""
        rows = np.flatnonzero(shown).astype(np.int32)
        self.rows = rows[np.argsort(keys[rows], kind="stable")]

    def merge(self, keys: Keys, shown: NDArray[np.bool_], changed: Rows) -> None:
        """Put the `changed` rows (distinct) to their places; all others kept their key and their place.

        O(n) copies and O(k log n) comparisons for k changed of n rows.
        """
        if len(changed) * _MERGE_SHARE > len(self.rows):
            self.sort(keys, shown)
            return
        is_changed = np.zeros(len(keys), np.bool_)
        is_changed[changed] = True
        rest = self.rows[~is_changed[self.rows]]
        coming = np.sort(changed[shown[changed]])
        coming = coming[np.argsort(keys[coming], kind="stable")]
        places = np.searchsorted(keys[rest], keys[coming])
        self.rows = _settle_ties(np.insert(rest, places, coming), keys)

    def sort_by(self, columns: Sequence[tuple[SortColumn, bool]], keys: Keys, shown: NDArray[np.bool_]) -> None:
        """Order by (column, is_descending) pairs, the first one first, then by key. NaN comes last either way."""
        rows = np.flatnonzero(shown).astype(np.int32)
        levels: list[NDArray[np.generic]] = [keys[rows]]
        for values, is_descending in reversed(columns):
            level = values[rows]
            levels.append(-level if is_descending else level)
        self.rows = rows[np.lexsort(levels)]

    def positions(self, size: int) -> NDArray[np.int32]:
        """Position of each of `size` rows, -1 for one that is not shown."""
        inverse = np.full(size, -1, np.int32)
        inverse[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return inverse


def _settle_ties(rows: Rows, keys: Keys) -> Rows:
    """Rows of equal key by row number, so that the order does not depend on the history of merges."""
    if len(rows) < 2:
        return rows
    sorted_keys = keys[rows]
    is_equal = sorted_keys[1:] == sorted_keys[:-1]
    if not is_equal.any() or not (rows[1:] < rows[:-1])[is_equal].any():
        return rows
    tied = np.zeros(len(rows), np.bool_)
    tied[1:] |= is_equal
    tied[:-1] |= is_equal
    places = np.flatnonzero(tied)
    settled = rows.copy()
    settled[places] = rows[places][np.lexsort((rows[places], sorted_keys[places]))]
    return settled
