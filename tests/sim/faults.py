"""What goes wrong in a schedule: each fault is a function on the world; the tables at the end weigh them."""

from collections.abc import Callable
from dataclasses import replace

from msgspec import Raw, structs

from console.domain.facts import IncidentNoted
from console.domain.station_facts import StationRevoked, StreamOpened
from console.services.journal.envelope import RawEvent, encode_body, hash_of
from console.services.journal.facts_codec import decode_fact, encode_fact
from console.services.sync.conversation import Budget
from tests.sim import acts
from tests.sim.station import Station
from tests.sim.world import CENTRE, Weather, World

_YEAR_US = 365 * 86_400_000_000
_HOUR_US = 3_600_000_000


def up(world: World) -> Station | None:
    found = [one for one in world.ours if one.is_up]
    return world.rng.choice(found) if found else None


def act(world: World) -> None:
    """Somebody does something; often somebody elsewhere does the like before he can know of it."""
    ready = [one for one in world.ours if one.is_up]
    if not ready:
        return
    chosen = world.rng.choices([one for one, _ in acts.ACTS], [weight for _, weight in acts.ACTS])[0]
    for station in world.rng.sample(ready, min(len(ready), world.rng.choice((1, 1, 2, 3)))):
        world.trace.append(f"  {station.name} {chosen.__name__}")
        acts.act(world, station, chosen)


def sync(world: World) -> None:
    """One exchange of somebody with somebody, with batches of any size."""
    rng, station = world.rng, up(world)
    if station is None or not world.polls:
        return
    peers = [None, *(one for one in world.stations if one is not station)]
    peer = rng.choice(peers)
    world.trace.append(f"  {station.name} asks {peer.name if peer else CENTRE}")
    limit = rng.choice((1, 2, 5, 500))
    world.talk(station, peer, Budget(rng.randint(1, 4), rng.randint(1, 4), limit, rng.choice((600, 1 << 20))))


def weather(world: World) -> None:
    rng = world.rng
    world.weather = Weather(
        rng.choice((0.0, 0.1, 0.5)),
        rng.choice((0.0, 0.3)),
        rng.choice((0.05, 2.0, 30.0)),
        rng.choice((0.0, 0.5)),
        rng.choice((1.0, 0.5, 0.0)),
    )


def partition(world: World) -> None:
    """Any of the paths is cut, or all are whole again."""
    names = [CENTRE, *{one.name for one in world.stations}]
    paths = [frozenset((a, b)) for a in names for b in names if a < b]
    world.cuts = {path for path in sorted(paths, key=sorted) if world.rng.random() < 0.5}
    if world.rng.random() < 0.3:
        world.cuts = set()


def crash(world: World) -> None:
    station = up(world)
    if station is not None:
        world.trace.append(f"  {station.name} dies")
        station.crash()


def start(world: World) -> None:
    for station in world.stations:
        if not station.is_up:
            world.trace.append(f"  {station.name} starts")
            station.start()


def backup(world: World) -> None:
    station = up(world)
    if station is not None:
        world.backups.setdefault(station.name, []).append((station.journal.backup(), station.anchor))


def restore(world: World) -> None:
    """The data folder comes back from a backup of any age; the anchor stands outside of it."""
    _go_back(world, with_anchor=False)


def resume_snapshot(world: World) -> None:
    """A virtual machine goes back to a snapshot, anchor and all, and goes on as if nothing had been."""
    _go_back(world, with_anchor=True)


def _go_back(world: World, *, with_anchor: bool) -> None:
    names = sorted(name for name, kept in world.backups.items() if kept)
    if not names:
        return
    name = world.rng.choice(names)
    station = next(one for one in world.stations if one.name == name)
    state, anchor = world.rng.choice(world.backups[name])
    world.trace.append(f"  {name} goes back{' with its machine' if with_anchor else ''}")
    before = set(station.journal.raws())
    station.crash()
    station.journal.restore(state)
    station.must_leave, station.was_restored = None, True
    world.checks.restored(station, before)
    if with_anchor:
        station.anchor = anchor
        station.start(looks=False)
    else:
        station.start()


