"""Makes this station's own events: one writer per stream, gap-free, chained, signed; runs in the writer thread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from console.domain.facts import Fact, StreamOpened
from console.domain.identity import uuid7
from console.services.journal.entries import SYSTEM, Actor
from console.services.journal.envelope import FIRST, Body, Event, RawEvent, encode_body, hash_of
from console.services.journal.event_table import (
    Stored,
    Stream,
    add_stream,
    close_stream,
    find_stream,
    insert_event,
    read_meta,
    write_meta,
)
from console.services.journal.facts_codec import encode_fact, entity_id_of
from console.services.journal.hlc import HybridClock, as_text
from console.services.journal.keys import StationKey

_OWN = "own_stream"
_NO_TENANT = UUID(int=0)  # until enrolled at a centre


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


class OwnStream:
    """Appends to this station's open stream; opens a new one on first start, another key, or a rolled-back file."""

    def __init__(self, place: Place, key: StationKey, clock: HybridClock, random_bytes: Callable[[int], bytes]) -> None:
        self._place = place
        self._key = key
        self._clock = clock
        self._random = random_bytes
        self._boot_id = random_bytes(16).hex()

    def ensure_open(self, connection: Connection, wall_us: int) -> list[Stored]:
        """The stream's opening event when a new stream had to be opened, else nothing."""
        known = read_meta(connection, _OWN)
        stream = find_stream(connection, UUID(known)) if known else None
        if stream is not None and not stream.closed and stream.public_key == self._key.public_key:
            return []
        reason = "first_start" if stream is None else "rolled_back" if stream.closed else "key"
        if stream is not None:
            close_stream(connection, stream.stream)
        return [self._open(connection, wall_us, reason, stream)]

    def append(self, connection: Connection, draft: Draft, recv_at: int) -> tuple[list[Stored], list[Stored]]:
        """Store the draft as one transaction group: (the opening event if any, the draft's events in order)."""
        opened = self.ensure_open(connection, draft.wall_us)
        known = read_meta(connection, _OWN)
        stream = find_stream(connection, UUID(known or ""))
        assert stream is not None
        seq, prev, tx_id = stream.head_seq, stream.head_hash, self._new_id(draft.wall_us)
        made = []
        for number in range(len(draft.facts)):
            seq += 1
            event = self._event(draft, number, stream.stream, seq, prev, tx_id)
            made.append(Stored(event, insert_event(connection, event, "", recv_at), self._place.code))
            prev = event.raw.hash
        return opened, made

    def on_unknown_own_event(self, connection: Connection, stream: UUID) -> None:
        """Somebody holds an event of ours that we do not know: our file was rolled back or cloned (invariant 14)."""
        if read_meta(connection, _OWN) == str(stream):
            close_stream(connection, stream)

    def _open(self, connection: Connection, wall_us: int, reason: str, predecessor: Stream | None) -> Stored:
        stream_id = self._new_id(wall_us)
        fact = StreamOpened(
            stream_id, self._place.code, self._key.public_key.hex(), reason, predecessor.stream if predecessor else None
        )
        draft = draft_of([fact], SYSTEM, reason="", parents=(), wall_us=wall_us)
        event = self._event(draft, 0, stream_id, 1, FIRST, self._new_id(wall_us))
        opened = Stream(stream_id, self._place.station, self._place.code, self._key.public_key, False, 0, FIRST)
        add_stream(connection, opened, event.hlc, fact.predecessor)
        rid = insert_event(connection, event, "", wall_us)
        write_meta(connection, _OWN, str(stream_id))
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
            tz_min=_zone_minutes(draft.wall_us),
            boot_id=self._boot_id,
            mono_ms=time.monotonic_ns() // 1_000_000,
            user_id=actor.user_id,
            session_id=actor.session_id,
            auth_method=actor.auth_method,
            roles=actor.roles,
            parents=tuple(parent.hex() for parent in draft.parents),
            reason=draft.reason,
        )
        encoded = encode_body(body)
        event_hash = hash_of(prev, encoded)
        return Event(RawEvent(event_hash, encoded, self._key.sign(event_hash)), body)

    def _new_id(self, wall_us: int) -> UUID:
        return uuid7(max(0, wall_us // 1000), int.from_bytes(self._random(10), "big"))


def draft_of(facts: Sequence[Fact], actor: Actor, *, reason: str, parents: Sequence[bytes], wall_us: int) -> Draft:
    """Check and encode facts; raises Refused for what the journal does not carry."""
    payloads = tuple(encode_fact(fact) for fact in facts)
    return Draft(tuple(facts), payloads, actor, reason, tuple(parents), wall_us)


def _zone_minutes(wall_us: int) -> int:
    """Offset of the PC's zone: what the operator's wall clock said."""
    try:
        return (time.localtime(wall_us // 1_000_000).tm_gmtoff or 0) // 60
    except (OverflowError, OSError, ValueError):
        return 0
