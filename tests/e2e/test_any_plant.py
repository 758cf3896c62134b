"""A plant nobody described: a stranger's Sparkplug library, a stock broker, a station as `leitstand init` makes it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess, Row, leitstand
from tests.support.edge_process import ForeignEdge, edge_python
from tests.support.waiting import until

HOME = "Werk 7/Gateway-A"
TORQUE = f"{HOME}/Robot-1/Axis 1/Torque"


@dataclass
class Stranger:
    port: int
    station: ConsoleProcess
    edge: ForeignEdge

    def tag(self, path: str) -> Row:
        return self.station.tags().get(path, {"quality": "missing", "value": None})


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    folder = Path(tmp_path_factory.mktemp("any-plant")) / "station"
    made = leitstand("init", folder, "--site", "Werk Nord")
    assert made.returncode == 0, made.stderr
    with running_broker() as broker:
        file = folder / "station.toml"
        text, count = re.subn(r"port = 1883", f"port = {broker.port}", file.read_text(encoding="utf-8"))
        assert count == 1, "one line is changed and no other"
        file.write_text(text, encoding="utf-8")
        station = ConsoleProcess("serve", folder)
        edge = None
        try:
            station.start()
            until(lambda: station.link()["state"] == "live", what="the link")
            edge = ForeignEdge(broker.port)
            yield Stranger(broker.port, station, edge)
        finally:
            if edge is not None:
                edge.end()
            station.end()


def test_the_stranger_shares_no_code_with_leitstand() -> None:
    source = (Path(__file__).parents[1] / "support" / "foreign_edge.py").read_text(encoding="utf-8")
    assert "console" not in re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE)
    assert ".venv-edge" in str(edge_python())


def test_node_device_and_metrics_appear_by_themselves_with_their_types(stranger: Stranger) -> None:
    until(lambda: stranger.tag(TORQUE)["quality"] == "good", what="the birth")
    tags = stranger.station.tags()
    found = {path: (row["value"], row["type"]) for path, row in tags.items() if row["quality"] == "good"}
    device = f"{HOME}/Robot-1"
    assert found[TORQUE] == (12.5, "double")
    assert found[f"{device}/Axis 1/Position"] == (3.25, "float")
    assert found[f"{device}/Cycles"] == (2**53 + 1, "uint64"), "an integer beyond 2**53 is exact"
    assert found[f"{device}/Offset"] == (-7, "int32")
    assert found[f"{device}/Running"] == (True, "boolean")
    assert found[f"{device}/Program"] == ("schweißen <b>4</b>", "string")
    assert found[f"{HOME}/Firmware"] == ("1.2.3", "string")
    assert stranger.station.query("troubles") == []


def test_the_tree_shows_them_as_proposals_below_each_other(stranger: Stranger) -> None:
    assets = {row["name"]: row for row in stranger.station.query("assets")}
    node, device = assets["Gateway-A"], assets["Robot-1"]
    assert node["proposed"] and device["proposed"]
    assert device["parent"] == node["id"]
    assert (node["state"], device["state"]) == ("ok", "ok")
    tags = stranger.station.tags()
    assert tags[TORQUE]["asset"] == device["id"]


def test_values_follow_what_the_stranger_publishes(stranger: Stranger) -> None:
    stranger.edge.tell("set Axis 1/Torque 99.25")
    stranger.edge.tell("node Uptime 2000")
    until(lambda: stranger.tag(TORQUE)["value"] == 99.25, what="the new torque")
    until(lambda: stranger.tag(f"{HOME}/Uptime")["value"] == 2000, what="the new uptime")
    row = stranger.tag(TORQUE)
    history = leitstand(
        *("query", "history", TORQUE, "--json", "--data", stranger.station.folder),
        *("--from", "2020-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z"),
    )
    assert history.returncode == 0, history.stderr
    assert row["source_at"] is not None and row["source_at"] in history.stdout


def test_its_death_makes_everything_of_it_stale_and_an_alarm(stranger: Stranger) -> None:
    stranger.edge.die()
    until(lambda: stranger.tag(TORQUE)["quality"] == "stale", what="stale after the death")
    mine = [row for path, row in stranger.station.tags().items() if path.startswith(HOME)]
    assert {row["quality"] for row in mine} == {"stale"}, "all of it, at once"
    alarm = until(
        lambda: [row for row in stranger.station.query("alarms") if row["kind"] == "node_dead"], what="a dead node"
    )
    assert any("Gateway-A" in row["tag"] for row in alarm)
    assets = {row["name"]: row["state"] for row in stranger.station.query("assets")}
    assert assets["Gateway-A"] in ("down", "alarm") and assets["Robot-1"] != "ok"


def test_when_it_comes_back_it_is_the_same_plant(stranger: Stranger) -> None:
    before = {path: row["id"] for path, row in stranger.station.tags().items()}
    again = ForeignEdge(stranger.port)
    try:
        until(lambda: stranger.tag(TORQUE)["quality"] == "good", what="born again")
        assert {path: row["id"] for path, row in stranger.station.tags().items()} == before
    finally:
        again.end()
