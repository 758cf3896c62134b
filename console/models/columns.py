"""Growing numpy columns: one array per field, doubled when full, so that a row is an index for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIRST = 64


class Columns:
    """Equal-length arrays by name. `size` rows are used; `self[name]` is a view of exactly these (do not keep it).

    Nothing is allocated, and numpy not loaded, before somebody reads or writes.
    """

    def __init__(self, **fields: tuple[str | type[np.generic], float]) -> None:
        """`fields`: name -> (dtype such as "f8", value of a row that nobody has written yet)."""
        self._fields = fields
        self._allocated: dict[str, NDArray[np.generic]] = {}
        self.size = 0

    @property
    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        if not self._allocated:
            import numpy as np

            self._allocated = {name: np.full(_FIRST, fill, dtype) for name, (dtype, fill) in self._fields.items()}
        return self._allocated

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self._arrays[name][: self.size]

    def reserve(self, size: int) -> None:
        """Make rows 0..size-1 exist."""
        if size <= self.size:
            return
        arrays = self._arrays
        capacity = len(next(iter(arrays.values())))
        if size > capacity:
            import numpy as np

            wanted = max(size, capacity * 2)
            for name, array in arrays.items():
                grown = np.full(wanted, self._fields[name][1], array.dtype)
                grown[:capacity] = array
                arrays[name] = grown
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
        for name, array in self._allocated.items():
            array[:] = self._fields[name][1]
        self.size = 0
