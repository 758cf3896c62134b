"""The room in which neighbours speak: who is there, what each of them says, and what is done about it.

Implements the link's `Speaker` and the exchange's `Surroundings`; everything runs in the neighbours' thread. Nothing
that comes in is believed before its frame, its place, its speaker's key and its number have been looked at; what is
wrong is counted under its speaker, and nothing else happens.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Protocol
from uuid import UUID

import msgspec

from console.services.journal.event_table import Tip
from console.services.journal.store import Disk
from console.services.sync import messages as m
from console.services.sync import neighbour_words as words
from console.services.sync.neighbour_board import Board
from console.services.sync.neighbour_check import EVERY_S, SelfCheck
from console.services.sync.neighbour_exchange import JITTER, Exchanges
from console.services.sync.neighbour_frames import ALL, BadFrame, Message, bad, read_frame
from console.services.sync.neighbour_heads import Heads
from console.services.sync.neighbour_peer import Peer, Self, Trust
from console.services.sync.neighbour_profiles import ProfileTalk
from console.services.sync.neighbour_voice import Buckets, Ears, Voice
from console.services.telemetry.clock import Clock
from console.services.telemetry.troubles import TroubleBook, hex_example

NOW_S = 1.0
JOIN_S = 5.0
_TICK_S = 0.05
_LOOK_S = 1.0
_JOIN_BYTES = 4096


class Acks(Protocol):
    def ack(self, mid: int) -> None: ...


class Room:
    """Made in the link's thread, whose connection `disk` reads."""

    def __init__(
        self,
        me: Self,
        disk: Disk,
        voice: Voice,
        ears: Ears,
        acks: Acks,
        clock: Clock,
        chance: random.Random,
        check_every_s: float = EVERY_S,
    ) -> None:
        self.trust = me.trust
        self._me = me
        self._disk = disk
        self._voice = voice
        self._ears = ears
        self._acks = acks
        self._clock = clock
        self._chance = chance
        self._exchanges = Exchanges(self, disk, voice, ears, chance.getrandbits(60))
        self._troubles = TroubleBook()
        self._buckets = Buckets()
        self._board = Board(ears, me.trust.place.station)
        self._check = SelfCheck(self, self._exchanges, voice, ears, check_every_s)
        self.profiles = ProfileTalk(self, self._exchanges, voice, ears)
        self._talks: dict[str, Callable[[Peer, Message], None]] = {
            words.ASK: self._exchanges.on_ask, words.SAY: self._exchanges.on_say,
            words.ASK_DIGESTS: self._check.on_ask, words.DIGESTS: self._check.on_told,
            words.ASK_PROFILES: self.profiles.on_ask, words.PROFILES: self.profiles.on_told,
        }  # fmt: skip
        self._link = ("connecting", "")
        self._digest, self._ends = b"", tuple[Tip, ...]()
        self._is_stale = True  # the ends have to be read again
        self._heads = Heads(self, me, voice, ears, self._exchanges.hurry)
        self._due = dict.fromkeys(("tick", "look", "now", "join"), float("-inf"))

    @property
    def peers(self) -> dict[UUID, Peer]:
        return self._heads.peers

    # --- Household -------------------------------------------------------------------------------------------------

    def hello(self) -> m.Hello:
        place, me = self.trust.place, self._me
        return m.Hello(
            place.site, place.station, place.code, place.tenant,
            name=me.name, public_key=me.public_key, certificate=me.certificate(), clock_us=self.now_us(),
        )  # fmt: skip

    def now_us(self) -> int:
        return self._clock.now_us()

    def mono_s(self) -> float:
        return self._clock.mono_s()

    def chance(self) -> float:
        return self._chance.random()

    @property
    def profiles_digest(self) -> bytes:
        return self.profiles.digest

    def jittered(self, seconds: float) -> float:
        return seconds * self._chance.uniform(1 - JITTER, 1 + JITTER)

    def may_pull(self, peer: Peer) -> bool:
        """One neighbour after the other: all of them hold the same backlog."""
        return all(one is peer or (one.is_taken_in and one.asking is None) for one in self.peers.values())

    def count(self, peer: Peer, kind: str) -> None:
        self.note(peer.station, kind)

    def note(self, station: UUID | None, kind: str, example: bytes = b"") -> None:
        peer = self.peers.get(station) if station is not None else None
        sender = f"neighbour {peer.code if peer else station or ''}".strip()
        self._troubles.note(sender, kind, self.now_us(), hex_example(example))

    def vector(self) -> tuple[bytes, tuple[Tip, ...]]:
        if self._is_stale:
            self._is_stale = False
            with self._disk.read() as store:
                self._ends = store.tips()
            self._digest = words.vector_digest(self._ends)
        return self._digest, self._ends

    # --- Speaker ---------------------------------------------------------------------------------------------------

    def filters(self) -> tuple[str, ...]:
        return self._voice.topics.filters()

    def will(self) -> tuple[str, bytes]:
        return self._voice.topics.head, self._voice.frames(words.GONE, b"will")[0]

    def on_live(self) -> None:
        self._link = ("live", "")
        self._is_stale = True
        for peer in self.peers.values():
            peer.next_poll_s = self.mono_s()
        self._heads.tell()

    def on_lost(self, state: str, detail: str) -> None:
        self._link = (state, detail)
        for peer in self.peers.values():
            peer.drop()
        self._board.show(self.peers.values(), self._link, self.mono_s(), self.now_us())

    def goodbye(self) -> None:
        self._voice.tell(words.GONE, b"bye", self._voice.topics.head, 1, retain=True)

    def oversize(self, topic: bytes, size: int) -> None:
        found = self._voice.topics.read(topic)
        self.note(found[1] if found else None, "oversize", str(size).encode())

    def turn(self) -> None:
        if not self._is_due("tick", _TICK_S):
            return
        if self._is_due("look", _LOOK_S):
            self._is_stale = True  # what another process wrote, or a wake-up that was lost
        if self._link[0] == "live":
            self._heads.tell_when_due()
            for peer in self.peers.values():
                if peer.is_there(self.mono_s()):
                    self._exchanges.poll(peer)
                    self._check.maybe(peer)
                    self.profiles.maybe(peer)
            if self._heads.greeted and self._is_due("now", NOW_S):
                self._ears.want_now(everything=False)
            if self._is_due("join", JOIN_S) and (request := self._me.request()) is not None:
                self._voice.raw(self._voice.topics.join, request)
        self._board.show(self.peers.values(), self._link, self.mono_s(), self.now_us())
        if troubles := self._troubles.due(self.now_us()):
            self._ears.troubles(troubles)

    # --- what the main loop posts ----------------------------------------------------------------------------------

    def wake(self) -> None:
        """The journal has new events."""
        self._is_stale = True

    def tell_fresh(self, events: words.Fresh) -> None:
        """Own events, committed just now."""
        self._is_stale = True
        self._voice.tell(words.LIVE, words.encode(events), self._voice.topics.live, 1)

    def tell_now(self, told: words.Now) -> None:
        self._voice.tell(words.NOW, words.encode(told), self._voice.topics.now)

    def tell_joined(self, station: UUID, certificate: str) -> None:
        """Kept by the broker until the station has fetched it."""
        self._voice.raw(self._voice.topics.joined_of(station), certificate.encode("ascii"), retain=True)

    def distrust(self, revoked: frozenset[UUID]) -> None:
        """Who is revoked as of now."""
        self.trust = Trust(self.trust.place, self.trust.authority, revoked)

    # --- hearing ---------------------------------------------------------------------------------------------------

    def take(self, topic: bytes, payload: bytes, retained: bool, mid: int) -> None:
        found = self._voice.topics.read(topic)
        if found is None or found[0] not in {*words.LANES, "join", "joined"}:
            self.note(None, "bad_topic", topic)
            self._acks.ack(mid)
            return
        word, speaker = found
        own = self.trust.place.station
        kept = False
        try:
            if word in ("join", "joined"):
                self._join(word, speaker, payload)
            elif payload and (word == "head" and retained and speaker == own):
                pass  # our own last word of an earlier run
            elif payload:
                kept = self._judge(word, speaker, payload, retained, mid)
        except BadFrame as bad:
            self.note(speaker, bad.kind, payload[:64])
        finally:
            if not kept:
                self._acks.ack(mid)

    def _join(self, word: str, speaker: UUID, payload: bytes) -> None:
        own = self.trust.place.station
        if not payload or (word == "join" and speaker == own):
            return
        if len(payload) > _JOIN_BYTES or not self._buckets.takes(word, speaker, self.mono_s()):
            bad("flood" if len(payload) <= _JOIN_BYTES else "oversize")
        if word == "join":
            self._ears.join(payload)
        else:
            self._ears.joined(payload)
            self._voice.raw(self._voice.topics.joined, b"", retain=True)

    def _judge(self, word: str, speaker: UUID, payload: bytes, retained: bool, mid: int) -> bool:
        """True when the message is taken care of later, and acknowledged then. Raises BadFrame."""
        signed = read_frame(payload)
        part, place = signed.part, self.trust.place
        if part.site != place.site:
            bad("wrong_site")
        if part.sender != speaker:
            bad("forged_sender")
        if part.kind not in words.LANES[word] or part.to != (place.station if word in ("ask", "say") else ALL):
            bad("wrong_address")
        if speaker == place.station and part.session == self._voice.session:
            return False
        if not self._buckets.takes(word, speaker, self.mono_s()):
            bad("flood")
        if word == "head":
            self._heads.take(speaker, signed, retained)
            return False
        peer = self.peers.get(speaker)
        if peer is None:
            return False  # its head is not here yet; what it said comes by asking
        if part.kind == words.SAY and (peer.asking is None or peer.asking.request != part.request):
            bad("unasked")
        if not signed.is_by(peer.key):
            bad("forged")
        message = peer.assembly.add(part)
        if message is None:
            return False
        if not peer.replays.is_new(message.kind, message.session, message.number):
            bad("replayed")
        if peer.distrust and message.kind != words.ASK:
            bad("distrusted")
        return self._take_message(peer, message, mid)

    def _take_message(self, peer: Peer, message: Message, mid: int) -> bool:
        try:
            if message.kind in self._talks:
                self._talks[message.kind](peer, message)
            elif message.kind == words.RECEIPTS:
                self._exchanges.on_receipts(peer, words.receipts(message.data))
            elif message.kind == words.NOW:
                self._ears.now(peer.station, words.now(message.data))
            elif message.kind == words.LIVE:
                raws = list(words.fresh(message.data).events)
                self._exchanges.take_in(peer, raws, is_pulled=False, then=partial(self._acks.ack, mid))
                return True
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadFrame("undecodable") from error
        return False

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = self.mono_s()
        if now_s - self._due[what] < every_s:
            return False
        self._due[what] = now_s
        return True
