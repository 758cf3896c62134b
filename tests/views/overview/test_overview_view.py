"""The landing screen tells at a glance what is wrong, and never looks healthier than what is known."""

from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState
from console.domain.assets import Asset, AssetClass
from console.domain.quality import Detail, Quality
from console.models.heartbeat import heartbeat
from console.services.records import AlarmCounts, AssetState, LinkRecord, LinksDelta, StatusRecord, TopologyDelta
from console.services.station import ALARM_COUNTS, ALARMS, LINKS, STATUS, TAGS, TOPOLOGY
from console.ui.view import Selection
from console.views.overview.area_tiles import told
from console.views.overview.view import OverviewView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition, tag, tag_values
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


@pytest.fixture
def station() -> FakeStation:
    made = FakeStation()
    assets = [
        Asset(UUID(int=n), f"PLC-{n}", AssetClass.PLC, 1.0, "Press shop", None, f"plant/g/PLC-{n}") for n in (1, 2)
    ]
    assets.append(Asset(UUID(int=3), "SRV", AssetClass.SERVER, 3.0, "Server <b>room</b>", None, "office/g/SRV"))
    states = [AssetState(UUID(int=1), "ok"), AssetState(UUID(int=2), "alarm", 2, True), AssetState(UUID(int=3), "ok")]
    made.deliver(TOPOLOGY, TopologyDelta(True, tuple(assets), (), (), tuple(states)))
    links = (
        LinkRecord("broker:plant", "live", T0),
        LinkRecord("broker:office", "live", T0),
        LinkRecord("centre", "live", T0),
    )
    made.deliver(LINKS, LinksDelta(True, links))
    made.deliver(STATUS, StatusRecord("Kassel", "North", "desk", "Europe/Berlin", 1512, 9, 2, 0))
    made.deliver(ALARM_COUNTS, AlarmCounts((0, 1, 0, 0), (0, 1, 0, 0), 0))
    return made


def view_of(screen: Screen) -> OverviewView:
    assert isinstance(screen.view, OverviewView)
    return screen.view


