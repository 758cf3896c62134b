"""Delayed escalation: what nobody acknowledged within the time of its class asks for attention anew, marked and logged.

`AlarmClass.escalate_s` counts from when this station annunciated the alarm, on the wall and on the monotonic clock,
whichever is over first: a clock set back delays nothing. It ends with the acknowledgement or the return, which is
logged too. A start makes no noise: what was due before it is marked in silence. The number in the log comes from the
occurrence, so that stations of one desk and a restart write one row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmState
from console.services.alarms.alarm_book import AlarmBook

LOOK_S = 1.0
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class _Due:
    start_us: int  # of the occurrence
    wall_us: int
    mono_s: float
    is_fired: bool = False


class Escalation:
    """Looks once a second; what is hidden waits, and is escalated when it is shown again."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self._looked_s: float | None = None
        self._of: dict[int, _Due] = {}

    def tick(self, now_us: int, mono_s: float) -> None:
        if self._looked_s is not None and mono_s - self._looked_s < LOOK_S:
            return
        self._looked_s = mono_s
        rows = self._book.rows
        here = slice(0, rows.size)
        armed: NDArray[np.int64] = np.flatnonzero(
            (rows.escalate_s[here] > 0) & (rows.state[here] == AlarmState.UNACKNOWLEDGED)
        )
        found = {}
        for row in armed.tolist():
            due = self._of.pop(row, None)
            if due is not None and due.start_us != rows.start_us[row]:
                self._end(row, due, now_us)
                due = None
            if due is None:
                due = self._arm(row, now_us, mono_s)
            if not due.is_fired and (now_us >= due.wall_us or mono_s >= due.mono_s) and not rows.is_hidden(row):
                due = self._fire(row, due, now_us)
            found[row] = due
        for row, due in self._of.items():
            self._end(row, due, now_us)
        self._of = found

    def _arm(self, row: int, now_us: int, mono_s: float) -> _Due:
        rows = self._book.rows
        start_us, lasts_s = int(rows.start_us[row]), int(rows.escalate_s[row])
        wall_us = now_us + lasts_s * SECOND_US
        if not self._book.annunciation.is_silent(row):
            return _Due(start_us, wall_us, mono_s + lasts_s)
        # known before a start, or listed in silence: counted from its own time, and told without a sound
        wall_us = min(int(rows.annunciated_us[row]), now_us) + lasts_s * SECOND_US
        due = _Due(start_us, wall_us, mono_s + max(0.0, (wall_us - now_us) / SECOND_US))
        if now_us < wall_us:
            return due
        self._mark(row, due, now_us)
        return _Due(start_us, wall_us, due.mono_s, is_fired=True)

    def _fire(self, row: int, due: _Due, now_us: int) -> _Due:
        self._mark(row, due, now_us)
        rows = self._book.rows
        self._book.annunciation.annunciate(row, int(rows.priority[row]), now_us)
        return _Due(due.start_us, due.wall_us, due.mono_s, is_fired=True)

    def _mark(self, row: int, due: _Due, now_us: int) -> None:
        self._book.rows.set_flag(row, AlarmFlag.ESCALATED, is_on=True)
        at_us = min(due.wall_us, now_us)
        self._book.log.put_flag(row, Transition.ESCALATED, _number(due.start_us), at_us, now_us)

    def _end(self, row: int, due: _Due, now_us: int) -> None:
        """Acknowledged, returned or gone: the follow-up of what was escalated."""
        if due.is_fired:
            self._book.log.put_flag(row, Transition.ESCALATION_ENDED, _number(due.start_us), now_us, now_us)


def _number(start_us: int) -> int:
    return (start_us ^ (start_us >> 31)) & 0x7FFFFFFF
