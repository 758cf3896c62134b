"""Hours, days, weeks and months lie where the site's calendar has them, also when its clocks are changed."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from console.domain.calendar_periods import Period, period_edges

S = 1_000_000
BERLIN, HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
HAVANA, PAULO = ZoneInfo("America/Havana"), ZoneInfo("America/Sao_Paulo")


def us(*words, zone=BERLIN):
    return int(datetime(*words, tzinfo=zone).timestamp()) * S


def hours(begin, end, period, zone=BERLIN):
    edges = period_edges(us(*begin, zone=zone), us(*end, zone=zone), period, zone, 1_000)
    return [(b - a) / S / 3600 for a, b in pairwise(edges)]


@pytest.mark.parametrize(
    ("begin", "end", "zone", "lengths"),
    [
        ((2024, 3, 30), (2024, 4, 2), BERLIN, [24, 23, 24]),
        ((2024, 10, 26), (2024, 10, 29), BERLIN, [24, 25, 24]),
        ((2024, 11, 2), (2024, 11, 5), HAVANA, [24, 25, 24]),  # there midnight comes twice
        ((2018, 11, 3), (2018, 11, 6), PAULO, [24, 23, 24]),  # there midnight was left out
        ((2024, 4, 6), (2024, 4, 9), HOWE, [24, 24.5, 24]),  # half an hour
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(begin, end, zone, lengths):
    assert hours(begin, end, Period.DAY, zone) == lengths


def test_the_hour_that_comes_twice_is_two_hours_and_the_one_left_out_is_none():
    assert hours((2024, 10, 27), (2024, 10, 28), Period.HOUR) == [1.0] * 25
    assert hours((2024, 3, 31), (2024, 4, 1), Period.HOUR) == [1.0] * 23
    assert sum(hours((2024, 4, 7), (2024, 4, 8), Period.HOUR, HOWE)) == 24.5
    assert sorted(hours((2024, 4, 7), (2024, 4, 8), Period.HOUR, HOWE))[0] == 0.5


def test_weeks_begin_on_monday_and_months_on_their_first():
    weeks = period_edges(us(2024, 1, 3), us(2024, 1, 20), Period.WEEK, BERLIN, 10)
    assert weeks == [us(2024, 1, 3), us(2024, 1, 8), us(2024, 1, 15), us(2024, 1, 20)]
    months = period_edges(us(2023, 11, 9), us(2024, 2, 1), Period.MONTH, BERLIN, 10)
    assert months == [us(2023, 11, 9), us(2023, 12, 1), us(2024, 1, 1), us(2024, 2, 1)]


def test_hours_of_a_zone_with_three_quarters_begin_where_its_clocks_show_them():
    kathmandu = ZoneInfo("Asia/Kathmandu")
    edges = period_edges(
        us(2024, 5, 1, 6, 20, zone=kathmandu), us(2024, 5, 1, 8, zone=kathmandu), Period.HOUR, kathmandu, 9
    )
    assert [(b - a) // S // 60 for a, b in pairwise(edges)] == [40, 60]


def test_a_window_without_length_or_end_is_refused():
    for window in ((5, 5), (5, 4)):
        with pytest.raises(ValueError, match="empty"):
            period_edges(*window, Period.DAY, BERLIN, 10)
    with pytest.raises(ValueError, match="too many"):
        period_edges(us(2024, 1, 1), us(2024, 2, 1), Period.HOUR, BERLIN, 100)
    with pytest.raises(ValueError, match=r"ends|range"):
        period_edges(us(9999, 12, 30), 1 << 62, Period.MONTH, BERLIN, 10_000)