def test_areas_roll_up_to_their_worst_alarm(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(OverviewView, station) as screen:
            view = view_of(screen)
            shop, room = view.tiles.areas
            assert (shop.area, shop.priority, shop.unacknowledged) == ("Press shop", 2, True)
            assert told(shop) == "1 in alarm · 2 assets"
            assert (room.area, room.priority, room.look) == ("Server <b>room</b>", 0, "")
            QTest.mouseClick(view.tiles, Qt.MouseButton.LeftButton, pos=view.tiles.tile(0).center().toPoint())
            assert screen.went == [("topology", Selection(asset_id=UUID(int=2)))]

    run(story())


def test_a_lost_broker_blinds_its_areas_within_one_heartbeat_and_only_its_own(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        async with Screen(OverviewView, station) as screen:
            view = view_of(screen)
            station.deliver(LINKS, LinksDelta(False, (LinkRecord("broker:plant", "lost", T0),)))
            heartbeat().beat()
            shop, room = view.tiles.areas
            assert (shop.look, room.look) == ("blind", "")
            assert told(shop).startswith("blind")
            assert view.line.numbers["live"].text() == "Tags live –"
            assert not view.grab().isNull()

    run(story())


def test_nothing_is_claimed_before_anything_is_known(qtbot: QtBot) -> None:
    async def story() -> None:
        fresh = FakeStation()
        async with Screen(OverviewView, fresh) as screen:
            view = view_of(screen)
            not_yet = "Nothing is known yet: the station is starting."
            lists = (view.alarm_list, view.incident_list, view.browser.list, view.tiles)
            assert {part.empty_text for part in lists} == {not_yet}
            assert view.line.numbers["unacknowledged"].text() == "unacknowledged –"
            fresh.deliver(ALARMS, alarms([], is_snapshot=True))
            assert view.alarm_list.empty_text == "No alarm is known: no link to the broker."
            fresh.deliver(LINKS, LinksDelta(True, (LinkRecord("broker:plant", "live", T0),)))
            assert view.alarm_list.empty_text == "No alarm. The plant is quiet."
            fresh.deliver(ALARM_COUNTS, AlarmCounts())
            view.tell()
            assert view.line.numbers["unacknowledged"].text() == "unacknowledged 0"

    run(story())


def test_a_tile_shows_first_what_nobody_has_acknowledged(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(OverviewView, station) as screen:
            view = view_of(screen)

            def shown(*states: AssetState) -> tuple[int, bool, UUID | None]:
                station.deliver(TOPOLOGY, TopologyDelta(False, (), (), (), states))
                heartbeat().beat()
                shop = view.tiles.areas[0]
                return shop.priority, shop.unacknowledged, shop.worst_asset

            one, two = UUID(int=1), UUID(int=2)
            assert shown(AssetState(one, "alarm", 1, False), AssetState(two, "alarm", 3, True)) == (3, True, two)
            assert shown(AssetState(two, "alarm", 3, False)) == (1, False, one)
            assert shown(AssetState(one, "ok"), AssetState(two, "ok")) == (0, False, None)
            both = [replace(condition(row), asset_id=two) for row in (0, 1)]
            seen, owed = AlarmState.ACKNOWLEDGED, AlarmState.UNACKNOWLEDGED
            station.deliver(ALARMS, alarms([0, 1], state=[seen, owed], priority=[1, 4], conditions=both))
            assert shown(AssetState(two, "alarm", 1, True)) == (4, True, two)

    run(story())


def test_an_area_of_which_nothing_is_known_is_not_healthy(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        silent = Asset(UUID(int=8), "X", area="Yard")
        station.deliver(TOPOLOGY, TopologyDelta(False, (silent,), (), (), ()))
        async with Screen(OverviewView, station) as screen:
            yard = next(area for area in view_of(screen).tiles.areas if area.area == "Yard")
            assert (yard.look, told(yard)) == ("stale", "stale · 1 asset")

    run(story())


def test_a_plant_never_seen_before_appears_in_tree_and_table_by_itself(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(OverviewView, station) as screen:
            view = view_of(screen)
            browser = view.browser
            assert browser.list.empty_text.startswith("Nothing is known yet")
            station.deliver(TAGS, tag_values([], is_snapshot=True))
            assert browser.list.empty_text.startswith("No tag yet")
            tags = [tag(0), tag(1, node="PLC-2"), tag(2, "<h1>hot</h1>", node="PLC-2", device="d\n1")]
            station.deliver(TAGS, tag_values([0, 1, 2], 4.25, added=tags, is_snapshot=True))
            await until(lambda: browser.table.rowCount() == 3)
            top = browser.branches.index(0, 0, QModelIndex())
            group = browser.branches.index(0, 0, browser.branches.index(0, 0, top))
            browser.tree.setCurrentIndex(browser.branches.index(1, 0, group))
            assert browser.table.rowCount() == 2
            browser.filter.set_text("hot")
            browser.list.selectRow(0)
            assert screen.selected[-1].tag_handle == 2
            browser.list.setFocus()
            screen.press(Qt.Key.Key_T)
            assert screen.went[-1] == ("trends", screen.selected[-1])

    run(story())


def test_blind_tags_are_hatched_dim_and_say_the_word(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(TAGS, tag_values([0], 4.25, added=[tag(0)], is_snapshot=True))
        async with Screen(OverviewView, station) as screen:
            table = view_of(screen).browser.table
            assert table.index(0, 2).data(Qt.ItemDataRole.BackgroundRole) is None
            station.deliver(TAGS, tag_values([0], 4.25, quality=Quality.BLIND, detail=Detail.LINK_DOWN))
            heartbeat().beat()
            assert table.index(0, 4).data() == "blind: our link is down"
            assert table.index(0, 2).data(Qt.ItemDataRole.BackgroundRole).style() == Qt.BrushStyle.BDiagPattern

    run(story())


def test_urgent_alarms_lead_to_the_list(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(
            ALARMS, alarms([0, 1], priority=[3, 1], conditions=[condition(0), condition(1)], is_snapshot=True)
        )
        async with Screen(OverviewView, station) as screen:
            view = view_of(screen)
            assert view.alarms.row_at(0) == 1
            view.alarm_list.selectRow(0)
            view.alarm_list.doubleClicked.emit(view.alarms.index(0, 3))
            view_id, selection = screen.went[-1]
            assert view_id == "alarms"
            assert selection is not None and selection.occurrence is not None
            assert selection.occurrence.condition_id == condition(1).condition_id

    run(story())


def test_nothing_beats_while_nobody_looks(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(OverviewView, station) as screen:
            assert heartbeat().is_beating
            screen.view.hide()
            assert not heartbeat().is_beating
            screen.view.show()
            assert heartbeat().is_beating
        assert not heartbeat().is_beating

    run(story())
