"""What neighbours say beside the questions of `messages`: topics, heads, fresh events, receipts, open alarms."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from console.domain.alarm_step import Transition
from console.services.alarms.transitions import AlarmTransition
from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip
from console.services.sync.messages import Head

HEAD, GONE, ASK, SAY, LIVE, RECEIPTS, NOW, ASK_DIGESTS, DIGESTS, ASK_PROFILES, PROFILES = (
    "head", "gone", "ask", "say", "live", "receipts", "now", "ask_digests", "digests", "ask_profiles", "profiles",
)  # fmt: skip
LANES = {  # the topic's word -> kinds of message that may come there
    "head": frozenset({HEAD, GONE}),
    "ask": frozenset({ASK, ASK_DIGESTS, ASK_PROFILES}),
    "say": frozenset({SAY, RECEIPTS, DIGESTS, PROFILES}),
    "live": frozenset({LIVE}),
    "now": frozenset({NOW}),
}
_ADDRESSED = ("ask", "say")
MAX_NAME = 60
MAX_OCCURRENCES = 5_000
MAX_ROWS = 500


class HeadNote(msgspec.Struct, frozen=True, array_like=True):
    """Retained, at most 1 KB: who is there, and digests of where all its streams end and of its profiles."""

    code: str
    name: str
    public_key: bytes
    certificate: bytes  # empty at a site without an authority
    digest: bytes
    clock_us: int
    profiles: bytes = b""


class Fresh(msgspec.Struct, frozen=True, array_like=True):
    """Own events, just committed."""

    events: tuple[RawEvent, ...]


class Receipts(msgspec.Struct, frozen=True, array_like=True):
    """Ends that are durable at the one who tells it, each signed (`messages.receipt_bytes`)."""

    heads: tuple[Head, ...]
    signatures: tuple[bytes, ...]


class Digests(msgspec.Struct, frozen=True, array_like=True):
    """Digests of the projections, by bucket, made while the streams ended as `vector` digests; empty: cannot tell."""

    vector: bytes
    buckets: dict[str, bytes]


class OpenNow(msgspec.Struct, frozen=True, array_like=True):
    """An occurrence that is active at the sender. Severities count outwards from zero."""

    condition_id: UUID
    start_us: int
    annunciated_us: int
    priority: int
    severity: int = 1
    worst: int = 1
    heard_us: int = 0  # how far samples say there that it stands, in the source's time; 0: nothing can be said


class RowNow(msgspec.Struct, frozen=True, array_like=True):
    """A row of the alarm log; its key is (condition_id, start_us, transition, n)."""

    condition_id: UUID
    start_us: int
    transition: str
    n: int
    at_us: int
    receive_us: int
    priority: int
    severity: int
    value: float | None
    text: str
    subject: str
    kind: str = ""
    rule_id: str = ""
    side: str = ""
    area: str = ""
    asset_name: str = ""
    who: str = ""


class Now(msgspec.Struct, frozen=True, array_like=True):
    """Everything that is active at the sender (None: as told before), and rows of its alarm log."""

    occurrences: tuple[OpenNow, ...] | None
    rows: tuple[RowNow, ...] = ()


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
Word = HeadNote | Fresh | Receipts | Digests | Now


def encode(word: Word) -> bytes:
    return _encoder.encode(word)


head_note = msgspec.msgpack.Decoder(HeadNote).decode
fresh = msgspec.msgpack.Decoder(Fresh).decode
receipts = msgspec.msgpack.Decoder(Receipts).decode
digests = msgspec.msgpack.Decoder(Digests).decode
now = msgspec.msgpack.Decoder(Now).decode


def row_of(transition: AlarmTransition) -> RowNow:
    return RowNow(*(getattr(transition, name) for name in RowNow.__struct_fields__))


def transition_of(row: RowNow) -> AlarmTransition | None:
    """None for a word that this version does not know, and for numbers that no table holds."""
    try:
        word = Transition(row.transition)
    except ValueError:
        return None
    numbers = (row.start_us, row.n, row.at_us, row.receive_us, row.priority, row.severity)
    if any(not -(2**62) < number < 2**62 for number in numbers):
        return None
    texts = [getattr(row, name)[:1000] for name in RowNow.__struct_fields__[9:]]
    return AlarmTransition(
        row.condition_id, row.start_us, word, row.n, row.at_us, row.receive_us, row.priority, row.severity, row.value,
        *texts,
    )  # fmt: skip


def vector_digest(tips: Iterable[Tip]) -> bytes:
    """Of where all streams end: equal digests, equal journals."""
    told = hashlib.sha256()
    for tip in sorted(tips, key=lambda one: (one.stream, one.seq, one.hash)):
        told.update(tip.stream.bytes + tip.seq.to_bytes(8, "big") + tip.hash)
    return told.digest()


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one site as one station sees them. Stations are written as plain hex."""

    site: UUID
    station: UUID

    @property
    def root(self) -> str:
        return f"leitstand/v1/{self.site.hex}"

    @property
    def head(self) -> str:
        return f"{self.root}/head/{self.station.hex}"

    @property
    def live(self) -> str:
        return f"{self.root}/live/{self.station.hex}"

    @property
    def now(self) -> str:
        return f"{self.root}/now/{self.station.hex}"

    @property
    def join(self) -> str:
        return f"{self.root}/join/{self.station.hex}"

    @property
    def joined(self) -> str:
        return self.joined_of(self.station)

    def joined_of(self, station: UUID) -> str:
        return f"{self.root}/joined/{station.hex}"

    def to(self, word: str, station: UUID) -> str:
        """`ask` or `say` to another station."""
        return f"{self.root}/{word}/{station.hex}/{self.station.hex}"

    def filters(self) -> tuple[str, ...]:
        root, own = self.root, self.station.hex
        lanes = tuple(f"{root}/{word}/{own}/+" for word in _ADDRESSED)
        return (*lanes, f"{root}/head/+", f"{root}/live/+", f"{root}/now/+", f"{root}/join/+", self.joined)

    def read(self, topic: bytes) -> tuple[str, UUID] | None:
        """(word, who speaks) of a topic that concerns this station; None for any other."""
        try:
            parts = topic.decode("ascii").removeprefix(self.root + "/").split("/")
            speaker = UUID(parts[-1])
        except (UnicodeDecodeError, ValueError):
            return None
        is_addressed = parts[0] in _ADDRESSED
        if len(parts) != (3 if is_addressed else 2) or (is_addressed and parts[1] != self.station.hex):
            return None
        return (parts[0], speaker) if parts[-1] == speaker.hex else None
