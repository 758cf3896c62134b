"""Volume, test and check of the sound at a workstation."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from console.app.frame import sound_desk
from console.app.frame.horn import NO_DEVICE, STALLED, USUAL_VOLUME
from console.app.frame.sound_check import SoundCheck
from console.app.frame.sound_desk import SoundDesk
from console.domain.alarm_classes import AlarmSettings, SoundRules
from console.services.station import AlarmSettingsQuery
from console.ui.errands import Errands
from console.ui.format import set_site_zone
from console.ui.theme import theme
from console.ui.translation import set_language
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run, until
from tests.support.sound import NullSink

PROJECT = Path(__file__).resolve().parents[3]


class Horn(QObject):
    """Stands for the horn."""

    failed, recovered, tested = Signal(str), Signal(), Signal(str)

    def __init__(self):
        super().__init__()
        self.media, self.failure, self.is_alarming, self.can_test = object(), "", False, True
        self.volume = (0, 0)

    def set_volume(self, percent, lowest):
        self.volume = (percent, lowest)

    def test(self):
        return self.can_test

    def fail(self, text):
        self.failure = text
        self.failed.emit(text) if text else self.recovered.emit()


class Check(QObject):
    """Stands for the check of the device: answers when the test says so."""

    done = Signal(str)
    runs = 0

    def __init__(self, _media, parent):
        super().__init__(parent)

    def run(self):
        Check.runs += 1

    def close(self):
        pass


class Room:
    def __init__(self, folder, rules=None):
        self.station, self.window, self.horn = FakeStation(), QWidget(), Horn()
        self.station.answers[AlarmSettingsQuery] = lambda _query: AlarmSettings(sound=rules or SoundRules())
        self.now_us = us(13, 30)
        self.errands = Errands(print)
        self.desk = SoundDesk(self.station, self.horn, folder, self.errands, self.window, clock=lambda: self.now_us)
        self.problems, self.checks = [], []
        self.desk.problem.connect(self.problems.append)
        self.desk.checked.connect(lambda *told: self.checks.append(told))

    def answer(self, text):
        self.desk._check.done.emit(text)


def us(hour, minute):
    return round(datetime(2026, 11, 22, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000


def in_room(tmp_path, story, rules=None):
    async def day():
        room = Room(tmp_path, rules)
        await until(lambda: not len(room.errands))
        try:
            await story(room)
        finally:
            room.desk.close()
            await asyncio.sleep(0)

    set_site_zone("UTC")
    run(day())


@pytest.fixture
def check(monkeypatch):
    Check.runs = 0
    monkeypatch.setattr(sound_desk, "SoundCheck", Check)


@pytest.mark.proves("ALARM-F63")
def test_sound_is_checked_at_the_start_and_when_each_shift_begins_and_written_down(qtbot, tmp_path, check):
    async def story(room):
        room.desk.look()
        room.answer("")
        room.desk.look()
        assert (Check.runs, room.checks, room.problems) == (1, [("start", "")], [""])
        room.now_us = us(14, 1)
        room.desk.look()
        room.answer("")
        room.desk.look()
        assert (Check.runs, room.checks[1:]) == (2, [("shift", "")])

    in_room(tmp_path, story)


@pytest.mark.proves("ALARM-F63", "ALARM-T22")
def test_a_check_that_fails_is_told_once_tried_again_and_taken_back_when_sound_is_there(qtbot, tmp_path, check):
    async def story(room):
        room.desk.look()
        room.answer(STALLED)
        for _ in range(3):
            room.desk.look()
            room.answer(STALLED)
        assert (room.problems, room.checks) == ([STALLED], [("start", STALLED)])
        room.desk.look()
        room.answer("")
        assert (room.problems, room.checks[1:]) == ([STALLED, ""], [("shift", "")])

    in_room(tmp_path, story)


def test_the_horn_and_the_check_have_one_word_about_the_sound(qtbot, tmp_path, check):
    async def story(room):
        room.horn.fail(NO_DEVICE)
        room.desk.look()
        room.answer(NO_DEVICE)
        room.horn.fail("")
        assert room.problems == [NO_DEVICE, ""]

    in_room(tmp_path, story)


@pytest.mark.proves("ALARM-F59")
def test_the_volume_is_kept_at_the_workstation_and_the_site_says_how_low_it_may_go(qtbot, tmp_path):
    async def first(room):
        assert room.horn.volume == (USUAL_VOLUME, 35)
        room.desk.open()
        dialog = room.desk.dialog
        dialog.slider.setValue(10)
        assert room.horn.volume == (10, 35)
        assert dialog.hint.text() == "Critical alarms and a lost link stay at 35 %: this site wants it so."
        dialog.slider.setValue(50)
        assert dialog.hint.text() == "Holds for everybody at this workstation."
        dialog.close()
        assert room.desk.dialog is None

    async def next_day(room):
        assert room.horn.volume == (50, 35)

    in_room(tmp_path, first, SoundRules(lowest_volume=35))
    in_room(tmp_path, next_day, SoundRules(lowest_volume=35))


def test_a_site_that_allows_silence_says_what_it_means(qtbot, tmp_path):
    async def story(room):
        room.desk.open()
        room.desk.dialog.slider.setValue(0)
        assert room.desk.dialog.hint.text() == "No alarm is heard here, not even a critical one."
        assert room.horn.volume == (0, 0)

    in_room(tmp_path, story, SoundRules(lowest_volume=0))


@pytest.mark.proves("ALARM-F63")
def test_a_person_plays_each_sound_and_it_is_written_down_or_learns_why_not(qtbot, tmp_path):
    async def story(room):
        room.desk.open()
        dialog = room.desk.dialog
        dialog.test_button.click()
        assert dialog.outcome.text() == "The sounds are being played"
        room.horn.tested.emit("")
        assert dialog.outcome.text().startswith("Every sound was played")
        assert room.checks == [("test", "")]
        room.horn.can_test, room.horn.is_alarming = False, True
        dialog.test_button.click()
        assert (dialog.outcome.text(), dialog.outcome.property("role")) == ("Not while an alarm sounds", "alarm")
        room.horn.is_alarming = False
        room.horn.failure = NO_DEVICE
        dialog.test_button.click()
        assert dialog.outcome.text() == NO_DEVICE
        set_language("de")
        theme().changed.emit()
        assert dialog.test_button.text() == "Jeden Ton einmal spielen"

    in_room(tmp_path, story)


CHECKING = """
import sys
from PySide6 import QtMultimedia
from PySide6.QtWidgets import QApplication
from console.app.frame.sound_check import SoundCheck
app = QApplication([])
check = SoundCheck(QtMultimedia)
check.done.connect(lambda text: (print(f"done [{text}] {check.played_us}", flush=True), app.quit()))
check.run()
if check.is_running:
    app.exec()
