"""The console under load for `leitstand bench ingest`: the real window and station in a process of their own.

Prints one JSON line when it is connected, one for the idle phase and one for the load, each with the lateness of a
10 ms timer of its event loop.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer

from console.app.folders import Folders
from console.services.telemetry.batch import (
    FLAG_BIRTH,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
)

if TYPE_CHECKING:
    from console.app.main import Console
    from console.domain.tags import Tag

TICK_MS = 10
_QUIET_S = 3.0


class Lateness:
    """How late a precise 10 ms timer comes, in ms."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def begin(self) -> None:
        self._late.clear()
        self._last = 0.0
        self._timer.start(TICK_MS)

    def end(self) -> dict[str, float]:
        self._timer.stop()
        late = np.maximum(np.array(self._late or [0.0]), 0.0)
        p50, p99 = (float(np.percentile(late, q)) for q in (50, 99))
        return {"p50": p50, "p99": p99, "max": float(late.max()), "n": float(late.size)}

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last:
            self._late.append((now - self._last) * 1000 - TICK_MS)
        self._last = now


class SampleCounter:
    """A consumer that counts what reached the tag store, births apart."""

    def __init__(self) -> None:
        self.data = 0
        self.last_at = 0.0
        self.first_at = 0.0

    def on_tags(self, tags: "tuple[Tag, ...]") -> None:
        """Not counted."""

    def on_samples(self, batch: SampleBatch) -> None:
        taken = int(np.count_nonzero((batch.flags & FLAG_BIRTH) == 0))
        if taken:
            self.last_at = time.perf_counter()
            self.first_at = self.first_at or self.last_at
            self.data += taken

    def on_quality(self, change: QualityChanged) -> None:
        """Not counted."""

    def on_session(self, change: SessionChanged) -> None:
        """Not counted."""

    def on_link(self, change: LinkChanged) -> None:
        """Not counted."""


def tell(what: str, **values: object) -> None:
    print(json.dumps({"what": what, **values}), flush=True)


async def measure(console: "Console", idle_s: float, load_s: float) -> None:
    core = console.core
    assert core is not None
    counter, lateness = SampleCounter(), Lateness()
    core.followers.join(counter)
    while not any(link.name.startswith("broker") and link.state == "live" for link in core.parts.links.all()):
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    lateness.begin()
    await asyncio.sleep(idle_s)
    tell("idle", **lateness.end())
    while not counter.data:
        await asyncio.sleep(0.01)
    cpu, start = time.process_time(), time.perf_counter()
    lateness.begin()
    await asyncio.sleep(load_s)
    during = lateness.end()
    cpu_share = (time.process_time() - cpu) / (time.perf_counter() - start)
    while time.perf_counter() - counter.last_at < _QUIET_S:
        await asyncio.sleep(0.1)
    seconds = counter.last_at - counter.first_at
    tell("load", **during, samples=counter.data, seconds=seconds, cpu=cpu_share, tags=core.parts.store.size)


async def work(folder: Path, idle_s: float, load_s: float) -> int:
    from console.app.main import Console

    console = Console(folder)
    console.window.resize(1600, 900)
    console.show()

    async def after() -> None:
        console.window.go("overview")
        await measure(console, idle_s, load_s)
        console.stop.set()

    try:
        return await console.work(Folders(folder, folder), None, after)
    finally:
        await console.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--idle", type=float, default=10.0)
    parser.add_argument("--load", type=float, default=60.0)
    options = parser.parse_args()
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from console.app.main import in_window_loop

    return in_window_loop(lambda: work(options.folder, options.idle, options.load))


if __name__ == "__main__":
    sys.exit(main())
