"""Two cursors: their table with differences, slopes and figures, measured at once and then by the station; copied."""

import asyncio

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from console.models.trend_cursor_table import slope_unit
from console.services.history_records import AggregateColumns
from console.services.station import AggregateQuery
from console.ui.dialogs import QuestionDialog
from console.ui.theme import theme
from console.ui.translation import set_language
from console.views.trends.cursor_desk import duration_words
from tests.views.trends.test_view import NOW, Desk

S = 1_000_000
A, B = NOW - 800 * S, NOW - 200 * S


def figures(query, by_time=0.5):
    one, n = np.ones(1), len(query.tag_ids)
    assert query.deviation_by_time
    return tuple(
        AggregateColumns(
            tag_id, np.array([query.from_us]), np.array([query.to_us]), one.astype(np.int64), one.astype(np.int64),
            low=-3 * one, high=9 * one, first=one, last=one, mean=2.5 * one, sample_mean=one, deviation=0.7 * one,
            deviation_by_time=by_time * one, integral=one, good_s=450 * one, bad_s=150 * one, unknown_s=0 * one,
            is_exact=one > 0, is_whole=one > 0,
        )
        for tag_id in query.tag_ids[:n]
    )  # fmt: skip


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)

    async def story():
        for handle in (0, 2):
            made.view.add_pen(handle)
        made.view._load(*made.view.navigation.window_us)
        await asyncio.gather(*made.view._feed._errands._tasks)

    asyncio.run(story())
    made.asked = []
    made.station.answers[AggregateQuery] = lambda query: made.asked.append(query) or figures(query)
    yield made
    made.view.close_view()
    set_language("en")
    theme().use("light")


def cells(desk, row=0):
    model = desk.view.desk.between.model
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_the_table_of_the_cursors_takes_the_place_of_the_pens_and_goes_again(desk):
    assert desk.view.desk.shown is desk.view.table
    desk.view.plot.cursors.set("A", A)
    assert desk.view.desk.shown is desk.view.table  # one cursor measures nothing
    desk.view.plot.cursors.set("B", B)
    assert desk.view.desk.shown is desk.view.desk.between.table
    assert desk.view.header.cursors.isChecked()
    desk.view.header.cursors.click()
    assert desk.view.desk.shown is desk.view.table
    desk.view.header.cursors.click()
    assert desk.view.plot.cursors.span is not None


def test_difference_slope_and_figures_are_those_of_the_samples(desk):
    desk.view.plot.cursors.set("A", A)
    desk.view.plot.cursors.set("B", B)
    desk.view.desk.between.finish()
    at = np.arange(NOW - 900 * S, NOW, S)
    value = np.sin(np.arange(900) / 50)
    inside = value[(at >= A) & (at < B)]
    told = cells(desk)
    assert told[1].endswith("oil pressure")
    wanted = {
        3: value[at == A][0],
        4: value[at == B][0],
        5: value[at == B][0] - value[at == A][0],
        6: (value[at == B][0] - value[at == A][0]) / 10,  # per minute, of ten minutes
        7: inside.min(),
        8: inside.max(),
        9: inside.mean(),
        10: inside.std(),
    }
    for column, number in wanted.items():
        assert float(told[column].split()[0]) == pytest.approx(number, rel=2e-3, abs=1e-4), column
    assert told[2] == "bar"
    assert desk.view.desk.between.model.headerData(6, Qt.Orientation.Horizontal) == "Slope /min"
    assert told[11:] == ["0", "100 %"]


def test_a_before_b_or_behind_it_measures_the_same_time_with_the_other_sign(desk):
    found = []
    for first, second in ((A, B), (B, A)):
        desk.view.plot.cursors.set("A", first)
        desk.view.plot.cursors.set("B", second)
        desk.view.desk.between.finish()
        found.append(cells(desk))
    forward, told = found
    assert told[7:] == forward[7:]
    assert told[3:5] == [forward[4], forward[3]]
    assert float(told[5]) == pytest.approx(-float(forward[5]))
    assert told[6] == forward[6]  # a slope has no direction


def test_when_the_cursors_rest_the_station_measures_what_is_kept(qtbot, desk):
    between = desk.view.desk.between

    async def story():
        desk.view.plot.cursors.set("A", B)
        desk.view.plot.cursors.set("B", A)
        between.finish()
        between.ask()
        await asyncio.gather(*between._errands._tasks)

    asyncio.run(story())
    (query,) = desk.asked
    assert (query.from_us, query.to_us) == (A, B)
    told = cells(desk)
    assert told[7:] == ["-3", "9", "2.5", "0.5", "0", "75 %"]


