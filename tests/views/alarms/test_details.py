"""What the details of the current alarm say."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.domain.alarm_flags import AlarmFlag
from console.domain.quality import Detail, Quality
from console.models.alarm_table import AlarmTab
from console.services.station import TAGS, AlarmDetailsQuery
from console.services.story_records import RawInputs, StoryStep
from console.ui.format import age_text
from console.ui.plain_label import PlainLabel
from console.ui.translation import set_language
from console.ui.wall_clock import now_us
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.plant_rows import condition, shelf, tag, tag_values
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.details_stage import GUIDED, INCIDENT, answer, lines, opened, past
from tests.views.alarms.stage import MINUTE, deliver, view_of


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
