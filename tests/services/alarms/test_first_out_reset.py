"""The mark of the first alarm is taken off by a fact: at every console, and never off a later activity."""

import pytest

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule
from tests.support.alarm_plant import condition_of
from tests.support.flag_plant import FlagPlant

RULES = [AlarmRule(name, f"*/{name}", AlarmKind.LIMIT, h=90.0, first_out="unit") for name in "AB"]


@pytest.mark.proves("ALARM-F55")
def test_a_reset_that_comes_late_or_twice_takes_no_mark_off_a_later_activity():
    plant = FlagPlant(*RULES)
    one, other = plant.tag("A"), plant.tag("B")
    first, second = condition_of(one, "A", "high"), condition_of(other, "B", "high")
    plant.send((one, 0, 95.0), (other, 1, 95.0))
    marked, unmarked = plant.open(one, "A", "high"), plant.open(other, "B", "high")
    assert (plant.flags(first), plant.flags(second)) == (AlarmFlag.FIRST_OUT, 0)
    plant.engine.reset_first_out(unmarked)
    assert plant.flags(first) == AlarmFlag.FIRST_OUT, "only the reset of the marked one counts"
    for _ in range(2):
        plant.engine.reset_first_out(marked)
        assert (plant.flags(first), plant.flags(second)) == (0, 0)
    for tag, rule in ((one, "A"), (other, "B")):
        plant.acknowledge(plant.open(tag, rule, "high"), 5)
        plant.send((tag, 10, 20.0))
    plant.pass_time(12)
    plant.send((one, 20, 95.0))
    assert plant.flags(first) == AlarmFlag.FIRST_OUT
    plant.engine.reset_first_out(marked)  # of the activity before
    assert plant.flags(first) == AlarmFlag.FIRST_OUT
