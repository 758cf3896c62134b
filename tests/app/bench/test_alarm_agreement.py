"""Two stations that hear the same stream name every occurrence alike; lost samples cost names, never alarms."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from console.app.bench.alarm_agreement import LOST, run_both, shares


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_two_stations_that_hear_everything_name_every_occurrence_alike(seed):
    whole, other = run_both(seed, tags=20, steps=120, lost=0.0)
    assert whole == other


def test_with_one_sample_in_a_hundred_lost_98_of_100_have_the_same_name():
    whole, other = run_both(5, tags=150, steps=300, lost=LOST)
    assert len(whole) > 500
    named, _rest = shares(whole, other)
    assert 0.98 <= named < 1.0


def test_what_a_lost_sample_named_otherwise_is_matched_because_it_overlaps():
    whole, other = run_both(6, tags=60, steps=300, lost=0.05)
    named, overlapping = shares(whole, other)
    assert named < 1.0
    assert overlapping >= 0.7, "the others were one sample long, and that sample never came"
    many = Counter(condition for condition, _start in whole)
    few = Counter(condition for condition, _start in other)
    assert sum((many - few).values()) < 0.05 * len(whole)
