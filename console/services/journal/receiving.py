"""Takes events of other stations in: nothing unverified is stored, nothing stored twice (sync.md section 5, step 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.engine import Connection

from console.domain.facts import FACTS, StreamOpened
from console.services.journal.envelope import BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.event_table import (
    Stored,
    Stream,
    add_stream,
    find_stream,
    flag_event,
    insert_event,
    place_of,
)
from console.services.journal.facts_codec import decode_fact
from console.services.journal.hlc import HybridClock
from console.services.journal.own_stream import OwnStream, Place

MISSING = "predecessor is missing"  # not bad in itself: it may come later, or its stream is forked


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that was not stored, and why; its stream waits there, the others go on."""

    hash: bytes
    stream: UUID | None
    seq: int
    reason: str


@dataclass(slots=True)
class Received:
    """What became of a batch."""

    stored: list[Stored] = field(default_factory=list)
    known: int = 0
    rejected: list[Rejected] = field(default_factory=list)


class Receiver:
    """Verifies and stores; runs in the writer thread and may run again, so it keeps no state."""

    def __init__(self, place: Place, clock: HybridClock, own: OwnStream) -> None:
        self._place = place
        self._clock = clock
        self._own = own

    def receive(self, connection: Connection, raws: Sequence[RawEvent], peer: str, now_us: int) -> Received:
        """Store what is new and sound, in stream order whatever the order of arrival."""
        received = Received()
        events: list[Event] = []
        for raw in raws:
            try:
                events.append(decode_event(raw))
            except BadEvent as error:
                received.rejected.append(Rejected(raw.hash, None, 0, str(error)))
        for event in sorted(events, key=lambda e: (e.stream, e.seq, e.raw.hash)):
            try:
                self._store(connection, event, peer, now_us, received)
            except BadEvent as error:
                received.rejected.append(Rejected(event.raw.hash, event.stream, event.seq, str(error)))
        return received

    def _store(self, connection: Connection, event: Event, peer: str, now_us: int, received: Received) -> None:
        if place_of(connection, event.raw.hash) is not None:
            received.known += 1
            return
        if (event.body.tenant, event.body.site) != (self._place.tenant, self._place.site):
            raise BadEvent("of another site")
        stream = find_stream(connection, event.stream)
        if stream is None:
            stream = self._new_stream(connection, event)
        check_signature(event, stream.public_key)
        if event.body.station != stream.station:
            raise BadEvent("of another station than its stream")
        if event.seq > 1 and place_of(connection, event.prev) != (event.stream, event.seq - 1):
            raise BadEvent(MISSING)
        rid = insert_event(connection, event, peer, now_us)
        self._flag(connection, event, stream, now_us)
        if event.body.station == self._place.station:
            self._own.on_unknown_own_event(connection, event.stream)
        received.stored.append(Stored(event, rid, stream.code))

    @staticmethod
    def _new_stream(connection: Connection, event: Event) -> Stream:
        body = event.body
        fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
        if event.seq != 1:
            raise BadEvent(MISSING)
        if not isinstance(fact, StreamOpened) or fact.stream != event.stream:
            raise BadEvent("stream does not begin with its opening")
        try:
            public_key = bytes.fromhex(fact.public_key_hex)
        except ValueError as error:
            raise BadEvent("stream opens without a key") from error
        check_signature(event, public_key)
        stream = Stream(event.stream, body.station, fact.station_code, public_key, False, 0, bytes(32))
        add_stream(connection, stream, event.hlc, fact.predecessor)
        return stream

    def _flag(self, connection: Connection, event: Event, stream: Stream, now_us: int) -> None:
        body = event.body
        if not self._clock.observe(event.hlc):
            flag_event(connection, event.raw.hash, "clock_suspect", now_us)
        if event.seq <= stream.head_seq:
            flag_event(connection, event.raw.hash, "fork_branch", now_us)
            connection.exec_driver_sql("UPDATE stream SET forked = 1 WHERE stream_id = ?", (str(event.stream),))
        if decode_fact(body.etype, body.min_reader, bytes(body.payload)) is None:
            flag_event(connection, event.raw.hash, "poison" if body.etype in FACTS else "unknown_type", now_us)
