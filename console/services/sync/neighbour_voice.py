"""How this station speaks to its neighbours, and how what it hears is judged before anybody believes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.keys import StationKey
from console.services.records import CatchUp, LinkRecord, PeerRecord, Trouble
from console.services.sync import messages as m
from console.services.sync.neighbour_frames import ALL, Part, frames_of
from console.services.sync.neighbour_words import Now, Topics
from console.services.sync.profile_rows import ProfileNow

_KEPT_SIGNATURES = 4096


class Ears(Protocol):
    """What the exchange tells the main loop; called in the neighbours' thread, never waits."""

    def events(self, peer: str, raws: list[RawEvent], then: Callable[[frozenset[UUID]], None]) -> None:
        """Take these in. `then` runs in the neighbours' thread once they are durable; its argument are streams of
        which something was turned away."""
        ...

    def receipts(self, peer: str, held: list[Tip], signatures: list[bytes]) -> None: ...

    def vector(self, peer: str, ends: tuple[Tip, ...]) -> None: ...

    def peer(self, record: PeerRecord) -> None: ...

    def link(self, record: LinkRecord) -> None: ...

    def catch_up(self, progress: CatchUp) -> None: ...

    def twin(self) -> None:
        """Another console acts under this station's name."""
        ...

    def now(self, station: UUID, told: Now | None) -> None:
        """What is active at a neighbour; None: it is away."""
        ...

    def want_now(self, *, everything: bool) -> None:
        """Tell what is active here, if it changed or `everything` is asked for."""
        ...

    def digests(self, then: Callable[[dict[str, bytes]], None]) -> None: ...

    def divergence(self, bucket: str, peer: str) -> None: ...

    def profiles(self, rows: Sequence[ProfileNow]) -> None:
        """Profiles as a neighbour told them: nothing about them is proven yet."""
        ...

    def troubles(self, troubles: list[Trouble]) -> None: ...

    def join(self, raw: bytes) -> None: ...

    def joined(self, raw: bytes) -> None: ...


class Voice:
    """Signs what this station says. `send(topic, payload, qos, retain=...)` is the link's."""

    def __init__(self, topics: Topics, key: StationKey, session: int, send: Callable[..., bool]) -> None:
        self.topics = topics
        self.session = session
        self._key = key
        self._send = send
        self._number = 0
        self._signed: dict[m.Head, bytes] = {}

    def frames(self, kind: str, data: bytes, to: UUID = ALL, request: int = 0) -> list[bytes]:
        self._number += 1
        topics = self.topics
        part = Part(kind, topics.site, topics.station, to, self.session, self._number, request, 0, 1, data)
        return frames_of(part, self._key.sign)

    def tell(self, kind: str, data: bytes, topic: str, qos: int = 0, *, retain: bool = False) -> bool:
        """To everybody."""
        return all(self._send(topic, frame, qos, retain=retain) for frame in self.frames(kind, data))

    def tell_one(self, kind: str, data: bytes, word: str, to: UUID, request: int = 0) -> bool:
        topic = self.topics.to(word, to)
        return all(self._send(topic, frame) for frame in self.frames(kind, data, to, request))

    def raw(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """What is signed by itself or, as a request to join, not at all."""
        return self._send(topic, payload, 1, retain=retain)

    def receipt(self, head: m.Head) -> bytes:
        """The signature under a head that is durable here."""
        known = self._signed.get(head)
        if known is None:
            known = self._signed[head] = self._key.sign(m.receipt_bytes(head))
            while len(self._signed) > _KEPT_SIGNATURES:
                del self._signed[next(iter(self._signed))]
        return known


@dataclass(slots=True)
class Bucket:
    """How much may come: `rate` a second in the long run, `burst` at once."""

    rate: float
    burst: float
    level: float = 0.0
    at_s: float = field(default=float("-inf"))

    def takes(self, mono_s: float) -> bool:
        if self.at_s == float("-inf"):
            self.level = self.burst
        else:
            self.level = min(self.burst, self.level + (mono_s - self.at_s) * self.rate)
        self.at_s = mono_s
        if self.level < 1:
            return False
        self.level -= 1
        return True


LANE_LIMITS = {  # messages a second and at once, of one speaker; a frame counts as one
    "head": (5, 20),
    "ask": (100, 200),
    "say": (300, 600),
    "live": (200, 400),
    "now": (20, 60),
    "join": (2, 20),
    "joined": (2, 20),
}


class Buckets:
    """One for each speaker and lane; of many speakers the longest silent is forgotten."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, UUID], Bucket] = {}

    def takes(self, word: str, speaker: UUID, mono_s: float) -> bool:
        key = (word, speaker)
        bucket = self._buckets.pop(key, None) or Bucket(*LANE_LIMITS[word])
        self._buckets[key] = bucket
        if len(self._buckets) > 2000:
            del self._buckets[next(iter(self._buckets))]
        return bucket.takes(mono_s)
