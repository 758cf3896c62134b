"""Who has seen which part of a condition's time; kept by condition, because facts may come before their alarm."""

from collections import deque
from collections.abc import Callable, Container, Mapping
from hashlib import sha256
from uuid import UUID

from console.domain.acknowledgements import AckInterval, AckSet, Occurred, TakenBack
from console.domain.alarm_step import Acknowledgement, Alarm

KEPT_OLDER = 20  # unacknowledged occurrences in reach behind the one on the row
KEPT_US = 30 * 24 * 3600 * 1_000_000  # what was seen longer ago covers no alarm that is not open now
_FIELD = 1 << 256


class Acknowledgements:
    """Intervals of every condition, and the older unacknowledged occurrences of each row."""

    def __init__(self) -> None:
        self._sets: dict[UUID, AckSet] = {}
        self._older: dict[int, deque[Alarm]] = {}
        self._forgotten: dict[UUID, int] = {}  # sum of the digests of what is no longer kept
        self._touched: set[UUID] = set()
        self._archived: dict[UUID, int] = {}  # sum of the digests of what left the journal before it was replayed
        self.archived_next: Mapping[UUID, int] = {}  # the same as of now: it counts when a condition is made anew

    def add(self, condition_id: UUID, interval: AckInterval) -> bool:
        """Keep an interval; False when it is already known (facts arrive more than once)."""
        self._touched.add(condition_id)
        return self._sets.setdefault(condition_id, AckSet()).put(interval)

    def take_back(self, condition_id: UUID, act: TakenBack) -> bool:
        """What it names counts no more, whether it is here or comes later; False when the act is known."""
        self._touched.add(condition_id)
        return self._sets.setdefault(condition_id, AckSet()).take_back(act)

    def knows(self, condition_id: UUID) -> bool:
        """Whether anybody ever acknowledged or took back anything of this condition."""
        return condition_id in self._sets

    def covering(self, condition_id: UUID, alarm: Alarm) -> Acknowledgement | None:
        """The first given of those that cover the occurrence, or None."""
        first = next(iter(self.all_covering(condition_id, alarm)), None)
        if first is None:
            return None
        reach_us = max(first.seen_through_us, first.exactly_us)
        return Acknowledgement(first.start_us, reach_us, first.user_id, first.comment)

    def all_covering(self, condition_id: UUID, alarm: Alarm) -> tuple[AckInterval, ...]:
        """Every one that covers the occurrence, first given first."""
        known = self._sets.get(condition_id)
        return () if known is None else known.covering(_occurred(alarm))

    def annunciated_us(self, condition_id: UUID, alarm: Alarm) -> int:
        """The alarm's newest annunciation, un-acknowledgements included."""
        known = self._sets.get(condition_id)
        return alarm.annunciated_us if known is None else known.annunciated_us(_occurred(alarm))

    def supersede(self, row: int, alarm: Alarm) -> Alarm | None:
        """A newer occurrence takes the row. Returns the oldest unacknowledged one when it falls out of reach."""
        older = self._older.setdefault(row, deque())
        older.append(alarm)
        return older.popleft() if len(older) > KEPT_OLDER else None

    def older(self, row: int) -> tuple[Alarm, ...]:
        """Older unacknowledged occurrences of the row, oldest first."""
        return tuple(self._older.get(row, ()))

    def take_covered(self, row: int, condition_id: UUID) -> list[tuple[Alarm, Acknowledgement]]:
        """Older occurrences that are acknowledged by now, each with what covers it; they are no longer kept."""
        older = self._older.get(row)
        if not older:
            return []
        covered = [(one, by) for one in older if (by := self.covering(condition_id, one)) is not None]
        if covered:
            gone = [one for one, _by in covered]
            self._older[row] = deque(one for one in older if one not in gone)
        return covered

    def take_older(self, row: int, starts: Container[int]) -> tuple[Alarm, ...]:
        """Older occurrences that began at one of these times; they are no longer kept."""
        older = self._older.get(row)
        if not older:
            return ()
        gone = tuple(one for one in older if one.start_us in starts)
        self._older[row] = deque(one for one in older if one not in gone)
        return gone

    def take_newest(self, row: int) -> Alarm | None:
        """The newest older occurrence, which is no longer kept; None when there is none."""
        older = self._older.get(row)
        return older.pop() if older else None

    def forget(self, before_us: int, is_open: Callable[[UUID], bool]) -> int:
        """Drop what reaches no further than this and concerns no open occurrence; returns how many are dropped."""
        dropped = 0
        for condition_id, known in list(self._sets.items()):
            if is_open(condition_id):
                continue
            gone = known.forget(before_us)
            if gone:
                forgotten = self._forgotten.get(condition_id, 0) + sum(map(digest_of, gone))
                self._forgotten[condition_id] = forgotten % _FIELD
                dropped += len(gone)
            if known.is_empty:
                del self._sets[condition_id]
        return dropped

    def drop(self, condition_id: UUID) -> None:
        """Know nothing of a condition any more: its facts are about to be taken in anew."""
        self._sets.pop(condition_id, None)
        self._forgotten.pop(condition_id, None)
        if condition_id in self.archived_next:
            self._archived[condition_id] = self.archived_next[condition_id]
        self._touched.add(condition_id)

    def set_archived(self, sums: Mapping[UUID, int]) -> None:
        """Before the replay: what the digests of conditions lack because it is in the archive alone."""
        self._archived = dict(sums)
        self.archived_next = dict(sums)
        self._touched.update(sums)

    def take_touched(self) -> frozenset[UUID]:
        """Conditions whose digest may be another one since the last call."""
        touched, self._touched = self._touched, set()
        return frozenset(touched)

    def digest(self, condition_id: UUID) -> bytes | None:
        """32 bytes, equal wherever the same facts were taken in, also after old ones were forgotten; None for none.

        A sum, so that it follows neither the order of arrival nor what one station forgot earlier than another.
        """
        known = self._sets.get(condition_id)
        forgotten = self._forgotten.get(condition_id, 0) + self._archived.get(condition_id, 0)
        if known is None and not forgotten:
            return None
        return ((forgotten + sum(map(digest_of, known or ()))) % _FIELD).to_bytes(32, "big")


def _occurred(alarm: Alarm) -> Occurred:
    return Occurred(alarm.start_us, alarm.annunciated_us, alarm.returned_us)


def digest_of(one: AckInterval | TakenBack) -> int:
    """What one act adds to the digest of its condition."""
    named = tuple(sorted(one.named)) if isinstance(one, TakenBack) else ()
    told = (one.by, one.hlc, one.start_us, one.seen_through_us, named)
    return int.from_bytes(sha256(repr(told).encode()).digest(), "big")
