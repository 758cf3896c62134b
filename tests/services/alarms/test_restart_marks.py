"""A restart knows what the running station knew: alarmed again, begun under a suppression, the end of a shelf."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.services.records import HornState
from tests.support.alarm_plant import us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule(
    "hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, alarm_class="slow", text="Too hot"
)
SETTINGS = AlarmSettings({"slow": AlarmClass("slow", realarm_s=600)})
A, B, C, D, E, F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT, settings=SETTINGS)


def restarted(records, before, at, *told):
    """`told`: the acts that the journal replays."""
    records.keep(before)
    plant = FlagPlant(HOT, settings=SETTINGS)
    plant.now_s = at
    for act in told:
        act(plant)
    plant.engine.restore(records.open(), us(at))
    return plant


def acknowledged_at(hot, second, by, reach):
    return lambda plant: plant.acknowledged(hot, us(1), us(reach), "Eva", us(second), by=by, hlc=plant.hlc(second))


@pytest.mark.proves("ALARM-F11", "ALARM-F13")
@pytest.mark.parametrize("value", [97.0, 92.0], ids=["worse", "better"])
def test_an_alarm_that_waits_anew_keeps_its_mark_when_its_severity_changes_and_the_station_restarts(
    records, plant, tag, hot, value
):
    act = acknowledged_at(hot, 2, b"a" * 32, 1)
    plant.send((tag, 1, 94.0 if value > 95 else 97.0))
    act(plant)
    plant.pass_time(700)
    assert plant.flags(hot) == AlarmFlag.REALARMED
    plant.send((tag, 701, value))
    assert plant.flags(hot) == AlarmFlag.REALARMED
    again = restarted(records, plant, 800, act)
    assert (again.state(hot), again.flags(hot), again.sounds) == (B, AlarmFlag.REALARMED, False)


@pytest.mark.proves("ALARM-F11", "ALARM-F13")
def test_the_mark_of_waiting_anew_is_gone_with_the_acknowledgement_also_after_a_restart(records, plant, tag, hot):
    first, second = acknowledged_at(hot, 2, b"a" * 32, 1), acknowledged_at(hot, 710, b"b" * 32, 700)
    plant.send((tag, 1, 92.0))
    first(plant)
    plant.pass_time(700)
    second(plant)
    plant.send((tag, 720, 97.0))
    assert (plant.state(hot), plant.flags(hot)) == (B, 0)
    again = restarted(records, plant, 800, first, second)
    assert (again.state(hot), again.flags(hot)) == (B, 0)


@pytest.mark.proves("ALARM-F15", "ALARM-F21", "ALARM-F13")
@pytest.mark.parametrize("restarts", [1, 2])
def test_what_began_and_ended_under_a_suppression_leaves_the_list_with_it_after_a_restart_too(
    records, plant, tag, hot, restarts
):
    plant.send((tag, 1, 92.0), (tag, 2, 20.0))  # before it: this one nobody may lose
    plant.suppress(hot, 3)
    plant.send((tag, 100, 92.0), (tag, 105, 20.0), (tag, 200, 92.0), (tag, 205, 20.0))
    for number in range(restarts):
        plant = restarted(records, plant, 300 + number)
        assert (plant.state(hot), plant.flags(hot)) == (D, 0)  # nothing is known of the rule yet: nothing is hidden
        tag = plant.tag()
        plant.suppress(hot, 310 + number)
    plant.release(hot, 400)
    assert (plant.state(hot), plant.sounds) == (D, False)
    assert plant.open(tag, "hot", "high").start_us == us(1)
    records.keep(plant)
    assert [one.start_us for one in records.open()] == [us(1)]


@pytest.mark.proves("ALARM-F15")
def test_what_was_suppressed_when_it_began_but_listed_when_it_ended_stays_in_the_list(records, plant, tag, hot):
    """After the restart no rule held it any more; that one does later says nothing about it."""
    plant.suppress(hot, 0)
    plant.send((tag, 1, 92.0))
    plant = restarted(records, plant, 60)
    tag = plant.tag()
    plant.send((tag, 61, 20.0))
    for _again in range(2):
        assert plant.state(hot) is D
        plant.suppress(hot, 70)
        plant.release(hot, 80)
        assert (plant.state(hot), plant.open(tag, "hot", "high").start_us) == (D, us(1))
        plant = restarted(records, plant, 90)
        plant.tag()


@pytest.mark.proves("ALARM-F15")
def test_what_was_let_go_while_it_was_active_is_never_dismissed(records, plant, tag, hot):
    plant.suppress(hot, 0)
    plant.send((tag, 1, 92.0))
    plant.release(hot, 2)
    plant.suppress(hot, 3)
    plant = restarted(records, plant, 60)
    tag = plant.tag()
    plant.suppress(hot, 61)
    plant.send((tag, 62, 20.0))
    plant.release(hot, 63)
    assert plant.state(hot) is D


@pytest.mark.proves("ALARM-F30", "ALARM-F43", "ALARM-F14")
def test_an_acknowledgement_taken_back_after_its_shelf_ended_in_silence_does_not_sound_after_a_restart(
    records, plant, tag, hot
):
    acts = (
        lambda one: one.shelve(hot, 2, 60, now=max(2, one.now_s)),
        acknowledged_at(hot, 10, b"a" * 32, 1),
    )
    plant.send((tag, 1, 92.0))
    for act in acts:
        act(plant)
    plant.pass_time(2)
    plant.pass_time(63)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (C, 0, False)

    def take_back(one):
        one.taken_back(hot, us(1), us(1), b"a" * 32, now_us=us(100))

    take_back(plant)
    assert (plant.state(hot), plant.sounds) == (B, False)
    again = restarted(records, plant, 200, *acts, take_back)
    again.pass_time(201)
    assert (again.state(hot), again.sounds) == (B, False)
    assert again.horn.snapshot().state is HornState.SILENCED


@pytest.mark.proves("ALARM-F30", "ALARM-F35")
def test_a_shelf_that_ended_while_nothing_ran_still_sounds(records, plant, tag, hot):
    plant.send((tag, 1, 92.0))
    plant.shelve(hot, 2, 60)
    again = restarted(records, plant, 200, lambda one: one.shelve(hot, 2, 60, now=200, by=b"\0\0\0\1" * 8))
    assert (again.state(hot), again.sounds) == (B, True)
