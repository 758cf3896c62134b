"""A broker that dies, freezes or is cut off: every value of it is blind within 4 s, and lives again by itself."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from console.app.demo.proxy import Cable, Line
from console.config.private_file import write_private
from console.config.settings import CentreSettings
from tests.support.broker import Broker as Mosquitto
from tests.support.broker import free_port, running_broker
from tests.support.console_process import ConsoleProcess
from tests.support.living_node import living_node
from tests.support.screen import running_screen
from tests.support.story_site import OPERATOR, Broker, make_site, make_station
from tests.support.waiting import until

log = logging.getLogger(__name__)
BLIND_WITHIN_S = 4.0
LIVE_WITHIN_S = 10.0
NEAR, FAR = "broker:near", "broker:far"  # two brokers of one station: the far one through a cable


class CableThread:
    """The demo's disturbed cable in a loop of its own."""

    def __init__(self, target_port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.cable = Cable(target_port)
        asyncio.run_coroutine_threadsafe(self.cable.start(), self._loop).result(10)

    def set(self, line: Line) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (self.cable.set(line), done.set()))
        done.wait(10)

    def end(self) -> None:
        asyncio.run_coroutine_threadsafe(self.cable.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass
class Plant:
    broker: Mosquitto
    station: ConsoleProcess
    cable: CableThread

    def qualities(self, link: str) -> set[str]:
        name = link.partition(":")[2]
        return {row["quality"] for row in self.station.query("tags") if row["source"].startswith(f"{name}/")}

    def is_live(self, link: str) -> bool:
        """All that lives; Node Control and bdSeq are part of the node's birth."""
        return self.station.link(link)["state"] == "live" and self.qualities(link) == {"good"}

    def is_blind(self, link: str) -> bool:
        return self.station.link(link)["state"] != "live" and self.qualities(link) == {"blind"}


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    site = make_site(Path(tmp_path_factory.mktemp("loss")))
    values = {"Temperature": 60.0, "Pressure": 6.0}
    with (
        running_broker() as broker,
        running_broker() as far,
        living_node(broker.port, values),
        living_node(far.port, values),
    ):
        cable = CableThread(far.port)
        folder = make_station(site, "station-1", "K1", (Broker("near", broker.port), Broker("far", cable.cable.port)))
        station = ConsoleProcess("serve", folder)
        try:
            station.start()
            yield Plant(broker, station, cable)
        finally:
            station.end()
            cable.end()


def stamp_us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e6)


def now_us() -> int:
    return time.time_ns() // 1000


def blind_after_s(plant: Plant, event: Callable[[], None], links: tuple[str, ...]) -> dict[str, float]:
    """Seconds from the event to the link's own stamp of its loss, when all its values are blind."""
    for link in links:
        until(lambda link=link: plant.is_live(link), what=f"{link} lives before")
    begun_us = now_us()
    event()
    for link in links:
        until(lambda link=link: plant.is_blind(link), every_s=0.05, what=f"{link} is blind")
    return {link: (stamp_us(plant.station.link(link)["since"]) - begun_us) / 1e6 for link in links}


def live_after_s(plant: Plant, event: Callable[[], None], links: tuple[str, ...]) -> dict[str, float]:
    """Seconds from the mending to the receive stamp of the last value that came back good."""
    begun_us = now_us()
    event()
    for link in links:
        until(lambda link=link: plant.is_live(link), every_s=0.05, what=f"{link} lives again")
    taken = {link: (now_us() - begun_us) / 1e6 for link in links}
    for link in links:
        assert stamp_us(plant.station.link(link)["since"]) >= begun_us
    return taken


@pytest.mark.proves("SEC-27", "SEC-44", "ALARM-F81")
def test_a_killed_broker_makes_everything_blind_within_four_seconds_and_comes_back_by_itself(plant: Plant) -> None:
    taken = blind_after_s(plant, plant.broker.kill, (NEAR,))
    log.info("blind after %s s", taken)
    assert all(0 <= seconds <= BLIND_WITHIN_S for seconds in taken.values()), taken
    assert plant.is_live(FAR), "the other link is untouched"
    assert [row["kind"] for row in plant.station.query("alarms")] == ["link_down"], "one alarm, not one per tag"
    back = live_after_s(plant, lambda: plant.broker.start() and None, (NEAR,))
    log.info("live after %s s", back)
    assert all(seconds <= LIVE_WITHIN_S for seconds in back.values()), back


