"""The exchange of two journals without any road: questions go out, answers come in, events come of it.

A generator asks; whoever runs it carries the question to the peer (SQL functions, MQTT frames, the simulator's net)
and sends the answer in. `answer` is the other side. Nothing here waits, and nothing keeps state between exchanges, so
that a lost answer only costs the exchange.
"""

from collections.abc import Collection, Generator
from dataclasses import dataclass, field
from uuid import UUID

from console.services.journal.envelope import FIRST, MAX_INTEGER, BadEvent, RawEvent, decode_event
from console.services.journal.event_table import Tip
from console.services.journal.own_stream import OWN
from console.services.journal.store import Disk, EventStore
from console.services.sync import messages as m
from console.services.sync.fork_search import Branches, digests, search
from console.services.sync.vector import Difference, Span, compare

Talk = Generator[m.Question, m.Answer, None]
_MOST_OWN = 8  # unknown events of our own that are asked for by name in one exchange


@dataclass(slots=True)
class Budget:
    """How many batches an exchange may move each way, so that a backlog never keeps a fresh act waiting for long."""

    push: int = 8
    pull: int = 4
    limit: int = m.MAX_EVENTS
    size: int = m.MAX_BYTES


@dataclass(slots=True)
class Outcome:
    """What an exchange found. `pulled` is unverified. `is_drained` is False when more waits to be moved at once.

    `fruitless` are forked streams of which nothing could be moved: let them rest for a while.
    """

    vector: m.Vector | None = None
    refusal: str = ""
    pulled: list[RawEvent] = field(default_factory=list)
    pulled_streams: set[UUID] = field(default_factory=set)
    pushed: int = 0
    held: list[Tip] = field(default_factory=list)
    equal: set[UUID] = field(default_factory=set)
    waiting: int = 0
    missing: int = 0
    is_drained: bool = True
    is_equal: bool = False
    fruitless: set[UUID] = field(default_factory=set)
    archived: set[UUID] = field(default_factory=set)  # what is missing of these is in an archive, here or there


def exchange(
    disk: Disk,
    hello: m.Hello,
    outcome: Outcome,
    budget: Budget,
    *,
    pushes: bool = False,
    pulls: bool = True,
    resting: Collection[UUID] = (),
    own_first: UUID | None = None,
) -> Talk:
    """One exchange with one peer, told in `outcome` as it goes. `own_first` is the station whose streams go first."""
    difference = yield from _compare(disk, hello, outcome)
    if difference is None:
        return
    yield from _ask_own(disk, outcome, resting)
    resting = {*resting, *outcome.fruitless}
    if pushes and (difference.push or difference.forked):
        for span in _own_first(disk, difference.push, own_first):
            yield from _push_behind(disk, span, outcome, budget)
    for stream, top in difference.forked.items():
        if stream not in resting:
            yield from _join(disk, stream, top, outcome, budget, pushes=pushes, pulls=pulls)
    if pulls:
        for span in difference.pull:
            if span.stream not in resting:
                yield from _pull_behind(disk, span, outcome, budget, pushes=pushes)
    outcome.is_drained = budget.push > 0 and budget.pull > 0
    if pushes and outcome.pushed:
        yield from _compare(disk, hello, outcome)


def _compare(disk: Disk, hello: m.Hello, outcome: Outcome) -> Generator[m.Question, m.Answer, Difference | None]:
    told = yield m.AskVector(hello)
    if isinstance(told, m.Refusal):
        outcome.refusal = told.reason
    if not isinstance(told, m.Vector):
        return None
    outcome.vector = told
    with disk.read() as store:
        heads = [tip for tip in m.tips_of(told.heads) if _is_possible(store, tip)]
        difference = compare(store.tips(), heads, lambda one: store.place_of(one) is not None)
    outcome.held, outcome.equal = difference.held, difference.equal
    outcome.waiting, outcome.missing = difference.waiting, difference.missing
    outcome.is_equal = not (difference.push or difference.pull or difference.forked)
    return difference


