"""Whatever happens to a pen - late samples, answers from history, forgetting - it holds what a list would hold."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.models.trend_pen import TrendPen

SMALL = 4096  # chunks of 256 samples
value = st.one_of(st.integers(-100, 100).map(float), st.just(math.nan), st.just(0.1))
start = st.integers(0, 4000)


@st.composite
def batches(draw):
    """(first moment, distance, values, good): from one sample to several chunks."""
    n = draw(st.one_of(st.integers(1, 20), st.integers(200, 900)))
    pattern = draw(st.lists(st.tuples(value, st.booleans()), min_size=1, max_size=7))
    values, good = zip(*(pattern[k % len(pattern)] for k in range(n)), strict=True)
    times = draw(start) + np.arange(n, dtype=np.int64) * draw(st.integers(0, 5))
    return times, np.array(values), np.array(good, np.bool_)


acts = st.lists(st.tuples(st.sampled_from(["append", "append", "replace"]), batches()), min_size=1, max_size=8)


def perform(doings):
    """The pen, and the same as a list of (time, value, good)."""
    pen, rows = TrendPen(SMALL), []
    for act, (times, values, good) in doings:
        new = list(zip(times.tolist(), values.tolist(), good.tolist(), strict=True))
        if act == "append":
            pen.append(times, values, good)
            rows = sorted(rows + new, key=lambda row: row[0])
        else:
            begin, end = new[0][0], new[-1][0] + 1
            pen.replace(begin, end, times, values, good)
            rows = sorted([row for row in rows if not begin <= row[0] < end] + new, key=lambda row: row[0])
    return pen, rows


def brute(rows, begin, end):
    """Values of a column with the one held from before, and whether all are good."""
    before = [row for row in rows if row[0] < begin][-1:]
    seen = [row for row in before + [row for row in rows if begin <= row[0] < end] if not math.isnan(row[1])]
    return [row[1] for row in seen], all(row[2] for row in seen)


@settings(max_examples=60, deadline=None)
@given(acts, st.integers(0, 3000), st.integers(1, 300), st.integers(1, 40))
def test_a_pen_is_the_same_as_a_list_after_any_history(doings, first, step, n):
    pen, rows = perform(doings)
    if len(rows) <= SMALL - 256:  # else the oldest chunk was forgotten
        assert len(pen) == len(rows)
        assert np.array_equal(pen.samples[0], [row[0] for row in rows])
        assert np.array_equal(pen.samples[1], [row[1] for row in rows], equal_nan=True)
        edges = first + np.arange(n + 1, dtype=np.int64) * step
        columns = pen.columns(edges, 1 << 60, is_exact=True)
        for k in range(n):
            values, good = brute(rows, int(edges[k]), int(edges[k + 1]))
            lowest, highest = (min(values), max(values)) if values else (math.nan, math.nan)
            assert np.array_equal([columns.low[k], columns.high[k]], [lowest, highest], equal_nan=True)
            assert not values or bool(columns.good[k]) == good
    assert len(pen) <= SMALL


@settings(max_examples=60, deadline=None)
@given(acts, st.integers(0, 3000), st.integers(1, 300), st.integers(1, 40))
def test_hasty_columns_lose_nothing_and_take_at_most_a_quarter_of_a_column_too_much(doings, first, step, n):
    pen, rows = perform(doings)
    if len(rows) > SMALL - 256:
        return
    edges = first + np.arange(n + 1, dtype=np.int64) * step
    hasty = pen.columns(edges, 1 << 60)
    exact = pen.columns(edges, 1 << 60, is_exact=True)
    known = ~np.isnan(exact.low)
    assert (hasty.low[known] <= exact.low[known]).all()
    assert (hasty.high[known] >= exact.high[known]).all()
    assert not (hasty.good & ~exact.good)[known].any()
    for k in np.flatnonzero(~np.isnan(hasty.low)):
        near, _good = brute(rows, int(edges[k]) - step // 4, int(edges[k + 1]) + step // 4 + 1)
        assert {hasty.low[k], hasty.high[k]} <= set(near)


@settings(max_examples=60, deadline=None)
@given(acts, st.integers(0, 3000), st.integers(2, 300), st.integers(1, 40))
def test_pieces_of_a_column_never_reach_across_a_gap(doings, first, step, n):
    pen, rows = perform(doings)
    columns = pen.columns(first + np.arange(n + 1, dtype=np.int64) * step, 1 << 60)
    if columns.pieces is None or len(rows) > SMALL - 256:
        return
    pieces = columns.pieces
    numbers, counts = np.unique(pieces.column, return_counts=True)
    assert (counts >= 2).all()
    assert not np.isnan(pieces.low).any()
    for column in numbers:
        begin = first + int(column) * step
        runs = [[]]
        inside = [row for row in rows if begin <= row[0] < begin + step]
        for _at, held, _good in [row for row in rows if row[0] < begin][-1:] + inside:
            if math.isnan(held):
                runs.append([])
            else:
                runs[-1].append(held)
        ranges = {(min(run), max(run)) for run in runs if run}
        mine = pieces.column == column
        found = list(zip(pieces.low[mine].tolist(), pieces.high[mine].tolist(), strict=True))
        assert all(any(low <= bottom and top <= high for low, high in ranges) for bottom, top in found)


@settings(max_examples=40, deadline=None)
@given(acts, start, st.integers(1, 3000))
def test_statistics_are_those_of_the_list(doings, begin, length):
    pen, rows = perform(doings)
    if len(rows) > SMALL - 256:
        return
    found, end = pen.statistics(begin, begin + length), begin + length
    values, _good = brute(rows, begin, end)
    assert np.array_equal([found.low], [min(values, default=math.nan)], equal_nan=True)
    area = lasting = 0.0
    for k, (at, held, _is_good) in enumerate(rows):
        until = rows[k + 1][0] if k + 1 < len(rows) else end
        span = min(until, end) - max(at, begin)
        if span > 0 and not math.isnan(held):
            area, lasting = area + held * span, lasting + span
    if lasting:
        assert math.isclose(found.average, area / lasting, rel_tol=1e-9, abs_tol=1e-6)
    else:
        assert math.isnan(found.average)


def test_live_columns_at_the_newest_end_are_those_of_the_whole():
    rng = np.random.default_rng(3)
    pen = TrendPen(1 << 20)
    for begin in range(0, 200_000, 333):
        times = np.arange(begin, begin + 333, dtype=np.int64) * 10
        pen.append(times, rng.standard_normal(333), rng.random(333) > 0.01)
        last = int(times[-1])
        edges = last - 2_000 + np.arange(4, dtype=np.int64) * 1_000
        if begin > 1000:
            few = pen.columns(edges, last, is_exact=True)
            wide = pen.columns(np.append(edges[0] - 50_000, edges), last, is_exact=True)
            whole = pen.columns(np.append(edges, edges[-1] + np.arange(1, 20)), last, is_exact=True)
            assert np.array_equal(few.low, whole.low[:3], equal_nan=True)
            assert np.array_equal(few.high, wide.high[1:], equal_nan=True)
            assert np.array_equal(few.good[:2], whole.good[:2])


def test_ten_million_samples_would_take_at_most_two_hundred_megabytes():
    n = 400_000
    times, good = np.arange(n, dtype=np.int64), np.ones(n, np.bool_)
    short, worst = TrendPen(n), TrendPen(n)
    short.append(times, np.arange(n).astype(np.float64) % 1000, good)
    worst.append(times, np.arange(n) / 7, times % 2 == 0)
    assert short.nbytes < 15 * n
    assert worst.nbytes < 20 * n


def test_late_samples_do_not_break_a_pen_into_ever_more_pieces():
    pen = TrendPen(1 << 16)
    pen.append(np.arange(0, 40_000, 2), np.zeros(20_000), np.ones(20_000, np.bool_))
    for k in range(3000):
        at = 2 * ((k * 7919) % 19_000) + 1
        pen.append(np.array([at]), np.array([1.0]), np.array([True]))
    assert len(pen) == 23_000
    assert pen.columns(np.array([0, 40_000]), 1 << 60).high[0] == 1.0
    assert pen.nbytes < 60 * len(pen)
