"""Finds what two sides of a forked stream do not share: digests of ranges, halved until single hashes tell."""

import hashlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from console.services.journal.event_table import Tip
from console.services.journal.store import Disk, EventStore
from console.services.sync.messages import MAX_DIGESTED, Answer, AskHashes, AskRanges, Hashes, Question, Ranges

_WAYS = 16
_NARROW = 128  # seqs whose hashes are asked for one by one
_MOST = 4096  # questions of one search: more than any fork needs, and the end of a peer that only invents


@dataclass(slots=True)
class Branches:
    """Hashes that only one side has, in stream order."""

    only_here: list[Tip] = field(default_factory=list)
    only_there: list[Tip] = field(default_factory=list)


def digest(hashes: Iterable[Tip]) -> bytes:
    """Of the events of a range in the order (seq, hash)."""
    told = hashlib.sha256()
    for tip in hashes:
        told.update(tip.hash)
    return told.digest()


def digests(store: EventStore, stream: UUID, bounds: Iterable[tuple[int, int]]) -> tuple[bytes, ...]:
    """Of these ranges, as far as one answer may go: who asks for whole streams again and again must not keep a
    station busy. None at all where already the first is too wide; who asks honestly asks for none that is."""
    head = store.stream(stream)
    end = head.head_seq if head is not None else 0
    found, left = [], MAX_DIGESTED
    for low, high in bounds:
        left -= max(0, min(high, end) - max(low, 1) + 1)
        if left < 0:
            break
        found.append(digest(store.hashes(stream, low, high)))
    return tuple(found)


def search(
    disk: Disk, stream: UUID, top: int, is_enough: Callable[[Branches], bool] = lambda _branches: False
) -> Generator[Question, Answer, Branches]:
    """Compare a stream up to `top` with a peer's, from its beginning on; an answer of another kind, or so many
    questions that no fork needs them, end the search with what was found, and so does `is_enough(found)`."""
    branches, asked = Branches(), 0
    ranges = [(low, min(max(1, top), low + MAX_DIGESTED - 1)) for low in range(1, max(1, top) + 1, MAX_DIGESTED)]
    while ranges and asked < _MOST and not is_enough(branches):
        bounds, ranges = tuple(ranges[:_WAYS]), ranges[_WAYS:]
        asked += 1
        answer = yield AskRanges(stream, bounds)
        if not isinstance(answer, Ranges) or not 0 < len(answer.digests) <= len(bounds):
            return branches
        bounds, ranges = bounds[: len(answer.digests)], [*bounds[len(answer.digests) :], *ranges]
        with disk.read() as store:
            ours = [digest(store.hashes(stream, low, high)) for low, high in bounds]
        wide: list[tuple[int, int]] = []
        for (low, high), mine, theirs in zip(bounds, ours, answer.digests, strict=True):
            if mine == theirs:
                continue
            if high - low >= _NARROW:
                wide += _parts(low, high)
            elif asked < _MOST and not is_enough(branches):
                asked += 1
                yield from _compare(disk, stream, low, high, branches)
        ranges = wide + ranges
    return branches


def _compare(disk: Disk, stream: UUID, low: int, high: int, branches: Branches) -> Generator[Question, Answer, None]:
    answer = yield AskHashes(stream, low, high)
    if not isinstance(answer, Hashes):
        return
    with disk.read() as store:
        here = store.hashes(stream, low, high)
    theirs = {event_hash for _, event_hash in answer.hashes}
    ours = {tip.hash for tip in here}
    branches.only_here += [tip for tip in here if tip.hash not in theirs]
    branches.only_there += [Tip(stream, seq, one) for seq, one in answer.hashes if one not in ours]


def _parts(low: int, high: int) -> list[tuple[int, int]]:
    width = max(_NARROW, -(-(high - low + 1) // _WAYS))
    return [(start, min(high, start + width - 1)) for start in range(low, high + 1, width)]
