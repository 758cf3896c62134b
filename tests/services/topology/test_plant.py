"""Stories of a plant: births, deaths, lost links and alarms, with and without a plant file, in any order."""

from itertools import permutations

import numpy as np
import pytest

from console.config.assets_file import AssetsFile
from console.domain import identity
from console.domain.alarms import AlarmKind, AlarmState, Condition
from console.domain.assets import Asset, AssetClass, Link
from console.domain.quality import Quality
from console.services.records import AlarmsDelta
from console.services.topology.plant import PlantTopology
from console.services.topology.states import roll_up
from tests.support.live_plant import SITE, S, asset, link, quality, samples, session, tag

NODE, DEVICE, BROKER = asset("plant/KAS/PLC"), asset("plant/KAS/PLC/ROB"), asset("plant")
LINE = identity.asset_id(SITE, "name:Line 1")
PLANT = AssetsFile(
    (
        Asset(LINE, "Line 1", AssetClass.LINE, None, "Assembly"),
        Asset(NODE, "PLC-1", AssetClass.PLC, 1.0, "Assembly", LINE, "plant/KAS/PLC"),
        Asset(DEVICE, "ROB-1", AssetClass.ROBOT, 0.0, "Assembly", LINE, "plant/KAS/PLC/ROB"),
        Asset(asset("name:SW"), "SW-1", AssetClass.SWITCH, 2.5, "Network"),
    ),
    (Link(NODE, DEVICE),),
)
TAGS = (tag(0), tag(1, device="ROB", metric="joint"))


def running(plant=None):
    topology = PlantTopology(SITE, plant)
    topology.on_link(link("live", 1 * S))
    topology.on_tags(TAGS)
    topology.on_session(session(since_us=2 * S))
    topology.on_session(session(device="ROB", since_us=2 * S))
    topology.on_samples(samples((0, 2 * S, 20.0), (1, 2 * S, 60.0)))
    topology.take_delta(3 * S)
    return topology


def state(topology, key, now=10 * S):
    topology.snapshot(now)
    found = topology.state_of(key)
    return found.state if found else None


def alarm(row, state, priority=2, handle=1, value=78.4, asset_id=None, snapshot=False, kind=AlarmKind.LIMIT):
    condition = Condition(
        row, identity.condition_id(SITE, f"c{row}"), "r", kind, tag_handle=handle, asset_id=asset_id, text="too hot"
    )
    return AlarmsDelta(
        snapshot,
        (condition,),
        np.array([row], np.int32),
        np.array([state], np.uint8),
        np.array([priority], np.uint8),
        np.array([1], np.int8),
        np.array([5 * S]),
        np.array([5 * S]),
        np.array([5 * S]),
        np.array([value]),
        np.array([1], np.int32),
        np.array([False]),
        np.zeros(1, np.uint8),
    )


def test_a_plant_nobody_described_appears_as_broker_node_and_device():
    topology = running()
    delta = topology.snapshot(3 * S)
    assert {a.asset_id for a in delta.assets} == {BROKER, NODE, DEVICE}
    assert all(a.is_proposed for a in delta.assets)
    assert {(one.a, one.b) for one in delta.links} == {(BROKER, NODE), (NODE, DEVICE)}
    assert {s.asset_id: s.state for s in delta.states} == {BROKER: "ok", NODE: "ok", DEVICE: "ok"}


def test_a_documented_plant_adopts_what_publishes_and_needs_no_broker():
    delta = running(PLANT).snapshot(3 * S)
    names = {a.name: a for a in delta.assets}
    assert set(names) == {"Line 1", "PLC-1", "ROB-1", "SW-1"}
    assert not any(a.is_proposed for a in delta.assets)
    assert Link(NODE, DEVICE) in delta.links


