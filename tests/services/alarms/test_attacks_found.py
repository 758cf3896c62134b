"""What attacks found once: coarse time stamps, edited limits, clocks set back, two stations in one millisecond."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.acknowledgement import Seen, Standing, acknowledge
from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Priority
from console.domain.shelving import Taken, shelved
from console.services.alarms.transitions import OpenOccurrence
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=93.0, alarm_class="trip", text="Tripped")
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True)})
HOUR = 3600
TAKEN = Taken("Emil", "sensor change", "WO 7", "A1", us(0))
A, B, C, D, E, F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT, TRIP, settings=SETTINGS)


def rows_of(plant, condition_id):
    found = [one for one in plant.engine.take_transitions() if one.condition_id == condition_id]
    return [(str(one.transition), one.start_us - us(0), one.n) for one in found]


@pytest.mark.proves("ALARM-F2", "ALARM-F3")
def test_three_activations_with_one_time_stamp_are_three_occurrences_and_none_has_the_others_acknowledgement(
    plant, tag, hot
):
    plant.send((tag, 1, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 1.4)
    for _again in range(2):
        plant.send((tag, 1, 20.0))
        plant.send((tag, 1, 92.0))
        assert (plant.state(hot), plant.sounds) == (B, True)
        plant.acknowledge(plant.open(tag, "hot", "high"), 1.5)
        assert plant.state(hot) is C
    names = [row[1] for row in rows_of(plant, hot) if row[0] == "raised"]
    assert len(set(names)) == 3


@pytest.mark.proves("ALARM-F3", "ALARM-F4")
@pytest.mark.parametrize("before", [92.0, 20.0])
def test_what_is_worse_with_the_time_stamp_that_was_acknowledged_sounds(plant, tag, hot, before):
    """Clocks of controllers may be as coarse as a second; the operator acts between two samples of one stamp."""
    plant.send((tag, 1, 92.0), (tag, 4, before))
    plant.acknowledge(plant.open(tag, "hot", "high"), 4.4)
    plant.send((tag, 4, 97.0))
    assert (plant.state(hot), plant.sounds) == (B, True)


@pytest.mark.proves("ALARM-F4", "ALARM-T15")
def test_a_rise_within_the_stamp_of_the_alarm_waits_for_acknowledgement_after_a_restart_too(records, plant, tag, hot):
    plant.send((tag, 1, 92.0))
    occurrence = plant.open(tag, "hot", "high")
    reach = plant.engine.seen_through_us(occurrence, us(1.4))
    plant.acknowledged(hot, occurrence.start_us, reach, "Eva", us(1.4))
    plant.send((tag, 1, 97.0))
    records.keep(plant)
    again = FlagPlant(HOT, TRIP, settings=SETTINGS)
    again.acknowledged(hot, occurrence.start_us, reach, "Eva", us(1.4))
    again.engine.restore(records.open(), us(60))
    assert (plant.state(hot), again.state(hot), again.sounds) == (B, B, False)


@pytest.mark.proves("ALARM-F3", "ALARM-F13")
@pytest.mark.parametrize("meanwhile", [[replace(HOT, h=94.0)], []])
def test_a_limit_or_a_rule_that_goes_and_comes_back_over_a_standing_value_raises_another_alarm(
    plant, tag, hot, meanwhile
):
    plant.send((tag, 1, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 2)
    plant.engine.set_rules(meanwhile, us(3))
    assert plant.state(hot) is A
    plant.engine.set_rules([HOT], us(4))
    assert (plant.state(hot), plant.sounds) == (B, True)
    rows = rows_of(plant, hot)
    assert len(set(rows)) == len(rows)  # nothing that the log would drop as known


@pytest.mark.proves("ALARM-F6")
def test_a_latched_acknowledged_alarm_that_comes_again_is_closed_and_no_restart_brings_it_back(records, plant, tag):
    trip = condition_of(tag, "trip", "high")
    plant.send((tag, 1, 94.0))
    first = plant.open(tag, "trip", "high")
    plant.acknowledge(first, 2)
    plant.send((tag, 3, 20.0), (tag, 4, 94.0))
    assert plant.state(trip) is B
    records.keep(plant)
    left = [one for one in records.open() if one.condition_id == trip]
    assert [one.start_us for one in left] == [us(4)]
    assert isinstance(left[0], OpenOccurrence)


@pytest.mark.proves("ALARM-T21", "ALARM-F30")
@pytest.mark.parametrize("step_s", [-HOUR, HOUR])
def test_a_clock_stepped_by_an_hour_under_a_shelf_shows_the_alarm_and_lets_it_be_acknowledged(plant, tag, hot, step_s):
    """The alarm is a day old, its shelf may last 8 h: whichever way the clock goes, nobody waits to acknowledge."""
    plant.send((tag, -20 * HOUR, 92.0))
    plant.shelve(hot, 0, HOUR / 2)
    plant.engine.tick(us(10), 10)
    plant.engine.tick(us(10 + step_s), 11)
    assert (plant.flags(hot), plant.state(hot), plant.sounds) == (0, B, True)
    occurrence, now_us = plant.open(tag, "hot", "high"), us(11 + step_s)
    seen = Seen(occurrence, Standing.OPEN, plant.engine.seen_through_us(occurrence, now_us), "hot")
    (fact,), _skipped = acknowledge([seen], now_us)
    plant.acknowledged(hot, fact.start_us, fact.seen_through_us, "Eva", now_us)
    assert (plant.state(hot), plant.sounds) == (C, False)


@pytest.mark.proves("ALARM-F33")
def test_two_stations_that_shelve_in_one_millisecond_break_no_window(plant, tag, hot):
    plant.send((tag, 0, 92.0))
    for number, lasts_s in ((b"1" * 32, 600), (b"2" * 32, 300)):
        value = shelved(us(10), us(10 + lasts_s), HOUR, "Eva", "noisy", hlc=plant.hlc(10), by=number)
        plant.engine.shelves.take(hot, number, plant.hlc(10), value, (), "Eva", us(11))
    plant.engine.shelves.take(hot, b"3" * 32, plant.hlc(10), None, (), "Udo", us(12))
    delta = plant.engine.take_delta()
    assert delta is not None
    assert plant.flags(hot) == 0  # one of them lifted it: doubt shows


STEP = st.tuples(st.sampled_from(["ack", "shelve", "unshelve", "out", "return", "reset"]), st.integers(0, 1))


@pytest.mark.proves("ALARM-T12", "ALARM-F47")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([20.0, 91.0, 94.0, 97.0]), STEP), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_a_second_station_that_gets_the_facts_late_twice_and_in_any_order_ends_with_the_same(story, chance):
    """Samples go to both; one fact in a hundred is lost at first and repeated at the end, as the exchange does."""
    one, two = (FlagPlant(HOT, TRIP, settings=SETTINGS) for _ in range(2))
    tags = [plant.tag() for plant in (one, two)]
    conditions = [condition_of(tags[0], name, "high") for name in ("hot", "trip")]
    facts = []
    for now, (value, (act, which)) in enumerate(story, 1):
        for plant, tag in zip((one, two), tags, strict=True):
            plant.send((tag, now, value))
        fact = fact_of(one, conditions[which], act, now + 0.5, number=now)
        if fact is not None:
            facts.append(fact)
            fact(one)
    late = [fact for fact in facts if chance.random() >= 0.01] * 2
    chance.shuffle(late)
    for fact in [*late, *facts]:
        fact(two)
    acts = {act for _value, (act, _which) in story}
    is_mixed = {"shelve", "return"} <= acts  # which of two flags ended first decides who waits anew: seen by arrival
    for condition_id in conditions:
        assert two.flags(condition_id) == one.flags(condition_id)
        assert two.engine.acknowledging.kept.digest(condition_id) == one.engine.acknowledging.kept.digest(condition_id)
        if one.engine.open_occurrence(condition_id) is not None and not is_mixed:
            assert two.engine.open_occurrence(condition_id) == one.engine.open_occurrence(condition_id)
            assert two.state(condition_id) is one.state(condition_id)


@pytest.mark.proves("ALARM-T12", "ALARM-F47")
def test_a_return_to_service_that_comes_late_makes_nobody_wait_for_what_began_after_it():
    one, two = (FlagPlant(HOT, settings=SETTINGS) for _ in range(2))
    tags = [plant.tag() for plant in (one, two)]
    condition_id, facts = condition_of(tags[0], "hot", "high"), []
    for now, (value, act) in enumerate([(20.0, "out"), (20.0, "return"), (91.0, "ack")], 1):
        for plant, tag in zip((one, two), tags, strict=True):
            plant.send((tag, now, value))
        facts.append(fact_of(one, condition_id, act, now + 0.5, number=now))
        facts[-1](one)
    for fact in facts:
        fact(two)
    assert two.state(condition_id) is one.state(condition_id) is C


def fact_of(plant, condition_id, act, at, *, number):
    """What somebody at this station writes now, as every station takes it; None: there is nothing to do."""
    by, hlc = number.to_bytes(4, "big") * 8, plant.hlc(at)
    engine, occurrence = plant.engine, plant.engine.open_occurrence(condition_id)
    if act == "ack" and occurrence is not None:
        reach = engine.seen_through_us(occurrence, us(at))
        return lambda to: to.acknowledged(condition_id, occurrence.start_us, reach, "Eva", us(at), by=by, hlc=hlc)
    if act == "reset" and occurrence is not None and not engine.why_no_reset(occurrence):
        return lambda to: to.engine.resets.take(occurrence, by, us(at))
    if act in ("shelve", "unshelve"):
        heads, value = engine.shelf_heads(condition_id), None
        if act == "shelve":
            value = shelved(us(at), us(at + 600), HOUR, "Eva", "noisy", hlc=hlc, by=by)
        return lambda to: to.engine.shelves.take(condition_id, by, hlc, value, heads, "Eva", us(at))
    if act == "out" or (act == "return" and engine.is_out_of_service(condition_id)):
        heads, taken = engine.service_heads(condition_id), TAKEN if act == "out" else None
        return lambda to: to.engine.service.take(condition_id, by, hlc, taken, heads, "Emil", us(at), us(at))
    return None
