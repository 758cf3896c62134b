"""Aggregates and trends over any window agree with counting every sample by hand, whatever rollups answer them."""

import math
import random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.calendar_periods import Period, period_edges
from console.domain.quality import Quality
from console.services.historian.aggregate_answer import aggregate_answer
from console.services.historian.trend_answer import trend_answer
from tests.support.history_past import ByHand, MemoryPast, S, timeline_of, trusted

BEGIN = 1_700_000_000 * S  # no multiple of a bucket


def plant(seed, *, days=2.0, count=400):
    """Samples as plants send them: bursts, silence, gaps, bad ones, equal stamps, equal samples, one far off."""
    chance = random.Random(seed)
    rows, at_us, value = [], BEGIN, 50.0
    for _ in range(count):
        at_us += chance.choice((0, 0, 1, 10_000, S, S, 7 * S, 60 * S, 1_000 * S, int(days * 400) * S))
        value = round(value + chance.uniform(-3, 3), 2)
        quality = chance.choice((0, 0, 0, 0, 1, 2, 3))
        said = math.nan if quality == Quality.STALE or chance.random() < 0.03 else value
        rows.append((at_us, said, quality))
        if chance.random() < 0.05:
            rows.append(rows[-1])
    return rows


def close(found, wanted, size=0.0):
    return (math.isnan(found) and math.isnan(wanted)) or math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-6 + size)


