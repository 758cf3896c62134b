"""Makes this station's own events: one writer per stream, gap-free, chained, signed; runs in the writer thread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import msgspec

from console.domain.facts import Fact, StreamOpened
from console.domain.identity import stream_id, uuid7
from console.domain.people_facts import RIGHTS_ETYPES
from console.domain.refusal import Refused
from console.services.journal.entries import SYSTEM, Actor
from console.services.journal.envelope import (
    FIRST,
    MAX_GROUP,
    Body,
    Event,
    RawEvent,
    decode_event,
    encode_body,
    hash_of,
)
from console.services.journal.event_table import Stored, Stream, Tip
from console.services.journal.facts_codec import decode_fact, encode_fact, entity_id_of
from console.services.journal.hlc import HybridClock, as_text
from console.services.journal.keys import StationKey
from console.services.journal.store import EventStore

OWN = "own_stream"
CLOCK = "clock"  # why a stream was left: the station's clock had been far ahead, and is right again
_CLOSED_BECAUSE = "own_stream_closed_because"
_NO_TENANT = UUID(int=0)  # until enrolled at a centre
_as_id = lru_cache(64)(UUID)  # asked with every act, and it is always the same text


@dataclass(frozen=True, slots=True)
class Place:
    """Where events are made: ids that never change, and the short station code."""

    site: UUID
    station: UUID
    code: str
    tenant: UUID = _NO_TENANT


@dataclass(frozen=True, slots=True)
class Draft:
    """Facts that belong together, checked and encoded, not yet placed in the chain."""

    facts: tuple[Fact, ...]
    payloads: tuple[bytes, ...]
    actor: Actor
    reason: str
    parents: tuple[bytes, ...]
    wall_us: int
    meaning: str = ""


def _zone_minutes(wall_us: int) -> int:
    """Offset of the PC's zone: what the operator's wall clock said."""
    try:
        return (time.localtime(wall_us // 1_000_000).tm_gmtoff or 0) // 60
    except (OverflowError, OSError, ValueError):
        return 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the operating system says about the moment of an act; the simulator gives its own."""

    boot_id: str
    mono_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000
    zone_minutes: Callable[[int], int] = _zone_minutes


