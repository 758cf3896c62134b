"""Who looks elsewhere still learns of it: tray, taskbar, title, banner; and nothing takes the keyboard away."""

import asyncio

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QSystemTrayIcon, QWidget

from console.app.frame.attention import Attention, badge_text, tray_icon
from console.app.frame.main_window import MainWindow
from console.app.frame.receiving import NO_BEAT, NO_LINK, PATIENCE_S
from console.services import records as r
from console.services import station as s
from console.ui.preferences import Preferences
from console.ui.theme import theme
from console.ui.translation import set_language
from tests.app.frame.test_main_window import specs
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run, until

QUIET = r.AlarmCounts()
TWO = r.AlarmCounts((0, 2, 1, 0), (0, 2, 1, 0), 1)


class Desk:
    """A tray beside a window, told by hand."""

    def __init__(self, qtbot):
        self.station, self.window, self.raised, self.why = FakeStation(), QWidget(), [], ""
        qtbot.addWidget(self.window)
        self.attention = Attention(self.station, self.window, lambda: self.why, lambda: self.raised.append(1))

    def counts(self, counts):
        self.station.deliver(s.ALARM_COUNTS, counts)

    def horn(self, request, priority=1):
        state = r.HornState.SOUNDING if priority else r.HornState.SILENCED
        self.station.deliver(s.HORN, r.HornSnapshot(state, priority, request, "desk"))

    @property
    def picture(self):
        return self.attention.tray.icon().pixmap(32, 32).toImage()


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    yield made
    made.attention.close()


@pytest.mark.proves("ALARM-F80", "ALARM-T17")
def test_tray_title_and_taskbar_tell_the_one_count_and_the_most_urgent_priority(desk):
    calm = desk.picture
    desk.counts(TWO)
    assert desk.window.windowTitle() == "(3) Leitstand"
    assert desk.attention.count == sum(TWO.unacknowledged)
    assert desk.attention.words() == "Leitstand\n3 unacknowledged alarms\n2 high: 2\n3 medium: 1"
    assert desk.attention.tray.toolTip() == desk.attention.words()
    assert desk.picture != calm
    high = desk.picture
    desk.counts(r.AlarmCounts((3, 0, 0, 0), (3, 0, 0, 0), 1))
    assert desk.picture != high, "as many, but more urgent"
    desk.counts(QUIET)
    assert (desk.window.windowTitle(), desk.picture) == ("Leitstand", calm)


def test_a_thousand_alarms_fit_on_an_icon():
    assert [badge_text(n) for n in (1, 99, 100, 5000)] == ["1", "99", "99+", "99+"]


@pytest.mark.proves("ALARM-F77")
def test_every_state_of_the_tray_looks_different_in_both_themes(qapp):
    try:
        for name in ("light", "dark"):
            theme().use(name)
            shown = [tray_icon(worst, worst, is_blind=False).pixmap(32, 32).toImage() for worst in range(5)]
            shown.append(tray_icon(1, 1, is_blind=True).pixmap(32, 32).toImage())
            assert all(one != other for at, one in enumerate(shown) for other in shown[:at])
            assert all(not QRectF(image.rect()).isEmpty() for image in shown)
    finally:
        theme().use("light")


def test_the_tray_speaks_german(desk):
    desk.counts(r.AlarmCounts((1, 0, 0, 0), (1, 0, 0, 0), 1))
    set_language("de")
    theme().changed.emit()
    assert desk.attention.tray.toolTip() == "Leitstand\n1 unquittierter Alarm\n1 kritisch: 1"


@pytest.mark.proves("ALARM-T25", "ALARM-F81")
def test_a_console_that_receives_nothing_says_so_in_the_tray_and_asks_to_be_looked_at(desk):
    calm, before = desk.picture, desk.attention.alerts
    desk.why = NO_LINK
    desk.attention.look()
    assert desk.picture != calm
    assert "Receives nothing" in desk.attention.tray.toolTip()
    assert desk.attention.alerts == before + 1
    desk.attention.look()
    assert desk.attention.alerts == before + 1, "once, not twice a second"
    desk.why = ""
    desk.attention.look()
    assert desk.picture == calm


@pytest.mark.proves("ALARM-F80", "ALARM-F82")
def test_the_taskbar_flashes_with_each_new_sound_only_and_a_click_on_the_tray_brings_the_window(desk):
    desk.horn(1)
    desk.horn(1)
    desk.horn(2)
    desk.horn(2, priority=0)
    assert desk.attention.alerts == 2
    assert QGuiApplication.focusWindow() is None, "nothing was raised or focused"
    desk.attention.tray.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    desk.attention.tray.activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert desk.raised == [1]


