"""Compares where streams end here and at a peer: what to push, what to pull, what the peer holds."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from console.services.journal.event_table import Tip


@dataclass(frozen=True, slots=True)
class Span:
    """The events of a stream behind (seq, hash), in that order; `missing`: how many, as far as heads tell."""

    stream: UUID
    after_seq: int = 0
    after_hash: bytes = b""
    missing: int = 0


@dataclass(slots=True)
class Difference:
    """What two vectors ask for. `held` are ends at the peer whose whole chain we have too: receipts.

    `forked` maps a stream whose branches have to be compared to its highest seq at either side.
    """

    push: list[Span] = field(default_factory=list)
    pull: list[Span] = field(default_factory=list)
    forked: dict[UUID, int] = field(default_factory=dict)
    held: list[Tip] = field(default_factory=list)
    equal: set[UUID] = field(default_factory=set)
    waiting: int = 0  # events that the peer lacks, as far as heads tell
    missing: int = 0  # events that we lack, as far as heads tell


def compare(ours: Iterable[Tip], theirs: Iterable[Tip], knows: Callable[[bytes], bool]) -> Difference:
    """`knows(hash)` tells whether an event is here. Where one side's end lies on the other's chain a suffix is
    missing; everything else is a fork. Spans come shortest first: a live stream does not wait for a backlog."""
    here, there = _by_stream(ours), _by_stream(theirs)
    difference = Difference()
    for stream in sorted({*here, *there}):
        _compare_stream(difference, stream, here.get(stream, []), there.get(stream, []), knows)
    difference.pull.sort(key=lambda span: span.missing)
    difference.push.sort(key=lambda span: span.missing)
    return difference


def _compare_stream(
    difference: Difference, stream: UUID, ours: list[Tip], theirs: list[Tip], knows: Callable[[bytes], bool]
) -> None:
    known = [tip for tip in theirs if knows(tip.hash)]
    difference.held += known
    if ours == theirs or {tip.hash for tip in ours} == {tip.hash for tip in theirs}:
        difference.equal.add(stream)
        return
    is_linear = len(ours) <= 1 and len(theirs) <= 1
    our_end = max((tip.seq for tip in ours), default=0)
    their_end = max((tip.seq for tip in theirs), default=0)
    difference.waiting += max(0, our_end - their_end)
    difference.missing += max(0, their_end - our_end)
    if is_linear and len(known) == len(theirs):  # their end lies on our chain, or they have nothing
        difference.push.append(_behind(stream, theirs, our_end - their_end))
    elif is_linear and their_end > our_end:  # ours lies on theirs, unless the first event tells otherwise
        difference.pull.append(_behind(stream, ours, their_end - our_end))
    else:
        difference.forked[stream] = max(our_end, their_end)


def _behind(stream: UUID, ends: list[Tip], missing: int) -> Span:
    return Span(stream, ends[0].seq, ends[0].hash, missing) if ends else Span(stream, missing=missing)


def _by_stream(ends: Iterable[Tip]) -> dict[UUID, list[Tip]]:
    found: dict[UUID, list[Tip]] = defaultdict(list)
    for tip in ends:
        found[tip.stream].append(tip)
    return found
