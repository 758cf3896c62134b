"""When a condition that is open at another station was seen normal here: what rises after that is no part of it.

Only band rows that are watched are looked at: open elsewhere, and not here. A note is made when a row leaves normal,
because one batch may hold the last normal sample, the crossing and the return, and an on-delay ends turns later.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

_KEPT = 64  # notes of a row that goes up and down and does not become an alarm; the newest count
Rows = NDArray[np.int64]
Times = NDArray[np.int64]
Flags = NDArray[np.bool_]


class NormalSeen:
    """By band row. `is_any` is all that the way of the samples pays while nothing is watched."""

    def __init__(self) -> None:
        self.is_any = False
        self.is_watched: Flags = np.zeros(0, bool)
        self._newest_us: Times = np.zeros(0, np.int64)  # of a row whose newest sample was normal, else 0
        self._left: dict[int, deque[tuple[int, int]]] = {}  # row -> (sample that left normal, last one before it)

    def grow(self, capacity: int) -> None:
        """Room for so many rows."""
        more = capacity - len(self.is_watched)
        self.is_watched = np.append(self.is_watched, np.zeros(more, bool))
        self._newest_us = np.append(self._newest_us, np.zeros(more, np.int64))

    def watch(self, rows: Rows) -> Rows:
        """Exactly these from now on; gives those that were not watched until now. What others had noted is gone."""
        before = np.flatnonzero(self.is_watched)
        for row in np.setdiff1d(before, rows).tolist():
            self.drop(row)
        self.is_watched[rows] = True
        self.is_any = bool(len(rows))
        return np.setdiff1d(rows, before)

    def add(self, row: int) -> None:
        """One more, which no sample has met yet."""
        self.is_watched[row] = self.is_any = True

    def drop(self, row: int) -> None:
        """Not watched any more."""
        self.is_watched[row] = False
        self.forget(row)

    def forget(self, row: int) -> None:
        """What was normal by other limits says nothing."""
        self._newest_us[row] = 0
        self._left.pop(row, None)

    def see(self, row: Rows, is_normal: Flags, at_us: Times) -> None:
        """Trusted samples of watched rows in order; rows may repeat."""
        others = row[~is_normal]
        if len(others):
            mixed = np.isin(row, others)
            self._see_leaving(row[mixed], is_normal[mixed], at_us[mixed])
            row, at_us = row[~mixed], at_us[~mixed]
        self._newest_us[row] = at_us

    def before(self, row: int, start_us: int) -> int:
        """Source time of the newest normal sample before what crossed at this time; 0: none was seen."""
        return next((normal for left, normal in reversed(self._left.get(row, ())) if left <= start_us), 0)

    def _see_leaving(self, row: Rows, is_normal: Flags, at_us: Times) -> None:
        matters = (self._newest_us[row] > 0) | np.isin(row, row[is_normal])
        for one, normal, time_us in zip(
            row[matters].tolist(), is_normal[matters].tolist(), at_us[matters].tolist(), strict=True
        ):
            if normal:
                self._newest_us[one] = time_us
            elif self._newest_us[one]:
                self._left.setdefault(one, deque(maxlen=_KEPT)).append((time_us, int(self._newest_us[one])))
                self._newest_us[one] = 0
