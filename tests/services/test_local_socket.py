"""The station's door on this machine: one line in, one line out, for the owner only."""

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from console.services.local_socket import LIMIT, LocalServer, address, ask


async def echo(line: bytes) -> bytes:
    return line.strip()[::-1]


def test_a_question_is_answered(tmp_path):
    async def story():
        server = LocalServer(tmp_path, echo)
        await server.start()
        if sys.platform != "win32":
            assert stat.S_IMODE(Path(address(tmp_path)).stat().st_mode) == 0o600
        answers = await asyncio.gather(*(ask(tmp_path, f"abc{i}".encode()) for i in range(20)))
        await server.close()
        return answers

    assert asyncio.run(story()) == [f"abc{i}"[::-1].encode() for i in range(20)]


def test_a_closed_door_is_said_clearly(tmp_path):
    with pytest.raises(ConnectionError):
        asyncio.run(ask(tmp_path, b"x"))


def test_a_line_without_end_gets_no_answer_and_hurts_nobody(tmp_path):
    async def story():
        server = LocalServer(tmp_path, echo)
        await server.start()
        try:
            flooded = await ask(tmp_path, b"x" * (LIMIT * 2))
        except ConnectionError:
            flooded = b""
        fine = await ask(tmp_path, b"ok")
        await server.close()
        return flooded, fine

    assert asyncio.run(story()) == (b"", b"ko")


def test_a_dead_process_leaves_a_socket_that_is_taken_over(tmp_path):
    async def story():
        if sys.platform != "win32":
            Path(address(tmp_path)).write_text("left over")
        server = LocalServer(tmp_path, echo)
        await server.start()
        answer = await ask(tmp_path, b"ab")
        await server.close()
        return answer

    assert asyncio.run(story()) == b"ba"


def test_a_deep_folder_still_gets_a_short_address(tmp_path):
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    assert len(address(deep)) < 108
    assert address(deep) != address(tmp_path)