def test_a_deviation_that_is_not_by_time_says_so(desk):
    desk.station.answers[AggregateQuery] = lambda query: figures(query, by_time=np.nan)
    between = desk.view.desk.between

    async def story():
        desk.view.plot.cursors.set("A", A)
        desk.view.plot.cursors.set("B", B)
        between.ask()
        await asyncio.gather(*between._errands._tasks)

    asyncio.run(story())
    assert cells(desk)[10] == "≈ 0.7"
    assert "not weighed" in between.model.index(0, 10).data(Qt.ItemDataRole.ToolTipRole)


def test_an_answer_for_cursors_that_moved_on_is_not_shown(desk):
    between = desk.view.desk.between

    async def story():
        desk.view.plot.cursors.set("A", A)
        desk.view.plot.cursors.set("B", B)
        between.ask()
        desk.view.plot.cursors.set("B", B + 60 * S)
        await asyncio.gather(*between._errands._tasks, return_exceptions=True)

    asyncio.run(story())
    assert cells(desk)[9] != "2.5"


def test_everything_between_the_cursors_is_copied_with_where_they_stand(desk):
    desk.view.plot.cursors.set("A", A)
    desk.view.plot.cursors.set("B", B)
    desk.view.action_handlers()["table.copy"]()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert "0:10:00" in lines[0]
    assert lines[1].split("\t")[-3:] == ["Std. dev.", "Gaps", "Good"]
    assert len(lines) == 4


def test_a_hidden_pen_is_not_measured(desk):
    desk.view.pens.change([0], lambda look: type(look)(look.colour, is_hidden=True))
    desk.view._rebuild()
    desk.view.plot.cursors.set("A", A)
    desk.view.plot.cursors.set("B", B)
    assert len(desk.view.desk.between.model.rows) == 1


def test_the_selection_goes_with_the_table(desk):
    desk.view.table.selectRow(1)
    desk.view.plot.cursors.set("A", A)
    desk.view.plot.cursors.set("B", B)
    assert [row.tag.handle for row in desk.view.desk.selected()] == [2]
    desk.view.plot.cursors.clear()
    assert desk.view.table.selected_rows() == [1]


def test_both_tables_wear_the_theme_that_came_while_they_were_hidden(desk):
    desk.view.plot.cursors.set("A", A)
    desk.view.plot.cursors.set("B", B)
    theme().use("dark")
    desk.view.plot.cursors.clear()
    assert desk.view.table.testAttribute(Qt.WidgetAttribute.WA_WState_Polished)


@pytest.mark.parametrize(
    ("span_s", "unit"), [(30, (1, "s")), (600, (60, "min")), (36_000, (3600, "h")), (900_000, (86_400, "d"))]
)
def test_slopes_are_told_by_a_time_that_fits_the_span(span_s, unit):
    assert slope_unit(span_s * S) == unit


def test_durations_are_short_and_signed():
    assert duration_words(1_250_000) == "1.25 s"
    assert duration_words(-(2 * 3600 + 5) * S) == "−2:00:05"
    assert duration_words((86_400 * 2 + 3600) * S) == "2 d 01:00:00"


def test_what_the_station_measured_stays_while_time_runs_unless_a_cursor_stands_ahead(desk):
    between = desk.view.desk.between

    async def story(end_us):
        desk.view.plot.cursors.set("A", A)
        desk.view.plot.cursors.set("B", end_us)
        between.finish()
        between.follow(desk.now_us)
        between.finish()
        between.ask()
        await asyncio.gather(*between._errands._tasks)
        for _ in range(3):
            desk.now_us += 5 * S
            between.follow(desk.now_us)
        between.finish()

    asyncio.run(story(B))
    assert cells(desk)[9] == "2.5"
    asyncio.run(story(NOW + 100 * S))
    assert cells(desk)[9] != "2.5"


def test_history_that_comes_does_not_hide_what_the_station_measured(desk):
    between = desk.view.desk.between

    async def story():
        desk.view.plot.cursors.set("A", A)
        desk.view.plot.cursors.set("B", B)
        between.ask()
        await asyncio.gather(*between._errands._tasks)

    asyncio.run(story())
    between.reloaded()
    between.finish()
    assert cells(desk)[9] == "2.5"


def test_keys_and_mouse_are_told_beside_the_work(desk):
    desk.view.header.keys.trigger()
    (dialog,) = desk.view.plot.findChildren(QuestionDialog)
    assert not dialog.isModal()
    assert not dialog.cancel_button.isVisible()
    dialog.close()
