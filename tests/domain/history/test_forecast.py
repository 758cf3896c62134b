"""When a disk is full: stories of an engineer who has seen disks, and what must hold for any series."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.history.forecast import Forecast, ForecastSettings, Outcome, forecast
from console.domain.history.level_drops import clean_ups
from console.domain.history.robust import theil_sen
from tests.support.labelled_series import BERLIN, DAY_US, FRESH_US, HOUR_US, hours


def look(values: list[float], full: float = 95.0, **settings_of: float) -> Forecast:
    starts = hours(len(values))
    return forecast(starts, values, full, FRESH_US, BERLIN, ForecastSettings(**settings_of))  # type: ignore[arg-type]


def rising(days: float, per_day: float, start: float = 50.0, noise: float = 0.05, seed: int = 1) -> list[float]:
    rng = Random(seed)
    return [start + per_day * k / 24 + rng.gauss(0, noise) for k in range(round(days * 24))]


def test_sens_own_example_gives_his_slope_and_bounds() -> None:
    # Sen 1968, the worked example: slope 4, and 26/7 and 35/8 at 93 %
    found = theil_sen([1, 2, 3, 4, 10, 12, 18], [9, 15, 19, 20, 45, 55, 78], z=1.83)
    assert found.slope == pytest.approx(4.0)
    assert [found.low, found.high] == pytest.approx([26 / 7, 35 / 8])


@pytest.mark.parametrize("days", [3, 7, 20, 60])
def test_a_disk_that_grows_steadily_has_its_date(days: int) -> None:
    found = look(rising(days, 1.5, start=70.0 - 1.5 * days))
    assert found.outcome is Outcome.PREDICTED
    assert found.days is not None
    assert found.days == pytest.approx(25 / 1.5, rel=0.1)
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest <= found.days <= found.latest
    assert found.per_day == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize("hours_of_data", [1, 10, 30, 48])
def test_two_days_or_less_are_too_little(hours_of_data: int) -> None:
    found = look(rising(hours_of_data / 24, 5.0))
    assert found.outcome is Outcome.TOO_SHORT
    assert found.days is None


def test_a_disk_that_was_cleaned_up_predicts_no_full_soon() -> None:
    before = rising(20, 2.0, start=50.0)  # 90 %: full in days
    assert look(before).outcome is Outcome.PREDICTED
    after_an_hour = look([*before, 40.0])
    assert after_an_hour.days is None or after_an_hour.days > 20  # one value: nobody knows yet
    after_a_day = look(before + rising(1, 2.0, start=40.0))
    assert after_a_day.outcome is Outcome.CLEANED_UP
    assert after_a_day.days is None
    after_a_week = look(before + rising(7, 2.0, start=40.0))
    assert after_a_week.outcome is Outcome.PREDICTED
    assert after_a_week.days == pytest.approx((95 - 54) / 2.0, rel=0.15)  # from after it, never a fall
    assert after_a_week.cleaned_us == pytest.approx(FRESH_US - 7 * DAY_US, abs=2 * HOUR_US)


def test_a_clean_up_in_steps_over_some_hours_is_one_clean_up() -> None:
    values = [*rising(10, 1.0, start=75.0), 80.0, 71.0, 62.0, *rising(6, 1.0, start=55.0)]
    found = look(values)
    assert len(clean_ups(hours(len(values)), values)) == 1
    assert found.outcome is Outcome.PREDICTED
    assert found.per_day == pytest.approx(1.0, rel=0.25)


def test_flat_and_falling_disks_have_no_date_and_never_a_negative_one() -> None:
    assert look(rising(30, 0.0)).outcome is Outcome.FLAT
    falling = look(rising(30, -0.8, start=80.0))
    assert falling.outcome is Outcome.FALLING
    assert falling.days is None
    assert falling.per_day < 0


def test_a_hair_s_breadth_in_a_year_is_flat() -> None:
    assert look([48.0 - 0.0000004 * k for k in range(24 * 50)]).outcome is Outcome.FLAT
    assert look([48.0 + 0.0000004 * k for k in range(24 * 50)]).outcome is Outcome.FLAT


def test_a_constant_value_is_flat() -> None:
    assert look([61.0] * 200).outcome is Outcome.FLAT


def test_a_full_disk_is_full_now() -> None:
    found = look(rising(10, 3.0, start=70.0))
    assert found.outcome is Outcome.FULL
    assert found.days == 0.0


def test_shifts_and_weekends_are_no_trend() -> None:
    rng = Random(4)
    starts = hours(24 * 42)
    values = [
        30 + (35 if (at // DAY_US + 3) % 7 < 5 and 6 <= at // HOUR_US % 24 < 22 else 0) + rng.gauss(0, 1.0)
        for at in starts
    ]
    found = forecast(starts, values, 95.0, FRESH_US, BERLIN)
    assert found.outcome in (Outcome.FLAT, Outcome.UNSURE)
    assert found.cleaned_us == 0  # a weekend is no clean-up


def test_a_weekly_backup_that_comes_and_goes_is_no_clean_up() -> None:
    rng = Random(6)
    values = [
        50 + 0.3 * k / 24 + (25 if (k // 24) % 7 == 6 and k % 24 < 20 else 0) + rng.gauss(0, 0.2)
        for k in range(24 * 40)
    ]
    found = look(values[: 24 * 34 + 22])  # two hours after the newest backup was moved away
    assert found.cleaned_us == 0
    assert found.outcome in (Outcome.PREDICTED, Outcome.UNSURE, Outcome.FLAT)
    assert found.days is None or found.days == pytest.approx((95 - 85) / 0.3, rel=0.5)


def test_logs_that_are_rotated_every_night_do_not_fill_the_disk() -> None:
    values = [40 + 12 * (k % 24) / 24 for k in range(24 * 21 + 13)]
    found = look(values)
    assert found.outcome in (Outcome.FLAT, Outcome.REGULAR)


def test_a_disk_that_was_made_larger_is_as_if_cleaned_up() -> None:
    small, large = rising(25, 1.6, start=52.0), rising(9, 0.8, start=46.0, seed=3)
    found = look(small + large)
    assert found.cleaned_us
    assert found.days is None or found.days > 40


def test_growth_is_found_below_a_daily_rhythm_and_single_spikes() -> None:
    rng = Random(5)
    starts = hours(24 * 30)
    values = [20 + 1.2 * k / 24 + 10 * math.sin(2 * math.pi * k / 24) + rng.gauss(0, 0.5) for k in range(len(starts))]
    for k in rng.sample(range(len(values)), 4):
        values[k] += 25.0  # what a query in a hurry does
    found = forecast(starts, values, 95.0, FRESH_US, BERLIN)
    assert found.outcome is Outcome.PREDICTED
    assert found.per_day == pytest.approx(1.2, rel=0.15)
    peak_now = 20 + 1.2 * 30 + 10
    assert found.days == pytest.approx((95 - peak_now) / 1.2, rel=0.2)


def test_the_newest_piece_of_a_trend_counts() -> None:
    slow, fast = rising(30, 0.1, start=20.0), rising(20, 2.0, start=23.0, seed=2)
    found = look(slow + fast)
    assert found.outcome is Outcome.PREDICTED
    assert found.per_day == pytest.approx(2.0, rel=0.15)
    assert found.changes_us[-1] == pytest.approx(FRESH_US - 20 * DAY_US, abs=2 * DAY_US)
    stiff = look(slow + fast, flexibility=1)
    assert not stiff.changes_us


def test_a_disk_that_is_cleaned_up_every_week_is_not_full_before_the_next_time() -> None:
    week = [40 + 45 * k / 168 for k in range(168)]
    values = week * 6 + week[:100]
    found = look(values)
    assert found.outcome is Outcome.REGULAR
    assert found.every_us == pytest.approx(7 * DAY_US, rel=0.05)
    assert found.days is None
    skipped = look(week * 5 + [40 + 45 * k / 168 for k in range(190)])
    assert skipped.outcome in (Outcome.REGULAR, Outcome.PREDICTED)
    long_skipped = look([v * 0.8 for v in week * 5] + [32 + 36 * k / 168 for k in range(280)])
    assert long_skipped.outcome is Outcome.PREDICTED  # the habit has ended


def test_peaks_that_rise_from_clean_up_to_clean_up_have_a_date() -> None:
    values = [30 + 4 * week + 30 * k / 168 for week in range(7) for k in range(168)] + [58.0, 58.2]
    found = look(values)
    assert found.outcome is Outcome.PREDICTED
    assert found.days == pytest.approx((95 - 84) / 4 * 7, rel=0.3)


def test_a_short_past_does_not_look_far_ahead() -> None:
    found = look(rising(4, 0.5, start=20.0, noise=0.01))
    assert found.outcome is Outcome.BEYOND
    assert found.days is None


def test_old_values_and_none_say_so() -> None:
    starts = [at - 3 * DAY_US for at in hours(24 * 10)]
    assert forecast(starts, rising(10, 1.0), 95.0, FRESH_US).outcome is Outcome.OLD
    assert forecast([], [], 95.0, FRESH_US).outcome is Outcome.NO_DATA
    assert forecast(hours(5), [math.nan] * 5, 95.0, FRESH_US).outcome is Outcome.NO_DATA


def test_a_rhythm_is_drawn_ahead_and_chance_is_not() -> None:
    rng = Random(8)
    shifts = [60 + 0.5 * k / 24 + 10 * math.sin(2 * math.pi * k / 24) + rng.gauss(0, 0.3) for k in range(24 * 30)]
    middles = [point.middle for point in look(shifts).path]
    assert sum(b < a for a, b in pairwise(middles)) > len(middles) / 4
    plain = [point.middle for point in look(rising(30, 0.5, start=60.0, noise=0.3)).path]
    assert all(b >= a for a, b in pairwise(plain))


def test_gaps_are_left_out_and_not_filled() -> None:
    values = rising(30, 1.0, start=40.0)
    holed = [math.nan if 200 <= k < 330 else v for k, v in enumerate(values)]
    assert look(holed).days == pytest.approx(look(values).days or 0, rel=0.1)


def test_the_band_widens_with_time_and_holds_the_path() -> None:
    found = look(rising(30, 1.0, start=40.0, noise=0.4))
    widths = [point.high - point.low for point in found.path]
    assert all(b >= a - 1e-9 for a, b in pairwise(widths))
    assert all(point.low <= point.middle <= point.high for point in found.path)
    assert found.path[0].at_us == FRESH_US


def test_noise_alone_is_hardly_ever_called_growth() -> None:
    called = 0
    for seed in range(40):
        rng, value, values = Random(seed), 0.0, []
        for _ in range(24 * 30):
            value = 0.9 * value + rng.gauss(0, 1)
            values.append(50 + value)
        called += look(values).outcome is Outcome.PREDICTED
    assert called <= 4


def test_the_band_holds_what_comes_four_times_in_five() -> None:
    held = total = 0
    for seed in range(40):
        rng = Random(seed)
        values = [20 + 1.0 * k / 24 + rng.gauss(0, 1.5) for k in range(24 * 60)]
        found = look(values[: 24 * 40], full=200.0)
        if not found.path:
            continue
        future = max(values[24 * 46 : 24 * 47])
        point = min(found.path, key=lambda p: abs(p.at_us - (FRESH_US + 7 * DAY_US)))
        line = found.level + 0 * point.middle
        assert line > 0
        width = (point.high - point.low) / 2
        expected = 20 + 47 + 1.5 * 2.0  # of a day's highest
        total += 1
        held += abs(future - expected) <= max(width, 1.5 * 1.5)
    assert total == 40
    assert held >= 0.75 * total


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(0, 100) | st.just(math.nan), min_size=0, max_size=300),
    full=st.floats(1, 120),
    flexibility=st.integers(1, 5),
)
def test_whatever_comes_there_is_never_a_negative_or_unfounded_date(
    values: list[float], full: float, flexibility: int
) -> None:
    found = look(values, full, flexibility=flexibility)
    if found.days is None:
        assert found.outcome not in (Outcome.PREDICTED, Outcome.FULL)
        return
    assert found.outcome in (Outcome.PREDICTED, Outcome.FULL)
    assert found.days >= 0
    assert found.earliest is None or 0 <= found.earliest <= found.days + 1e-6
    assert found.latest is None or found.latest >= found.days - 1e-6


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-1e3, 1e3), scale=st.floats(0.01, 100))
def test_the_unit_of_a_value_does_not_matter(shift: float, scale: float) -> None:
    values = rising(12, 1.0, start=60.0)
    plain = look(values, 95.0)
    other = look([v * scale + shift for v in values], 95.0 * scale + shift)
    assert plain.days is not None
    assert other.days == pytest.approx(plain.days, rel=1e-3)
