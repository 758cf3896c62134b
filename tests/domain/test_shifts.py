"""The beginning of a shift is what the clocks of the site show."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from console.domain.shifts import shift_start_us

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
THREE = (6 * 3600, 14 * 3600, 22 * 3600)


def us(*moment, zone=UTC):
    return round(datetime(*moment, tzinfo=zone).timestamp()) * 1_000_000


@pytest.mark.proves("ALARM-T21")
@pytest.mark.parametrize(
    ("now", "begun"),
    [
        ((2026, 11, 22, 6, 0), (2026, 11, 22, 6, 0)),
        ((2026, 11, 22, 5, 59), (2026, 11, 21, 22, 0)),
        ((2026, 11, 22, 13, 59), (2026, 11, 22, 6, 0)),
        ((2026, 3, 29, 3, 30), (2026, 3, 28, 22, 0)),  # Berlin's clocks went forward at 2
        ((2026, 3, 29, 6, 0), (2026, 3, 29, 6, 0)),
        ((2026, 10, 25, 6, 1), (2026, 10, 25, 6, 0)),  # and back at 3
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_the_shift_began_at_its_hour_on_the_wall(now, begun, zone):
    assert shift_start_us(us(*now, zone=zone), THREE, zone) == us(*begun, zone=zone)


def test_an_hour_that_the_clocks_leave_out_and_one_that_they_show_twice_begin_one_shift_each():
    at_half_past_two = (2 * 3600 + 1800,)
    left_out = shift_start_us(us(2026, 3, 29, 12, 0, zone=BERLIN), at_half_past_two, BERLIN)
    assert us(2026, 3, 29, 0, 0) < left_out < us(2026, 3, 29, 3, 0)
    seen = {shift_start_us(us(2026, 10, 25, 0, minute), at_half_past_two, BERLIN) for minute in range(30, 60)}
    seen |= {shift_start_us(us(2026, 10, 25, 1, minute), at_half_past_two, BERLIN) for minute in range(60)}
    assert seen == {us(2026, 10, 25, 0, 30)}


def test_a_site_without_shifts_has_none():
    assert shift_start_us(us(2026, 11, 22, 6, 0), (), UTC) == 0
