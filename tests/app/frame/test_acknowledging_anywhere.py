"""Banner and faceplate acknowledge as the list does: with the word or the signature that an alarm asks for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.app.frame.main_window import MainWindow
from console.domain.commands import AcknowledgeAlarms
from console.services.people_records import SignatureSheet
from console.services.station import ALARMS, SignatureQuery
from console.ui.dialogs import QuestionDialog
from console.ui.plain_label import PlainLabel
from console.ui.signing import SignatureDialog
from console.ui.view import Selection
from tests.app.frame.test_main_window import desk, sent
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import until

SHEET = SignatureSheet("Olga", "responsible", "I, {name}, acknowledge", "alarms", "1", (("Alarms", "1"),), "ab" * 32)


def asking(station: FakeStation, **needs: bool) -> None:
    """Every alarm of the plant asks for it."""
    delta = plant.alarms()
    conditions = tuple(replace(one, **needs) for one in delta.conditions)
    station.deliver(ALARMS, replace(delta, conditions=conditions))


def open_ones(kind: type) -> list[Any]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]


@pytest.mark.proves("ALARM-F39")
@pytest.mark.parametrize("place", ["banner", "faceplate"])
def test_an_alarm_that_needs_a_word_gets_one_from_banner_and_faceplate_too(
    qtbot: QtBot, tmp_path: Path, place: str
) -> None:
    async def story(window: MainWindow, station: FakeStation) -> None:
        asking(station, needs_comment=True)
        press(window, place)
        await until(lambda: open_ones(QuestionDialog))
        (dialog,) = open_ones(QuestionDialog)
        assert not sent(station, AcknowledgeAlarms) and not dialog.accept_button.isEnabled()
        assert any("SW-CORE-1" in label.text() for label in dialog.findChildren(PlainLabel))
        dialog.input("comment").setPlainText("seen on site")
        dialog.accept_button.click()
        await until(lambda: sent(station, AcknowledgeAlarms))
        (command,) = sent(station, AcknowledgeAlarms)
        assert command.comment == "seen on site"
        assert command.occurrences == (window.picture.alarm(0).occurrence,)

    desk(tmp_path, story)


@pytest.mark.proves("ALARM-F40")
@pytest.mark.parametrize("place", ["banner", "faceplate"])
def test_an_alarm_of_a_signed_class_is_signed_from_banner_and_faceplate_too(
    qtbot: QtBot, tmp_path: Path, place: str
) -> None:
    async def story(window: MainWindow, station: FakeStation) -> None:
        station.answers[SignatureQuery] = lambda _query: SHEET
        asking(station, needs_signature=True)
        press(window, place)
        await until(lambda: open_ones(SignatureDialog))
        (dialog,) = open_ones(SignatureDialog)
        assert not sent(station, AcknowledgeAlarms)
        dialog.secret.setText("correct horse")
        dialog.sign_button.click()
        await until(lambda: sent(station, AcknowledgeAlarms))
        (command,) = sent(station, AcknowledgeAlarms)
        assert command.proof is not None and command.proof.secret == "correct horse"

    desk(tmp_path, story)


def press(window: MainWindow, place: str) -> None:
    if place == "banner":
        window.banners.main.acknowledge_button.click()
        return
    window.faceplate.show_selection(Selection(asset_id=plant.asset_id("SW-CORE-1")))
    window.faceplate._button_of["alarm.acknowledge"].click()
