"""TCP cables that go bad in every way a plant's network knows; all of them in one thread, on loopback.

The demo's cable (console/app/demo/proxy.py) is cut, stalls and swallows; these also are slow, late, and lie.
"""

import asyncio
import random
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")
_CHUNK = 65_536
_LATE_S = (0.05, 0.8)


class Bad(StrEnum):
    """What a cable does."""

    FLOWS = "flows"
    STALLS = "stalls"  # connected, bytes are held and come later
    CUT = "cut"  # connections are reset, new ones too
    LATE = "late"  # every piece comes 50 to 800 ms later
    CORRUPT = "corrupt"  # in every fifth piece one byte is another
    TRICKLES = "trickles"  # 1 byte a second
    HALF_OPEN = "half_open"  # the way there flows, the way back vanishes; reset when it mends
    FLAPS = "flaps"  # carries a few pieces, then is reset, again and again


class Cable:
    """Listens on a port of its own and carries to `target_port`; made by `Cables.cable`, set from any thread."""

    def __init__(self, cables: "Cables", name: str, target_port: int) -> None:
        self.name = name
        self.port = 0
        self.corrupted = 0
        self._cables = cables
        self._target_port = target_port
        self._chance = random.Random(f"{cables.seed} {name}")
        self._state = Bad.FLOWS
        self._gate = asyncio.Event()
        self._gate.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def set(self, state: Bad) -> None:
        """Disturb or mend; done when this returns."""

        async def change() -> None:
            was, self._state = self._state, state
            if state is Bad.STALLS:
                self._gate.clear()
            else:
                self._gate.set()
            if state is Bad.CUT or (state is Bad.FLOWS and was in (Bad.HALF_OPEN, Bad.CORRUPT, Bad.TRICKLES)):
                self._reset()

        self._cables.do(change())

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._reset()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _reset(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        self._writers.add(writer)
        try:
            if self._state is Bad.CUT:
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            ends.append(far_writer)
            self._writers.add(far_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, far_writer, is_back=False))
                both.create_task(self._pump(far_reader, writer, is_back=True))
        except* OSError:
            pass  # the far side is away, or a connection broke: both ends are reset
        finally:
            for end in ends:
                self._writers.discard(end)
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_back: bool) -> None:
        left = self._chance.randint(2, 12)  # pieces until it flaps
        while data := await reader.read(1 if self._state is Bad.TRICKLES else _CHUNK):
            await self._gate.wait()
            match self._state:
                case Bad.LATE:
                    await asyncio.sleep(self._chance.uniform(*_LATE_S))
                case Bad.CORRUPT if self._chance.random() < 0.2:
                    data = self._corrupt(data)
                case Bad.TRICKLES:
                    await self._trickle(data, writer)
                    continue
                case Bad.HALF_OPEN if is_back:
                    continue
                case Bad.FLAPS:
                    left -= 1
                    if left < 0:
                        break
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    def _corrupt(self, data: bytes) -> bytes:
        self.corrupted += 1
        at = self._chance.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._chance.randrange(8))]) + data[at + 1 :]

    async def _trickle(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
            if self._state is Bad.TRICKLES:
                await asyncio.sleep(1)


class Cables:
    """All cables of a test, in one thread. `seed` decides what chance does."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.all: list[Cable] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cables", daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def cable(self, name: str, target_port: int) -> Cable:
        made = Cable(self, name, target_port)
        self.do(made.open())
        self.all.append(made)
        return made

    def mend(self) -> None:
        for cable in self.all:
            cable.set(Bad.FLOWS)

    def close(self) -> None:
        for cable in self.all:
            with suppress(Exception):
                self.do(cable.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def running_cables(seed: int) -> Iterator[Cables]:
    cables = Cables(seed)
    try:
        yield cables
    finally:
        cables.close()
