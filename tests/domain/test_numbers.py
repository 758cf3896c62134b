"""Numbers that people type: what is mistyped is found."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.numbers import NumberSeries, check_character, is_valid, site_short

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def us(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000


def test_published_examples_of_mod_37_36_come_out():
    assert check_character("A12425GABC1234002") == "M"  # the example of the Global Release Identifier
    assert check_character("A1-2425G-ABC1234002") == "M"
    assert is_valid("A1-2425G-ABC1234002-M")


@given(st.text(LETTERS, min_size=1, max_size=30))
def test_a_number_with_its_check_character_is_valid(text):
    assert is_valid(text + check_character(text))


@given(st.text(LETTERS, min_size=1, max_size=24), st.data())
def test_any_single_wrong_character_is_found(text, data):
    number = text + check_character(text)
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from(LETTERS.replace(number[place], "")))
    assert not is_valid(number[:place] + other + number[place + 1 :])


def test_a_swap_of_neighbours_is_found():
    series = NumberSeries("WERK", "A1", "A", "261121")
    number = series.number(12).replace("-", "")
    swapped = [number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(len(number) - 1)]
    assert not any(is_valid(one) for one in swapped if one != number)


@pytest.mark.proves("P26")
def test_the_number_names_site_station_incarnation_day_and_place():
    series = NumberSeries.at(us(2026, 11, 21, 12), "WERK", "a1", "b")
    assert series.prefix == "INC-WERK-A1B-261121-"
    number = series.number(7)
    assert number[:-1] == "INC-WERK-A1B-261121-7"
    assert is_valid(number)
    assert is_valid(number.lower())


def test_the_day_is_the_day_of_the_sites_calendar():
    late_evening_utc = us(2026, 11, 21, 23, 30)
    assert NumberSeries.at(late_evening_utc, "W", "A1", "A", ZoneInfo("Europe/Berlin")).day == "261122"
    assert NumberSeries.at(late_evening_utc, "W", "A1", "A").day == "261121"


@given(st.integers(1, 10**6))
def test_the_place_in_the_series_is_read_back(n):
    series = NumberSeries("WERK", "A1", "A", "261121")
    assert series.place_of(series.number(n)) == n


@pytest.mark.parametrize(
    "text", ["", "INC-", "INC-WERK-A1A-261121-7?", "INC-WERK-A1A-261121-70", "INC-X-A1A-261121-7Q", "Ω"]
)
def test_other_texts_have_no_place_in_the_series(text):
    assert NumberSeries("WERK", "A1", "A", "261121").place_of(text) == 0


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Kassel", "KASS"),
        ("Werk Süd", "SUED"),
        ("Gas & Öl", "OEL"),
        ("Kassel !", "KASS"),
        ("上海", "SITE"),
        ("", "SITE"),
        ("β7", "7"),
    ],
)
def test_a_site_has_a_short_name_for_its_numbers(name, short):
    assert site_short(name) == short
