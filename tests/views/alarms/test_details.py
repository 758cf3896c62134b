"""The details of the current alarm: what they say, how they follow, and that they never stand in the way."""

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

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState, Occurrence
from console.domain.quality import Detail, Quality
from console.models.alarm_table import AlarmTab
from console.models.heartbeat import heartbeat
from console.services.records import TrendColumns
from console.services.station import ALARMS, TAGS, AlarmDetailsQuery, TrendQuery
from console.services.story_records import AlarmDetails, LinkedIncident, PastOccurrence, RawInputs, StoryStep
from console.ui.format import age_text
from console.ui.plain_label import PlainLabel
from console.ui.translation import set_language
from console.ui.wall_clock import now_us
from console.views.alarms.details import DetailsPane
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.plant_rows import alarms, condition, shelf, tag, tag_values
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, deliver, select, view_of

GUIDED: dict[str, Any] = {
    "cause": "Fan blocked",
    "consequence": "Drive trips within minutes",
    "time_to_respond_s": 600,
    "owner": "Maintenance",
    "display": "Trends",
}
INCIDENT = LinkedIncident(UUID(int=5), "INC-7", "closed", "Robot gets hot", "replaced", "New fan", "Bert Ohm", 1)


def answer(query: AlarmDetailsQuery, **more: Any) -> AlarmDetails:
    return AlarmDetails(query.condition_id, query.start_us, **more)


def past(minute: int, *, is_own: bool = True, **more: Any) -> PastOccurrence:
    start = now_us() - minute * MINUTE
    known: dict[str, Any] = {"ended_us": start + 5 * MINUTE, "acknowledged_us": start + MINUTE}
    return PastOccurrence(UUID(int=9), start, "ROB-8", is_own, **{**known, "acknowledged_by": "Anna Ä.", **more})


@pytest.fixture
def asked(station: FakeStation) -> list[AlarmDetailsQuery]:
    """The questions that the pane asks; they are answered with nothing."""
    questions: list[AlarmDetailsQuery] = []

    def reply(query: AlarmDetailsQuery) -> AlarmDetails:
        questions.append(query)
        return answer(query)

    station.answers[AlarmDetailsQuery] = reply
    return questions


async def opened(screen: Screen, row: int = 0) -> DetailsPane:
    """The pane beside the list, about this row."""
    view = view_of(screen)
    view.table.flush()
    if not view.details.is_open:
        view.details.toggle()
    select(view, [row])
    pane = view.details.pane
    wanted = view.table.alarms.condition(row)
    await until(lambda: pane.present is not None and pane.present.condition == wanted)
    return pane


def lines(pane: DetailsPane, key: str) -> dict[str, str]:
    told = pane.cards.cards[key].texts()
    return dict(zip(told[::2], told[1::2], strict=False))


def beat(view: AlarmsView) -> None:
    heartbeat().beat()
    view.table.flush()
    view.details.pane.refresh()


