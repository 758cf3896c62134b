"""The line into a running demo: its faults are listed and switched over a loopback port with a token, JSON lines.

`DIR/demo.json` names port and token and is readable by its owner only, so it works the same on Windows.
"""

import asyncio
import hmac
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from console.domain.refusal import Refused

FILE = "demo.json"
_PATIENCE_S = 15.0
_LINE_LIMIT = 1 << 20
Table = dict[str, Any]


def list_faults(folder: Path) -> list[Table]:
    """All faults of the demo that runs in `folder`: name, text, on, by_hand, since_us, ends_us, next_us.

    Raises ConnectionError when none runs there.
    """
    faults: list[Table] = _ask(folder, {"do": "list"})["faults"]
    return faults


def set_fault(folder: Path, name: str, on: bool) -> Table:
    """Switch a fault by hand; gives its row. Raises KeyError for an unknown name, ConnectionError without a demo."""
    fault: Table = _ask(folder, {"do": "set", "fault": name, "on": on})["fault"]
    return fault


def is_running(folder: Path) -> bool:
    """True when a demo answers for this folder."""
    try:
        list_faults(folder)
    except ConnectionError:
        return False
    return True


def _ask(folder: Path, question: Table) -> Table:
    try:
        settings = json.loads((folder / FILE).read_text(encoding="utf-8"))
        with socket.create_connection(("127.0.0.1", settings["control_port"]), timeout=_PATIENCE_S) as line:
            line.sendall(json.dumps({"token": settings["token"], **question}).encode() + b"\n")
            with line.makefile("rb") as reader:
                answer: Table = json.loads(reader.readline())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConnectionError(f"no demo runs in {folder}") from error
    if "refused" in answer:
        raise KeyError(answer["refused"])
    return answer


class ControlServer:
    """The demo's end of the line. `answer` handles list and set; plants that connect are told of every switch."""

    def __init__(self, token: str, answer: Callable[[Table], Awaitable[Table]]) -> None:
        self.port = 0
        self.plant_report: Table = {}
        self.token = token
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._plants: set[asyncio.StreamWriter] = set()
        self._reported = asyncio.Event()
        self.active_faults: Callable[[], list[str]] = list

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_LINE_LIMIT)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Hang up; the plant ends itself when its line ends."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell_plants(self, fault: str, on: bool) -> None:
        for plant in self._plants:
            plant.write(json.dumps({"fault": fault, "on": on}).encode() + b"\n")

    async def plant_lives(self, timeout_s: float) -> None:
        """Wait until all connections of the plant stand. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not (self.plant_report and self.plant_report["live"] == self.plant_report["total"]):
                self._reported.clear()
                await self._reported.wait()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(await reader.readline())
            if not hmac.compare_digest(str(question.get("token", "")).encode(), self.token.encode()):
                return
            if question["do"] == "plant":
                await self._serve_plant(reader, writer)
            else:
                writer.write(json.dumps(await self._answered(question)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError, KeyError, AttributeError):
            pass  # a stranger or a broken line: hang up
        finally:
            self._plants.discard(writer)
            writer.close()

    async def _answered(self, question: Table) -> Table:
        try:
            return await self._answer(question)
        except Refused as refused:
            return {"refused": str(refused)}

    async def _serve_plant(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for fault in self.active_faults():
            writer.write(json.dumps({"fault": fault, "on": True}).encode() + b"\n")
        self._plants.add(writer)
        while line := await reader.readline():
            self.plant_report = json.loads(line)
            self._reported.set()
