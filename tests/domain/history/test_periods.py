"""Yesterday and last week as the site's clocks show them, and the borders of shifts, over changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.history.periods import HOUR_US, US, earlier, pieces, shift_borders

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)


def us(moment: datetime) -> int:
    return round(moment.timestamp()) * US


def berlin(*parts: int, fold: int = 0) -> int:
    return us(datetime(*parts, tzinfo=BERLIN, fold=fold))


def told(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us / US, UTC).astimezone(BERLIN):%d.%m. %H:%M}"


@pytest.mark.parametrize(
    ("at", "days", "before"),
    [
        (berlin(2026, 11, 22, 8), 1, "21.11. 08:00"),
        (berlin(2026, 10, 26, 8), 1, "25.10. 08:00"),
        (berlin(2026, 10, 25, 8), 1, "24.10. 08:00"),
        (berlin(2026, 3, 30, 8), 7, "23.03. 08:00"),
        (berlin(2026, 3, 30, 2, 30), 1, "29.03. 03:30"),
    ],
)
def test_yesterday_is_when_the_clocks_showed_the_same(at, days, before):
    assert told(earlier(at, days, BERLIN)) == before


def test_both_turns_of_the_hour_that_is_there_twice_are_compared_with_the_one_hour_before():
    first, second = berlin(2026, 10, 25, 2, 30), berlin(2026, 10, 25, 2, 30, fold=1)
    assert second - first == HOUR_US
    assert earlier(first, 1, BERLIN) == earlier(second, 1, BERLIN)


def test_a_day_of_25_hours_is_compared_in_two_pieces():
    found = pieces(us(AUTUMN), us(AUTUMN + timedelta(days=1)), 1, BERLIN)
    assert [(told(one.from_us), one.offset_us // HOUR_US) for one in found] == [
        ("25.10. 00:00", 24),
        ("25.10. 02:00", 25),
    ]
    assert found[1].from_us == berlin(2026, 10, 25, 2, fold=1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 730), st.integers(1, 900), st.sampled_from([-1, 1, 7, 28, 365]))
def test_pieces_cover_the_window_and_every_moment_has_the_distance_of_its_clock(day, hours, days):
    from_us = berlin(2025, 1, 1) + day * 24 * HOUR_US
    to_us = from_us + hours * HOUR_US
    found = pieces(from_us, to_us, days, BERLIN)
    assert [one.from_us for one in found] == [from_us, *(one.to_us for one in found[:-1])]
    assert found[-1].to_us == to_us
    for one in found:
        for at in (one.from_us, (one.from_us + one.to_us) // 2, one.to_us - 1):
            assert at - earlier(at, days, BERLIN) == one.offset_us


def test_shifts_begin_when_the_clocks_say_so_also_where_clocks_are_changed():
    starts = (6 * 3600, 14 * 3600, 22 * 3600)
    found = shift_borders(us(SPRING), us(SPRING + timedelta(days=1)), starts, BERLIN)
    assert [told(at) for at in found] == ["29.03. 06:00", "29.03. 14:00", "29.03. 22:00"]
    assert found[0] - us(SPRING) == 5 * HOUR_US


def test_a_site_without_shifts_has_no_borders():
    assert shift_borders(0, us(SPRING), (), BERLIN) == ()


def test_a_border_at_the_begin_of_the_window_counts_and_one_at_its_end_does_not():
    at = berlin(2026, 11, 22, 6)
    assert shift_borders(at, at + 8 * HOUR_US, (6 * 3600, 14 * 3600), BERLIN) == (at,)
