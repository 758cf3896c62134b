"""Who is there: the heads that stations tell of themselves at least every two seconds, and what is thought of them.

A head says who speaks, with which key and certificate, and what its journal's ends digest to. It is believed as far
as its signature and its certificate go; one key has one station as long as it is there.
"""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec

from console.services.journal.event_table import Tip
from console.services.sync import neighbour_words as words
from console.services.sync.neighbour_frames import BadFrame, Signed, bad
from console.services.sync.neighbour_peer import Peer, Self, Trust, is_odd, shown_name
from console.services.sync.neighbour_voice import Ears, Voice

HEAD_S = 1.0  # between two heads at least
BEAT_S = 2.0  # between two heads at most
_TWIN_MOVES = 2  # heads of a run that is not ours: one may be our own late word
_MAX_PEERS = 200


class Household(Protocol):
    """What heads ask of the room they are told in."""

    @property
    def trust(self) -> Trust: ...

    @property
    def profiles_digest(self) -> bytes: ...

    def now_us(self) -> int: ...

    def mono_s(self) -> float: ...

    def chance(self) -> float:
        """0 to 1."""
        ...

    def vector(self) -> tuple[bytes, tuple[Tip, ...]]: ...

    def note(self, station: UUID | None, kind: str, example: bytes = b"") -> None:
        """Count what was wrong."""
        ...


class Heads:
    """`peers` are the stations that told a head; `greeted` the runs of them that were told everything active here."""

    def __init__(self, room: Household, me: Self, voice: Voice, ears: Ears, hurry: Callable[[Peer], None]) -> None:
        self.peers: dict[UUID, Peer] = {}
        self.greeted: set[tuple[UUID, int]] = set()
        self._room = room
        self._me = me
        self._voice = voice
        self._ears = ears
        self._hurry = hurry
        self._twin_moves: dict[int, int] = {}
        self._told: tuple[bytes, float] = (b"", float("-inf"))

    def take(self, speaker: UUID, signed: Signed, retained: bool) -> None:
        part = signed.part
        if part.kind == words.GONE:
            self._take_last_word(self.peers.get(speaker), signed)
            return
        try:
            note = words.head_note(part.data)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadFrame("undecodable") from error
        if is_odd(note) or not signed.is_by(note.public_key):
            bad("forged")
        if speaker == self._room.trust.place.station and not self._is_twin(part.session, note.public_key):
            return
        peer = self._known(speaker, note)
        if not peer.replays.is_new(words.HEAD, part.session, part.number):
            if not retained:
                bad("replayed")
            return
        peer.distrust = self._room.trust.why_not(speaker, note)
        peer.code, peer.shown, peer.digest, peer.profiles = note.code, shown_name(note), note.digest, note.profiles
        if not retained:
            peer.heard_s = self._room.mono_s()
        if peer.session != part.session or peer.gone:
            self._meet(peer, part.session)
        if peer.digest != self._room.vector()[0]:
            self._hurry(peer)

    def _take_last_word(self, peer: Peer | None, signed: Signed) -> None:
        part = signed.part
        if peer is None or part.session != peer.session or not signed.is_by(peer.key):
            return
        if peer.replays.is_new(words.GONE, part.session, part.number):
            peer.gone = "bye" if part.data == b"bye" else "will"
            peer.drop()

    def _known(self, speaker: UUID, note: words.HeadNote) -> Peer:
        """The neighbour with this key. One that is believed does not change it while it is there: BadFrame."""
        peer = self.peers.get(speaker)
        if peer is not None and (peer.key, peer.certificate) == (note.public_key, note.certificate):
            return peer
        why = self._room.trust.why_not(speaker, note)
        if peer is not None and (not peer.distrust if why else peer.is_there(self._room.mono_s())):
            bad("forged")
        if peer is None and len(self.peers) >= _MAX_PEERS:
            self._make_room()
        peer = Peer(speaker, note.code, shown_name(note), note.public_key, note.certificate)
        self.peers[speaker] = peer
        return peer

    def _make_room(self) -> None:
        """Who is not believed, or is not there, gives way to who may be. Raises BadFrame."""
        for station, peer in self.peers.items():
            if not peer.is_there(self._room.mono_s()):
                del self.peers[station]
                return
        bad("too_many")

    def _meet(self, peer: Peer, session: int) -> None:
        """A neighbour that is new here, or began anew."""
        peer.session, peer.gone = session, ""
        peer.heard_s = self._room.mono_s()
        peer.receipted.clear()
        peer.next_poll_s = self._room.mono_s() + 0.1 * self._room.chance()
        if not peer.distrust:
            self.greeted.add((peer.station, session))
            self._ears.want_now(everything=True)

    def _is_twin(self, session: int, public_key: bytes) -> bool:
        """Somebody who is not this run of this program speaks as this station, and goes on doing so."""
        moves = self._twin_moves[session] = self._twin_moves.pop(session, 0) + 1
        while len(self._twin_moves) > 8:
            del self._twin_moves[next(iter(self._twin_moves))]
        self._told = (b"", self._told[1])  # ours stands there no more
        if moves < _TWIN_MOVES:
            return False
        self._ears.twin()
        self._room.note(self._room.trust.place.station, "twin")
        return public_key == self._me.public_key

    def tell_when_due(self) -> None:
        told, at_s = self._told
        silent_s = self._room.mono_s() - at_s
        if silent_s >= BEAT_S or (silent_s >= HEAD_S and self._room.vector()[0] + self._room.profiles_digest != told):
            self.tell()

    def tell(self) -> None:
        me, place, digest, profiles = (
            self._me,
            self._room.trust.place,
            self._room.vector()[0],
            self._room.profiles_digest,
        )
        name, certificate = me.name[: words.MAX_NAME], bytes.fromhex(me.certificate())
        note = words.HeadNote(place.code, name, me.public_key, certificate, digest, self._room.now_us(), profiles)
        self._voice.tell(words.HEAD, words.encode(note), self._voice.topics.head, 1, retain=True)
        self._told = (digest + profiles, self._room.mono_s())