def check_period(hand, figures, i, *, bounds=True):
    from_us, to_us = int(figures.from_us[i]), int(figures.to_us[i])
    inside, pieces = hand.inside(from_us, to_us), hand.pieces(from_us, to_us)
    good = [row[1] for row in inside if trusted(row)]
    held = [(row[1], seconds) for row, seconds in pieces if trusted(row)]
    assert figures.count[i] == len(good)
    assert figures.untrusted[i] == len(inside) - len(good)
    good_s = sum(seconds for _value, seconds in held)
    integral = sum(value * seconds for value, seconds in held)
    assert close(figures.good_s[i], good_s, 1e-3)
    assert close(figures.bad_s[i], sum(seconds for row, seconds in pieces if not trusted(row)), 1e-3)
    assert close(figures.good_s[i] + figures.bad_s[i] + figures.unknown_s[i], (to_us - from_us) / 1e6, 1e-2)
    assert close(figures.integral[i], integral, 1e-4 * max(good_s, 1))
    if good_s > 1:
        assert close(figures.mean[i], integral / good_s, 1e-4)
    assert close(figures.first[i], good[0] if good else math.nan)
    assert close(figures.last[i], good[-1] if good else math.nan)
    before = hand.held_before(from_us)
    at_begin = [before[1]] if before and trusted(before) and from_us < hand.until_us else []
    low, high = (min(good + at_begin), max(good + at_begin)) if good + at_begin else (math.nan, math.nan)
    for found, wanted, sign in ((figures.low[i], low, 1), (figures.high[i], high, -1)):
        if figures.is_exact[i] or math.isnan(wanted):
            assert close(found, wanted, -1e-6)
        else:
            assert 0 <= sign * (wanted - found) <= abs(wanted) * 1.3e-7
    if good:
        assert close(figures.sample_mean[i], sum(good) / len(good))
        spread = float(np.std(good, ddof=1)) if len(good) > 1 else 0.0
        assert close(figures.deviation[i], spread, 1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_any_window_has_the_figures_of_its_samples(seed, data):
    rows = plant(seed)
    end = rows[-1][0]
    from_us = data.draw(st.integers(BEGIN - 5_000 * S, end))
    to_us = data.draw(st.integers(from_us + 1, end + 50_000 * S))
    cuts = data.draw(st.lists(st.integers(from_us + 1, to_us), max_size=4))
    now_us = data.draw(st.integers(end, end + 60_000 * S))
    is_live = data.draw(st.booleans())
    timeline = timeline_of(MemoryPast(rows), now_us=now_us, is_live=is_live)
    edges = np.unique(np.array([from_us, *cuts, to_us], np.int64))
    figures = aggregate_answer(timeline, edges)
    newest = max(enumerate(rows), key=lambda row: (row[1][0], row[0]))[1]
    hand = ByHand(rows, now_us if is_live or not trusted(newest) else end)
    for i in range(len(edges) - 1):
        check_period(hand, figures, i)
    assert figures.is_whole.all()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"])
@pytest.mark.parametrize("period", list(Period))
def test_calendar_periods_over_the_days_when_clocks_change_have_the_figures_of_their_samples(zone, period):
    chance = random.Random(zone + period)
    begin = 1_711_000_000 * S  # ten days before Europe's clocks go forward in 2024
    rows = sorted(
        (begin + chance.randrange(240 * 86_400) * S, round(chance.uniform(0, 90), 1), chance.choice((0, 0, 0, 2)))
        for _ in range(900)
    )
    rows = list(dict.fromkeys(rows))
    days = 4 if period is Period.HOUR else 240
    edges = np.array(period_edges(begin, begin + days * 86_400 * S, period, ZoneInfo(zone), 10_000), np.int64)
    figures = aggregate_answer(timeline_of(MemoryPast(rows), now_us=rows[-1][0]), edges)
    hand = ByHand(rows, rows[-1][0])
    for i in range(len(edges) - 1):
        check_period(hand, figures, i)
    if period is Period.DAY and zone == "Europe/Berlin":
        assert 23 * 3600 in (np.diff(edges) // S).tolist()


def test_figures_of_a_year_are_read_from_few_buckets_and_its_ends_from_samples():
    rows = [(BEGIN + hour * 3600 * S + hour, float(hour % 24), 0) for hour in range(365 * 24)]
    past = MemoryPast(rows)
    edges = np.array([BEGIN + 12_345, BEGIN + 364 * 86_400 * S + 1], np.int64)
    figures = aggregate_answer(timeline_of(past, now_us=rows[-1][0]), edges)
    check_period(ByHand(rows, rows[-1][0]), figures, 0)
    assert past.reads[0] == 10_000
    assert past.reads.count("raw") == 2
    assert len(past.reads) <= 9


def test_the_deviation_by_time_weighs_each_value_by_how_long_it_held(monkeypatch):
    rows = [(0, 0.0, 0), (90 * S, 10.0, 0), (100 * S, math.nan, 3)]
    edges = np.array([0, 200 * S], np.int64)
    figures = aggregate_answer(timeline_of(MemoryPast(rows), now_us=200 * S), edges, deviation_by_time=True)
    assert figures.mean[0] == pytest.approx(1.0)
    assert figures.deviation_by_time[0] == pytest.approx(3.0)
    assert figures.deviation[0] == pytest.approx(math.sqrt(50))
    plain = aggregate_answer(timeline_of(MemoryPast(rows), now_us=200 * S), edges)
    assert math.isnan(plain.deviation_by_time[0])
    monkeypatch.setattr("console.services.historian.aggregate_answer.MOST_SAMPLES", 2)
    too_many = aggregate_answer(timeline_of(MemoryPast(rows), now_us=200 * S), edges, deviation_by_time=True)
    assert math.isnan(too_many.deviation_by_time[0])  # nobody waits for minutes: it is said that it is not known
    assert too_many.deviation[0] == pytest.approx(math.sqrt(50))


def test_a_bucket_that_cannot_be_cut_any_more_is_told_as_not_whole():
    rows = [(k * 2_000 * S, float(k), 0) for k in range(100)]
    past = MemoryPast(rows, kept={0: 10**15, 10: 10**15, 100: 10**15, 1_000: 10**15})
    edges = np.array([0, 43_000 * S, 100_000 * S], np.int64)  # within the bucket of [40,000, 50,000)
    figures = aggregate_answer(timeline_of(past, now_us=rows[-1][0]), edges)
    assert figures.count.tolist() == [20, 30]
    assert figures.is_whole.tolist() == [False, False]
    whole = aggregate_answer(timeline_of(past, now_us=rows[-1][0]), np.array([0, 40_000 * S, 100_000 * S], np.int64))
    assert whole.is_whole.all()


def test_old_periods_come_from_coarser_rollups_where_finer_ones_are_gone():
    rows = [(BEGIN + k * 60 * S, float(k % 7), 0) for k in range(5_000)]
    split = (BEGIN // (10_000 * S) + 15) * 10_000 * S
    past = MemoryPast(rows, kept={0: split, 10: split, 100: split})
    edges = np.array([BEGIN // (1_000 * S) * 1_000 * S + k * 9_000 * S for k in range(30)], np.int64)
    figures = aggregate_answer(timeline_of(past, now_us=rows[-1][0]), edges)
    hand = ByHand(rows, rows[-1][0])
    for i in range(len(edges) - 1):
        check_period(hand, figures, i)
    assert figures.is_whole.all()


def check_trend(hand, columns, from_us, to_us, buckets):
    inside = hand.inside(from_us, to_us)
    if columns.is_raw:
        assert len(inside) <= buckets
        assert columns.time_us.tolist() == [row[0] for row in inside]
        np.testing.assert_array_equal(columns.last, [row[1] for row in inside])
        assert columns.good.tolist() == [row[2] == 0 and not math.isnan(row[1]) for row in inside]
        return
    assert len(columns.time_us) <= buckets
    width = columns.width_us
    assert (np.diff(columns.time_us) > 0).all()
    covered = 0
    for start, low, high, last, good in zip(
        *(column.tolist() for column in (columns.time_us, columns.low, columns.high, columns.last, columns.good)),
        strict=True,
    ):
        assert start % width == 0 or buckets < 16
        mine = hand.inside(start, start + width)
        covered += len(hand.inside(max(start, from_us), min(start + width, to_us)))
        values = [row[1] for row in mine if trusted(row)]
        if values:
            assert 0 <= min(values) - low <= 1.3e-7 * abs(low)
            assert 0 <= high - max(values) <= 1.3e-7 * abs(high)
        else:
            assert not good
        assert (math.isnan(last) and math.isnan(mine[-1][1])) or last == mine[-1][1]
        if good:
            assert all(row[2] <= Quality.UNCERTAIN and not math.isnan(row[1]) for row in mine)
        else:
            assert any(row[2] != Quality.GOOD or math.isnan(row[1]) for row in mine)
    assert covered == len(inside)  # none lost: every sample lies in a bucket


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_a_trend_of_any_window_shows_every_extreme_and_every_gap(seed, data):
    rows = plant(seed, days=data.draw(st.sampled_from([0.01, 2.0, 200.0])))
    end = rows[-1][0]
    from_us = data.draw(st.integers(BEGIN - 5_000 * S, end))
    to_us = data.draw(st.integers(from_us + 1, end + 50_000 * S))
    buckets = data.draw(st.sampled_from([1, 7, 16, 50, 333, 5_000]))
    columns = trend_answer(timeline_of(MemoryPast(rows), now_us=end), from_us, to_us, buckets)
    hand = ByHand(rows, end)
    check_trend(hand, columns, from_us, to_us, buckets)
    earlier = [row for row in hand.rows if row[0] < from_us]
    if columns.is_raw:
        assert columns.held_us == (earlier[-1][0] if earlier else 0)
        assert columns.held_good == bool(earlier and earlier[-1][2] == 0)
