"""One simulated station: the production core of journal and sync, driven without threads, files or sockets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from console.domain.facts import FACTS, Fact, IncidentNoted
from console.domain.refusal import Refused
from console.services.journal import event_table as table
from console.services.journal.entries import SYSTEM, Actor, Entry
from console.services.journal.envelope import Event, RawEvent, hash_of
from console.services.journal.event_table import Stored, Tip
from console.services.journal.groups import Groups
from console.services.journal.hlc import HybridClock
from console.services.journal.holdings import Holdings, branch_of
from console.services.journal.own_stream import OwnStream, Place, Surroundings, draft_of, last_stamp, own_head
from console.services.journal.receiving import Received, Receiver
from console.services.journal.revoking import flag_by_own
from console.services.journal.store import EventStore
from console.services.storage.anchor import AnchorMark, why_new_stream
from console.services.sync import messages as m
from tests.sim.picture import Picture
from tests.sim.version import run_as

if TYPE_CHECKING:
    from tests.sim.world import World

FINGERPRINT = "fingerprint"


class LaterStream(OwnStream):
    """Writes as a later version will: its envelope has a field that nobody here knows."""

    def _event(self, *given: Any) -> Event:
        event = super()._event(*given)
        body = event.raw.body[:-1] + b',"shape":{"new":[1,2]}}'
        event_hash = hash_of(event.prev, body)
        return Event(RawEvent(event_hash, body, self._key.sign(event_hash)), event.body)


@dataclass(slots=True)
class Station:
    """What stays when the process ends: place, key, disk, anchor and clock; the rest is made at `start`."""

    world: "World"
    name: str
    place: Place
    key: Any
    journal: Any
    fingerprint: str = "machine"
    is_old: bool = False
    is_later: bool = False
    clock_offset_us: int = 0
    anchor: AnchorMark | None = None
    is_up: bool = False
    boot: int = 0
    must_leave: UUID | None = None  # a stream that no further event of this station may go into
    was_restored: bool = False
    signals: set[str] = field(default_factory=set)
    picture: Picture = field(default_factory=Picture)
    holdings: Holdings = field(default_factory=Holdings)
    cursor: int = 0  # only for the defect that pulls by a bigserial
    is_ours: bool = True  # of the site, and let in
    _after: list[Callable[[], None]] = field(default_factory=list)
    _groups: Groups = field(default_factory=Groups)
    _clock: HybridClock | None = None
    _own: OwnStream | None = None
    _receiver: Receiver | None = None

    # --- life ------------------------------------------------------------------------------------------------------

    def now_us(self) -> int:
        """What this PC's clock says."""
        return self.world.now_us + self.clock_offset_us

    def start(self, *, looks: bool = True) -> None:
        """Start the process. `looks` False: a virtual machine goes on from a snapshot and notices nothing."""
        run_as(self.is_old)
        self.boot += 1
        self.is_up = True
        self.journal.quota = None
        world, self._after = self.world, []
        self._clock = HybridClock(self.now_us)
        kind = LaterStream if self.is_later else OwnStream
        around = Surroundings(f"{self.name}.{self.boot}", lambda: world.now_us // 1000, lambda _wall: 0)
        trust, place = world.trust, self.place
        certificate = trust.certificate(place, self.key.public_key)
        self._own = kind(
            place, self.key, self._clock, world.random_bytes, certificate=lambda: certificate, surroundings=around
        )
        self._receiver = Receiver(
            place,
            self._clock,
            self._own,
            enrolled=lambda opening, station: trust.enrolled(opening, place, station),
            signed=trust.signed,
        )
        self.journal.clear_known_types(FACTS)
        with self.journal.read() as store:
            self._clock.resume(last_stamp(store, self._clock))
            doubt = self._doubt(store) if looks else ""
        self.world.checks.before_start(self, looks)
        opened = self.journal.write(lambda store: self._open(store, doubt)) if looks else []
        self.journal.commit()
        self.world.checks.made(self, [one.event for one in opened])
        self._groups, self.picture, self.holdings = Groups(), Picture(), Holdings()
        whole = self._groups.complete(self.journal.stored_in_order())
        if whole:
            self.picture.apply(self._entries(whole))
        self._keep_anchor()
        if opened:
            self.world.broadcast(self, [one.event.raw for one in opened])

    def _doubt(self, store: EventStore) -> str:
        head = own_head(store)
        mark = AnchorMark(head.stream, head.seq, head.hash) if head else None
        known = store.meta(FINGERPRINT) or ""
        return why_new_stream(
            mark, self.anchor, known, self.fingerprint, lambda one: store.place_of(one.hash) == (one.stream, one.seq)
        )

    def _open(self, store: EventStore, doubt: str) -> list[Stored]:
        assert self._own is not None
        opened = self._own.ensure_open(store, self.now_us(), doubt)
        if store.meta(FINGERPRINT) != self.fingerprint:
            store.set_meta(FINGERPRINT, self.fingerprint)
        return opened

    def crash(self) -> None:
        """The process ends in the middle of whatever it did."""
        self.is_up = False
        self._after = []
        self.journal.crash()

    def end(self) -> None:
        """Nothing holds the world any more."""
        self._after, self._own, self._receiver, self._clock = [], None, None, None
        del self.world

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, function: Callable[[Any], Any], then: Callable[[Any], None]) -> bool:
        """Into the open transaction; `then(result)` after its commit. False: refused, nothing written."""
        try:
            result = self.journal.write(function)
        except Refused:
            self.signals.add("refused")
            return False
        self._after.append(lambda: then(result))
        self.world.commit_soon(self)
        return True

    def commit(self) -> None:
        if not self.is_up:
            return
        run_as(self.is_old)
        self.journal.commit()
        after, self._after = self._after, []
        for one in after:
            one()
        self.world.checks.committed(self)
        self.world.anchor_soon(self)

    def keep_anchor(self) -> None:
        if self.is_up:
            self._keep_anchor()

    def _keep_anchor(self) -> None:
        with self.journal.read() as store:
            head = own_head(store)
        if head is not None and (self.anchor is None or self.anchor.hash != head.hash):
            self.anchor = AnchorMark(head.stream, head.seq, head.hash)

    def act(
        self, facts: Sequence[Fact], actor: Actor, parents: Sequence[bytes] = (), reason: str = "",
        done: Callable[[Sequence[Entry]], None] = lambda _entries: None,
    ) -> bool:  # fmt: skip
        """Append as one transaction; what the operator is told, he is told after the commit."""
        run_as(self.is_old)
        now, own = self.now_us(), self._own
        assert own is not None
        draft = draft_of(facts, actor, reason=reason, parents=parents, wall_us=now)

        def then(result: tuple[list[Stored], list[Stored]]) -> None:
            opened, made = result
            self.world.checks.made(self, [one.event for one in opened])
            self._publish(opened)
            self.world.checks.made(self, [one.event for one in made])
            entries = self._publish(made)
            self.world.checks.acknowledged(self, [one.event.raw.hash for one in made])
            done(entries)
            self.world.broadcast(self, [one.event.raw for one in (*opened, *made)])

        def append(store: EventStore) -> tuple[list[Stored], list[Stored]]:
            opened, made = own.append(store, draft, now)
            flag_by_own(store, made, now)
            return opened, made

        return self.write(append, then)

    def act_poison(self, entity: UUID) -> bool:
        """A payload that does not fit its type: what a defect of a later version might write."""
        run_as(self.is_old)
        now, own = self.now_us(), self._own
        assert own is not None
        draft = draft_of([IncidentNoted(entity, "x")], SYSTEM, reason="", parents=(), wall_us=now)
        draft = replace(draft, payloads=(b'{"incident_id":7,"text":null}',))

        def then(result: tuple[list[Stored], list[Stored]]) -> None:
            opened, made = result
            events = [one.event for one in (*opened, *made)]
            self.world.checks.made(self, events[: len(opened)])
            self.world.checks.made(self, events[len(opened) :])
            self.world.checks.poisoned.update(one.event.raw.hash for one in made)
            self._publish([*opened, *made])
            self.world.broadcast(self, [event.raw for event in events])

        return self.write(lambda store: own.append(store, draft, now), then)

    def _publish(self, stored: Sequence[Stored]) -> tuple[Entry, ...]:
        whole = self._entries(self._groups.complete(stored))
        if whole:
            self.picture.apply(whole)
        return whole

    def _entries(self, stored: Sequence[Stored]) -> tuple[Entry, ...]:
        """Cached: an entry's `rid` and `is_own` are nothing that a projection looks at."""
        known, made = self.world.entries, []
        for one in stored:
            place = (one.event.raw.hash, self.is_old)
            entry = known.get(place)
            if entry is None:
                entry = known[place] = table.entry_of(one, self.place.station, table.id_as_name)
            made.append(entry)
        return tuple(made)

    # --- receiving -------------------------------------------------------------------------------------------------

    def receive(self, raws: Sequence[RawEvent], peer: str) -> None:
        """As `JournalLog.receive`."""
        if not self.is_up or not raws:
            return
        run_as(self.is_old)
        receiver = self._receiver
        assert receiver is not None
        now = self.now_us()

        def then(received: Received) -> None:
            self._publish(received.stored)
            for stream, _seq in received.forked:
                self.signals.add("fork")
                self.holdings.forked(stream)
            if received.rejected:
                self.signals.add("rejected")
            if received.left is not None:
                self.signals.add("unknown_own")
            self.world.checks.arrived(self, raws, received)

        self.write(lambda store: receiver.receive(store, raws, peer, now), then)

    def on_vector(self, peer: str, ends: Sequence[Tip]) -> None:
        """As `JournalLog.note_vector`."""
        if self.holdings.only(peer, {tip.stream for tip in ends}):
            self.signals.add("receipt_regress")

    def on_sane_clock(self) -> None:
        """As `JournalLog.on_sane_clock`."""
        own, clock = self._own, self._clock
        assert own is not None and clock is not None
        if clock.is_ahead():
            self.write(own.on_sane_clock, lambda left: self.signals.add("clock") if left else None)

    def on_receipts(self, peer: str, held: Sequence[Tip]) -> None:
        """As `JournalLog.note_receipts`."""
        before = self.holdings.ends_of(peer)
        if any(tip.seq < before.get(tip.stream, 0) for tip in held):
            self.signals.add("receipt_regress")
        forked = {}
        with self.journal.read() as store:
            for stream in {tip.stream for tip in held}:
                one = store.stream(stream)
                if one is not None and one.forked:
                    ends = [tip.hash for tip in held if tip.stream == stream]
                    forked[stream] = branch_of(ends, self._chain(store, stream))
        self.holdings.told(peer, held, forked)

    @staticmethod
    def _chain(store: EventStore, stream: UUID) -> list[tuple[bytes, bytes]]:
        raws = store.events_by_hash([tip.hash for tip in store.hashes(stream, 1, 1 << 40)])
        return [(raw.hash, bytes.fromhex(msgspec.json.decode(raw.body)["prev"])) for raw in raws]

    def hello(self) -> m.Hello:
        return m.Hello(self.place.site, self.place.station, self.place.code, self.place.tenant)
