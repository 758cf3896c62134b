"""What an operator does with the alarm list, by keys, while it lives under his hands."""

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState
from console.domain.commands import AcknowledgeAlarms
from console.domain.quality import Detail, Quality
from console.domain.refusal import Refused
from console.models.alarm_table import AlarmTab
from console.models.heartbeat import heartbeat
from console.services.records import AlarmCounts, LinkRecord, LinksDelta
from console.services.station import ALARM_COUNTS, ALARMS, LINKS, TAGS
from console.ui.dialogs import QuestionDialog
from console.ui.theme import theme
from console.ui.translation import set_language
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition, tag, tag_values
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

NOW = int(T0)


def fill(station: FakeStation, count: int = 20, **values: object) -> None:
    conditions = [condition(row) for row in range(count)]
    start = [T0 + row for row in range(count)]
    station.deliver(
        ALARMS,
        alarms(range(count), start_us=start, conditions=conditions, is_snapshot=True, **values),  # type: ignore[arg-type]
    )


def view_of(screen: Screen) -> AlarmsView:
    assert isinstance(screen.view, AlarmsView)
    return screen.view


def select_rows(view: AlarmsView, rows: set[int]) -> None:
    view.list.clearSelection()
    for row in rows:
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        view.list.selectionModel().select(view.table.index(view.table.position_of(row), 0), flags)


@pytest.mark.proves("ALARM-T3", "ALARM-F36", "ALARM-F2")
def test_space_acknowledges_exactly_the_five_that_were_selected_before_the_flood(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 100)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            chosen = {3, 17, 40, 77, 99}
            select_rows(view, chosen)
            view.list.setFocus()
            flood = [condition(row) for row in range(100, 600)]
            station.deliver(ALARMS, alarms(range(100, 600), priority=1, start_us=T0 + 500, conditions=flood))
            await until(lambda: view.table.rowCount() == 600)
            view.list.set_sort(((3, False), (1, True)))
            screen.press(Qt.Key.Key_Space)
            await until(lambda: station.submitted)
        asked = station.submitted[0]
        assert isinstance(asked, AcknowledgeAlarms)
        assert {o.condition_id for o in asked.occurrences} == {condition(row).condition_id for row in chosen}
        assert {o.start_us for o in asked.occurrences} == {T0 + row for row in chosen}

    run(story())


