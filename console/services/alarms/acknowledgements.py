"""Who has seen which part of a condition's time; kept by condition, because facts may come before their alarm."""

from collections import deque
from uuid import UUID

from console.domain.alarm_step import Acknowledgement, Alarm, covers

KEPT_INTERVALS = 8  # the newest by reach; older ones cannot cover what is open now
KEPT_OLDER = 20  # unacknowledged occurrences in reach behind the one on the row


class Acknowledgements:
    """Intervals of every condition, and the older unacknowledged occurrences of each row."""

    def __init__(self) -> None:
        self._intervals: dict[UUID, list[Acknowledgement]] = {}
        self._older: dict[int, deque[Alarm]] = {}

    def add(self, condition_id: UUID, acknowledgement: Acknowledgement) -> bool:
        """Keep an interval; False when it is already known (facts arrive more than once)."""
        known = self._intervals.setdefault(condition_id, [])
        if any(
            (a.start_us, a.seen_through_us) == (acknowledgement.start_us, acknowledgement.seen_through_us)
            for a in known
        ):
            return False
        known.append(acknowledgement)
        known.sort(key=lambda a: a.seen_through_us, reverse=True)
        del known[KEPT_INTERVALS:]
        return True

    def covering(self, condition_id: UUID, alarm: Alarm) -> Acknowledgement | None:
        """An interval that covers the occurrence, or None."""
        for acknowledgement in self._intervals.get(condition_id, ()):
            if covers(acknowledgement, alarm):
                return acknowledgement
        return None

    def supersede(self, row: int, alarm: Alarm) -> Alarm | None:
        """A newer occurrence takes the row. Returns the oldest unacknowledged one when it falls out of reach."""
        older = self._older.setdefault(row, deque())
        older.append(alarm)
        return older.popleft() if len(older) > KEPT_OLDER else None

    def older(self, row: int) -> tuple[Alarm, ...]:
        """Older unacknowledged occurrences of the row, oldest first."""
        return tuple(self._older.get(row, ()))

    def take_covered(self, row: int, acknowledgement: Acknowledgement) -> list[Alarm]:
        """Older occurrences that this interval covers; they are no longer kept."""
        older = self._older.get(row)
        if not older:
            return []
        covered = [alarm for alarm in older if covers(acknowledgement, alarm)]
        if covered:
            self._older[row] = deque(alarm for alarm in older if alarm not in covered)
        return covered
