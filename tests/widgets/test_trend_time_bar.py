"""The time bar: a moment typed in the site's zone, whole days, and a clear word when it is none."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt

from console.ui.format import set_site_zone
from console.ui.translation import set_language
from console.widgets.trend_time_bar import TrendTimeBar, span_words

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600 * 1_000_000


def us(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000_000


NOW = us("2026-11-22 13:30")


@pytest.fixture
def bar(qtbot):
    set_site_zone("Europe/Berlin")
    made = TrendTimeBar([("today", "Today")], lambda: NOW)
    qtbot.addWidget(made)
    made.retell()
    made.jumped, made.refused = [], []
    made.field.jumped.connect(lambda a, b: made.jumped.append((a, b)))
    made.field.refused.connect(made.refused.append)
    yield made
    set_site_zone("UTC")
    set_language("en")


def enter(qtbot, bar, text):
    bar.field.clear()
    qtbot.keyClicks(bar.field, text)
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)


@pytest.mark.parametrize("text", ["21.11. 06:00", "2026-11-21 06:00", "21.11.2026 06:00:00", "2026-11-21T06:00"])
def test_a_date_and_a_time_of_the_site_are_a_moment(qtbot, bar, text):
    enter(qtbot, bar, text)
    assert bar.jumped == [(us("2026-11-21 06:00"), us("2026-11-21 06:00"))]


def test_a_day_alone_is_the_whole_day_also_when_clocks_are_changed(qtbot, bar):
    enter(qtbot, bar, "2026-10-25")
    ((begin, end),) = bar.jumped
    assert (begin, end) == (us("2026-10-25"), us("2026-10-26"))
    assert end - begin == 25 * HOUR


@pytest.mark.parametrize("text", ["yesterday", "31.02.2026", "25:00", "2026-11-21 6 o'clock"])
def test_what_is_no_time_is_marked_and_refused_by_name(qtbot, bar, text):
    enter(qtbot, bar, text)
    assert bar.jumped == []
    assert text in bar.refused[0]
    assert bar.field.property("invalid")


def test_a_moment_to_come_is_refused(qtbot, bar):
    enter(qtbot, bar, "22.11. 18:00")
    assert bar.jumped == []
    assert "18:00" in bar.refused[0]


def test_an_empty_field_does_nothing(qtbot, bar):
    enter(qtbot, bar, "")
    assert not bar.jumped
    assert not bar.refused


def test_the_bar_shows_what_is_chosen_and_says_why_something_is_not(bar):
    bar.tell(HOUR, "", True, False)
    assert not bar.spans[HOUR].property("flat")
    assert bar.spans[24 * HOUR].property("flat")
    assert bar.back.isEnabled()
    assert not bar.forward.isEnabled()
    bar.tell(24 * HOUR, "today", True, False)
    assert bar.spans[24 * HOUR].property("flat")
    assert not bar.periods["today"].property("flat")
    bar.set_unavailable({"today": "no <b>shifts</b>"})
    assert not bar.periods["today"].isEnabled()
    assert "<b>shifts" not in bar.periods["today"].toolTip()


def test_words_of_a_span_name_each_day_once(bar):
    begin = us("2026-11-22 09:00")
    assert span_words(begin, begin + 2 * HOUR) == "22 Nov 2026 09:00 – 11:00"
    assert span_words(begin - 24 * HOUR, begin) == "21 Nov 09:00 – 22 Nov 2026 09:00"
    set_language("de")
    assert span_words(begin, begin + HOUR // 60) == "22.11.2026 09:00:00 – 09:01:00"
