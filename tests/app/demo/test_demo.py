"""The demo as a whole, with real broker, plant and centre: it lives, obeys, is kept, and leaves nothing behind."""

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from console.app.demo import control
from console.app.demo import demo as demo_module
from console.app.demo.centre import postmaster_pid
from console.app.demo.demo import Demo
from console.config.private_file import is_private
from console.config.site_files import load_site
from console.config.station_file import load_station
from console.domain.refusal import Refused
from console.services.journal.own_stream import Place
from console.services.sync.central import Central
from console.services.sync.central_schema import CentreRefuses
from tests.conftest import LogLines

_PATIENCE_S = 20.0


class Console:
    """What a console would hear: an MQTT client behind the cable of a station."""

    def __init__(self, folder: Path) -> None:
        self.topics: list[str] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_message = lambda _client, _data, message: self.topics.append(message.topic)
        self.client.connect("127.0.0.1", load_station(folder).brokers[0].port)
        self.client.subscribe("#")
        self.client.loop_start()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def heard(self, part: str) -> bool:
        return any(part in topic for topic in self.topics)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A demo's folder; a database that had to live elsewhere (see postgres.py) goes with it."""
    yield tmp_path
    note = tmp_path / "centre" / "data-is-in.txt"
    if note.exists():
        shutil.rmtree(note.read_text(encoding="utf-8").strip(), ignore_errors=True)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():  # noqa: ASYNC110 the other side is a thread or a process
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _running(demo: Demo) -> AsyncIterator[Demo]:
    await demo.start()
    try:
        yield demo
    finally:
        await demo.stop()


def test_a_demo_lives_obeys_its_faults_and_ends_without_a_trace(tmp_path: Path) -> None:
    async def story() -> None:
        async with _running(Demo(tmp_path, stations=2, centre=False, is_scheduled=False)) as demo:
            assert demo.plant_report["live"] == demo.plant_report["total"] >= 11
            console = Console(demo.station_folders[1])
            try:
                await _until(lambda: console.heard("DDATA") and console.heard("energy/"))
                row = await asyncio.to_thread(control.set_fault, tmp_path, "cut-switch", True)
                assert row["on"] and row["by_hand"]
                await _until(lambda: console.heard("NDEATH/AS-CELL-A") and console.heard("DDEATH/NW-OT/SW-ASSY"))
                console.topics.clear()
                await asyncio.to_thread(control.set_fault, tmp_path, "cut-switch", False)
                await _until(lambda: console.heard("NBIRTH/AS-CELL-A") and console.heard("DBIRTH/NW-OT/SW-ASSY"))
                await demo.set_fault("stall-broker", True)
                await asyncio.sleep(0.2)  # what was on its way arrives
                count = len(console.topics)
                await asyncio.sleep(0.5)  # the plant says some 80 messages meanwhile
                assert len(console.topics) == count
                assert console.client.is_connected()
                await demo.set_fault("stall-broker", False)
                await _until(lambda: len(console.topics) > count)
                await demo.set_fault("kill-broker", True)
                await _until(lambda: not console.client.is_connected())
                await demo.set_fault("kill-broker", False)
                await _until(lambda: demo.plant_report["live"] == demo.plant_report["total"])
            finally:
                console.close()
            settings = json.loads((tmp_path / control.FILE).read_text(encoding="utf-8"))
            assert is_private(tmp_path / control.FILE)
        assert not (tmp_path / control.FILE).exists()
        for port in (settings["control_port"], settings["broker_port"]):
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(story())


