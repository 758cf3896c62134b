"""One exchange with the centre: push what it lacks, fetch what we lack, push the alarm lane; bounded, so that a
backlog never keeps an operator's act waiting for long."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.journal.envelope import RawEvent, decode_event
from console.services.journal.event_table import Tip, events_after, find_stream, place_of, tips
from console.services.sync.alarm_lane import RowsSince
from console.services.sync.central import BATCH, Central
from console.services.sync.vector import Difference, Span, compare

_PUSH_BATCHES = 8
_PULL_BATCHES = 4
_REST_S = 30.0


@dataclass(slots=True)
class Outcome:
    """What an exchange found. `is_drained` is False when more waits to be pushed or pulled at once."""

    pulled: list[RawEvent] = field(default_factory=list)
    pulled_streams: set[UUID] = field(default_factory=set)
    held: list[Tip] = field(default_factory=list)
    equal: set[UUID] = field(default_factory=set)
    waiting: int = 0
    is_drained: bool = True


class Exchange:
    """Works on a read-only connection to journal.db and a session with the centre; both belong to the sync thread.

    A whole stream (fork, doubt) is walked through over several runs and then rests, since its heads may stay apart.
    """

    def __init__(self, central: Central, journal: Connection, station: UUID) -> None:
        self._central = central
        self._journal = journal
        self._station = station
        self._reached: dict[tuple[UUID, str], tuple[int, bytes]] = {}
        self._rests_until: dict[tuple[UUID, str], float] = {}

    def run(self, *, may_pull: bool, in_doubt: Collection[UUID]) -> Outcome:
        """Push first, own streams before others, then pull unless what was pulled before is still taken in."""
        difference = self._compare(in_doubt)
        outcome = Outcome()
        budget = _PUSH_BATCHES
        for span in sorted(difference.push, key=self._is_foreign):
            budget = self._walk(span, "push", budget, self._push)
        if difference.push:
            difference = self._compare(in_doubt)
        outcome.is_drained = budget > 0
        if may_pull:
            budget = _PULL_BATCHES
            for span in difference.pull:
                budget = self._walk(span, "pull", budget, lambda *place: self._pull(outcome, *place))
            outcome.is_drained = outcome.is_drained and budget > 0
        outcome.held, outcome.equal, outcome.waiting = difference.held, difference.equal, difference.waiting
        return outcome

    def _compare(self, in_doubt: Collection[UUID]) -> Difference:
        theirs = self._central.tips()
        with self._journal.begin():
            return compare(tips(self._journal), theirs, lambda h: place_of(self._journal, h) is not None, in_doubt)

    def _is_foreign(self, span: Span) -> bool:
        with self._journal.begin():
            stream = find_stream(self._journal, span.stream)
        return stream is None or stream.station != self._station

    def _walk(
        self, span: Span, way: str, budget: int, step: Callable[[UUID, int, bytes], tuple[int, bytes] | None]
    ) -> int:
        """Move batch by batch along a span while the budget lasts; gives what is left of it."""
        key, after = (span.stream, way), (span.after_seq, span.after_hash)
        if span.is_whole:
            if time.monotonic() < self._rests_until.get(key, 0.0):
                return budget
            after = self._reached.pop(key, after)
        while budget > 0:
            reached = step(span.stream, *after)
            if reached is None:
                if span.is_whole:
                    self._rests_until[key] = time.monotonic() + _REST_S
                return budget
            after = reached
            budget -= 1
        if span.is_whole:
            self._reached[key] = after
        return budget

    def _push(self, stream: UUID, seq: int, event_hash: bytes) -> tuple[int, bytes] | None:
        with self._journal.begin():
            raws = events_after(self._journal, stream, seq, event_hash, BATCH)
        if not raws:
            return None
        events = [decode_event(raw) for raw in raws]
        self._central.push(events)
        return events[-1].seq, events[-1].raw.hash

    def _pull(self, outcome: Outcome, stream: UUID, seq: int, event_hash: bytes) -> tuple[int, bytes] | None:
        pulled = self._central.pull(stream, seq, event_hash)
        if not pulled:
            return None
        outcome.pulled += [raw for _, raw in pulled]
        outcome.pulled_streams.add(stream)
        return pulled[-1][0], pulled[-1][1].hash


def push_alarm_lane(
    central: Central, station_db: Connection, rows_since: RowsSince, rid: int, is_stopping: Callable[[], bool]
) -> int:
    """Push alarm rows behind a local row id, a bounded number of batches; gives the new row id."""
    for _ in range(_PUSH_BATCHES):
        with station_db.begin():
            rows = rows_since(station_db, rid, BATCH)
        if not rows or is_stopping():
            break
        central.push_alarm_log([row for _, row in rows])
        rid = rows[-1][0]
    return rid
