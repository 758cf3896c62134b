"""Deviation, rate of change, counted entries and a deadband for each limit: stories in source time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule, AlarmState
from console.domain.quality import Detail, Quality
from tests.support.alarm_plant import Plant, condition_of, us


def deviation(**more) -> AlarmRule:
    return AlarmRule("dev", "*/Temp", AlarmKind.DEVIATION, **{"setpoint": "./Setpoint", "h": 5.0, "l": -5.0, **more})


def rate(**more) -> AlarmRule:
    return AlarmRule("rate", "*", AlarmKind.RATE, **{"h": 1.0, "over_s": 10.0, **more})


def logged(plant: Plant, rule_id: str) -> list[tuple[str, str, int]]:
    return [
        (str(one.transition), one.side, one.at_us) for one in plant.engine.take_transitions() if one.rule_id == rule_id
    ]


# -- deviation


def test_a_value_too_far_from_its_setpoint_is_an_alarm_on_either_side():
    plant = Plant(deviation())
    value, setpoint = plant.tag(), plant.tag("Setpoint")
    plant.send((setpoint, 0, 100.0), (value, 1, 104.9))
    assert plant.logged() == []
    plant.send((value, 2, 105.0))
    assert plant.open(value, "dev", "high").start_us == us(2)
    plant.send((value, 3, 95.0))
    assert plant.open(value, "dev", "low").start_us == us(3)


def test_a_change_of_the_setpoint_judges_the_value_that_stands():
    plant = Plant(deviation())
    value, setpoint = plant.tag(), plant.tag("Setpoint")
    plant.send((setpoint, 0, 100.0), (value, 1, 100.0))
    plant.at(setpoint, 9, 90.0)
    assert plant.open(value, "dev", "high").start_us == us(9)
    plant.at(setpoint, 12, 100.0)
    assert logged(plant, "dev")[1] == ("returned", "high", us(12))


def test_a_setpoint_that_becomes_known_after_its_value_is_found():
    plant = Plant(deviation(setpoint="Line/PLC2/Recipe/Target"))
    value = plant.tag()
    plant.at(value, 0, 50.0)
    target = plant.tag("Target", device="Recipe", node="PLC2")
    plant.at(target, 3, 40.0)
    assert plant.open(value, "dev", "high").start_us == us(3)


def test_a_fixed_setpoint_is_a_number():
    plant = Plant(deviation(setpoint="20"))
    value = plant.tag()
    plant.at(value, 0, 26.0)
    assert plant.open(value, "dev", "high") is not None


def test_a_setpoint_that_nobody_can_trust_makes_no_alarm_and_ends_none():
    plant = Plant(deviation())
    value, setpoint = plant.tag(), plant.tag("Setpoint")
    plant.send((setpoint, 0, 100.0), (value, 1, 110.0))
    assert plant.logged() == ["raised"]
    plant.quality((setpoint,), Quality.STALE, Detail.NODE_DEAD, 2)
    plant.at(value, 3, 100.0)
    plant.at(value, 4, 50.0)
    assert plant.logged() == []
    plant.at(setpoint, 5, 50.0)
    assert plant.logged() == ["returned"]


def test_value_and_setpoint_are_joined_in_source_time_in_whatever_order_a_batch_has_them():
    told = []
    for is_turned in (False, True):
        plant = Plant(deviation())
        value, setpoint = plant.tag(), plant.tag("Setpoint")
        of_setpoint, of_value = [(setpoint, 0, 100.0), (setpoint, 4, 90.0)], [(value, 2, 99.0), (value, 6, 91.0)]
        plant.send(*(of_value + of_setpoint if is_turned else of_setpoint + of_value))
        told.append(logged(plant, "dev"))
    assert told[0] == told[1] == [("raised", "high", us(4)), ("returned", "high", us(6))]


def test_value_and_setpoint_that_jump_at_the_same_moment_make_no_alarm():
    for is_turned in (False, True):
        plant = Plant(deviation())
        value, setpoint = plant.tag(), plant.tag("Setpoint")
        plant.send((setpoint, 0, 100.0), (value, 0, 100.0))
        both = [(setpoint, 1, 300.0), (value, 1, 300.0)]
        plant.send(*(both[::-1] if is_turned else both))
        assert logged(plant, "dev") == []


def test_a_rule_that_gets_another_setpoint_is_judged_by_it_at_once():
    plant = Plant(deviation(setpoint="20"))
    value = plant.tag()
    plant.at(value, 0, 26.0)
    assert plant.logged() == ["raised"]
    plant.engine.set_rules([deviation(setpoint="25")], us(5))
    assert plant.logged() == ["returned"]
    plant.engine.set_rules([deviation(setpoint="./Setpoint")], us(6))
    setpoint = plant.tag("Setpoint")
    plant.at(setpoint, 7, 10.0)
    assert plant.logged() == ["raised"]


# -- rate


def test_a_value_that_rises_too_fast_is_an_alarm_until_it_stands_still():
    plant = Plant(rate())
    tag = plant.tag()
    plant.send(*((tag, second, 0.0) for second in range(12)))
    plant.at(tag, 12, 9.9)
    assert plant.logged() == []
    plant.at(tag, 13, 10.0)
    assert plant.open(tag, "rate", "high").start_us == us(13)
    plant.pass_time(21.9)
    assert plant.logged() == ["raised"]
    plant.pass_time(22.1)  # what was 9.9 more at second 12 is the same again
    assert logged(plant, "rate") == [("returned", "high", us(22))]


def test_a_rate_needs_its_whole_time_and_trusted_values_at_both_ends():
    plant = Plant(rate())
    tag = plant.tag()
    plant.send((tag, 0, 0.0), (tag, 5, 500.0))
    plant.pass_time(9)
    assert logged(plant, "rate") == []  # nobody knows what was 10 s ago
    plant.at(tag, 10, float("nan"), quality=Quality.BAD)
    plant.at(tag, 20, 1000.0)
    assert logged(plant, "rate") == []
    plant.at(tag, 30, 1009.0)
    plant.at(tag, 31, 1010.0)
    assert logged(plant, "rate") == [("raised", "high", us(31))]


def test_a_rate_over_a_time_in_which_the_node_was_dead_is_not_known():
    plant = Plant(rate())
    tag = plant.tag()
    plant.send(*((tag, second, 0.0) for second in range(12)))
    plant.quality((tag,), Quality.STALE, Detail.NODE_DEAD, 12)
    plant.at(tag, 15, 5.0)
    plant.at(tag, 23, 60.0)
    plant.pass_time(24.9)
    assert logged(plant, "rate") == []  # nobody knows what was at second 13
    plant.pass_time(26)
    assert logged(plant, "rate") == [("raised", "high", us(25))]


def test_a_fall_is_a_rate_below_zero():
    plant = Plant(rate(h=None, l=-1.0, ll=-3.0))
    tag = plant.tag()
    plant.send(*((tag, second, 100.0) for second in range(12)))
    plant.at(tag, 12, 60.0)
    raised = plant.engine.take_transitions()[0]
    assert (raised.side, raised.severity, raised.value) == ("low", -2, -4.0)


# -- count in window


@pytest.mark.proves("ALARM-F9")
def test_the_third_entry_within_a_minute_is_the_alarm_and_the_first_two_are_not():
    plant = Plant(AlarmRule("r", "*", AlarmKind.DISCRETE, equals=(True,), count=3, within_s=60.0))
    door = plant.tag("Door")
    plant.send((door, 0, 0.0), (door, 1, 1.0), (door, 2, 0.0), (door, 30, 1.0), (door, 31, 0.0))
    assert plant.logged() == []
    assert plant.horn.snapshot().request == 0
    plant.send((door, 61, 1.0))
    assert plant.open(door, "r").start_us == us(61)
    plant.send((door, 62, 0.0))
    assert plant.logged() == ["raised", "returned"]


@pytest.mark.proves("ALARM-F9")
def test_entries_that_lie_too_far_apart_never_become_an_alarm():
    plant = Plant(AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, count=3, within_s=60.0))
    tag = plant.tag()
    for second in range(0, 300, 31):
        plant.send((tag, second, 95.0), (tag, second + 1, 20.0))
    assert plant.logged() == []


def test_an_entry_counts_only_after_its_on_delay_and_by_the_time_of_its_crossing():
    plant = Plant(AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, count=2, within_s=60.0, on_delay_s=5.0))
    tag = plant.tag()
    plant.send((tag, 0, 95.0), (tag, 6, 20.0), (tag, 10, 95.0), (tag, 12, 20.0), (tag, 20, 95.0))
    assert plant.logged() == []
    plant.pass_time(25)
    assert plant.open(tag, "r", "high").start_us == us(20)


def test_a_rise_within_an_entry_that_does_not_count_enough_stays_silent():
    plant = Plant(AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, hh=99.0, count=2, within_s=60.0))
    tag = plant.tag()
    plant.send((tag, 0, 95.0), (tag, 1, 100.0), (tag, 2, 95.0), (tag, 3, 20.0))
    assert plant.logged() == []


def test_a_rule_that_no_longer_counts_raises_what_was_kept_back():
    rule = AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, count=5, within_s=60.0)
    plant = Plant(rule)
    tag = plant.tag()
    plant.send((tag, 0, 95.0), (tag, 1, 20.0), (tag, 2, 95.0))
    plant.engine.set_rules([replace(rule, count=3)], us(3))
    assert plant.logged() == []
    plant.engine.set_rules([replace(rule, count=2)], us(4))
    assert plant.open(tag, "r", "high").start_us == us(2)
    plant.engine.set_rules([replace(rule, count=1, within_s=0.0)], us(5))
    assert plant.logged() == ["raised"]


# -- deadband per limit


@pytest.mark.proves("ALARM-F10")
def test_each_limit_has_its_own_deadband():
    rule = AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, hh=99.0, deadband=1.0, deadbands=(("hh", 6.0),))
    plant = Plant(rule)
    tag = plant.tag()
    plant.send((tag, 0, 99.0), (tag, 1, 93.0))
    assert plant.logged() == ["raised"]
    plant.send((tag, 2, 92.9))
    assert plant.logged() == ["severity_down"]
    plant.send((tag, 3, 89.0), (tag, 4, 88.9))
    assert plant.logged() == ["returned"]


@pytest.mark.proves("ALARM-F10")
def test_a_wider_deadband_or_limit_of_an_active_alarm_gives_no_false_return():
    rule = AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, hh=99.0, deadband=1.0)
    plant = Plant(rule)
    tag = plant.tag()
    plant.send((tag, 0, 91.0))
    assert plant.logged() == ["raised"]
    plant.engine.set_rules([replace(rule, deadbands=(("h", 5.0),))], us(1))
    plant.engine.set_rules([replace(rule, h=92.0, deadbands=(("h", 5.0),))], us(2))
    plant.send((tag, 3, 87.0))
    assert plant.logged() == []
    plant.send((tag, 4, 86.9))
    assert plant.logged() == ["returned"]


# -- delays, for every kind


@pytest.mark.proves("ALARM-F7")
@pytest.mark.parametrize(
    ("rule", "pulse"),
    [
        (AlarmRule("r", "*/Temp", AlarmKind.LIMIT, h=90.0, on_delay_s=5.0), 95.0),
        (AlarmRule("r", "*/Temp", AlarmKind.DISCRETE, equals=(95,), on_delay_s=5.0), 95.0),
        (AlarmRule("r", "*/Temp", AlarmKind.DEVIATION, setpoint="20", h=9.0, on_delay_s=5.0), 95.0),
        (AlarmRule("r", "*/Temp", AlarmKind.RATE, h=1.0, over_s=4.0, on_delay_s=5.0), 95.0),
    ],
    ids=["limit", "discrete", "deviation", "rate"],
)
def test_a_pulse_shorter_than_the_on_delay_leaves_no_alarm_no_sound_and_no_row(rule, pulse):
    plant = Plant(rule)
    tag = plant.tag()
    plant.send((tag, 0, 20.0), (tag, 5, 20.0), (tag, 10, pulse), (tag, 13, 20.0))
    plant.pass_time(60)
    assert plant.logged() == []
    assert plant.horn.snapshot().request == 0
    assert not len(plant.engine.snapshot().rows)


@pytest.mark.proves("ALARM-F8")
def test_the_off_delay_holds_a_deviation_as_it_holds_a_limit():
    plant = Plant(deviation(setpoint="20", off_delay_s=10.0))
    tag = plant.tag()
    plant.send((tag, 0, 26.0), (tag, 1, 20.0), (tag, 5, 26.0), (tag, 6, 20.0))
    plant.pass_time(15.9)
    assert plant.logged() == ["raised"]
    plant.pass_time(16)
    assert plant.logged() == ["returned"]


@pytest.mark.proves("ALARM-T19")
def test_a_rule_taken_away_during_its_on_delay_comes_back_and_starts_the_delay_again():
    rule = AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, on_delay_s=10.0)
    plant = Plant(rule)
    tag = plant.tag()
    plant.send((tag, 0, 95.0))
    plant.engine.set_rules([], us(5))
    plant.pass_time(30)
    assert plant.logged() == []
    plant.at(tag, 31, 96.0)
    plant.engine.set_rules([rule], us(32))
    plant.pass_time(40.9)
    assert plant.logged() == []
    plant.pass_time(41)
    assert plant.open(tag, "r", "high").start_us == us(31)


STEPS = st.lists(
    st.one_of(st.tuples(st.just("value"), st.sampled_from([20.0, 95.0])), st.tuples(st.just("rule"), st.booleans())),
    max_size=12,
)


@pytest.mark.proves("ALARM-T19")
@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(1, 15))
def test_whatever_was_switched_off_and_on_in_between_the_alarm_ends_as_its_source_is(steps, apart):
    """The end of a delay races with normal values and with the rule being taken away; a virtual clock, 10 s delay."""
    rule = AlarmRule("r", "*", AlarmKind.LIMIT, h=90.0, on_delay_s=10.0, off_delay_s=4.0)
    plant = Plant(rule)
    tag, second, value = plant.tag(), 0, 20.0
    for what, given_value in steps:
        second += apart
        plant.pass_time(second)
        if what == "value":
            value = given_value
            plant.send((tag, second, value))
        else:
            plant.engine.set_rules([rule] if given_value else [], us(second))
    plant.engine.set_rules([rule], us(second + 1))
    plant.pass_time(second + 60)
    is_active = plant.state(condition_of(tag, "r", "high")) is AlarmState.UNACKNOWLEDGED
    assert is_active is (value == 95.0)
    assert plant.horn.snapshot().priority == (3 if is_active else 0)


@pytest.mark.proves("ALARM-T32")
def test_conditions_with_almost_the_same_names_are_different_alarms():
    rules = [AlarmRule(name, "*", AlarmKind.LIMIT, h=1.0, l=-1.0) for name in ("a", "a-high", "A", "a b", "a_b")]
    plant = Plant(*rules)
    tags = [
        plant.tag(metric, device)
        for metric, device in (("Temp", "P1"), ("Temp ", "P1"), ("temp", "P1"), ("1/Temp", "P"))
    ]
    for tag in tags:
        plant.at(tag, 1, 2.0)
    found = plant.engine.snapshot()
    assert len(found.rows) == len(rules) * len(tags)
    assert len({condition.condition_id for condition in found.conditions}) == len(found.rows)
