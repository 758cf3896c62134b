"""The cable between console and broker: it carries, stalls half-open, swallows, and cuts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.app.demo.proxy import Cable, Line

_PATIENCE_S = 5.0
_QUIET_S = 0.2  # long against the loopback, which answers within a millisecond


@asynccontextmanager
async def _echo_behind_cable() -> AsyncIterator[Cable]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the story ended
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    cable = Cable(server.sockets[0].getsockname()[1])
    await cable.start()
    try:
        yield cable
    finally:
        await cable.stop()
        server.close()
        await server.wait_closed()


async def _connect(cable: Cable) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", cable.port)


async def _said(reader: asyncio.StreamReader, size: int) -> bytes:
    async with asyncio.timeout(_PATIENCE_S):
        return await reader.readexactly(size)


async def _nothing_comes(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(_QUIET_S):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def _is_reset(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await reader.read(1) == b""
    except ConnectionError:
        return True


def test_a_cable_carries_both_ways() -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            reader, writer = await _connect(cable)
            big = bytes(range(256)) * 4_000
            writer.write(big)
            assert await _said(reader, len(big)) == big
            writer.close()

    asyncio.run(story())


def test_a_stalled_cable_keeps_the_connection_and_delivers_later() -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            reader, writer = await _connect(cable)
            writer.write(b"a")
            assert await _said(reader, 1) == b"a"
            cable.set(Line.STALLS)
            writer.write(b"bc")
            assert await _nothing_comes(reader)
            cable.set(Line.FLOWS)
            assert await _said(reader, 2) == b"bc"
            writer.close()

    asyncio.run(story())


def test_a_console_that_connects_while_the_cable_stalls_hears_nothing_until_it_flows() -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            cable.set(Line.STALLS)
            reader, writer = await _connect(cable)
            writer.write(b"late")
            assert await _nothing_comes(reader)
            cable.set(Line.FLOWS)
            assert await _said(reader, 4) == b"late"
            writer.close()

    asyncio.run(story())


def test_a_pulled_cable_swallows_and_old_connections_are_reset_when_it_is_plugged_again() -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            reader, writer = await _connect(cable)
            writer.write(b"a")
            assert await _said(reader, 1) == b"a"
            cable.set(Line.SWALLOWS)
            writer.write(b"lost")
            assert await _nothing_comes(reader)
            cable.set(Line.FLOWS)
            assert await _is_reset(reader)
            writer.close()
            reader, writer = await _connect(cable)
            writer.write(b"new")
            assert await _said(reader, 3) == b"new"
            writer.close()

    asyncio.run(story())


def test_a_cut_cable_resets_what_stands_and_what_comes() -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            reader, writer = await _connect(cable)
            writer.write(b"a")
            assert await _said(reader, 1) == b"a"
            cable.set(Line.IS_CUT)
            assert await _is_reset(reader)
            writer.close()
            late_reader, late_writer = await _connect(cable)
            assert await _is_reset(late_reader)
            late_writer.close()
            cable.set(Line.FLOWS)
            reader, writer = await _connect(cable)
            writer.write(b"b")
            assert await _said(reader, 1) == b"b"
            writer.close()

    asyncio.run(story())


def test_a_broker_that_is_away_ends_the_consoles_connection() -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            cable.target_port = 1  # nobody listens there
            reader, writer = await _connect(cable)
            assert await _is_reset(reader)
            writer.close()

    asyncio.run(story())


@pytest.mark.parametrize("line", list(Line))
def test_a_cable_in_any_state_can_be_stopped(line: Line) -> None:
    async def story() -> None:
        async with _echo_behind_cable() as cable:
            _, writer = await _connect(cable)
            writer.write(b"a")
            cable.set(line)
            await cable.stop()
            assert cable.connections == 0
            writer.close()

    asyncio.run(story())
