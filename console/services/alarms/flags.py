"""Flags of rows: the one place where a row is hidden and shown again, and what it then does to list and horn.

Region 1 keeps running under any flag (OPC 10000-9 4.8); each flag comes and goes by itself. Main thread only.
"""

from collections.abc import Callable
from uuid import UUID

from console.domain.alarm_flags import HIDING, AlarmFlag
from console.domain.alarms import AlarmState
from console.services.alarms.alarm_book import AlarmBook
from console.services.records import AsideRecord

AsideOf = Callable[[UUID], AsideRecord | None]


class Flags:
    """Whoever decides about a flag (shelves, service, suppression) brings its `AsideRecord` by `explain`."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self._why: list[tuple[AlarmFlag, AsideOf]] = []
        book.rows.aside_of = self._aside

    def explain(self, flag: AlarmFlag, aside_of: AsideOf) -> None:
        """Who tells why a condition has this flag."""
        self._why.append((flag, aside_of))

    def hide(self, row: int, flag: AlarmFlag) -> bool:
        """The row leaves the list; its sound, and only its own, stops. True when the flag is new."""
        changed = self._book.rows.set_flag(row, flag, is_on=True)
        if changed:
            self._book.annunciation.end(row)
        return changed

    def show(self, row: int, flag: AlarmFlag) -> bool:
        """Lift one flag without a sound: the row is as it is. True when the flag was there."""
        if not self._book.rows.set_flag(row, flag, is_on=False):
            return False
        if self._book.rows.state[row] == AlarmState.UNACKNOWLEDGED:
            self._book.list_silently(row)
        return True

    def announce(self, row: int, flag: AlarmFlag, at_us: int, now_us: int, *, in_silence: bool = False) -> bool:
        """Lift one flag; what is active is unacknowledged and sounds, unless another flag still hides the row."""
        if not self.show(row, flag):
            return False
        if not self._book.rows.is_hidden(row):
            self._book.relist(row, at_us, now_us, in_silence=in_silence)
        return True

    def mark(self, condition_id: UUID, flag: AlarmFlag, *, is_on: bool) -> bool:
        """Set or take off what is only a mark (chattering, first-out). True when that changed it."""
        if flag & HIDING:
            raise ValueError(f"{flag!r} hides alarms: it is not set as a mark")
        row = self._book.row_of(condition_id)
        return row is not None and self._book.rows.set_flag(row, flag, is_on=is_on)

    def _aside(self, row: int) -> tuple[AsideRecord, ...]:
        condition_id, rows = self._book.ids[row], self._book.rows
        found = [why(condition_id) for flag, why in self._why if rows.has_flag(row, flag)]
        return tuple(record for record in found if record is not None)
