"""Assets become cards in the bands of their levels; what is not trusted reads so."""

from uuid import UUID, uuid5

import pytest

from console.domain.assets import Asset, AssetClass, Link
from console.models.topology_model import BROKER, DEVICE, GROUPS, NODE, TopologyModel, band_of, headline
from console.services.records import AssetState, TopologyDelta
from console.services.station import TOPOLOGY
from tests.support.fake_station import FakeStation

S = 1_000_000


def key(name):
    return uuid5(UUID(int=1), name)


def thing(name, level=None, asset_class=AssetClass.PLC, proposed=False):
    return Asset(key(name), name, asset_class, level, is_proposed=proposed)


def snapshot(assets, links=(), states=()):
    return TopologyDelta(True, tuple(assets), tuple(links), (), tuple(states))


def test_bands_go_from_enterprise_down_and_proposals_come_last(qtbot):
    station = FakeStation()
    model = TopologyModel(station)
    things = [thing("PRESS", 0.0), thing("ERP", 4.0), thing("SW", 2.5), thing("N", None, AssetClass.NODE, True)]
    station.deliver(TOPOLOGY, snapshot(things, [Link(key("ERP"), key("SW"))]))
    model.build(10 * S)
    assert model.names == ["ERP", "SW", "PRESS", "N"]
    assert model.captions[0].startswith("Level 4")
    assert "nodes" in model.captions[-1]
    assert model.links.tolist() == [[0, 1]]
    assert model.state.tolist() == [5, 5, 5, 5]  # no state yet: unknown, never ok
    model.close()


def test_a_state_is_written_without_a_new_layout(qtbot):
    station = FakeStation()
    model = TopologyModel(station)
    station.deliver(TOPOLOGY, snapshot([thing("A", 1.0), thing("B", 1.0)]))
    model.build(S)
    rows = []
    model.states_changed.connect(lambda changed: rows.extend(changed.tolist()))
    station.deliver(TOPOLOGY, TopologyDelta(False, (), (), (), (AssetState(key("B"), "alarm", 2, True, S, "78.4 °C"),)))
    assert rows == [1]
    assert (model.state[1], model.priority[1], model.unacknowledged[1]) == (1, 2, True)
    assert model.headlines[1] == "78.4 °C"
    model.close()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AssetState(key("x"), "down", since_us=S), "DOWN 0:42"),
        (AssetState(key("x"), "ok"), "ok"),
        (AssetState(key("x"), "blind", headline="78.4 °C"), "blind"),
        (AssetState(key("x"), "alarm", 1, headline="door\nopen <b>"), "door open <b>"),
        (AssetState(key("x"), "alarm", 1, headline="184000 parts"), "184,000 parts"),
    ],
)
def test_the_second_line_says_value_or_state(state, words):
    assert headline(state, 43 * S) == words


def test_unknown_levels_have_their_own_bands():
    assert band_of(thing("b", None, AssetClass.SERVER, True)) == BROKER
    assert band_of(thing("n", None, AssetClass.NODE, True)) == NODE
    assert band_of(thing("d", None, AssetClass.DEVICE, True)) == DEVICE
    assert band_of(thing("l", None, AssetClass.LINE)) == GROUPS


def test_moved_cards_stay_where_they_were_put_and_nonsense_is_ignored(qtbot):
    station = FakeStation()
    model = TopologyModel(station)
    station.deliver(TOPOLOGY, snapshot([thing("A", 1.0), thing("B", 1.0)]))
    model.recall({str(key("B")): [500, 40], "no id": [1, 2], str(key("A")): "x"})
    model.build(S)
    assert model.layout.place[1].tolist() == [500.0, 40.0]
    assert model.saved_places() == {str(key("B")): [500.0, 40.0]}
    model.close()