class OwnStream:
    """Appends to this station's open stream; opens a new incarnation whenever the old one may live on elsewhere.

    `certificate` is what the streams open with, empty at a site without an authority.
    """

    def __init__(
        self,
        place: Place,
        key: StationKey,
        clock: HybridClock,
        random_bytes: Callable[[int], bytes],
        *,
        certificate: Callable[[], str] = lambda: "",
        surroundings: Surroundings | None = None,
    ) -> None:
        self._place = place
        self._key = key
        self._clock = clock
        self._random = random_bytes
        self._certificate = certificate
        self._around = surroundings or Surroundings(random_bytes(16).hex())

    def ensure_open(self, store: EventStore, wall_us: int, doubt: str = "") -> list[Stored]:
        """The stream's opening event when a new stream had to be opened, else nothing.

        `doubt` is why the open stream must not be continued (fingerprint, rolled_back, salvage, restored); empty: none.
        """
        return self._ensured(store, wall_us, doubt)[0]

    def _ensured(self, store: EventStore, wall_us: int, doubt: str = "") -> tuple[list[Stored], Stream]:
        known = store.meta(OWN)
        stream = store.stream(_as_id(known)) if known else None
        reason = doubt or self._why_new(store, stream)
        if stream is not None and not reason:
            return [], stream
        if stream is not None:
            store.close_stream(stream.stream)
        opened = self._open(store, wall_us, reason, stream)
        fresh = store.stream(opened.event.stream)
        assert fresh is not None
        return [opened], fresh

    def _why_new(self, store: EventStore, stream: Stream | None) -> str:
        if stream is None:
            return "first_start"
        if stream.closed:
            return store.meta(_CLOSED_BECAUSE) or "rolled_back"
        return "" if stream.public_key == self._key.public_key else "key"

    def append(self, store: EventStore, draft: Draft, recv_at: int) -> tuple[list[Stored], list[Stored]]:
        """Store the draft as one transaction group: (the opening event if any, the draft's events in order)."""
        opened, stream = self._ensured(store, draft.wall_us)
        seq, prev, tx_id = stream.head_seq, stream.head_hash, self._new_id(draft.wall_us)
        made = []
        for number in range(len(draft.facts)):
            seq += 1
            event = self._event(draft, number, stream.stream, seq, prev, tx_id)
            made.append(Stored(event, store.insert(event, "", recv_at), self._place.code))
            prev = event.raw.hash
        return opened, made

    def on_foreign_end(self, store: EventStore, stream: UUID, event_hash: bytes) -> bool:
        """An event that our key signed in a stream of ours. Unknown here: somebody else wrote it, or this file was
        rolled back; the next event goes into a new stream (invariant 14). True when that was found now."""
        if store.place_of(event_hash) is not None:
            return False
        return self._leave(store, stream, "unknown_own")

    def on_sane_clock(self, store: EventStore) -> bool:
        """Others say that the wall is right. Stamps that are far ahead of it came from a clock that was wrong; they
        must not fall within a stream (invariant 16), so the next event goes into a new one. True when it was so.

        Not while a fact about rights is ahead of the wall as well: an act would come to lie before it, and what was
        revoked would count again. Two PCs whose clocks lost their batteries agree with each other and are both wrong.
        """
        known = store.meta(OWN)
        if store.newest_of(RIGHTS_ETYPES) > self._clock.furthest():
            return False
        return known is not None and self._clock.is_ahead() and self._leave(store, _as_id(known), CLOCK)

    @staticmethod
    def _leave(store: EventStore, stream: UUID, reason: str) -> bool:
        open_stream = store.stream(stream) if store.meta(OWN) == str(stream) else None
        if open_stream is None or open_stream.closed:
            return False
        store.set_meta(_CLOSED_BECAUSE, reason)
        store.close_stream(stream)
        return True

    def _open(self, store: EventStore, wall_us: int, reason: str, predecessor: Stream | None) -> Stored:
        if reason == CLOCK:
            self._clock.come_back(store.newest_stamp(self._clock.furthest()))
        moment = b"%d %d " % (wall_us, self._around.mono_ms()) + (predecessor.head_hash if predecessor else b"")
        stream = stream_id(self._random(16) + moment, self._place.station, self._key.public_key)
        fact = StreamOpened(
            stream,
            self._place.code,
            self._key.public_key.hex(),
            reason,
            predecessor.stream if predecessor else None,
            self._certificate(),
        )
        draft = draft_of([fact], SYSTEM, reason="", parents=(), wall_us=wall_us)
        event = self._event(draft, 0, stream, 1, FIRST, self._new_id(wall_us))
        opened = Stream(stream, self._place.station, self._place.code, self._key.public_key, False, 0, FIRST)
        store.add_stream(opened, event.hlc, fact.predecessor)
        rid = store.insert(event, "", wall_us)
        store.set_meta(OWN, str(stream))
        store.set_meta(_CLOSED_BECAUSE, "")
        return Stored(event, rid, self._place.code)

    def _event(self, draft: Draft, number: int, stream: UUID, seq: int, prev: bytes, tx_id: UUID) -> Event:
        fact, actor = draft.facts[number], draft.actor
        body = Body(
            v=1,
            tenant=self._place.tenant,
            site=self._place.site,
            station=self._place.station,
            stream=stream,
            seq=seq,
            prev=prev.hex(),
            id=self._new_id(draft.wall_us),
            hlc=as_text(self._clock.tick()),
            wall_us=draft.wall_us,
            etype=fact.etype,
            ever=fact.ever,
            min_reader=fact.ever,
            entity_type=fact.entity_type,
            entity_id=entity_id_of(fact),
            payload=msgspec.Raw(draft.payloads[number]),
            tx_id=tx_id,
            tx_n=len(draft.facts),
            tx_i=number,
            tz_min=self._around.zone_minutes(draft.wall_us),
            boot_id=self._around.boot_id,
            mono_ms=self._around.mono_ms(),
            user_id=actor.user_id,
            session_id=actor.session_id,
            auth_method=actor.auth_method,
            roles=actor.roles,
            policy_ver=actor.policy_ver,
            parents=tuple(parent.hex() for parent in draft.parents),
            reason=draft.reason,
            meaning=draft.meaning,
        )
        encoded = encode_body(body)
        event_hash = hash_of(prev, encoded)
        return Event(RawEvent(event_hash, encoded, self._key.sign(event_hash)), body)

    def _new_id(self, wall_us: int) -> UUID:
        return uuid7(max(0, wall_us // 1000), int.from_bytes(self._random(10), "big"))


def draft_of(
    facts: Sequence[Fact], actor: Actor, *, reason: str, parents: Sequence[bytes], wall_us: int, meaning: str = ""
) -> Draft:
    """Check and encode facts; raises Refused for what the journal does not carry."""
    if not 0 < len(facts) <= MAX_GROUP:
        raise Refused("Not saved: {n} records at once; at most {limit} are allowed.", n=len(facts), limit=MAX_GROUP)
    payloads = tuple(encode_fact(fact) for fact in facts)
    return Draft(tuple(facts), payloads, actor, reason, tuple(parents), wall_us, meaning)


def own_head(store: EventStore) -> Tip | None:
    """The newest event of this station's open stream, None before the first start."""
    known = store.meta(OWN)
    stream = store.stream(_as_id(known)) if known else None
    return None if stream is None else Tip(stream.stream, stream.head_seq, stream.head_hash)


def last_stamp(store: EventStore, clock: HybridClock) -> int:
    """Above what a station goes on when it starts: its own open stream, whatever the wall says (invariant 16), and all
    that was known here, unless a wrong clock made it (`clock` is the one to be resumed)."""
    head = own_head(store)
    own = store.stamp_of(head.hash) if head is not None else 0
    return max(own, store.newest_stamp(clock.furthest()))


def is_certified(store: EventStore) -> bool:
    """True when the own open stream began with a certificate, or there is none yet."""
    head = own_head(store)
    if head is None:
        return True
    first = store.events_after(head.stream, 0, b"", 1, 1)
    body = decode_event(first[0]).body if first else None
    fact = decode_fact(body.etype, body.min_reader, bytes(body.payload)) if body else None
    return isinstance(fact, StreamOpened) and bool(fact.certificate_hex)
