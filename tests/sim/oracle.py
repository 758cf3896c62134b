"""What must be true after the faults: computed from the union of all events, by other code than the product's."""

import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from console.domain import people_facts as people
from console.domain.facts import FACTS, IncidentFieldSet, IncidentMoved, IncidentOpened
from console.domain.station_facts import StationRevoked
from console.domain.unsafe_acts import ACT_RULES
from console.services.journal.entries import Entry
from console.services.journal.envelope import Event, hash_of
from console.services.journal.groups import Groups
from tests.sim import acts
from tests.sim.checks import Violation
from tests.sim.picture import Picture
from tests.sim.station import Station
from tests.sim.world import SITE, World

_AHEAD_US = 5 * 60 * 1_000_000
_LONGEST_US = 24 * 3_600_000_000
_REBUILT = 1 / 3  # of the schedules: a station's picture is made from nothing, in another order
Place = tuple[int, bytes]


def judge(world: World, rng: random.Random) -> None:
    """Raises Violation. Every station is up, of the present version, and has exchanged with all others."""
    stations = world.checks.equals()
    union = {one: raw for station in stations for one, raw in station.journal.raws().items()}
    _nothing_lost(world, stations, union)
    _bytes_hold(world, union)
    _sites_apart(world)
    for station in stations:
        _groups_whole(station)
        _forks_told(station)
    _same_pictures(world, stations, rng)
    truth = Truth(stations[0])
    for station in stations[:1]:  # the others have the same digests
        truth.compare(station, world)
    for station in stations:
        _flags(world, station, truth)


def _nothing_lost(world: World, stations: list[Station], union: dict[bytes, Any]) -> None:
    told = {one for one in world.checks.told if world.checks.made_by[one].body.site == SITE}
    turned_away = set() if len(stations) == len(world.ours) else world.extra.get("revoked", set())
    told = {one for one in told if world.checks.made_by[one].body.station not in turned_away}
    for station in stations:
        lost = told - world.checks.gone - station.journal.raws().keys()
        if lost:
            event = world.checks.made_by[min(lost)]
            raise Violation("INV-8 lost", f"{len(lost)} acts are not at {station.name}, {event.body.etype} {event.seq}")
        foreign = station.journal.raws().keys() - world.checks.made_by.keys()
        if foreign:
            raise Violation("P17 forged", f"{station.name} holds {len(foreign)} events that nobody made")


def _bytes_hold(world: World, union: dict[bytes, Any]) -> None:
    for one, raw in union.items():
        made = world.checks.made_by[one]
        if raw.body != made.raw.body or raw.sig != made.raw.sig or hash_of(made.prev, raw.body) != one:
            raise Violation("INV-2 bytes", f"the bytes of {one.hex()[:8]} changed")


def _sites_apart(world: World) -> None:
    for station in world.stations:
        site = station.place.site.int
        for event in station.journal.events().values():
            if event.body.site.int != site:
                raise Violation("INV-31 site", f"{station.name} holds an event of another site")


def _groups_whole(station: Station) -> None:
    shown: dict[UUID, int] = defaultdict(int)
    sizes: dict[UUID, int] = {}
    for one, event in station.journal.events().items():
        if event.body.tx_n > 1 and one in station.picture.seen:
            shown[event.body.tx_id] += 1
            sizes[event.body.tx_id] = event.body.tx_n
    for tx, count in shown.items():
        if count < sizes[tx]:
            raise Violation("INV-10 group", f"{station.name} shows {count} of {sizes[tx]} facts of an act")


def _forks_told(station: Station) -> None:
    with station.journal.read() as store:
        for stream in store.streams():
            seqs = [tip.seq for tip in store.hashes(stream.stream, 1, 1 << 40)]
            if len(seqs) != len(set(seqs)) and not stream.forked:
                raise Violation("INV-13 fork", f"{station.name} does not know that a stream is forked")
            if set(seqs) != set(range(1, len(set(seqs)) + 1)):
                raise Violation("INV-3 chain", f"{station.name} has a gap in a stream")


def _same_pictures(world: World, stations: list[Station], rng: random.Random) -> None:
    digests = {station.name: station.picture.digest() for station in stations}
    first = digests[stations[0].name]
    for station in stations[1:]:
        if first != digests[station.name]:
            station.signals.add("divergence")  # as neighbours notice it themselves
        _differ("INV-7 divergence", first, digests[station.name], f"{stations[0].name} and {station.name}")
    if rng.random() < _REBUILT:
        _rebuilt_alike(rng.choice(stations), digests, rng)