def window_story(tmp_path, story):
    async def day():
        station = FakeStation()
        window = MainWindow(station, specs([]), Preferences(tmp_path), clock=lambda: plant.NOW_US, with_sound=False)
        attention = Attention(station, window, window.banners.receiving.why, window.raise_)
        plant.deliver_plant(station)
        window.resize(1400, 900)
        window.show()
        await until(lambda: window.docks is not None and window.docks.current)
        window.activateWindow()
        try:
            await story(window, station, attention)
        finally:
            attention.close()
            window.finish()
            window.close()
            window.deleteLater()
            await asyncio.sleep(0)

    run(day())


@pytest.mark.proves("ALARM-T23", "ALARM-F82")
def test_two_hundred_letters_typed_while_fifty_criticals_come_all_arrive(qtbot, tmp_path):
    text = "".join(chr(ord("a") + at % 26) for at in range(200))

    async def story(window, station, attention):
        field = QLineEdit(window)
        field.show()
        field.setFocus()
        await until(lambda: QApplication.focusWidget() is field)
        for at, letter in enumerate(text):
            QTest.keyClick(QApplication.focusWidget(), letter)
            if at % 4 == 0:
                n = at // 4 + 1
                station.deliver(s.ALARM_COUNTS, r.AlarmCounts((n, 0, 0, 0), (n, 0, 0, 0), 0))
                station.deliver(s.HORN, r.HornSnapshot(r.HornState.SOUNDING, 1, n + 1, "Desk North"))
                station.deliver(s.ALARMS, plant.alarms((1, 1, 1), is_snapshot=False))
                await asyncio.sleep(0)
        assert QApplication.focusWidget() is field
        assert field.text() == text
        assert window.windowTitle() == "(50) Leitstand"

    window_story(tmp_path, story)


@pytest.mark.proves("ALARM-T25", "ALARM-F81", "ALARM-F80")
def test_every_window_says_when_the_station_or_all_links_are_silent_and_claims_no_calm(qtbot, tmp_path):
    async def story(window, station, attention):
        banners, receiving = window.banners, window.banners.receiving
        now_s = [1000.0]
        receiving._mono_s = lambda: now_s[0]
        slim = banners.add(compact=True)
        station.deliver(s.ALARM_COUNTS, QUIET)
        station.deliver(s.BEAT, 1)
        window.tick()
        assert banners.main.top.calm_text() == "No unacknowledged alarm"
        now_s[0] += PATIENCE_S + 1
        window.tick()
        assert receiving.why() == "", "a window that was held up itself looks twice"
        window.tick()
        assert receiving.why() == NO_BEAT
        attention.look()
        assert {banner.top.calm_text() for banner in (banners.main, slim)} == {NO_BEAT}
        assert all(count.is_old for banner in (banners.main, slim) for count in banner.counts)
        assert "last known" in banners.main.counts[0].toolTip()
        assert NO_BEAT in attention.tray.toolTip()
        station.deliver(s.BEAT, 2)
        window.tick()
        assert not any(count.is_old for count in banners.main.counts)
        assert banners.main.top.calm_text() == "No unacknowledged alarm"
        lost = r.LinkRecord("broker:plant", "lost", plant.NOW_US)
        station.deliver(s.LINKS, r.LinksDelta(False, (lost,)))
        station.deliver(s.BEAT, 3)
        window.tick()
        assert banners.main.top.calm_text() == slim.top.calm_text() == NO_LINK
        slim.deleteLater()

    window_story(tmp_path, story)


@pytest.mark.proves("ALARM-F60", "ALARM-F62", "ALARM-F65")
@pytest.mark.parametrize(
    ("told", "english", "german"),
    [
        (r.HornSnapshot(r.HornState.SOUNDING, 1, 9, "d", "many_critical", 2), "Horn: 2 alarms", "Hupe: 2 Alarme"),
        (r.HornSnapshot(r.HornState.SOUNDING, 3, 9, "d", "recall", is_nag=True), "Horn recalls", "Hupe erinnert"),
        (r.HornSnapshot(r.HornState.SOUNDING, 1, 9, "d", "link"), "Horn: link lost", "Hupe: Verbindung verloren"),
        (r.HornSnapshot(r.HornState.SOUNDING, 1, 9, "d", "critical"), "Horn sounds", "Hupe ertönt"),
    ],
)
def test_the_banner_says_why_the_horn_sounds_and_lets_it_be_silenced(qtbot, tmp_path, told, english, german):
    async def story(window, station, attention):
        station.deliver(s.HORN, told)
        assert window.banners.main.horn.text() == english
        assert window.banners.main.silence_button.isEnabled()
        set_language("de")
        theme().changed.emit()
        assert window.banners.main.horn.text() == german

    window_story(tmp_path, story)
