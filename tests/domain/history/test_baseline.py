"""What is usual: the published vector, wall clocks that jump, and marks that are checked against labels."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.history.anomalies import anomalies
from console.domain.history.baseline import (
    SLOTS,
    Bounds,
    Cell,
    Cycle,
    Measure,
    bounds,
    distance,
    reference,
    references,
)
from tests.support.labelled_series import BERLIN, HOUR_US, labelled, matched

BERLIN_ZONE = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """Site time as microseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN_ZONE).timestamp() * 1e6)


def hourly(first: str, last: str, value: float | None = None) -> list[Cell]:
    """Every hour that passes between two moments of the site's clock."""
    return [Cell(k, k / 1e12 if value is None else value) for k in range(at(first), at(last), HOUR_US)]


def test_twelve_mondays_give_the_published_bounds() -> None:
    """Ten Mondays with 10, one with 11, one with 9: mean 10, sigma 0.41, warned at 10.41 and 9.59 at one sigma."""
    mondays = [datetime(2026, 11, 16, 8, tzinfo=BERLIN_ZONE) - timedelta(weeks=k) for k in range(12)]
    numbers = [10.0] * 10 + [11.0, 9.0]
    cells = [Cell(round(m.timestamp() * 1e6), v) for m, v in zip(mondays, numbers, strict=True)]
    usual = references(cells, Cycle.WEEKDAY_HOUR, 12, at("2026-11-22T12:00"), BERLIN_ZONE)[8]
    assert usual is not None
    assert (usual.known, usual.mean, round(usual.sigma, 2)) == (12, 10.0, 0.41)
    found = bounds(usual, Measure.SIGMA, above=1.0, below=1.0)
    assert found.upper is not None
    assert found.lower is not None
    assert (round(found.upper, 2), round(found.lower, 2)) == (10.41, 9.59)


def test_the_three_measures_and_the_floor() -> None:
    usual = reference([10.0] * 10 + [11.0, 9.0])
    assert bounds(usual, Measure.ABSOLUTE, 2.0, 3.0) == Bounds(12.0, 7.0)
    assert bounds(usual, Measure.PERCENT, 10.0, 20.0) == Bounds(11.0, 8.0)
    assert bounds(usual, Measure.SIGMA, 1.0, None, floor=15.0) == Bounds(15.0, None)
    assert bounds(usual, Measure.SIGMA, 1.0, None, floor=5.0).upper == pytest.approx(10.408, abs=1e-3)
    assert bounds(usual, Measure.SIGMA, 2.0, None, least_sigma=1.0).upper == 12.0


def test_too_few_periods_have_no_bounds() -> None:
    assert bounds(reference([5.0, 6.0]), Measure.SIGMA, 3.0, 3.0) == Bounds(None, None)
    assert bounds(None, Measure.SIGMA, 3.0, 3.0) == Bounds(None, None)


def test_what_never_scattered_is_left_at_once() -> None:
    usual = reference([5.0, 5.0, 5.0])
    assert distance(5.0, usual, Measure.SIGMA) == 0.0
    assert distance(5.1, usual, Measure.SIGMA) == 999.0
    assert distance(4.9, usual, Measure.SIGMA) == -999.0
    assert distance(5.5, usual, Measure.SIGMA, least_sigma=0.25) == pytest.approx(2.0)


def test_the_running_hour_does_not_count_and_the_one_before_does() -> None:
    cells = hourly("2026-11-20T00:00", "2026-11-22T12:00", 1.0)
    found = references(cells, Cycle.HOUR, 5, at("2026-11-22T10:30"), BERLIN_ZONE)
    assert found[9] is not None
    assert found[10] is not None
    assert (found[9].known, found[10].known) == (3, 2)


@pytest.mark.parametrize(("cycle", "slot", "known"), [
    (Cycle.HOUR, 13, 4), (Cycle.WEEKDAY, 2, 4), (Cycle.WEEKDAY_HOUR, 2 * 24 + 13, 4), (Cycle.MONTH_DAY, 9, 4)
])  # fmt: skip
def test_only_the_last_periods_count(cycle: Cycle, slot: int, known: int) -> None:
    cells = hourly("2026-01-01T00:00", "2026-11-22T00:00", 2.0)
    usual = references(cells, cycle, 4, at("2026-11-22T12:00"), BERLIN_ZONE)[slot]
    assert usual is not None
    assert (usual.known, usual.mean) == (known, 2.0)


