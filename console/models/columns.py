"""Growing numpy columns: one array per field, doubled when full, so that a row is an index for ever."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Columns:
    """Equal-length arrays by name. `size` rows are used; `self[name]` is a view of exactly these (do not keep it)."""

    def __init__(self, **fields: tuple[DTypeLike, float]) -> None:
        """`fields`: name -> (dtype, value of a row that nobody has written yet)."""
        self._fill = {name: fill for name, (_dtype, fill) in fields.items()}
        self._arrays: dict[str, NDArray[np.generic]] = {
            name: np.full(64, fill, dtype) for name, (dtype, fill) in fields.items()
        }
        self.size = 0

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self._arrays[name][: self.size]

    def reserve(self, size: int) -> None:
        """Make rows 0..size-1 exist."""
        if size <= self.size:
            return
        capacity = len(next(iter(self._arrays.values())))
        if size > capacity:
            wanted = max(size, capacity * 2)
            for name, array in self._arrays.items():
                grown = np.full(wanted, self._fill[name], array.dtype)
                grown[:capacity] = array
                self._arrays[name] = grown
        self.size = size

    def write(self, rows: NDArray[np.int32], values: Mapping[str, NDArray[np.generic]]) -> None:
        """Set `values[name][i]` at `rows[i]`; of equal rows the last one stands."""
        if not len(rows):
            return
        self.reserve(int(rows.max()) + 1)
        for name, column in values.items():
            self._arrays[name][rows] = column

    def clear(self) -> None:
        """Forget all rows."""
        for name, array in self._arrays.items():
            array[:] = self._fill[name]
        self.size = 0
