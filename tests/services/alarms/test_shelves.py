"""Shelving: what it hides, how it ends, and that nothing else ends with it."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings, ShelvingRules
from console.domain.alarm_flags import AlarmFlag, hidden_by
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.services.records import HornState
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
A, B, C, D, _E, _F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT)


@pytest.mark.proves("ALARM-F23", "ALARM-F22")
def test_a_shelved_alarm_leaves_the_list_its_sound_stops_and_it_stays_unacknowledged(plant, tag, hot):
    other = plant.tag("Temp", "Pump")
    plant.send((tag, 0, 92.0), (other, 0, 92.0))
    plant.shelve(hot, 10, 600)
    assert plant.state(hot) is B
    assert plant.flags(hot) == AlarmFlag.SHELVED
    counts = plant.engine.counts()
    assert (sum(counts.unacknowledged), sum(counts.active), counts.shelved) == (1, 1, 1)
    assert plant.engine.snapshot().rows[counts.top_row] != plant.engine.condition(hot).row
    assert plant.horn.snapshot().state is HornState.SOUNDING  # the other one
    plant.acknowledge(plant.open(other, "hot", "high"), 11)
    assert plant.horn.snapshot().state is HornState.QUIET  # what is shelved is not owed to the horn either


def test_what_gets_worse_or_comes_again_under_a_shelf_is_silent(plant, tag, hot):
    plant.shelve(hot, 0, 600)
    plant.send((tag, 1, 92.0), (tag, 2, 97.0), (tag, 3, 20.0), (tag, 4, 92.0))
    assert (plant.state(hot), plant.sounds, plant.horn.snapshot().request) == (B, False, 0)


@pytest.mark.proves("ALARM-F30")
def test_a_shelf_that_ends_while_the_alarm_is_active_brings_it_back_with_sound(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 10, 600)
    plant.pass_time(609)
    assert not plant.sounds
    plant.logged()
    plant.pass_time(611)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (B, 0, True)
    assert plant.engine.annunciated_us(plant.open(tag, "hot", "high")) == us(610)
    assert plant.logged() == ["shelf_expired", "reannunciated"]


@pytest.mark.proves("ALARM-F30", "ALARM-T10")
def test_what_was_acknowledged_before_the_shelf_waits_again_when_the_shelf_ends(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 5)
    plant.shelve(hot, 10, 600)
    assert plant.state(hot) is C
    plant.pass_time(611)
    assert (plant.state(hot), plant.sounds) == (B, True)
    snapshot = plant.engine.snapshot()
    assert snapshot.acked_by == {}  # state, name and sound agree: nobody has acknowledged this
    plant.acknowledge(plant.open(tag, "hot", "high"), 612, who="Udo")
    assert (plant.state(hot), plant.sounds) == (C, False)
    assert list(plant.engine.snapshot().acked_by.values()) == ["Udo"]


def test_an_acknowledgement_ahead_of_the_shelf_by_its_nodes_clock_does_not_outlive_the_shelf(plant, tag, hot):
    """The node's clock is 200 s ahead; the shelf is over before its time gets there."""
    plant.send((tag, 200, 92.0))
    plant.engine.tick(us(1), 1)
    plant.acknowledge(plant.open(tag, "hot", "high"), 2)
    plant.shelve(hot, 3, 60)
    plant.engine.tick(us(64), 64)
    assert (plant.state(hot), plant.sounds) == (B, True)


def test_what_was_acknowledged_under_the_shelf_stays_acknowledged_when_it_ends(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 10, 600)
    plant.acknowledge(plant.open(tag, "hot", "high"), 20)
    plant.pass_time(611)
    assert (plant.state(hot), plant.sounds, plant.flags(hot)) == (C, False, 0)


