"""Resets of latched alarms: kept by occurrence, because one may come before the acknowledgement or the return."""

from collections.abc import Iterable
from uuid import UUID

from console.domain.alarm_step import ACKNOWLEDGE_FIRST, NOTHING_TO_RESET, STILL_ACTIVE
from console.domain.alarms import AlarmState, Occurrence
from console.domain.identity import Hash
from console.services.alarms.alarm_book import AlarmBook

NO_LONGER = "It is no longer the alarm on screen: its state changed."
NOT_LATCHED = "It does not latch: acknowledging is enough."
_WHY_NOT = {
    AlarmState.NORMAL: NOTHING_TO_RESET,
    AlarmState.UNACKNOWLEDGED: STILL_ACTIVE,
    AlarmState.ACKNOWLEDGED: STILL_ACTIVE,
    AlarmState.RETURNED_UNACKNOWLEDGED: NOT_LATCHED,
    AlarmState.LATCHED_UNACKNOWLEDGED: ACKNOWLEDGE_FIRST,
}


class Resets:
    """A reset closes its occurrence once that has returned and is acknowledged; before that it has no effect."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self._by: dict[Occurrence, set[Hash]] = {}
        self._withheld: set[Hash] = set()
        book.is_reset = self._is_reset

    def take(self, occurrence: Occurrence, by: Hash, now_us: int) -> None:
        """The fact, from wherever and whenever."""
        self._by.setdefault(occurrence, set()).add(by)
        self._settle(occurrence, now_us)

    def withhold(self, hashes: Iterable[Hash], now_us: int) -> None:
        """These events have no effect until released; what they closed before stays closed."""
        self._withheld |= set(hashes)

    def release(self, hashes: Iterable[Hash], now_us: int) -> None:
        freed = set(hashes) & self._withheld
        self._withheld -= freed
        for occurrence in [one for one, by in self._by.items() if by & freed]:
            self._settle(occurrence, now_us)

    def refusal(self, occurrence: Occurrence) -> str:
        """Why this occurrence cannot be reset now, in English; empty when it can."""
        row = self._book.current_row(occurrence)
        if row is None:
            return NO_LONGER
        return _WHY_NOT.get(AlarmState(int(self._book.rows.state[row])), "")

    def _is_reset(self, condition_id: UUID, start_us: int) -> bool:
        return bool(self._by.get(Occurrence(condition_id, start_us), set()) - self._withheld)

    def _settle(self, occurrence: Occurrence, now_us: int) -> None:
        row = self._book.current_row(occurrence)
        if row is not None:
            self._book.settle_latch(row, now_us)