def test_what_is_acknowledged_already_is_not_asked_for_again(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 2, state=[AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.list.selectAll()
            view.list.setFocus()
            screen.press(Qt.Key.Key_Space)
            await until(lambda: station.submitted)
            view.list.selectRow(view.table.position_of(1))
            screen.press(Qt.Key.Key_Space)
            await until(lambda: len(screen.said) == 2)
        assert len(station.submitted) == 1
        assert station.submitted[0].occurrences == view.table.occurrences([0])  # type: ignore[attr-defined]
        assert screen.said == [
            "1 alarm was acknowledged already and is left out.",
            "There is nothing to acknowledge here",
        ]

    run(story())


def test_a_refusal_is_said_beside_the_list_in_the_persons_language(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 1)
        station.refusals[AcknowledgeAlarms] = Refused("Already acknowledged: {alarms}", alarms="Fan <b>1</b>")
        async with Screen(AlarmsView, station) as screen:
            set_language("de")
            view_of(screen).list.selectRow(0)
            view_of(screen).acts.acknowledge()
            await until(lambda: screen.said)
            assert screen.said == ["Bereits quittiert: Fan <b>1</b>"]

    try:
        run(story())
    finally:
        set_language("en")


@pytest.mark.proves("ALARM-F50", "ALARM-F82")
def test_new_alarms_steal_neither_focus_nor_selection_nor_the_place_being_read(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 200)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.list.scrollTo(view.table.index(150, 0))
            view.list.setCurrentIndex(view.table.index(150, 3))
            view.filter.field.setFocus()
            await until(lambda: view.list.rowAt(0) > 0)
            reading = view.table.row_at(view.list.rowAt(0))
            current = view.table.row_at(view.list.currentIndex().row())
            more = [condition(row) for row in range(200, 260)]
            station.deliver(ALARMS, alarms(range(200, 260), priority=1, start_us=T0 + 900, conditions=more))
            await until(lambda: view.table.rowCount() == 260)
            assert view.table.row_at(view.list.rowAt(0)) == reading
            assert view.table.row_at(view.list.currentIndex().row()) == current
            assert QApplication.focusWidget() is view.filter.field

    run(story())


@pytest.mark.proves("ALARM-F37", "ALARM-T40")
def test_the_page_is_acknowledged_only_as_seen_and_after_naming_the_critical_ones(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 200, priority=[1, 2] * 100)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            seen = view.table.occurrences(view.visible_positions())
            assert 5 < len(seen) < 60
            screen.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
            await until(lambda: view.findChildren(QuestionDialog))
            dialog = view.findChildren(QuestionDialog)[0]
            told = "\n".join(label.text() for label in dialog.findChildren(type(view.heading)))
            assert "ROB-198 · Robot 198 joint temperature high" in told
            assert not dialog.isModal()
            more = [condition(row) for row in range(200, 230)]
            station.deliver(ALARMS, alarms(range(200, 230), priority=1, start_us=T0 + 900, conditions=more))
            await until(lambda: view.table.rowCount() == 230)
            dialog.accept_button.click()
            await until(lambda: station.submitted)
        asked = station.submitted[0]
        assert isinstance(asked, AcknowledgeAlarms)
        assert asked.occurrences == seen[:100]

    run(story())


@pytest.mark.proves("ALARM-F76")
def test_f2_goes_to_the_most_urgent_alarm_and_then_to_the_next_even_when_a_filter_hides_it(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 3, priority=[3, 1, 2])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            screen.press(Qt.Key.Key_F2)
            assert view.table.row_at(view.list.currentIndex().row()) == 1
            screen.press(Qt.Key.Key_F2)
            assert view.table.row_at(view.list.currentIndex().row()) == 2
            view.filter.set_text("no such words")
            assert view.table.rowCount() == 0
            assert view.filter.clear_button.text().startswith("3 hidden")
            screen.press(Qt.Key.Key_F2)
            assert view.filter.text() == ""
            assert view.table.row_at(view.list.currentIndex().row()) == 1
            assert QApplication.focusWidget() is view.list

    run(story())


@pytest.mark.proves("ALARM-F49")
def test_ctrl_f_filters_escape_clears_and_the_hidden_rows_are_counted(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 12)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            screen.press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
            assert QApplication.focusWidget() is view.filter.field
            QTest.keyClicks(view.filter.field, "ROB-11")
            assert [view.table.rowCount(), view.filter.clear_button.text()] == [1, "11 hidden by filter · clear"]
            QTest.keyClick(view.filter.field, Qt.Key.Key_Down)
            assert QApplication.focusWidget() is view.list
            view.filter.clear_button.click()
            assert view.table.rowCount() == 12
            assert not view.filter.clear_button.isVisible()

    run(story())


@pytest.mark.proves("ALARM-T17")
def test_tabs_badge_and_list_tell_the_same_number(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        states = [AlarmState.UNACKNOWLEDGED] * 3 + [AlarmState.ACKNOWLEDGED] * 2 + [AlarmState.RETURNED_UNACKNOWLEDGED]
        fill(station, 6, state=states)
        counts = AlarmCounts((0, 4, 0, 0), (0, 5, 0, 0), shelved=0)
        station.deliver(ALARM_COUNTS, counts)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert view.tabs.count(AlarmTab.UNACKNOWLEDGED) == sum(counts.unacknowledged)
            view.show_tab(AlarmTab.UNACKNOWLEDGED)
            assert view.table.rowCount() == 4
            station.deliver(LINKS, LinksDelta(True, (LinkRecord("broker:plant", "live", T0),)))
            view.show_tab(AlarmTab.SHELVED)
            table, shown = view.lists.shown
            assert [table.rowCount(), shown.empty_text] == [0, "No alarm is shelved."]

    run(story())


def test_nothing_is_claimed_before_the_first_snapshot_nor_without_a_broker(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            labels = [button.text() for button in view.tabs.findChildren(QPushButton)]
            assert labels == ["All –", "Unacknowledged –", "Shelved –", "Out of service –", "Suppressed –"]
            assert view.list.empty_text == "Nothing is known yet: the station is starting."
            fill(station, 0)
            station.deliver(ALARM_COUNTS, AlarmCounts())
            assert {view.tabs.count(tab) for tab in AlarmTab} == {0}
            assert view.list.empty_text == "No alarm is known: no link to the broker."
            for state, words in (
                ("connecting", "No alarm is known"),
                ("live", "No alarm. The"),
                ("lost", "No alarm is"),
            ):
                station.deliver(LINKS, LinksDelta(True, (LinkRecord("broker:plant", state, T0),)))
                assert view.list.empty_text.startswith(words)

    run(story())


def test_a_value_that_nobody_sees_now_looks_so_in_its_alarm(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(TAGS, tag_values([0, 1], added=[tag(0), tag(1)], is_snapshot=True))
        fill(station, 2)
        async with Screen(AlarmsView, station) as screen:
            table = view_of(screen).table
            column = [column.key for column in table.COLUMNS].index("value")

            def value_of(row: int) -> tuple[bool, str]:
                index = table.index(table.position_of(row), column)
                slanted = index.data(Qt.ItemDataRole.FontRole)
                return bool(slanted and slanted.italic()), table.cell(row, "note")

            assert value_of(0) == (False, "")
            station.deliver(TAGS, tag_values([0], quality=Quality.BLIND, detail=Detail.LINK_DOWN))
            painted = []
            table.dataChanged.connect(lambda first, last: painted.append((first.row(), last.row())))
            heartbeat().beat()
            assert value_of(0)[0] and value_of(0)[1].startswith("blind")
            assert value_of(1) == (False, "")
            assert (table.position_of(0), table.position_of(0)) in painted
            station.deliver(TAGS, tag_values([0]))
            heartbeat().beat()
            assert value_of(0) == (False, "")

    run(story())


def test_a_quiet_plant_says_so_in_both_languages(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(LINKS, LinksDelta(True, (LinkRecord("broker:plant", "live", T0),)))
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            fill(station, 0)
            assert view.list.empty_text == "No alarm. The plant is quiet."
            set_language("de")
            theme().changed.emit()
            assert view.list.empty_text == "Kein Alarm. Die Anlage ist ruhig."
            assert view.heading.text() == "Alarme"

    try:
        run(story())
    finally:
        set_language("en")


def test_who_comes_to_the_alarms_by_a_key_acts_on_the_list_that_is_shown(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.filter.focus()
            view.setFocus()
            assert QApplication.focusWidget() is view.list
            view.show_tab(AlarmTab.SHELVED)
            view.setFocus()
            assert QApplication.focusWidget() is view.lists.view_of(AlarmTab.SHELVED)

    run(story())


def test_f2_begins_with_the_most_urgent_alarm_though_the_list_has_the_keyboard_already(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.list.setFocus()
            screen.press(Qt.Key.Key_F2)
            assert view.list.selected_rows() == [0]
            screen.press(Qt.Key.Key_F2)
            assert view.list.selected_rows() == [1]

    run(story())
