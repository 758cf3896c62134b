"""What ended while our link was down has ended after it, acknowledged or not: nothing stays active for ever."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.app.demo.proxy import Line
from tests.e2e.test_loss import CableThread
from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess
from tests.support.living_node import LivingNode, living_node
from tests.support.story_site import LEAD, RULES, Broker, make_site, make_station
from tests.support.waiting import until

NAMES = tuple(f"Bearing{number}" for number in range(10))
HOT, FINE = dict.fromkeys(NAMES, 90.0), dict.fromkeys(NAMES, 40.0)
RULE = '[[rule]]\nid = "bearing"\ntag = "*/Bearing*"\nkind = "limit"\nh = 80.0\npriority = 2\ntext = "Bearing hot"\n'


class Plant:
    def __init__(self, station: ConsoleProcess, cable: CableThread, node: LivingNode) -> None:
        self.station, self.cable, self.node = station, cable, node

    def bearings(self) -> list[dict[str, object]]:
        return [row for row in self.station.query("alarms") if row["kind"] == "limit"]

    def active(self) -> int:
        return sum(bool(row["active"]) for row in self.bearings())


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    site = make_site(tmp_path, RULES + RULE)
    with running_broker() as broker, living_node(broker.port, HOT) as node:
        cable = CableThread(broker.port)
        station = ConsoleProcess("serve", make_station(site, "station-1", "K1", (Broker("plant", cable.cable.port),)))
        try:
            station.start()
            yield Plant(station, cable, node)
        finally:
            station.end()
            cable.end()


@pytest.mark.proves("ALARM-T26", "ALARM-T16")
def test_ten_alarms_that_cleared_while_our_link_was_down_are_gone_after_it(plant: Plant) -> None:
    until(lambda: plant.active() == 10, what="ten bearings are hot")
    seen = [f"{row['condition']}@{row['start_us']}" for row in plant.bearings()[:5]]
    reply = plant.station.act("ack", LEAD, occurrences=",".join(seen))
    assert reply["ok"], reply
    plant.cable.set(Line.IS_CUT)
    until(lambda: plant.station.link()["state"] == "lost", what="the link is lost")
    plant.node.set(**FINE)
    threading.Event().wait(1.0)  # the plant says so several times, to nobody
    assert plant.active() == 10, "what is not known to have ended goes on"
    plant.cable.set(Line.FLOWS)
    until(lambda: plant.active() == 0, what="what ended meanwhile has ended")
    left = plant.bearings()
    assert {row["state"] for row in left} == {"returned_unacknowledged"} and len(left) == 5
    assert not {f"{row['condition']}@{row['start_us']}" for row in left} & set(seen)
    counted = plant.station.query("horn")[0]
    assert counted["priority"] == 0, "what returned sounds no more"