"""


def checked(environment):
    asked = [sys.executable, "-c", CHECKING]
    told = subprocess.run(asked, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return told.stdout.strip()


@pytest.mark.proves("ALARM-F63", "ALARM-T22")
def test_on_a_real_device_the_check_counts_what_was_played_and_is_hardly_heard(tmp_path):
    sink = NullSink(tmp_path)
    sink.start()
    try:
        sink.wait_until_listening()
        told = checked({**sink.environment, "QT_QPA_PLATFORM": "offscreen"})
        assert told.startswith("done [] ")
        assert int(told.rpartition(" ")[2]) >= 499_999, "half a second"
        assert sink.peak() < 1000
    finally:
        sink.stop()


@pytest.mark.proves("ALARM-F63", "ALARM-T22")
def test_without_a_sound_server_the_check_says_so(tmp_path):
    import os

    nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/none", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    assert checked({**os.environ, **nowhere, "QT_QPA_PLATFORM": "offscreen"}) == f"done [{NO_DEVICE}] 0"


class StuckMedia:
    """A driver that opens and then takes nothing."""

    class QMediaDevices:
        @staticmethod
        def defaultAudioOutput():
            class Device:
                def isNull(self):
                    return False

            return Device()

    class QAudioFormat:
        class SampleFormat:
            Int16 = 2

        def setSampleRate(self, _rate): ...
        def setChannelCount(self, _count): ...
        def setSampleFormat(self, _form): ...

    class QtAudio:
        class Error:
            NoError, OpenError, IOError, FatalError = range(4)

    class QAudioSink:
        def __init__(self, *_how): ...
        def setBufferSize(self, _size): ...
        def start(self, _buffer): ...
        def stop(self): ...
        def deleteLater(self): ...
        def processedUSecs(self):
            return 100_000

        def error(self):
            return 0


@pytest.mark.proves("ALARM-T22", "ALARM-F63")
def test_a_device_that_opens_and_takes_nothing_does_not_pass_the_check(qtbot):
    check = SoundCheck(StuckMedia)
    check._patience.setInterval(200)
    with qtbot.waitSignal(check.done) as told:
        check.run()
    assert told.args == [STALLED]
    assert not check.is_running
