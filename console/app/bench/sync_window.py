"""The console that catches up for `leitstand bench sync`: the real window and station in a process of their own.

Prints one JSON line for the idle phase, and one when everything is taken in: lateness of a 10 ms timer of its event
loop, memory, and how long acts of its own took meanwhile.
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from console.app.bench.ingest_window import Lateness, tell
from console.app.folders import Folders
from console.domain.facts import HornSilenced
from console.services.journal.entries import SYSTEM
from console.services.journal.log import JournalLog

if TYPE_CHECKING:
    from console.app.main import Console

_ACT_S = 0.2
_WAIT_S = 0.05


def memory_mb() -> float | None:
    """Resident memory of this process; None where the system has no /proc."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return None
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def measure(console: "Console", events: int, idle_s: float) -> None:
    core = console.core
    assert core is not None
    journal = core.parts.journal
    lateness, acts = Lateness(), list[float]()
    begun, before, start = False, memory_mb(), time.perf_counter()
    lateness.begin()
    highest = before
    acting = asyncio.ensure_future(_act(journal, acts))
    while journal.event_count < events:
        await asyncio.sleep(_WAIT_S)
        if not begun and journal.event_count > 50:
            begun, start = True, time.perf_counter()
            before = memory_mb()
            lateness.begin()
        now = memory_mb()
        if now is not None and highest is not None:
            highest = max(highest, now)
    seconds = time.perf_counter() - start
    during = lateness.end()
    acting.cancel()
    await asyncio.gather(acting, return_exceptions=True)
    grown = highest - before if highest is not None and before is not None else None
    p99 = float(np.percentile(acts or [0.0], 99))
    lateness.begin()
    await asyncio.sleep(idle_s)
    tell("idle", **lateness.end())
    tell("caught_up", **during, events=journal.event_count, seconds=seconds, grown_mb=grown, act_p99=p99)


async def _act(journal: JournalLog, waits: list[float]) -> None:
    """A fact of this station five times a second: how long until it is durable."""
    while True:
        start = time.perf_counter()
        await journal.append([HornSilenced("desk", 1)], SYSTEM)
        waits.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(_ACT_S)


async def work(folder: Path, events: int, idle_s: float) -> int:
    from console.app.main import Console

    console = Console(folder)
    console.window.resize(1600, 900)
    console.show()

    async def after() -> None:
        console.window.go("overview")
        await measure(console, events, idle_s)
        console.stop.set()

    try:
        return await console.work(Folders(folder, folder), None, after)
    finally:
        await console.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--idle", type=float, default=5.0)
    options = parser.parse_args()
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from console.app.main import in_window_loop

    return in_window_loop(lambda: work(options.folder, options.events, options.idle))


if __name__ == "__main__":
    sys.exit(main())
