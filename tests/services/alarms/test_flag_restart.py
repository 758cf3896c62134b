"""A restart through a real database: shelves go on by their stored end, and what ended meanwhile ends now."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.services.alarms.alarm_log import returned_since
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=90.0, alarm_class="trip", text="Tripped")
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True, realarm_s=600)})
A, B, C, D, E, F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT)


def restarted(records, before, at, *rules, told=(), settings=None):
    """A new process: `told` are the acts that the journal replays, then the open alarms are restored."""
    records.keep(before)
    plant = FlagPlant(*(rules or (HOT,)), settings=settings)
    for act in told:
        act(plant)
    one_shots = plant.engine.shelves.one_shots(us(at))
    returned = records._read(lambda connection: returned_since(connection, one_shots))
    plant.engine.restore(records.open(), us(at), returned)
    return plant


@pytest.mark.proves("ALARM-T7", "ALARM-F35")
def test_a_shelf_of_ten_seconds_ends_and_sounds_after_a_restart(records, plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 1, 10)
    plant = restarted(records, plant, 3, told=[lambda new: new.shelve(hot, 1, 10, now=3)])
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, AlarmFlag.SHELVED, False)
    plant.pass_time(10)
    assert plant.flags(hot) == AlarmFlag.SHELVED
    plant.pass_time(15)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, 0, True)


@pytest.mark.proves("ALARM-T7", "ALARM-F35")
def test_a_shelf_that_ended_while_nothing_ran_ends_at_the_start_and_sounds_once(records, plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 1, 10)
    replayed = [lambda new: new.shelve(hot, 1, 10, now=60)]
    plant = restarted(records, plant, 60, told=replayed)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, 0, True)
    plant = restarted(records, plant, 90, told=replayed)
    assert (plant.state(hot), plant.sounds) == (B, False)  # the next start is a start like any other


@pytest.mark.proves("ALARM-F14", "ALARM-F35")
def test_what_was_acknowledged_never_sounds_by_a_start_although_its_shelf_is_over(records, plant, tag, hot):
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "hot", "high")
    plant.acknowledge(occurrence, 1)
    plant.shelve(hot, 2, 10)
    told = [lambda new: give(new, occurrence, 1), lambda new: new.shelve(hot, 2, 10, now=60)]
    plant = restarted(records, plant, 60, told=told)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, 0, False)


@pytest.mark.proves("ALARM-F13", "ALARM-F35")
def test_a_shelved_and_acknowledged_alarm_is_both_after_a_restart_and_silent(records, plant, tag, hot):
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "hot", "high")
    plant.acknowledge(occurrence, 1)
    plant.shelve(hot, 2, 600)
    plant.take_out(hot, 3)
    told = [
        lambda new: give(new, occurrence, 1),
        lambda new: new.shelve(hot, 2, 600, now=60),
        lambda new: new.take_out(hot, 3),
    ]
    plant = restarted(records, plant, 60, told=told)
    assert (plant.state(hot), plant.sounds) == (C, False)
    assert plant.flags(hot) == AlarmFlag.SHELVED | AlarmFlag.OUT_OF_SERVICE
    assert plant.logged() == []  # nothing is logged twice


def test_a_shelf_over_a_condition_that_is_normal_is_there_as_soon_as_the_condition_is(records, plant, tag, hot):
    plant.shelve(hot, 0, 600)
    plant = restarted(records, plant, 60, told=[lambda new: new.shelve(hot, 0, 600, now=60)])
    tag = plant.tag()
    assert plant.flags(hot) == AlarmFlag.SHELVED
    plant.send((tag, 61, 92.0))
    assert not plant.sounds


@pytest.mark.proves("ALARM-F25", "ALARM-F35")
def test_a_one_shot_shelf_that_saw_its_return_does_not_come_back_with_a_restart(records, plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 1, 600, one_shot=True)
    plant.send((tag, 2, 20.0), (tag, 3, 92.0))
    assert plant.sounds
    plant = restarted(records, plant, 60, told=[lambda new: new.shelve(hot, 1, 600, one_shot=True, now=60)])
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, 0, False)
    tag = plant.tag()
    plant.send((tag, 61, 97.0))
    assert plant.sounds


@pytest.mark.proves("ALARM-F35")
def test_what_no_fact_says_is_not_shelved(records, plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 1, 600)
    plant = restarted(records, plant, 60)
    assert plant.flags(hot) == 0


@pytest.mark.proves("ALARM-T15", "ALARM-F13")
@pytest.mark.parametrize(("acknowledged", "state"), [(False, E), (True, F)])
def test_a_latch_lives_through_a_restart(records, acknowledged, state):
    plant = FlagPlant(TRIP, settings=SETTINGS)
    tag = plant.tag()
    trip = condition_of(tag, "trip", "high")
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "trip", "high")
    told = [lambda new: give(new, occurrence, 1)] if acknowledged else []
    if acknowledged:
        plant.acknowledge(occurrence, 1)
    plant.send((tag, 2, 20.0))
    plant = restarted(records, plant, 60, TRIP, told=told, settings=SETTINGS)
    assert plant.state(trip) is state
    tag = plant.tag()
    plant.send((tag, 61, 20.0))
    assert (plant.state(trip), plant.sounds) == (state, False)
    if acknowledged:
        plant.reset(occurrence, 62)
        assert plant.state(trip) is A
        records.keep(plant)
        assert records.open() == ()


@pytest.mark.proves("ALARM-T15")
def test_a_realarm_lives_through_a_restart_and_goes_on_counting(records):
    plant = FlagPlant(TRIP, settings=SETTINGS)
    tag = plant.tag()
    trip = condition_of(tag, "trip", "high")
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "trip", "high")
    plant.acknowledge(occurrence, 1)
    plant.pass_time(2)
    plant.pass_time(602)
    assert plant.state(trip) is B
    told = [lambda new: give(new, occurrence, 1)]
    plant = restarted(records, plant, 700, TRIP, told=told, settings=SETTINGS)
    assert (plant.state(trip), plant.flags(trip), plant.sounds) == (B, AlarmFlag.REALARMED, False)
    give(plant, plant.engine.open_occurrence(trip), 710)
    tag = plant.tag()
    plant.send((tag, 711, 92.0))
    plant.pass_time(712)
    plant.pass_time(1311)
    assert [(one.transition, one.n) for one in plant.engine.take_transitions()] == [
        ("acknowledged", 1),
        ("realarmed", 1),
    ]


def give(plant, occurrence, second):
    """The acknowledgement that reached so far, from the journal."""
    plant.acknowledged(
        occurrence.condition_id,
        occurrence.start_us,
        us(second),
        "Eva",
        us(second),
        by=b"%d" % second,
        hlc=plant.hlc(second),
    )
