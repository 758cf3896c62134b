"""Axes: round moments of the site's clock on any day, labels that can be told apart, scales that turn back."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.format import local, set_site_zone
from console.ui.translation import set_language
from console.widgets.trend_axes import (
    Scale,
    log_ticks,
    round_log_range,
    time_label,
    time_ticks,
    value_labels,
    value_ticks,
)

US = 1_000_000
HOUR, DAY = 3600 * US, 86_400 * US
SPRING = 1_774_738_800 * US  # 2026-03-29 00:00 in Berlin; the clocks go on at 02:00
AUTUMN = 1_792_879_200 * US  # 2026-10-25 00:00 in Berlin; they go back at 03:00


@pytest.fixture(autouse=True)
def berlin():
    set_site_zone("Europe/Berlin")
    yield
    set_site_zone("UTC")
    set_language("en")


def clocks(from_us, to_us, width):
    return [f"{local(at):%H:%M}" for at in time_ticks(from_us, to_us, width)]


def test_labels_stay_on_round_hours_of_the_wall_on_days_when_clocks_are_changed():
    assert clocks(SPRING, SPRING + 23 * HOUR, 800)[:4] == ["00:00", "03:00", "06:00", "09:00"]
    assert clocks(AUTUMN, AUTUMN + 25 * HOUR, 800)[:4] == ["00:00", "03:00", "06:00", "09:00"]


@pytest.mark.parametrize("begin", [SPRING, AUTUMN])
def test_midnights_of_a_week_with_a_change_of_clocks_are_midnights(begin):
    from_us = begin - 3 * DAY
    ticks = time_ticks(from_us, from_us + 8 * DAY, 1000)
    assert len(ticks) >= 7
    assert {f"{local(at):%H:%M}" for at in ticks} == {"00:00"}
    assert {local(b).date() - local(a).date() for a, b in pairwise(ticks)} == {timedelta(days=1)}


def test_a_year_shows_first_days_of_months_and_the_number_of_the_new_year():
    ticks = time_ticks(AUTUMN - 200 * DAY, AUTUMN + 165 * DAY, 1200)
    assert {local(at).day for at in ticks} == {1}
    step = ticks[1] - ticks[0]
    assert [time_label(at, step) for at in ticks if local(at).month == 1] == ["2027"]
    assert len(ticks) == 12


def test_weeks_begin_on_mondays():
    ticks = time_ticks(AUTUMN, AUTUMN + 40 * DAY, 800)
    assert {local(at).weekday() for at in ticks} == {0}


@given(st.integers(1, 400 * 86_400 * 1000), st.integers(1_500_000_000, 1_900_000_000), st.integers(150, 3000))
def test_ticks_lie_in_the_window_in_order_and_never_touch(milliseconds, begin, width):
    from_us, span = begin * US, milliseconds * 1000
    ticks = time_ticks(from_us, from_us + span, width)
    assert all(from_us <= at <= from_us + span for at in ticks)
    pixels = [(b - a) / span * width for a, b in pairwise(ticks)]
    assert all(gap >= 60 for gap in pixels)  # of the 96 that are wanted; a changed clock takes an hour off one


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e9), st.integers(30, 900))
def test_labels_of_a_value_axis_can_be_told_apart(low, span, height):
    ticks = value_ticks(low, low + max(span, abs(low) * 1e-9), height)
    labels = value_labels(ticks)
    assert len(set(labels)) == len(set(ticks))


def test_labels_are_short():
    assert value_labels([0, 100_000, 200_000]) == ["0", "100k", "200k"]
    assert value_labels([1e-6, 1e-5, 1e-4]) == ["1e-6", "1e-5", "1e-4"]
    assert value_labels([1_234_567, 1_234_568]) == ["1,234,567", "1,234,568"]
    set_language("de")
    assert value_labels([0.5, 1.0, 1.5]) == ["0,5", "1", "1,5"]


@given(st.floats(1e-9, 1e9), st.floats(1.0, 1e12))
def test_a_logarithmic_range_holds_its_data_and_has_labels(low, ratio):
    high = low * ratio
    bottom, top = round_log_range(low, high)
    assert 0 < bottom <= low
    assert high <= top
    assert log_ticks(bottom, top, 200)


def test_a_logarithmic_range_without_anything_above_zero_is_still_one():
    assert round_log_range(-5.0, 0.0) == (0.1, 10.0)
    bottom, top = round_log_range(0.0, 100.0)
    assert 0 < bottom < 100 <= top


@given(st.floats(1e-3, 1e3), st.floats(1.5, 1e6), st.booleans(), st.floats(0, 1), st.floats(0.1, 5))
def test_zooming_an_axis_keeps_the_value_under_the_pointer(low, ratio, is_log, share, factor):
    scale = Scale(low, low * ratio, is_log)
    value = scale.value(share, 1.0)
    zoomed = Scale(*scale.zoomed(factor, share), is_log)
    assert zoomed.value(share, 1.0) == pytest.approx(value, rel=1e-6)
    assert scale.y(value, 300.0) == pytest.approx(share * 300, abs=1e-6)
    moved = Scale(*scale.moved(0.25), is_log)
    assert moved.value(0.75, 1.0) == pytest.approx(scale.value(0.5, 1.0), rel=1e-6)


def test_what_a_logarithmic_axis_cannot_show_lies_below_it():
    assert Scale(0.1, 10.0, True).y(0.0, 100.0) > 100
    assert Scale(0.1, 10.0, True).y(-3.0, 100.0) > 100
