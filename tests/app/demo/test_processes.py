"""Broker and guard as real processes: they start, die, come back, and never outlive the demo."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from console.app.demo.broker import BrokerUnavailable, DemoBroker, find_mosquitto
from console.app.demo.guard import Guard, watch

_PATIENCE_S = 15.0


_DEMO = """
import sys, threading
from console.app.demo.guard import Guard
guard = Guard()
guard.watch(int(sys.argv[1]))
guard.watch(int(sys.argv[2]))
guard.forget(int(sys.argv[2]))
print("ready", flush=True)
threading.Event().wait(60)
"""


def _ends(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def _sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-c", "import threading; threading.Event().wait(60)"])


def test_the_guard_reads_what_it_must_end() -> None:
    assert watch(["+12\n", "+13\n", "-12\n"]) == {13}
    assert watch(["+12\n", "done\n"]) == set()


def test_what_is_guarded_ends_when_the_demo_dies() -> None:
    guarded, forgotten = _sleeper(), _sleeper()
    demo = subprocess.Popen(
        [
            sys.executable, "-c",
            _DEMO,
            str(guarded.pid), str(forgotten.pid),
        ],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    try:
        assert demo.stdout is not None
        assert demo.stdout.readline().strip() == b"ready"
        demo.kill()
        demo.wait()
        demo.stdout.close()
        assert _ends(guarded)
        assert forgotten.poll() is None
    finally:
        forgotten.kill()
        forgotten.wait()


def test_an_orderly_end_harms_nobody() -> None:
    process = _sleeper()
    guard = Guard()
    guard.watch(process.pid)
    guard.close()
    assert process.poll() is None
    process.kill()
    process.wait()


def _round_trip(port: int) -> bool:
    """Publish and receive one message."""
    got = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.on_message = lambda *_: got.set()
    client.connect("127.0.0.1", port)
    client.subscribe("a", 1)  # a broker answers in order: the subscription stands before the message comes
    client.publish("a", b"b", 1)
    client.loop_start()
    try:
        return got.wait(_PATIENCE_S)
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("program", ["mosquitto", "amqtt"])
def test_a_broker_comes_back_on_its_port_after_a_kill(program: str, tmp_path: Path) -> None:
    mosquitto = find_mosquitto()
    assert mosquitto, "mosquitto is missing: apt-get install mosquitto"

    async def story() -> None:
        broker = DemoBroker(tmp_path, mosquitto=mosquitto if program == "mosquitto" else "")
        await broker.start()
        try:
            assert broker.program == program
            port = broker.port
            assert await asyncio.to_thread(_round_trip, port)
            await broker.kill()
            assert not broker.is_running
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            await broker.start()
            assert broker.port == port
            assert await asyncio.to_thread(_round_trip, port)
        finally:
            await broker.stop()
        assert broker.pid is None

    asyncio.run(story())


def test_a_broker_that_ends_at_once_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        broker = DemoBroker(tmp_path, mosquitto=sys.executable)
        with pytest.raises(BrokerUnavailable, match="ended at once"):
            await broker.start()
        await broker.stop()

    asyncio.run(story())


@pytest.mark.skipif(os.name == "nt", reason="reads /proc")
def test_the_broker_listens_on_the_loopback_only(tmp_path: Path) -> None:
    async def story() -> None:
        broker = DemoBroker(tmp_path)
        await broker.start()
        try:
            wanted = f":{broker.port:04X}"
            rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
            listeners = [row[1] for row in rows if row[1].endswith(wanted) and row[3] == "0A"]
            assert listeners == [f"0100007F{wanted}"]
        finally:
            await broker.stop()

    asyncio.run(story())
