"""Named periods are those of the site's calendar: 23 and 25 hour days, weeks from Monday, shifts over midnight."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from console.models.trend_periods import TrendPeriod, period_us

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600 * 1_000_000
SHIFTS = (6 * 3600, 14 * 3600, 22 * 3600)


def us(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000_000


def told(period, now, shifts=SHIFTS):
    return period_us(period, us(now), BERLIN, shifts)


def test_today_is_twenty_three_hours_in_spring_and_twenty_five_in_autumn():
    spring, autumn = told(TrendPeriod.TODAY, "2026-03-29 12:00"), told(TrendPeriod.TODAY, "2026-10-25 12:00")
    assert spring == (us("2026-03-29"), us("2026-03-30"))
    assert spring[1] - spring[0] == 23 * HOUR
    assert autumn[1] - autumn[0] == 25 * HOUR


def test_yesterday_ends_where_today_begins():
    assert told(TrendPeriod.YESTERDAY, "2026-10-26 00:30") == (us("2026-10-25"), us("2026-10-26"))


@pytest.mark.parametrize("now", ["2026-11-16 00:00", "2026-11-18 11:11", "2026-11-22 23:59"])
def test_this_week_goes_from_monday_to_monday(now):
    assert told(TrendPeriod.WEEK, now) == (us("2026-11-16"), us("2026-11-23"))


@pytest.mark.parametrize(
    ("now", "begin", "end"),
    [
        ("2026-11-22 05:59", "2026-11-21 22:00", "2026-11-22 06:00"),
        ("2026-11-22 06:00", "2026-11-22 06:00", "2026-11-22 14:00"),
        ("2026-11-22 23:00", "2026-11-22 22:00", "2026-11-23 06:00"),
        ("2026-10-25 04:00", "2026-10-24 22:00", "2026-10-25 06:00"),
    ],
)
def test_this_shift_is_the_running_one_also_over_midnight(now, begin, end):
    assert told(TrendPeriod.SHIFT, now) == (us(begin), us(end))


def test_the_night_shift_when_clocks_go_back_is_nine_hours_long():
    begin, end = told(TrendPeriod.SHIFT, "2026-10-25 04:00")
    assert end - begin == 9 * HOUR


def test_a_site_without_shifts_has_no_running_one():
    assert told(TrendPeriod.SHIFT, "2026-11-22 12:00", ()) is None


def test_one_shift_a_day_lasts_until_the_next_day():
    assert told(TrendPeriod.SHIFT, "2026-11-22 05:00", (7 * 3600,)) == (us("2026-11-21 07:00"), us("2026-11-22 07:00"))
