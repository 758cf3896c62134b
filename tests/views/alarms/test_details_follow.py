"""How the details follow the current alarm, how they are reached, and that they never stand in the way."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState, Occurrence
from console.services.records import TrendColumns
from console.services.station import ALARMS, AlarmDetailsQuery, TrendQuery
from console.services.story_records import AlarmDetails
from console.ui.view import Selection
from console.ui.wall_clock import now_us
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import alarms, condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.details_stage import GUIDED, answer, beat, lines, opened
from tests.views.alarms.stage import MINUTE, deliver, select, view_of


@pytest.mark.proves("ALARM-F50")
def test_holding_the_arrow_key_asks_once_and_a_late_answer_about_another_alarm_is_dropped(
    qtbot: QtBot, station: FakeStation
) -> None:
    gates: dict[UUID, asyncio.Future[None]] = {}
    plain = station.query

    async def query(question: Any) -> Any:
        if not isinstance(question, AlarmDetailsQuery):
            return await plain(question)
        gate = gates.setdefault(question.condition_id, asyncio.get_running_loop().create_future())
        try:
            await asyncio.shield(gate)
        except asyncio.CancelledError:
            await gate  # a station that answers all the same
        return answer(question, own_past=question.start_us)

    station.query = query  # type: ignore[method-assign, assignment]

    async def story() -> None:
        deliver(station, [condition(row) for row in range(40)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen, 0)
            await until(lambda: len(gates) == 1)
            view = view_of(screen)
            for row in range(1, 40):
                select(view, [row])
            last = condition(39)
            await until(lambda: pane.present is not None and pane.present.condition == last and len(gates) == 2)
            gates[condition(0).condition_id].set_result(None)
            await asyncio.sleep(0)
            assert pane.details is None, "an answer about the first alarm is not shown for the last"
            gates[last.condition_id].set_result(None)
            await until(lambda: pane.details is not None and pane.details.condition_id == last.condition_id)
            assert list(gates) == [condition(0).condition_id, last.condition_id]

    run(story())


@pytest.mark.proves("ALARM-F50")
def test_news_about_the_alarm_are_asked_for_and_news_about_others_are_not(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [condition(0), condition(1)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            pane = await opened(screen, 0)
            await until(lambda: len(asked) == 1)
            start = int(view.table.alarms["start_us"][0])
            station.deliver(ALARMS, alarms([1], state=AlarmState.ACKNOWLEDGED, start_us=start + 5))
            beat(view)
            assert not pane._again.isActive()
            station.deliver(ALARMS, alarms([0], start_us=start, notes={0: "Bert: looks dirty"}))
            beat(view)
            await until(lambda: len(asked) == 2)
            assert asked[1] == asked[0]

    run(story())


def test_an_alarm_that_goes_while_it_is_read_stays_to_be_read(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            pane = await opened(screen)
            before = pane.present.occurrence if pane.present else None
            station.deliver(ALARMS, alarms([0], state=AlarmState.NORMAL))
            beat(view)
            assert view.table.rowCount() == 0
            assert lines(pane, "what")["State"] == "normal"
            assert pane.present is not None and pane.present.occurrence == before

    run(story())


@pytest.mark.proves("ALARM-F79", "ALARM-F76")
def test_from_the_alarm_to_its_display_are_two_actions_at_most(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [replace(condition(0), **GUIDED), replace(condition(1), display="Mimic 12")])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen, 0)
            assert pane.head.display.text() == "Open display: Trends"
            screen.actions.set_list_focus(False)  # as the frame does for a button with the keyboard
            QTest.keyClick(pane.head.display, Qt.Key.Key_Space)
            screen.actions.set_list_focus(True)
            view_id, selection = screen.went[-1]
            assert view_id == "trends" and selection is not None
            assert selection.occurrence == Occurrence(condition(0).condition_id, selection.at_us)
            pane = await opened(screen, 1)
            pane.head.display.click()  # no screen of that name: where it is in the plant
            assert screen.went[-1][0] == "topology"
            select(view_of(screen), [0])
            screen.press(Qt.Key.Key_T)
            assert [view_id for view_id, _selection in screen.went] == ["trends", "topology", "trends"]

    run(story())


def test_the_half_hour_around_the_start_is_drawn_with_the_limits_and_the_moment(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    at = now_us()
    times = np.arange(at - 20 * MINUTE, at, MINUTE, dtype=np.int64)
    values = np.linspace(60.0, 78.0, len(times))
    good = np.arange(len(times)) % 5 != 0
    queries: list[TrendQuery] = []

    def history(query: TrendQuery) -> tuple[TrendColumns, ...]:
        queries.append(query)
        return (TrendColumns(query.tag_ids[0], times, values, values, values, good, True),)

    station.answers[TrendQuery] = history

    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            await until(lambda: pane.trend.snippet is not None)
            shown = pane.trend.snippet
            assert shown is not None and shown.crossed == "HH" and shown.limits == condition(0).limits
            assert shown.from_us <= shown.mark_us <= shown.to_us and pane.present is not None
            assert shown.mark_us == pane.present.occurrence.start_us
            assert queries[0].to_us - queries[0].from_us == 30 * MINUTE
            low, high = pane.trend.value_range()
            assert low < 60.0 and high > 78.0
            trusted, doubted = pane.trend.lines()
            assert trusted and doubted
            assert not pane.trend.grab().isNull()

    run(story())


def test_a_value_without_history_and_a_past_that_cannot_be_read_say_so(qtbot: QtBot, station: FakeStation) -> None:
    def broken(_query: AlarmDetailsQuery) -> AlarmDetails:
        raise OSError("disk")

    station.answers[AlarmDetailsQuery] = broken

    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            await until(lambda: "cannot be read now" in " ".join(pane.cards.cards["past"].texts()))
            await until(lambda: pane.trend.words == "There is no history of this value.")
            assert lines(pane, "what")["State"] == "active, unacknowledged", "what is known stays"
            assert not screen.said

    run(story())


def test_without_an_alarm_the_pane_says_what_belongs_here(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            if not view.details.is_open:
                view.details.toggle()
            head = view.details.pane.head
            await until(head.empty.isVisible)
            assert head.empty.text().startswith("Select an alarm")
            assert not view.details.pane.area.isVisible() and not asked

    run(story())


def test_everything_is_copied_as_text_by_key_and_escape_goes_back_to_the_list(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [replace(condition(0), **GUIDED)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            pane = await opened(screen)
            pane.area.setFocus()
            QTest.keyClick(pane.area, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
            copied = QGuiApplication.clipboard().text()
            assert copied.startswith("Robot 0 joint temperature high\nAssembly · ROB-0\n")
            assert "Cause: Fan blocked" in copied and "H: 70 °C" in copied and "Check the cooling fan." in copied
            QTest.keyClick(pane.area, Qt.Key.Key_Escape)
            assert view.list.hasFocus()

    run(story())


@pytest.mark.proves("ALARM-F76", "ALARM-F82")
def test_one_key_shows_and_hides_the_details_and_the_choice_is_remembered(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.flush()
            select(view, [0])
            assert view.details.is_open, "there is room"
            screen.press(Qt.Key.Key_D)
            assert not view.details.is_open and view.list.hasFocus()
            state = view.save_state()
            screen.press(Qt.Key.Key_D)
            assert view.details.is_open and view.list.hasFocus()
            view.restore_state(state)
            assert not view.details.is_open

    run(story())


def test_the_pane_goes_below_the_list_where_there_is_no_room_beside_it(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert view.details.orientation() == Qt.Orientation.Horizontal
            screen.window.resize(900, 760)
            await until(lambda: view.details.orientation() == Qt.Orientation.Vertical)
            assert not view.details.is_open, "the list comes first"
            view.details.toggle()
            await until(lambda: view.details.pane.width() > 600)
            assert not view.timeline.isVisible(), "the strip gives its place"
            assert view.lists.height() > 150

    run(story())


def test_the_details_in_sight_explain_their_alarm_and_lead_to_its_procedure(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [replace(condition(0), **GUIDED), condition(1)])
        async with Screen(AlarmsView, station) as screen:
            view, pane = view_of(screen), await opened(screen)
            own, other = (Selection(occurrence=view.table.alarms.occurrence(row)) for row in (0, 1))
            assert view.explains(own) and not view.explains(other)
            view.show_procedure()
            assert pane.has_keyboard()
            assert pane.cards.cards["todo"].visibleRegion().boundingRect().height() > 0
            view.details.toggle()
            assert not view.explains(own), "what is not in sight explains nothing"

    run(story())
