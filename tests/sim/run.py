"""`python -m tests.sim.run --seed S [--schedules N] [--jobs 2] [--sqlite]`: runs schedules, tells failing seeds.

With one seed and no count a failing schedule is made short and its trace is printed. A long run tells after every
10,000 with which seed it goes on when it is started again.
"""

import argparse
import gc
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from tests.sim.schedule import MakeJournal, Result, run, schedule_of, shortened

_CHUNK = 100
_SHOWN = 20


@dataclass(slots=True)
class Total:
    """Of many schedules."""

    schedules: int = 0
    events: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list)  # (seed, what)
    signals: Counter[str] = field(default_factory=Counter)
    rounds: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Total") -> None:
        self.schedules += other.schedules
        self.events += other.events
        self.failures += other.failures
        self.signals += other.signals
        self.rounds += other.rounds


def run_chunk(task: tuple[int, int, bool]) -> Total:
    """`count` schedules from a seed on; in a process of its own or not."""
    first, count, on_files = task
    total = Total()
    gc.collect()
    gc.freeze()  # what stands for as long as the process is looked at once; a schedule leaves no circles
    gc.disable()
    try:
        with _place(on_files) as make:
            for seed in range(first, first + count):
                result = run(schedule_of(seed), make)
                _note(total, result)
    finally:
        gc.enable()
    return total


def _note(total: Total, result: Result) -> None:
    total.schedules += 1
    total.events += result.events
    total.signals.update(result.signals)
    total.rounds[result.rounds] += 1
    if result.rule:
        total.failures.append((result.seed, result.text))


class _place:  # noqa: N801 reads as a function
    """Where journals live: in memory, or in a folder for the time of a chunk."""

    def __init__(self, on_files: bool) -> None:
        self._on_files = on_files

    def __enter__(self) -> MakeJournal | None:
        if not self._on_files:
            return None
        from tests.sim.file_journal import FileJournals

        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        return FileJournals(Path(self._folder.name)).make

    def __exit__(self, *_: object) -> None:
        if self._on_files:
            self._folder.cleanup()


def run_many(first: int, count: int, jobs: int, on_files: bool = False) -> Iterator[Total]:
    """Totals of chunks in the order of their seeds, so that a run that was stopped goes on behind the last one."""
    tasks = [(start, min(_CHUNK, first + count - start), on_files) for start in range(first, first + count, _CHUNK)]
    if jobs <= 1:
        yield from map(run_chunk, tasks)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(run_chunk, tasks)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--schedules", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="on real SQLite files")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.schedules == 1:
        return _one(given.seed, given.sqlite)
    total, begun = Total(), time.monotonic()
    for part in run_many(given.seed, given.schedules, given.jobs, given.sqlite):
        total.add(part)
        for seed, text in part.failures[:_SHOWN]:
            _say(f"seed {seed}: {text}")
        if total.schedules % 10_000 == 0 or total.schedules == given.schedules:
            spent = time.monotonic() - begun
            _say(
                f"next seed {given.seed + total.schedules}: {total.schedules} schedules, {total.events} events, "
                f"{len(total.failures)} failed, {spent:.0f} s; "
                f"signals {dict(total.signals)}; rounds {dict(sorted(total.rounds.items()))}"
            )
    return 1 if total.failures else 0


def _one(seed: int, on_files: bool) -> int:
    with _place(on_files) as make:
        result = run(schedule_of(seed), make)
        if not result.rule:
            _say(f"seed {seed} holds: {result.events} events, equal after {result.rounds} rounds")
            return 0
        short = shortened(schedule_of(seed), make)
        result = run(short, make)
    _say(f"seed {seed}: {result.text}\n{len(short.steps)} steps:")
    _say("\n".join(result.trace))
    return 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
