"""Traps that real alarm lists fell into, each shown not to be one here."""

import csv
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState
from console.domain.commands import AcknowledgeAlarms, CommentAlarm
from console.models import alarm_groups, row_order
from console.models.alarm_filter import AlarmFilter
from console.models.alarm_groups import GroupBy
from console.models.alarm_table import AlarmTab, AlarmTable
from console.services.station import ALARMS
from console.ui.wall_clock import now_us
from console.views.alarms import export
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition, shelf
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, deliver, fill, questions, select, view_of

SHELVED = int(AlarmFlag.SHELVED)


@pytest.mark.proves("ALARM-T1", "ALARM-F51")
@pytest.mark.parametrize("place", [0, 1500, 3000])
def test_one_critical_among_three_thousand_minor_alarms_stands_first(qapp: object, place: int) -> None:
    station = FakeStation()
    table = AlarmTable(station)
    table.set_visible(True)
    rows = [*range(1, 3001)]
    rows.insert(place, 0)
    known = {row: condition(row) for row in rows}
    for part in (rows[:1400], rows[1400:]):
        priorities = [1 if row == 0 else 4 for row in part]
        starts = [T0 if row == 0 else T0 + row for row in part]
        delta = alarms(part, priority=priorities, start_us=starts, conditions=[known[row] for row in part])
        station.deliver(ALARMS, delta)
        table.flush()
    assert table.rowCount() == 3001  # nothing is cut off
    assert table.row_at(0) == 0
    table.close()


@pytest.mark.proves("ALARM-T2")
@pytest.mark.parametrize("by", [GroupBy.NONE, GroupBy.AREA])
def test_three_thousand_changed_rows_are_sorted_at_most_once(
    qapp: object, monkeypatch: pytest.MonkeyPatch, by: GroupBy
) -> None:
    station = FakeStation()
    table = AlarmTable(station)
    table.set_visible(True)
    table.group_by(by)
    known = [condition(row, area=f"area {row % 7}") for row in range(3000)]
    station.deliver(ALARMS, alarms(range(3000), start_us=range(T0, T0 + 3000), conditions=known, is_snapshot=True))
    table.flush()
    sorted_sizes: list[int] = []
    layouts: list[None] = []
    real = np.argsort
    for module in (row_order, alarm_groups):
        monkeypatch.setattr(
            module.np, "argsort", lambda a, *rest, **more: sorted_sizes.append(len(a)) or real(a, *rest, **more)
        )
    table.layoutChanged.connect(lambda *_: layouts.append(None))
    for row in range(3000):
        station.deliver(ALARMS, alarms([row], state=AlarmState.ACKNOWLEDGED, start_us=T0 + 9000 - row))
    assert not sorted_sizes and not layouts  # nothing moves before the beat
    table.flush()
    groups = sum(size for size in sorted_sizes if size <= 7)
    assert len(layouts) == 1
    assert sum(sorted_sizes) - groups <= (1 if by == GroupBy.NONE else 2) * 3000  # one sort, and one by group
    table.close()