def _rebuilt_alike(station: Station, digests: dict[str, dict[str, str]], rng: random.Random) -> None:
    stored = station.journal.stored_in_order()
    rng.shuffle(stored)
    picture, groups = Picture(), Groups()
    while stored:
        count = rng.randint(1, 8)
        batch, stored = stored[:count], stored[count:]
        whole = groups.complete(batch)
        if whole:
            picture.apply(station._entries(whole))
    _differ("INV-5 order", picture.digest(), digests[station.name], f"{station.name} and its rebuild in another order")


def _differ(rule: str, one: dict[str, str], other: dict[str, str], who: str) -> None:
    if one != other:
        parts = sorted(part for part in {*one, *other} if one.get(part) != other.get(part))
        raise Violation(rule, f"{who} show something else: {', '.join(parts[:3])}")


def _flags(world: World, station: Station, truth: "Truth") -> None:
    flags, own = station.journal.flags(), station.place.station.int
    with station.journal.read() as store:
        keys = {stream.stream: stream.public_key for stream in store.streams()}
    for one, event in station.journal.events().items():
        if (one, "unknown_type") in flags and event.body.etype in FACTS:
            raise Violation("INV-23 upgrade", f"{station.name} still calls {event.body.etype} unknown")
        if event.body.station.int == own:
            continue
        if one in world.checks.poisoned and (one, "poison") not in flags:
            raise Violation("INV-24 poison", f"{station.name} does not mark a poison event")
        if truth.is_untrusted(event, keys) and (one, "revoked_station") not in flags:
            raise Violation("P18 revoked", f"{station.name} does not mark an event of a revoked station")