def test_the_file_and_the_births_give_the_same_plant_in_every_order():
    acts = (
        lambda t: t.document(PLANT),
        lambda t: t.on_tags(TAGS[:1]),
        lambda t: t.on_tags((*TAGS[1:], tag(2, node="NEW", metric="x"))),
        lambda t: t.on_session(session(since_us=2 * S)),
        lambda t: t.on_session(session(device="ROB", since_us=2 * S)),
    )
    seen = set()
    for order in permutations(acts):
        topology = PlantTopology(SITE)
        for act in order:
            act(topology)
        delta = topology.snapshot(9 * S)
        seen.add(
            (
                frozenset((a.asset_id, a.name, a.is_proposed) for a in delta.assets),
                frozenset(frozenset((one.a, one.b)) for one in delta.links),
                frozenset((s.asset_id, s.state) for s in delta.states),
            )
        )
    assert len(seen) == 1


@pytest.mark.parametrize("plant", [None, PLANT])
def test_a_dead_node_is_down_and_its_devices_are_stale(plant):
    topology = running(plant)
    topology.on_session(session(state="offline", since_us=6 * S))
    topology.on_session(session(device="ROB", state="offline", since_us=6 * S))
    topology.on_quality(quality([0, 1], Quality.STALE, 6 * S))
    delta = topology.take_delta(7 * S)
    states = {s.asset_id: s for s in delta.states}
    assert (states[NODE].state, states[DEVICE].state) == ("down", "stale")
    assert states[NODE].since_us == 6 * S
    topology.on_session(session(since_us=8 * S))
    topology.on_session(session(device="ROB", since_us=8 * S))
    topology.on_samples(samples((0, 8 * S, 20.0), (1, 8 * S, 60.0)))
    topology.take_delta(9 * S)
    assert (state(topology, NODE), state(topology, DEVICE)) == ("ok", "ok")


def test_a_device_that_died_before_its_node_stays_down():
    topology = running()
    topology.on_session(session(device="ROB", state="offline", since_us=5 * S))
    assert state(topology, DEVICE) == "down"
    assert state(topology, NODE) == "ok"
    topology.on_session(session(state="offline", since_us=6 * S))
    assert state(topology, DEVICE) == "down"


def test_our_own_lost_link_blinds_everything_and_only_a_birth_restores_trust():
    topology = running(PLANT)
    topology.on_link(link("lost", 6 * S))
    topology.on_quality(quality([0, 1], Quality.BLIND, 6 * S))
    assert {state(topology, key) for key in (NODE, DEVICE)} == {"blind"}
    topology.on_link(link("connecting", 7 * S))
    assert state(topology, NODE) == "blind"
    topology.on_link(link("live", 8 * S))
    topology.on_quality(quality([0, 1], Quality.STALE, 8 * S))
    assert {state(topology, key) for key in (NODE, DEVICE)} == {"stale"}
    topology.on_session(session(since_us=9 * S))
    topology.on_samples(samples((0, 9 * S, 20.0)))
    assert state(topology, NODE) == "ok"
    assert state(topology, DEVICE) == "stale"


def test_an_alarm_shows_its_value_until_it_returns():
    topology = running()
    topology.on_alarms(alarm(4, AlarmState.UNACKNOWLEDGED))
    now = {s.asset_id: s for s in topology.take_delta(6 * S).states}[DEVICE]
    assert (now.state, now.priority, now.unacknowledged, now.headline) == ("alarm", 2, True, "78.4 °C")
    topology.on_samples(samples((1, 7 * S, 80.25)))
    assert {s.asset_id: s for s in topology.take_delta(7 * S).states}[DEVICE].headline == "80.25 °C"
    topology.on_alarms(alarm(4, AlarmState.ACKNOWLEDGED))
    assert not {s.asset_id: s for s in topology.take_delta(8 * S).states}[DEVICE].unacknowledged
    topology.on_alarms(alarm(4, AlarmState.NORMAL))
    back = {s.asset_id: s for s in topology.take_delta(9 * S).states}[DEVICE]
    assert (back.state, back.priority, back.headline) == ("ok", 0, "")