@pytest.mark.proves("ALARM-F73", "ALARM-F68")
def test_the_details_say_what_to_do_why_and_how_much_time_is_left(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [replace(condition(0), **GUIDED)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            assert pane.head.title.text() == "Robot 0 joint temperature high"
            assert pane.head.crumb.text() == "Assembly · ROB-0"
            told = lines(pane, "guidance")
            assert (told["Cause"], told["Consequence"]) == ("Fan blocked", "Drive trips within minutes")
            assert told["Owner"] == "Maintenance"
            assert told["Time to respond"].startswith("10:00 · ") and told["Time to respond"].endswith(" left")
            assert pane.cards.cards["todo"].texts() == ["Check the cooling fan.\nCall plant IT."]

    run(story())


@pytest.mark.proves("ALARM-F73")
def test_what_nobody_wrote_is_said_to_be_missing_and_time_that_is_over_says_since_when(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        bare = replace(condition(0), response="", time_to_respond_s=30)
        deliver(station, [bare])  # it began a minute ago
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            assert lines(pane, "guidance")["Cause"] == "not written"
            assert "over since" in lines(pane, "guidance")["Time to respond"]
            assert pane.cards.cards["todo"].texts() == ["No response is written for this alarm."]

    run(story())


@pytest.mark.proves("ALARM-F5")
def test_the_crossed_limit_is_marked_and_the_worst_one_remembered(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        deliver(station, [condition(0)], severity=1, worst=2)
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            assert lines(pane, "limits") == {"H": "70 °C ◂ crossed now", "HH": "75 °C · was crossed"}
            assert lines(pane, "what")["Severity now"] == "H 70"
            assert lines(pane, "what")["Worst"] == "HH 75 · since the last acknowledgement"

    run(story())


@pytest.mark.proves("ALARM-F12")
def test_the_value_lives_and_one_that_cannot_be_trusted_does_not_look_good(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        station.deliver(TAGS, tag_values([0], 78.4, added=[tag(0)], is_snapshot=True, source_us=now_us()))
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            assert lines(pane, "what")["Value now"] == "78.4 bar"
            station.deliver(TAGS, tag_values([0], 81.0, source_us=now_us()))
            await until(lambda: lines(pane, "what")["Value now"] == "81 bar")
            station.deliver(TAGS, tag_values([0], 81.0, quality=Quality.BLIND, detail=Detail.LINK_DOWN))
            await until(lambda: lines(pane, "what")["Quality"].startswith("blind: our link is down"))
            roles = {label.text(): label.property("role") for label in pane.findChildren(PlainLabel)}
            assert roles["81 bar"] == "stale"

    run(story())


@pytest.mark.proves("ALARM-F32", "ALARM-F18")
def test_what_keeps_an_alarm_out_of_the_list_stands_in_its_details(
    qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]
) -> None:
    async def story() -> None:
        until_us = now_us() + 30 * MINUTE
        told = shelf(until_us, since_us=now_us() - 10 * MINUTE, is_one_shot=True)
        deliver(station, [condition(0)], flags=int(AlarmFlag.SHELVED), aside={0: told})
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.show_tab(AlarmTab.SHELVED)
            pane = await opened(screen)
            aside = lines(pane, "aside")
            assert aside["Shelved"] == "Otto Ohm · A1"
            assert aside["Reason"] == "chattering · sensor is loose"
            assert "left" in aside["Ends"] and aside["Ends"].endswith("or its return")

    run(story())


@pytest.mark.proves("ALARM-F70", "ALARM-F75", "ALARM-F47")
def test_acknowledgements_comments_history_and_incidents_come_with_their_names(
    qtbot: QtBot, station: FakeStation
) -> None:
    at = now_us() - MINUTE
    steps = (
        StoryStep("alarm.commented", at, at, "Bert Ohm", "B2", "looks dirty"),
        StoryStep("alarm.acknowledged", at, at + 10 * MINUTE, "Bert Ohm", "B2", is_concurrent=True),
        StoryStep("alarm.acknowledged", at, at, "Anna Ä.", "A1", "on my way", doubts=("clock_suspect",)),
        StoryStep("raised", at, at, value=78.4, severity=2, priority=2),
    )
    station.answers[AlarmDetailsQuery] = lambda query: answer(query, steps=steps, incidents=(INCIDENT,))

    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            await until(lambda: pane.details is not None)
            acks = " / ".join(pane.cards.cards["acks"].texts())
            assert "Bert Ohm · B2 · did not know of the other" in acks
            assert "Anna Ä. · A1 · “on my way” · the station's clock was wrong" in acks
            assert "Bert Ohm · B2 · “looks dirty”" in pane.cards.cards["comments"].texts()
            history = " / ".join(pane.cards.cards["history"].texts())
            assert "raised · 78.4 °C" in history and "received" in history
            told = pane.cards.cards["incidents"].texts()
            assert told[:2] == ["INC-7", "closed · Robot gets hot"]
            assert told[3].startswith("replaced · New fan · Bert Ohm")
            pane.openers[0].click()
            assert screen.went[-1][0] == "incidents" and screen.went[-1][1].incident_id == INCIDENT.incident_id  # type: ignore[union-attr]

    run(story())


@pytest.mark.proves("ALARM-F52")
def test_like_cases_say_how_it_usually_goes_and_what_was_done_then(qtbot: QtBot, station: FakeStation) -> None:
    many = tuple(past(60 * n, incidents=(INCIDENT,) if n == 3 else ()) for n in range(1, 51))
    other = past(9000, is_own=False, acknowledged_us=0, acknowledged_by="", ended_us=0)
    reply = {"past": (*many, other), "own_past": 10_000}
    station.answers[AlarmDetailsQuery] = lambda query: answer(query, **reply)

    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            await until(lambda: pane.details is not None)
            told = pane.cards.cards["past"].texts()
            assert told[-1] == (
                "10,000 times before · usually for 5:00 · acknowledged after 1:00 · 1 time on other devices"
            )
            assert len(told) == 2 * 5 + 1, "the newest five"
            assert told[1] == "for 5:00 · acknowledged after 1:00 by Anna Ä."
            assert pane.cards.more["past"].text() == "Show 20 more"
            for _click in range(3):
                pane.cards.more["past"].click()
            assert pane.cards.more["past"].isHidden()
            assert len(pane.cards.cards["past"].texts()) == 2 * 51 + 1
            assert pane.cards.cards["past"].texts()[-2] == "ROB-8 · no return seen · never acknowledged"
            (label, done) = pane.cards.cards["solutions"].texts()
            assert label == "INC-7" and done.startswith("replaced · New fan")

    run(story())


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


@pytest.mark.proves("ALARM-F12")
def test_raw_inputs_behind_a_computed_value_stand_with_their_own_quality(qtbot: QtBot, station: FakeStation) -> None:
    inputs = RawInputs("a / b", (("Press shop/PLC-1/a", 3), ("Press shop/PLC-1/b", -1)))
    station.answers[AlarmDetailsQuery] = lambda query: answer(query, inputs=inputs)

    async def story() -> None:
        known = tag_values([3], 7.5, added=[tag(3, "a")], is_snapshot=True, quality=Quality.STALE)
        station.deliver(TAGS, known)
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            await until(lambda: pane.details is not None)
            told = lines(pane, "inputs")
            assert told["Computed"] == "a / b"
            assert told["a"].startswith("7.5 bar · stale")
            assert told["b"] == "Press shop/PLC-1/b · not known"

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


def test_text_from_outside_stays_text_everywhere_in_the_details(qtbot: QtBot, station: FakeStation) -> None:
    hostile = " ".join(HOSTILE) + "<img src=x><b>bold</b>"
    at = now_us()
    steps = (StoryStep("alarm.commented", at, at, hostile, hostile, hostile), StoryStep(hostile, at, at, hostile))
    incident = replace(INCIDENT, title=hostile, solution=hostile, number="<b>1</b>")
    olds = (past(10, acts=steps, incidents=(incident,), acknowledged_by=hostile),)
    station.answers[AlarmDetailsQuery] = lambda query: answer(query, steps=steps, incidents=(incident,), past=olds)

    async def story() -> None:
        told: dict[str, Any] = dict.fromkeys(
            ("text", "response", "cause", "consequence", "owner", "display", "subject"), hostile
        )
        deliver(station, [replace(condition(0, area=hostile, asset=hostile), **told)], owners={0: hostile})
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            await until(lambda: pane.details is not None)
            labels = pane.findChildren(PlainLabel)
            assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)
            assert any("<b>bold</b>" in label.text() for label in labels)
            assert "<img src=x>" in pane.text()

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


def test_the_details_speak_german(qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]) -> None:
    async def story() -> None:
        deliver(station, [replace(condition(0), **GUIDED)])
        async with Screen(AlarmsView, station) as screen:
            set_language("de")
            try:
                pane = await opened(screen)
                told = lines(pane, "guidance")
                assert told["Ursache"] == "Fan blocked" and told["Klasse"] == "Standard"
                assert lines(pane, "what")["Zustand"] == "aktiv, unquittiert"
            finally:
                set_language("en")

    run(story())


def test_ages_are_of_now(qtbot: QtBot, station: FakeStation, asked: list[AlarmDetailsQuery]) -> None:
    async def story() -> None:
        deliver(station, [condition(0)])
        async with Screen(AlarmsView, station) as screen:
            pane = await opened(screen)
            first = lines(pane, "what")["Since"]
            assert pane.present is not None and age_text(MINUTE)[:2] in first
            await until(lambda: lines(pane, "what")["Since"] != first)

    run(story())
