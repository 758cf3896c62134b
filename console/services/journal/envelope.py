"""The bytes of one event: made once, hashed, signed, stored and sent unchanged."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import msgspec

from console.domain.refusal import Refused
from console.services.journal.keys import is_signed_by

MAX_BODY = 64 * 1024
MAX_PARENTS = 64
MAX_GROUP = 200  # events of one transaction
MAX_INTEGER = 2**53  # what SQLite, PostgreSQL and every JSON reader hold
_MAX_CLOCK = 2**63
_MAX_TOLD = 200  # characters of what was found wrong: it may quote what came from outside
FIRST = bytes(32)  # prev of a stream's first event
_DOMAIN = b"leitstand1"


class Body(msgspec.Struct, frozen=True):
    """The envelope's fields; hashes are hex, `hlc` is 16 hex digits, `payload` the fact's own JSON.

    Fields that a later version adds are ignored when read and kept because the bytes are kept.
    """

    v: int
    tenant: UUID
    site: UUID
    station: UUID
    stream: UUID
    seq: int
    prev: str
    id: UUID
    hlc: str
    wall_us: int
    etype: str
    ever: int
    entity_type: str
    entity_id: str
    payload: msgspec.Raw
    tx_id: UUID
    tx_n: int = 1
    tx_i: int = 0
    tz_min: int = 0
    boot_id: str = ""
    mono_ms: int = 0
    user_id: str = ""
    session_id: str = ""
    auth_method: str = ""
    roles: tuple[str, ...] = ()
    policy_ver: int = 0
    min_reader: int = 1
    parents: tuple[str, ...] = ()
    reason: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as it travels: the receiver derives everything else from the body."""

    hash: bytes
    body: bytes
    sig: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """A raw event and its body, decoded."""

    raw: RawEvent
    body: Body

    @property
    def stream(self) -> UUID:
        return self.body.stream

    @property
    def seq(self) -> int:
        return self.body.seq

    @property
    def prev(self) -> bytes:
        return bytes.fromhex(self.body.prev)

    @property
    def hlc(self) -> int:
        return int(self.body.hlc, 16)


class BadEvent(Exception):
    """An event that is not what it claims; the text is the reason, for logs and reports."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Body)


def hash_of(prev: bytes, body: bytes) -> bytes:
    """The event's identity."""
    return hashlib.sha256(_DOMAIN + prev + body).digest()


def encode_body(body: Body) -> bytes:
    """The bytes to hash and keep. Raises Refused when the event is too large to travel."""
    encoded = _encoder.encode(body)
    if len(encoded) > MAX_BODY:
        raise Refused(
            "Not saved: the record has {size} bytes; at most {limit} are allowed.", size=len(encoded), limit=MAX_BODY
        )
    if len(body.parents) > MAX_PARENTS:
        raise Refused("Not saved: the record names too many predecessors.")
    return encoded


def decode_event(raw: RawEvent) -> Event:
    """Read an event that came from outside; raises BadEvent unless size, form and hash are right."""
    if len(raw.body) > MAX_BODY:
        raise BadEvent(f"body of {len(raw.body)} bytes")
    try:
        raw.body.decode()  # the decoder passes the payload over: what is no UTF-8 there would stop every reader
        body = _decoder.decode(raw.body)
        prev = bytes.fromhex(body.prev)
        stamp = int(body.hlc, 16)
        parents = [bytes.fromhex(parent) for parent in body.parents]
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadEvent(f"undecodable: {error}"[:_MAX_TOLD]) from error
    if len(prev) != 32 or body.seq < 1 or not 0 <= stamp < 2**63 or not _is_in_range(body):
        raise BadEvent("envelope out of range")
    if len(parents) > MAX_PARENTS or any(len(parent) != 32 for parent in parents):
        raise BadEvent("names what cannot be its predecessors")
    if (body.seq == 1) != (prev == FIRST):
        raise BadEvent("first event and predecessor disagree")
    if hash_of(prev, raw.body) != raw.hash:
        raise BadEvent("hash does not fit the bytes")
    return Event(raw, body)


def _is_in_range(body: Body) -> bool:
    whole = (body.v, body.seq, body.ever, body.min_reader, body.tz_min, body.policy_ver)
    clocks = (body.wall_us, body.mono_ms)  # of any clock, however wrong (invariant 17)
    return (
        all(-MAX_INTEGER < n < MAX_INTEGER for n in whole)
        and all(-_MAX_CLOCK < n < _MAX_CLOCK for n in clocks)
        and 0 <= body.tx_i < body.tx_n <= MAX_GROUP
    )


def check_signature(event: Event, public_key: bytes) -> None:
    """Raise BadEvent unless the stream's key signed the hash."""
    if not is_signed_by(public_key, event.raw.sig, event.raw.hash):
        raise BadEvent("signature does not fit the stream's key")
