"""The world of a schedule: stations, a centre, a network with bad weather, and one clock that only steps move."""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.own_stream import Place, own_head
from console.services.sync import messages as m
from console.services.sync.conversation import Budget, Outcome, answer, exchange
from tests.sim.centre import Session, SimCentre
from tests.sim.checks import Checks, Violation
from tests.sim.memory_store import MemoryJournal
from tests.sim.seals import QuickTrust
from tests.sim.station import Station
from tests.sim.version import run_as

SITE = UUID("0190a0b0-0000-7000-8000-00000000000a")
OTHER_SITE = UUID("0190a0b0-0000-7000-8000-00000000000b")
CENTRE = "centre"
START_US = 1_790_000_000_000_000
ROUNDS = 8  # exchanges of everybody with everybody until all must be equal (invariant 33)
_SANE_US = 5 * 60 * 1_000_000
_CODES = ("A1", "B2", "C3", "D4", "E5")


@dataclass(slots=True)
class Weather:
    """Of the network: chances per message, and the longest delay in seconds."""

    loss: float = 0.0
    twice: float = 0.0
    delay_s: float = 0.05
    slow_commit: float = 0.0  # of a transaction staying open for a while
    broadcast: float = 1.0


@dataclass(slots=True)
class World:
    """Everything random comes from `rng`, which each step replaces by one of its own seed."""

    rng: random.Random
    make_journal: Callable[[str], Any] = lambda _name: MemoryJournal()
    trust: QuickTrust = field(default_factory=QuickTrust)
    polls: bool = True  # False only in the defect that relies on wake-ups
    now_us: int = START_US
    stations: list[Station] = field(default_factory=list)
    centre: SimCentre = field(default_factory=SimCentre)
    weather: Weather = field(default_factory=Weather)
    cuts: set[frozenset[str]] = field(default_factory=set)
    entries: dict[tuple[bytes, bool], Entry] = field(default_factory=dict)
    refuses_revoked: bool = False
    pulls_by_serial: bool = False  # only for the defect
    trace: list[str] = field(default_factory=list)
    backups: dict[str, list[Any]] = field(default_factory=dict)
    centre_backups: list[Any] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    checks: Checks = field(init=False)
    _queue: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self.checks = Checks(self)

    # --- things ----------------------------------------------------------------------------------------------------

    def random_bytes(self, count: int) -> bytes:
        return self.rng.randbytes(count)

    def add_station(self, number: int, site: UUID = SITE, *, is_stranger: bool = False, **given: Any) -> Station:
        name = _CODES[number] if site == SITE else "X9"
        if is_stranger:
            name = "U7"
        place = Place(site, uuid5(site, name), name)
        station = Station(self, name, place, self.trust.key(place), self.make_journal(name), **given)
        station.is_ours = site == SITE and not is_stranger
        self.stations.append(station)
        return station

    def session(self, station: Station) -> Session:
        return Session(station.place.tenant, station.place.site, station.place.station)

    @property
    def ours(self) -> list[Station]:
        """Stations of the site that were let in."""
        return [one for one in self.stations if one.is_ours]

    # --- time and network ------------------------------------------------------------------------------------------

    def at(self, delay_s: float, what: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._queue, (self.now_us + int(delay_s * 1e6), self._number, what))

    def run_for(self, seconds: float) -> None:
        until = self.now_us + int(seconds * 1e6)
        while self._queue and self._queue[0][0] <= until:
            self.now_us, _, what = heapq.heappop(self._queue)
            what()
        self.now_us = until

    def run_out(self) -> None:
        """Until nothing is under way any more."""
        while self._queue:
            due, _, what = heapq.heappop(self._queue)
            self.now_us = max(self.now_us, due)
            what()

    def send(self, sender: str, receiver: str, what: Callable[[], None]) -> None:
        """A message: lost, late, twice or across others as the weather is."""
        rng, weather = self.rng, self.weather
        if self._is_cut(sender, receiver) or (weather.loss and rng.random() < weather.loss):
            return
        for _ in range(2 if weather.twice and rng.random() < weather.twice else 1):
            self.at(rng.random() * weather.delay_s, lambda: None if self._is_cut(sender, receiver) else what())

    def _is_cut(self, sender: str, receiver: str) -> bool:
        return bool(self.cuts) and frozenset((sender, receiver)) in self.cuts

    def commit_soon(self, station: Station) -> None:
        if self.weather.slow_commit and self.rng.random() < self.weather.slow_commit:
            self.at(self.rng.random() * 2.0, station.commit)
        else:
            station.commit()

    def anchor_soon(self, station: Station) -> None:
        if self.weather.slow_commit and self.rng.random() < self.weather.slow_commit:
            self.at(self.rng.random(), station.keep_anchor)
        else:
            station.keep_anchor()

    def broadcast(self, sender: Station, raws: Sequence[RawEvent]) -> None:
        """Fresh own events to everybody on the broker; a hint only: polling is the truth."""
        chance = self.weather.broadcast
        for other in self.stations:
            if other is not sender and (chance == 1.0 or self.rng.random() < chance):
                self._send_events(sender, other, raws)

    def _send_events(self, sender: Station, other: Station, raws: Sequence[RawEvent]) -> None:
        self.send(sender.name, other.name, lambda: other.receive(raws, sender.name))

    def end(self) -> None:
        """Shut the disks and let go of everything: circles would wait for the garbage collector."""
        self._queue.clear()
        for station in self.stations:
            station.journal.close()
            station.end()
        self.stations.clear()
        del self.checks

    # --- exchange --------------------------------------------------------------------------------------------------

    def talk(self, station: Station, peer: Station | None, budget: Budget | None = None) -> None:
        """One exchange: `station` asks, `peer` answers (None: the centre)."""
        if not station.is_up:
            return
        run_as(station.is_old)
        Talk(self, station, peer, budget or Budget()).begin()

    def settle(self) -> int:
        """End all faults, let everybody exchange by one road; gives the number of rounds until all are equal."""
        self.weather, self.cuts = Weather(), set()
        self.extra.pop("boaster", None)
        self.run_out()
        for station in self.stations:
            if station.is_old or not station.is_up or self.rng.random() < 0.5:
                station.crash()
                station.is_old = False
                station.start()
            station.journal.quota = None
        self.run_out()
        by_centre = self.rng.random() < 0.5
        self.checks.reachable(by_centre)
        for number in range(ROUNDS):
            if self.checks.why_unequal(by_centre) == "":
                return number
            for station in self.stations if self.polls else ():
                self._exchange_all(station, by_centre)
                if self.checks.why_unequal(by_centre) == "":
                    return number + 1  # nothing is left to exchange
        reason = self.checks.why_unequal(by_centre)
        if reason:
            raise Violation("INV-33 liveness", reason)
        return ROUNDS

    def _exchange_all(self, station: Station, by_centre: bool) -> None:
        others = [one for one in self.stations if one is not station]
        for other in (None, *(one for one in others if not one.is_ours)) if by_centre else others:
            self.talk(station, other)
            self.run_out()