def clone(world: World) -> None:
    """The same data folder runs twice; the fingerprint tells, or does not (an image of the whole machine)."""
    station = up(world)
    if station is None or len(world.stations) > 4 or not station.anchor:
        return
    tells = world.rng.random() < 0.5
    twin = Station(
        world, f"{station.name}'", station.place, station.key, station.journal.copy_of(station.journal.backup())
    )
    twin.is_old, twin.is_later, twin.clock_offset_us = station.is_old, station.is_later, station.clock_offset_us
    twin.fingerprint = f"machine {len(world.stations)}" if tells else station.fingerprint
    twin.anchor = None if tells else station.anchor
    while any(one.name == twin.name for one in world.stations):
        twin.name += "'"
    world.trace.append(f"  {station.name} is copied to {twin.name}, which {'shows' if tells else 'does not show'}")
    world.stations.append(twin)
    twin.start()


def clock(world: World) -> None:
    """Set by hand, by a dead battery, by summer time."""
    station, rng = up(world), world.rng
    if station is None:
        return
    world.checks.walls(station)
    jump = rng.choice(
        (10 * _YEAR_US, -10 * _YEAR_US, _HOUR_US, -_HOUR_US, 299_000_000, -299_000_000, 40 * 86400 * 10**6)
    )
    station.clock_offset_us = rng.choice((0, station.clock_offset_us + jump, jump, -world.now_us))
    world.trace.append(f"  {station.name} clock off by {station.clock_offset_us / 1e6:.0f} s")
    world.checks.walls(station)


def upgrade(world: World) -> None:
    found = [one for one in world.ours if one.is_old]
    if found:
        station = world.rng.choice(found)
        world.trace.append(f"  {station.name} is upgraded")
        station.crash()
        station.is_old = False
        station.start()


def revoke(world: World) -> None:
    """An administrator takes the trust in a station back, from a place on that he chooses."""
    station, rng = up(world), world.rng
    if station is None:
        return
    other = rng.choice(world.ours)
    if other.place.station == station.place.station or world.extra.get("revoked"):
        return
    streams, seqs = [], []
    with station.journal.read() as store:
        for one in store.streams():
            if one.station == other.place.station:
                streams.append(one.stream)
                seqs.append(rng.choice((0, max(0, one.head_seq - 1), one.head_seq)))
    world.trace.append(f"  {station.name} revokes {other.name}")
    if station.act([StationRevoked(other.place.station, tuple(streams), tuple(seqs), "stolen")], acts.ADMIN):
        world.extra["revoked"] = {other.place.station}
        if world.refuses_revoked:
            world.centre.revoked.add(other.place.station)


def fill_disk(world: World) -> None:
    """A full disk: what cannot be stored is refused visibly; later there is room again."""
    station = up(world)
    if station is None:
        return
    if station.journal.quota is not None:
        station.journal.quota = None
        return
    world.trace.append(f"  {station.name}'s disk is full")
    station.journal.fill()
    acted = station.act([IncidentNoted(acts.CONDITIONS[0], "no room")], acts.ANNA)
    world.checks.refused(station, acted)


def boast(world: World) -> None:
    """A station of the site tells others of events in their own streams that do not exist."""
    station = up(world)
    world.extra["boaster"] = None if station is None or world.rng.random() < 0.3 else station.name
    world.trace.append(f"  {world.extra['boaster']} boasts")


