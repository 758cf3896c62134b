"""`leitstand bench history`: a year of pens drawn from history.db beside a numpy scan in memory, DuckDB and SQLite
rows; bytes on disk; and what many tags at once take."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from console.app.bench.history_data import BUCKETS, DAY_S, Plant, stamps, values
from console.app.bench.history_peers import DuckPeer, NumpyScan, SqliteRows
from console.app.bench.history_store import PenStore, asking, is_right
from console.app.bench.peers import peer
from console.app.bench.rows import BenchRow
from console.app.demo.child_process import own_environment
from console.services.records import TrendColumns

_PATIENCE_S = 1800.0
_OURS = 5  # of one turn: milliseconds each, of which a busy moment makes ten


@dataclass(frozen=True, slots=True)
class Goals:
    """What has to hold; ratios are peer / ours."""

    numpy: float
    duckdb: float
    short_ms: float  # one hour, one day
    bytes_per_sample: float
    samples_per_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Case:
    plant: Plant
    goals: Goals
    turns: int
    load_tags: int
    load_samples: int  # of each tag: so many that partitions fall due


FULL = Case(Plant(8, 365, 365), Goals(50, 500, 10, 4.0, 200_000, 500), 7, 50_000, 2_400)
QUICK = Case(Plant(2, 90, 20), Goals(4, 40, 20, 4.0, 200_000, 500), 5, 2_000, 1_500)


@dataclass(slots=True)
class Times:
    """Milliseconds of every turn, by window in seconds and who was asked."""

    ms: dict[tuple[int, str], list[float]]

    def note(self, seconds: int, who: str, begun: float) -> None:
        self.ms.setdefault((seconds, who), []).append((time.perf_counter() - begun) * 1e3)

    def of(self, seconds: int, who: str) -> float:
        """Median without the first turn, which finds cold caches."""
        taken = self.ms.get((seconds, who), [])
        return median(taken[1:] or taken) if taken else 0.0


def run(quick: bool) -> Iterator[BenchRow]:
    """Needs about 4 GB of memory and 5 GB of disk for ten minutes; `quick` half a GB for less than one."""
    case = QUICK if quick else FULL
    duckdb = peer("duckdb", "the rows beside DuckDB are missing")
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        duck = None if duckdb is None else DuckPeer(duckdb, folder / "peer.duckdb")
        try:
            yield from _pens(case, folder, duck)
        finally:
            if duck is not None:
                duck.close()
    yield from _load(case)


def _pens(case: Case, folder: Path, duck: DuckPeer | None) -> Iterator[BenchRow]:
    plant = case.plant
    ours, scan, rows = PenStore(folder / "history.db"), NumpyScan(plant), SqliteRows(folder / "rows.db")
    row_samples, took = plant.row_days * DAY_S, 0.0
    for pen in range(plant.pens):  # one after the other: each comes and goes
        at, value = stamps(plant, pen), values(plant, pen)
        took += ours.add(pen, at, value)
        scan.add(at, value)
        if duck is not None:
            duck.add(pen, at, value)
        if not pen:
            rows.add(at[-row_samples:], value[-row_samples:])
    ours.seal(plant.end_us)
    if duck is not None:
        duck.seal()
    times, answers = asyncio.run(_asked(case, ours.path, scan, duck, rows))
    at, value = stamps(plant, 0), values(plant, 0)
    if wrong := [name for name, answer in answers.items() if not is_right(answer, at, value)]:
        raise RuntimeError(f"the answer is not what brute force finds: {', '.join(wrong)}")
    rows.close()
    yield from _drawn(case, times, with_duck=duck is not None)
    yield from _sizes(case, ours.path, duck, rows.path)
    samples = plant.pens * plant.samples
    yield BenchRow(
        "history", f"{samples:,} samples appended and sealed, one thread", round(samples / took), "samples/s"
    )


async def _asked(
    case: Case, path: Path, scan: NumpyScan, duck: DuckPeer | None, rows: SqliteRows
) -> tuple[Times, dict[str, TrendColumns]]:
    """Everybody in turns: a busy moment hits all. Also the first pen's answers, to be checked."""
    plant, times, answers = case.plant, Times({}), {}
    row_s = plant.row_days * DAY_S
    with asking(path, plant) as desk:
        for turn in range(case.turns):
            for name, seconds in plant.windows().items():
                for _ in range(_OURS):
                    begun = time.perf_counter()
                    answers[name] = (await desk.ask(seconds, plant.pens))[0]
                    times.note(seconds, "ours", begun)
                peers: dict[str, Callable[[], object]] = {
                    "by bucket": lambda seconds=seconds: scan.by_bucket(seconds),  # type: ignore[misc]
                    "by figure": lambda seconds=seconds: scan.by_figure(seconds),  # type: ignore[misc]
                }
                if duck is not None and turn < 4:
                    peers["duckdb"] = lambda seconds=seconds: duck.ask(plant, seconds)  # type: ignore[misc]
                for who, ask in peers.items():
                    begun = time.perf_counter()
                    ask()
                    times.note(seconds, who, begun)
            begun = time.perf_counter()
            await desk.ask(row_s, 1)
            times.note(row_s, "ours, one pen", begun)
            if turn < 2:
                begun = time.perf_counter()
                rows.ask(plant, row_s)
                times.note(row_s, "rows", begun)
    return times, answers