def test_the_most_urgent_alarm_counts_and_death_hides_no_priority():
    topology = running()
    topology.on_alarms(alarm(4, AlarmState.ACKNOWLEDGED, priority=3))
    topology.on_alarms(alarm(5, AlarmState.UNACKNOWLEDGED, priority=1))
    topology.on_session(session(state="offline", since_us=6 * S))
    topology.take_delta(7 * S)
    found = topology.state_of(DEVICE)
    assert (found.state, found.priority) == ("stale", 1)


def test_a_line_shows_the_worst_of_its_parts_and_an_area_too():
    topology = running(PLANT)
    assert state(topology, LINE) == "ok"
    topology.on_alarms(alarm(4, AlarmState.UNACKNOWLEDGED))
    assert state(topology, LINE) == "alarm"
    topology.on_session(session(state="offline", since_us=6 * S))
    assert state(topology, LINE) == "down"
    areas = {area.area: area for area in topology.areas(7 * S)}
    assert areas["Assembly"].state == "down"
    assert areas["Assembly"].priority == 2
    assert areas["Network"].state == "unknown"


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["down", "ok"], "alarm"),
        (["down", "stale"], "down"),
        (["down", "down"], "down"),
        (["down", "alarm"], "alarm"),
        (["stale", "ok"], "stale"),
        (["blind", "blind"], "blind"),
        (["unknown", "ok"], "unknown"),
        ([], "unknown"),
    ],
)
def test_a_whole_is_down_only_when_nothing_of_it_answers(parts, whole):
    assert roll_up(parts, has_alarm=False) == whole


def test_what_nobody_watches_and_what_is_bad_never_looks_good():
    topology = running(PLANT)
    assert state(topology, asset("name:SW")) == "unknown"
    topology.on_samples(samples((0, 5 * S, 20.0, Quality.BAD)))
    assert state(topology, NODE) == "unknown"
    topology.on_samples(samples((0, 6 * S, 20.0)))
    assert state(topology, NODE) == "ok"


def test_late_samples_change_no_state():
    topology = running()
    topology.on_samples(samples((0, 1 * S, 20.0, Quality.BAD, 8)))
    assert topology.take_delta(4 * S) is None


def test_a_delta_tells_only_what_changed():
    topology = running()
    topology.on_tags(tuple(tag(10 + k, node=f"N{k}", metric="x") for k in range(200)))
    topology.take_delta(4 * S)
    topology.on_session(session(state="offline", since_us=6 * S))
    delta = topology.take_delta(7 * S)
    assert not delta.is_snapshot
    assert {s.asset_id for s in delta.states} == {NODE, DEVICE}
    assert delta.assets == () == delta.links
    assert topology.take_delta(8 * S) is None


def test_a_flood_is_judged_in_pieces_and_ends_as_if_at_once():
    plants = [running(PLANT) for _ in range(2)]
    more = tuple(tag(10 + k, device=f"D{k}", metric="x") for k in range(150))
    for plant in plants:
        plant.on_tags(more)
        for k in range(150):
            plant.on_alarms(alarm(k, AlarmState.UNACKNOWLEDGED, handle=10 + k))
        plant.on_alarms(alarm(7, AlarmState.NORMAL, handle=17))
    whole = {one.asset_id: one for one in plants[0].take_delta(9 * S).states}
    told = {}
    for _turn in range(2000):
        delta = plants[1].take_delta(9 * S, lambda: True)
        if delta is None:
            break
        told.update({one.asset_id: one for one in delta.states})
    assert delta is None, "it ends"
    assert _turn > 10, "in pieces"
    assert told == whole
    assert plants[1].snapshot(9 * S) == plants[0].snapshot(9 * S)


def test_a_snapshot_between_two_deltas_loses_nothing_for_the_others():
    topology = running()
    topology.on_session(session(state="offline", since_us=6 * S))
    topology.snapshot(7 * S)
    assert {s.asset_id for s in topology.take_delta(8 * S).states} == {NODE, DEVICE}
