"""What must hold while a schedule runs: cheap looks after each step, by a ledger that is kept beside the product."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from console.domain.station_facts import StreamOpened
from console.services.journal.envelope import Event, RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.facts_codec import decode_fact
from console.services.journal.own_stream import OWN
from console.services.journal.receiving import Received
from console.services.sync import messages as m
from tests.sim.memory_store import MemoryStore

if TYPE_CHECKING:
    from tests.sim.station import Station
    from tests.sim.world import World

AHEAD_MS = 5 * 60 * 1000


class Violation(AssertionError):
    """An invariant that did not hold: `rule` names it, the text says where."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Checks:
    """The ledger: every event that a station really made, what operators were told, what no disk holds any more."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.made_by: dict[bytes, Event] = {}
        self.told: set[bytes] = set()  # acknowledged to an operator
        self.gone: set[bytes] = set()  # on no disk after a restore: nobody can have them
        self.strangers: set[UUID] = set()  # stations of the site that nobody let in
        self.groups: dict[UUID, list[bytes]] = {}
        self.greatest_wall_ms: dict[UUID, int] = {}
        self.poisoned: set[bytes] = set()
        self.found: set[UUID] = set()  # streams of which their own station was given events

    # --- own events ------------------------------------------------------------------------------------------------

    def before_start(self, station: "Station", looks: bool) -> None:
        """What the outside knows forbids to go on in the open stream (invariants 14, 15)."""
        with station.journal.read() as store:
            known, then = store.meta(OWN), store.meta("fingerprint") or ""
            if not looks or known is None:
                return
            stream = store.stream(UUID(known))
            mark = station.anchor
            is_behind = mark is not None and store.place_of(mark.hash) != (mark.stream, mark.seq)
            if is_behind or (then and then != station.fingerprint):
                station.must_leave = stream.stream if stream else None

    def made(self, station: "Station", events: Sequence[Event]) -> None:
        """Events of this station, in the order of its chain, at their commit."""
        wall_ms = max(0, station.now_us() // 1000)
        greatest = max(wall_ms, self.greatest_wall_ms.get(station.place.station, 0))
        self.greatest_wall_ms[station.place.station] = greatest
        for event in events:
            before = self.made_by.get(event.prev) if event.seq > 1 else None
            if event.seq > 1 and (before is None or (before.stream, before.seq) != (event.stream, event.seq - 1)):
                raise Violation("INV-3 chain", f"{station.name} made {event.seq} behind nothing")
            if before is not None and event.hlc <= before.hlc:
                raise Violation("INV-16 clock", f"{station.name}: the stamp of {event.seq} does not rise")
            if (event.hlc >> 16) > greatest + AHEAD_MS + 60_000:
                raise Violation("INV-16 clock", f"{station.name} follows a clock that is wrong")
            if event.seq == 1:
                self._look_at_opening(station, event)
            if station.must_leave == event.stream:
                raise Violation("INV-14/15 stream", f"{station.name} goes on in a stream that it had to leave")
            self.made_by[event.raw.hash] = event
            if event.body.tx_n > 1:
                self.groups.setdefault(event.body.tx_id, []).append(event.raw.hash)
        if events:
            station.must_leave = None

    def _look_at_opening(self, station: "Station", event: Event) -> None:
        """Nobody's mere word makes a station leave its stream."""
        opened = decode_fact(event.body.etype, event.body.min_reader, bytes(event.body.payload))
        if isinstance(opened, StreamOpened) and opened.reason == "unknown_own" and opened.predecessor not in self.found:
            raise Violation("INV-14 word", f"{station.name} left its stream, and nothing unknown of it exists")

    def walls(self, station: "Station") -> None:
        """The clock shows this now; stamps made from it may be used later."""
        wall_ms = max(0, station.now_us() // 1000)
        known = self.greatest_wall_ms.get(station.place.station, 0)
        self.greatest_wall_ms[station.place.station] = max(known, wall_ms)

    def acknowledged(self, station: "Station", hashes: Sequence[bytes]) -> None:
        for one in hashes:
            if not station.journal.inserted(one):
                raise Violation("INV-1 durable", f"{station.name} acknowledged what is not stored")
            self.told.add(one)

    def refused(self, station: "Station", was_taken: bool) -> None:
        if was_taken or "refused" not in station.signals:
            raise Violation("INV-34 full disk", f"{station.name} took what its disk cannot hold")

    def committed(self, station: "Station") -> None:
        if station.picture.twice:
            raise Violation("INV-5 once", f"{station.name} projected an event twice")

    # --- received events -------------------------------------------------------------------------------------------

    def arrived(self, station: "Station", raws: Sequence[RawEvent], received: Received) -> None:
        """Everything that came is stored, waits, or was turned away for a reason; nothing genuine was."""
        refused = {one.hash: one.reason for one in received.rejected}
        waiting, site, own = station.journal.waiting(), station.place.site.int, station.place.station.int
        for raw in raws:
            genuine = self.made_by.get(raw.hash)
            if station.journal.inserted(raw.hash):
                if genuine is None:
                    raise Violation("P17 forged", f"{station.name} stored what nobody made")
                if genuine.body.site.int != site:
                    raise Violation("INV-31 site", f"{station.name} stored an event of another site")
                if self.strangers and genuine.body.station.int != own and genuine.body.station in self.strangers:
                    raise Violation("P39 enrolled", f"{station.name} stored an event of a station nobody let in")
                self._look_at_fork(station, genuine)
            elif raw.hash in refused:
                is_ours = genuine is not None and genuine.body.site == station.place.site
                if is_ours and genuine.raw == raw and self.strangers.isdisjoint((genuine.body.station,)):
                    raise Violation("INV-17 taken", f"{station.name} refused a genuine event: {refused[raw.hash]}")
            elif raw.hash not in waiting and self._must_take(station, genuine):
                raise Violation("INV-8 accounted", f"{station.name} lost an event that it was given")
            if genuine is not None and genuine.body.station.int == own:
                self._look_at_own(station, genuine, received, waiting)
        for stored in received.stored:
            if stored.event.body.tx_n > 1:
                self._look_at_group(station, stored.event)
        for one, missing in waiting.items():
            if station.journal.inserted(missing):
                raise Violation("INV-8 waiting", f"{station.name}: {one.hex()[:8]} waits for what is here")

    def _must_take(self, station: "Station", event: Event | None) -> bool:
        """What was forged may have waited, and been found out when its predecessor came in another batch."""
        if event is None or event.body.site != station.place.site:
            return False
        return event.body.station not in self.strangers

    def _look_at_fork(self, station: "Station", event: Event) -> None:
        with station.journal.read() as store:
            beside = store.hashes(event.stream, event.seq, event.seq)
            stream = store.stream(event.stream)
        if len(beside) > 1 and not (stream and stream.forked):
            raise Violation("INV-13 fork", f"{station.name} holds two events at one place and does not say so")

    def _look_at_group(self, station: "Station", event: Event) -> None:
        """Shown whole or not at all, at every moment (invariant 10)."""
        shown = sum(one in station.picture.seen for one in self.groups.get(event.body.tx_id, ()))
        if shown not in (0, event.body.tx_n):
            raise Violation("INV-10 group", f"{station.name} shows {shown} of {event.body.tx_n} facts of an act")

    def answered(self, station: "Station", said: m.Answer) -> None:
        """What was told to a station is about its own site (invariant 31)."""
        hashes: Sequence[bytes] = ()
        if isinstance(said, m.Events):
            hashes = [raw.hash for raw in said.events]
        elif isinstance(said, m.Vector):
            hashes = [head.hash for head in said.heads]
        made_by, site = self.made_by, station.place.site.int
        for one in hashes:
            event = made_by.get(one)
            if event is not None and event.body.site.int != site:
                raise Violation("INV-31 site", f"{station.name} was told of an event of another site")

    def _look_at_own(self, station: "Station", event: Event, received: Received, waiting: dict[bytes, bytes]) -> None:
        is_news = event.raw.hash in waiting or any(s.event.raw.hash == event.raw.hash for s in received.stored)
        with station.journal.read() as store:
            if is_news and store.meta(OWN) == str(event.stream):
                station.must_leave = event.stream
        self.found.add(event.stream)

    def promised(self, peer: "Station", ends: Sequence[Tip]) -> None:
        """What a station tells about its journal is a receipt: all of it is durable there (invariant 12)."""
        for tip in ends:
            if not peer.journal.inserted(tip.hash):
                raise Violation("INV-12 receipt", f"{peer.name} told of an event that it can still lose")

    def receipts(self, station: "Station", peer: "Station | None", held: Sequence[Tip], told: Sequence[Tip]) -> None:
        """What this station believes that the peer holds is what it was told."""
        for tip in held:
            name = peer.name if peer else "centre"
            if not station.holdings.is_held(name, tip.stream, tip.seq, tip.hash):
                raise Violation("INV-12 receipt", f"{station.name} does not know what {name} confirmed")
        name = peer.name if peer else "centre"
        ends: dict[int, tuple[UUID, int]] = {}
        for tip in held:
            if tip.seq > ends.get(tip.stream.int, (None, 0))[1]:
                ends[tip.stream.int] = (tip.stream, tip.seq)
        with station.journal.read() as store:
            named = {tip.stream.int for tip in told}
            ends |= {one.stream.int: (one.stream, 0) for one in store.streams() if one.stream.int not in named}
            for stream, seq in ends.values():
                beyond = store.hashes(stream, seq + 1, seq + 1)
                if any(station.holdings.is_held(name, stream, one.seq, one.hash) for one in beyond):
                    raise Violation("INV-12 receipt", f"{station.name} believes {name} to hold more than it says")

    def beliefs(self) -> None:
        """What a station says of an event, "also on that station" or "in the centre", is so (unless that went back)."""
        peers = {one.name: set(one.journal.raws()) for one in self._world.stations if not one.was_restored}
        if not self._world.extra.get("centre went back"):
            peers["centre"] = self.central()
        for station in self._world.ours:
            for one, event in station.journal.events().items():
                for name, held in peers.items():
                    if one not in held and station.holdings.is_held(name, event.stream, event.seq, one):
                        raise Violation("INV-12 receipt", f"{station.name} says that {name} has what it has not")

    # --- after faults ----------------------------------------------------------------------------------------------

    def restored(self, station: "Station", before: set[bytes]) -> None:
        """Events that were on this disk alone are gone with it."""
        held = set().union(*(one.journal.raws() for one in self._world.stations), self.central())
        self.gone |= before - held

    def reachable(self, by_centre: bool) -> None:
        """What only the centre holds does not come from neighbours; what only shut-out stations hold need not come."""
        held = {one for station in self.equals() for one in station.journal.raws()}
        self.gone |= set(self.made_by) - held - (self.central() if by_centre else set())

    def central(self) -> set[bytes]:
        return {one for state in self._world.centre.sites.values() for one in state.event}

    def equals(self) -> list["Station"]:
        """Stations that must end with the same journal: one that is turned away everywhere need not."""
        world = self._world
        if not world.refuses_revoked:
            return world.ours
        return [one for one in world.ours if one.place.station not in world.extra.get("revoked", ())]

    def why_unequal(self, with_centre: bool) -> str:
        """Empty when all stations of the site (and the centre) end at the same tips."""
        world, stations = self._world, self.equals()
        ends = {}
        for station in stations:
            with station.journal.read() as store:
                ends[station.name] = store.tips()
        if not stations:
            return ""
        site = stations[0].place.site
        if with_centre and set(world.centre.revoked).isdisjoint(one.place.station for one in stations):
            ends["centre"] = MemoryStore(world.centre.state(site)).tips()
        first, *others = ends
        for other in others:
            if ends[first] != ends[other]:
                return f"{first} and {other} end at other places"
        return ""
