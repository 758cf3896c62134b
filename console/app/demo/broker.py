"""The demo's MQTT broker: mosquitto when it is installed, else amqtt; on a free loopback port, ended by its pid."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from console.app.demo.child_process import apart, own_environment
from console.app.demo.guard import Guard

_START_S = 15.0
_STOP_S = 5.0
_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_queued_messages 100000
log_dest stderr
log_type error
log_type warning
"""


class BrokerUnavailable(OSError):
    """The broker did not start; the text says why."""


def find_mosquitto() -> str | None:
    """Debian puts it into /usr/sbin, which a user's PATH often lacks; Windows into Program Files."""
    places = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]
    if sys.platform == "win32":
        roots = (os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)"))
        places = [str(Path(root) / "mosquitto") for root in roots if root]
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(places))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DemoBroker:
    """One broker whose port stays the same over `kill` and `start`. `mosquitto=None` looks for it, "" means amqtt."""

    def __init__(self, folder: Path, guard: Guard | None = None, *, mosquitto: str | None = None) -> None:
        self.port = free_port()
        self._folder = folder
        self._guard = guard
        self._mosquitto = find_mosquitto() or "" if mosquitto is None else mosquitto
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def program(self) -> str:
        return "mosquitto" if self._mosquitto else "amqtt"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start and wait until it takes connections. Raises BrokerUnavailable."""
        if self.is_running:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = self._launched()
        if self._guard is not None:
            self._guard.watch(self._process.pid)
        try:
            async with asyncio.timeout(_START_S):
                while not await self._answers():
                    if not self.is_running:
                        raise BrokerUnavailable(f"{self.program} ended at once; see {self._folder}")
                    await asyncio.sleep(0.03)
        except TimeoutError as error:
            await self.kill()
            raise BrokerUnavailable(f"{self.program} does not listen; see {self._folder}") from error

    async def kill(self) -> None:
        """End it hard, as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await self._gone(process)

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            await self._gone(process)

    def _launched(self) -> subprocess.Popen[bytes]:
        """Not asyncio's subprocesses: the demo may run in a loop that has none (qasync)."""
        with (self._folder / f"{self.program}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 the broker we found
                self._command(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=own_environment(),
                **apart(),
            )  # fmt: skip

    async def _gone(self, process: subprocess.Popen[bytes]) -> None:
        try:
            await asyncio.to_thread(process.wait, _STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._guard is not None:
            self._guard.forget(process.pid)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def _command(self) -> list[str]:
        if not self._mosquitto:
            return [sys.executable, "-m", "console.app.demo.amqtt_process", str(self.port)]
        configuration = self._folder / "mosquitto.conf"
        configuration.write_text(_CONFIGURATION.format(port=self.port), encoding="utf-8")
        return [self._mosquitto, "-c", str(configuration)]