def betray(world: World) -> None:
    """A station that was let in signs what none may: another's stream as its own, or a torn transaction."""
    station, traitor, rng = up(world), up(world), world.rng
    if station is None or traitor is None or station.place.station == traitor.place.station:
        return
    squats, openings = rng.random() < 0.5, [e for e in world.checks.made_by.values() if e.seq == 1]
    if squats:
        genuine = rng.choice([e for e in openings if e.body.station != traitor.place.station] or openings)
        fact = decode_fact(genuine.body.etype, 1, bytes(genuine.body.payload))
        assert isinstance(fact, StreamOpened)
        certificate = world.trust.certificate(traitor.place, traitor.key.public_key)
        fact = replace(
            fact, station_code=traitor.place.code, public_key_hex=traitor.key.public_key.hex(),
            certificate_hex=certificate,
        )  # fmt: skip
        body = structs.replace(genuine.body, station=traitor.place.station, payload=Raw(encode_fact(fact)))
    else:
        own = [e for e in world.checks.made_by.values() if e.body.station == traitor.place.station]
        genuine = rng.choice(own or openings)
        torn_at = rng.randint(1, 2)
        if (genuine.body.tx_n, genuine.body.tx_i) == (3, torn_at):
            return  # nothing is torn there: without the fields of a later version it would be a fork
        body = structs.replace(genuine.body, tx_n=3, tx_i=torn_at)
    if genuine.body.station == traitor.place.station and squats:
        return
    encoded = encode_body(body)
    event_hash = hash_of(genuine.prev, encoded)
    world.trace.append(f"  {traitor.name} sends {station.name} {'a squat' if squats else 'a torn transaction'}")
    station.receive([RawEvent(event_hash, encoded, traitor.key.sign(event_hash))], traitor.name)


def forge(world: World) -> None:
    """Somebody on the network sends events that no station made: altered, with a wrong seal, or as a gap."""
    station, rng = up(world), world.rng
    known = sorted(world.checks.made_by)
    if station is None or not known:
        return
    genuine = world.checks.made_by[rng.choice(known)]
    raw = genuine.raw
    body = raw.body.replace(b'"reason":""', b'"reason":"forged"')
    kind = rng.choice(("bytes", "hash", "seal", "junk"))
    forged = {
        "bytes": replace(raw, body=body),
        "hash": RawEvent(hash_of(genuine.prev, body), body, raw.sig),
        "seal": RawEvent(hash_of(genuine.prev, body), body, bytes(64)),
        "junk": RawEvent(rng.randbytes(32), rng.randbytes(40), bytes(64)),
    }[kind]
    if forged.hash in world.checks.made_by and forged.body == raw.body:
        return
    world.trace.append(f"  {station.name} is sent something forged ({kind})")
    station.receive([forged], "forger")


def poison(world: World) -> None:
    """A station with a defect (or a later version) writes a payload that nobody can read; its stream goes on."""
    station = up(world)
    if station is not None:
        world.trace.append(f"  {station.name} writes poison")
        station.act_poison(acts.CONDITIONS[0])


def centre_backup(world: World) -> None:
    world.centre_backups.append(dict(world.centre.sites))


def centre_restore(world: World) -> None:
    """The centre goes back to an older day, or is lost."""
    if world.rng.random() < 0.2:
        world.centre.sites = {}
    elif world.centre_backups:
        world.centre.sites = dict(world.rng.choice(world.centre_backups))
    else:
        return
    world.trace.append("  the centre goes back")
    world.extra["centre went back"] = True
    held = {one for station in world.stations for one in station.journal.raws()} | world.checks.central()
    world.checks.gone |= set(world.checks.made_by) - held


ALWAYS: tuple[tuple[Callable[[World], None], int], ...] = ((act, 30), (sync, 25))
FAULTS: tuple[tuple[Callable[[World], None], int], ...] = (
    (weather, 4),
    (partition, 4),
    (crash, 4),
    (backup, 4),
    (restore, 3),
    (resume_snapshot, 2),
    (clone, 3),
    (clock, 5),
    (upgrade, 3),
    (revoke, 2),
    (fill_disk, 3),
    (forge, 3),
    (betray, 2),
    (boast, 2),
    (poison, 2),
    (centre_backup, 2),
    (centre_restore, 2),
)
STARTING: tuple[tuple[Callable[[World], None], int], ...] = ((start, 5),)
