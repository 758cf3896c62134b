"""The simulator's mass run: thousands of random schedules of faults, nothing lost, diverged or silently overwritten."""

import pytest

from tests.sim.run import Total, run_many
from tests.sim.schedule import run, schedule_of
from tests.sim.seals import RealTrust
from tests.sim.world import World

SCHEDULES = 10_000
ON_FILES = 1_000


def _total(first: int, count: int, *, on_files: bool) -> Total:
    total = Total()
    for part in run_many(first, count, 2, on_files):
        total.add(part)
    assert total.failures == [], f"python -m tests.sim.run --seed {total.failures[0][0]} makes it short"
    assert total.schedules == count
    return total


@pytest.mark.timeout(900)
@pytest.mark.proves(
    *(f"INV-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 29)),
    *("INV-31", "INV-32", "INV-33", "INV-34"),
    *("P3", "P4", "P5", "P6", "P7", "P8", "P10", "P12", "P13", "P14", "P18", "P19", "P21", "P25", "P28", "P33"),
    *("P36", "P37", "P39"),
)
def test_nothing_is_lost_or_overwritten_in_ten_thousand_random_schedules() -> None:
    total = _total(0, SCHEDULES, on_files=False)
    assert min(total.signals[one] for one in ("fork", "unknown_own", "receipt_regress", "refused", "rejected")) > 50


@pytest.mark.timeout(900)
@pytest.mark.proves("INV-1", "INV-2", "INV-7", "INV-8", "INV-12", "P3", "P4")
def test_nothing_is_lost_in_a_thousand_schedules_on_real_sqlite_files() -> None:
    total = _total(1_000_000, ON_FILES, on_files=True)
    assert min(total.signals[one] for one in ("fork", "unknown_own", "refused", "rejected")) > 5


@pytest.mark.timeout(600)
@pytest.mark.proves("P17", "P18", "P39", "INV-3", "INV-31")
def test_nobody_but_enrolled_stations_gets_an_event_in_with_real_keys_and_certificates() -> None:
    def prepare(world: World) -> None:
        world.trust = RealTrust()

    results = [run(schedule_of(seed, ("forge", "revoke")), None, prepare) for seed in range(150)]
    assert [result.text for result in results if result.rule] == []
    assert sum("rejected" in result.signals for result in results) > 100


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_long_run_holds_as_well() -> None:
    _total(2_000_000, 200_000, on_files=False)
    _total(3_000_000, 20_000, on_files=True)
