"""What stands behind the newest occurrence of a row: the older unacknowledged ones, and the newest that is over.

Earlier unacknowledged occurrences stay in reach. While the newest is listed they wait
behind it; as soon as it is over the newest of them has the row again, returned and unacknowledged, silently: it was
heard when it came. What was over before it is kept in mind, because new occurrences are named after it, and because
an acknowledgement that closed it may be taken back.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from console.domain.alarm_step import Alarm, Returning, Transition
from console.domain.alarms import AlarmState, Occurrence
from console.services.alarms.acknowledgements import Acknowledgements
from console.services.alarms.alarm_rows import AlarmRows
from console.services.alarms.transition_log import TransitionLog


def _no_note(_occurrence: Occurrence) -> str:
    return ""


class Behind:
    """Main thread only; a part of the book."""

    def __init__(
        self, rows: AlarmRows, ids: Sequence[UUID], acknowledgements: Acknowledgements, log: TransitionLog
    ) -> None:
        self._rows = rows
        self._ids = ids
        self._acknowledgements = acknowledgements
        self._log = log
        self._over: dict[int, Alarm] = {}  # row -> newest occurrence, which is over while an older one has the row
        self.note_of: Callable[[Occurrence], str] = _no_note  # what stands beside an occurrence

    def newest(self, row: int, on_row: Alarm) -> Alarm:
        """The occurrence that began last, whether it is still on the row or over."""
        over = self._over.get(row)
        return over if over is not None and over.start_us > on_row.start_us else on_row

    def over(self, row: int) -> Alarm | None:
        """The newest occurrence, where it is over and an older one has or had the row since; else None."""
        return self._over.get(row)

    def forget_over(self, row: int) -> None:
        """It is on the row again, or a new one is."""
        self._over.pop(row, None)

    def push(self, row: int, alarm: Alarm, now_us: int) -> None:
        """A newer occurrence takes the row of this unacknowledged one."""
        dropped = self._acknowledgements.supersede(row, alarm)
        if dropped is not None:
            self._log.put(row, dropped, (Transition.SUPERSEDED,), now_us, now_us)

    def take_over(self, row: int, now_us: int) -> bool:
        """The row is normal: the newest older one that nobody acknowledged has it. True when there is one."""
        over = self._rows.load(row)
        if over.state is not AlarmState.NORMAL:
            return False
        while (alarm := self._acknowledgements.take_newest(row)) is not None:
            if self._acknowledgements.covering(self._ids[row], alarm) is None:
                self._put_back(row, alarm, over)
                return True
            self._log.put(row, alarm, (Transition.CLOSED,), now_us, now_us)  # that was not written any more
        return False

    def retire(self, row: int, at_us: int, now_us: int) -> None:
        """The condition left the configuration, and what is behind its row with it."""
        while (alarm := self._acknowledgements.take_newest(row)) is not None:
            self._log.put(row, alarm, (Transition.RETIRED,), at_us, now_us)

    def _put_back(self, row: int, alarm: Alarm, over: Alarm) -> None:
        latches = over.returning is Returning.LATCHING  # as its class is now, like after a restart
        state = AlarmState.LATCHED_UNACKNOWLEDGED if latches else AlarmState.RETURNED_UNACKNOWLEDGED
        ended_us = alarm.returned_us or over.start_us
        self._over[row] = self.newest(row, over)
        self._rows.store(row, replace(alarm, state=state, returned_us=ended_us, severity=0, returning=over.returning))
        self._rows.acked_by.pop(row, None)
        note = self.note_of(Occurrence(self._ids[row], alarm.start_us))
        if note:
            self._rows.notes[row] = note
        else:
            self._rows.notes.pop(row, None)
