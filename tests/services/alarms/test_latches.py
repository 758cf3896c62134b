"""Latched alarms leave by return, acknowledgement and reset, whatever order these come in."""

import pytest

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmRule, AlarmState, Occurrence, Priority
from console.services.alarms.resets import NOT_LATCHED
from tests.support.alarm_plant import condition_of, us
from tests.support.flag_plant import FlagPlant

HOT = AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, priority=Priority.HIGH, text="Too hot")
TRIP = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=90.0, alarm_class="trip", text="Tripped")
SETTINGS = AlarmSettings({"trip": AlarmClass("trip", is_latching=True)})
A, B, C, D, E, F = AlarmState


@pytest.fixture
def latching():
    return FlagPlant(TRIP, settings=SETTINGS)


def in_state(plant, tag, state):
    """Bring a latching (or, for D, a plain) alarm there; its occurrence."""
    plant.send((tag, 0, 92.0))
    condition_id = condition_of(tag, next(iter(plant.engine._rules)).rule_id, "high")
    occurrence = plant.engine.open_occurrence(condition_id)
    if state in (C, F, A):
        plant.acknowledge(occurrence, 1)
    if state in (D, E, F, A):
        plant.send((tag, 2, 20.0))
    if state is A and plant.state(condition_id) is F:
        plant.reset(occurrence, 3)
    assert plant.state(condition_id) is state
    return occurrence


@pytest.mark.proves("ALARM-T6", "ALARM-F6")
@pytest.mark.parametrize(
    ("rule", "state", "why", "after"),
    [
        (TRIP, A, "There is nothing to reset.", A),
        (TRIP, B, "It is still active.", B),
        (TRIP, C, "It is still active.", C),
        (HOT, D, NOT_LATCHED, D),
        (TRIP, E, "Acknowledge it first.", E),
        (TRIP, F, "", A),
    ],
)
def test_a_reset_does_what_it_says_in_each_of_the_six_states(rule, state, why, after):
    plant = FlagPlant(rule, settings=SETTINGS)
    tag = plant.tag()
    occurrence = in_state(plant, tag, state)
    assert plant.engine.why_no_reset(occurrence) == why
    plant.reset(occurrence, 10)
    assert plant.state(occurrence.condition_id) is after


@pytest.mark.proves("ALARM-F6")
def test_a_reset_that_arrives_before_its_acknowledgement_or_its_return_is_kept(latching):
    tag = latching.tag()
    latching.send((tag, 0, 92.0))
    trip = condition_of(tag, "trip", "high")
    occurrence = latching.open(tag, "trip", "high")
    latching.reset(occurrence, 1)  # from another console, where it has returned
    latching.acknowledge(occurrence, 2)
    assert latching.state(trip) is C
    latching.send((tag, 3, 20.0))
    assert latching.state(trip) is A
    latching.send((tag, 4, 92.0), (tag, 5, 20.0))
    assert latching.state(trip) is E  # the next occurrence has its own latch


def test_a_reset_of_another_occurrence_is_no_longer_the_alarm_on_screen(latching):
    tag = latching.tag()
    latching.send((tag, 0, 92.0), (tag, 1, 20.0), (tag, 2, 92.0))
    older = Occurrence(condition_of(tag, "trip", "high"), us(0))
    assert "no longer" in latching.engine.why_no_reset(older)


def test_an_unacknowledgement_latches_again_what_was_already_reset(latching):
    tag = latching.tag()
    latching.send((tag, 0, 92.0))
    occurrence = latching.open(tag, "trip", "high")
    trip = occurrence.condition_id
    latching.acknowledged(trip, us(0), us(1), "Eva", us(1), by=b"a" * 32)
    latching.send((tag, 2, 20.0))
    latching.reset(occurrence, 3)
    assert latching.state(trip) is A
    latching.taken_back(trip, us(0), us(1), b"a" * 32, now_us=us(4))
    assert latching.state(trip) is E


def test_a_latch_collects_under_a_shelf(latching):
    tag = latching.tag()
    trip = condition_of(tag, "trip", "high")
    latching.shelve(trip, 0, 60)
    latching.send((tag, 1, 92.0), (tag, 2, 20.0))
    assert latching.state(trip) is E
    latching.pass_time(61)
    assert (latching.state(trip), latching.flags(trip), latching.sounds) == (E, 0, False)
    assert sum(latching.engine.counts().unacknowledged) == 1


@pytest.mark.proves("ALARM-T15", "ALARM-T39", "ALARM-F13")
def test_an_edited_text_leaves_latch_acknowledgement_shelf_and_note_alone(latching):
    tag = latching.tag()
    occurrence = in_state(latching, tag, F)
    trip = occurrence.condition_id
    latching.engine.set_note(occurrence, "waits for the fitter")
    latching.shelve(trip, 5, 600)
    edited = AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=90.0, alarm_class="trip", text="Tripped by heat")
    latching.engine.set_rules([edited], us(10), SETTINGS)
    assert (latching.state(trip), latching.flags(trip)) == (F, AlarmFlag.SHELVED)
    row = latching.engine.condition(trip).row
    assert latching.engine.snapshot().notes[row] == "waits for the fitter"
    assert latching.engine.condition(trip).text == "Tripped by heat"
