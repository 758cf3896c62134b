"""Acknowledgement facts on their way to the alarms: from this or another console, in any order, never refused."""

from uuid import UUID

from console.domain.acknowledgement import Standing
from console.domain.acknowledgements import AckInterval, TakenBack
from console.domain.alarm_step import Alarm
from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmState, Occurrence
from console.services.alarms.acknowledgements import KEPT_US, Acknowledgements
from console.services.alarms.alarm_book import AlarmBook

TIDY_EVERY_S = 3600.0


class Acknowledging:
    """At start the journal is replayed into this first, then the open alarms are restored."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self._tidied: float | None = None

    @property
    def kept(self) -> Acknowledgements:
        """What is known of each condition; for digests."""
        return self._book.acknowledgements

    def apply(self, condition_id: UUID, interval: AckInterval, now_us: int) -> bool:
        """One acknowledgement. True when an alarm changed."""
        return self._book.acknowledge(condition_id, interval, now_us)

    def take_back(self, condition_id: UUID, act: TakenBack, who: str, now_us: int) -> bool:
        """One un-acknowledgement. True when an alarm changed."""
        return self._book.take_back(condition_id, act, who, now_us)

    def recheck(self, condition_id: UUID, now_us: int) -> bool:
        """After `kept.drop` and all its facts again. True when the alarm waits for acknowledgement again."""
        return self._book.recheck(condition_id, now_us)

    def covering(self, occurrence: Occurrence) -> tuple[AckInterval, ...]:
        """Those that acknowledge a current occurrence, first given first; none for one that is not on its row."""
        row = self._book.current_row(occurrence)
        if row is None or self._book.rows.state[row] == AlarmState.NORMAL:
            return ()
        return self.kept.all_covering(occurrence.condition_id, self._book.rows.load(row))

    def standing(self, occurrence: Occurrence) -> Standing:
        """How it stands now; what is unknown or no longer the one on its row is stale."""
        alarm = self._known(occurrence)
        if alarm is None:
            return Standing.STALE
        if alarm.state in UNACKNOWLEDGED_STATES:
            return Standing.OPEN
        if alarm.state is not AlarmState.NORMAL:
            return Standing.ACKNOWLEDGED
        # closed meanwhile: by somebody's acknowledgement, or retired
        covering = self.kept.covering(occurrence.condition_id, alarm)
        return Standing.STALE if covering is None else Standing.ACKNOWLEDGED

    def _known(self, occurrence: Occurrence) -> Alarm | None:
        """The occurrence while it is on its row, or over since it was there last."""
        row = self._book.row_of(occurrence.condition_id)
        if row is None:
            return None
        over = self._book.behind.over(row)
        if over is not None and over.start_us == occurrence.start_us:
            return over
        return self._book.rows.load(row) if self._book.current_row(occurrence) is not None else None

    def tick(self, now_us: int, mono_s: float) -> None:
        """Once an hour: forget what was seen long ago and concerns nothing that is open. Never during replay."""
        if self._tidied is None:
            self._tidied = mono_s
        elif mono_s - self._tidied >= TIDY_EVERY_S:
            self._tidied = mono_s
            self.kept.forget(now_us - KEPT_US, self._is_open)

    def _is_open(self, condition_id: UUID) -> bool:
        row = self._book.row_of(condition_id)
        if row is None:
            return False
        return bool(self._book.rows.state[row] != AlarmState.NORMAL) or bool(self.kept.older(row))
