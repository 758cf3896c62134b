"""Takes events of other stations in: nothing unverified is stored, nothing stored twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from console.domain.facts import StreamOpened
from console.domain.identity import may_open
from console.domain.station_facts import StationRevoked
from console.services.journal.envelope import FIRST, BadEvent, Event, RawEvent, check_signature, decode_event
from console.services.journal.event_table import Stored, Stream
from console.services.journal.facts_codec import decode_fact, doubt_about
from console.services.journal.hlc import HybridClock
from console.services.journal.own_stream import OwnStream, Place
from console.services.journal.revoking import Trust, flag_revoked, trust_in
from console.services.journal.store import EventStore, Held, Rejection

OTHER_SITE = "of another site"
NOT_ENROLLED = "station is not enrolled"
NOT_ITS_STREAM = "opens a stream whose id belongs to another station"
TORN_GROUP = "does not fit into the transaction that it names"

Signed = Callable[[Event, bytes], None]  # raises BadEvent unless the key signed the event
Enrolled = Callable[[StreamOpened, UUID], bool]  # (opening, station): the site's authority knows the stream's key


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that was not stored, and why; its stream waits there, the others go on."""

    hash: bytes
    stream: UUID | None
    seq: int
    reason: str


@dataclass(slots=True)
class Received:
    """What became of a batch. `held` wait for a predecessor; `forked` are streams found forked just now; `left` is the
    stream that this station wrote into until an event of it came that is unknown here."""

    stored: list[Stored] = field(default_factory=list)
    known: int = 0
    held: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    forked: list[tuple[UUID, int]] = field(default_factory=list)
    flagged: set[bytes] = field(default_factory=set)
    left: UUID | None = None
    trust: dict[UUID, Trust] = field(default_factory=dict, repr=False)  # of this batch only, like `last`
    last: dict[UUID, Event] = field(default_factory=dict, repr=False)

    def add(self, other: "Received") -> None:
        self.stored += other.stored
        self.known += other.known
        self.held += other.held
        self.rejected += other.rejected
        self.forked += other.forked
        self.flagged |= other.flagged
        self.left = self.left or other.left


