"""Our link to a real mosquitto: STATE, stalls, power cuts, refusals, giants and floods."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from console.config.settings import BrokerSettings, StationSettings, TopicMap
from console.domain.quality import Detail, Quality
from console.domain.refusal import Refused
from console.services.inbox import ROOM, Inbox
from console.services.records import LinkRecord, Trouble
from console.services.telemetry.batch import Message
from console.services.telemetry.clock import SystemClock
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.telemetry import Telemetry
from console.services.telemetry.watchdog import Watchdog
from tests.services.telemetry.rig import Follower
from tests.support.broker import Broker, free_port, mosquitto_passwd_path, running_broker
from tests.support.certificates import Authority
from tests.support.edge import M, running_edge

STATE = "spBv1.0/STATE/leitstand-A1"
PATIENCE_S = 20.0


class Console:
    """Telemetry with its main thread played by `until`."""

    def __init__(self, *brokers: BrokerSettings, maps: tuple[TopicMap, ...] = (), room: int = ROOM) -> None:
        self.clock = SystemClock()
        self.inbox: Inbox[Message] = Inbox(room)
        station = StationSettings(UUID(int=1), "test", "A1", brokers=brokers)
        self.telemetry = Telemetry(station, UUID(int=2), maps, self.inbox, self.clock)
        self.store = TagStore()
        self.follower = Follower()
        self.ingest = Ingest(self.inbox, self.store, Watchdog(self.store), [self.follower])
        self.troubles: list[Trouble] = []
        self.ingest.troubles.subscribe(self.troubles.append)

    @property
    def link(self) -> LinkRecord:
        return self.telemetry.links()[0]

    def until(self, is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
        """Turn the inbox until it is so; returns the seconds it took."""
        begin = time.monotonic()
        while time.monotonic() - begin < patience_s:
            self.ingest.turn(self.clock.now_us(), self.clock.mono_s())
            if is_so():
                return time.monotonic() - begin
            threading.Event().wait(0.005)
        raise AssertionError(f"not so after {patience_s} s: {self.link}, {self.store.quality}, {self.troubles}")

    def live(self) -> None:
        self.until(lambda: self.link.state == "live")

    def all_are(self, quality: Quality) -> Callable[[], bool]:
        return lambda: bool(self.store.size) and bool((self.store.quality == quality).all())

    def kinds(self) -> set[str]:
        return {trouble.kind for trouble in self.troubles}


@contextmanager
def running_console(*brokers: BrokerSettings, maps: tuple[TopicMap, ...] = (), room: int = ROOM) -> Iterator[Console]:
    console = Console(*brokers, maps=maps, room=room)
    console.telemetry.start()
    try:
        yield console
    finally:
        console.telemetry.stop()


@contextmanager
def listener(port: int, topic: str) -> Iterator[list[mqtt.MQTTMessage]]:
    """Everything on a topic, as another client sees it."""
    seen: list[mqtt.MQTTMessage] = []
    ready = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _d, message: seen.append(message)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.subscribe(topic, 1)
    client.loop_start()
    assert ready.wait(10)
    try:
        yield seen
    finally:
        client.disconnect()
        client.loop_stop()


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def states(seen: list[mqtt.MQTTMessage]) -> list[dict[str, Any]]:
    return [json.loads(message.payload) for message in seen]


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_births_data_and_plain_topics_arrive_from_a_real_broker(broker: Broker, protocol: str) -> None:
    maps = (TopicMap("hall/+/temp", tag="hall {1}"),)
    with (
        running_console(BrokerSettings(port=broker.port, protocol=protocol), maps=maps) as console,
        running_edge(broker.port) as edge,
    ):
        console.live()
        edge.birth([M("a", 1.0, alias=1), M("b", -5, 3, alias=2)])
        edge.data([M(alias=1, value=2.5, type=0), M(alias=2, value=-6, type=0, wire_type=3)])
        edge.publish("hall/3/temp", "20.5", qos=1)
        console.until(lambda: console.store.size == 3 and console.store.value.tolist() == [2.5, -6.0, 20.5])
        assert console.all_are(Quality.GOOD)()
        assert not console.troubles


def test_birth_and_will_of_our_state_carry_one_stamp_and_a_clean_exit_a_later_one(broker: Broker) -> None:
    with listener(broker.port, STATE) as seen:
        with running_console(BrokerSettings(port=broker.port)) as console:
            console.live()
            wait_for(lambda: len(seen) == 1)
        wait_for(lambda: len(seen) == 2)
    birth, death = states(seen)
    assert birth["online"] is True
    assert death["online"] is False
    assert death["timestamp"] >= birth["timestamp"]
    with listener(broker.port, STATE) as retained:
        wait_for(lambda: len(retained) == 1)
        assert retained[0].retain
        assert json.loads(retained[0].payload) == death


def test_a_broker_that_loses_us_publishes_the_will_with_the_stamp_of_our_birth(broker: Broker) -> None:
    with listener(broker.port, STATE) as seen, running_console(BrokerSettings(port=broker.port)) as console:
        console.live()
        wait_for(lambda: len(seen) == 1)
        thief = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="leitstand-A1-t")
        thief.connect("127.0.0.1", broker.port)  # the broker cuts the older session with the same id
        thief.loop_start()
        wait_for(lambda: len(seen) >= 2)
        thief.disconnect()
        thief.loop_stop()
        birth, will = states(seen)[:2]
        assert (birth["online"], will["online"]) == (True, False)
        assert birth["timestamp"] == will["timestamp"]
        wait_for(lambda: states(seen)[-1]["online"] is True)
        assert states(seen)[-1]["timestamp"] > birth["timestamp"]


@pytest.mark.parametrize("body", ['{"online":false,"timestamp":5}', "", "nonsense"])
def test_somebody_who_declares_us_dead_is_contradicted_at_once(broker: Broker, body: str) -> None:
    with (
        listener(broker.port, STATE) as seen,
        running_console(BrokerSettings(port=broker.port)) as console,
        running_edge(broker.port) as other,
    ):
        console.live()
        wait_for(lambda: len(seen) == 1)
        threading.Event().wait(1.1)  # republishing is limited to once a second
        other.publish(STATE, body, qos=1, retain=True)
        wait_for(lambda: len(seen) >= 3)
        assert seen[-1].payload == seen[0].payload


def test_a_newer_foreign_death_makes_us_come_again_with_a_newer_stamp(broker: Broker) -> None:
    with (
        listener(broker.port, STATE) as seen,
        running_console(BrokerSettings(port=broker.port)) as console,
        running_edge(broker.port) as other,
    ):
        console.live()
        wait_for(lambda: len(seen) == 1)
        foreign = states(seen)[0]["timestamp"] + 60_000
        other.publish(STATE, json.dumps({"online": False, "timestamp": foreign}), qos=1, retain=True)
        wait_for(lambda: any(state["online"] and state["timestamp"] > foreign for state in states(seen)))


def test_a_broker_that_is_down_at_start_is_a_state_and_its_coming_is_seen() -> None:
    broker = Broker()
    try:
        with running_console(BrokerSettings(port=broker.port)) as console:
            console.until(lambda: console.link.state == "lost")
            assert console.link.detail == "the broker does not answer"
            broker.start()
            console.live()
    finally:
        broker.stop()


def test_a_stalled_broker_blinds_every_value_within_four_seconds_and_all_live_again_after_it(broker: Broker) -> None:
    with running_console(BrokerSettings(port=broker.port)) as console, running_edge(broker.port) as edge:
        console.live()
        edge.birth([M("a", 1.0, alias=1)])
        console.until(console.all_are(Quality.GOOD))
        broker.stall()
        try:
            assert console.until(console.all_are(Quality.BLIND)) < 4.0
            assert console.link.detail == "the broker is silent"
        finally:
            broker.go_on()
        console.until(console.all_are(Quality.STALE))
        assert edge.rebirth_wanted.wait(PATIENCE_S)
        (request,) = edge.commands
        assert not request.HasField("seq")
        assert [(m.name, m.datatype, m.boolean_value) for m in request.metrics] == [("Node Control/Rebirth", 11, True)]
        edge.birth([M("a", 2.0, alias=1)])
        console.until(console.all_are(Quality.GOOD))


def test_a_killed_broker_blinds_at_once_and_its_return_needs_nobody(broker: Broker) -> None:
    with running_console(BrokerSettings(port=broker.port)) as console:
        console.live()
        with running_edge(broker.port) as edge:
            edge.birth([M("a", 1.0, alias=1)])
            console.until(console.all_are(Quality.GOOD))
            broker.kill()
            console.until(console.all_are(Quality.BLIND))
        broker.start()
        console.until(console.all_are(Quality.STALE))
        with running_edge(broker.port, bd_seq=1) as edge:
            edge.birth([M("a", 3.0, alias=1)])
            console.until(console.all_are(Quality.GOOD))
        console.until(console.all_are(Quality.STALE))
        assert console.store.detail[0] == Detail.NODE_DEAD


def test_a_node_that_loses_power_is_declared_dead_by_its_will(broker: Broker) -> None:
    with running_console(BrokerSettings(port=broker.port)) as console, running_edge(broker.port) as edge:
        console.live()
        edge.birth([M("a", 1.0, alias=1)])
        console.until(console.all_are(Quality.GOOD))
        edge.die()
        console.until(console.all_are(Quality.STALE))
        assert console.store.detail[0] == Detail.NODE_DEAD


def test_wrong_and_missing_credentials_are_refused_and_the_right_ones_work(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.touch(0o600)
    subprocess.run([mosquitto_passwd_path(), "-b", str(users), "leitstand", "right"], check=True, capture_output=True)
    secret = tmp_path / "secret"
    secret.write_text("wrong\n", encoding="utf-8")
    secret.chmod(0o600)
    with running_broker((f"password_file {users}",), anonymous=False) as broker:
        settings = BrokerSettings(port=broker.port, username="leitstand", password_file=secret)
        with running_console(settings) as console:
            console.until(lambda: console.link.state == "refused")
            assert console.link.detail == "user name or password refused"
            secret.write_text("right\n", encoding="utf-8")
            console.live()


@pytest.mark.parametrize(
    ("mode", "detail"),
    [(0o644, "the password file is open to others: chmod 600"), (None, "the password file cannot be read")],
)
def test_a_password_file_that_is_open_or_missing_is_said(tmp_path: Path, mode: int | None, detail: str) -> None:
    secret = tmp_path / "secret"
    if mode is not None:
        secret.write_text("right", encoding="utf-8")
        secret.chmod(mode)
    with running_console(BrokerSettings(port=free_port(), username="x", password_file=secret)) as console:
        console.until(lambda: console.link.state == "refused")
        assert console.link.detail == detail


def test_tls_with_a_client_certificate_works_and_a_foreign_authority_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "foreign").mkdir()
    ours, foreign = Authority(tmp_path / "ours"), Authority(tmp_path / "foreign")
    cert, key = ours.issue("broker")
    lines = (f"cafile {ours.ca_file}", f"certfile {cert}", f"keyfile {key}", "require_certificate true")
    mine, my_key = ours.issue("leitstand")
    with running_broker(lines) as broker:
        good = BrokerSettings(port=broker.port, tls=True, ca_file=ours.ca_file, cert_file=mine, key_file=my_key)
        with running_console(good) as console:
            console.live()
        distrusted = BrokerSettings(port=broker.port, tls=True, ca_file=foreign.ca_file)
        with running_console(distrusted) as console:
            console.until(lambda: console.link.state == "refused")
            assert console.link.detail == "the broker's certificate is not trusted"
        nameless = BrokerSettings(port=broker.port, tls=True, ca_file=ours.ca_file)
        with running_console(nameless) as console:
            console.until(lambda: console.link.state == "refused")
            assert console.link.detail == "no secure connection possible"


@pytest.mark.parametrize("qos", [0, 1])
def test_a_payload_of_100_mib_is_counted_and_hurts_nothing(broker: Broker, qos: int) -> None:
    with running_console(BrokerSettings(port=broker.port)) as console, running_edge(broker.port) as edge:
        console.live()
        edge.birth([M("a", 1.0, alias=1)])
        console.until(console.all_are(Quality.GOOD))
        edge.publish(edge.topic("NDATA"), bytes(100 << 20), qos=qos)
        console.until(lambda: "too_large" in console.kinds())
        edge.data([M(alias=1, value=2.0, type=0)])
        console.until(lambda: console.store.value[0] == 2.0)
        assert [link.link.state for link in console.follower.links] == ["connecting", "live"]


def test_a_flood_of_ten_thousand_messages_arrives_complete_in_few_batches(broker: Broker) -> None:
    with running_console(BrokerSettings(port=broker.port)) as console, running_edge(broker.port) as edge:
        console.live()
        edge.birth([M(f"m{i}", 1.0, alias=i + 1) for i in range(9_998)])
        console.until(lambda: console.ingest.samples == 9_998)
        for number in range(10_000):
            topic, body = edge.topic("NDATA"), _one(number, edge.next_seq())
            edge._client.publish(topic, body, qos=0)
        console.until(lambda: console.ingest.samples == 19_998)
        assert not console.troubles
        assert len(console.follower.batches) < 5_000


def _one(number: int, seq: int) -> bytes:
    from tests.support.edge import payload

    return payload([M(alias=number % 9_998 + 1, value=number + 0.5, type=0)], seq=seq)


def test_topics_that_are_no_text_are_counted(broker: Broker) -> None:
    with running_console(BrokerSettings(port=broker.port)) as console, running_edge(broker.port) as edge:
        console.live()
        edge.publish("spBv1.0/g/NDATA", b"\xff")
        edge.publish("spBv1.0/g/NDATA/\u202en", b"\xff")
        console.until(lambda: {"bad_topic", "undecodable"} <= console.kinds())


def test_an_operator_asks_for_a_rebirth_and_a_read_only_broker_refuses(broker: Broker) -> None:
    read_only = BrokerSettings("dmz", port=broker.port, request_rebirth=False, client_id="second")
    with (
        running_console(BrokerSettings(port=broker.port), read_only) as console,
        running_edge(broker.port) as edge,
    ):
        console.until(lambda: all(link.state == "live" for link in console.telemetry.links()))
        console.telemetry.request_rebirth("plant", "plant", "line1")
        assert edge.rebirth_wanted.wait(PATIENCE_S)
        with pytest.raises(Refused):
            console.telemetry.request_rebirth("dmz", "plant", "line1")
        with pytest.raises(Refused):
            console.telemetry.request_rebirth("nowhere", "plant", "line1")


def test_two_consoles_with_one_code_are_told_so_instead_of_flapping_without_a_word(broker: Broker) -> None:
    twin = Console(BrokerSettings(port=broker.port))
    with running_console(BrokerSettings(port=broker.port)) as console:
        twin.telemetry.start()
        try:
            console.until(lambda: "same station code" in console.link.detail or "same station code" in twin.link.detail)
        finally:
            twin.telemetry.stop()
        console.live()


@pytest.mark.proves("ALARM-T26")
def test_a_main_thread_that_does_not_keep_up_loses_the_link_in_sight_and_everything_is_asked_anew(
    broker: Broker,
) -> None:
    """Its inbox has room for 200 samples; nobody takes anything from it while 2,000 come."""
    with (
        running_console(BrokerSettings(port=broker.port), room=200) as console,
        running_edge(broker.port) as edge,
    ):
        console.live()
        edge.birth([M("a", 1.0, alias=1)])
        console.until(console.all_are(Quality.GOOD))
        for number in range(2000):
            edge.data([M(alias=1, value=float(number), type=0)])
        wait_for(lambda: console.link.state == "lost")  # nobody turns the inbox here
        assert console.link.detail == "this console does not keep up; everything is asked for anew"
        assert console.inbox.is_full
        edge.rebirth_wanted.clear()
        console.until(lambda: console.link.state == "live")
        assert edge.rebirth_wanted.wait(PATIENCE_S), "what was missed is asked for"
        edge.birth([M("a", 7.0, alias=1)])
        console.until(lambda: console.store.value.tolist() == [7.0] and console.all_are(Quality.GOOD)())
        states_seen = [change.link.state for change in console.follower.links]
        assert "lost" in states_seen and states_seen[-1] == "live", "everybody was told, in order"
        console.until(lambda: "main_thread_behind" in console.kinds())
