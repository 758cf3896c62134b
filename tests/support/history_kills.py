"""Kills a historian under load: a child appends, seals and acknowledges until it is ended hard.

`python -m tests.support.history_kills` imports everything once and makes one child per request (a fork where there is
one, else a process of its own), so that a kill costs milliseconds and not the start of an interpreter.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.engine import Connection

from console.domain.values import ValueType
from console.services.historian.history_read import read_raw
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db
from console.services.storage import failpoints
from tests.support.nursery_process import NurseryProcess
from tests.support.small_rows import small_rows

ROOT = Path(__file__).parents[2]
TAGS = 40
START_US = 1_700_000_000_000_000
STEP_US = 250_000  # between two samples of a tag
PER_TICK = 2


@dataclass(slots=True)
class Life:
    """How a child ended (negative: by this signal), and the number of ticks that are acknowledged by then."""

    code: int = 0
    acknowledged: int = 0


class Nursery(NurseryProcess):
    """`run` lives one child's life."""

    module = "tests.support.history_kills"

    def run(self, folder: Path, kill_after: int, point: str = "", seconds: float = 0.0) -> Life:
        """A child on this folder until it reaches the failpoint, or is killed after so many acknowledged ticks, or
        `seconds` after its first."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"folder": str(folder), "point": point}) + "\n")
        life, pid, ticks, first_s, killed = Life(), 0, 0, 0.0, False
        while line := stdout.readline():
            kind, _, value = line.strip().partition(" ")
            if kind == "P":
                pid = int(value)
            elif kind == "A":
                life.acknowledged = int(value)
                ticks += 1
                first_s = first_s or time.monotonic()
            elif kind == "E":
                life.code = int(value)
                return life
            is_over = time.monotonic() - first_s >= seconds if seconds else ticks >= kill_after
            if pid and ticks and is_over and not killed:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows both are TerminateProcess
                killed = True
        raise AssertionError("the nursery ended")


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if hasattr(os, "fork"):
            pid = os.fork()
            if pid == 0:
                _live(request)
                os._exit(0)
            _say(f"E {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")
        else:
            child = subprocess.run([sys.executable, "-m", "tests.support.history_kills", line], cwd=ROOT, check=False)
            _say(f"E {child.returncode}")


def _live(request: dict[str, Any]) -> None:
    _say(f"P {os.getpid()}")
    failpoints.arm(request["point"])
    with small_rows():
        asyncio.run(_record(Path(request["folder"]) / "history.db"))


async def _record(path: Path) -> None:
    store = open_history_db(path)
    keys = [store.key_of(UUID(int=number + 1), ValueType.DOUBLE) for number in range(TAGS)]
    tick = await store.database.readers.read(lambda connection: ticks_in(connection, keys[0]))
    sealing = asyncio.create_task(_seal(store))
    waiting: list[tuple[int, asyncio.Future[None]]] = []
    while True:
        waiting.append((tick + 1, store.append([block_of(keys, tick)])))
        tick += 1
        while waiting and (waiting[0][1].done() or len(waiting) > 2):
            number, future = waiting.pop(0)
            await future
            _say(f"A {number}")
        if sealing.done():
            sealing.result()
        await asyncio.sleep(0.001)


async def _seal(store: HistoryStore) -> None:
    while True:
        await store.compact_some(0.01, 0, is_all=True)
        await asyncio.sleep(0.001)


def block_of(keys: list[int], tick: int) -> SampleBlock:
    """A tick: sample number n of a tag has the value n and the time n x STEP_US."""
    number = np.repeat(np.arange(tick * PER_TICK, (tick + 1) * PER_TICK), len(keys))
    return SampleBlock(
        np.tile(np.array(keys, np.uint32), PER_TICK),
        START_US + number * STEP_US,
        number.astype(np.float64),
        np.zeros(number.size, np.uint8),
    )


def ticks_in(connection: Connection, key: int) -> int:
    """How many ticks of a tag are stored."""
    return len(read_raw(connection, key, 0, 1 << 62)) // PER_TICK


def _say(text: str) -> None:
    os.write(1, text.encode() + b"\n")  # at once: what was written is what was acknowledged


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _live(json.loads(sys.argv[1]))
    else:
        main()
