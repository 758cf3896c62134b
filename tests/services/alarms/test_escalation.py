"""What nobody acknowledges is escalated after the time of its class, once, and followed up when it is over."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from tests.support.alarm_plant import us
from tests.support.alarm_records import Records
from tests.support.flag_plant import FlagPlant

RULE = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, hh=95.0, priority=Priority.HIGH, alarm_class="watched")
SETTINGS = AlarmSettings({"watched": AlarmClass("watched", escalate_s=300)})
A, B, C, D, E, F = AlarmState
OWN = ("escalated", "escalation_ended")


@pytest.fixture
def plant():
    return FlagPlant(RULE, settings=SETTINGS)


def told(plant):
    return [str(one.transition) for one in plant.engine.take_transitions() if one.transition in OWN]


def raised(plant, tag, at=0):
    plant.send((tag, at, 92.0))
    plant.pass_time(at + 1)


@pytest.mark.proves("ALARM-F74")
def test_what_nobody_acknowledged_in_time_sounds_anew_by_itself_and_is_marked_once(plant, tag, hot):
    raised(plant, tag)
    plant.engine.annunciation.silence("desk", us(2))
    plant.pass_time(299)
    assert (told(plant), plant.flags(hot), plant.sounds) == ([], 0, False)
    plant.pass_time(302)
    assert (told(plant), plant.flags(hot), plant.sounds) == (["escalated"], AlarmFlag.ESCALATED, True)
    for second in range(303, 2000, 50):
        plant.pass_time(second)
    assert told(plant) == [], "an occurrence is escalated once"


@pytest.mark.proves("ALARM-F74")
@pytest.mark.parametrize("over", ["acknowledged", "returned"])
def test_the_escalation_is_followed_up_when_somebody_acknowledges_or_it_clears(plant, tag, hot, over):
    raised(plant, tag)
    plant.pass_time(302)
    if over == "acknowledged":
        plant.acknowledge(plant.open(tag, "hot", "high"), 310)
    else:
        plant.send((tag, 310, 20.0))
    assert plant.flags(hot) == 0, "the mark goes at once"
    plant.pass_time(312)
    rows = [one for one in plant.engine.take_transitions() if one.transition in OWN]
    assert [str(one.transition) for one in rows] == ["escalated", "escalation_ended"]
    assert rows[0].n == rows[1].n and rows[0].condition_id == hot
    assert rows[0].at_us == us(301)


@pytest.mark.proves("ALARM-F74", "ALARM-T14")
def test_what_was_acknowledged_or_cleared_in_time_is_never_escalated(plant, tag, hot):
    raised(plant, tag)
    plant.acknowledge(plant.open(tag, "hot", "high"), 100)
    plant.pass_time(1000)
    plant.send((tag, 1001, 20.0))
    plant.send((tag, 1002, 92.0), (tag, 1003, 20.0))  # returned and not acknowledged: nothing is active
    plant.pass_time(9000)
    assert (told(plant), plant.flags(hot)) == ([], 0)


def test_getting_worse_does_not_begin_the_time_anew_and_another_occurrence_does(plant, tag, hot):
    raised(plant, tag)
    plant.pass_time(200)
    plant.send((tag, 201, 97.0))
    plant.pass_time(302)
    assert told(plant) == ["escalated"]
    plant.send((tag, 310, 20.0), (tag, 311, 92.0))  # between two looks
    plant.pass_time(320)
    assert (told(plant), plant.flags(hot)) == (["escalation_ended"], 0)
    plant.pass_time(640)
    assert told(plant) == ["escalated"]


def test_what_is_shelved_waits_and_what_is_shown_again_is_escalated_then(plant, tag, hot):
    raised(plant, tag)
    plant.shelve(hot, 10, 1000)
    plant.pass_time(600)
    assert told(plant) == []
    plant.unshelve(hot, 601)
    plant.pass_time(602)
    assert told(plant) == ["escalated"]


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_is_set_delays_no_escalation(plant, tag, hot, jump_s):
    plant.send((tag, 0, 92.0))
    plant.engine.tick(us(1), 1)
    plant.engine.tick(us(20 + jump_s), 20)
    plant.engine.tick(us(310 + jump_s), 310)
    assert told(plant) == ["escalated"]


@pytest.mark.proves("ALARM-F74", "ALARM-F14")
def test_after_a_restart_it_is_marked_without_a_sound_and_stands_in_the_log_once(plant, tag, hot, tmp_path):
    raised(plant, tag)
    plant.pass_time(302)
    records = Records(tmp_path / "station.db")
    try:
        records.keep(plant)
        again = FlagPlant(RULE, settings=SETTINGS)
        again.engine.restore(records.open(), us(400))
        again.pass_time(400)
        known = again.tag()
        again.send((known, 401, 92.0))
        again.pass_time(402)
        assert (again.flags(hot), again.sounds) == (AlarmFlag.ESCALATED, False)
        records.keep(again)
        rows = records._read(lambda c: c.exec_driver_sql(
            "select count(*) from alarm_log where transition = 'escalated'").scalar())  # fmt: skip
        assert rows == 1
    finally:
        records.database.close()


def test_a_class_that_says_nothing_escalates_nothing():
    plant = FlagPlant(AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0))
    raised(plant, plant.tag())
    plant.pass_time(100_000)
    assert told(plant) == []


@pytest.mark.proves("ALARM-F74")
def test_how_many_are_escalated_is_counted_until_somebody_acknowledges(plant, tag, hot):
    raised(plant, tag)
    assert plant.engine.counts().escalated == 0
    plant.pass_time(302)
    assert plant.engine.counts().escalated == 1
    plant.send((tag, 303, 20.0))
    plant.pass_time(305)
    assert plant.engine.counts().escalated == 0
