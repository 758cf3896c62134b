"""Band changes become triggers of their alarms: a few at once, a burst in slices, the most urgent rows first.

A burst of 50,000 must not hold up the window, and its critical alarms must not wait behind the others. Order holds
per row, whatever the urgency: a row is played whole, with everything that waits for it. What waits is not lost and
not seen: nobody's acknowledgement reaches it (`waiting_since`).
"""

from collections import deque
from collections.abc import Callable
from math import inf

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_step import Event, Trigger
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.limits import Rows
from console.services.alarms.plain_steps import BandSteps, PlainSteps

AT_ONCE = 64  # so many are played as they come, before the turn goes on
FEW = 4  # so few cost less one by one
SLICE_S = 0.006  # of a turn
_TOGETHER = 128  # rows that are taken from the lanes in one go
_STEP = 16  # rows between two looks at the clock, one by one
_AT_ONE_LOOK = 64  # changes of one row: a tag that oscillates must not hold up the others
_LANES = 6  # priorities 1 to 5, then returns
_RETURNS = _LANES
Change = tuple[int, int, int, float | None]  # at_us, old band, new band, value beside the alarm
Waiting = dict[int, list[Change | None]]  # row -> what waits for it; None: its source is not trusted from here on


class BandPlay:
    """Main thread only. `elapsed` measures a slice."""

    def __init__(self, book: AlarmBook, elapsed: Callable[[], float]) -> None:
        self._book = book
        self._plain = PlainSteps(book)
        self._elapsed = elapsed
        self._of: Waiting = {}
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

    def play(self, steps: BandSteps, now_us: int) -> None:
        """Changes of alarm rows, in order per row; many of them wait for `work`."""
        rows = steps.row.tolist()
        if not self._of and len(rows) <= AT_ONCE:
            if len(rows) > FEW and len(set(rows)) == len(rows):
                plain = self._plain.play(steps, now_us)
                steps = steps.of(~plain)
            for row, change in zip(steps.row.tolist(), _changes(steps), strict=True):
                self._apply(row, change, now_us)
            return
        for row, lane, change in zip(rows, self._urgency(steps).tolist(), _changes(steps), strict=True):
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
        until = self._elapsed() + SLICE_S
        while self._of:
            self._play_some(now_us, until)
            if self._elapsed() >= until:
                break

    def drain(self, now_us: int) -> None:
        """Everything that waits, now."""
        while self._of:
            self._play_some(now_us, inf)

    def _play_some(self, now_us: int, until: float) -> None:
        """The most urgent rows that wait: the plain ones together, then the others, back to their place when time is
        up."""
        some = self._take(_TOGETHER)
        self._play_plain(some, now_us)
        for at, (row, changes) in enumerate(some.items(), 1):
            self._play_row(row, changes, now_us)
            if at % _STEP == 0 and at < len(some) and self._elapsed() >= until:
                for left in list(some)[: at - 1 : -1]:
                    self._put_back(left, some[left])
                return

    def _play_plain(self, some: Waiting, now_us: int) -> None:
        """Those of which one change waits that is plain are played, and leave."""
        single = [(row, *changes[0]) for row, changes in some.items() if len(changes) == 1 and changes[0] is not None]
        if len(single) <= FEW:
            return
        row, at_us, old, new, value = zip(*single, strict=True)
        steps = BandSteps(
            np.array(row, np.int64),
            np.array(at_us, np.int64),
            np.array(old, np.int8),
            np.array(new, np.int8),
            np.array(value, np.float64),  # None becomes nan
            np.array([one is not None for one in value]),
        )
        for played in steps.row[self._plain.play(steps, now_us)].tolist():
            del some[played]

    def _play_row(self, row: int, changes: list[Change | None], now_us: int) -> None:
        if len(changes) > _AT_ONE_LOOK:
            self._put_back(row, changes[_AT_ONE_LOOK:])
        for change in changes[:_AT_ONE_LOOK]:
            self._apply(row, change, now_us)

    def _put_back(self, row: int, changes: list[Change | None]) -> None:
        self._of[row] = changes
        self._lanes[self._lane_of[row]].appendleft(row)

    def _take(self, most: int) -> Waiting:
        """The most urgent rows that wait. A row may stand in two lanes; it is taken once."""
        some: Waiting = {}
        for lane in self._lanes.values():
            while lane and len(some) < most:
                changes = self._of.pop(row := lane.popleft(), None)
                if changes is not None:
                    some[row] = changes
        return some

    def _urgency(self, steps: BandSteps) -> NDArray[np.int64]:
        priority = self._book.rows.priorities_of(steps.row, steps.new).astype(np.int64)
        return np.where(steps.new == 0, _RETURNS, np.clip(priority, 1, _LANES - 1))

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


def _changes(steps: BandSteps) -> list[Change]:
    values: list[float | None] = list(steps.value.tolist())
    for at in np.flatnonzero(~steps.has_value).tolist():
        values[at] = None
    return list(zip(steps.at_us.tolist(), steps.old.tolist(), steps.new.tolist(), values, strict=True))
