"""The owner-only local socket of a running station: a Unix socket, or a named pipe on Windows.

The address is made from the data folder, so that a second process finds the first one by the folder alone.
"""

import asyncio
import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

Handler = Callable[[bytes], Awaitable[bytes]]
LIMIT = 1 << 20
_ANSWER_S = 30.0


def address(data: Path) -> str:
    """Unix socket path (short: the system allows about 100 characters) or pipe name of this data folder."""
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    if sys.platform == "win32":
        return rf"\\.\pipe\leitstand-{name}"
    inside = str(data.resolve() / "door.sock")
    if len(inside) < 100:
        return inside
    folder = Path(tempfile.gettempdir()) / f"leitstand-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return str(folder / name)


class LocalServer:
    """Answers one line per connection; a handler that fails answers nothing and is logged by the loop."""

    def __init__(self, data: Path, handler: Handler) -> None:
        self._address = address(data)
        self._handler = handler
        self._stop: Callable[[], None] = lambda: None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. The caller owns the data folder, so a socket file that is left over belongs to a dead process."""
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":  # only Windows can prove this branch

            def factory() -> asyncio.StreamReaderProtocol:
                return asyncio.StreamReaderProtocol(asyncio.StreamReader(LIMIT), self._connected)

            servers = await loop.start_serving_pipe(factory, self._address)  # type: ignore[attr-defined]
            self._stop = lambda: [server.close() for server in servers] and None
            return
        _remove(self._address)
        old = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._connected, self._address, limit=LIMIT)
        finally:
            os.umask(old)
        self._stop = server.close

    async def close(self) -> None:
        self._stop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        _remove(self._address)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(_ANSWER_S):
                line = await reader.readline()
            answer = await self._handler(line) if line else b""  # a backup may take minutes
            async with asyncio.timeout(_ANSWER_S):
                if answer:
                    writer.write(answer + b"\n")
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # a caller that stalls or sends more than LIMIT gets no answer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def _remove(where: str) -> None:
    """A socket's file stays behind; a pipe has none."""
    if sys.platform != "win32":
        Path(where).unlink(missing_ok=True)


async def ask(data: Path, line: bytes, answer_s: float = _ANSWER_S) -> bytes:
    """Send one line to the station that owns the folder and return its answer. ConnectionError when none is there."""
    where = address(data)
    try:
        if sys.platform == "win32":  # only Windows can prove this branch
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(LIMIT)
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.create_pipe_connection(lambda: protocol, where)  # type: ignore[attr-defined]
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        else:
            reader, writer = await asyncio.open_unix_connection(where, limit=LIMIT)
    except OSError as error:
        raise ConnectionError(f"no station answers at {where}") from error
    try:
        writer.write(line + b"\n")
        await writer.drain()
        async with asyncio.timeout(answer_s):
            # To the end, not by line: the answer about 10,000 tags is longer than LIMIT, which is for questions.
            return (await reader.read()).rstrip(b"\n")
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