def test_a_shelf_over_a_normal_or_returned_alarm_ends_in_silence(plant, tag, hot):
    other = plant.tag("Temp", "Pump")
    cold = condition_of(other, "hot", "high")
    plant.send((other, 0, 92.0))
    plant.shelve(hot, 0, 60)
    plant.shelve(cold, 0, 60)
    plant.send((other, 30, 20.0))
    plant.pass_time(61)
    assert (plant.state(hot), plant.state(cold), plant.sounds) == (A, D, False)
    assert sum(plant.engine.counts().unacknowledged) == 1


@pytest.mark.proves("ALARM-T9", "ALARM-F19")
def test_ending_a_shelf_by_hand_keeps_the_acknowledgement_and_is_silent(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 5)
    plant.shelve(hot, 10, 600)
    plant.unshelve(hot, 20)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (C, 0, False)
    assert plant.words()[-2:] == ["shelved Eva", "unshelved Udo"]


def test_an_unacknowledged_alarm_unshelved_by_hand_is_listed_without_a_sound(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 10, 600)
    plant.unshelve(hot, 20)
    assert (plant.state(hot), plant.horn.snapshot().state) == (B, HornState.SILENCED)


def test_a_site_may_decide_that_leaving_by_hand_goes_by_condition(tag):
    plant = FlagPlant(HOT, settings=AlarmSettings(shelving=ShelvingRules(by_condition=True)))
    tag = plant.tag()
    hot = condition_of(tag, "hot", "high")
    plant.send((tag, 0, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 5)
    plant.shelve(hot, 10, 600)
    plant.logged()
    plant.unshelve(hot, 20)
    assert (plant.state(hot), plant.sounds) == (B, True)
    assert plant.logged() == ["unshelved", "reannunciated"]  # the log shows which rule applied


@pytest.mark.proves("ALARM-F25")
def test_a_one_shot_shelf_ends_with_the_return_in_silence(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 10, 600, one_shot=True)
    plant.send((tag, 20, 20.0))
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (D, 0, False)
    assert plant.logged()[-1] == "shelf_returned"
    plant.send((tag, 30, 92.0))
    assert plant.sounds


@pytest.mark.proves("ALARM-F25")
def test_a_one_shot_shelf_of_a_normal_alarm_covers_its_next_time_and_is_bounded_by_its_end(plant, tag, hot):
    plant.shelve(hot, 0, 600, one_shot=True)
    plant.send((tag, 20, 92.0))
    assert not plant.sounds
    plant.send((tag, 30, 20.0), (tag, 40, 92.0))
    assert plant.sounds
    other = plant.tag("Temp", "Pump")
    cold = condition_of(other, "hot", "high")
    plant.send((other, 41, 92.0))
    plant.shelve(cold, 50, 60, one_shot=True)
    plant.pass_time(111)
    assert plant.flags(cold) == 0
    assert plant.state(cold) is B


@pytest.mark.proves("ALARM-F30", "INV-5")
@pytest.mark.parametrize("acknowledged_at", [None, 5, 20, 50])
def test_a_shelf_that_is_known_after_its_end_ends_in_silence_as_it_did_elsewhere(acknowledged_at):
    there, here = FlagPlant(HOT), FlagPlant(HOT)
    states = []
    for plant, known_at in ((there, 10), (here, 60)):
        tag = plant.tag()
        hot = condition_of(tag, "hot", "high")
        plant.send((tag, 1, 92.0))
        for second in range(2, 61):
            if second == acknowledged_at:
                plant.acknowledge(plant.open(tag, "hot", "high"), second)
            if second == known_at:
                heard = plant.sounds
                plant.shelve(hot, 10, 30, by=b"s" * 32, now=known_at)
            plant.pass_time(second)
        states.append((plant.state(hot), plant.flags(hot)))
    assert states[0] == states[1] == (C if acknowledged_at in (20, 50) else B, 0)
    assert here.sounds == heard == (acknowledged_at is None), "it was never hidden here: nothing begins to sound"


@pytest.mark.proves("ALARM-F30")
def test_a_shelf_that_is_known_after_its_end_says_nothing_about_what_began_after_it(plant, tag, hot):
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 50, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 51)
    plant.shelve(hot, 10, 30, now=60)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (C, 0, False)


