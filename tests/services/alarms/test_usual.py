"""Alarms on what is usual at this hour: the published bounds, the change of the hour, and honesty without a past."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.history.baseline import SLOTS, Cycle, Measure, Reference, distance, local, reference, slot_of
from console.domain.quality import Detail, Quality
from console.services.alarms.usual import Need, UsualBands
from tests.support.alarm_plant import T0, Plant, us

VECTOR = reference([10.0] * 10 + [11.0, 9.0])  # mean 10, sigma 0.41
HOUR = 3600.0
TO_NEXT_HOUR = HOUR - T0 / 1e6 % HOUR


def usual(**more: object) -> AlarmRule:
    return AlarmRule("usual", "*/Temp", AlarmKind.BASELINE, **{"h": 1.0, "l": -1.0, **more})  # type: ignore[arg-type]


def tell(plant: Plant, one: Reference | None, cycle: Cycle = Cycle.WEEKDAY_HOUR) -> None:
    """The same in every slot."""
    for need in plant.engine.usual.needs:
        plant.engine.usual.tell(need, [one] * SLOTS[cycle])


def test_twelve_mondays_warn_above_10_41_and_below_9_59():
    plant = Plant(usual())
    value = plant.tag()
    tell(plant, VECTOR)
    plant.send((value, 1, 10.40), (value, 2, 9.60))
    assert plant.logged() == []
    plant.at(value, 3, 10.41)
    assert plant.open(value, "usual", "high").start_us == us(3)
    plant.at(value, 4, 9.59)
    assert plant.open(value, "usual", "low").start_us == us(4)
    assert plant.logged() == ["raised", "returned", "raised"]


def test_without_a_past_there_is_no_alarm():
    plant = Plant(usual())
    value = plant.tag()
    plant.send((value, 1, 1e6), (value, 2, -1e6))
    assert plant.logged() == []


def test_two_periods_are_too_few():
    plant = Plant(usual())
    value = plant.tag()
    tell(plant, reference([10.0, 10.2]))
    plant.at(value, 1, 500.0)
    assert plant.logged() == []


def test_a_value_that_stands_is_judged_when_its_past_becomes_known():
    plant = Plant(usual())
    value = plant.tag()
    plant.at(value, 1, 50.0)
    tell(plant, VECTOR)
    plant.engine.tick(us(2), 2.0)
    assert plant.open(value, "usual", "high") is not None


def test_another_hour_has_another_usual_value_sample_or_not():
    plant = Plant(usual())
    value = plant.tag()
    (need,) = plant.engine.usual.needs
    now = local(us(0), UTC)
    table: list[Reference | None] = [VECTOR] * 168
    next_slot = slot_of(local(us(TO_NEXT_HOUR), UTC), Cycle.WEEKDAY_HOUR)
    assert next_slot != slot_of(now, Cycle.WEEKDAY_HOUR)
    table[next_slot] = reference([30.0, 30.4, 29.6])
    plant.engine.usual.tell(need, table)
    plant.at(value, 1, 10.0)
    other = plant.tag("Other")
    plant.at(other, TO_NEXT_HOUR - 1, 0.0)
    assert plant.logged() == []
    plant.at(other, TO_NEXT_HOUR + 5, 0.0)  # the node's time goes on
    assert plant.open(value, "usual", "low").start_us == us(TO_NEXT_HOUR)


def test_an_hour_without_a_past_holds_what_is_shown():
    plant = Plant(usual())
    value = plant.tag()
    (need,) = plant.engine.usual.needs
    table: list[Reference | None] = [VECTOR] * 168
    table[slot_of(local(us(TO_NEXT_HOUR), UTC), Cycle.WEEKDAY_HOUR)] = None
    plant.engine.usual.tell(need, table)
    plant.at(value, 1, 12.0)
    plant.at(value, TO_NEXT_HOUR + 1, 10.0)
    assert plant.logged() == ["raised"]
    plant.at(value, TO_NEXT_HOUR + HOUR + 1, 10.0)
    assert plant.logged() == ["returned"]


def test_a_value_below_the_floor_is_never_too_high():
    plant = Plant(usual(floor=15.0))
    value = plant.tag()
    tell(plant, VECTOR)
    plant.at(value, 1, 14.9)
    assert plant.logged() == []
    plant.at(value, 2, 15.0)
    assert plant.logged() == ["raised"]


@pytest.mark.parametrize(("bound", "near", "far"), [("absolute", 10.9, 11.0), ("percent", 10.09, 10.11)])
def test_bounds_in_the_unit_and_in_percent(bound: str, near: float, far: float):
    plant = Plant(usual(bound=bound))
    value = plant.tag()
    tell(plant, VECTOR)
    plant.at(value, 1, near)
    assert plant.logged() == []
    plant.at(value, 2, far)
    assert plant.logged() == ["raised"]


def test_a_value_that_nobody_can_trust_is_not_judged_by_the_next_hour():
    plant = Plant(usual())
    value = plant.tag()
    (need,) = plant.engine.usual.needs
    table: list[Reference | None] = [VECTOR] * 168
    table[slot_of(local(us(TO_NEXT_HOUR), UTC), Cycle.WEEKDAY_HOUR)] = reference([30.0, 30.4, 29.6])
    plant.engine.usual.tell(need, table)
    plant.at(value, 1, 10.0)
    plant.quality((value,), Quality.STALE, Detail.NODE_DEAD, 5)
    other = plant.tag("Other")
    plant.at(other, TO_NEXT_HOUR + 5, 0.0)
    assert plant.logged() == []


def test_the_alarm_tells_its_distance_in_sigmas():
    plant = Plant(usual(h=3.0))
    value = plant.tag(unit="°C")
    tell(plant, reference([10.0, 11.0, 9.0, 10.0]))
    plant.at(value, 1, 15.0)
    delta = plant.engine.snapshot()
    condition = next(one for one in delta.conditions if one.side == "high")
    assert condition.unit == "σ"
    assert condition.text == "Value is higher than usual at this time"
    row = delta.rows.tolist().index(condition.row)
    assert delta.value[row] == pytest.approx(5.0 / 0.7071, rel=1e-3)


def test_the_hour_is_the_wall_clock_s_of_the_site():
    bands = UsualBands()
    bands.expect([usual()])
    bands.zone = ZoneInfo("Europe/Berlin")
    bands.hang(0, 7, usual(cycle="hour"))
    table: list[Reference | None] = [None] * 24
    table[8] = VECTOR
    bands.tell(Need(7, Cycle.HOUR, 12), table)
    summer, winter = (
        round(datetime(2026, month, 10, hour, 30, tzinfo=UTC).timestamp() * 1e6) for month, hour in ((7, 6), (12, 7))
    )
    _, far, ok, _ = bands.samples(np.array([0, 0, 0]), np.array([summer, winter, winter - 3_600_000_000]),
                                  np.full(3, 12.0))  # fmt: skip
    assert ok.tolist() == [True, True, False]
    assert far[0] == far[1] > 4


@settings(max_examples=60, deadline=None)
@given(
    known=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=12),
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    bound=st.sampled_from(list(Measure)),
    least=st.floats(0, 10),
)
def test_the_columns_say_the_same_as_the_plain_rule(known, values, bound, least):
    bands = UsualBands()
    bands.hang(3, 1, usual(bound=bound.value, least_sigma=least))
    one = reference(known)
    bands.tell(Need(1, Cycle.WEEKDAY_HOUR, 12), [one] * 168)
    at = np.arange(len(values), dtype=np.int64) * 1_000_000 + T0
    _, far, ok, _ = bands.samples(np.full(len(values), 3), at, np.array(values))
    assert ok.all()
    expected = [distance(value, one, bound, least) for value in values]
    assert far.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
