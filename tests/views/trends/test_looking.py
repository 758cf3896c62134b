"""Where a trend looks: back and forward, periods, jumps, live and held; what it loads when nobody moves any more."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt

from console.models.heartbeat import heartbeat
from console.services.station import TrendQuery
from console.ui.format import set_site_zone
from tests.views.trends.test_view import Desk

S = 1_000_000
BERLIN = ZoneInfo("Europe/Berlin")


def us(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * S


@pytest.fixture
def desk(qtbot):
    set_site_zone("Europe/Berlin")
    made = Desk(qtbot)
    made.now_us = us("2026-10-25 12:30")  # the day when clocks go back
    made.view.add_pen(0)
    made.view.navigation.keep()
    yield made
    made.view.close_view()
    set_site_zone("UTC")


def look(desk):
    return desk.view.navigation.look


def test_alt_left_and_right_go_back_and_forward_through_what_was_looked_at(qtbot, desk):
    navigation, bar = desk.view.navigation, desk.view.frame.time_bar
    assert not bar.back.isEnabled()
    desk.view.plot.pan(-2)
    navigation.keep()
    first = look(desk)
    desk.view.plot.zoom(0.5)
    navigation.keep()
    second = look(desk)
    desk.view.activateWindow()
    desk.view.plot.setFocus()
    qtbot.keyClick(desk.view.plot, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert look(desk) == first
    assert desk.view.plot.window_us == (first.end_us - first.span_us, first.end_us)
    navigation.back()
    assert navigation.is_live
    assert not bar.back.isEnabled()
    navigation.forward()
    navigation.forward()
    assert look(desk) == second
    assert not bar.forward.isEnabled()


def test_a_pan_in_many_steps_is_one_place_to_come_back_to(desk):
    for _ in range(10):
        desk.view.plot.pan(-0.1)
    desk.view.navigation.keep()
    desk.view.navigation.back()
    assert desk.view.navigation.is_live


def test_a_new_place_forgets_the_way_forward(desk):
    desk.view.plot.pan(-2)
    desk.view.navigation.back()
    desk.view.plot.pan(-5)
    desk.view.navigation.keep()
    assert not desk.view.navigation.can_go_forward


def test_today_is_the_whole_day_of_the_site_and_fills_up_as_time_goes_on(desk):
    desk.view.frame.time_bar.periods["today"].click()
    begin, end = us("2026-10-25"), us("2026-10-26")
    assert desk.view.plot.window_us == (begin, end)
    assert end - begin == 25 * 3600 * S
    assert not desk.view.navigation.is_live
    assert desk.view.plot.shown.until_us == desk.now_us
    desk.now_us += 60 * S
    heartbeat().beat()
    assert desk.view.plot.window_us == (begin, end)
    assert desk.view.plot.shown.until_us == desk.now_us
    assert not desk.view.frame.time_bar.periods["today"].property("flat")
    desk.view.plot.pan(-0.1)
    assert desk.view.frame.time_bar.periods["today"].property("flat")


def test_this_shift_needs_shifts_and_says_so(desk):
    bar = desk.view.frame.time_bar
    assert not bar.periods["shift"].isEnabled()
    assert bar.periods["shift"].toolTip()

    async def story():
        desk.view.time._asked = False
        desk.view.time.ask_shifts()
        await asyncio.gather(*desk.view.time._errands._tasks)

    asyncio.run(story())
    bar.periods["shift"].click()
    assert desk.view.plot.window_us == (us("2026-10-25 06:00"), us("2026-10-25 14:00"))


def test_a_jump_brings_the_moment_into_the_middle_and_marks_it(qtbot, desk):
    field = desk.view.frame.time_bar.field
    qtbot.keyClicks(field, "24.10. 06:00")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    from_us, to_us = desk.view.plot.window_us
    assert (from_us + to_us) // 2 == us("2026-10-24 06:00")
    assert desk.view.plot.spans[0].mark_us == us("2026-10-24 06:00")
    assert desk.view.header.live.text() == "Paused"


def test_a_jump_to_nonsense_is_refused_beside_the_view(qtbot, desk):
    before = desk.view.plot.window_us
    field = desk.view.frame.time_bar.field
    qtbot.keyClicks(field, "at noon")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert "at noon" in desk.refused[-1]
    assert desk.view.plot.window_us == before


def test_a_length_keeps_the_end_of_what_is_looked_at(desk):
    desk.view.plot.pan(-3)
    end = desk.view.plot.window_us[1]
    desk.view.frame.time_bar.spans[3600 * S].click()
    assert desk.view.plot.window_us == (end - 3600 * S, end)
    desk.view.frame.time_bar.spans[365 * 86_400 * S].click()
    assert desk.view.plot.window_us == (end - 365 * 86_400 * S, end)


def test_history_is_asked_once_nobody_moves_any_more(qtbot, desk):
    asked = []
    desk.view.navigation.settled.connect(lambda a, b: asked.append((a, b)))
    for _ in range(8):
        desk.view.plot.pan(-0.2)
    assert not asked
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [desk.view.plot.window_us]
    assert TrendQuery in desk.station.answers


def test_home_goes_to_the_oldest_sample_that_a_pen_holds(qtbot, desk):
    async def story():
        desk.view._load(*desk.view.navigation.window_us)
        await asyncio.gather(*desk.view._feed._errands._tasks)

    asyncio.run(story())
    qtbot.keyClick(desk.view.plot, Qt.Key.Key_Home)
    assert desk.view.plot.window_us[0] == desk.view._feed.pens[0].first_us


def test_the_remembered_look_comes_back_without_a_way_behind_it(qtbot, desk):
    desk.view.plot.pan(-4)
    desk.view.navigation.keep()
    state = desk.view.save_state()
    desk.view.navigation.follow()
    desk.view.restore_state(state)
    assert not desk.view.navigation.is_live
    assert desk.view.save_state()["end_us"] == state["end_us"]
    assert not desk.view.navigation.can_go_back
