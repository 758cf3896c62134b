"""The road to the centre: carries the questions of an exchange to its SQL functions, and the alarm log in its lane."""

import logging
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.journal.envelope import BadEvent, Event, RawEvent, decode_event
from console.services.journal.event_table import Tip
from console.services.journal.store import Disk
from console.services.sync import messages as m
from console.services.sync.alarm_lane import RowsSince
from console.services.sync.central import BATCH, Central
from console.services.sync.conversation import Budget, Outcome, exchange
from console.services.sync.fork_search import digest

_LANE_BATCHES = 8
_HASHES_AT_ONCE = 4096
log = logging.getLogger(__name__)


class Exchange:
    """Works on a read-only view of journal.db and a session with the centre; both belong to the sync thread."""

    def __init__(self, central: Central, disk: Disk, hello: m.Hello) -> None:
        self._central = central
        self._disk = disk
        self._hello = hello
        self._chains: dict[UUID, list[Tip]] = {}

    def run(self, *, may_pull: bool, resting: Collection[UUID], budget: Budget | None = None) -> Outcome:
        """Push first, own streams before others, then pull unless what was pulled before is still taken in."""
        outcome = Outcome()
        self._chains.clear()
        talk = exchange(
            self._disk,
            self._hello,
            outcome,
            budget or Budget(),
            pushes=True,
            pulls=may_pull,
            resting=resting,
            own_first=self._hello.station,
        )
        try:
            question = next(talk)
            while True:
                question = talk.send(self._answer(question))
        except StopIteration:
            return outcome

    def _answer(self, question: m.Question) -> m.Answer:
        central = self._central
        if isinstance(question, m.AskVector):
            return m.Vector(self._hello, m.heads_of(central.tips()))
        if isinstance(question, m.Give):
            self._chains.clear()
            sound = _sound(question.events)
            return m.Took(central.push(sound).taken if sound else 0)
        if isinstance(question, m.AskEvents):
            return m.Events(tuple(raw for _, raw in central.pull(question.stream, question.seq, question.hash)))
        if isinstance(question, m.AskChosen):
            return m.Events(tuple(central.events_by_hash(question.hashes)))
        chain = self._chain(question.stream, question)
        if isinstance(question, m.AskHashes):
            low, high = question.from_seq, question.to_seq
            return m.Hashes(tuple((tip.seq, tip.hash) for tip in chain if low <= tip.seq <= high))
        return m.Ranges(tuple(digest(t for t in chain if low <= t.seq <= high) for low, high in question.bounds))

    def _chain(self, stream: UUID, question: m.AskRanges | m.AskHashes) -> list[Tip]:
        """Every hash that the centre has of a forked stream, fetched once an exchange: 40 bytes an event, seldom."""
        if stream not in self._chains:
            top = max(high for _, high in question.bounds) if isinstance(question, m.AskRanges) else question.to_seq
            chain = self._chains[stream] = []
            for start in range(1, top + 1, _HASHES_AT_ONCE):
                page = self._central.hashes(stream, range(start, min(top, start + _HASHES_AT_ONCE - 1) + 1))
                if not page:
                    break  # a chain has no gaps
                chain += page
        return self._chains[stream]


def _sound(raws: Sequence[RawEvent]) -> list[Event]:
    """The events up to the first that was spoiled on our disk: what is behind it would not be taken."""
    found: list[Event] = []
    for raw in raws:
        try:
            found.append(decode_event(raw))
        except BadEvent as error:
            log.info("event %s is spoiled here and not handed over: %s", raw.hash.hex()[:12], error)
            break
    return found


def push_alarm_lane(
    central: Central, station_db: Connection, rows_since: RowsSince, rid: int, is_stopping: Callable[[], bool]
) -> int:
    """Push alarm rows behind a local row id, a bounded number of batches; gives the new row id."""
    for _ in range(_LANE_BATCHES):
        with station_db.begin():
            rows = rows_since(station_db, rid, BATCH)
        if not rows or is_stopping():
            break
        central.push_alarm_log(rows)
        rid = rows[-1][0]
    return rid