def test_a_frozen_broker_whose_tcp_still_stands_is_noticed_within_four_seconds(plant: Plant) -> None:
    taken = blind_after_s(plant, plant.broker.stall, (NEAR,))
    log.info("blind after %s s", taken)
    assert all(0 <= seconds <= BLIND_WITHIN_S for seconds in taken.values()), taken
    back = live_after_s(plant, plant.broker.go_on, (NEAR,))
    log.info("live after %s s", back)
    assert all(seconds <= LIVE_WITHIN_S for seconds in back.values()), back


def test_a_cable_that_swallows_everything_blinds_its_own_link_alone(plant: Plant) -> None:
    taken = blind_after_s(plant, lambda: plant.cable.set(Line.SWALLOWS), (FAR,))
    log.info("blind after %s s", taken)
    assert 0 <= taken[FAR] <= BLIND_WITHIN_S, taken
    assert plant.is_live(NEAR), "the other link is untouched"
    back = live_after_s(plant, lambda: plant.cable.set(Line.FLOWS), (FAR,))
    log.info("live after %s s", back)
    assert back[FAR] <= LIVE_WITHIN_S, back


@pytest.mark.proves("ALARM-F81")
def test_values_that_are_blind_keep_what_was_seen_last_and_say_when(plant: Plant) -> None:
    until(lambda: plant.is_live(FAR), what="live")
    plant.cable.set(Line.IS_CUT)
    until(lambda: plant.is_blind(FAR), what="blind")
    rows = [row for row in plant.station.query("tags") if row["source"] == "far/plant/line1/press1/Temperature"]
    assert rows[0]["value"] == 60.0 and rows[0]["received_at"] is not None
    before = rows[0]["received_at"]
    threading.Event().wait(1)
    (row,) = [row for row in plant.station.query("tags") if row["source"] == "far/plant/line1/press1/Temperature"]
    assert row["received_at"] == before, "nothing is made up while the link is down"
    plant.cable.set(Line.FLOWS)
    until(lambda: plant.is_live(FAR), what="live again")


def test_a_broker_and_a_centre_that_are_down_at_the_start_are_states_of_a_working_window(tmp_path: Path) -> None:
    broker = Mosquitto()  # not started: its port answers nobody
    centre = CentreSettings(host="127.0.0.1", port=free_port(), user="nobody", password_file=tmp_path / "password")
    write_private(tmp_path / "password", "none")
    folder = make_station(make_site(tmp_path), "station-1", "K1", (Broker("plant", broker.port),), centre)
    with running_screen() as screen:
        process = ConsoleProcess("run", folder, screen.environment)
        try:
            process.start()
            screen.wait_for_window("Leitstand")
            until(lambda: process.link("broker:plant")["state"] in ("connecting", "lost"), what="a broker that is away")
            until(lambda: process.link("centre")["state"] in ("connecting", "lost"), what="a centre that is away")
            assert len(screen.windows(".+")) == 1, "no box stands in the way"
            until(lambda: any(row["kind"] == "link_down" for row in process.query("alarms")), what="an alarm says so")
            kept = process.act("open-incident", OPERATOR, title="Written while all is away")
            assert kept["ok"], kept
            begun_us = now_us()
            broker.start()
            with living_node(broker.port, {"Temperature": 60.0}):
                path = "plant/line1/press1/Temperature"
                until(lambda: process.tags().get(path, {}).get("quality") == "good", what="live by itself")
                taken_s = (stamp_us(process.link()["since"]) - begun_us) / 1e6
                log.info("live %s s after the broker's first start", taken_s)
                assert taken_s <= LIVE_WITHIN_S
                until(lambda: not any(r["active"] and r["kind"] == "link_down" for r in process.query("alarms")))
            assert process.query("incidents")[0]["title"] == "Written while all is away"
            assert process.end() == 0
        finally:
            process.end()
            broker.stop()
