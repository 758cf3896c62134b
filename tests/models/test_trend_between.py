"""What lies between two cursors equals a count in plain Python: gaps, bad values, doubles, held values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.models.trend_between import Between, between, between_of
from console.models.trend_pen import TrendPen


def counted(rows, from_us, to_us):
    """The same, sample by sample: rows are (time, value, good) in time order."""
    before = [row for row in rows if row[0] <= from_us]
    inside = [row for row in rows if from_us < row[0] < to_us]
    begins = ([(from_us, *before[-1][1:])] if before else []) + inside
    if from_us in [row[0] for row in rows]:  # all of that stamp count, the last of them holds
        first = next(k for k, row in enumerate(rows) if row[0] == from_us)
        begins = [row for row in rows[first:] if row[0] < to_us]
        if before and before[-1][0] == from_us:
            begins = [before[-1], *inside]
    spans = []
    for k, (at, value, good) in enumerate(begins):
        end = begins[k + 1][0] if k + 1 < len(begins) else to_us
        spans.append((max(end - at, 0), value, good and not math.isnan(value)))
    good = [(held, value) for held, value, is_good in spans if is_good]
    lasting = sum(held for held, _value in good)
    known = sum(held for held, _value, _good in spans)
    gaps, was_gap = 0, False
    for held, _value, is_good in spans:
        is_gap = not is_good and held > 0
        gaps += is_gap and not was_gap
        was_gap = is_gap
    mean = sum(held * value for held, value in good) / lasting if lasting else math.nan
    spread = sum(held * (value - mean) ** 2 for held, value in good) / lasting if lasting else math.nan
    return {
        "low": min((value for _held, value in good), default=math.nan),
        "high": max((value for _held, value in good), default=math.nan),
        "mean": mean,
        "deviation": math.sqrt(spread) if lasting else math.nan,
        "gaps": gaps,
        "good_share": lasting / known if known else math.nan,
    }


samples = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.one_of(st.just(math.nan), st.floats(-1e6, 1e6).map(lambda v: round(v, 3))),
        st.booleans(),
    ),
    max_size=40,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


def arrays(rows):
    return (
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.bool_),
    )


@given(samples, st.integers(-10, 210), st.integers(1, 150))
def test_between_two_moments_equals_counting_sample_by_sample(rows, from_us, span):
    found = between(arrays(rows), from_us, from_us + span)
    wanted = counted(rows, from_us, from_us + span)
    for name, value in wanted.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-9, abs=1e-6, nan_ok=True), name


@given(samples, st.integers(-10, 210), st.integers(1, 150))
def test_a_pen_tells_the_same_as_its_samples(rows, from_us, span):
    pen = TrendPen()
    pen.append(*arrays(rows))
    found, wanted = between_of(pen, from_us, from_us + span), between(arrays(rows), from_us, from_us + span)
    for name in ("low", "high", "mean", "deviation", "gaps", "good_share"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=1e-6, abs=1e-6, nan_ok=True), name


def test_a_counter_of_a_billion_keeps_its_small_deviation():
    at = np.arange(0, 1000, dtype=np.int64)
    value = 1e9 + np.tile([0.0, 0.5], 500)
    assert between((at, value, np.ones(1000, np.bool_)), 0, 1000).deviation == pytest.approx(0.25)


def test_before_the_first_sample_nothing_is_known():
    rows = [(100, 5.0, True)]
    assert between(arrays(rows), 0, 50) == pytest.approx(Between(), nan_ok=True) or math.isnan(
        between(arrays(rows), 0, 50).mean
    )
    assert between(arrays(rows), 0, 200).good_share == 1.0