@dataclass(slots=True)
class Talk:
    """Carries the questions of one exchange over the network; a lost message ends it, and only it."""

    world: World
    station: Station
    peer: Station | None
    budget: Budget
    outcome: Outcome = field(default_factory=Outcome)
    step: int = 0
    boot: int = 0
    talk: Any = None

    def begin(self) -> None:
        station, peer = self.station, self.peer
        self.boot = station.boot
        self.talk = exchange(
            station.journal,
            self._hello(),
            self.outcome,
            self.budget,
            pushes=peer is None,
            pulls=not (peer is None and self.world.pulls_by_serial),
            own_first=station.place.station,
        )
        self._ask(next(self.talk))

    def _hello(self) -> m.Hello:
        hello = self.station.hello()
        if self.station.place.site == SITE or self.peer is not None:
            return hello
        return m.Hello(SITE, hello.station, hello.code, hello.tenant)  # an impostor: only its role gives it away

    @property
    def _there(self) -> str:
        return CENTRE if self.peer is None else self.peer.name

    def _ask(self, question: m.Question) -> None:
        self.step += 1
        number = self.step
        self.world.send(self.station.name, self._there, lambda: self._at_peer(question, number))

    def _at_peer(self, question: m.Question, number: int) -> None:
        if self.peer is None:
            self._at_centre(question, number)
        elif self.peer.is_up:
            run_as(self.peer.is_old)
            self._reply(self._peer_says(self.peer, question), number)

    def _peer_says(self, peer: Station, question: m.Question) -> m.Answer:
        if self.world.refuses_revoked and isinstance(question, m.AskVector):
            with peer.journal.read() as store:
                if any(True for _ in store.revocations(question.hello.station)):
                    return m.Refusal("revoked")
        with peer.journal.read() as store:
            said = answer(store, question, peer.hello())
        if isinstance(said, m.Vector):
            self.world.checks.promised(peer, m.tips_of(said.heads))
            if self.world.extra.get("boaster") == peer.name:
                said = m.Vector(said.hello, (*said.heads, self._boast()))
        return said

    def _boast(self) -> m.Head:
        """An event in the asker's own stream that nobody ever made."""
        with self.station.journal.read() as store:
            head = own_head(store)
        assert head is not None
        return m.Head(head.stream, head.seq + 1, self.world.random_bytes(32))

    def _at_centre(self, question: m.Question, number: int) -> None:
        world, centre = self.world, self.world.centre
        who = world.session(self.station)
        if not isinstance(question, m.Give):
            self._reply(centre.answer(who, question), number)
            return
        serial = centre.begin(len(question.events))
        delay_s = world.rng.random() * 2.0 if world.rng.random() < world.weather.slow_commit else 0.0
        world.at(delay_s, lambda: self._reply(centre.answer(who, question, serial), number))

    def _reply(self, said: m.Answer, number: int) -> None:
        self.world.checks.answered(self.station, said)
        self.world.send(self._there, self.station.name, lambda: self._at_home(said, number))

    def _at_home(self, said: m.Answer, number: int) -> None:
        station = self.station
        if number != self.step or not station.is_up or station.boot != self.boot:
            return  # an answer that came twice, or to a process that is gone
        run_as(station.is_old)
        try:
            question = self.talk.send(said)
        except StopIteration:
            self.step = -1
            self._finish()
            return
        self._ask(question)

    def _finish(self) -> None:
        station, outcome = self.station, self.outcome
        if outcome.vector is None:
            return
        if self.peer is not None and abs(station.clock_offset_us - self.peer.clock_offset_us) < _SANE_US:
            station.on_sane_clock()
        ends = m.tips_of(outcome.vector.heads)
        station.on_vector(self._there, ends)
        station.on_receipts(self._there, outcome.held)
        self.world.checks.receipts(station, self.peer, outcome.held, ends)
        station.receive(outcome.pulled, self._there)
        if self.peer is None and self.world.pulls_by_serial:
            rows = self.world.centre.rows_after(station.place.site, station.cursor, 500)
            station.cursor = max((row[0] for row in rows), default=station.cursor)
            station.receive([row[1] for row in rows], CENTRE)