def _drawn(case: Case, times: Times, *, with_duck: bool) -> Iterator[BenchRow]:
    plant, goals = case.plant, case.goals
    for name, seconds in plant.windows().items():
        ours, is_whole = times.of(seconds, "ours"), seconds == plant.days * DAY_S
        scan = min(times.of(seconds, "by bucket"), times.of(seconds, "by figure"))
        what = f"{plant.pens} pens x {name} at 1 Hz ({plant.pens * seconds:,} samples) to {BUCKETS:,} buckets"
        if is_whole:
            yield _beside(what, ours, "numpy scan in memory", scan, goals.numpy)
        else:
            is_quick = ours <= goals.short_ms
            yield BenchRow(
                "history", what, round(ours, 3), "ms", "numpy scan in memory", round(scan, 3), round(ours / scan, 4),
                f"<= {goals.short_ms:g} ms", is_quick,
            )  # fmt: skip
        if with_duck:
            yield _beside(what, ours, "DuckDB", times.of(seconds, "duckdb"), goals.duckdb if is_whole else None)
    row_s = plant.row_days * DAY_S
    what = f"1 pen x {plant.row_days} days at 1 Hz ({row_s:,} samples) to {BUCKETS:,} buckets"
    yield _beside(what, times.of(row_s, "ours, one pen"), "SQLite rows", times.of(row_s, "rows"), None)


def _beside(what: str, ours: float, beside: str, theirs: float, least: float | None) -> BenchRow:
    """`ratio` is ours / theirs."""
    goal, holds = ("", None) if least is None else (f"<= 1/{least:g}", ours * least <= theirs)
    return BenchRow(
        "history", what, round(ours, 3), "ms", beside, round(theirs, 2), round(ours / theirs, 6), goal, holds
    )


def _sizes(case: Case, ours: Path, duck: DuckPeer | None, rows: Path) -> Iterator[BenchRow]:
    plant = case.plant
    samples = plant.pens * plant.samples
    each = ours.stat().st_size / samples
    peers = {"SQLite rows": rows.stat().st_size / (plant.row_days * DAY_S)}
    if duck is not None:
        peers["DuckDB"] = duck.path.stat().st_size / samples
    for beside, theirs in peers.items():
        yield BenchRow(
            "history", "on disk, levels of rollups included", round(each, 3), "bytes/sample", beside, round(theirs, 2),
            round(each / theirs, 3), f"<= {case.goals.bytes_per_sample:g}", each <= case.goals.bytes_per_sample,
        )  # fmt: skip


def _load(case: Case) -> Iterator[BenchRow]:
    """In a process of its own, so that its memory is the store's."""
    told = _child(case)
    rate = told["samples"] / told["seconds"]
    what = f"{case.load_tags:,} tags, {told['samples']:,} samples appended and sealed"
    goals = case.goals
    yield BenchRow(
        "history", what, round(rate), "samples/s", goal=f">= {goals.samples_per_s:,.0f}",
        holds=rate >= goals.samples_per_s,
    )  # fmt: skip
    yield BenchRow(
        "history", f"{what}: memory", round(told["peak_mb"]), "MB", goal=f"< {goals.memory_mb:g}",
        holds=told["peak_mb"] < goals.memory_mb,
    )  # fmt: skip
    yield BenchRow("history", f"{what}: longest append", round(told["longest_ms"], 1), "ms")


def _child(case: Case) -> dict[str, Any]:
    command = [sys.executable, "-m", "console.app.bench.history_load", str(case.load_tags), str(case.load_samples)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=own_environment(), check=True, timeout=_PATIENCE_S
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told