def _ask_own(disk: Disk, outcome: Outcome, resting: Collection[UUID]) -> Talk:
    """The peer names ends of our own open stream that are unknown here: their bytes come before anything else, since
    our own signature alone makes this station leave its stream (invariant 14), and nobody's word does. A peer that
    cannot show them is not asked for this stream for a while."""
    assert outcome.vector is not None
    with disk.read() as store:
        own = store.meta(OWN)
        ends = [head for head in outcome.vector.heads if str(head.stream) == own]
        named = [
            tip.hash for tip in m.tips_of(tuple(ends)) if _is_possible(store, tip) and not store.place_of(tip.hash)
        ]
    if not named or own is None or UUID(own) in resting:
        return
    told = yield m.AskChosen(tuple(named[:_MOST_OWN]))
    shown = [raw for raw in told.events if raw.hash in named] if isinstance(told, m.Events) else []
    if shown:
        outcome.pulled += shown
        outcome.pulled_streams.add(UUID(own))
    else:
        outcome.fruitless.add(UUID(own))


def _is_possible(store: EventStore, tip: Tip) -> bool:
    """False for an end that names an event of ours at another place, or no event at all: nothing follows from it."""
    place = store.place_of(tip.hash)
    if place is not None:
        return place == (tip.stream, tip.seq)
    return 0 < tip.seq < MAX_INTEGER and len(tip.hash) == len(FIRST)


def _own_first(disk: Disk, spans: list[Span], station: UUID | None) -> list[Span]:
    with disk.read() as store:
        own = {one.stream for one in store.streams() if one.station == station}
    return sorted(spans, key=lambda span: (span.stream not in own, span.missing))


def _push_behind(disk: Disk, span: Span, outcome: Outcome, budget: Budget) -> Talk:
    seq, event_hash = span.after_seq, span.after_hash
    while budget.push > 0:
        with disk.read() as store:
            raws = store.events_after(span.stream, seq, event_hash, budget.limit, budget.size)
            if not raws and store.archived_behind(span.stream, seq, event_hash):
                outcome.archived.add(span.stream)
        if not raws:
            return
        budget.push -= 1
        if not (yield from _give(raws, outcome)):
            return
        try:
            last = decode_event(raws[-1])
        except BadEvent:
            return  # spoiled on our disk: its stream waits there, the others go on
        seq, event_hash = last.seq, last.raw.hash


def _give(raws: list[RawEvent], outcome: Outcome) -> Generator[m.Question, m.Answer, int]:
    taken = yield m.Give(tuple(raws))
    new = taken.new if isinstance(taken, m.Took) else 0
    outcome.pushed += new
    return new


def _pull_behind(disk: Disk, span: Span, outcome: Outcome, budget: Budget, *, pushes: bool) -> Talk:
    seq, event_hash = span.after_seq, span.after_hash
    while budget.pull > 0:
        told = yield m.AskEvents(span.stream, seq, event_hash, budget.limit, budget.size)
        if isinstance(told, m.Refusal):  # it knows them and has them in its archive alone: somebody else is asked
            outcome.archived.add(span.stream)
            outcome.fruitless.add(span.stream)
        if not isinstance(told, m.Events) or not told.events:
            return
        try:
            first, last = decode_event(told.events[0]), decode_event(told.events[-1])
        except BadEvent:
            outcome.pulled += told.events  # the receiver says what is wrong with them
            outcome.pulled_streams.add(span.stream)
            return
        budget.pull -= 1
        if seq and event_hash not in (first.prev, first.raw.hash):
            with disk.read() as store:
                top = max((tip.seq for tip in store.tips() if tip.stream == span.stream), default=1)
            top = max(top, span.after_seq + span.missing)
            yield from _join(disk, span.stream, top, outcome, budget, pushes=pushes, pulls=True)
            return
        outcome.pulled += told.events
        outcome.pulled_streams.add(span.stream)
        seq, event_hash = last.seq, last.raw.hash


