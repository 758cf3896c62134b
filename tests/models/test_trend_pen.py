"""A pen's pyramid gives exactly what looking at every sample would give, after any history of appends."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.models.trend_pen import TrendPen

value = st.one_of(st.floats(-1e6, 1e6, width=32), st.just(math.nan))
sample = st.tuples(st.integers(0, 3000), value, st.booleans())
appends = st.lists(st.lists(sample, min_size=1, max_size=400), min_size=1, max_size=8)


def pen_of(rows, capacity=1 << 20):
    pen = TrendPen(capacity)
    pen.append(*columns_of(rows))
    return pen


def columns_of(rows):
    times, values, good = zip(*rows, strict=True)
    return np.array(times, np.int64), np.array(values, np.float64), np.array(good, np.bool_)


def brute(rows, start, stop):
    """Lowest, highest and goodness of [start, stop), the value held from before included."""
    before = [row for row in rows if row[0] < start]
    seen = ([before[-1]] if before else []) + [row for row in rows if start <= row[0] < stop]
    known = [row for row in seen if not math.isnan(row[1])]
    if not known:
        return math.nan, math.nan, True
    return min(r[1] for r in known), max(r[1] for r in known), all(r[2] for r in known)


@settings(max_examples=60, deadline=None)
@given(appends, st.integers(0, 2000), st.integers(1, 400), st.integers(1, 60))
def test_the_pyramid_equals_brute_force(parts, first, step, n):
    pen, rows = TrendPen(), []
    for part in parts:
        pen.append(*columns_of(part))
        rows += part
    rows.sort(key=lambda row: row[0])
    edges = first + np.arange(n + 1, dtype=np.int64) * step
    columns = pen.columns(edges, 10**9, is_exact=True)
    for k in range(n):
        low, high, good = brute(rows, int(edges[k]), int(edges[k + 1]))
        assert np.array_equal([columns.low[k], columns.high[k]], [low, high], equal_nan=True)
        assert bool(columns.good[k]) == good or math.isnan(low)


def test_two_levels_up_the_pyramid_is_still_exact():
    rng = np.random.default_rng(1)
    n = 70_000
    values = rng.standard_normal(n).cumsum()
    values[rng.integers(0, n, 40)] = np.nan
    good = rng.random(n) > 1e-4
    pen = TrendPen()
    for start in range(0, n, 999):
        part = slice(start, start + 999)
        pen.append(np.arange(n, dtype=np.int64)[part], values[part], good[part])
    edges = np.array([0, 7, 5000, 30_011, 69_990, 70_000, 80_000])
    columns = pen.columns(edges, 10**9, is_exact=True)
    for k, (a, b) in enumerate(pairwise(edges)):
        seen = slice(max(a - 1, 0), b)
        assert columns.low[k] == np.nanmin(values[seen])
        assert columns.high[k] == np.nanmax(values[seen])
        assert columns.good[k] == (good[seen] | np.isnan(values[seen])).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(sample, min_size=1, max_size=300), st.integers(0, 3000), st.integers(1, 3000))
def test_the_average_weighs_values_by_how_long_they_held(rows, start, length):
    rows.sort(key=lambda row: row[0])
    found = pen_of(rows).statistics(start, start + length)
    area = lasting = 0.0
    for k, (at, held, _good) in enumerate(rows):
        end = rows[k + 1][0] if k + 1 < len(rows) else start + length
        span = min(end, start + length) - max(at, start)
        if span > 0 and not math.isnan(held):
            area, lasting = area + held * span, lasting + span
    if lasting:
        assert math.isclose(found.average, area / lasting, rel_tol=1e-9, abs_tol=1e-6)
    else:
        assert math.isnan(found.average)


def test_a_value_holds_until_a_gap_and_nothing_bridges_the_gap():
    pen = pen_of([(10, 5.0, True), (20, math.nan, False), (40, 7.0, True)])
    columns = pen.columns(np.arange(0, 60, 5), 54)
    assert np.isnan(columns.low).tolist() == [True] * 2 + [False] * 3 + [True] * 3 + [False] * 3
    assert pen.value_at(15) == (5.0, True)
    assert math.isnan(pen.value_at(30)[0])
    assert pen.statistics(0, 60).gaps == 1


def test_the_future_is_empty():
    columns = pen_of([(10, 5.0, True)]).columns(np.array([0, 10, 20, 30, 40]), 25)
    assert np.isnan(columns.low).tolist() == [True, False, False, True]


def test_a_full_pen_keeps_the_newest():
    pen = TrendPen(4096)
    for start in range(0, 40_000, 100):
        at = np.arange(start, start + 100, dtype=np.int64)
        pen.append(at, at.astype(np.float64), np.ones(100, np.bool_))
        assert len(pen) <= 4096
    assert pen.last_us == 39_999
    assert pen.columns(np.array([39_000, 40_000]), 10**9, is_exact=True).low[0] == 38_999


def test_history_takes_the_place_of_what_was_there():
    pen = pen_of([(at, 1.0, True) for at in range(100)])
    pen.replace(20, 30, np.array([25], np.int64), np.array([9.0]), np.array([True]))
    assert len(pen) == 91
    assert pen.columns(np.array([20, 30, 40]), 100).high.tolist() == [9.0, 9.0]


def test_a_late_sample_tells_from_when_the_picture_is_wrong():
    pen = pen_of([(10, 1.0, True), (50, 2.0, True)])
    assert pen.append(*columns_of([(30, 8.0, True)])) == 30
    assert pen.value_at(35) == (8.0, True)
    assert pen.append(*columns_of([(60, 3.0, True)])) == 60


def test_a_counter_of_billions_is_not_rounded_at_the_cursor():
    assert pen_of([(1, 4_123_456_789.0, True)]).value_at(2)[0] == 4_123_456_789.0
