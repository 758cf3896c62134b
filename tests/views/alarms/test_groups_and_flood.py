"""The list in groups, by hand or because of a flood; what is in force is always said, and undone in one press."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState
from console.models.alarm_groups import IN_SIGHT, GroupBy
from console.services.records import FloodRecord
from console.services.station import FLOOD
from console.ui.wall_clock import now_us
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, deliver, fill, view_of

AREAS = ("Assembly", "Paint", "Press shop")


def plant(station: FakeStation, count: int = 60, **values: object) -> None:
    known = [
        replace(condition(row, area=AREAS[row % 3], text=f"cause {row % 2}"), alarm_class=f"class {row % 2}")
        for row in range(count)
    ]
    deliver(station, known, **values)


def heads(view: AlarmsView) -> list[tuple[str, int, int]]:
    """Name, alarms and unacknowledged ones of each group, from top to bottom."""
    groups = view.table.groups
    found = [groups.group(row) for row in view.table.shown_rows.tolist() if groups.is_head(row)]
    return [(group.name, group.count, group.unacknowledged) for group in found]


@pytest.mark.proves("ALARM-F52", "ALARM-F48")
@pytest.mark.parametrize(
    ("by", "names"),
    [
        (GroupBy.AREA, list(AREAS)),
        (GroupBy.CLASS, ["class 0", "class 1"]),
        (GroupBy.CAUSE, [f"{area} · cause {n}" for area in AREAS for n in (0, 1)]),
    ],
)
def test_groups_count_their_alarms_and_keep_the_order_inside(
    qtbot: QtBot, station: FakeStation, by: GroupBy, names: list[str]
) -> None:
    async def story() -> None:
        states = [AlarmState.ACKNOWLEDGED if row % 4 == 0 else AlarmState.UNACKNOWLEDGED for row in range(60)]
        plant(station, priority=[row % 4 + 1 for row in range(60)], state=states)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            flat = view.table.shown_rows.tolist()
            view.flood.choose(by)
            told = heads(view)
            assert sorted(name for name, _count, _owed in told) == sorted(names)
            assert sum(count for _name, count, _owed in told) == 60
            assert sum(owed for _name, _count, owed in told) == 45
            rows = [row for row in view.table.shown_rows.tolist() if not view.table.groups.is_head(row)]
            assert sorted(rows) == sorted(flat)
            rank = {row: place for place, row in enumerate(flat)}
            by_group: list[list[int]] = []
            for row in view.table.shown_rows.tolist():
                by_group.append([]) if view.table.groups.is_head(row) else by_group[-1].append(rank[row])
            assert all(ranks == sorted(ranks) for ranks in by_group)  # the default order, group by group
            assert [ranks[0] for ranks in by_group] == sorted(ranks[0] for ranks in by_group)
            view.turn_groups()
            assert view.table.shown_rows.tolist() == flat  # undone in one press

    run(story())


@pytest.mark.proves("ALARM-F56")
def test_a_folded_group_shows_its_worst_symbol_and_keeps_critical_alarms_in_sight(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        plant(station, priority=[1 if row in {3, 9, 15, 21, 27} else 3 for row in range(60)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.group_by(GroupBy.AREA, folded=True)
            groups = view.table.groups
            order = view.table.shown_rows.tolist()
            assert groups.is_head(order[0]) and order[1 : 1 + IN_SIGHT] == [27, 21, 15]
            assert len(order) == 3 + IN_SIGHT
            assert groups.group(order[0]).critical == 5  # the head counts every one of them
            assert view.table.symbol(order[0])[0] == 1
            assert "5 critical" in view.table.cell(order[0], "note")
            assert view.table.next_unacknowledged(-1) == 1
            screen.press(Qt.Key.Key_F2)
            for _again in range(4):  # F2 reaches those that were folded away as well
                screen.press(Qt.Key.Key_F2)
            assert view.table.row_at(view.list.currentIndex().row()) == 3

    run(story())


def test_an_alarm_that_is_the_only_one_of_its_cause_stands_for_itself(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        known = [condition(row, area="Paint", text="lonely" if row == 0 else "common") for row in range(6)]
        deliver(station, known, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.table.group_by(GroupBy.CAUSE, folded=True)
            assert heads(view) == [("Paint · common", 5, 5)]
            assert [row for row in view.table.shown_rows.tolist() if not view.table.groups.is_head(row)] == [0]
            view.table.group_by(GroupBy.AREA, folded=True)
            assert heads(view) == [("Paint", 6, 6)]

    run(story())


@pytest.mark.proves("ALARM-F76")
def test_a_click_and_the_arrow_keys_fold_and_open_a_group(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        plant(station, 12, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.turn_groups()
            assert view.table.rowCount() == 15
            place = view.list.visualRect(view.table.index(0, 3)).center()
            QTest.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
            assert view.table.rowCount() == 11
            view.list.setCurrentIndex(view.table.index(0, 3))
            view.list.setFocus()
            QTest.keyClick(view.list, Qt.Key.Key_Left)
            assert view.table.rowCount() == 11  # folded already
            QTest.keyClick(view.list, Qt.Key.Key_Right)
            assert view.table.rowCount() == 15
            QTest.keyClick(view.list, Qt.Key.Key_Return)
            assert view.table.rowCount() == 11

    run(story())


@pytest.mark.proves("ALARM-F56")
def test_a_flood_groups_the_list_says_so_and_lets_go_of_it(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        plant(station, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert not view.flood.isVisible()
            record = FloodRecord(True, now_us() - 4 * MINUTE, 312, 600, (("Paint", 200, 1), ("Assembly", 112, 2)))
            station.deliver(FLOOD, record)
            assert view.flood.isVisible() and view.table.groups.by == GroupBy.CAUSE
            assert view.table.rowCount() == 6  # one row for each area and cause
            told = view.flood.text.text()
            assert told.startswith("Alarm flood since ")
            assert "312 alarms in 10 min" in told and "grouped by area and cause" in told
            view.flood.button.click()  # one click back
            assert view.table.groups.by == GroupBy.NONE and view.table.rowCount() == 60
            assert view.flood.isVisible() and "Paint 200, Assembly 112" in view.flood.text.text()
            view.flood.button.click()
            station.deliver(FLOOD, FloodRecord())
            assert view.table.groups.by == GroupBy.CAUSE  # a person chose it: it stays, and is said
            assert view.flood.text.text() == "Grouped by area and cause"
            view.flood.button.click()
            assert not view.flood.isVisible()

    run(story())


@pytest.mark.proves("ALARM-F56")
def test_a_flood_that_nobody_touched_leaves_the_list_as_it_found_it(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        plant(station)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            station.deliver(FLOOD, FloodRecord(True, now_us(), 11))
            assert view.save_state()["group"] == "none"  # what a rule did is nobody's wish
            station.deliver(FLOOD, FloodRecord())
            assert view.table.groups.by == GroupBy.NONE and not view.flood.isVisible()

    run(story())


@pytest.mark.proves("ALARM-F58")
def test_the_strip_goes_from_areas_to_assets_and_tells_what_was_when(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 4, priority=[1, 2, 3, 3], start_us=[now_us() - 60 * MINUTE] * 4)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            strip = view.timeline
            strip.refresh()
            assert [line.name for line in strip._lines] == ["Assembly"]
            strip.show_by("asset", "Assembly")
            await until(lambda: len(strip._lines) == 4)
            line = strip._lines[1]
            told = strip.told(line, strip.width() - 40)
            assert told.startswith("ROB-1 · ")
            assert "priority 2 · ROB-1 · Robot 1 joint temperature high" in told and told.endswith("now")
            assert "no alarm" in strip.told(line, 160)
            assert not strip.grab().isNull()

    run(story())
