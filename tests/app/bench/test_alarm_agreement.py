"""Two stations that hear the same stream name every occurrence alike; lost samples cost names, never alarms."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.app.bench.alarm_agreement import LOST, START_US, STEP_US, Plant, agreement_of, run_both


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_two_stations_that_hear_everything_name_every_occurrence_alike(seed):
    whole, other, plant = run_both(seed, tags=20, steps=120, lost=0.0)
    assert whole.spans == other.spans
    assert agreement_of(whole, other, plant).same_share == 1.0


def test_with_one_sample_in_a_hundred_lost_98_of_100_have_the_same_name():
    whole, other, plant = run_both(5, tags=150, steps=300, lost=LOST)
    assert len(whole.spans) > 500
    assert 0.98 <= agreement_of(whole, other, plant).same_share < 1.0


def test_whatever_both_could_see_is_matched_by_its_name_or_because_it_overlaps():
    found = agreement_of(*run_both(6, tags=60, steps=400, lost=0.05))
    assert found.overlapping > 10
    assert found.seen_by_one > 3, "their samples never came"
    assert (found.missed, found.matched_share) == (0, 1.0)


def test_a_station_that_does_not_raise_what_it_heard_is_not_excused():
    whole, other, plant = run_both(6, tags=60, steps=200, lost=0.02)
    for one in list(other.spans)[::10]:
        del other.spans[one]
    found = agreement_of(whole, other, plant)
    assert found.missed > 0
    assert found.matched_share < 1.0


def test_what_could_be_seen_follows_from_the_samples_that_were_heard():
    slow, fast = 0, 1
    values = np.array([[0.0, 0.0], [1.2, 1.2], [0.8, 1.2], [0.8, 0.8], [0.8, 0.8], [0.8, 0.0], [0.0, 0.0]])
    plant = Plant(values, np.ones((7, 2), bool))
    begin, end = START_US + 2 * STEP_US, START_US + 7 * STEP_US
    assert plant.could_be_seen(slow, begin, end)
    assert plant.could_be_seen(fast, begin, begin + 4 * STEP_US)
    plant.reached[1] = False  # the crossing: only the fast one comes as high again
    assert not plant.could_be_seen(slow, begin, end)
    assert plant.could_be_seen(fast, begin, begin + 4 * STEP_US)
    plant.reached[2, fast] = False
    assert not plant.could_be_seen(fast, begin, begin + 4 * STEP_US)
