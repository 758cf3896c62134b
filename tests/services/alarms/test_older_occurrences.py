"""Older occurrences that nobody acknowledged: behind the row of a newer one, and on it once that is over."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.services.records import HornState
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=93.0, alarm_class="trip", text="Tripped")
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True)})
A, B, C, D, E, F = AlarmState


@pytest.fixture
def plant():
    return FlagPlant(HOT, TRIP, settings=SETTINGS)


def one_after_the_other(plant, tag, *, acknowledge_at=6.0):
    """An alarm comes and goes unseen, comes again, is acknowledged and goes."""
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 5, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), acknowledge_at)
    plant.send((tag, 7, 20.0))


@pytest.mark.proves("ALARM-F2", "ALARM-T5")
def test_what_nobody_acknowledged_is_listed_again_when_the_newer_one_is_over_and_makes_no_sound(plant, tag, hot):
    one_after_the_other(plant, tag)
    assert (plant.state(hot), plant.sounds) == (D, False)
    assert plant.open(tag, "hot", "high") == Occurrence(hot, us(1))
    assert sum(plant.engine.counts().unacknowledged) == 1
    assert sum(plant.engine.counts().active) == 0
    assert plant.horn.snapshot().state is HornState.QUIET
    plant.acknowledge(plant.open(tag, "hot", "high"), 8)
    assert (plant.state(hot), sum(plant.engine.counts().unacknowledged)) == (A, 0)


@pytest.mark.proves("ALARM-F2")
def test_older_ones_come_back_the_newest_first_until_all_are_acknowledged(plant, tag, hot):
    for start in (1, 11, 21):
        plant.send((tag, start, 92.0), (tag, start + 5, 20.0))
    seen = []
    while (occurrence := plant.open(tag, "hot", "high")) is not None:
        seen.append(occurrence.start_us)
        plant.acknowledge(occurrence, 30)
    assert seen == [us(21), us(11), us(1)]
    closed = [one.start_us for one in plant.engine.take_transitions() if one.transition == "closed"]
    assert closed == seen


@pytest.mark.proves("ALARM-F13")
def test_a_restart_lists_the_same_as_the_running_station(records, plant, tag, hot):
    one_after_the_other(plant, tag)
    records.keep(plant)
    again = FlagPlant(HOT, TRIP, settings=SETTINGS)
    again.engine.restore(records.open(), us(60))
    assert again.state(hot) is plant.state(hot) is D
    assert again.engine.open_occurrence(hot) == plant.engine.open_occurrence(hot)


@pytest.mark.proves("ALARM-F3", "ALARM-F2")
def test_what_begins_by_the_stamp_of_the_one_that_is_over_has_a_name_of_its_own_and_not_its_acknowledgement(
    records, plant, tag, hot
):
    """The row shows the older one meanwhile: the names already given are kept in mind."""
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 5, 92.0))
    plant.acknowledge(plant.open(tag, "hot", "high"), 5.5)
    plant.send((tag, 5, 20.0))
    assert plant.open(tag, "hot", "high") == Occurrence(hot, us(1))
    plant.send((tag, 5, 92.0))
    assert (plant.state(hot), plant.sounds) == (B, True)
    rows = plant.engine.take_transitions()
    raised = [row.start_us for row in rows if row.condition_id == hot and row.transition == "raised"]
    assert len(set(raised)) == 3


@pytest.mark.proves("ALARM-F6")
def test_a_latched_one_waits_behind_the_one_that_is_reset_and_is_reset_itself(plant, tag):
    trip = condition_of(tag, "trip", "high")
    plant.send((tag, 1, 94.0), (tag, 2, 20.0), (tag, 5, 94.0))
    newest = plant.open(tag, "trip", "high")
    plant.acknowledge(newest, 6)
    plant.send((tag, 7, 20.0))
    plant.reset(newest, 8)
    assert (plant.state(trip), plant.sounds) == (E, False)
    older = plant.open(tag, "trip", "high")
    assert older == Occurrence(trip, us(1))
    plant.acknowledge(older, 9)
    plant.reset(older, 10)
    assert plant.state(trip) is A


@pytest.mark.proves("ALARM-F21", "ALARM-F15")
def test_what_was_there_before_a_suppression_is_listed_when_what_came_under_it_is_dismissed(plant, tag, hot):
    plant.send((tag, 1, 92.0), (tag, 2, 20.0))
    plant.suppress(hot, 3)
    plant.send((tag, 4, 92.0), (tag, 5, 20.0))
    plant.release(hot, 6)
    assert (plant.state(hot), plant.sounds) == (D, False)
    assert plant.open(tag, "hot", "high") == Occurrence(hot, us(1))


@pytest.mark.proves("ALARM-F15")
def test_an_older_one_that_has_its_row_again_under_a_suppression_is_not_taken_for_one_that_began_there(plant, tag, hot):
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 3, 92.0))
    plant.suppress(hot, 4)
    plant.acknowledge(plant.open(tag, "hot", "high"), 5)
    plant.send((tag, 6, 20.0))
    plant.release(hot, 7)
    assert (plant.state(hot), plant.open(tag, "hot", "high")) == (D, Occurrence(hot, us(1)))


@pytest.mark.proves("ALARM-F43")
@pytest.mark.parametrize("acknowledges_older", [False, True])
def test_an_acknowledgement_that_is_taken_back_late_brings_the_newer_one_back_before_the_older(
    plant, tag, hot, acknowledges_older
):
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 5, 92.0))
    plant.acknowledged(hot, us(5), us(5), "Eva", us(6), by=b"a" * 32, hlc=plant.hlc(6))
    plant.send((tag, 7, 20.0))
    if acknowledges_older:
        plant.acknowledge(plant.open(tag, "hot", "high"), 8)
    plant.taken_back(hot, us(5), us(5), b"a" * 32, now_us=us(9))
    assert (plant.state(hot), plant.open(tag, "hot", "high")) == (D, Occurrence(hot, us(5)))
    plant.acknowledge(plant.open(tag, "hot", "high"), 10)
    assert plant.state(hot) is (A if acknowledges_older else D)


@pytest.mark.proves("ALARM-F2")
def test_what_somebody_wrote_beside_an_occurrence_is_beside_it_again_and_not_beside_another(plant, tag, hot):
    notes = {Occurrence(hot, us(1)): "Eva: pump stopped"}
    plant.engine.note_by(lambda occurrence: notes.get(occurrence, ""))
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 5, 92.0))
    plant.engine.set_note(Occurrence(hot, us(5)), "Udo: on my way")
    plant.acknowledge(plant.open(tag, "hot", "high"), 6)
    plant.send((tag, 7, 20.0))
    assert list(plant.engine.snapshot().notes.values()) == ["Eva: pump stopped"]


@pytest.mark.proves("ALARM-F46")
def test_who_works_on_the_older_one_is_its_owner_again(plant, tag, hot):
    plant.send((tag, 1, 92.0))
    plant.take(plant.open(tag, "hot", "high"), 1.5)
    plant.send((tag, 2, 20.0), (tag, 5, 92.0))
    assert plant.engine.snapshot().owners == {}
    plant.acknowledge(plant.open(tag, "hot", "high"), 6)
    plant.send((tag, 7, 20.0))
    assert list(plant.engine.snapshot().owners.values()) == ["Eva"]


def test_a_rule_that_leaves_takes_what_is_behind_its_row_along(records, plant, tag, hot):
    plant.send((tag, 1, 92.0), (tag, 2, 20.0), (tag, 5, 92.0))
    plant.engine.set_rules([TRIP], us(6))
    assert plant.state(hot) is A
    records.keep(plant)
    assert [one for one in records.open() if one.condition_id == hot] == []