@pytest.mark.proves("ALARM-F25")
def test_a_one_shot_shelf_known_after_its_end_ended_with_the_return_if_that_was_under_it(plant, tag, hot):
    plant.send((tag, 1, 92.0), (tag, 20, 20.0), (tag, 25, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 26)
    plant.shelve(hot, 10, 30, one_shot=True, now=60)
    assert (plant.state(hot), plant.flags(hot), plant.sounds) == (C, 0, False)


@pytest.mark.proves("ALARM-F33")
def test_extending_replaces_the_end_and_is_counted(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.shelve(hot, 0, 600)
    plant.shelve(hot, 500, 600, who="Udo")
    (record,) = plant.engine.snapshot().aside[plant.engine.condition(hot).row]
    assert (record.who, record.until_us, record.times) == ("Udo", us(1100), 1)
    assert [one for one in plant.words() if one.startswith("shelved")] == ["shelved Eva", "shelved Udo"]
    plant.pass_time(601)
    assert plant.flags(hot) == AlarmFlag.SHELVED
    plant.pass_time(1101)
    assert plant.flags(hot) == 0
    plant.shelve(hot, 1200, 60)
    (record,) = plant.engine.snapshot().aside[plant.engine.condition(hot).row]
    assert record.times == 0  # it had ended between


@pytest.mark.proves("ALARM-F32")
def test_the_shelved_list_says_who_where_why_since_when_and_until_when(plant, tag, hot):
    plant.shelve(hot, 10, 900, one_shot=True)
    snapshot = plant.engine.snapshot()
    row = plant.engine.condition(hot).row
    (record,) = snapshot.aside[row]
    assert snapshot.state[snapshot.rows == row].tolist() == [A]  # normal, and in the shelved list
    assert (record.flag, record.who, record.workstation) == (AlarmFlag.SHELVED, "Eva", "A1")
    assert (record.reason_code, record.reason, record.is_one_shot) == ("chattering", "noisy", True)
    assert (record.since_us, record.until_us) == (us(10), us(910))


@pytest.mark.proves("INV-20")
def test_of_two_shelvings_at_the_same_time_the_shorter_counts_and_an_unshelving_at_the_same_time_wins(plant, tag, hot):
    first = plant.shelve(hot, 0, 600)
    by = plant.event()
    plant.engine.shelves.take(hot, by, plant.hlc(1), None, (), "Udo", us(1))  # knew nothing of the shelving
    assert plant.flags(hot) == 0
    plant.unshelve(hot, 2, first, by)
    plant.shelve(hot, 3, 60)
    assert plant.flags(hot) == AlarmFlag.SHELVED


@pytest.mark.proves("ALARM-T27")
def test_the_same_fact_twice_and_in_another_order_comes_to_the_same(plant, tag, hot):
    other = FlagPlant(HOT)
    other.tag()
    for one in (plant, other):
        one.send((tag, 0, 92.0))
    by = plant.shelve(hot, 10, 600)
    undo = plant.unshelve(hot, 20)
    other.engine.shelves.take(hot, undo, other.hlc(20), None, (by,), "Udo", us(30))
    other.shelve(hot, 10, 600, by=by, now=31)
    other.shelve(hot, 10, 600, by=by, now=32)
    assert other.flags(hot) == plant.flags(hot) == 0


@pytest.mark.proves("ALARM-T21")
@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_is_set_by_an_hour_never_hides_an_alarm_longer(plant, tag, hot, jump_s):
    plant.send((tag, 0, 92.0))
    plant.engine.tick(us(10), 10)
    plant.shelve(hot, 10, 600)
    plant.engine.tick(us(11), 11)
    plant.engine.tick(us(20 + jump_s), 20)  # somebody sets the clock
    if jump_s < 0:
        assert plant.flags(hot) == 0  # a clock far before the shelving proves that clocks disagree: doubt shows
    plant.engine.tick(us(612 + jump_s), 612)
    assert plant.flags(hot) == 0
    assert plant.sounds


@pytest.mark.proves("ALARM-T21")
def test_a_clock_set_back_a_little_is_bounded_by_the_time_that_really_passed(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    plant.engine.tick(us(10), 10)
    plant.shelve(hot, 10, 600)
    plant.engine.tick(us(10), 10)
    plant.engine.tick(us(200), 200)
    plant.engine.tick(us(100), 210)  # 110 s back, nobody noticed
    plant.engine.tick(us(498), 608)
    assert plant.flags(hot) == AlarmFlag.SHELVED
    plant.engine.tick(us(501), 611)
    assert plant.flags(hot) == 0


@pytest.mark.proves("ALARM-T21")
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_a_shelf_over_the_change_to_and_from_summer_time_lasts_as_chosen(monkeypatch, plant, tag, hot, zone):
    """Ends are absolute UTC: the zone of the PC and its changes cannot reach them."""
    monkeypatch.setenv("TZ", zone)
    for change_s in (1_711_846_800 - 1_700_000_000, 1_729_990_800 - 1_700_000_000):  # both of 2024 in Europe
        plant.send((tag, change_s - 1800, 92.0))
        plant.shelve(hot, change_s - 1800, 3600)
        plant.pass_time(change_s + 1799)
        assert plant.flags(hot) == AlarmFlag.SHELVED
        plant.pass_time(change_s + 1801)
        assert plant.flags(hot) == 0
        plant.send((tag, change_s + 1900, 20.0))


@pytest.mark.proves("ALARM-F20")
def test_where_several_flags_apply_the_documented_order_decides():
    every = AlarmFlag.SHELVED | AlarmFlag.SUPPRESSED | AlarmFlag.OUT_OF_SERVICE | AlarmFlag.MASKED
    order = []
    while (flag := hidden_by(every)) is not None:
        order.append(flag)
        every &= ~flag
    assert order == [AlarmFlag.OUT_OF_SERVICE, AlarmFlag.SUPPRESSED, AlarmFlag.MASKED, AlarmFlag.SHELVED]
    assert hidden_by(AlarmFlag.CHATTERING | AlarmFlag.OWNED | AlarmFlag.FIRST_OUT) is None


def test_a_shelving_without_the_right_to_it_hides_nothing_until_it_is_countersigned(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    by = plant.event()
    plant.engine.withhold([by], us(1))
    plant.shelve(hot, 1, 600, by=by)
    assert (plant.flags(hot), plant.sounds) == (0, True)
    plant.engine.release([by], us(2))
    assert (plant.flags(hot), plant.sounds) == (AlarmFlag.SHELVED, False)
    plant.engine.withhold([by], us(3))  # the right turns out never to have been there
    assert (plant.flags(hot), plant.sounds) == (0, True)


def test_a_withheld_shelving_does_not_take_the_place_of_the_one_it_would_have_replaced(plant, tag, hot):
    plant.shelve(hot, 0, 600)
    by = plant.event()
    plant.engine.withhold([by], us(1))
    plant.shelve(hot, 1, 3000, by=by)
    (record,) = plant.engine.snapshot().aside[plant.engine.condition(hot).row]
    assert record.until_us == us(600)


def test_a_class_that_closes_by_itself_needs_nobody(tag):
    plant = FlagPlant(
        AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, h=90.0, alarm_class="info"),
        settings=AlarmSettings({"info": AlarmClass("info", closes_by_itself=True)}),
    )
    tag = plant.tag()
    plant.send((tag, 0, 92.0), (tag, 1, 20.0))
    assert plant.state(condition_of(tag, "hot", "high")) is A
    assert plant.logged() == ["raised", "returned", "closed"]
