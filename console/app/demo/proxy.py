"""A TCP cable that can be disturbed: stands between the consoles and the demo's broker or centre, on any system."""

import asyncio
import contextlib
from enum import StrEnum

_CHUNK = 65_536


class Line(StrEnum):
    """What the cable does now."""

    FLOWS = "flows"
    STALLS = "stalls"  # half-open: connected, bytes are held and delivered later
    SWALLOWS = "swallows"  # pulled: bytes vanish; connections of that time are reset when it flows again
    IS_CUT = "is_cut"  # connections are reset, new ones too


class Cable:
    """Listens on 127.0.0.1 and carries every connection to `target_port`, as `line` allows."""

    def __init__(self, target_port: int, *, port: int = 0) -> None:
        self.target_port = target_port
        self.port = port
        self.line = Line.FLOWS
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._gate = asyncio.Event()
        self._gate.set()

    async def start(self) -> None:
        """Listen; `port` 0 becomes a free one and is kept."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Reset everything and wait until nothing of it is left."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reset_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set(self, line: Line) -> None:
        """Disturb or mend."""
        was, self.line = self.line, line
        if line in (Line.STALLS, Line.SWALLOWS):
            self._gate.clear()
        if line is Line.IS_CUT or (was is Line.SWALLOWS and line is Line.FLOWS):
            self._reset_all()
        if line in (Line.FLOWS, Line.IS_CUT):
            self._gate.set()

    @property
    def connections(self) -> int:
        return len(self._tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        far_writer: asyncio.StreamWriter | None = None
        try:
            if self.line is Line.IS_CUT:
                return
            await self._gate.wait()
            if writer.transport.is_closing():
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            self._writers.add(far_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, far_writer))
                both.create_task(self._pump(far_reader, writer))
        except* OSError:
            pass  # the far side is not there, or a connection broke: both ends are reset below
        finally:
            for end in (writer, far_writer):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction. The end of one side, too, passes only while the cable flows."""
        while True:
            data = await self._read(reader)
            if self.line is Line.SWALLOWS and data:
                continue
            await self._gate.wait()
            if not data:
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        with contextlib.suppress(OSError):
            return await reader.read(_CHUNK)
        return b""

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
