"""Where an event is kept beside this PC: on which stations, and in the centre; by what each of them has told."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from console.services.journal.event_table import Tip

CENTRE = "centre"


@dataclass(slots=True)
class _Peer:
    ends: dict[UUID, int] = field(default_factory=dict)  # stream -> seq up to which it holds everything
    branches: dict[UUID, frozenset[bytes]] = field(default_factory=dict)  # of forked streams: each event it holds


class Holdings:
    """What each peer told last replaces what it told before: a centre that was restored holds less than it did."""

    def __init__(self) -> None:
        self._peers: dict[str, _Peer] = {}

    def told(
        self, peer: str, ends: Iterable[Tip], branches: Mapping[UUID, frozenset[bytes]] | None = None
    ) -> set[UUID]:
        """A peer's ends that are on our chains; `branches` for streams with a fork. Gives the streams that changed."""
        known = self._peers.setdefault(peer, _Peer())
        new_ends: dict[UUID, int] = {}
        for tip in ends:
            new_ends[tip.stream] = max(tip.seq, new_ends.get(tip.stream, 0))
        changed = {stream for stream, seq in new_ends.items() if known.ends.get(stream) != seq}
        known.ends.update(new_ends)
        for stream, held in (branches or {}).items():
            if known.branches.get(stream) != held:
                known.branches[stream] = held
                changed.add(stream)
        return changed

    def only(self, peer: str, streams: Collection[UUID]) -> set[UUID]:
        """A peer named every stream of which it has anything: what it held of others is lost (pitfall P37)."""
        known = self._peers.get(peer, _Peer())
        lost = {stream for stream in known.ends if stream not in streams}
        for stream in lost:
            del known.ends[stream]
            known.branches.pop(stream, None)
        return lost

    def forked(self, stream: UUID) -> set[UUID]:
        """A stream turned out to have branches: how far a peer came says no longer which of them it holds, until it
        tells anew. Gives the stream when somebody was believed to hold some of it."""
        believed = [one for one in self._peers.values() if stream in one.ends and stream not in one.branches]
        for known in believed:
            del known.ends[stream]
        return {stream} if believed else set()

    def forget(self, peer: str) -> set[UUID]:
        """A peer that lost everything, or was turned away; gives the streams that changed."""
        known = self._peers.pop(peer, None)
        return set(known.ends) if known else set()

    def is_held(self, peer: str, stream: UUID, seq: int, event_hash: bytes) -> bool:
        known = self._peers.get(peer)
        if known is None:
            return False
        branch = known.branches.get(stream)
        return event_hash in branch if branch is not None else seq <= known.ends.get(stream, 0)

    def is_forked(self, peer: str, stream: UUID) -> bool:
        """True when it is known event by event what the peer holds of a stream."""
        known = self._peers.get(peer)
        return known is not None and stream in known.branches

    def places(self, stream: UUID, seq: int, event_hash: bytes) -> tuple[bool, int]:
        """(in the centre, number of other stations)."""
        stations = sum(peer != CENTRE and self.is_held(peer, stream, seq, event_hash) for peer in self._peers)
        return self.is_held(CENTRE, stream, seq, event_hash), stations

    def peers(self) -> tuple[str, ...]:
        """Who told anything, the centre included."""
        return tuple(self._peers)

    def ends_of(self, peer: str) -> Mapping[UUID, int]:
        known = self._peers.get(peer)
        return known.ends if known else {}


def branch_of(ends: Collection[bytes], chain: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Every event on the way from these ends to the stream's beginning; `chain` gives (hash, predecessor)."""
    before = dict(chain)
    held: set[bytes] = set()
    for end in ends:
        step = end
        while step in before and step not in held:
            held.add(step)
            step = before[step]
    return frozenset(held)
