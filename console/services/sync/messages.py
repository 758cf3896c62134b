"""What two stations say to each other about their journals, the same on every road."""

from uuid import UUID

import msgspec

from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip

PROTOCOL = 1
OLDEST_PROTOCOL = 1
MAX_EVENTS = 500
MAX_BYTES = 1 << 20
MAX_RANGES = 64
MAX_HASHES = 4096
MAX_DIGESTED = 1 << 17  # events behind all digests of one answer: a tenth of a second
ARCHIVED_HERE = "It lacks entries that are in this station's archive alone: leitstand archive --bring-back FILE"
ARCHIVED = "these events are in this station's archive: ask the centre or another station"


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Where a stream ends at the one who tells it."""

    stream: UUID
    seq: int
    hash: bytes


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Who speaks: its range of protocols, place, key, the certificate of its site, and its wall clock."""

    site: UUID
    station: UUID
    code: str
    tenant: UUID = UUID(int=0)
    protocol: int = PROTOCOL
    oldest_protocol: int = OLDEST_PROTOCOL
    name: str = ""
    public_key: bytes = b""
    certificate: str = ""
    clock_us: int = 0
    types: int = 0  # how many kinds of facts it knows


class AskVector(msgspec.Struct, frozen=True, tag="ask_vector"):
    """Where do your streams end?"""

    hello: Hello


class Vector(msgspec.Struct, frozen=True, tag="vector"):
    """Every end of every stream, all of it durable at the one who tells it: also a receipt.

    `receipts` sign the heads one by one, in their order (`receipt_bytes`); empty where the road itself vouches.
    """

    hello: Hello
    heads: tuple[Head, ...]
    receipts: tuple[bytes, ...] = ()


class AskEvents(msgspec.Struct, frozen=True, tag="ask_events"):
    """The events of a stream behind (seq, hash), in that order."""

    stream: UUID
    seq: int = 0
    hash: bytes = b""
    limit: int = MAX_EVENTS
    size: int = MAX_BYTES


class AskRanges(msgspec.Struct, frozen=True, tag="ask_ranges"):
    """The digest of each range of seqs, both ends included: how a fork is found in a few questions."""

    stream: UUID
    bounds: tuple[tuple[int, int], ...]


class Ranges(msgspec.Struct, frozen=True, tag="ranges"):
    """Of the first ranges of the question; fewer than were asked when all of them together are too many events."""

    digests: tuple[bytes, ...]


class AskHashes(msgspec.Struct, frozen=True, tag="ask_hashes"):
    """Every hash of a range of seqs, both ends included."""

    stream: UUID
    from_seq: int
    to_seq: int


class Hashes(msgspec.Struct, frozen=True, tag="hashes"):
    hashes: tuple[tuple[int, bytes], ...]


class AskChosen(msgspec.Struct, frozen=True, tag="ask_chosen"):
    """These events, as many as fit into `size`."""

    hashes: tuple[bytes, ...]
    size: int = MAX_BYTES


class Events(msgspec.Struct, frozen=True, tag="events"):
    events: tuple[RawEvent, ...]


class Give(msgspec.Struct, frozen=True, tag="give"):
    """Take these: only the centre is given events, stations fetch theirs."""

    events: tuple[RawEvent, ...]


class Took(msgspec.Struct, frozen=True, tag="took"):
    """How many of them were new."""

    new: int


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """Why nothing is told: wrong site, not enrolled, revoked, no common protocol; English text of `refusals`."""

    reason: str


Question = AskVector | AskEvents | AskRanges | AskHashes | AskChosen | Give
Answer = Vector | Events | Ranges | Hashes | Took | Refusal

_encoder = msgspec.msgpack.Encoder()
_questions: "msgspec.msgpack.Decoder[Question]" = msgspec.msgpack.Decoder(Question)
_answers: "msgspec.msgpack.Decoder[Answer]" = msgspec.msgpack.Decoder(Answer)


def encode(message: Question | Answer) -> bytes:
    return _encoder.encode(message)


def decode_question(data: bytes) -> Question:
    """Raises msgspec.DecodeError (ValidationError included) for what is none."""
    return _questions.decode(data)


def decode_answer(data: bytes) -> Answer:
    """Raises msgspec.DecodeError (ValidationError included) for what is none."""
    return _answers.decode(data)


def receipt_bytes(head: Head) -> bytes:
    """What a receipt signs."""
    return b"leitstand-receipt1" + head.stream.bytes + head.seq.to_bytes(8, "big") + head.hash


def heads_of(tips: "tuple[Tip, ...]") -> tuple[Head, ...]:
    return tuple(Head(tip.stream, tip.seq, tip.hash) for tip in tips)


def tips_of(heads: "tuple[Head, ...]") -> tuple[Tip, ...]:
    return tuple(Tip(head.stream, head.seq, head.hash) for head in heads)
