"""A journal in memory as an `EventStore` with transactions: a commit is a value, so that backup and clone cost nothing.

The state is copied shallowly at every write; whoever keeps an older state has a backup of it. `MemoryJournal` is the
disk: writes join the open transaction, readers see the last commit only, a crash drops what was not committed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from msgspec.structs import replace

from console.domain.refusal import Refused
from console.domain.station_facts import StationRevoked
from console.services.journal.envelope import Event, RawEvent, decode_event
from console.services.journal.event_table import Stored, Stream, Tip
from console.services.journal.facts_codec import decode_fact
from console.services.journal.store import Held, Rejection
from console.services.journal.table_store import REJECTIONS_KEPT, WAITING_BYTES, bounded

T = TypeVar("T")
_seq, _place = attrgetter("seq"), attrgetter("seq", "hash")


class Row(NamedTuple):
    """A stored event, its local receive order and its (stream, seq)."""

    event: Event
    rid: int
    place: tuple[UUID, int]


@dataclass(slots=True)
class State:
    """Everything in one journal; lists and tuples in it are replaced, never changed.

    Streams and stations are keyed by the number of their UUID: `UUID.__hash__` is Python, and most of the cost.
    """

    meta: dict[str, str] = field(default_factory=dict)
    stream: dict[int, Stream] = field(default_factory=dict)
    event: dict[bytes, Row] = field(default_factory=dict)
    chain: dict[int, tuple[Tip, ...]] = field(default_factory=dict)  # by (seq, hash)
    tip: dict[int, tuple[Tip, ...]] = field(default_factory=dict)  # by (seq, hash)
    flag: dict[tuple[bytes, str], int] = field(default_factory=dict)
    pending: dict[bytes, tuple[Held, int]] = field(default_factory=dict)
    rejected: dict[bytes, Rejection] = field(default_factory=dict)
    revoked: dict[int, tuple[tuple[int, StationRevoked], ...]] = field(default_factory=dict)
    rid: int = 0
    ends: tuple[Tip, ...] | None = ()  # `tip` in one, None until somebody asks
    listed: tuple[Stream, ...] | None = ()  # `stream` in order, None until somebody asks

    def copy(self) -> "State":
        return State(
            self.meta.copy(),
            self.stream.copy(),
            self.event.copy(),
            self.chain.copy(),
            self.tip.copy(),
            self.flag.copy(),
            self.pending.copy(),
            self.rejected.copy(),
            self.revoked.copy(),
            self.rid,
            self.ends,
            self.listed,
        )


class MemoryStore:
    """Implements `EventStore` on one state; also the context manager that a `Disk` gives."""

    __slots__ = ("_waiting_bytes", "state")

    def __init__(self, state: State, waiting_bytes: int = WAITING_BYTES) -> None:
        self.state = state
        self._waiting_bytes = waiting_bytes

    def __enter__(self) -> "MemoryStore":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def meta(self, name: str) -> str | None:
        return self.state.meta.get(name)

    def set_meta(self, name: str, value: str) -> None:
        self.state.meta[name] = value

    def stream(self, stream: UUID) -> Stream | None:
        return self.state.stream.get(stream.int)

    def streams(self) -> tuple[Stream, ...]:
        state = self.state
        if state.listed is None:
            state.listed = tuple(sorted(state.stream.values(), key=lambda one: (one.opened_hlc, one.stream.int)))
        return state.listed

    def add_stream(self, stream: Stream, opened_hlc: int, predecessor: UUID | None) -> None:
        if stream.stream.int in self.state.stream:
            raise ValueError("the stream is known")
        self._put(replace(stream, opened_hlc=opened_hlc, closed=False, forked=False))

    def close_stream(self, stream: UUID) -> None:
        if stream.int in self.state.stream:
            self._put(replace(self.state.stream[stream.int], closed=True))

    def mark_forked(self, stream: UUID) -> None:
        if stream.int in self.state.stream:
            self._put(replace(self.state.stream[stream.int], forked=True))

    def _put(self, stream: Stream) -> None:
        self.state.stream[stream.stream.int] = stream
        self.state.listed = None

    def place_of(self, event_hash: bytes) -> tuple[UUID, int] | None:
        found = self.state.event.get(event_hash)
        return None if found is None else found.place

    def insert(self, event: Event, recv_from: str, recv_at: int) -> int:
        state, body, event_hash = self.state, event.body, event.raw.hash
        if event_hash in state.event:
            raise ValueError("the event is known")
        stream, seq = body.stream, body.seq
        key, tip = stream.int, Tip(stream, seq, event_hash)
        state.rid += 1
        state.event[event_hash] = Row(event, state.rid, (stream, seq))
        places = state.chain.get(key, ())
        if not places or (seq, event_hash) > (places[-1].seq, places[-1].hash):
            state.chain[key] = (*places, tip)
        else:
            state.chain[key] = tuple(sorted((*places, tip), key=_place))
        prev = event.prev
        ends = tuple(end for end in state.tip.get(key, ()) if end.hash != prev)
        state.tip[key] = tuple(sorted((*ends, tip), key=_place)) if ends else (tip,)
        state.ends = None
        head = state.stream.get(key)
        if head is not None and head.head_seq < seq:
            self._put(
                Stream(
                    head.stream, head.station, head.code, head.public_key, head.closed, seq, event_hash, head.forked,
                    head.opened_hlc,
                )
            )  # fmt: skip
        if body.etype == StationRevoked.etype:
            self._note_revocation(event)
        return state.rid

    def _note_revocation(self, event: Event) -> None:
        body, revoked = event.body, self.state.revoked
        fact = decode_fact(body.etype, body.min_reader, bytes(body.payload))
        if isinstance(fact, StationRevoked):
            key = fact.station_id.int
            revoked[key] = (*revoked.get(key, ()), (event.hlc, fact))

    def tips(self) -> tuple[Tip, ...]:
        state = self.state
        if state.ends is None:
            state.ends = tuple(chain.from_iterable(state.tip[key] for key in sorted(state.tip)))
        return state.ends

    def events_after(self, stream: UUID, seq: int, event_hash: bytes, limit: int, size: int) -> list[RawEvent]:
        places, event = self.state.chain.get(stream.int, ()), self.state.event
        first = bisect_right(places, (seq, event_hash), key=_place)
        return bounded([event[tip.hash].event.raw for tip in places[first : first + limit]], size)

    def archived_behind(self, stream: UUID, seq: int, event_hash: bytes) -> bool:
        return False  # nothing is archived in the simulator

    def hashes(self, stream: UUID, from_seq: int, to_seq: int) -> list[Tip]:
        places = self.state.chain.get(stream.int, ())
        return list(places[bisect_left(places, from_seq, key=_seq) : bisect_right(places, to_seq, key=_seq)])

    def events_by_hash(self, hashes: Sequence[bytes]) -> list[RawEvent]:
        found = [self.state.event[one].event for one in set(hashes) if one in self.state.event]
        return [event.raw for event in sorted(found, key=lambda e: (e.body.stream, e.body.seq, e.raw.hash))]

    def flag(self, event_hash: bytes, flag: str, since_us: int) -> None:
        self.state.flag.setdefault((event_hash, flag), since_us)

    def hold(self, held: Held, recv_at: int) -> None:
        pending = self.state.pending
        if _size(held) > self._waiting_bytes or held.raw.hash in pending:
            return
        pending[held.raw.hash] = (held, recv_at)
        while sum(_size(one) for one, _ in pending.values()) > self._waiting_bytes:
            for oldest in sorted(pending, key=lambda one: (pending[one][1], pending[one][0].seq))[:100]:
                del pending[oldest]

    def held_behind(self, event_hash: bytes) -> list[RawEvent]:
        if not self.state.pending:
            return []
        found = [one for one, _ in self.state.pending.values() if one.missing == event_hash]
        for one in found:
            del self.state.pending[one.raw.hash]
        return [one.raw for one in found]

    def note_rejection(self, rejection: Rejection) -> None:
        rejected = self.state.rejected
        rejected[rejection.hash] = rejection
        if len(rejected) > REJECTIONS_KEPT:
            del rejected[min(rejected, key=lambda one: rejected[one].since_us)]

    def revocations(self, station: UUID) -> Iterable[tuple[int, StationRevoked]]:
        return self.state.revoked.get(station.int, ())

    def newest_stamp(self, furthest: int) -> int:
        return max((row.event.hlc for row in self.state.event.values() if row.event.hlc <= furthest), default=0)

    def newest_of(self, etypes: Collection[str]) -> int:
        rows = self.state.event.values()
        return max((row.event.hlc for row in rows if row.event.body.etype in etypes), default=0)

    def stamp_of(self, event_hash: bytes) -> int:
        row = self.state.event.get(event_hash)
        return row.event.hlc if row is not None else 0


def _size(held: Held) -> int:
    return len(held.raw.body) + len(held.raw.sig) + 200


class MemoryJournal:
    """The disk of one simulated station. `quota`: events that fit; a write beyond is undone and refused."""

    def __init__(self, state: State | None = None) -> None:
        self.committed = state or State()
        self.quota: int | None = None
        self._working: State | None = None
        self._reader = MemoryStore(self.committed)

    def read(self) -> Any:
        if self._reader.state is not self.committed:
            self._reader = MemoryStore(self.committed)
        return self._reader

    def write(self, function: Callable[[Any], T]) -> T:
        """Run in the open transaction; undone alone when it raises."""
        state = (self._working or self.committed).copy()
        result = function(MemoryStore(state))
        if self.quota is not None and state.rid > self.quota and state.rid > (self._working or self.committed).rid:
            raise Refused("Not saved: the disk is full.")
        self._working = state
        return result

    def fill(self) -> None:
        """From now on nothing more fits."""
        self.quota = (self._working or self.committed).rid

    @property
    def is_dirty(self) -> bool:
        return self._working is not None

    def commit(self) -> None:
        if self._working is not None:
            self.committed, self._working = self._working, None

    def crash(self) -> None:
        """What was not committed is lost."""
        self._working = None

    def backup(self) -> State:
        return self.committed

    def restore(self, backup: State) -> None:
        self.committed, self._working = backup, None

    def copy_of(self, backup: State) -> "MemoryJournal":
        """A data folder copied to another machine."""
        return MemoryJournal(backup)

    def stored_in_order(self) -> list[Stored]:
        """As `event_table.stored_in_order`: by (hlc, rid)."""
        state = self.committed
        rows = sorted(state.event.values(), key=lambda row: (row.event.hlc, row.rid))
        return [Stored(row.event, row.rid, state.stream[row.place[0].int].code) for row in rows]

    def clear_known_types(self, known: Iterable[str]) -> None:
        """As `receipts.clear_known_types`."""
        if all(flag != "unknown_type" for _, flag in self.committed.flag):
            return
        state = self.committed.copy()
        state.flag = {
            (one, flag): since
            for (one, flag), since in state.flag.items()
            if flag != "unknown_type" or state.event[one].event.body.etype not in known
        }
        self.committed = state

    def inserted(self, event_hash: bytes) -> bool:
        """Durable here; asked by the checks, not by the core."""
        return event_hash in self.committed.event

    def raws(self) -> dict[bytes, RawEvent]:
        return {one: row.event.raw for one, row in self.committed.event.items()}

    def events(self) -> dict[bytes, Event]:
        return {one: row.event for one, row in self.committed.event.items()}

    def flags(self) -> set[tuple[bytes, str]]:
        return set(self.committed.flag)

    def waiting(self) -> dict[bytes, bytes]:
        """hash -> the predecessor it waits for."""
        return {one: held.missing for one, (held, _) in self.committed.pending.items()}

    def close(self) -> None:
        return None


def decoded(raws: Iterable[RawEvent]) -> list[Event]:
    return [decode_event(raw) for raw in raws]