def test_the_control_line_lists_refuses_and_needs_its_token(tmp_path: Path) -> None:
    async def story() -> None:
        async with _running(Demo(tmp_path, centre=False)):
            rows = await asyncio.to_thread(control.list_faults, tmp_path)
            scheduled = [row for row in rows if row["next_us"]]
            assert len(rows) >= 14
            assert scheduled
            assert all(row["next_us"] > time.time_ns() // 1000 for row in scheduled)
            with pytest.raises(KeyError, match="no fault named"):
                await asyncio.to_thread(control.set_fault, tmp_path, "earthquake", True)
            with pytest.raises(Refused, match="already runs"):
                await Demo(tmp_path, centre=False).start()
            assert await asyncio.to_thread(control.is_running, tmp_path)
            settings = json.loads((tmp_path / control.FILE).read_text(encoding="utf-8"))
            reader, writer = await asyncio.open_connection("127.0.0.1", settings["control_port"])
            writer.write(json.dumps({"token": "guessed", "do": "list"}).encode() + b"\n")
            assert await reader.read() == b""
            writer.close()

    asyncio.run(story())
    with pytest.raises(ConnectionError, match="no demo runs"):
        control.list_faults(tmp_path)


def test_a_demo_folder_is_used_again_and_its_centre_is_cut_by_a_fault(folder: Path) -> None:
    def connect(station: Path) -> None:
        centre = load_station(station).centre
        assert centre.password_file is not None
        psycopg.connect(
            host=centre.host, port=centre.port, dbname=centre.database, user=centre.user, sslmode=centre.sslmode,
            password=centre.password_file.read_text(encoding="ascii").strip(), connect_timeout=3,
        ).close()  # fmt: skip

    async def story() -> None:
        async with _running(Demo(folder, is_scheduled=False)) as demo:
            password, station = demo.password("operator"), load_station(demo.station_folders[0])
            await asyncio.to_thread(connect, demo.station_folders[0])
            await asyncio.to_thread(_enter_as_station, demo.station_folders[0])
            await demo.set_fault("centre-away", True)
            with pytest.raises(psycopg.OperationalError):
                await asyncio.to_thread(connect, demo.station_folders[0])
            await demo.set_fault("centre-away", False)
            await asyncio.to_thread(connect, demo.station_folders[0])
        async with _running(Demo(folder, is_scheduled=False)) as demo:
            assert demo.password("operator") == password
            again = load_station(demo.station_folders[0])
            assert again.station_id == station.station_id
            await asyncio.to_thread(connect, demo.station_folders[0])

    asyncio.run(story())


def test_a_scheduled_fault_comes_by_itself_and_a_plant_that_crashed_comes_back_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    log_lines.expect("the simulated plant ended")
    ahead_us = 0
    monkeypatch.setattr(demo_module, "now_us", lambda: time.time_ns() // 1000 + ahead_us)

    async def story() -> None:
        nonlocal ahead_us
        async with _running(Demo(tmp_path, centre=False)) as demo:
            assert not [state for state in demo.faults() if state.is_on]
            ahead_us = 245_000_000  # robot-overheat comes first, after 240 s
            await _until(lambda: demo.plant_report.get("faults") == ["robot-overheat"])
            state = next(state for state in demo.faults() if state.is_on)
            assert state.name == "robot-overheat"
            assert not state.by_hand
            assert state.ends_us > demo_module.now_us()
            assert demo._plant is not None
            crashed = demo._plant
            crashed.kill()
            await _until(lambda: demo._plant is not crashed)
            await _until(lambda: demo.plant_report.get("faults") == ["robot-overheat"])

    asyncio.run(story())


def _enter_as_station(folder: Path) -> None:
    """The station's role works with the centre's functions for itself alone, and reads and changes no table."""
    station = load_station(folder)
    place = Place(load_site(folder.parent / "site").site_id, station.station_id, station.code)
    central = Central(station.centre, place)
    assert central.tips() == ()
    central.close()
    with pytest.raises(CentreRefuses, match="another site"):
        Central(station.centre, replace(place, site=uuid4()))
    assert station.centre.password_file is not None
    assert is_private(station.centre.password_file)
    for statement in ("select * from leitstand.fact", "delete from leitstand.station"):
        with psycopg.connect(
            host=station.centre.host, port=station.centre.port, dbname=station.centre.database,
            user=station.centre.user, password=station.centre.password_file.read_text(encoding="ascii").strip(),
        ) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):  # fmt: skip
            connection.execute(statement.encode())


def test_a_demo_that_is_killed_leaves_no_process(folder: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from console.app.demo.demo import Demo\n"
        "async def main():\n"
        "    demo = Demo(Path(sys.argv[1])); await demo.start()\n"
        "    print(demo._plant.pid, demo._broker.pid, demo._guard.pid, flush=True); await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", script, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    postmaster = postmaster_pid(folder / "centre")
    process.kill()
    process.wait()
    process.stdout.close()
    assert len(pids) == 3
    assert postmaster is not None
    end = time.monotonic() + _PATIENCE_S
    while alive := [pid for pid in [*pids, postmaster] if _is_alive(pid)]:
        assert time.monotonic() < end, alive
        threading.Event().wait(0.05)


def _is_alive(pid: int) -> bool:
    """A zombie whose parent died is dead: nobody but init can reap it."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def test_the_number_of_consoles_has_a_limit(tmp_path: Path) -> None:
    for stations in (0, 1_000):
        with pytest.raises(Refused, match="consoles"):
            Demo(tmp_path, stations=stations)