class Truth:
    """The union of all events, and plain rules over it."""

    def __init__(self, station: Station) -> None:
        stored = Groups().complete(station.journal.stored_in_order())
        self.entries = sorted(station._entries(stored), key=lambda entry: (entry.hlc, entry.hash))
        self.revocations = [e for e in self.entries if isinstance(e.fact, StationRevoked)]
        self._opened = {e.stream: e.hlc for e in self.entries if e.seq == 1} if self.revocations else {}
        self._people = [e for e in self.entries if isinstance(e.fact, people.PEOPLE)]
        adding = [e for e in self._people if isinstance(e.fact, people.UserAdded | people.RoleGranted)]
        self._genesis: Place = max(((e.hlc, e.hash) for e in adding), default=(0, b""))
        later = [e for e in self._people if e not in adding]
        self.can_judge = bool(adding) and all((e.hlc, e.hash) > self._genesis for e in later)
        signed = [e for e in self.entries if isinstance(e.fact, people.ActCountersigned)]
        self._signed = {bytes.fromhex(e.fact.act_hash) for e in signed}  # type: ignore[union-attr]

    def is_untrusted(self, event: Event, keys: dict[UUID, bytes]) -> bool:
        """Behind the last trusted event of a key that was known when the station was revoked."""
        for entry in self.revocations:
            fact: Any = entry.fact
            known = {one for one, opened in self._opened.items() if opened < entry.hlc} | set(fact.streams)
            covered = {keys[one] for one in known if one in keys}
            trusted = dict(zip(fact.streams, fact.seqs, strict=True)).get(event.stream, 0)
            if fact.station_id == event.body.station and keys[event.stream] in covered and event.seq > trusted:
                return True
        return False

    def withheld(self) -> set[bytes]:
        """Unsafe acts of a disabled user that nobody countersigned; the administrator is never disabled."""
        found = set()
        for entry in self.entries:
            rule = ACT_RULES.get(entry.etype)
            unsafe = rule is not None and entry.fact is not None and rule.is_unsafe(entry.fact)
            if unsafe and self._is_disabled(entry) and entry.hash not in self._signed:
                found.add(entry.hash)
        return found

    def _is_disabled(self, act: Entry) -> bool:
        place = (act.hlc, act.hash)
        before = [e for e in self._people if (e.hlc, e.hash) <= place]
        taken_back = {one for e in before if isinstance(e.fact, people.UserEnabled) for one in e.parents}
        return any(
            isinstance(e.fact, people.UserDisabled) and e.entity_id == act.actor.user_id and e.hash not in taken_back
            for e in before
        )

    def compare(self, station: Station, world: World) -> None:
        withheld = {entry.hash for entry in station.picture.gate.withheld}
        asked = {entry.hash for entry in self.entries if station.picture.gate.is_withheld(entry)}
        if asked != withheld or (self.can_judge and withheld != self.withheld()):
            raise Violation("P19 revoked user", f"{station.name} withholds {len(withheld)} acts, not those it should")
        effective = [entry for entry in self.entries if entry.hash not in withheld]
        self._incidents(station, effective)
        for condition in acts.CONDITIONS:
            name = str(condition)
            mine = [entry for entry in self.entries if entry.entity_id == name]
            self._acks(station, world, condition, mine)
            self._shelf(station, condition, [entry for entry in mine if entry.hash not in withheld])
            self._service(station, condition, [entry for entry in mine if entry.hash not in withheld])

    def _incidents(self, station: Station, entries: list[Entry]) -> None:
        for opening in entries:
            if not isinstance(opening.fact, IncidentOpened):
                continue
            incident = station.picture.desk.incident(opening.fact.incident_id)
            if incident is None:
                raise Violation("INV-23 shown", f"{station.name} does not show an incident")
            about = [e for e in entries if e.entity_id == opening.entity_id]
            for name in ("title", "impact"):
                puts = [e for e in about if isinstance(e.fact, IncidentFieldSet) and e.fact.field == name] + [opening]
                self._register(station, name, puts, incident.heads[name], getattr(incident, name), _value(name))
            moves = [e for e in about if isinstance(e.fact, IncidentMoved)] + [opening]
            self._register(station, "state", moves, incident.heads["state"], incident.state.value, _state)

    @staticmethod
    def _register(
        station: Station, name: str, puts: list[Entry], shown: Iterable[bytes], value: object, value_of: Any
    ) -> None:
        replaced = {parent for entry in puts for parent in entry.parents}
        heads = [entry for entry in puts if entry.hash not in replaced]
        if {entry.hash for entry in heads} != set(shown):
            raise Violation("INV-9 overwritten", f"{station.name}: the values of {name} are not those that stand")
        rank = (lambda e: acts.RANK[_state(e)]) if name == "state" else (lambda _e: 0)
        top = max(heads, key=lambda entry: (rank(entry), entry.hlc, entry.hash))
        if value_of(top) != value:
            raise Violation("INV-9 order", f"{station.name} shows the wrong {name} of several")

    def _acks(self, station: Station, world: World, condition: UUID, mine: list[Entry]) -> None:
        taken = {
            bytes.fromhex(one)
            for e in mine
            if e.etype == "alarm.unacknowledged"
            for one in e.fact.acknowledgements  # type: ignore[union-attr]
        }
        for told in world.extra.get("occurred", []):
            if told.condition != condition:
                continue
            one, expected = told.occurred, set()
            backs: list[Any] = [e for e in mine if e.etype == "alarm.unacknowledged" and _overlaps(e, one)]
            again = [min(e.fact.seen_through_us, e.wall_us + _AHEAD_US) for e in backs]
            annunciated = max([one.annunciated_us, *again])
            for entry in mine:
                fact: Any = entry.fact
                if entry.etype != "alarm.acknowledged" or entry.hash in taken or not _overlaps(entry, one):
                    continue
                if min(fact.seen_through_us, entry.wall_us + _AHEAD_US) >= annunciated:
                    expected.add(entry.hash)
            if {ack.by for ack in station.picture.acks_of(condition).covering(one)} != expected:
                raise Violation("INV-18 acknowledged", f"{station.name}: other acknowledgements cover an alarm")

    @staticmethod
    def _shelf(station: Station, condition: UUID, mine: list[Entry]) -> None:
        puts = [e for e in mine if e.etype in ("alarm.shelved", "alarm.unshelved")]
        replaced = {parent for entry in puts for parent in entry.parents}
        heads = [entry for entry in puts if entry.hash not in replaced]
        granted = station.picture.shelf(condition).granted()
        if not heads or any(entry.etype == "alarm.unshelved" for entry in heads):
            if granted is not None:
                raise Violation("INV-20 unshelved", f"{station.name} hides an alarm that somebody unshelved")
            return
        ends = []
        for entry in heads:
            fact: Any = entry.fact
            longest = min(fact.max_s * 1_000_000, _LONGEST_US)
            ends.append(min(fact.until_us, entry.wall_us + longest))
        if granted is None or granted.until_us != min(ends):
            raise Violation("INV-21 shelf", f"{station.name} hides an alarm for another time")

    @staticmethod
    def _service(station: Station, condition: UUID, mine: list[Entry]) -> None:
        puts = [e for e in mine if e.etype in ("alarm.out_of_service", "alarm.returned_to_service")]
        replaced = {parent for entry in puts for parent in entry.parents}
        heads = [entry for entry in puts if entry.hash not in replaced]
        out = bool(heads) and all(entry.etype == "alarm.out_of_service" for entry in heads)
        if (station.picture.service(condition).taken() is not None) != out:
            raise Violation("INV-22 service", f"{station.name} is wrong about what is out of service")


def _overlaps(entry: Any, one: Any) -> bool:
    return not one.returned_us or entry.fact.start_us <= one.returned_us


def _value(name: str) -> Any:
    return lambda entry: getattr(entry.fact, name) if isinstance(entry.fact, IncidentOpened) else entry.fact.value


def _state(entry: Entry) -> str:
    return entry.fact.to if isinstance(entry.fact, IncidentMoved) else "new"
