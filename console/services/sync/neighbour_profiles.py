"""Profiles between neighbours: what people are called is agreed on without a centre (P29).

Heads tell a digest of the profiles that a station would hand on; whoever knows others asks for them. Profiles are no
secrets and signed by the station that set them; hashes of passwords and PINs never go this way.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from console.services.sync import neighbour_words as words
from console.services.sync.neighbour_exchange import Exchanges, Surroundings
from console.services.sync.neighbour_frames import Message
from console.services.sync.neighbour_peer import Peer
from console.services.sync.neighbour_voice import Ears, Voice
from console.services.sync.profile_rows import MAX_PROFILES, ProfileNow

_MAX_BYTES = 3 << 20  # of one answer
_SOONEST_S = 1.0
_SELDOM_S = 60.0  # what cannot be agreed on (a station that is not known here yet) is asked again, ever more seldom


class Told(msgspec.Struct, frozen=True, array_like=True):
    """Every profile that the sender would hand on."""

    rows: tuple[ProfileNow, ...]


@dataclass(slots=True)
class _Asked:
    """What was asked of one neighbour; times are monotonic seconds."""

    pair: tuple[bytes, bytes] = (b"", b"")  # digests over there and here
    request: int = 0
    last_s: float = float("-inf")
    next_s: float = float("-inf")
    pause_s: float = _SOONEST_S
    told_s: float = float("-inf")


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Told)


def digest_of(rows: Iterable[ProfileNow]) -> bytes:
    """Equal digests, equal profiles."""
    told = hashlib.sha256()
    for row in sorted(rows, key=lambda one: (one.user_id, one.version, one.sig)):
        told.update(_encoder.encode((row.user_id, row.version, row.sig)))
    return told.digest()


class ProfileTalk:
    """Lives in the neighbours' thread; `set` is told by the main loop what there is to hand on."""

    def __init__(self, room: Surroundings, exchanges: Exchanges, voice: Voice, ears: Ears) -> None:
        self.digest = digest_of(())
        self._room = room
        self._exchanges = exchanges
        self._voice = voice
        self._ears = ears
        self._rows: tuple[ProfileNow, ...] = ()
        self._asked: dict[UUID, _Asked] = {}

    def set(self, rows: Sequence[ProfileNow]) -> None:
        self._rows = _fitting(rows)
        self.digest = digest_of(self._rows)

    def maybe(self, peer: Peer) -> None:
        """Ask this neighbour when it has told of other profiles; one that tells nothing is of an older version."""
        if not peer.profiles or peer.profiles == self.digest:
            return
        asked, now_s = self._of(peer), self._room.mono_s()
        pair = (peer.profiles, self.digest)
        if pair != asked.pair:
            asked.pair, asked.pause_s, asked.next_s = pair, _SOONEST_S, asked.last_s + _SOONEST_S
        if now_s < asked.next_s:
            return
        asked.last_s, asked.next_s = now_s, now_s + self._room.jittered(asked.pause_s)
        asked.pause_s = min(2 * asked.pause_s, _SELDOM_S)
        asked.request = self._exchanges.next_request()
        self._voice.tell_one(words.ASK_PROFILES, b"", "ask", peer.station, asked.request)

    def on_ask(self, peer: Peer, message: Message) -> None:
        asked, now_s = self._of(peer), self._room.mono_s()
        if now_s - asked.told_s < _SOONEST_S / 2:
            return
        asked.told_s = now_s
        told = _encoder.encode(Told(self._rows))
        self._voice.tell_one(words.PROFILES, told, "say", peer.station, message.request)

    def on_told(self, peer: Peer, message: Message) -> None:
        """The answer. Raises msgspec.DecodeError for what is none."""
        told, asked = _decoder.decode(message.data), self._of(peer)
        if not asked.request or message.request != asked.request:
            self._room.count(peer, "unasked")
            return
        asked.request = 0
        self._ears.profiles(told.rows[:MAX_PROFILES])

    def _of(self, peer: Peer) -> _Asked:
        known = self._asked.pop(peer.station, None) or _Asked()
        self._asked[peer.station] = known
        if len(self._asked) > 2 * MAX_PROFILES:  # of many strangers the longest silent is forgotten
            del self._asked[next(iter(self._asked))]
        return known


def _fitting(rows: Sequence[ProfileNow]) -> tuple[ProfileNow, ...]:
    """As many as one answer holds."""
    kept: list[ProfileNow] = []
    size = 0
    for row in rows[:MAX_PROFILES]:
        size += len(row.encoded) * 4 + len(row.user_id) * 4 + 200
        if size > _MAX_BYTES:
            break
        kept.append(row)
    return tuple(kept)
