"""The re-alarm timer: what is acknowledged and still active after the time of its class waits anew, and sounds.

The time runs on PC clocks, not in source time: what runs out is a person's attention. It counts from the newest
acknowledgement's own wall time, so that every station comes to the same, and on the monotonic clock from when this
station knew of it: whichever is first, so that a clock set back delays nothing. Doubt waits: a value that is not
known to be fresh (after a restart, while the source is lost) re-alarms only when it is.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Event, Trigger
from console.domain.alarms import AlarmState
from console.services.alarms.alarm_book import AlarmBook

LOOK_S = 1.0
SECOND_US = 1_000_000
_HLC_MS_SHIFT = 16


class Realarm:
    """Looks once a second; costs a few array operations for all rows, and more only for what was just acknowledged."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self.is_fresh: Callable[[int], bool] = lambda _row: True  # whether it is known that the row is active now
        self._looked_s: float | None = None
        self._of: dict[
            int, tuple[int, int, float]
        ] = {}  # row -> annunciation it was for, due by wall, due by monotonic

    def tick(self, now_us: int, mono_s: float) -> None:
        if self._looked_s is not None and mono_s - self._looked_s < LOOK_S:
            return
        self._looked_s = mono_s
        rows = self._book.rows
        here = slice(0, rows.size)
        armed: NDArray[np.int64] = np.flatnonzero(
            (rows.realarm_s[here] > 0) & (rows.state[here] == AlarmState.ACKNOWLEDGED)
        )
        if not len(armed):
            self._of.clear()
            return
        found = {}
        for row in armed.tolist():
            due = self._of.get(row)
            if due is None or due[0] != rows.annunciated_us[row]:
                due = self._due(row, now_us, mono_s)
            if (now_us >= due[1] or mono_s >= due[2]) and self.is_fresh(row):
                self._fire(row, due[1], now_us)
            else:
                found[row] = due
        self._of = found

    def _due(self, row: int, now_us: int, mono_s: float) -> tuple[int, int, float]:
        alarm, lasts_s = self._book.rows.load(row), int(self._book.rows.realarm_s[row])
        covering = self._book.acknowledgements.all_covering(self._book.ids[row], alarm)
        given_us = max(((one.hlc >> _HLC_MS_SHIFT) * 1000 for one in covering), default=now_us)
        return alarm.annunciated_us, min(given_us, now_us) + lasts_s * SECOND_US, mono_s + lasts_s

    def _fire(self, row: int, due_us: int, now_us: int) -> None:
        alarm = self._book.rows.load(row)
        at_us = self._book.beyond(row, alarm, self._book.node_time_us(row, min(due_us, now_us), now_us))
        if self._book.apply(row, Trigger(Event.REALARM, at_us), now_us).logs:
            self._book.rows.set_flag(row, AlarmFlag.REALARMED, is_on=True)