def _join(disk: Disk, stream: UUID, top: int, outcome: Outcome, budget: Budget, *, pushes: bool, pulls: bool) -> Talk:
    """A forked stream: both branches are kept on both sides."""
    before = len(outcome.pulled) + outcome.pushed
    if budget.pull <= 0 and budget.push <= 0:
        return
    most_here, most_there = budget.push * budget.limit, budget.pull * budget.limit

    def is_enough(found: Branches) -> bool:
        """What this exchange may move is found: the rest is looked for when that has come."""
        return (pushes and len(found.only_here) >= most_here) or (pulls and len(found.only_there) >= most_there)

    branches = yield from search(disk, stream, top, is_enough)
    if pushes:
        for start in range(0, len(branches.only_here), budget.limit):
            if budget.push <= 0:
                break
            chosen = [tip.hash for tip in branches.only_here[start : start + budget.limit]]
            with disk.read() as store:
                raws = store.events_by_hash(chosen)
            budget.push -= 1
            yield from _give(raws, outcome)
    lacking = [tip.hash for tip in branches.only_there] if pulls else []
    while lacking and budget.pull > 0:
        told = yield m.AskChosen(tuple(lacking[: budget.limit]), budget.size)
        if not isinstance(told, m.Events) or not told.events:
            break
        budget.pull -= 1
        outcome.pulled += told.events
        outcome.pulled_streams.add(stream)
        came = {raw.hash for raw in told.events}
        lacking = [one for one in lacking if one not in came]
    if len(outcome.pulled) + outcome.pushed == before:
        outcome.fruitless.add(stream)


def answer(store: EventStore, question: m.Question, hello: m.Hello) -> m.Answer:
    """What a station says to a question, from one consistent view of its journal; sizes are bounded."""
    if isinstance(question, m.AskVector):
        reason = why_not(hello, question.hello)
        return m.Refusal(reason) if reason else m.Vector(hello, m.heads_of(store.tips()))
    if isinstance(question, m.AskEvents | m.AskChosen):
        return _events(store, question)
    if isinstance(question, m.AskRanges):
        return m.Ranges(digests(store, question.stream, question.bounds[: m.MAX_RANGES]))
    if isinstance(question, m.AskHashes):
        last = min(question.to_seq, question.from_seq + m.MAX_HASHES)
        hashes = store.hashes(question.stream, question.from_seq, last)
        return m.Hashes(tuple((tip.seq, tip.hash) for tip in hashes[: m.MAX_HASHES]))
    return m.Refusal("a station takes no events that it did not ask for")


def _events(store: EventStore, question: m.AskEvents | m.AskChosen) -> m.Events | m.Refusal:
    """Events, or the word that they are in the archive alone: "nothing" would look as if there were none."""
    if isinstance(question, m.AskEvents):
        limit, size = min(question.limit, m.MAX_EVENTS), min(question.size, m.MAX_BYTES)
        raws = store.events_after(question.stream, question.seq, question.hash, max(1, limit), size)
        if not raws and store.archived_behind(question.stream, question.seq, question.hash):
            return m.Refusal(m.ARCHIVED)
        return m.Events(tuple(raws))
    asked = question.hashes[: m.MAX_EVENTS]
    found = _fitting(store.events_by_hash(asked), min(question.size, m.MAX_BYTES))
    if not found and any(store.place_of(one) is not None for one in asked):
        return m.Refusal(m.ARCHIVED)
    return m.Events(found)


def why_not(own: m.Hello, other: m.Hello) -> str:
    """Why these two do not exchange; empty when they do. Key and certificate are the road's to check."""
    if (own.tenant, own.site) != (other.tenant, other.site):
        return "of another site"
    if other.protocol < own.oldest_protocol or own.protocol < other.oldest_protocol:
        return "no common protocol: one of the two programs has to be updated"
    return ""


def _fitting(raws: list[RawEvent], size: int) -> tuple[RawEvent, ...]:
    taken: list[RawEvent] = []
    for raw in raws:
        size -= len(raw.body)
        if size < 0 and taken:
            break
        taken.append(raw)
    return tuple(taken)
