"""The console in a flood for `leitstand bench alarms`: the real window and station in a process of their own.

Prints one JSON line per part: start, acknowledge, burst, steady. Lateness is that of a 10 ms timer of its event loop.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer

from console.app.bench.alarm_feed import Feed, handles_of, plant
from console.app.bench.ingest_window import Lateness, tell
from console.app.folders import Folders
from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmKind, Priority
from console.services.records import HornSnapshot
from console.services.station import HORN

if TYPE_CHECKING:
    from console.app.main import Console
    from console.models.alarm_table import AlarmTable
    from console.views.alarms.view import AlarmsView

LOGIN, PASSWORD = "bench", "bench-bench-bench"
PRELOAD, BURST, PER_S = 20_000, 50_000, 2_000
_PATIENCE_S = 240.0


class PaintWatch(QObject):
    """Knows after each paint of the list what stands in sight, and how old it was when it was first painted."""

    def __init__(self, view: "AlarmsView") -> None:
        super().__init__()
        self._view = view
        self._known = np.zeros(0, np.int64)  # by row: the last change that the list knew when it was painted last
        self._since_us = 0
        self.ages_ms: list[float] = []
        self.after: Callable[[], None] = lambda: None
        view.list.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._painted)  # comes when the paint that begins now is over
        return False

    def begin(self) -> None:
        self._since_us = time.time_ns() // 1000
        self._look(self._since_us)
        self.ages_ms.clear()

    def _painted(self) -> None:
        self._look(time.time_ns() // 1000)
        self.after()

    def _look(self, now_us: int) -> None:
        """A row counts once, when its change is new since the last paint: one that only comes into sight does not."""
        table = self._view.table
        in_sight = self._view.visible_positions()
        rows = np.asarray(table.alarm_rows(in_sight), np.int64)  # heads of groups are none
        changed = np.array(table.alarms["changed_us"][: len(table.alarms)], np.int64)
        before = np.zeros(len(changed), np.int64)
        before[: len(self._known)] = self._known[: len(changed)]
        fresh = changed[rows][(changed[rows] != before[rows]) & (changed[rows] >= self._since_us)]
        self.ages_ms.extend(((now_us - fresh) / 1000).tolist())
        self._known = changed


async def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(what)
        await asyncio.sleep(0.01)


class Bench:
    """One run on a started console."""

    def __init__(self, console: "Console") -> None:
        from console.views.alarms.view import AlarmsView

        core = console.core
        assert core is not None
        self.console, self.core = console, core
        self.feed = Feed(core.ingest.inbox)
        console.window.go("alarms")
        view = console.window.findChild(AlarmsView)
        assert isinstance(view, AlarmsView)
        self.view = view
        self.paints = PaintWatch(view)
        self.lateness = Lateness()

    @property
    def table(self) -> "AlarmTable":
        return self.view.table

    async def prepare(self, idle_s: float) -> None:
        """Somebody signs on, the plant appears, 20,000 alarms that nobody acknowledges stand."""
        await self.core.people.sign_on.sign_on(LOGIN, PASSWORD)
        tags = plant(self.core.telemetry.handles)
        self.feed.define(tags)
        await until(lambda: self.core.parts.store.size == len(tags) and not self.core.ingest.has_more, "the plant")
        await asyncio.sleep(1.0)
        self.lateness.begin()
        await asyncio.sleep(idle_s)
        tell("idle", **self.lateness.end())
        quiet = handles_of("medium", "low")[:PRELOAD]
        self.feed.burst(quiet)
        await self.until_listed(PRELOAD)

    def listed(self) -> int:
        """Alarms of the plant in the list; those about the console itself come and go by themselves."""
        alarms = self.table.alarms
        return int(np.count_nonzero(alarms.listed[: len(alarms.handles)] & (alarms.handles[: len(alarms)] >= 0)))

    async def start(self, since: float) -> None:
        """Until the 20,000 of the last run are painted; then until every tag is back and the links may start."""
        painted = asyncio.Event()
        self.paints.after = lambda: painted.set() if self.left_open() >= PRELOAD else None
        await painted.wait()
        ms, cpu_ms = (time.time() - since) * 1000, time.process_time() * 1000
        self.paints.after = lambda: None
        self.lateness.begin()
        await until(lambda: self.core.recall.is_done, "the tags")
        tell("start", ms=ms, cpu_ms=cpu_ms, tags_ms=(time.time() - since) * 1000, late=self.lateness.end())

    def left_open(self) -> int:
        """Limit alarms in the list, whether or not their tags are back."""
        alarms = self.table.alarms
        rows = np.flatnonzero(alarms.listed[: len(alarms)])
        known = map(alarms.condition, rows.tolist()) if len(rows) >= PRELOAD else ()
        return sum(one is not None and one.kind is AlarmKind.LIMIT for one in known)

    async def until_listed(self, count: int) -> None:
        await until(lambda: self.listed() >= count, f"{count} alarms in the list")

    async def acknowledge(self, times: int) -> None:
        """Select the first row and press the key: until the list is painted with its new state."""
        took = []
        action = self.console.window.actions_set.action("alarm.acknowledge")
        unacknowledged = tuple(int(state) for state in UNACKNOWLEDGED_STATES)
        for _ in range(times):
            await asyncio.sleep(0.25)
            self.view.go_to_next()
            await asyncio.sleep(0.05)
            row = self.table.row_at(self.view.list.currentIndex().row())
            done = asyncio.Event()

            def look(row: int = row, done: asyncio.Event = done) -> None:
                if self.table.alarms["state"][row] not in unacknowledged:
                    done.set()

            self.paints.after = look
            start = time.perf_counter()
            action.trigger()
            await asyncio.wait_for(done.wait(), _PATIENCE_S)
            took.append((time.perf_counter() - start) * 1000)
            self.paints.after = lambda: None
        p50, p95 = np.percentile(took, (50, 95))
        tell("acknowledge", p50=p50, p95=p95, max=max(took), active=self.listed())

    async def burst(self) -> None:
        """50,000 at once, the first critical one in the middle of them."""
        heard: list[float] = []
        first_critical = 0

        def listen(horn: HornSnapshot) -> None:
            if horn.priority == Priority.CRITICAL and not heard:
                heard.append(time.time_ns() / 1000)

        undo = self.core.station.subscribe(HORN, listen)
        calm = handles_of("medium", "low")[PRELOAD:]
        urgent = handles_of("critical", "high")
        listed = self.listed()
        self.paints.begin()
        self.lateness.begin()
        start_us = time.time_ns() // 1000
        calm, rest = calm[: BURST // 2], np.concatenate([urgent, calm[BURST // 2 :]])
        mixed = np.random.default_rng(3).permutation(rest)[: BURST // 2]
        await asyncio.to_thread(self.feed.burst, calm)  # as messages come: from another thread
        first_critical = time.time_ns() // 1000
        await asyncio.to_thread(self.feed.burst, mixed)
        await self.until_listed(listed + BURST)
        listed_ms = (time.time_ns() // 1000 - start_us) / 1000
        await until(lambda: bool(heard), "the horn")
        during = self.lateness.end()
        ages = np.array(self.paints.ages_ms or [0.0])
        tell(
            "burst", **during, start_us=start_us, listed_ms=listed_ms, sound_ms=(heard[0] - first_critical) / 1000,
            painted_p95=float(np.percentile(ages, 95)), painted=len(ages),
        )  # fmt: skip
        undo()
        await until(lambda: not self.core.alarm_lane.waiting, "the log")
        await asyncio.sleep(1.0)  # who looks at the log from outside has seen the burst's last rows by now

    async def steady(self, seconds: float) -> None:
        self.paints.begin()
        cpu, start_us = time.process_time(), time.time_ns() // 1000
        self.lateness.begin()
        thread = self.feed.steady(PER_S, seconds)
        await until(lambda: not thread.is_alive(), "the feed")
        during = self.lateness.end()
        end_us = time.time_ns() // 1000
        share = (time.process_time() - cpu) / ((end_us - start_us) / 1e6)
        ages = np.array(self.paints.ages_ms or [0.0])
        p95, p99 = (float(np.percentile(ages, q)) for q in (95, 99))
        await asyncio.sleep(1.0)
        await until(lambda: not self.core.ingest.has_more and not self.core.alarm_lane.waiting, "the log")
        tell(
            "steady", **during, start_us=start_us, end_us=end_us, cpu=share, painted_p95=p95, painted_p99=p99,
            painted=len(ages),
        )  # fmt: skip
        tell("sent", transitions=self.feed.sent)


async def run(folder: Path, part: str, options: argparse.Namespace) -> int:
    from console.app.main import Console

    console = Console(folder)
    console.window.resize(1600, 900)
    console.show()

    async def after() -> None:
        bench = Bench(console)
        if part == "start":
            await bench.start(options.since)
        else:
            await bench.prepare(options.idle)
            if part == "load":
                await bench.acknowledge(options.keys)
                await bench.burst()
                await bench.steady(options.load)
            await until(lambda: not bench.core.alarm_lane.waiting, "the log")
        console.stop.set()

    try:
        return await console.work(Folders(folder, folder), None, after)
    finally:
        await console.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("part", choices=("fill", "start", "load"))
    parser.add_argument("--idle", type=float, default=5.0)
    parser.add_argument("--load", type=float, default=60.0)
    parser.add_argument("--keys", type=int, default=20)
    parser.add_argument("--since", type=float, default=0.0)
    options = parser.parse_args()
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from console.app.main import in_window_loop

    return in_window_loop(lambda: run(options.folder, options.part, options))


if __name__ == "__main__":
    sys.exit(main())