def test_missing_periods_are_missing_and_not_replaced_by_older_ones() -> None:
    cells = hourly("2026-09-01T00:00", "2026-11-22T00:00", 2.0)
    gone = [c for c in cells if not at("2026-11-09T00:00") <= c.start_us < at("2026-11-16T00:00")]
    usual = references(gone, Cycle.WEEKDAY, 4, at("2026-11-22T12:00"), BERLIN_ZONE)[0]
    assert usual is not None
    assert usual.known == 3


def test_the_night_of_summer_time_lacks_an_hour_and_the_autumn_night_has_one_twice() -> None:
    spring = hourly("2026-03-29T00:00", "2026-03-30T00:00", 1.0)
    assert len(spring) == 23
    found = references(spring, Cycle.HOUR, 3, at("2026-03-30T12:00"), BERLIN_ZONE)
    assert found[2] is None
    assert found[1] is not None
    autumn = [Cell(k, float(n)) for n, k in enumerate(range(at("2026-10-25T00:00"), at("2026-10-26T00:00"), HOUR_US))]
    assert len(autumn) == 25
    usual = references(autumn, Cycle.HOUR, 3, at("2026-10-26T12:00"), BERLIN_ZONE)[2]
    assert usual is not None
    assert (usual.known, usual.mean) == (1, 2.5)  # both are the night's hour from two to three


def test_parts_of_an_hour_count_by_the_time_that_is_known() -> None:
    start = at("2026-11-20T08:00")
    cells = [Cell(start, 10.0, 900.0), Cell(start + 900_000_000, 20.0, 2700.0), Cell(start, math.nan, 100.0)]
    usual = references(cells, Cycle.HOUR, 5, at("2026-11-22T12:00"), BERLIN_ZONE)[8]
    assert usual is not None
    assert usual.mean == pytest.approx(17.5)


@given(
    st.lists(st.tuples(st.integers(0, 24 * 400), st.floats(-1e6, 1e6)), max_size=200),
    st.sampled_from(list(Cycle)),
    st.integers(1, 12),
)
def test_a_reference_lies_between_the_values_it_was_made_of(
    raw: list[tuple[int, float]], cycle: Cycle, periods: int
) -> None:
    now = at("2026-11-22T12:00")
    cells = [Cell(now - hour * HOUR_US, value) for hour, value in raw]
    found = references(cells, cycle, periods, now, BERLIN_ZONE)
    assert len(found) == SLOTS[cycle]
    for usual in found:
        if usual is not None:
            assert 1 <= usual.known <= periods
            assert usual.low - 1e-6 <= usual.mean <= usual.high + 1e-6
            assert usual.sigma >= 0


def test_marks_on_labelled_series_find_what_was_put_in() -> None:
    """Ten servers, ten weeks: nine of ten marks are true, and nine of ten true ones are marked."""
    right = marked_all = found_all = true_all = 0
    for seed in range(10):
        series = labelled(seed)
        marks = [(one.start_us, one.end_us) for one in anomalies(series.starts_us, series.values, HOUR_US, BERLIN)]
        true = [(start, end) for start, end, _ in series.anomalies]
        marks = [one for one in marks if one[0] >= series.starts_us[3 * 168]]
        hit, found = matched(marks, true)
        right, marked_all = right + hit, marked_all + len(marks)
        found_all, true_all = found_all + found, true_all + len(true)
    precision, recall = right / marked_all, found_all / true_all
    assert precision >= 0.9, (precision, recall)
    assert recall >= 0.9, (precision, recall)


def test_a_quiet_series_has_no_marks() -> None:
    starts = [k * HOUR_US for k in range(24 * 60)]
    assert anomalies(starts, [5.0] * len(starts), HOUR_US, UTC) == ()


def test_a_mark_tells_begin_end_and_side() -> None:
    series = labelled(3)
    start, end, size = series.anomalies[0]
    marks = anomalies(series.starts_us, series.values, HOUR_US, BERLIN)
    mark = next(one for one in marks if one.start_us < end and one.end_us > start)
    assert abs(mark.start_us - start) <= 2 * HOUR_US
    assert (mark.score > 0) == (size > 0)
