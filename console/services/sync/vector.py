"""Compares where streams end here and at a peer: what to push, what to pull, what the peer holds."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from console.services.journal.event_table import Tip


@dataclass(frozen=True, slots=True)
class Span:
    """The events of a stream behind (seq, hash), in that order. `is_whole`: heads cannot tell what is missing."""

    stream: UUID
    after_seq: int = 0
    after_hash: bytes = b""
    is_whole: bool = False


@dataclass(slots=True)
class Difference:
    """What two vectors ask for. `held` are ends at the peer whose whole chain we have too: receipts."""

    push: list[Span] = field(default_factory=list)
    pull: list[Span] = field(default_factory=list)
    held: list[Tip] = field(default_factory=list)
    equal: set[UUID] = field(default_factory=set)
    waiting: int = 0  # events that the peer lacks, as far as heads tell


def compare(
    ours: Iterable[Tip], theirs: Iterable[Tip], knows: Callable[[bytes], bool], in_doubt: Collection[UUID] = ()
) -> Difference:
    """`knows(hash)` tells whether an event is here. A fork, or a stream `in_doubt`, is exchanged whole: both sides
    ignore what they have, so that costs bytes and never truth."""
    here, there = _by_stream(ours), _by_stream(theirs)
    difference = Difference()
    for stream in sorted({*here, *there}):
        _compare_stream(difference, stream, here.get(stream, []), there.get(stream, []), knows, stream in in_doubt)
    return difference


def _compare_stream(
    difference: Difference,
    stream: UUID,
    ours: list[Tip],
    theirs: list[Tip],
    knows: Callable[[bytes], bool],
    doubt: bool,
) -> None:
    known = [tip for tip in theirs if knows(tip.hash)]
    if known:
        difference.held.append(max(known, key=lambda tip: tip.seq))
    if {tip.hash for tip in ours} == {tip.hash for tip in theirs}:
        difference.equal.add(stream)
        return
    is_linear = len(ours) <= 1 and len(theirs) <= 1 and not doubt
    our_end = max((tip.seq for tip in ours), default=0)
    their_end = max((tip.seq for tip in theirs), default=0)
    difference.waiting += max(0, our_end - their_end)
    if is_linear and len(known) == len(theirs):  # their end lies on our chain, or they have nothing
        difference.push.append(_behind(stream, theirs))
    elif is_linear and their_end > our_end:  # ours lies on theirs, else the first event will not fit and doubt begins
        difference.pull.append(_behind(stream, ours))
    else:
        difference.push.append(Span(stream, is_whole=True))
        difference.pull.append(Span(stream, is_whole=True))


def _behind(stream: UUID, ends: list[Tip]) -> Span:
    return Span(stream, ends[0].seq, ends[0].hash) if ends else Span(stream)


def _by_stream(ends: Iterable[Tip]) -> dict[UUID, list[Tip]]:
    found: dict[UUID, list[Tip]] = defaultdict(list)
    for tip in ends:
        found[tip.stream].append(tip)
    return found
