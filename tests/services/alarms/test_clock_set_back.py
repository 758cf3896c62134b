"""This PC's clock is set back: what is on screen can be acknowledged and silenced, what comes next is not covered."""

import pytest

from console.domain.acknowledgement import Seen, acknowledge
from console.domain.acknowledgements import interval_of
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.services.alarms.asset_conditions import ASSET_KINDS
from console.services.records import HornState
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
HOUR = 3600
A, B, C, D, E, F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT)


def raised(plant, second):
    """An alarm of this PC itself, by its own clock."""
    plant.engine.raise_system("centre", "The centre does not answer", Priority.HIGH, us(second))
    snapshot = plant.engine.snapshot()
    return next(one.condition_id for one in snapshot.conditions if one.kind is AlarmKind.SYSTEM)


def acknowledge_at(plant, condition_id, second, by=b"a"):
    """What somebody does at the screen, decided and read as every station does it."""
    engine, now_us = plant.engine, us(second)
    occurrence = engine.open_occurrence(condition_id)
    assert occurrence is not None
    (standing,) = engine.check_acknowledge([occurrence])
    through_us = engine.seen_through_us(occurrence, now_us)
    seen = Seen(occurrence, standing, through_us, "it", engine.annunciated_us(occurrence))
    (fact,), _skipped = acknowledge([seen], now_us)
    interval = interval_of(
        by * 32, plant.hlc(second), now_us, fact.start_us, fact.seen_through_us, user_id="Eva", comment=fact.comment
    )
    engine.acknowledging.apply(condition_id, interval, now_us)
    return interval


@pytest.mark.proves("ALARM-T21")
@pytest.mark.parametrize("step_s", [400, HOUR, 400 * 24 * HOUR])
def test_what_is_on_screen_is_acknowledged_at_once_however_far_the_clock_was_set_back(plant, step_s):
    centre = raised(plant, 0)
    plant.engine.tick(us(-step_s), 1)
    acknowledge_at(plant, centre, -step_s + 1)
    assert (plant.state(centre), plant.sounds) == (C, False)


@pytest.mark.proves("ALARM-T21", "INV-19", "P25")
def test_that_acknowledgement_reaches_no_other_occurrence_and_nothing_worse(plant):
    """It names one annunciation; beyond that it reaches no further than five minutes ahead of the clock, as ever."""
    centre = raised(plant, 0)
    plant.engine.tick(us(-HOUR), 1)
    interval = acknowledge_at(plant, centre, -HOUR + 1)
    assert interval.seen_through_us == us(-HOUR + 301)
    plant.engine.clear_system("centre", us(-HOUR + 10))
    assert plant.state(centre) is A
    for number, second in enumerate((-HOUR + 20, -1800, -1, 0, 1)):
        raised(plant, second)
        assert (plant.state(centre), plant.sounds) == (B, True), second
        acknowledge_at(plant, centre, second + 0.1, by=b"%d" % number)
        assert (plant.state(centre), plant.sounds) == (C, False), second
        plant.engine.clear_system("centre", us(second + 0.5))


@pytest.mark.proves("ALARM-T21", "ALARM-F3")
def test_what_was_acknowledged_before_the_clock_was_set_back_covers_nothing_that_comes_after(plant):
    """Acknowledged half an hour after it came: by the new clock that is yet to come."""
    centre = raised(plant, 0)
    acknowledge_at(plant, centre, 1800)
    plant.engine.clear_system("centre", us(1900))
    plant.engine.tick(us(1901), 1)
    for number, second in enumerate((1000, 100, -1700)):  # before it came, while it was there
        raised(plant, second)
        assert (plant.state(centre), plant.sounds) == (B, True), second
        acknowledge_at(plant, centre, second + 1, by=b"%d" % number)
        plant.engine.clear_system("centre", us(second + 2))


@pytest.mark.proves("ALARM-T21")
def test_a_node_that_dies_again_by_a_clock_that_was_set_back_sounds(plant):
    tag = plant.tag()
    node = AlarmRule("node", "*", AlarmKind.NODE_DEAD, priority=Priority.HIGH, text="Dead")
    assert AlarmKind.NODE_DEAD in ASSET_KINDS
    plant.engine.set_rules([HOT, node], us(0))
    plant.session("online", 0, handles=(tag.handle,))
    plant.session("offline", 10)
    dead = next(one.condition_id for one in plant.engine.snapshot().conditions if one.kind is AlarmKind.NODE_DEAD)
    acknowledge_at(plant, dead, 1800)
    plant.session("online", 1900)
    plant.engine.tick(us(-1700), 1)
    plant.session("online", -1690)
    plant.session("offline", -1600)
    plant.engine.tick(us(-1599), 2)
    assert (plant.state(dead), plant.sounds) == (B, True)
    acknowledge_at(plant, dead, -1500, by=b"b")
    assert (plant.state(dead), plant.sounds) == (C, False)


@pytest.mark.proves("ALARM-T21", "ALARM-F13")
def test_a_restart_knows_that_it_was_acknowledged(records, plant):
    centre = raised(plant, 0)
    interval = acknowledge_at(plant, centre, -HOUR)
    records.keep(plant)
    again = FlagPlant(HOT)
    again.engine.acknowledging.apply(centre, interval, us(-HOUR + 5))
    again.engine.restore(records.open(), us(-HOUR + 60))
    assert (again.state(centre), again.sounds) == (C, False)


@pytest.mark.proves("ALARM-F4", "ALARM-T21")
def test_what_gets_worse_after_it_waits_again(plant):
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.at(tag, 0, 92.0)
    plant.engine.tick(us(-HOUR), 1)
    acknowledge_at(plant, hot, -HOUR + 1)
    assert plant.state(hot) is C
    plant.at(tag, 1, 97.0)
    assert (plant.state(hot), plant.sounds) == (B, True)


@pytest.mark.proves("ALARM-F45", "ALARM-T21")
def test_the_horn_is_silenced_by_a_clock_that_was_set_back_and_the_next_alarm_sounds(plant):
    raised(plant, 0)
    plant.engine.tick(us(-HOUR), 1)
    plant.horn.silence("desk", plant.engine.newest_sounding_us())
    assert plant.horn.snapshot().state is HornState.SILENCED
    tag = plant.tag()
    plant.at(tag, -HOUR + 5, 92.0)
    assert plant.horn.snapshot().state is HornState.SOUNDING


def test_an_acknowledgement_of_what_lies_ahead_is_found_again_in_a_copy_and_is_taken_back_like_any_other(plant):
    centre = raised(plant, 0)
    interval = acknowledge_at(plant, centre, -HOUR)
    plant.taken_back(centre, us(0), interval.seen_through_us, interval.by, now_us=us(-HOUR + 5))
    assert plant.state(centre) is B
    acknowledge_at(plant, centre, -HOUR + 10, by=b"b")
    assert plant.state(centre) is C
    assert plant.engine.open_occurrence(centre) == Occurrence(centre, us(0))
