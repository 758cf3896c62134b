"""What the keys of the alarm list do beside acknowledging."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState
from console.domain.commands import CommentAlarm, OpenIncident
from console.domain.refusal import Refused
from console.models.alarm_table import AlarmTab
from console.models.incident_table import IncidentTable
from console.services.records import IncidentsDelta
from console.services.station import ALARMS, INCIDENTS, AlarmSpansQuery
from console.services.story_records import PastAlarm, PastSpans
from console.ui.dialogs import QuestionDialog
from console.ui.theme import theme
from console.views.alarms.view import AlarmsView
from console.widgets.incident_form import IncidentForm
from console.widgets.table_export import export_table
from tests.models.test_other_tables import incident
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE
from tests.views.alarms.test_alarms_view import fill, select_rows, view_of


def test_a_comment_that_is_refused_stays_in_its_dialog(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 1)
        station.refusals[CommentAlarm] = Refused("Write something first")
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            view.list.setFocus()
            screen.press(Qt.Key.Key_C)
            await until(lambda: view.findChildren(QuestionDialog))
            dialog = view.findChildren(QuestionDialog)[0]
            field = dialog.input("text")
            assert isinstance(field, QPlainTextEdit)
            field.setPlainText("fuse replaced")
            dialog.accept_button.click()
            await until(lambda: station.submitted)
            await until(dialog.accept_button.isEnabled)
            assert field.toPlainText() == "fuse replaced"
            station.refusals.clear()
            dialog.accept_button.click()
            await until(lambda: not view.findChildren(QuestionDialog))
        assert station.submitted[-1] == CommentAlarm(view.table.occurrences([0])[0], "fuse replaced")

    run(story())


def test_the_key_i_opens_a_form_for_the_selection_and_keeps_its_draft(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 3, priority=[1, 2, 2])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select_rows(view, {0, 2})
            view.list.setFocus()
            screen.press(Qt.Key.Key_I)
            await until(lambda: view.findChildren(IncidentForm))
            form = view.findChildren(IncidentForm)[0]
            assert form.title_field.text() == "ROB-0 · Robot 0 joint temperature high"
            assert form.sign.priority == 2  # impact 3, urgency 1
            form.impact_choice.setCurrentIndex(0)
            assert form.sign.priority == 1
            form.description_field.setPlainText("line 2 stands")
            form.reject()
            select_rows(view, {2, 0})
            view.acts.open_incident()
            await until(form.isVisible)
            assert form.description_field.toPlainText() == "line 2 stands"
            form.open_button.click()
            await until(lambda: station.submitted)
        asked = station.submitted[0]
        assert isinstance(asked, OpenIncident)
        assert (asked.impact, asked.urgency, asked.description) == (1, 1, "line 2 stands")
        assert {o.condition_id for o in asked.occurrences} == {condition(0).condition_id, condition(2).condition_id}

    run(story())


def test_the_key_i_shows_the_incident_that_is_open_already(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 2)
        known = incident(5, alarms=((condition(1).condition_id, T0 + 1, "text"),))
        station.deliver(INCIDENTS, IncidentsDelta(True, (known,)))
        async with Screen(AlarmsView, station) as screen:
            select_rows(view_of(screen), {1})
            view_of(screen).acts.open_incident()
            await until(lambda: screen.went)
            assert not view_of(screen).findChildren(QDialog)
        view_id, selection = screen.went[0]
        assert view_id == "incidents"
        assert selection is not None and selection.incident_id == UUID(int=5)

    run(story())


def test_t_and_g_carry_the_selection_elsewhere(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 2)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(view.table.position_of(1))
            view.list.setFocus()
            screen.press(Qt.Key.Key_T)
            screen.press(Qt.Key.Key_G)
            assert [where for where, _selection in screen.went] == ["trends", "topology"]
            selection = screen.went[0][1]
            assert selection is not None
            assert (selection.tag_handle, selection.at_us) == (1, T0 + 1)
            assert screen.selected[-1].asset_id == condition(1).asset_id

    run(story())


def test_the_bar_says_how_many_are_selected_and_denied_deeds_say_why(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 4, state=[1, 1, 2, 2])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert not view.bar.isVisible()
            view.list.selectAll()
            assert view.bar.text.text() == "4 alarms selected · 2 unacknowledged"
            screen.actions.set_denied({"ack": "Sign on to do this"})
            button = next(b for b in view.bar.findChildren(QPushButton) if b.text() == "Acknowledge")
            assert not button.isEnabled()
            assert "Sign on" in button.toolTip()

    run(story())


def test_hostile_names_never_reach_the_screen_as_markup(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        nasty = "<img src='http://x'>\n\u202e" + "W" * 300
        hostile = condition(0, text=nasty, asset=nasty, area=nasty)
        station.deliver(ALARMS, alarms([0], conditions=[hostile], is_snapshot=True, notes={0: "<b>note</b>"}))
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert view.table.index(0, 3).data().startswith("<img src='http://x'> \ufffdWWW")
            assert view.list.rowHeight(0) == theme().row_height
            view.acknowledge_page()
            await until(lambda: view.findChildren(QuestionDialog))
            for label in view.findChildren(QuestionDialog)[0].findChildren(type(view.heading)):
                assert label.textFormat() == Qt.TextFormat.PlainText
            assert not view.timeline.grab().isNull()

    run(story())


@pytest.mark.proves("ALARM-F58")
def test_the_strip_shows_finished_and_lasting_spans_by_area(qtbot: QtBot, station: FakeStation) -> None:
    """Also of alarms that this run of the station has not seen yet: after a restart the strip is not empty."""

    async def story() -> None:
        shop, yard = condition(0, area="Shop"), condition(1, area="Yard")
        hour = 3_600_000_000
        alarm = PastAlarm(shop.condition_id, "Too hot", "ROB-0", "Shop")
        start, end = (np.asarray([T0 - ago * hour], np.int64) for ago in (3, 2))
        past = PastSpans((alarm,), np.zeros(1, np.int32), start, end, np.full(1, 2, np.uint8))
        station.answers[AlarmSpansQuery] = lambda _query: past
        station.deliver(ALARMS, alarms([1], start_us=T0 - hour, conditions=[yard], is_snapshot=True, priority=1))
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            await until(lambda: view.spans.lines(T0 - 8 * hour, T0, 80, 6)[0][0].name == "Shop")
            lines, more = view.spans.lines(T0 - 8 * hour, T0, 80, 6)
            assert [line.name for line in lines] == ["Shop", "Yard"]
            assert lines[0].runs[2] == ((50, 60),)
            assert lines[1].runs[1] == ((70, 80),)
            assert (lines[0].now, lines[1].now, more) == (0, 1, 0)
            (told,) = view.spans.at("Shop", T0 - 150 * MINUTE, MINUTE)
            assert (told.text, told.asset_name, told.end_us) == ("Too hot", "ROB-0", T0 - 2 * hour)
            station.deliver(ALARMS, alarms([1], state=AlarmState.RETURNED_UNACKNOWLEDGED, start_us=T0 - hour))
            assert view.spans.lines(T0 - 8 * hour, T0, 80, 6)[0][1].now == 0
            view.spans.add_past(past)  # what is known is not taken twice
            assert len(view.spans.at("Shop", T0 - 150 * MINUTE, MINUTE)) == 1

    run(story())


def test_ctrl_e_writes_the_shown_rows(qtbot: QtBot, station: FakeStation, tmp_path: Path) -> None:
    async def story() -> None:
        fill(station, 2)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            dialog = export_table(view.list, view.say)
            dialog.fileSelected.emit(str(tmp_path / "alarms.csv"))
            dialog.fileSelected.emit(str(tmp_path / "no" / "such" / "folder.csv"))
            dialog.reject()
            assert screen.said[0] == "2 rows exported to alarms.csv"
            assert screen.said[1].startswith("Not exported:")
        assert len((tmp_path / "alarms.csv").read_text("utf-8-sig").splitlines()) == 3

    run(story())


def test_layout_filter_and_tab_come_back(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.filter.set_text("rob-1")
            view.show_tab(AlarmTab.UNACKNOWLEDGED)
            view.list.set_sort(((4, True),))
            kept = view.save_state()
        async with Screen(AlarmsView, station) as again:
            view = view_of(again)
            view.restore_state(kept)
            assert (view.table.tab, view.table.wanted, view.table.sorts) == ("unacknowledged", "rob-1", ((4, True),))
            assert view.table.rowCount() == 1
            view.restore_state({"table": 3, "tab": "nonsense"})

    run(story())


def test_acknowledging_by_mouse_leaves_the_focus_in_the_list(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 1)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            place = view.list.visualRect(view.table.index(0, 3)).center()
            QTest.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
            button = next(b for b in view.bar.findChildren(QPushButton) if b.text() == "Acknowledge")
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            await until(lambda: station.submitted)
            assert QApplication.focusWidget() is view.list
            assert isinstance(view.incidents, IncidentTable)

    run(story())


def test_a_click_on_a_priority_count_filters_and_says_how_many_it_hides(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 6, priority=[1, 2, 2, 3, 3, 3])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.filter.set_text("nothing has this name")
            view.show_priority(2)
            assert view.table.rowCount() == 2
            assert view.filter.clear_button.isVisible()
            assert view.filter.clear_button.text() == "Only priority 2 · 4 hidden by filter · clear"
            view.filter.clear_button.click()
            assert view.table.rowCount() == 6
            assert not view.filter.clear_button.isVisible()

    run(story())


def test_in_a_narrow_window_the_alarm_keeps_its_room_and_no_choice_is_lost(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.list.setFixedWidth(1500)
            everything = view.list.visible_columns()
            kept = view.list.save_state()
            for width in (1200, 882, 640):
                view.list.setFixedWidth(width)
                QApplication.processEvents()
                assert view.list.columnWidth(3) >= 0.3 * view.list.viewport().width() - 1
                assert view.list.horizontalScrollBar().maximum() == 0
                assert view.list.save_state() == {**kept, "columns": view.list.save_state()["columns"]}
                assert [hidden for _place, _width, hidden in view.list.save_state()["columns"]] == [False] * 9  # type: ignore[attr-defined]
            assert len(view.list.visible_columns()) < len(everything)
            view.list.setFixedWidth(1500)
            QApplication.processEvents()
            assert view.list.visible_columns() == everything

    run(story())
