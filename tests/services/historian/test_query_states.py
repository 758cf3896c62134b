"""How long a tag was in which state agrees with counting by hand; what cannot be known is said, never guessed."""

import math
import random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.historian.percentile_answer import percentile_answer
from console.services.historian.state_answer import state_answer
from tests.support.history_past import ByHand, MemoryPast, S, timeline_of, trusted

BEGIN = 1_700_000_000 * S


def machine(chance):
    """A machine with three states, gaps, bad samples, silence; none, one or many samples."""
    rows, at_us = [], BEGIN
    for _ in range(chance.choice((0, 1, 5, 150))):
        at_us += chance.choice((0, 1, S, 3 * S, 50 * S, 3_000 * S, 40_000 * S))
        value = math.nan if chance.random() < 0.1 else float(chance.randrange(3))
        rows.append((at_us, value, chance.choice((0, 0, 0, 0, 1, 2, 3))))
    return rows, at_us


def times(hand, from_us, to_us):
    """Seconds by value, and without trust."""
    by_value, bad_s = {}, 0.0
    for row, seconds in hand.pieces(from_us, to_us):
        if trusted(row):
            by_value[row[1]] = by_value.get(row[1], 0.0) + seconds
        else:
            bad_s += seconds
    return by_value, bad_s


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([3, 30, 3_000]), st.booleans())
def test_the_states_of_any_window_last_as_long_as_their_samples_say(seed, most, is_live):
    chance = random.Random(seed)
    rows, end = machine(chance)
    now_us = end + chance.choice((0, 5 * S, 30_000 * S))
    from_us = chance.randrange(BEGIN - 5_000 * S, end + 20_000 * S)
    to_us = from_us + chance.randrange(1, 60_000 * S + end - BEGIN)
    newest = sorted(dict.fromkeys(rows), key=lambda row: row[0])[-1] if rows else None
    hand = ByHand(rows, now_us if newest and (is_live or not trusted(newest)) else end)
    by_value, bad_s = times(hand, from_us, to_us)
    unknown_s = (to_us - from_us) / S - sum(by_value.values()) - bad_s
    timeline = timeline_of(MemoryPast(rows), now_us=now_us, is_live=is_live)

    states = state_answer(timeline, from_us, to_us, most, is_boolean=False, texts={})
    assert states.mixed_s == 0
    assert {one.value: one.seconds for one in states.durations} == pytest.approx(by_value, abs=1e-3)
    assert (states.bad_s, states.unknown_s) == (pytest.approx(bad_s, abs=1e-3), pytest.approx(unknown_s, abs=1e-2))

    with patch("console.services.historian.state_answer.MOST_SAMPLES", 3):
        coarse = state_answer(timeline, from_us, to_us, most, is_boolean=False, texts={})
    for one in coarse.durations:
        assert one.seconds <= by_value[one.value] + 0.01
    assert coarse.bad_s <= bad_s + 0.01
    assert coarse.unknown_s == pytest.approx(unknown_s, abs=0.5)  # seconds in buckets are float32
    for told in (states, coarse):
        assert len(told.start_us) <= max(most, 3)
        assert (told.start_us < told.end_us).all()
        assert (told.start_us[1:] >= told.end_us[:-1]).all()
        assert not len(told.start_us) or (told.start_us[0] >= from_us and told.end_us[-1] <= to_us)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_percentiles_by_time_count_the_seconds_that_each_value_held(seed):
    chance = random.Random(seed)
    rows, end = machine(chance)
    from_us, to_us = BEGIN + chance.randrange(20_000) * S, end + 10_000 * S + 30_000 * S
    by_value, _bad_s = times(ByHand(rows, end), from_us, to_us)
    shares = (0.1, 0.5, 0.9, 1.0)
    timeline = timeline_of(MemoryPast(rows), now_us=end)
    answer = percentile_answer(timeline, "T", from_us, to_us, shares, is_by_time=True)
    whole = sum(by_value.values())
    for share, value in zip(shares, answer.values, strict=True):
        if not whole:
            assert math.isnan(value)
            continue
        below = sum(seconds for one, seconds in by_value.items() if one < value)
        upto = below + by_value[value]
        assert below <= share * whole * (1 + 1e-9)
        assert upto >= share * whole * (1 - 1e-9)
