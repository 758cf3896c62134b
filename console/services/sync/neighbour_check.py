"""Equal journals must make equal projections: neighbours compare digests of them when both have stood still a while."""

from console.services.sync import neighbour_words as words
from console.services.sync.neighbour_exchange import Exchanges, Surroundings
from console.services.sync.neighbour_frames import Message
from console.services.sync.neighbour_peer import Peer
from console.services.sync.neighbour_voice import Ears, Voice

QUIET_S = 3.0  # nothing new for so long: what is stored has been applied
EVERY_S = 60.0
_SOONEST_S = 5.0


class SelfCheck:
    """Of two neighbours the one with the smaller id asks; both compare."""

    def __init__(
        self, room: Surroundings, exchanges: Exchanges, voice: Voice, ears: Ears, every_s: float = EVERY_S
    ) -> None:
        self._room = room
        self._exchanges = exchanges
        self._voice = voice
        self._ears = ears
        self._every_s = every_s
        self._seen: tuple[bytes, float] = (b"", float("inf"))

    def _still(self) -> bytes:
        """The digest of our streams' ends when it has stood still, else empty."""
        digest, _ends = self._room.vector()
        if digest != self._seen[0]:
            self._seen = (digest, self._room.mono_s())
        return digest if self._room.mono_s() - self._seen[1] >= QUIET_S else b""

    def maybe(self, peer: Peer) -> None:
        """Begin to compare with this neighbour when it is time."""
        now_s, still = self._room.mono_s(), self._still()
        is_first = self._voice.topics.station < peer.station
        if not (
            still and is_first and still == peer.digest == peer.confirmed and now_s - peer.checked_s > self._every_s
        ):
            return
        peer.checked_s = now_s

        def made(buckets: dict[str, bytes]) -> None:
            if self._still() == still:
                peer.digests_request = self._exchanges.next_request()
                told = words.encode(words.Digests(still, buckets))
                self._voice.tell_one(words.ASK_DIGESTS, told, "ask", peer.station, peer.digests_request)

        self._ears.digests(made)

    def on_ask(self, peer: Peer, message: Message) -> None:
        """Compare and answer. Raises msgspec.DecodeError for what is none."""
        told, still, now_s = words.digests(message.data), self._still(), self._room.mono_s()
        if not still or told.vector != still or now_s - peer.checked_s < min(_SOONEST_S, self._every_s):
            return
        peer.checked_s = now_s

        def made(buckets: dict[str, bytes]) -> None:
            if self._still() == still:
                self._compare(peer, buckets, told.buckets)
                answer = words.encode(words.Digests(still, buckets))
                self._voice.tell_one(words.DIGESTS, answer, "say", peer.station, message.request)

        self._ears.digests(made)

    def on_told(self, peer: Peer, message: Message) -> None:
        """The answer. Raises msgspec.DecodeError for what is none."""
        told = words.digests(message.data)
        if not peer.digests_request or message.request != peer.digests_request:
            self._room.count(peer, "unasked")
            return
        peer.digests_request = 0

        def made(buckets: dict[str, bytes]) -> None:
            if self._still() == told.vector:
                self._compare(peer, buckets, told.buckets)

        self._ears.digests(made)

    def _compare(self, peer: Peer, ours: dict[str, bytes], theirs: dict[str, bytes]) -> None:
        for bucket in sorted(ours.keys() | theirs.keys()):  # an empty one is left out
            if ours.get(bucket) != theirs.get(bucket):
                self._ears.divergence(bucket, peer.link_name)
