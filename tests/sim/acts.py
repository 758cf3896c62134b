"""What operators do at a simulated station: decided by the domain from what that station shows, then appended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from console.domain import alarm_facts as alarm
from console.domain import commands as c
from console.domain import incidents as rules
from console.domain import merge_commands as mc
from console.domain import people_facts as people
from console.domain.acknowledgement import Seen, Standing, acknowledge, unacknowledge
from console.domain.acknowledgements import Occurred
from console.domain.alarms import Occurrence
from console.domain.facts import Fact, IncidentNoted
from console.domain.identity import uuid7
from console.domain.incident_settling import merge, resolve
from console.domain.people import Role
from console.domain.refusal import Refused
from console.services.journal.entries import SITE_FILE, Actor, Entry
from console.services.servicedesk.case import _RANK
from tests.sim.checks import Violation
from tests.sim.station import Station
from tests.sim.world import World

ADMIN, ANNA, BOB = (Actor(f"u-{one}", one, one, tuple(r.value for r in Role)) for one in ("adm", "anna", "bob"))
CONDITIONS = tuple(UUID(int=number) for number in (1, 2, 3))
YEAR_US = 365 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Occurring:
    """An occurrence as telemetry told of it, in source time."""

    condition: UUID
    occurred: Occurred


def genesis() -> list[Fact]:
    """The first people, as the first-start assistant makes them."""
    facts: list[Fact] = []
    for actor in (ADMIN, ANNA, BOB):
        facts.append(people.UserAdded(actor.user_id))
        roles = (Role.SHIFT_LEAD, Role.ADMINISTRATOR if actor is ADMIN else Role.ENGINEER)
        facts += [people.RoleGranted(actor.user_id, role.value) for role in roles]
    return facts


def someone(world: World) -> Actor:
    return world.rng.choice((ANNA, BOB))


def _at(station: Station) -> rules.Circumstances:
    return rules.Circumstances(min(max(station.now_us(), 0), 4 * 10**15))


def open_incident(world: World, station: Station) -> None:
    """Few incidents, so that people meet on them."""
    if len(station.picture.desk.ids()) > 1:
        edit(world, station)
        return
    incident_id = uuid7(max(0, station.now_us() // 1000), int.from_bytes(world.random_bytes(10), "big"))
    command = c.OpenIncident(title=f"leak {world.rng.randrange(100)}", impact=world.rng.randint(1, 4), urgency=2)
    _decided(station, rules.open_incident(command, incident_id, f"INC-{station.place.code}-1"), someone(world))


def _incident(world: World, station: Station) -> rules.Incident | None:
    desk = station.picture.desk
    known = [incident for one in sorted(desk.ids()) if (incident := desk.incident(one)) is not None]
    return world.rng.choice(known) if known else None


def _decided(
    station: Station, decision: rules.Decision, actor: Actor,
    done: Callable[[Sequence[Entry]], None] = lambda _entries: None,
) -> None:  # fmt: skip
    station.act(decision.facts, actor, decision.parents, done=done)


def note(world: World, station: Station) -> None:
    incident = _incident(world, station)
    if incident is not None:
        _decided(station, rules.note(c.NoteIncident(incident.incident_id, "seen"), incident), someone(world))


def group(world: World, station: Station) -> None:
    """Several facts that belong together."""
    incident = _incident(world, station)
    if incident is not None:
        count = world.rng.randint(2, 5)
        station.act([IncidentNoted(incident.incident_id, f"{n} of {count}") for n in range(count)], someone(world))


def edit(world: World, station: Station) -> None:
    """Sets a field; also how a conflict is settled: afterwards one value stands here."""
    incident = _incident(world, station)
    if incident is None:
        return
    name = world.rng.choice(("title", "impact"))
    value: str | int = f"title {world.rng.randrange(6)}" if name == "title" else world.rng.randint(1, 4)
    decision = rules.edit(c.EditIncident(incident.incident_id, name, value), incident)
    known, seen = set(incident.heads[name]), incident.incident_id

    def done(entries: Sequence[Entry]) -> None:
        now = station.picture.desk.incident(seen)
        if now is not None and known & set(now.heads[name]):
            raise Violation("INV-9 settled", f"{station.name}: a value stands that its replacement knew")

    _decided(station, decision, someone(world), done)


def settle(world: World, station: Station) -> None:
    """A person settles the first conflict there is, with a reason."""
    desk = station.picture.desk
    for one in sorted(desk.ids()):
        incident = desk.incident(one)
        if incident is None or incident.state in rules.FINAL_STATES:
            continue
        for name in ("title", "impact"):
            if len(incident.heads[name]) > 1:
                command = mc.ResolveConflict(one, name, getattr(incident, name), "agreed by phone")
                decision = resolve(command, incident, desk.moves(one))
                _decided(station, decision, someone(world), _left_one(station, one, name, incident.heads[name]))
                return
        if len(incident.heads["state"]) > 1:
            command = mc.ResolveConflict(one, "state", incident.state.value, "agreed by phone")
            _decided(station, resolve(command, incident, desk.moves(one)), someone(world))
            return


def _left_one(station: Station, incident_id: UUID, name: str, known: Sequence[bytes]) -> Callable[..., None]:
    def done(_entries: Sequence[Entry]) -> None:
        now = station.picture.desk.incident(incident_id)
        if now is not None and set(known) & set(now.heads[name]):
            raise Violation("INV-9 settled", f"{station.name}: a settled conflict stands")

    return done


def move(world: World, station: Station) -> None:
    incident = _incident(world, station)
    if incident is None:
        return
    one, actor = incident.incident_id, someone(world)
    commands = (
        c.AssignIncident(one, "shift", world.rng.choice(("u-anna", "u-bob"))),
        c.PendIncident(one, "waits for parts"),
        c.ResumeIncident(one),
        c.ResolveIncident(one, "repaired", "new seal"),
        c.ReopenIncident(one, "leaks again"),
        c.CloseIncident(one),
        c.CancelIncident(one, "no leak"),
    )
    allowed = [command for command in commands if command.name in rules.allowed(incident.state)]
    if allowed:
        _decided(station, rules.move(world.rng.choice(allowed), incident, _at(station)), actor)


def merge_two(world: World, station: Station) -> None:
    desk, first, second = station.picture.desk, _incident(world, station), _incident(world, station)
    if first is not None and second is not None and not station.is_old:
        command = mc.MergeIncidents(first.incident_id, second.incident_id, "the same leak")
        _decided(station, merge(command, first, second, desk.merges), someone(world))


def occur(world: World, station: Station) -> None:
    """An alarm comes; now and then from a node whose clock is years off."""
    rng, told = world.rng, world.extra.setdefault("occurred", [])
    start = world.now_us + (rng.choice((1, -1, 73)) * YEAR_US if rng.random() < 0.2 else 0)
    returned = start + 5_000_000 if rng.random() < 0.5 else 0
    told.append(Occurring(rng.choice(CONDITIONS), Occurred(start, start, returned)))


def ack(world: World, station: Station) -> None:
    told = world.extra.get("occurred", [])
    if not told:
        return
    one = world.rng.choice(told)
    through = max(x.occurred.start_us for x in told if x.condition == one.condition)
    seen = Seen(Occurrence(one.condition, one.occurred.start_us), Standing.OPEN, through)
    facts, _ = acknowledge([seen], station.now_us())
    station.act(facts, someone(world))


def unack(world: World, station: Station) -> None:
    told = world.extra.get("occurred", [])
    if not told:
        return
    one = world.rng.choice(told)
    acks = station.picture.acks_of(one.condition).covering(one.occurred)
    if acks:
        seen = Seen(Occurrence(one.condition, one.occurred.start_us), Standing.ACKNOWLEDGED, 0)
        facts, parents = unacknowledge([seen], [acks], "not seen")
        station.act(facts, someone(world), parents)


def shelve(world: World, station: Station) -> None:
    condition, wall = world.rng.choice(CONDITIONS), station.now_us()
    heads = station.picture.shelf(condition).heads()
    until = wall + world.rng.randint(1, 40) * 3_600_000_000
    station.act([alarm.AlarmShelved(condition, until, 8 * 3600, "short", "noisy")], someone(world), heads)


def unshelve(world: World, station: Station) -> None:
    condition = world.rng.choice(CONDITIONS)
    shelf = station.picture.shelf(condition)
    if shelf.heads():
        station.act([alarm.AlarmUnshelved(condition, "needed")], someone(world), shelf.heads())


def out_of_service(world: World, station: Station) -> None:
    if station.is_old:
        return
    condition = world.rng.choice(CONDITIONS)
    service = station.picture.service(condition)
    if service.taken() and world.rng.random() < 0.7:
        station.act([alarm.AlarmReturnedToService(condition, "done")], someone(world), service.heads())
    else:
        station.act([alarm.AlarmOutOfService(condition, "maintenance")], someone(world), service.heads())


def disable(world: World, station: Station) -> None:
    """An administrator takes bob's rights away, or gives them back knowing what he takes back."""
    rights = station.picture.people.now(BOB.user_id)
    if rights is not None and rights.is_disabled:
        parents = tuple(sorted(rights.disabled_by))
        station.act([people.UserEnabled(BOB.user_id, "cleared")], ADMIN, parents)
    else:
        station.act([people.UserDisabled(BOB.user_id, "left")], ADMIN)


def countersign(world: World, station: Station) -> None:
    withheld = [e for e in station.picture.gate.withheld if e.actor.user_id != ADMIN.user_id]
    if withheld:
        station.act([people.ActCountersigned(world.rng.choice(withheld).hash.hex())], ADMIN)


ACTS: tuple[tuple[Callable[[World, Station], None], int], ...] = (
    (open_incident, 4),
    (note, 3),
    (group, 3),
    (edit, 8),
    (settle, 4),
    (move, 6),
    (merge_two, 2),
    (occur, 4),
    (ack, 5),
    (unack, 3),
    (shelve, 4),
    (unshelve, 3),
    (out_of_service, 3),
    (disable, 3),
    (countersign, 4),
)
RANK = _RANK
__all__ = ["SITE_FILE"]


def act(world: World, station: Station, chosen: Callable[[World, Station], None]) -> bool:
    """False when the domain refused it."""
    try:
        chosen(world, station)
    except Refused:
        return False
    return True
