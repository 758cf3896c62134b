"""The frame on a small plant: what an operator sees, presses and finds again."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from console.app.frame.docks import ViewSpec
from console.app.frame.main_window import MainWindow
from console.app.frame.sign_on_dialog import SignOnDialog
from console.domain.commands import AcknowledgeAlarms, SignOn, SilenceHorn
from console.domain.people_commands import Lock
from console.domain.refusal import Refused
from console.services import records as r
from console.services import station as s
from console.ui.dialogs import QuestionDialog
from console.ui.preferences import Preferences
from console.ui.table_view import TableView
from console.ui.view import Selection, View
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run, until


class TableScreen(View):
    """A view with one table, as most are."""

    def __init__(self, context, view_id):
        self.view_id = view_id
        super().__init__(context)
        self.shown = []
        self.state = {}
        self.is_closed = False
        self.table = TableView(view_id)
        model = QStandardItemModel(3, 2, self.table)
        model.setItem(0, 0, QStandardItem("row"))
        self.table.setModel(model)
        self.setFocusProxy(self.table)
        QVBoxLayout(self).addWidget(self.table)

    def show_selection(self, selection):
        self.shown.append(selection)

    def save_state(self):
        return self.state

    def restore_state(self, state):
        self.state = dict(state)

    def close_view(self):
        self.is_closed = True


def specs(built):
    def factory(view_id):
        def make(context):
            built.append(view_id)
            return TableScreen(context, view_id)

        return make

    names = ("overview", "alarms", "topology", "trends", "incidents", "diagnostics")
    return [ViewSpec(name, name.title(), name, factory(name)) for name in names]


def desk(tmp_path, story, *, session=plant.SESSION, carried=()):
    """Run a story on an open window, then close it as the program does."""

    async def day():
        station, built = FakeStation(), []
        station.answers[s.PreferencesQuery] = lambda _query: dict(carried)
        window = MainWindow(station, specs(built), Preferences(tmp_path), clock=lambda: plant.NOW_US, with_sound=False)
        window.built = built
        plant.deliver_plant(station, session=session)
        window.resize(1400, 900)
        window.show()
        await until(lambda: window.docks is not None and window.docks.current and window.docks.manager.isVisible())
        window.activateWindow()
        try:
            await story(window, station)
        finally:
            window.finish()
            window.close()
            window.deleteLater()
            await asyncio.sleep(0)

    run(day())


def sent(station, kind):
    return [command for command in station.submitted if isinstance(command, kind)]


def test_views_are_built_when_they_are_first_looked_at(qtbot, tmp_path):
    async def story(window, station):
        assert window.built == ["overview"]
        QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        assert window.built == ["overview", "alarms"]
        assert window.docks.current == "alarms"
        assert window.rail.buttons["alarms"].is_current

    desk(tmp_path, story)


def test_the_banner_tells_counts_and_the_most_urgent_alarm(qtbot, tmp_path):
    async def story(window, station):
        banner = window.banners.main
        assert [(c.unacknowledged, c.active) for c in banner.counts] == [(1, 1), (1, 5), (0, 19), (0, 31)]
        assert banner.top.alarm.text == "Core switch SW-CORE-1 unreachable"
        assert banner.silence_button.isEnabled()
        assert window.rail.buttons["alarms"].badge == 2
        assert window.rail.buttons["alarms"].badge_priority == 1

    desk(tmp_path, story)


@pytest.mark.proves("ALARM-F76")
def test_f2_goes_to_the_most_urgent_alarm_and_the_faceplate_shows_it(qtbot, tmp_path):
    async def story(window, station):
        QTest.keyClick(window, Qt.Key.Key_F2)
        assert window.docks.current == "alarms"
        shown = window.docks.view("alarms").shown[-1]
        assert shown.occurrence == window.picture.alarm(0).occurrence
        assert window.faceplate.title.text() == "SW-CORE-1 · Switch"

    desk(tmp_path, story)


@pytest.mark.proves("ALARM-F45")
def test_f3_silences_and_the_banner_acknowledges_exactly_what_it_shows(qtbot, tmp_path):
    async def story(window, station):
        QTest.keyClick(window, Qt.Key.Key_F3)
        window.banners.main.acknowledge_button.click()
        await until(lambda: sent(station, AcknowledgeAlarms))
        assert len(sent(station, SilenceHorn)) == 1
        assert sent(station, AcknowledgeAlarms)[0].occurrences == (window.picture.alarm(0).occurrence,)

    desk(tmp_path, story)


def test_a_refusal_is_shown_in_the_window_and_blocks_nothing(qtbot, tmp_path):
    async def story(window, station):
        station.refusals[AcknowledgeAlarms] = Refused("{n} alarms are gone", n=1)
        window.banners.main.acknowledge_button.click()
        page_notice = window.docks.notice_for(window.docks.view("overview"))
        await until(page_notice.isVisible)
        assert page_notice.text() == "1 alarms are gone"
        assert window.isEnabled()

    desk(tmp_path, story)


def test_nobody_signed_on_can_only_watch_and_silence(qtbot, tmp_path):
    async def story(window, station):
        assert not window.banners.main.acknowledge_button.isEnabled()
        assert "Ctrl+L" in window.banners.main.acknowledge_button.toolTip()
        assert not window.actions_set.action("alarm.acknowledge_page").isEnabled()
        assert window.banners.main.silence_button.isEnabled()
        assert "view only" in window.strip.field("person").strong.text()
        window.faceplate.show_selection(Selection(asset_id=plant.asset_id("ROB-A4")))
        assert not window.faceplate._button_of["incident.open"].isEnabled()

    desk(tmp_path, story, session=None)


def test_signing_on_survives_a_wrong_password(qtbot, tmp_path):
    async def story(window, station):
        station.refusals[SignOn] = Refused("Name or password is wrong")
        QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: (found := window.findChild(SignOnDialog)) is not None and found.isVisible())
        dialog = window.findChild(SignOnDialog)
        assert sent(station, Lock), "the desk is view-only while it is asked who comes next"
        dialog.login.setText("other")
        dialog.secret.setText("wrong")
        dialog.accept_button.click()
        await until(lambda: dialog.notice.text() == "Name or password is wrong")
        assert not dialog.secret.text(), "a wrong password is not kept"
        del station.refusals[SignOn]
        dialog.secret.setText("right")
        dialog.accept_button.click()
        await until(lambda: len(sent(station, SignOn)) == 2)
        await until(lambda: window.desk.dialog is None)

    desk(tmp_path, story)


def test_escape_ends_a_dialog_and_goes_back_in_the_window(qtbot, tmp_path):
    async def story(window, station):
        window.go("alarms")
        window.go("trends")
        window.wishes.do("alarm.comment", Selection(occurrence=window.picture.alarm(0).occurrence))
        await until(lambda: (d := window.findChild(QuestionDialog)) is not None and d.isVisible())
        dialog = window.findChild(QuestionDialog)
        await until(lambda: QApplication.activeWindow() is dialog)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()
        assert window.docks.current == "trends"
        window.activateWindow()
        await until(lambda: QApplication.activeWindow() is window)
        QTest.keyClick(window, Qt.Key.Key_Escape)
        assert window.docks.current == "alarms"

    desk(tmp_path, story)


def test_escape_puts_a_refusal_away_before_it_leaves_the_view(qtbot, tmp_path):
    async def story(window, station):
        window.go("alarms")
        window.go("trends")
        window.say_beside(window.docks.view("trends"), "May not be shelved")
        QTest.keyClick(window, Qt.Key.Key_Escape)
        assert not window.docks.notice_for(window.docks.view("trends")).isVisible()
        assert window.docks.current == "trends"
        QTest.keyClick(window, Qt.Key.Key_Escape)
        assert window.docks.current == "alarms"

    desk(tmp_path, story)


def test_a_view_that_is_opened_has_the_keyboard_in_a_list_that_is_seen(qtbot, tmp_path):
    async def story(window, station):
        window.go("alarms")
        view = window.docks.view("alarms")
        view.setFocusProxy(None)
        unseen = QLineEdit(view)
        unseen.setFocus()
        unseen.hide()
        window.go("trends")
        window.go("alarms")
        assert QApplication.focusWidget() is view.table

    desk(tmp_path, story)


def test_letter_keys_wait_for_a_list(qtbot, tmp_path):
    async def story(window, station):
        window.go("alarms")
        view = window.docks.view("alarms")
        window._on_focus(None, view.table)
        assert window.actions_set.action("show.trend").shortcut().toString() == "T"
        window._on_focus(view.table, window.palette_box.field)
        assert window.actions_set.action("show.trend").shortcut().isEmpty()
        canvas, field = QWidget(view), QLineEdit(view)
        canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        window._on_focus(view.table, canvas)
        assert window.actions_set.action("show.trend").shortcut().toString() == "T"
        window._on_focus(canvas, field)
        assert window.actions_set.action("app.back").shortcut().isEmpty()
        assert window.actions_set.action("show.trend").shortcut().isEmpty()

    desk(tmp_path, story)


def test_the_palette_finds_by_a_few_letters_and_goes_there(qtbot, tmp_path):
    async def story(window, station):
        QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        field = window.palette_box.field
        assert field.isVisible()
        QTest.keyClicks(field, "jo3 temp")
        QTest.keyClick(field, Qt.Key.Key_Down)
        QTest.keyClick(field, Qt.Key.Key_Up)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert not window.palette_box.isVisible()
        assert window.docks.current in {"alarms", "trends"}
        assert window.docks.view(window.docks.current).shown[-1].tag_handle == 4

    desk(tmp_path, story)


def test_a_torn_off_view_carries_the_banner_with_it(qtbot, tmp_path):
    async def story(window, station):
        window.docks.tear_off("trends")
        await until(lambda: len(window.banners._banners) == 2)
        slim = window.banners._banners[1]
        await until(slim.isVisible)
        assert slim.top.alarm.text == "Core switch SW-CORE-1 unreachable"
        assert slim.window() is not window
        station.deliver(s.ALARM_COUNTS, r.AlarmCounts())
        assert slim.top.alarm is None

    desk(tmp_path, story)
