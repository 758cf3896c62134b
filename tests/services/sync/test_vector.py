"""Comparing heads: any two peers end equal, forks included, and peers that are equal exchange nothing."""

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from console.services.journal.event_table import Tip
from console.services.sync.vector import Span, compare

Place = tuple[int, bytes]  # seq, hash
ROOT: Place = (0, b"")


@dataclass
class Peer:
    """What a peer holds: per stream, events with their predecessors; takes in only what fits."""

    events: dict[UUID, dict[Place, Place]] = field(default_factory=dict)

    def take(self, stream: UUID, place: Place, prev: Place) -> bool:
        held = self.events.setdefault(stream, {})
        if prev != ROOT and prev not in held:
            return False
        held[place] = prev
        return True

    def tips(self) -> list[Tip]:
        return [
            Tip(stream, *place)
            for stream, held in self.events.items()
            for place in held
            if place not in set(held.values())
        ]

    def knows(self, event_hash: bytes) -> bool:
        return any(place[1] == event_hash for held in self.events.values() for place in held)

    def behind(self, span: Span) -> list[tuple[Place, Place]]:
        held = self.events.get(span.stream, {})
        return [(p, held[p]) for p in sorted(held) if p > (span.after_seq, span.after_hash)]


def _exchange(us: Peer, them: Peer) -> bool:
    """One round as a conversation does it; True when something was sent."""
    difference = compare(us.tips(), them.tips(), us.knows)
    forked = dict(difference.forked)
    sent = False
    for span in difference.push:
        for place, prev in us.behind(span):
            sent = True
            them.take(span.stream, place, prev)
    for span in difference.pull:
        behind = them.behind(span)
        if span.after_seq and behind and behind[0][1] != (span.after_seq, span.after_hash):
            forked[span.stream] = 0  # ours does not lie on theirs
            continue
        for place, prev in behind:
            sent = True
            us.take(span.stream, place, prev)
    for stream in forked:
        here, there = us.events.get(stream, {}), them.events.get(stream, {})
        for place in sorted({*here, *there}):
            if place not in there:
                sent = them.take(stream, place, here[place]) or sent
            elif place not in here:
                sent = us.take(stream, place, there[place]) or sent
    return sent


@st.composite
def _two_peers(draw: st.DrawFn) -> tuple[Peer, Peer]:
    """Streams as trees of events (a chain, or several branches), and two peers that hold any closed part of them."""
    us, them = Peer(), Peer()
    for number in range(draw(st.integers(1, 3))):
        stream = UUID(int=number)
        places = [ROOT]
        for n in range(draw(st.integers(1, 12))):
            prev = places[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(places))
            place = (prev[0] + 1, hashlib.sha256(f"{number}/{n}".encode()).digest())
            places.append(place)
            for peer in (us, them):
                if draw(st.booleans()) or draw(st.booleans()):
                    peer.take(stream, place, prev)
    return us, them


@given(_two_peers())
def test_two_peers_end_with_everything_that_either_had(peers: tuple[Peer, Peer]) -> None:
    us, them = peers
    everything = {
        stream: us.events.get(stream, {}) | them.events.get(stream, {})
        for stream in {*us.events, *them.events}
        if us.events.get(stream) or them.events.get(stream)
    }
    for _ in range(2):
        _exchange(us, them)
    for peer in (us, them):
        assert {stream: held for stream, held in peer.events.items() if held} == everything
    assert not _exchange(us, them)


@given(_two_peers())
def test_a_receipt_is_given_only_for_what_the_other_really_holds(peers: tuple[Peer, Peer]) -> None:
    us, them = peers
    for tip in compare(us.tips(), them.tips(), us.knows).held:
        assert us.knows(tip.hash)
        assert (tip.seq, tip.hash) in them.events[tip.stream]


def test_a_plain_backlog_is_sent_from_where_the_other_stands_and_no_earlier() -> None:
    us, them = Peer(), Peer()
    stream, prev = UUID(int=1), ROOT
    for n in range(10):
        place = (n + 1, bytes([n]) * 32)
        us.take(stream, place, prev)
        if n < 4:
            them.take(stream, place, prev)
        prev = place
    difference = compare(us.tips(), them.tips(), us.knows)
    assert difference.push == [Span(stream, 4, bytes([3]) * 32, 6)]
    assert (difference.pull, difference.waiting) == ([], 6)
    back = compare(them.tips(), us.tips(), them.knows)
    assert back.pull == [Span(stream, 4, bytes([3]) * 32, 6)]
    assert back.push == []
