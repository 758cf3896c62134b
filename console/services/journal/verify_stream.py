"""Walks a stream in small slices: whose it is, and bytes, hash, signature, chain, clock, transaction of every event."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.identity import may_open
from console.domain.station_facts import StationEnrolled, StreamOpened
from console.services.journal.envelope import BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.event_table import Stream
from console.services.journal.facts_codec import decode_fact
from console.services.journal.receiving import NOT_ITS_STREAM, goes_on
from console.services.journal.revoking import Revocation, trust_in
from console.services.journal.table_store import TableStore
from console.services.journal.verify_archive import ArchiveWalk
from console.services.journal.verify_groups import NOT_WHOLE, ends_group
from console.services.journal.verify_report import VerifyReport

_COLUMNS = (
    "rid, hash, stream_id, seq, prev, hlc, etype, entity_type, entity_id, user_id, body, sig, ever, tx_id, tx_n, "
    "EXISTS (SELECT 1 FROM event_flag f WHERE f.hash = event.hash AND f.flag = 'revoked_station')"
)
_HASH, _SEQ, _PREV, _HLC, _BODY, _SIG, _FLAGGED = 1, 3, 4, 5, 10, 11, 15
_DISAGREE, _GAP = "the row and its signed body disagree", "predecessor is missing"
_DAMAGE = (_DISAGREE, _GAP)
Slice = Callable[[Connection], None]
Certified = set[tuple[UUID, bytes]]  # (station, public key) that the site's authority let in


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the next event is compared with; `event` is None for one that cannot be read or is archived."""

    seq: int
    hlc: int
    event: Event | None