@pytest.mark.proves("ALARM-T4", "ALARM-F37")
def test_select_all_takes_only_what_is_shown(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        known = [condition(row, asset=f"{'FAN' if row in {2, 5, 8} else 'ROB'}-{row}") for row in range(10)]
        later = {8: shelf(now_us() + 60 * MINUTE)}
        deliver(station, known, flags=[SHELVED if row == 8 else 0 for row in range(10)], aside=later)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.filter.set_text("fan")
            view.list.setFocus()
            view.list.selectAll()
            screen.press(Qt.Key.Key_Space)
            await until(lambda: station.submitted)
        (asked,) = station.submitted
        assert isinstance(asked, AcknowledgeAlarms)
        assert {one.condition_id for one in asked.occurrences} == {known[2].condition_id, known[5].condition_id}

    run(story())


@pytest.mark.proves("ALARM-T3", "ALARM-F50")
@pytest.mark.parametrize("by", [GroupBy.NONE, GroupBy.AREA, GroupBy.CAUSE])
def test_five_selected_alarms_are_still_those_five_after_a_flood_in_groups(
    qtbot: QtBot, station: FakeStation, by: GroupBy
) -> None:
    async def story() -> None:
        fill(station, 100, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.flood.choose(by)
            chosen = {3, 17, 40, 77, 99}
            select(view, chosen)
            more = [condition(row, area=f"area {row % 9}") for row in range(100, 600)]
            rng = random.Random(4)
            starts = [now_us() - rng.randrange(100) * MINUTE for _ in more]
            station.deliver(ALARMS, alarms(range(100, 600), priority=1, start_us=starts, conditions=more))
            view.table.flush()
            view.list.set_sort(((1, True), (4, False)))
            screen.press(Qt.Key.Key_Space)
            await until(lambda: station.submitted)
        (asked,) = station.submitted
        assert isinstance(asked, AcknowledgeAlarms)
        assert {one.condition_id for one in asked.occurrences} == {condition(row).condition_id for row in chosen}

    run(story())


@pytest.mark.proves("ALARM-T23", "ALARM-F82")
def test_two_hundred_typed_characters_arrive_while_fifty_critical_alarms_come(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 5)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [1])
            view.acts.comment()
            await until(questions)
            field = questions()[0].input("text")
            field.setFocus()
            typed = "".join(random.Random(1).choices("abcdefgh ijklmnop", k=200))
            for number in range(50):
                row = 5 + number
                delta = alarms([row], priority=1, start_us=now_us(), conditions=[condition(row)])
                station.deliver(ALARMS, delta)
                for letter in typed[number * 4 : number * 4 + 4]:
                    QTest.keyClicks(QApplication.focusWidget(), letter)
                view.table.flush()
            assert QApplication.focusWidget() is field
            assert field.toPlainText() == typed  # type: ignore[union-attr]
            assert view.table.rowCount() == 55
            questions()[0].reject()

    run(story())


ODD = (
    "a/b/c",
    "back\\slash",
    "# and + and $SYS",
    "  space  at both ends ",
    "Ümlaut ß 温度 ☃",
    "x" * 200,
    "'; DROP TABLE alarms; --",
    "<b>bold</b> & {n} %s",
)


@pytest.mark.proves("ALARM-T28", "ALARM-T32")
@pytest.mark.parametrize("name", [*ODD, ""])
def test_an_alarm_with_an_odd_name_is_acknowledged_commented_and_found(
    qtbot: QtBot, station: FakeStation, name: str
) -> None:
    async def story() -> None:
        twin = condition(1, text=name + "\u00a0", asset=name or "x")
        deliver(station, [condition(0, text=name or "x", asset=name or "x", area=name), twin])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.filter.set_text(" ".join(name.split())[:60])
            assert view.table.position_of(0) >= 0
            view.choose(AlarmFilter(areas=frozenset({name})))
            assert view.table.rowCount() == 1  # a nearly equal name is another one
            select(view, [0])
            seen = view.table.alarms.occurrence(0)
            assert seen is not None
            screen.press(Qt.Key.Key_Space)
            await until(lambda: station.submitted)
            view.acts.comment()
            await until(questions)
            questions()[0].input("text").setPlainText(name or "odd")  # type: ignore[union-attr]
            questions()[0].accept_button.click()
            await until(lambda: len(station.submitted) == 2)
        assert station.submitted == [AcknowledgeAlarms((seen,)), CommentAlarm(seen, name or "odd")]

    run(story())


@pytest.mark.proves("ALARM-T36")
def test_an_alarm_that_stands_for_two_years_is_in_the_list(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        old = now_us() - 2 * 365 * 24 * 60 * MINUTE
        fill(station, 3, start_us=[old, now_us(), now_us()])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            for tab in (AlarmTab.ACTIVE, AlarmTab.UNACKNOWLEDGED):
                view.show_tab(tab)
                assert view.table.position_of(0) == 2
            assert view.table.age_text(0).startswith("730 d")

    run(story())


@pytest.mark.proves("ALARM-T38", "ALARM-F72")
@pytest.mark.parametrize("by", [GroupBy.NONE, GroupBy.CAUSE])
def test_the_exported_file_holds_every_row_of_the_list_once_and_no_formula(
    qtbot: QtBot, station: FakeStation, tmp_path: Path, by: GroupBy
) -> None:
    async def story() -> None:
        texts = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "fan\u202e lost\nnow", "plain"]
        known = [condition(row, text=texts[row % 6], asset=f"ROB-{row}") for row in range(1200)]
        deliver(station, known, priority=[row % 4 + 1 for row in range(1200)], state=AlarmState.ACKNOWLEDGED)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.group_by(by, folded=True)
            view.choose(AlarmFilter(priorities=frozenset({1, 2})))
            view.list.setColumnHidden(7, True)
            before = view.list.headers()
            await export.write(view.lists, str(tmp_path / "alarms.csv"), view.say)
            assert screen.said == ["600 rows exported to alarms.csv"]
            expected = {known[row].subject for row in range(1200) if row % 4 < 2}
        with (tmp_path / "alarms.csv").open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        head, body = lines[0], lines[1:]
        assert head[: len(before) - 1] == before[1:]  # the symbol is told as priority and state
        assert head[-5:] == ["Priority", "State", "Began, site time", "Acknowledged by", "Path"]
        assert len(body) == 600 and {line[-1] for line in body} == expected
        assert {line[-5] for line in body} == {"1", "2"}
        assert all("+00:00" in line[-3] for line in body)  # with its zone
        alarm = head.index("Alarm")
        escaped = {"'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "fan\ufffd lost now", "plain"}
        assert {line[alarm] for line in body} == escaped
        assert not any(cell.startswith(("=", "+", "@")) for line in body for cell in line)

    run(story())


@pytest.mark.proves("ALARM-F72")
def test_the_same_rows_leave_as_a_spreadsheet_whose_cells_are_texts(
    qtbot: QtBot, station: FakeStation, tmp_path: Path
) -> None:
    async def story() -> None:
        deliver(station, [condition(0, text="=1+1"), condition(1, text="<b>&"), condition(2)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            await export.write(view.lists, str(tmp_path / "alarms.xlsx"), view.say)
            assert screen.said == ["3 rows exported to alarms.xlsx"]
        with zipfile.ZipFile(tmp_path / "alarms.xlsx") as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert sheet.count("<row ") == 4 and "<f>" not in sheet
        assert ">=1+1<" in sheet and "&lt;b&gt;&amp;" in sheet
        assert [file.name for file in tmp_path.iterdir()] == ["alarms.xlsx"]

    run(story())


@pytest.mark.proves("ALARM-F76", "ALARM-F49")
def test_escape_in_the_list_clears_the_filter_before_it_goes_anywhere(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 6, priority=[1, 2, 2, 3, 3, 4])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.choose_whole(AlarmFilter(text="rob", priorities=frozenset({2})))
            assert view.table.rowCount() == 2
            assert view.filter.clear_button.text() == "Only priority 2 · 4 hidden by filter · clear"
            view.list.setFocus()
            override = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
            override.ignore()
            QApplication.sendEvent(view.list, override)
            assert override.isAccepted()  # Esc is the list's own while it is filtered
            QTest.keyClick(view.list, Qt.Key.Key_Escape)
            assert view.table.rowCount() == 6 and not view.filter.clear_button.isVisible()
            again = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
            again.ignore()
            QApplication.sendEvent(view.list, again)
            assert not again.isAccepted()  # and goes back when it is not

    run(story())
