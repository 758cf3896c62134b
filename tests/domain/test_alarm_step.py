"""Every event in every state: the table of an alarm, walked cell by cell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.alarm_step import (
    ACKNOWLEDGE_FIRST,
    ALREADY_ACKNOWLEDGED,
    NO_LONGER_CURRENT,
    NOT_ACKNOWLEDGED,
    NOTHING_TO_ACKNOWLEDGE,
    NOTHING_TO_RESET,
    STILL_ACTIVE,
    TABLE,
    Acknowledgement,
    Alarm,
    Event,
    Returning,
    Transition,
    Trigger,
    covers,
    step,
)
from console.domain.alarms import ACTIVE_STATES, AlarmState

A, B, C, D, E, F = AlarmState
NEW = (B, "raised", True)
STAY = (None, "", False)

# the state tables, written down a second time: (state after or None, what is logged, sound) or the refusal
EXPECTED = {
    Event.CONDITION_TRUE: (NEW, STAY, STAY, NEW, NEW, NEW),
    Event.CONDITION_FALSE: (STAY, (D, "returned", False), (A, "returned closed", False), STAY, STAY, STAY),
    Event.CONDITION_FALSE_LATCHING: (STAY, (E, "returned", False), (F, "returned", False), STAY, STAY, STAY),
    Event.CONDITION_FALSE_CLOSING: (
        STAY,
        (A, "returned closed", False),
        (A, "returned closed", False),
        STAY,
        STAY,
        STAY,
    ),
    Event.ACKNOWLEDGE: (
        NOTHING_TO_ACKNOWLEDGE,
        (C, "acknowledged", False),
        ALREADY_ACKNOWLEDGED,
        (A, "acknowledged closed", False),
        (F, "acknowledged", False),
        ALREADY_ACKNOWLEDGED,
    ),
    Event.ACKNOWLEDGE_OLDER: (NO_LONGER_CURRENT, STAY, STAY, STAY, STAY, STAY),
    Event.UNACKNOWLEDGE: (
        NOT_ACKNOWLEDGED,
        STAY,
        (B, "unacknowledged", False),
        STAY,
        STAY,
        (E, "unacknowledged", False),
    ),
    Event.RESET: (
        NOTHING_TO_RESET,
        STILL_ACTIVE,
        STILL_ACTIVE,
        STAY,
        ACKNOWLEDGE_FIRST,
        (A, "closed", False),
    ),
    Event.SEVERITY_UP: (STAY, (B, "severity_up", True), (B, "severity_up", True), STAY, STAY, STAY),
    Event.SEVERITY_DOWN: (STAY, (None, "severity_down", False), (None, "severity_down", False), STAY, STAY, STAY),
    Event.REALARM: (STAY, STAY, (B, "realarmed", True), STAY, STAY, STAY),
    Event.RELIST: (STAY, (B, "reannunciated", True), (B, "reannunciated", True), STAY, STAY, STAY),
    Event.DISMISS: (STAY, STAY, STAY, (A, "closed", False), STAY, STAY),
    Event.QUALITY_BAD: (STAY, STAY, STAY, STAY, STAY, STAY),
    Event.RETIRED: (STAY, *[(A, "retired", False)] * 5),
}


def alarm_in(state: AlarmState, severity: int = 1) -> Alarm:
    returned = 0 if state in ACTIVE_STATES else 150
    if state is A:
        return Alarm()
    shown = 0 if returned else severity
    return Alarm(state, 100, 100, 100, returned, shown, severity)


def trigger_of(event: Event, state: AlarmState) -> Trigger:
    if event is Event.ACKNOWLEDGE:
        return Trigger(event, 200, acknowledgement=Acknowledgement(100, 200))
    if event is Event.ACKNOWLEDGE_OLDER and state is not A:
        return Trigger(Event.ACKNOWLEDGE, 200, acknowledgement=Acknowledgement(50, 99))
    if event in (Event.CONDITION_FALSE_LATCHING, Event.CONDITION_FALSE_CLOSING):
        return Trigger(Event.CONDITION_FALSE, 200)
    return Trigger(event, 200, 2 if event is Event.SEVERITY_UP else 1)


@pytest.mark.proves("SEC-49", "ALARM-F1", "ALARM-T6")
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_state_does_what_the_table_says(event):
    for state, expected in zip(AlarmState, EXPECTED[event], strict=True):
        before = alarm_in(state)
        if event is Event.CONDITION_FALSE_LATCHING:
            before = replace(before, returning=Returning.LATCHING)
        if event is Event.CONDITION_FALSE_CLOSING:
            before = replace(before, returning=Returning.CLOSING)
        result = step(before, trigger_of(event, state))
        if isinstance(expected, str):
            assert (result.refused, result.alarm, result.logs) == (expected, before, ()), state
            continue
        to, logs, sounds = expected
        assert not result.refused, state
        assert result.alarm.state is (state if to is None else to)
        assert " ".join(result.logs) == logs, state
        assert result.annunciate is sounds, state


def test_the_table_has_a_cell_for_every_event_and_state():
    assert set(TABLE) == set(Event)
    assert all(len(cells) == len(AlarmState) for cells in TABLE.values())


@pytest.mark.proves("ALARM-F2", "ALARM-F3")
def test_a_new_occurrence_after_an_unacknowledged_one_keeps_the_old_one_countable():
    result = step(alarm_in(D), Trigger(Event.CONDITION_TRUE, 300, 1))
    assert result.alarm.start_us == 300
    assert result.superseded is not None
    assert result.superseded.start_us == 100
    assert step(alarm_in(F), Trigger(Event.CONDITION_TRUE, 300, 1)).superseded is None


@pytest.mark.proves("ALARM-F4", "ALARM-F42")
def test_an_acknowledgement_that_does_not_reach_a_severity_rise_leaves_it_unacknowledged():
    risen = step(alarm_in(C), Trigger(Event.SEVERITY_UP, 180, 2)).alarm
    assert risen.annunciated_us == 180
    late = Trigger(Event.ACKNOWLEDGE, 200, acknowledgement=Acknowledgement(100, 179))
    assert step(risen, late).alarm.state is B
    seen = Trigger(Event.ACKNOWLEDGE, 200, acknowledgement=Acknowledgement(100, 180))
    assert step(risen, seen).alarm.state is C


def test_an_acknowledgement_of_a_later_time_does_not_cover_what_had_ended_before():
    assert not covers(Acknowledgement(151, 500), alarm_in(D))
    assert covers(Acknowledgement(150, 500), alarm_in(D))


@pytest.mark.proves("ALARM-F5")
def test_the_worst_severity_is_kept_until_it_is_acknowledged():
    worse = step(alarm_in(B), Trigger(Event.SEVERITY_UP, 110, 2)).alarm
    softer = step(worse, Trigger(Event.SEVERITY_DOWN, 120, 1)).alarm
    assert (softer.severity, softer.worst) == (1, 2)
    seen = step(softer, Trigger(Event.ACKNOWLEDGE, 130, acknowledgement=Acknowledgement(100, 130))).alarm
    assert (seen.severity, seen.worst) == (1, 1)


@pytest.mark.proves("SEC-27", "ALARM-F12")
def test_bad_quality_holds_an_active_alarm_and_marks_it():
    for state in AlarmState:
        held = step(alarm_in(state), Trigger(Event.QUALITY_BAD, 200)).alarm
        assert held.state is state
        assert held.uncertain is (state in ACTIVE_STATES)


def test_a_death_begins_with_the_birth_it_ends_but_is_seen_only_when_noticed():
    dead = step(Alarm(), Trigger(Event.CONDITION_TRUE, 900, start_us=100, annunciated_us=900)).alarm
    assert (dead.start_us, dead.annunciated_us) == (100, 900)
    assert not covers(Acknowledgement(50, 400), dead)


EVENTS = st.lists(st.tuples(st.sampled_from(list(Event)), st.integers(0, 3), st.integers(1, 2)), max_size=40)


@given(EVENTS, st.sampled_from(list(Returning)))
def test_no_order_of_events_loses_track_of_the_process(events, returning):
    alarm, active, now = Alarm(returning=returning), False, 0
    for drawn, forward, severity in events:
        now += forward
        event = Event.CONDITION_FALSE if drawn.value.startswith("condition_false") else drawn
        if event is Event.CONDITION_TRUE:
            active = True
        elif event in (Event.CONDITION_FALSE, Event.RETIRED):
            active = False
        interval = Acknowledgement(alarm.start_us, now)
        before = alarm
        result = step(alarm, Trigger(event, now, severity, acknowledgement=interval))
        alarm = result.alarm
        assert (alarm.state in ACTIVE_STATES) == active
        assert alarm.annunciated_us >= alarm.start_us
        assert not (result.refused and (result.logs or alarm is not before))
        assert result.annunciate == (result.annunciate and alarm.state is B)
        if Transition.RAISED in result.logs:
            assert alarm.start_us == now
