"""A schedule: a world and a list of steps from one seed, run and judged; every step has a seed of its own.

So a step can be left out without changing what the others draw: that is how a failing schedule is made short.
"""

import random
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sim import acts, faults
from tests.sim.checks import Violation
from tests.sim.memory_store import MemoryJournal
from tests.sim.once import each_event_once
from tests.sim.oracle import judge
from tests.sim.seals import RealTrust
from tests.sim.version import run_as
from tests.sim.world import OTHER_SITE, Weather, World

MakeJournal = Callable[[str], Any]
_STEPS = {name.__name__: name for name, _ in (*faults.ALWAYS, *faults.FAULTS, *faults.STARTING)}


@dataclass(frozen=True, slots=True)
class Schedule:
    """`steps`: (name in the tables of `faults`, its seed)."""

    seed: int
    steps: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Result:
    """What became of a schedule. `rule` is empty when everything held."""

    seed: int
    rule: str = ""
    text: str = ""
    trace: list[str] = field(default_factory=list)
    signals: set[str] = field(default_factory=set)
    events: int = 0
    rounds: int = 0


def schedule_of(seed: int, themes: Sequence[str] = ()) -> Schedule:
    """20-40 steps with some of the faults (`themes` among them): few at a time find more than all at once."""
    rng = random.Random(seed)
    chosen = [row for row in faults.FAULTS if rng.random() < 0.5 or row[0].__name__ in themes]
    if any(row[0] in (faults.restore, faults.resume_snapshot) for row in chosen):
        chosen.append((faults.backup, 4))
    table = (*faults.ALWAYS, *faults.STARTING, *chosen)
    names = rng.choices([row[0].__name__ for row in table], [row[1] for row in table], k=rng.randint(20, 40))
    return Schedule(seed, tuple((name, rng.getrandbits(48)) for name in names))


def run(
    schedule: Schedule, make_journal: MakeJournal | None = None, prepare: Callable[[World], None] | None = None
) -> Result:
    """Run a schedule to its end; what was violated, or raised, is told in the result."""
    result = Result(schedule.seed)
    world = _world(schedule.seed, make_journal)
    if prepare is not None:
        prepare(world)
    try:
        with each_event_once():
            result.rounds = _lived(world, schedule)
    except Violation as violation:
        result.rule, result.text = violation.rule, str(violation)
    except Exception as error:  # the product fell over: as bad as a wrong answer
        place = traceback.extract_tb(error.__traceback__)[-1]
        result.rule, result.text = type(error).__name__, f"{error!r} in {place.filename}:{place.lineno}"
    finally:
        run_as(False)
    result.trace = world.trace
    result.signals = set().union(*(station.signals for station in world.stations))
    result.events = len(world.checks.made_by)
    world.end()
    return result


def _lived(world: World, schedule: Schedule) -> int:
    """Everything that happens in a schedule; gives the rounds until all stations were equal."""
    _begin(world)
    for name, seed in schedule.steps:
        world.rng = random.Random(seed)
        world.trace.append(f"{(world.now_us % 10**12) / 1e6:.3f} {name}")
        _STEPS[name](world)
        world.run_for(world.rng.choice((0.05, 1.0, 5.0, 60.0)))
    world.rng = random.Random(schedule.seed)
    world.checks.beliefs()
    rounds = world.settle()
    judge(world, world.rng)
    return rounds


def _world(seed: int, make_journal: MakeJournal | None) -> World:
    rng = random.Random(seed ^ 0x5EED)
    world = World(rng, make_journal or (lambda _name: MemoryJournal()))
    world.weather = Weather(broadcast=rng.choice((0.0, 0.0, 0.5, 1.0)), slow_commit=rng.choice((0.0, 0.3)))
    world.refuses_revoked = rng.random() < 0.3
    return world


def _begin(world: World) -> None:
    """Stations start, people are told of; half of the worlds have stations of several versions, some a foreign one."""
    rng = world.rng
    count, is_mixed = rng.choice((2, 2, 3, 3, 4, 5)), rng.random() < 0.4
    for number in range(count):
        world.add_station(number, is_old=is_mixed and rng.random() < 0.5, is_later=is_mixed and rng.random() < 0.3)
    if rng.random() < 0.3:
        world.add_station(0, OTHER_SITE)
    if isinstance(world.trust, RealTrust):
        stranger = world.add_station(0, is_stranger=True)
        world.checks.strangers.add(stranger.place.station)
        world.centre.revoked.add(stranger.place.station)  # nobody enrolled its role either
    for station in world.stations:
        station.start()
    first = world.stations[0]
    first.act(acts.genesis(), acts.SITE_FILE)
    acts.open_incident(world, first)
    world.run_for(2.0)
    if rng.random() < 0.8:
        for station in world.stations:
            world.talk(station, None)
            world.run_for(1.0)


def shortened(
    schedule: Schedule, make_journal: MakeJournal | None = None, prepare: Callable[[World], None] | None = None
) -> Schedule:
    """The same violation with as few steps as leaving out finds."""
    rule = run(schedule, make_journal, prepare).rule
    steps: Sequence[tuple[str, int]] = schedule.steps
    width = len(steps) // 2
    while width:
        start = 0
        while start < len(steps):
            fewer = (*steps[:start], *steps[start + width :])
            if run(Schedule(schedule.seed, tuple(fewer)), make_journal, prepare).rule == rule:
                steps = fewer
            else:
                start += width
        width //= 2
    return Schedule(schedule.seed, tuple(steps))
