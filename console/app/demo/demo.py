"""The whole demo on one machine: broker, plant, central PostgreSQL and the folders of its consoles."""

import asyncio
import json
import logging
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.app.demo import site_folder
from console.app.demo.broker import DemoBroker
from console.app.demo.centre import enrol_console, postmaster_pid, prepare_centre
from console.app.demo.child_process import apart, own_environment
from console.app.demo.control import FILE, ControlServer
from console.app.demo.faults import Fault, FaultBoard, FaultState, Infrastructure, fault_named
from console.app.demo.guard import Guard
from console.app.demo.plant_model import load_plant
from console.app.demo.postgres import DemoPostgres, PostgresUnavailable
from console.app.demo.proxy import Cable, Line
from console.config.private_file import write_private
from console.domain.refusal import Refused
from console.services.storage.ownership import DataFolderInUse, Ownership
from console.ui.resources import resource

log = logging.getLogger(__name__)
_PLANT_START_S = 30.0
_TURN_S = 0.5


def now_us() -> int:
    return time.time_ns() // 1000


class Demo:
    """A complete demo plant in `folder`; a folder of an earlier demo keeps its ids, passwords and journals.

    `stations` consoles get a folder each (`station_folders`), which configure a console and hold its data. They reach
    broker and centre through cables that faults disturb. `mosquitto` "" forces amqtt. `is_scheduled` False keeps the
    plant free of faults that come by themselves. `resources` is the folder with plant.toml, alarms.toml, topics.toml.
    """

    def __init__(
        self,
        folder: Path,
        stations: int = 1,
        centre: bool = True,
        *,
        is_scheduled: bool = True,
        mosquitto: str | None = None,
        resources: Path | None = None,
    ) -> None:
        if not 1 <= stations <= site_folder.most_stations():
            raise Refused("A demo has 1 to {most} consoles.", most=site_folder.most_stations())
        self.folder = folder.resolve()
        self.station_folders = [self.folder / f"station-{number}" for number in range(1, stations + 1)]
        self.site_folder = self.folder / "site"
        self._resources = resources or resource("demo")
        self._has_centre = centre
        self._is_scheduled = is_scheduled
        self._mosquitto = mosquitto
        self._ownership: Ownership | None = None
        self._guard: Guard | None = None
        self._broker: DemoBroker | None = None
        self._postgres: DemoPostgres | None = None
        self._broker_cable = Cable(0)
        self._centre_cable = Cable(0)
        self._control = ControlServer(secrets.token_urlsafe(24), self._answer)
        self._control.active_faults = self._plant_faults
        self._board = FaultBoard(0)
        self._plant: subprocess.Popen[bytes] | None = None
        self._turns: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()

    @property
    def broker_program(self) -> str:
        """ "mosquitto" or "amqtt" (MQTT 3.1.1 only)."""
        return self._broker.program if self._broker else ""

    @property
    def broker_port(self) -> int:
        """The broker itself, past the cable."""
        return self._broker.port if self._broker else 0

    @property
    def plant_report(self) -> dict[str, Any]:
        """live and total connections of the plant, messages sent, and the faults that it plays."""
        return self._control.plant_report

    def password(self, login: str) -> str:
        """Of operator, lead, engineer, manager or admin."""
        return site_folder.read_passwords(self.folder)[login]

    def faults(self) -> list[FaultState]:
        return self._board.states(now_us())

    async def set_fault(self, name: str, on: bool) -> None:
        """Switch a fault by hand. Raises Refused for an unknown name."""
        fault = fault_named(name)
        async with self._switching:
            if self._board.set(name, on, now_us()):
                await self._effect(fault, on)

    async def start(self) -> None:
        """Start everything and wait until the plant lives.

        Raises Refused when a demo runs in this folder already, OSError (BrokerUnavailable is one) or TimeoutError
        when a part does not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._ownership = Ownership(self.folder)
        except DataFolderInUse as error:
            raise Refused("A demo already runs in {folder}.", folder=self.folder) from error
        try:
            await self._start_parts()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End everything in order; may be called twice."""
        if self._turns is not None:
            self._turns.cancel()
            with suppress(asyncio.CancelledError):
                await self._turns
            self._turns = None
        await self._control.stop()
        await self._end_plant()
        await self._broker_cable.stop()
        await self._centre_cable.stop()
        if self._broker is not None:
            await self._broker.stop()
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)
        if self._guard is not None:
            self._guard.close()
            self._guard = None
        (self.folder / FILE).unlink(missing_ok=True)
        if self._ownership is not None:
            self._ownership.release()
            self._ownership = None

    async def _start_parts(self) -> None:
        self._guard = Guard()
        self._broker = DemoBroker(self.folder / "broker", self._guard, mosquitto=self._mosquitto)
        await self._broker.start()
        self._broker_cable.target_port = self._broker.port
        await self._broker_cable.start()
        if self._has_centre:
            await self._start_centre(self._guard)
        await asyncio.to_thread(self._write_folders)
        self._board = FaultBoard(now_us(), is_scheduled=self._is_scheduled)
        await self._control.start()
        self._write_settings()
        self._start_plant()
        await self._control.plant_lives(_PLANT_START_S)
        self._turns = asyncio.get_running_loop().create_task(self._take_turns())

    async def _start_centre(self, guard: Guard) -> None:
        postgres = DemoPostgres(self.folder / "centre")
        self._postgres = postgres
        try:
            await asyncio.to_thread(postgres.start)
        except PostgresUnavailable as error:
            raise OSError(str(error)) from error
        pid = postmaster_pid(postgres.folder)
        if pid is not None:
            guard.watch(pid)
        await asyncio.to_thread(prepare_centre, postgres)
        self._centre_cable.target_port = postgres.port
        await self._centre_cable.start()

    def _write_folders(self) -> None:
        model = load_plant(self._resources / "plant.toml")
        site_folder.prepare_site(self.site_folder, model, self._resources, len(self.station_folders))
        site_folder.prepare_people(self.folder, self.site_folder)
        for number, folder in enumerate(self.station_folders, start=1):
            site_folder.prepare_station(folder, number, self._broker_cable.port)
            if self._postgres is not None:  # the role is named by the station's id
                role, password = enrol_console(self._postgres, folder)
                port = self._centre_cable.port
                site_folder.prepare_station(folder, number, self._broker_cable.port, port, role, password)

    def _write_settings(self) -> None:
        settings = {
            "version": 1,
            "control_port": self._control.port,
            "token": self._control.token,
            "broker_port": self.broker_port,
        }
        write_private(self.folder / FILE, json.dumps(settings))

    def _start_plant(self) -> None:
        self._control.plant_report = {}
        (self.folder / "logs").mkdir(exist_ok=True)
        with (self.folder / "logs" / "plant.log").open("ab") as output:
            self._plant = subprocess.Popen(  # noqa: S603 our own interpreter and module
                [
                    sys.executable, "-m", "console.app.demo.simulator",
                    str(self.folder), str(self._resources / "plant.toml"),
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=own_environment(),
                **apart(),
            )  # fmt: skip

    async def _end_plant(self) -> None:
        """It ends itself when its control line ends; what does not is ended."""
        plant, self._plant = self._plant, None
        if plant is None:
            return
        try:
            await asyncio.to_thread(plant.wait, 5)
        except subprocess.TimeoutExpired:
            plant.kill()
            plant.wait()

    async def _take_turns(self) -> None:
        """Faults by schedule; and a plant or broker that ended by accident starts again."""
        while True:
            await asyncio.sleep(_TURN_S)
            async with self._switching:
                for fault, on in self._board.tick(now_us()):
                    await self._effect(fault, on)
                await self._revive()

    async def _revive(self) -> None:
        if self._plant is not None and self._plant.poll() is not None:
            log.warning("the simulated plant ended (%s); it is started again", self._plant.returncode)
            self._start_plant()
        if self._broker is not None and not self._broker.is_running and "kill-broker" not in self._active_actions():
            log.warning("the broker ended by itself; it is started again")
            await self._broker.start()

    async def _effect(self, fault: Fault, on: bool) -> None:
        actions = {effect.action for effect in fault.effects if isinstance(effect, Infrastructure)}
        if len(actions) < len(fault.effects):
            self._control.tell_plants(fault.name, on)
        if "kill-broker" in actions and self._broker is not None:
            await (self._broker.kill() if on else self._broker.start())
        active = self._active_actions()
        self._broker_cable.set(
            Line.STALLS if "stall-broker" in active else Line.SWALLOWS if "pull-cable" in active else Line.FLOWS
        )
        self._centre_cable.set(
            Line.IS_CUT if "centre-away" in active else Line.SWALLOWS if "pull-cable" in active else Line.FLOWS
        )

    def _active_actions(self) -> set[str]:
        effects = (effect for fault in self._board.active() for effect in fault.effects)
        return {effect.action for effect in effects if isinstance(effect, Infrastructure)}

    def _plant_faults(self) -> list[str]:
        """What a plant that starts anew must be told."""
        return [
            fault.name
            for fault in self._board.active()
            if any(not isinstance(effect, Infrastructure) for effect in fault.effects)
        ]

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["do"] == "set":
            await self.set_fault(str(question["fault"]), bool(question["on"]))
            state = next(state for state in self.faults() if state.name == question["fault"])
            return {"fault": state.as_table()}
        return {"faults": [state.as_table() for state in self.faults()]}
