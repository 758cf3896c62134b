"""Kills a station's journal at chosen or random moments: a child appends and acknowledges until it is ended hard.

`python -m tests.support.kills` is the nursery: it imports everything once and makes one child per request (a fork
where there is one, else a process of its own), so that a kill costs milliseconds and not the start of an interpreter.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from console.services.journal.entries import Entry
from console.services.storage import failpoints, writer
from console.services.storage.anchor import Anchor, AnchorKeeper
from console.services.storage.page_salvage import committed_pages
from tests.support.journals import MovedClock, StationJournal, note
from tests.support.nursery_process import NurseryProcess

ROOT = Path(__file__).parents[2]
CODE = "K1"
PRODUCERS = 4
ACTS = 400


@dataclass(slots=True)
class Killed:
    """What a child had acknowledged when it ended, and how it ended (negative: by this signal)."""

    acknowledged: set[bytes] = field(default_factory=set)
    code: int = 0


class Nursery(NurseryProcess):
    """`run` lives one child's life."""

    module = "tests.support.kills"

    def run(self, folder: Path, point: str = "", kill_after: int | None = None, defect: str = "") -> Killed:
        """A child on this folder until it reaches the failpoint, or is killed after so many acknowledgements."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"folder": str(folder), "point": point, "defect": defect}) + "\n")
        killed, pid = Killed(), 0
        while line := stdout.readline():
            kind, _, value = line.strip().partition(" ")
            if kind == "P":
                pid = int(value)
            elif kind == "A":
                killed.acknowledged.add(bytes.fromhex(value))
            elif kind == "E":
                killed.code = int(value)
                return killed
            if kill_after is not None and pid and len(killed.acknowledged) >= kill_after:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows both are TerminateProcess
                kill_after = None
        raise AssertionError("the nursery ended")


def tear(folder: Path, chance: random.Random) -> bool:
    """Write what a power cut may leave behind the last committed frame of the WAL; False when there is no WAL."""
    wal = folder / "journal.db-wal"
    if not wal.exists() or wal.stat().st_size == 0:
        return False
    _, end = committed_pages(wal)
    frame = wal.read_bytes()[end - 4120 : end] if end else b""
    kind = chance.randrange(4)
    with wal.open("r+b") as file:
        file.seek(end)
        if kind == 0:  # the tail was never written
            file.truncate()
        elif kind == 1:  # it was written in part, as something else
            file.write(chance.randbytes(chance.randrange(1, 9000)))
        elif kind == 2 and len(frame) > 50:  # a frame that looks right but for one bit
            spoiled = bytearray(frame)
            spoiled[chance.randrange(24, len(frame))] ^= 1 << chance.randrange(8)
            file.write(spoiled)
        else:  # half a frame, then zeros
            file.write(frame[: len(frame) // 2] + bytes(4096))
    return True


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if hasattr(os, "fork"):
            pid = os.fork()
            if pid == 0:
                _live(request)
                os._exit(0)
            _say(f"E {_code(os.waitpid(pid, 0)[1])}")
        else:
            child = subprocess.run([sys.executable, "-m", "tests.support.kills", line], cwd=ROOT, check=False)
            _say(f"E {child.returncode}")


def _code(status: int) -> int:
    return os.waitstatus_to_exitcode(status)


def _live(request: dict[str, Any]) -> None:
    _say(f"P {os.getpid()}")
    failpoints.arm(request["point"])
    if request["defect"]:
        _acknowledge_before_the_commit()
    asyncio.run(_act(Path(request["folder"])))


def _acknowledge_before_the_commit() -> None:
    """The defect that the kills have to find."""

    def attempt(connection: Connection, group: list[Any]) -> BaseException | None:
        with connection.begin():
            for job in group:
                job.result = job.function(connection)
            writer._deliver(group)
            threading.Event().wait(0.05)  # until the loop has told it
            failpoints.reach("commit.before")
        return None

    writer._attempt = attempt


async def _act(folder: Path) -> None:
    station = StationJournal(folder, CODE, MovedClock())
    keeper = AnchorKeeper(Anchor(folder.with_name(folder.name + "-anchors"), station.place.station))

    def project(entries: tuple[Entry, ...]) -> None:
        failpoints.reach("project.before")
        keeper.note(entries[-1].stream, entries[-1].seq, entries[-1].hash)
        failpoints.reach("project.after")

    station.log.entries.subscribe(project)
    await station.start()

    async def produce(name: int) -> None:
        for number in range(ACTS // PRODUCERS):
            entries = await station.act(*(note(f"{name}.{number}.{n}") for n in range(1 + number % 3)))
            _say("".join(f"A {entry.hash.hex()}\n" for entry in entries).rstrip())
            failpoints.reach("receipt.after")

    await asyncio.gather(*(produce(name) for name in range(PRODUCERS)))
    await keeper.flush()
    station.close()


def _say(text: str) -> None:
    os.write(1, text.encode() + b"\n")  # at once: what was written is what was acknowledged


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _live(json.loads(sys.argv[1]))
    else:
        main()