@dataclass(slots=True)
class StreamWalk:
    """One stream. Run `slices()` one after the other, each in a reading transaction of its own.

    Only events with rid <= `last_rid` are looked at, so a journal that goes on being written can be proven.
    `openings` and `enrolments` are what the stream tells about keys, for the site's authority to judge.
    """

    stream: Stream
    report: VerifyReport
    last_rid: int
    chunk: int
    openings: list[tuple[StreamOpened, UUID]] = field(default_factory=list)
    enrolments: list[StationEnrolled] = field(default_factory=list)
    ends: dict[bytes, int] = field(default_factory=dict)  # events without a successor
    newest: int = 0
    events: int = 0
    checks_signatures: bool = True
    archived: ArchiveWalk = field(default_factory=ArchiveWalk)
    _near: dict[bytes, _Seen] = field(default_factory=dict)  # of the last two seqs
    _unfinished: dict[bytes, int] = field(default_factory=dict)  # ends in the middle of a transaction
    _trust: list[Revocation] | None = None
    _place: tuple[int, bytes] = (0, b"")
    _is_done: bool = False

    def slices(self) -> Iterator[Slice]:
        while not self._is_done:
            yield self._slice
        yield self._end

    def _slice(self, connection: Connection) -> None:
        if self._trust is None:
            self._trust = trust_in(TableStore(connection), self.stream.station)
        stream = str(self.stream.stream)
        rows: list[tuple[Any, ...]] = connection.exec_driver_sql(
            f"SELECT {_COLUMNS} FROM event WHERE stream_id = ? AND (seq, hash) > (?, ?) AND rid <= ? "  # noqa: S608
            "ORDER BY seq, hash LIMIT ?",
            (stream, *self._place, self.last_rid, self.chunk),
        ).all()  # type: ignore[assignment]
        gone = self.archived.rows(connection, self.stream, self._place, self.chunk)
        both = sorted([*rows, *gone], key=lambda row: (row[_SEQ], row[_HASH]))[: self.chunk]
        for row in both:
            if len(row) > _BODY:
                self._take(tuple(row))
            else:
                self._take_archived(row)
            self.archived.passed(self.report, row[_SEQ], row[_HASH], row[_PREV])
        self._is_done = len(both) < self.chunk
        if both:
            self._place = (both[-1][_SEQ], both[-1][_HASH])

    def _take_archived(self, row: tuple[Any, ...]) -> None:
        """Of an event that was taken out place and predecessor are here; its segment's Merkle root binds them."""
        seq, before = row[_SEQ], self._near.get(row[_PREV])
        self.report.archived += 1
        self.events += 1
        if before is None or before.seq != seq - 1:
            self.report.broken(self.stream.stream, seq, _GAP)
        self._remember(row, None)

    def _take(self, row: tuple[Any, ...]) -> None:
        seq, event_hash = row[_SEQ], row[_HASH]
        self.report.events += 1
        self.events += 1
        event: Event | None = None
        is_damage = False
        try:
            event = decode_event(RawEvent(event_hash, row[_BODY], row[_SIG]))
            if self.checks_signatures or seq == 1:
                check_signature(event, self.stream.public_key)
            reason = self._fault_of(row, event)
        except BadEvent as error:
            reason, is_damage = str(error), True
        if reason:
            self.report.broken(self.stream.stream, seq, reason, is_damage=is_damage or reason in _DAMAGE)
        elif event is not None:
            self._note_keys(event)
        self._remember(row, event)

    def _fault_of(self, row: tuple[Any, ...], event: Event) -> str:
        """Why this row breaks the chain; empty when it does not."""
        told = event.body
        body_says = (
            str(told.stream), told.seq, event.prev, event.hlc, told.etype, told.entity_type, told.entity_id,
            told.user_id, told.ever, str(told.tx_id), told.tx_n,
        )  # fmt: skip
        if (*row[2:10], *row[12:15]) != body_says:
            return _DISAGREE
        if told.station != self.stream.station:
            return "of another station than its stream"
        if told.seq == 1:
            return self._fault_of_first(event)
        return self._fault_of_place(event) or self._fault_of_trust(event, is_flagged=bool(row[_FLAGGED]))

    def _fault_of_place(self, event: Event) -> str:
        told = event.body
        before = self._near.get(event.prev)
        if before is None or before.seq != told.seq - 1:
            return _GAP
        if event.hlc <= before.hlc:
            return "the logical clock went back"
        if before.event is not None and not goes_on(before.event, event):
            return NOT_WHOLE
        return ""

    def _fault_of_trust(self, event: Event, *, is_flagged: bool) -> str:
        is_behind = any(one.covers(event, self.stream.public_key) for one in self._trust or ())
        return "of a revoked station, and not flagged" if is_behind and not is_flagged else ""

    def _fault_of_first(self, event: Event) -> str:
        fact = _fact(event)
        if not isinstance(fact, StreamOpened) or fact.public_key_hex != self.stream.public_key.hex():
            return "the stream does not begin with its opening"
        own = self.stream
        told = (fact.stream, event.body.station, fact.station_code, event.hlc)
        if told != (own.stream, own.station, own.code, own.opened_hlc):
            return "the list of streams and the stream's opening disagree"
        if not self._is_the_openers():
            return NOT_ITS_STREAM
        return "" if goes_on(None, event) else NOT_WHOLE

    def _is_the_openers(self) -> bool:
        """The rule by which every station takes a stream in: the id itself says whose it is."""
        return may_open(self.stream.stream, self.stream.station, self.stream.public_key)

    def _note_keys(self, event: Event) -> None:
        if event.seq != 1 and event.body.etype != StationEnrolled.etype:
            return
        fact = _fact(event)
        if isinstance(fact, StreamOpened):
            self.openings.append((fact, event.body.station))
        elif isinstance(fact, StationEnrolled):
            self.enrolments.append(fact)

    def _remember(self, row: tuple[Any, ...], event: Event | None) -> None:
        seq, event_hash = row[_SEQ], row[_HASH]
        for old in [known for known, seen in self._near.items() if seen.seq < seq - 1]:
            del self._near[old]
        self._unfinished.pop(row[_PREV], None)
        if event is not None:
            self.report.groups += event.body.tx_i == 0
            if not ends_group(event):
                self._unfinished[event_hash] = seq
        self._near[event_hash] = _Seen(seq, row[_HLC], event)
        self.ends.pop(row[_PREV], None)
        self.ends[event_hash] = seq
        self.newest = max(self.newest, seq)

    def _end(self, connection: Connection) -> None:
        """Whether the stream ends where the list of streams says, as it was when the walk began."""
        own, report = self.stream, self.report
        self.archived.ended(report)
        if self.newest <= own.head_seq and own.head_hash not in self._heads():
            missing = f"the end is missing: {own.head_seq} events were written, {self.newest} are there"
            report.broken(own.stream, own.head_seq, missing)
        for seq in self._unfinished.values():  # stored and not shown, as receivers do: the rest may still come
            report.note(own.stream, seq, "the rest of the last transaction is not here yet")

    def _heads(self) -> set[bytes]:
        return {known for known, seen in self._near.items() if seen.seq == self.stream.head_seq}


def _fact(event: Event) -> object:
    return decode_fact(event.body.etype, event.body.min_reader, bytes(event.body.payload))
