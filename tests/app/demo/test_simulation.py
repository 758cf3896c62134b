"""Every fault shows on the wire, raises its alarms within seconds, and is gone when it is switched off."""

import json
from fnmatch import fnmatchcase

import pytest

from console.app.demo.faults import FAULTS, Infrastructure
from console.app.demo.simulation import METERS, Action, Cut, Publish, Restore, Simulation
from console.domain.refusal import Refused
from console.services.telemetry.sparkplug_b_pb2 import Payload
from tests.app.demo.plant import NOON_US, SECOND_US, shipped_plant, shipped_rules
from tests.support.demo_alarms import AlarmWatch

PLANT_FAULTS = [f.name for f in FAULTS if not all(isinstance(effect, Infrastructure) for effect in f.effects)]
ALARMS = {  # fault -> a rule and a path that must alarm; deaths and clocks alarm without rules
    "stop-plc": ("plc-stopped", "Machining/MC-CELL-10/PLC-M1/Running"),
    "cut-switch": ("port-down", "Network/NW-OT/SW-DIST/Port 3/Link"),
    "flood": ("channel-fault", "*/IO-*/Channel */Fault"),
    "robot-overheat": ("robot-joint-temperature", "Assembly/AS-CELL-A/ROB-A1/Joint 3/Temperature"),
    "disk-filling": ("data-disk", "ServerRoom/SR-INFRA/SRV-DB/Disk D/Used"),
    "historian-queue": ("application-queue", "ServerRoom/SR-APPS/HISTORIAN/Queue/Length"),
    "bad-quality": ("chiller-bad-quality", "Utilities/UT-WATER/CHILLER-1/Supply/Temperature"),
    "oil-pressure": ("oil-pressure", "PressShop/PS-LINE-1/HYD-11/Oil pressure"),
    "emergency-stop": ("emergency-stop", "PressShop/PS-LINE-1/SAFE-P1/Emergency stop"),
    "safety-trip": ("safety-stopped", "PressShop/PS-LINE-1/SAFE-P1/Running"),
    "line-stopped": ("hydraulic-pump", "PressShop/PS-LINE-1/HYD-11/Pump 1/Running"),
    "ups-on-battery": ("ups-on-battery", "Utilities/UT-POWER/UPS-1/On battery"),
}


class Stage:
    """A simulation with a clock, and everything it wants published."""

    def __init__(self) -> None:
        self.now_us = NOON_US
        self.simulation = Simulation(shipped_plant(), NOON_US)
        self.watch = AlarmWatch(self.simulation.plant, shipped_rules())
        for name in self.simulation.connections():
            self.simulation.will(name, NOON_US)
            self.simulation.connected(name, NOON_US)

    def switch(self, name: str, on: bool) -> list[Action]:
        return self.simulation.set_fault(name, on, self.now_us)

    def live(self, seconds: float) -> list[Publish]:
        said: list[Publish] = []
        for _ in range(int(seconds * 5)):
            self.now_us += SECOND_US // 5
            said += self.simulation.tick(self.now_us)
            self.watch.look(self.now_us)
        return said


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_a_fault_raises_its_alarm_within_seconds_and_lets_it_go(name: str) -> None:
    rule, path = ALARMS[name]
    stage = Stage()
    stage.live(1)
    stage.switch(name, True)
    stage.live(16)
    assert any(alarm == rule and fnmatchcase(where, path) for alarm, where in stage.watch.active), stage.watch.active
    stage.switch(name, False)
    stage.live(8)
    assert not stage.watch.active


def test_every_plant_fault_is_proved_here() -> None:
    assert set(PLANT_FAULTS) == set(ALARMS) | {"wrong-clock", "silent-sensor"}


def test_a_flood_brings_five_hundred_alarms() -> None:
    stage = Stage()
    stage.switch("flood", True)
    stage.live(8)
    assert sum(rule == "channel-fault" for rule, _ in stage.watch.active) >= 500


def test_a_cut_switch_takes_its_nodes_down_and_brings_them_back() -> None:
    stage = Stage()
    actions = stage.switch("cut-switch", True)
    cut = {action.connection for action in actions if isinstance(action, Cut)}
    assert cut == {"Assembly/AS-CELL-A", "Assembly/AS-CELL-B", "Assembly/AS-EOL"}
    dead = [action.message.topic for action in actions if isinstance(action, Publish)]
    assert dead == ["spBv1.0/Network/DDEATH/NW-OT/SW-ASSY"]
    assert not cut & {said.connection for said in stage.live(3)}
    actions = stage.switch("cut-switch", False)
    assert {action.connection for action in actions if isinstance(action, Restore)} == cut
    born = [action.message.topic for action in actions if isinstance(action, Publish)]
    assert born == ["spBv1.0/Network/DBIRTH/NW-OT/SW-ASSY"]


def test_a_wrong_clock_stamps_one_node_62_minutes_ahead() -> None:
    stage = Stage()
    stage.switch("wrong-clock", True)
    ahead: set[str] = set()
    for said in stage.live(3):
        if said.connection != METERS:
            payload = Payload()
            payload.ParseFromString(said.message.payload)
            if payload.timestamp > stage.now_us // 1000 + 60 * 60_000:
                assert payload.metrics[0].timestamp == payload.timestamp
                ahead.add(said.connection)
    assert ahead == {"Machining/MC-CELL-20"}


def test_a_silent_meter_says_nothing_while_the_others_speak() -> None:
    stage = Stage()
    stage.live(1)
    stage.switch("silent-sensor", True)
    topics = {said.message.topic for said in stage.live(5) if said.connection == METERS}
    assert len(topics) == len(shipped_plant().meters) - 1
    assert "energy/assembly/meter-05/state" not in topics
    stage.switch("silent-sensor", False)
    assert "energy/assembly/meter-05/state" in {said.message.topic for said in stage.live(5)}


def test_meters_speak_json_with_what_topics_toml_picks() -> None:
    said = next(said for said in Stage().live(1) if said.connection == METERS)
    table = json.loads(said.message.payload)
    assert table["power_kw"] > 0
    assert 225 < table["voltage"]["l1"] < 236


def test_bad_quality_is_said_at_once_and_taken_back() -> None:
    def qualities(actions: list[Action]) -> set[int]:
        found: set[int] = set()
        for action in actions:
            assert isinstance(action, Publish)
            payload = Payload()
            payload.ParseFromString(action.message.payload)
            found |= {metric.properties.values[0].int_value for metric in payload.metrics}
        return found

    stage = Stage()
    assert qualities(stage.switch("bad-quality", True)) == {0}
    assert qualities(stage.switch("bad-quality", False)) == {192}


def test_switching_twice_changes_nothing_and_an_unknown_fault_is_refused() -> None:
    stage = Stage()
    assert stage.switch("cut-switch", True)
    assert stage.switch("cut-switch", True) == []
    with pytest.raises(Refused, match="no fault named"):
        stage.switch("earthquake", True)


def test_a_rebirth_command_is_answered_with_all_births_of_the_node() -> None:
    command = Payload()
    command.metrics.add(name="Node Control/Rebirth", boolean_value=True)
    answers = Stage().simulation.commanded("Assembly/AS-EOL", command.SerializeToString(), NOON_US)
    assert [answer.topic.split("/")[2] for answer in answers] == ["NBIRTH"] + ["DBIRTH"] * 6
