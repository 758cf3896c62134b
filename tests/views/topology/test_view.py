"""The topology screen: appears by itself, shows states truly, is searched, walked, rearranged and remembered."""

from uuid import UUID, uuid5

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from console.domain.assets import Asset, AssetClass, Link
from console.models.heartbeat import heartbeat
from console.services.records import AssetState, LinkRecord, LinksDelta, TopologyDelta
from console.services.station import LINKS, TAGS, TOPOLOGY
from console.ui.actions import ActionSet
from console.ui.theme import theme
from console.ui.translation import set_language
from console.ui.view import Selection, ViewContext
from console.views.topology.view import TopologyView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import tag, tag_values

S = 1_000_000
HOSTILE = "<script>x</script>\n" + "A" * 300


def key(name):
    return uuid5(UUID(int=2), name)


def plant():
    assets = (
        Asset(key("ERP"), "ERP", AssetClass.ERP, 4.0, "IT"),
        Asset(key("SW"), "SW-1", AssetClass.SWITCH, 2.5, "Network"),
        Asset(key("PLC"), "PLC-1", AssetClass.PLC, 1.0, "Press shop"),
        Asset(key("bad"), HOSTILE, AssetClass.DEVICE, None, "?", is_proposed=True),
    )
    links = (Link(key("ERP"), key("SW")), Link(key("SW"), key("PLC")))
    states = tuple(AssetState(asset.asset_id, "ok") for asset in assets)
    return TopologyDelta(True, assets, links, (), states)


class Desk:
    def __init__(self, qtbot):
        self.station, self.window = FakeStation(), QWidget()
        qtbot.addWidget(self.window)
        self.went, self.refused = [], []
        context = ViewContext(
            self.station,
            ActionSet(self.window),
            lambda *a: self.went.append(a),
            lambda _widget, text: self.refused.append(text),
        )
        self.view = TopologyView(context, now_us=lambda: 100 * S)
        qtbot.addWidget(self.view)
        self.view.resize(1000, 700)
        self.view.show()

    def beat(self):
        for _ in range(10):
            heartbeat().beat()

    def selected_name(self):
        asset = self.view.model.asset(self.view.canvas.selected)
        return asset.name if asset else ""


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    yield made
    made.view.close_view()
    set_language("en")
    theme().use("light")


def test_an_empty_plant_says_what_will_come_and_then_it_comes(desk):
    assert desk.view._stack.currentIndex() == 0
    assert desk.view._empty.text() == "Nothing is known yet: the station is starting."
    assert desk.view._count.text() == "–"
    desk.station.deliver(TOPOLOGY, TopologyDelta(True, (), (), (), ()))
    assert desk.view._empty.text() == "Nothing is heard: no link to the broker."
    desk.station.deliver(LINKS, LinksDelta(True, (LinkRecord("broker:plant", "live", S),)))
    assert "assets.toml" in desk.view._empty.text()
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    assert desk.view._stack.currentIndex() == 1
    assert len(desk.view.canvas.scene.names) == 4


def test_a_death_is_shown_with_its_age(desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    states = (AssetState(key("PLC"), "down", 1, True, 58 * S), AssetState(key("SW"), "stale"))
    desk.station.deliver(TOPOLOGY, TopologyDelta(False, (), (), (), states))
    desk.beat()
    at = desk.view.model.index_of(key("PLC"))
    assert desk.view.canvas.scene.headlines[at] == "DOWN 0:42"
    assert desk.view.canvas.scene.state[at] == 2
    assert "2 not ok" in desk.view._count.text()


def test_a_found_asset_is_centred_and_travels(qtbot, desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    seen = []
    desk.view.selected.connect(seen.append)
    qtbot.keyClicks(desk.view.finder.field, "plc")
    assert seen[-1].asset_id == key("PLC")
    assert desk.selected_name() == "PLC-1"
    qtbot.keyClicks(desk.view.finder.field, "§§§")
    assert desk.refused


def test_another_view_asks_for_an_asset_even_before_it_is_known(desk):
    desk.view.show_selection(Selection(asset_id=key("SW")))
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    assert desk.selected_name() == "SW-1"


def test_a_tag_shows_the_asset_that_carries_it_and_t_shows_its_trend(desk):
    one = tag(5)
    assets = (Asset(one.asset_id, "PLC-1", AssetClass.PLC, 1.0),)
    desk.station.deliver(TAGS, tag_values([5], added=[one], is_snapshot=True))
    desk.station.deliver(TOPOLOGY, TopologyDelta(True, assets, (), (), ()))
    desk.beat()
    desk.view.show_selection(Selection(tag_handle=5))
    assert desk.selected_name() == "PLC-1"
    desk.view.action_handlers()["show.trend"]()
    assert desk.went[0][0] == "trends"
    assert desk.went[0][1].tag_handle == 5


def test_arrow_keys_move_the_selection(qtbot, desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    desk.view.show_selection(Selection(asset_id=key("ERP")))
    qtbot.keyClick(desk.view.canvas, Qt.Key.Key_Down)
    assert desk.selected_name() == "SW-1"
    qtbot.keyClick(desk.view.canvas, Qt.Key.Key_Down)
    assert desk.selected_name() == "PLC-1"


def test_moved_cards_are_remembered(qtbot, desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    desk.view._on_moved(desk.view.model.index_of(key("SW")), 400.0, 90.0)
    state = desk.view.save_state()
    other = TopologyView(desk.view.context, now_us=lambda: 0)
    qtbot.addWidget(other)
    other.restore_state(state)
    row = other.model.index_of(key("SW"))
    assert other.canvas.scene.place[row].tolist() == [400.0, 90.0]
    other._forget_places()
    assert other.canvas.scene.place[row].tolist() != [400.0, 90.0]
    other.close_view()


def test_new_births_keep_the_selection(desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    desk.view.show_selection(Selection(asset_id=key("PLC")))
    more = tuple(Asset(key(f"A{k}"), f"A{k}", AssetClass.PLC, 4.0) for k in range(20))
    desk.station.deliver(TOPOLOGY, TopologyDelta(False, more, (), (), ()))
    desk.beat()
    assert desk.selected_name() == "PLC-1"
    assert len(desk.view.canvas.scene.names) == 24


def test_a_hostile_name_stays_plain_and_on_one_line(desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    desk.view.canvas.centre_on(3)
    assert not desk.view.canvas.grab().isNull()
    assert "\n" not in desk.view.canvas.scene.names[3]
    assert desk.view.canvas.scene.names[3].startswith("<script>")


def test_german_and_dark_reach_everything(desk):
    desk.station.deliver(TOPOLOGY, plant())
    desk.beat()
    set_language("de")
    theme().use("dark")
    desk.beat()
    assert desk.view.canvas.scene.bands[0][0] == "Ebene 4 · Unternehmen"
    assert "Anlagen" in desk.view._count.text()
    assert not desk.view.grab().isNull()
