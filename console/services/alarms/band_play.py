"""Band changes become triggers of their alarms: a few at once, a burst in slices, the most urgent rows first.

A burst of 50,000 must not hold up the window, and its critical alarms must not wait behind the others. Order holds
per row, whatever the urgency: a row is played whole, with everything that waits for it. What waits is not lost and
not seen: nobody's acknowledgement reaches it (`waiting_since`).
"""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_step import Event, Trigger
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.limits import BandEvents, Rows

AT_ONCE = 256  # so many are played as they come, in their order
SLICE_S, LONG_SLICE_S = 0.006, 0.012  # of a turn; while many wait
MANY = 1000
_STEP = 16  # rows between two looks at the clock
_AT_ONE_LOOK = 64  # changes of one row: a tag that oscillates must not hold up the others
_LANES = 6  # priorities 1 to 5, then returns
_RETURNS = _LANES
Change = tuple[int, int, int, float | None]  # at_us, old band, new band, value beside the alarm


class BandPlay:
    """Main thread only. `elapsed` measures a slice."""

    def __init__(self, book: AlarmBook, elapsed: Callable[[], float]) -> None:
        self._book = book
        self._elapsed = elapsed
        self._of: dict[int, list[Change | None]] = {}  # row -> what waits for it; None: its source is not trusted
        self._lane_of: dict[int, int] = {}
        self._lanes: dict[int, deque[int]] = {lane: deque() for lane in range(1, _LANES + 1)}

    @property
    def waiting(self) -> int:
        """Rows whose changes wait for the next slice."""
        return len(self._of)

    def is_waiting(self, row: int) -> bool:
        return row in self._of

    def waiting_since(self, row: int) -> int | None:
        """Source time of the oldest change that waits for this row; None when nothing does."""
        return min((change[0] for change in self._of.get(row, ()) if change is not None), default=None)

    def play(self, rows: Rows, events: BandEvents, values: Sequence[float | None], now_us: int) -> None:
        """Changes of these alarm rows, in order per row; many of them wait for `work`."""
        changes = zip(events.at_us.tolist(), events.old.tolist(), events.new.tolist(), values, strict=True)
        if not self._of and len(rows) <= AT_ONCE:
            for row, change in zip(rows.tolist(), changes, strict=True):
                self._apply(row, change, now_us)
            return
        for row, lane, change in zip(rows.tolist(), self._urgency(rows, events.new).tolist(), changes, strict=True):
            waiting = self._of.get(row)
            if waiting is None:
                self._of[row] = [change]
            else:
                waiting.append(change)
                if lane >= self._lane_of[row]:
                    continue
            self._lane_of[row] = lane
            self._lanes[lane].append(row)

    def distrust(self, rows: Rows) -> None:
        """The sources of these rows cannot be trusted from here on: active alarms are held and marked."""
        if self._of:
            behind = [row for row in rows.tolist() if row in self._of]
            for row in behind:
                self._of[row].append(None)
            rows = np.setdiff1d(rows, behind)
        self._book.rows.set_uncertain(rows)

    def work(self, now_us: int) -> None:
        """One slice of what waits; at least a few rows, so that it ends however slow the machine is."""
        if not self._of:
            return
        until = self._elapsed() + (LONG_SLICE_S if len(self._of) > MANY else SLICE_S)
        while self._of:
            for _ in range(_STEP):
                if not self._of:
                    break
                self._play_row(self._next(), now_us)
            if self._elapsed() >= until:
                break

    def drain(self, now_us: int) -> None:
        """Everything that waits, now."""
        while self._of:
            self.work(now_us)

    def _play_row(self, row: int, now_us: int) -> None:
        changes = self._of.pop(row)
        if len(changes) > _AT_ONE_LOOK:
            self._of[row] = changes[_AT_ONE_LOOK:]
            self._lanes[self._lane_of[row]].appendleft(row)
        for change in changes[:_AT_ONE_LOOK]:
            self._apply(row, change, now_us)

    def _next(self) -> int:
        """The most urgent row that waits. A row may stand in two lanes; it is played once."""
        for lane in self._lanes.values():
            while lane:
                row = lane.popleft()
                if row in self._of:
                    return row
        raise LookupError("no row waits")

    def _urgency(self, rows: Rows, new: NDArray[np.int8]) -> NDArray[np.int64]:
        known = self._book.rows
        priority = np.where(new >= 2, known.outer[rows], known.inner[rows]).astype(np.int64)
        return np.where(new == 0, _RETURNS, np.clip(priority, 1, _LANES - 1))

    def _apply(self, row: int, change: Change | None, now_us: int) -> None:
        if change is None:
            self._book.rows.set_uncertain(np.array([row], np.int64))
            return
        at_us, old, new, value = change
        if old == 0:
            event = Event.CONDITION_TRUE
        elif new == 0:
            event = Event.CONDITION_FALSE
        else:
            event = Event.SEVERITY_UP if new > old else Event.SEVERITY_DOWN
        self._book.apply(row, Trigger(event, at_us, new), now_us, value)
