"""Collects decoded samples row by row and hands them on as numpy columns; applies the wrong-clock and NaN rules."""

from array import array

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Detail, Quality
from console.services.telemetry.batch import FLAG_HISTORICAL, SampleBatch

AHEAD_US = 5 * 60 * 1_000_000  # by more than this a clock is wrong
BEHIND_US = 24 * 3600 * 1_000_000
_MAX_MS = 1 << 52  # beyond every calendar; keeps milliseconds x 1000 inside int64


class SampleColumns:
    """Rows in delivery order. The four arrays are public because the decoder's inner loop appends to them.

    `stamps` are source times in ms UTC as sent (uint64). `odd` holds (quality, detail, flags) of rows that are not
    simply GOOD. A message's rows become valid with `end_message`; `rollback` takes back those of a broken one.
    """

    __slots__ = ("_ends", "_receives", "exact", "handles", "odd", "stamps", "texts", "values")

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.handles = array("i")
        self.stamps = array("Q")
        self.values = array("d")
        self.odd: dict[int, tuple[int, int, int]] = {}
        self.texts: dict[int, str] = {}
        self.exact: dict[int, int] = {}
        self._ends: list[int] = []
        self._receives: list[int] = []

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def end_message(self, receive_us: int) -> None:
        """All rows since the last call were received at `receive_us`."""
        end = len(self.handles)
        if self._receives and self._receives[-1] == receive_us:
            self._ends[-1] = end
        elif end > len(self):
            self._ends.append(end)
            self._receives.append(receive_us)

    def rollback(self) -> None:
        """Forget the rows of a message that could not be read to its end."""
        n = len(self)
        for column in (self.handles, self.stamps, self.values):
            del column[n:]
        for beside in (self.odd, self.texts, self.exact):
            for row in [row for row in beside if row >= n]:
                del beside[row]

    def take(self) -> SampleBatch | None:
        """The rows of all ended messages as one batch, or None when there are none; starts anew."""
        if not self._ends:
            return None
        handle = np.frombuffer(self.handles, np.int32)
        value = np.frombuffer(self.values, np.float64).copy()
        n = len(handle)
        receive = np.repeat(np.array(self._receives, np.int64), np.diff(np.array(self._ends), prepend=0))
        quality, detail, flags = self._odd_columns(n)
        source = np.minimum(np.frombuffer(self.stamps, np.uint64), np.uint64(_MAX_MS)).astype(np.int64) * 1000
        texts, exact = self.texts, self.exact
        self._clear()
        mark_not_finite(value, quality, detail, texts)
        right_clocks(source, receive, detail, flags)
        return SampleBatch(handle, source, receive, value, quality, detail, flags, texts, exact)

    def _odd_columns(self, n: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        columns = np.zeros((3, n), np.uint8)
        if self.odd:
            rows = np.fromiter(self.odd, np.int64, len(self.odd))
            columns[:, rows] = np.array(list(self.odd.values()), np.uint8).T
        return columns[0], columns[1], columns[2]


def mark_not_finite(
    value: NDArray[np.float64], quality: NDArray[np.uint8], detail: NDArray[np.uint8], texts: dict[int, str]
) -> None:
    """NaN and infinities are no numbers of the plant: BAD, NOT_FINITE, shown by what was sent. In place."""
    strange = ~np.isfinite(value)
    if not strange.any():
        return
    if texts:
        strange[np.fromiter(texts, np.int64, len(texts))] = False
    for row in np.flatnonzero(strange & (quality == Quality.GOOD) & (detail == Detail.NONE)).tolist():
        sent = value[row]
        texts[row] = "NaN" if np.isnan(sent) else "+Infinity" if sent > 0 else "-Infinity"
        value[row] = np.nan
        quality[row] = Quality.BAD
        detail[row] = Detail.NOT_FINITE


def right_clocks(
    source: NDArray[np.int64], receive: NDArray[np.int64], detail: NDArray[np.uint8], flags: NDArray[np.uint8]
) -> None:
    """More than 5 min ahead or, unless historical, 24 h behind: receive time and BAD_CLOCK. In place."""
    wrong = source > receive + AHEAD_US
    wrong |= (source < receive - BEHIND_US) & (flags & FLAG_HISTORICAL == 0)
    if wrong.any():
        source[wrong] = receive[wrong]
        detail[wrong & (detail == Detail.NONE)] = Detail.BAD_CLOCK
