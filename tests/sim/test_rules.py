"""Hypothesis as the author of schedules: three stations, every fault a rule, and the oracle at the end."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.sim import acts, faults
from tests.sim.oracle import judge
from tests.sim.version import run_as
from tests.sim.world import Weather, World

_SEEDS = st.integers(0, 2**32)


class Stations(RuleBasedStateMachine):
    """Hypothesis chooses and shortens; each rule's own chances come from a seed that it chooses too."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(random.Random(0))
        for number in range(3):
            self.world.add_station(number, is_old=number == 2).start()
        self.world.stations[0].act(acts.genesis(), acts.SITE_FILE)
        acts.open_incident(self.world, self.world.stations[0])
        self.world.weather = Weather(broadcast=0.0)
        self.world.run_for(1.0)

    def _do(self, fault: Any, seed: int, seconds: float = 1.0) -> None:
        self.world.rng = random.Random(seed)
        fault(self.world)
        self.world.run_for(seconds)

    @rule(seed=_SEEDS)
    def act(self, seed: int) -> None:
        self._do(faults.act, seed)

    @rule(seed=_SEEDS)
    def sync(self, seed: int) -> None:
        self._do(faults.sync, seed, 5.0)

    @rule(seed=_SEEDS)
    def weather(self, seed: int) -> None:
        self._do(faults.weather, seed)

    @rule(seed=_SEEDS)
    def crash(self, seed: int) -> None:
        self._do(faults.crash, seed)

    @precondition(lambda self: any(not one.is_up for one in self.world.stations))
    @rule(seed=_SEEDS)
    def start(self, seed: int) -> None:
        self._do(faults.start, seed)

    @rule(seed=_SEEDS)
    def backup(self, seed: int) -> None:
        self._do(faults.backup, seed)

    @precondition(lambda self: bool(self.world.backups))
    @rule(seed=_SEEDS, with_machine=st.booleans())
    def restore(self, seed: int, with_machine: bool) -> None:
        self._do(faults.resume_snapshot if with_machine else faults.restore, seed)

    @rule(seed=_SEEDS)
    def clone(self, seed: int) -> None:
        self._do(faults.clone, seed)

    @rule(seed=_SEEDS)
    def clock(self, seed: int) -> None:
        self._do(faults.clock, seed)

    @precondition(lambda self: any(one.is_old for one in self.world.stations))
    @rule(seed=_SEEDS)
    def upgrade(self, seed: int) -> None:
        self._do(faults.upgrade, seed)

    @rule(seed=_SEEDS)
    def revoke(self, seed: int) -> None:
        self._do(faults.revoke, seed)

    @rule(seed=_SEEDS)
    def forge(self, seed: int) -> None:
        self._do(faults.forge, seed)

    @rule(seed=_SEEDS)
    def betray(self, seed: int) -> None:
        self._do(faults.betray, seed)

    @rule(seed=_SEEDS)
    def boast(self, seed: int) -> None:
        self._do(faults.boast, seed)

    @rule(seed=_SEEDS)
    def centre_goes_back(self, seed: int) -> None:
        self._do(faults.centre_backup, seed)
        self._do(faults.centre_restore, seed)

    def teardown(self) -> None:
        try:
            self.world.rng = random.Random(1)
            self.world.settle()
            judge(self.world, self.world.rng)
        finally:
            run_as(False)


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Stations,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.timeout(300)
@pytest.mark.proves("INV-7", "INV-8", "INV-9", "INV-13", "INV-14", "INV-15", "INV-33", "P3", "P4", "P5")
def test_three_stations_lose_and_overwrite_nothing_whatever_hypothesis_does_to_them() -> None:
    _run(50, 30)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_three_stations_hold_for_long() -> None:
    _run(5_000, 100)
