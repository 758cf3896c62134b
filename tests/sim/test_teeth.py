"""The simulator has teeth: every seeded defect is found within a few hundred schedules, and is told where it can be."""

import pytest

from tests.sim.defects import DEFECTS, Defect
from tests.sim.schedule import run, schedule_of

TRIES = 600


@pytest.mark.timeout(600)
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_seeded_defect_does_not_survive(defect: Defect) -> None:
    caught = ""
    with defect.put():
        for seed in range(TRIES):
            result = run(schedule_of(seed, defect.themes), None, defect.prepare)
            caught = caught or result.text
            if result.rule and (not defect.signal or defect.signal in result.signals):
                return
    assert caught, "the defect survives"
    pytest.fail(f"caught ({caught}), but nobody was told: {defect.signal}")


def test_nothing_of_a_defect_stays_behind() -> None:
    assert [run(schedule_of(seed)).text for seed in range(5)] == [""] * 5


def test_there_are_enough_defects() -> None:
    assert len(DEFECTS) >= 20
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)