class Receiver:
    """Verifies and stores; runs in the writer thread and may run again, so it keeps no state."""

    def __init__(
        self,
        place: Place,
        clock: HybridClock,
        own: OwnStream,
        *,
        enrolled: Enrolled = lambda _opening, _station: True,
        signed: Signed = check_signature,
    ) -> None:
        self._place = place
        self._clock = clock
        self._own = own
        self._enrolled = enrolled
        self._signed = signed

    def receive(self, store: EventStore, raws: Sequence[RawEvent], peer: str, now_us: int) -> Received:
        """Store what is new and sound, in stream order whatever the order of arrival; then what waited for it."""
        received = Received()
        events: list[Event] = []
        for raw in raws:
            try:
                events.append(decode_event(raw))
            except BadEvent as error:
                self._reject(store, Rejected(raw.hash, None, 0, str(error)), peer, now_us, received)
        for event in sorted(events, key=lambda e: (e.stream, e.seq, e.raw.hash)):
            self._take(store, event, peer, now_us, received)
        return received

    def _take(self, store: EventStore, event: Event, peer: str, now_us: int, received: Received) -> None:
        """One event and everything that waited for it; a chain of any length without recursion."""
        waiting = [event]
        while waiting:
            one = waiting.pop()
            try:
                is_new = self._store(store, one, peer, now_us, received)
            except BadEvent as error:
                rejected = Rejected(one.raw.hash, one.stream, one.seq, str(error))
                self._reject(store, rejected, peer, now_us, received)
                continue
            for raw in store.held_behind(one.raw.hash) if is_new else ():
                try:
                    waiting.append(decode_event(raw))
                except BadEvent as error:  # what waited was spoiled, or taken in by a program that asked less
                    self._reject(store, Rejected(raw.hash, None, 0, str(error)), peer, now_us, received)

    def _store(self, store: EventStore, event: Event, peer: str, now_us: int, received: Received) -> bool:
        if store.place_of(event.raw.hash) is not None:
            received.known += 1
            return False
        if (event.body.tenant, event.body.site) != (self._place.tenant, self._place.site):
            raise BadEvent(OTHER_SITE)
        stream = store.stream(event.stream)
        if event.body.station == self._place.station and stream is not None and not stream.closed:
            self._signed(event, stream.public_key)  # nobody else makes this station leave its stream
            if self._own.on_foreign_end(store, event.stream, event.raw.hash):
                received.left = event.stream
        if event.seq > 1 and store.place_of(event.prev) is None:
            store.hold(Held(event.raw, event.stream, event.seq, event.prev), now_us)
            received.held += 1
            return False
        opened = self._opening(event) if stream is None else None
        public_key = opened.public_key if opened else stream.public_key if stream else b""
        self._signed(event, public_key)
        if stream is not None and event.body.station != stream.station:
            raise BadEvent("of another station than its stream")
        if event.seq > 1 and store.place_of(event.prev) != (event.stream, event.seq - 1):
            raise BadEvent("does not follow the event that it names")
        if not goes_on(self._before(store, event, received), event):
            raise BadEvent(TORN_GROUP)
        if opened is not None:
            store.add_stream(opened, event.hlc, self._predecessor(event))
            stream = opened
        assert stream is not None
        rid = store.insert(event, peer, now_us)
        self._flag(store, event, stream, now_us, received)
        received.stored.append(Stored(event, rid, stream.code))
        received.last[event.stream] = event
        return True

    @staticmethod
    def _before(store: EventStore, event: Event, received: Received) -> Event | None:
        """The event that this one follows; None for a first one, and where its bytes are not kept any more."""
        last = received.last.get(event.stream)
        if event.seq == 1 or (last is not None and last.raw.hash == event.prev):
            return last if event.seq > 1 else None
        kept = store.events_by_hash([event.prev])
        return decode_event(kept[0]) if kept else None

    def _opening(self, event: Event) -> Stream:
        """The stream that this event opens. Raises BadEvent unless it does, with a key that the site knows."""
        fact, public_key = opening_of(event, self._enrolled)
        return Stream(event.stream, event.body.station, fact.station_code, public_key, False, 0, bytes(32))

    @staticmethod
    def _predecessor(event: Event) -> UUID | None:
        fact = decode_fact(event.body.etype, event.body.min_reader, bytes(event.body.payload))
        return fact.predecessor if isinstance(fact, StreamOpened) else None

    def _flag(self, store: EventStore, event: Event, stream: Stream, now_us: int, received: Received) -> None:
        body = event.body
        for flag in self._doubts(store, event, stream, received):
            store.flag(event.raw.hash, flag, now_us)
            received.flagged.add(event.raw.hash)
        if body.etype == StationRevoked.etype:
            fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
            if isinstance(fact, StationRevoked):
                received.trust.pop(fact.station_id, None)
                received.flagged |= flag_revoked(store, fact.station_id, now_us)
        elif event.seq == 1:  # a key that a revocation covers may stand in streams that came before this one
            received.trust.pop(body.station, None)
            received.flagged |= flag_revoked(store, body.station, now_us)

    def _doubts(self, store: EventStore, event: Event, stream: Stream, received: Received) -> list[str]:
        """What is doubtful about a stored event: kept and forwarded all the same."""
        body, doubts = event.body, []
        if not self._clock.observe(event.hlc):
            doubts.append("clock_suspect")
        if event.seq <= stream.head_seq:
            doubts.append("fork_branch")
            if not stream.forked:
                store.mark_forked(event.stream)
                received.forked.append((event.stream, event.seq))
        if doubt := doubt_about(body.etype, body.min_reader, bytes(body.payload)):
            doubts.append(doubt)
        if body.station not in received.trust:
            received.trust[body.station] = trust_in(store, body.station)
        if any(revocation.covers(event, stream.public_key) for revocation in received.trust[body.station]):
            doubts.append("revoked_station")
        return doubts

    @staticmethod
    def _reject(store: EventStore, rejected: Rejected, peer: str, now_us: int, received: Received) -> None:
        received.rejected.append(rejected)
        named = rejected.hash[: len(FIRST)]  # what claims to be a hash may be of any length
        store.note_rejection(Rejection(named, rejected.stream, rejected.seq, rejected.reason, peer, now_us))


def opening_of(event: Event, enrolled: Enrolled) -> tuple[StreamOpened, bytes]:
    """What a stream's first event says, and the key that has to have signed it. Raises BadEvent unless it opens just
    this stream, with a key that the site knows, and nobody else's: the id itself says whose stream it is."""
    body = event.body
    fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
    if event.seq != 1 or not isinstance(fact, StreamOpened) or fact.stream != event.stream:
        raise BadEvent("stream does not begin with its opening")
    try:
        public_key = bytes.fromhex(fact.public_key_hex)
    except ValueError as error:
        raise BadEvent("stream opens without a key") from error
    if not enrolled(fact, body.station):
        raise BadEvent(NOT_ENROLLED)
    if not may_open(event.stream, body.station, public_key):
        raise BadEvent(NOT_ITS_STREAM)
    return fact, public_key


def goes_on(before: Event | None, event: Event) -> bool:
    """False for an event that leaves the transaction before it unfinished, or begins in the middle of one.

    A rule about the chain alone, so that every station takes the same events in whatever order they come: what is
    shown of a transaction must not depend on it (invariants 5, 10).
    """
    body = event.body
    if before is None and event.seq > 1:
        return True  # its predecessor was pruned; it was looked at when it came
    if before is None or before.body.tx_i == before.body.tx_n - 1:
        return body.tx_i == 0
    known = before.body
    return (body.tx_id, body.tx_n, body.tx_i) == (known.tx_id, known.tx_n, known.tx_i + 1)
