"""Averages of long windows come from the station, once per window; those of other windows are not shown for it."""

import asyncio

import numpy as np
import pytest

from console.services.station import AggregateQuery
from tests.views.trends.test_cursors import figures
from tests.views.trends.test_view import Desk

S = 1_000_000
AVERAGE = 6


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    made.asked = []

    def answer(query):
        made.asked.append((query.from_us, query.to_us))
        return figures(type(query)(query.tag_ids, query.from_us, query.to_us, deviation_by_time=True))

    made.station.answers[AggregateQuery] = answer
    made.view.add_pen(0)
    yield made
    made.view.close_view()


def settle(desk):
    async def story():
        desk.view._refresh_numbers()
        await asyncio.gather(*desk.view._figures._errands._tasks)
        desk.view._refresh_numbers()

    asyncio.run(story())


def average(desk):
    return desk.view.model.index(0, AVERAGE).data()


def test_the_average_of_a_day_is_the_stations(desk):
    desk.view.navigation.set_span(86_400 * S)
    settle(desk)
    assert desk.asked == [desk.view.plot.window_us]
    assert average(desk) == "2.5 bar"


def test_a_short_window_is_told_by_the_pens(desk):
    desk.view.navigation.set_span(900 * S)
    settle(desk)
    assert not desk.asked


def test_a_live_window_is_asked_for_again_when_it_has_moved_on(desk):
    desk.view.navigation.set_span(86_400 * S)
    settle(desk)
    desk.now_us += 60 * S
    desk.view.navigation.beat()
    settle(desk)
    assert len(desk.asked) == 1
    assert average(desk) == "2.5 bar"
    desk.now_us += 1800 * S
    desk.view.navigation.beat()
    settle(desk)
    assert len(desk.asked) == 2


def test_figures_of_another_window_are_not_shown(desk):
    desk.view.navigation.set_span(86_400 * S)
    settle(desk)
    desk.station.answers[AggregateQuery] = lambda _query: ()
    desk.now_us += 10 * S  # another question may be asked
    desk.view.navigation.set_span(7200 * S)
    settle(desk)
    assert average(desk) != "2.5 bar"


def test_dragging_asks_seldom(desk):
    desk.view.navigation.set_span(86_400 * S)
    for _ in range(20):
        desk.view.plot.pan(-0.3)
        settle(desk)
    assert len(desk.asked) == 1
    desk.now_us += 3 * S
    settle(desk)
    assert len(desk.asked) == 2
    assert np.isclose(desk.asked[1][0], desk.view.plot.window_us[0])
