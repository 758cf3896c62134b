"""So many entries within a time before they become an alarm: lets band events through, or keeps them back."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class _Counted:
    count: int
    within_us: int
    entries: deque[int] = field(default_factory=deque)  # source times, at most `count`
    is_through: bool = False  # the present entry has become an alarm


class CountWindow:
    """By band row. Entries count by the source time of their crossing; the exit of what went through goes through."""

    def __init__(self) -> None:
        self._counted: dict[int, _Counted] = {}
        self._is_counted = np.zeros(256, bool)

    def configure(self, row: int, count: int, within_us: int, *, is_active: bool) -> bool:
        """Set or change what is wanted; `is_active`: an open alarm goes on. What was counted stays counted.

        Returns True when an entry that was kept back is an alarm by the new setting: the band must be judged anew.
        """
        known = self._counted.get(row)
        if count <= 1:
            self.forget(row)
            return known is not None and is_active and not known.is_through
        if known is None:
            known = self._counted[row] = _Counted(count, within_us, is_through=is_active)
        known.count, known.within_us = count, within_us
        while len(known.entries) > count:
            known.entries.popleft()
        if row >= len(self._is_counted):
            self._is_counted = np.concatenate([self._is_counted, np.zeros(max(row, 256), bool)])
        self._is_counted[row] = True
        if is_active and not known.is_through and len(known.entries) == count:
            known.entries.pop()  # it is judged as the same entry again
            return True
        return False

    def forget(self, row: int) -> None:
        if self._counted.pop(row, None) is not None:
            self._is_counted[row] = False

    def let_through(self, row: NDArray[np.int64], at_us: NDArray[np.int64], old: NDArray[np.int8],
                    new: NDArray[np.int8]) -> NDArray[np.bool_] | None:  # fmt: skip
        """Which of these events (in order per row) are told; None: all. The cost is that of the counted ones."""
        if not self._counted:
            return None
        known = row < len(self._is_counted)
        counted = np.flatnonzero(known & self._is_counted[np.where(known, row, 0)])
        if not len(counted):
            return None
        told = np.ones(len(row), bool)
        for i in counted.tolist():
            state = self._counted[int(row[i])]
            if old[i] == 0:
                state.is_through = self._enter(state, int(at_us[i]))
            told[i] = state.is_through
            if new[i] == 0:
                state.is_through = False
        return told

    def _enter(self, state: _Counted, at_us: int) -> bool:
        entries = state.entries
        entries.append(at_us)
        while entries[0] < at_us - state.within_us or len(entries) > state.count:
            entries.popleft()
        return len(entries) >= state.count
