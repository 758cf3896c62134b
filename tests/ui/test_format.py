"""Numbers, ages and qualities read the same everywhere, and nothing untrusted looks good."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.quality import Detail, Quality
from console.ui import format as f
from console.ui.translation import set_language

S = 1_000_000


@pytest.fixture(autouse=True)
def _english_in_utc():
    set_language("en")
    f.set_site_zone("UTC")
    yield
    set_language("en")
    f.set_site_zone("UTC")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (42, "0:42"),
        (1445, "24:05"),
        (3600, "1:00 h"),
        (8880, "2:28 h"),
        (100_000, "1 d 3 h"),
        (-5, "0:00"),
    ],
)
def test_ages_are_written_as_the_crew_says_them(seconds, text):
    assert f.age_text(seconds * S) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (78.4, "78.4"),
        (563.629, "563.6"),
        (46.1077, "46.11"),
        (1.05849, "1.058"),
        (0.012345, "0.01235"),
        (8760.62, "8761"),
        (9999.7, "10,000"),
        (123456.78, "123,457"),
        (8765, "8765"),
        (184220.0, "184,220"),
        (9_007_199_254_741, "9,007,199,254,741"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.5, "-0.5"),
        (1e-7, "1.000e-07"),
    ],
)
def test_numbers_keep_what_matters(value, text):
    assert f.number_text(value) == text


def test_german_numbers_use_the_comma(qapp):
    set_language("de")
    assert f.number_text(184220.25) == "184.220"
    assert f.number_text(78.4) == "78,4"
    assert f.exact_text(563.6294) == "563,6294"


def test_the_exact_value_is_kept_for_hovering_and_only_where_digits_are_left_out():
    assert f.value_text(563.6294, 0, unit="V").full == "563.6294 V\ngood"
    assert f.value_text(563.6, 0, unit="V").exact == ""
    assert f.exact_text(12.0) == f.exact_text(math.nan) == f.exact_text(math.inf) == ""


@given(st.floats())
def test_every_number_has_a_short_text(value):
    text = f.number_text(value)
    assert 0 < len(text) <= 20
    if math.isfinite(value) and 1e-3 < abs(value) < 1e6:
        assert float(text.replace(",", "")) == pytest.approx(value, rel=1e-2)


@pytest.mark.parametrize("quality", [q for q in Quality if q != Quality.GOOD])
def test_only_good_values_look_good(quality):
    assert f.value_text(1.0, quality).style != ""


@given(st.integers(0, 255), st.integers(0, 255))
def test_an_unknown_quality_number_is_never_called_good(quality, detail):
    word = f.quality_word(quality, detail)
    assert word.startswith("good") == (quality == Quality.GOOD)
    assert (f.value_text(1.0, quality).style == "") == (quality == Quality.GOOD)


def test_a_value_never_seen_shows_a_dash_and_no_unit():
    shown = f.value_text(math.nan, Quality.UNKNOWN, detail=Detail.NEVER_SEEN, unit="bar")
    assert shown.text == "–"
    assert shown.style == "stale"


def test_enumerations_booleans_and_texts_are_shown_by_word():
    assert f.value_text(2.0, 0, enum=((2, "running"),), unit="x").text == "running"
    assert f.value_text(1.0, 0, is_boolean=True).text == "yes"
    assert f.value_text(math.nan, 0, text="<b>auto</b>").text == "<b>auto</b>"


def test_times_are_shown_in_the_sites_zone_with_the_offset_on_hover():
    f.set_site_zone("Europe/Berlin")
    at_us = 1_795_300_867_000_000
    assert f.clock_text(at_us) == "23:41:07"
    assert "+01:00" in f.time_tip(at_us)
    assert "22:41:07 UTC" in f.time_tip(at_us)
    assert f.clock_text(at_us, at_us + 86_400 * S) == "21 Nov 23:41:07"
    assert f.clock_text(0) == "–"


def test_an_unknown_zone_changes_nothing():
    f.set_site_zone("Europe/Berlin")
    f.set_site_zone("../../etc/passwd")
    f.set_site_zone("Nowhere/Atall")
    assert f.local(0).tzname() == "CET"


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_time_stamp_has_a_text(at_us):
    assert f.clock_text(at_us)
    f.time_tip(at_us)


def test_a_time_in_a_list_says_the_second_of_today_and_the_minute_of_another_day():
    now_us = 1_780_000_000_000_000
    assert f.short_clock_text(now_us, now_us) == f.clock_text(now_us, now_us)
    assert f.clock_text(now_us - 86_400_000_000, now_us) == "27 May 20:26:40"
    assert f.short_clock_text(now_us - 86_400_000_000, now_us) == "27 May 20:26"
    assert f.short_clock_text(0, now_us) == "–"
