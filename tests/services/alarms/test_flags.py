"""Out of service, suppression, latches, re-alarms and owners: each by itself, and together."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.domain.quality import Quality
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=90.0, alarm_class="trip", text="Tripped")
SLOW = AlarmRule("slow", "*/Temp", AlarmKind.LIMIT, h=90.0, alarm_class="slow", text="Still hot")
SETTINGS = AlarmSettings(
    {"trip": AlarmClass("trip", is_latching=True), "slow": AlarmClass("slow", realarm_s=600)},
)
A, B, C, D, E, F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT)


@pytest.mark.proves("ALARM-F18", "ALARM-T8")
def test_a_hundred_news_about_an_alarm_out_of_service_leave_it_there(plant, tag, hot):
    plant.take_out(hot, 0)
    for i in range(50):
        plant.send((tag, 2 * i, 97.0), (tag, 2 * i + 1, 20.0))
    plant.pass_time(10_000_000)  # no end of its own
    assert plant.flags(hot) == AlarmFlag.OUT_OF_SERVICE
    assert (plant.sounds, plant.horn.snapshot().request) == (False, 0)
    (record,) = plant.engine.snapshot().aside[plant.engine.condition(hot).row]
    assert (record.who, record.reason, record.work_order) == ("Emil", "sensor change", "WO 7")
    assert (record.since_us, record.until_us, plant.engine.counts().out_of_service) == (us(0), 0, 1)
    assert plant.logged().count("raised") == 50  # region 1 runs on, and the log has it


@pytest.mark.proves("ALARM-F18")
def test_what_is_active_when_it_returns_to_service_waits_and_sounds(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 1)
    plant.take_out(hot, 2)
    assert plant.state(hot) is C
    plant.return_to_service(hot, 3)
    assert (plant.state(hot), plant.sounds, plant.flags(hot)) == (B, True, 0)
    words = plant.words()
    assert words[-3:] == ["out_of_service Emil", "returned_to_service Emil", "reannunciated"]


@pytest.mark.proves("ALARM-F15", "ALARM-F21")
def test_what_a_rule_suppresses_is_silent_logged_and_sounds_once_when_the_rule_lets_go(plant, tag, hot):
    plant.suppress(hot, 0)
    plant.send((tag, 1, 92.0), (tag, 2, 97.0))
    assert (plant.state(hot), plant.sounds, plant.engine.counts().suppressed) == (B, False, 1)
    plant.release(hot, 3)
    assert (plant.sounds, plant.horn.snapshot().request) == (True, 1)
    words = ["suppressed standstill", "raised", "suppressed", "severity_up"]  # the occurrence began under it
    assert plant.words() == [*words, "unsuppressed standstill", "unsuppressed", "reannunciated"]


@pytest.mark.proves("ALARM-T30", "ALARM-F21")
def test_what_began_and_ended_under_a_suppression_is_in_the_log_alone(plant, tag, hot):
    plant.suppress(hot, 0)
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 3, 92.0), (tag, 4, 20.0))
    assert plant.state(hot) is D
    plant.release(hot, 5)
    assert (plant.state(hot), plant.sounds) == (A, False)
    log = plant.logged()
    assert (log.count("raised"), log.count("returned"), log.count("closed")) == (2, 2, 2)


def test_what_began_before_the_suppression_stays_listed_when_it_returned_meanwhile(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.suppress(hot, 1)
    plant.send((tag, 2, 20.0))
    plant.release(hot, 3)
    assert (plant.state(hot), plant.sounds) == (D, False)


def test_two_rules_hold_one_alarm_until_both_let_go(plant, tag, hot):
    plant.suppress(hot, 0, "standstill")
    plant.suppress(hot, 1, "cleaning")
    plant.release(hot, 2, "standstill")
    assert plant.flags(hot) == AlarmFlag.SUPPRESSED
    (record,) = plant.engine.snapshot().aside[plant.engine.condition(hot).row]
    assert record.rule_id == "cleaning"
    plant.release(hot, 3, "cleaning")
    assert plant.flags(hot) == 0
    assert plant.words() == ["suppressed standstill", "unsuppressed cleaning"]


def test_a_rule_suppresses_what_is_not_known_yet(plant):
    again = FlagPlant(HOT)
    tag = again.tags.define(plant.tag().source)
    hot = condition_of(tag, "hot", "high")
    again.suppress(hot, 0)
    again.engine.on_tags((tag,))
    again.send((tag, 1, 92.0))
    assert (again.flags(hot), again.sounds) == (AlarmFlag.SUPPRESSED, False)


def test_a_masked_child_is_hidden_and_counted_until_its_parent_clears(plant, tag, hot):
    plant.engine.mask("Switch 4 is dead", [hot], us(0), us(0), is_on=True)
    plant.send((tag, 1, 92.0))
    assert (plant.flags(hot), plant.sounds, plant.engine.counts().suppressed) == (AlarmFlag.MASKED, False, 1)
    plant.engine.mask("Switch 4 is dead", [hot], us(2), us(2), is_on=False)
    assert (plant.flags(hot), plant.sounds) == (0, True)


@pytest.mark.proves("ALARM-F19")
@pytest.mark.parametrize("first", ["shelf", "service", "rule"])
def test_lifting_one_flag_leaves_the_others_and_the_acknowledgement(plant, tag, hot, first):
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 1)
    plant.shelve(hot, 2, 60)
    plant.take_out(hot, 3)
    plant.suppress(hot, 4)
    lifts = {
        "shelf": (lambda: plant.pass_time(63), AlarmFlag.SHELVED),
        "service": (lambda: plant.return_to_service(hot, 20), AlarmFlag.OUT_OF_SERVICE),
        "rule": (lambda: plant.release(hot, 20), AlarmFlag.SUPPRESSED),
    }
    before = plant.flags(hot)
    lift, flag = lifts[first]
    lift()
    assert plant.flags(hot) == before & ~flag
    assert (plant.state(hot), plant.sounds) == (C, False)


# -- re-alarm --------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow():
    return FlagPlant(SLOW, settings=SETTINGS)


@pytest.mark.proves("ALARM-F11", "ALARM-T10")
def test_what_is_acknowledged_and_still_active_after_its_time_waits_again_with_sound(slow):
    tag = slow.tag()
    slow.send((tag, 0, 92.0))
    hot = condition_of(tag, "slow", "high")
    slow.acknowledge(slow.open(tag, "slow", "high"), 10)
    slow.pass_time(20)
    slow.pass_time(609)
    assert slow.state(hot) is C
    slow.logged()
    slow.pass_time(611)
    assert (slow.state(hot), slow.sounds, slow.flags(hot)) == (B, True, AlarmFlag.REALARMED)
    assert slow.logged() == ["realarmed"]
    slow.acknowledge(slow.open(tag, "slow", "high"), 700)
    assert (slow.state(hot), slow.sounds, slow.flags(hot)) == (C, False, 0)
    slow.pass_time(701)
    slow.pass_time(1302)
    assert slow.state(hot) is B
    realarms = [one for one in slow.engine.take_transitions() if one.transition == "realarmed"]
    assert [(one.n, one.at_us) for one in realarms] == [(1, us(1300))]  # counted, and stamped with its end


@pytest.mark.proves("ALARM-T21")
@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_is_set_delays_no_realarm(slow, jump_s):
    tag = slow.tag()
    slow.send((tag, 0, 92.0))
    slow.engine.tick(us(1), 1)
    slow.acknowledge(slow.open(tag, "slow", "high"), 10)
    slow.engine.tick(us(11), 11)
    slow.engine.tick(us(20 + jump_s), 20)
    slow.engine.tick(us(620 + jump_s), 620)
    assert slow.state(condition_of(tag, "slow", "high")) is B


@pytest.mark.proves("ALARM-T14")
def test_what_was_closed_or_acknowledged_long_ago_and_is_gone_escalates_no_more(slow):
    tag = slow.tag()
    slow.send((tag, 0, 92.0))
    slow.acknowledge(slow.open(tag, "slow", "high"), 10)
    slow.pass_time(20)
    slow.send((tag, 30, 20.0))
    slow.logged()
    slow.pass_time(90 * 24 * 3600)
    slow.pass_time(90 * 24 * 3600 + 2)
    assert slow.logged() == []


def test_a_value_that_is_not_known_realarms_nobody_until_it_is(slow):
    tag = slow.tag()
    slow.send((tag, 0, 92.0))
    hot = condition_of(tag, "slow", "high")
    slow.acknowledge(slow.open(tag, "slow", "high"), 10)
    slow.pass_time(20)
    slow.at(tag, 21, 0.0, quality=Quality.BAD)
    slow.pass_time(700)
    assert slow.state(hot) is C
    slow.send((tag, 701, 93.0))
    slow.pass_time(702)
    assert slow.state(hot) is B


# -- owners ----------------------------------------------------------------------------------------------------------


@pytest.mark.proves("ALARM-F46")
def test_somebody_has_the_alarm_and_that_is_no_acknowledgement(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "hot", "high")
    row = plant.engine.condition(hot).row
    plant.take(occurrence, 1, "Eva")
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, AlarmFlag.OWNED, True)
    assert plant.engine.snapshot().owners == {row: "Eva"}
    plant.take(occurrence, 2, "Udo")
    assert plant.engine.snapshot().owners == {row: "Udo"}
    plant.leave(occurrence, 3, "Udo")
    assert (plant.engine.snapshot().owners, plant.flags(hot)) == ({}, 0)
    assert plant.words() == ["raised", "taken Eva", "taken Udo", "left Udo"]


def test_of_words_that_cross_the_newest_stands_and_the_next_occurrence_is_nobodys(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    occurrence = plant.open(tag, "hot", "high")
    plant.take(occurrence, 5, "Udo")
    plant.leave(occurrence, 4, "Eva")  # older, and later here
    assert list(plant.engine.snapshot().owners.values()) == ["Udo"]
    plant.send((tag, 6, 20.0), (tag, 7, 92.0))
    assert (plant.engine.snapshot().owners, plant.flags(hot)) == ({}, 0)


def test_an_owner_who_is_known_before_the_alarm_stands_beside_it(plant, tag, hot):
    plant.take(Occurrence(hot, us(3)), 5, "Udo")
    plant.send((tag, 3, 92.0))
    assert list(plant.engine.snapshot().owners.values()) == ["Udo"]


# -- marks -----------------------------------------------------------------------------------------------------------


def test_marks_hide_nothing_and_hiding_flags_are_no_marks(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.engine.flags.mark(hot, AlarmFlag.CHATTERING, is_on=True)
    assert (plant.flags(hot), plant.sounds) == (AlarmFlag.CHATTERING, True)
    assert sum(plant.engine.counts().unacknowledged) == 1
    with pytest.raises(ValueError, match="hides"):
        plant.engine.flags.mark(hot, AlarmFlag.SHELVED, is_on=True)


# -- traps of the state table that need no flag ----------------------------------------------------------------------


@pytest.mark.proves("ALARM-T5", "ALARM-F3")
def test_returned_and_come_again_then_acknowledged_is_active_and_listed(plant, tag, hot):
    plant.send((tag, 0, 92.0), (tag, 1, 20.0))
    assert plant.state(hot) is D
    plant.send((tag, 2, 92.0))
    assert (plant.state(hot), plant.sounds) == (B, True)
    plant.acknowledge(plant.open(tag, "hot", "high"), 3)
    assert plant.state(hot) is C
    assert sum(plant.engine.counts().active) == 1


@pytest.mark.proves("ALARM-T13")
def test_an_acknowledgement_that_races_with_the_return_never_leaves_an_active_alarm():
    for gap_ms in range(-50, 51):
        plant = FlagPlant(HOT)
        tag = plant.tag()
        plant.send((tag, 0, 92.0))
        occurrence = plant.open(tag, "hot", "high")
        acts = [
            (10.0, lambda one=plant, o=occurrence: one.acknowledge(o, 10.0)),
            (10.0 + gap_ms / 1000, lambda one=plant, t=tag, g=gap_ms: one.send((t, 10.0 + g / 1000, 20.0))),
        ]
        for _at, act in sorted(acts, key=lambda item: item[0]):
            act()
        assert plant.state(occurrence.condition_id) is A, gap_ms


@pytest.mark.proves("ALARM-T33", "ALARM-F43")
def test_an_acknowledgement_is_taken_back_although_no_row_of_the_log_is_left(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.acknowledged(hot, us(0), us(1), "Eva", us(1), by=b"a" * 32)
    plant.engine.take_transitions()  # whatever becomes of the log
    assert plant.taken_back(hot, us(0), us(1), b"a" * 32, now_us=us(2))
    assert (plant.state(hot), plant.sounds) == (B, False)
    assert plant.logged() == ["unacknowledged"]


@pytest.mark.proves("ALARM-F4", "ALARM-F5")
def test_worse_sounds_again_better_is_silent_and_both_severities_are_kept(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 1)
    plant.send((tag, 2, 97.0))
    assert (plant.state(hot), plant.sounds) == (B, True)
    request = plant.horn.snapshot().request
    plant.send((tag, 3, 92.0))
    assert plant.horn.snapshot().request == request
    snapshot = plant.engine.snapshot()
    assert (snapshot.severity.tolist(), snapshot.priority.tolist()) == ([1], [Priority.HIGH])  # now H, worst HH


@pytest.mark.proves("ALARM-F45")
def test_silence_is_no_acknowledgement_and_ends_with_the_next_alarm(plant, tag, hot):
    other = plant.tag("Temp", "Pump")
    plant.send((tag, 0, 92.0))
    plant.horn.silence("desk", plant.horn.newest_sounding_us())
    assert (plant.state(hot), plant.sounds) == (B, False)
    plant.send((other, 1, 92.0))
    assert plant.sounds
