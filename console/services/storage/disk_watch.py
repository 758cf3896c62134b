"""Watches the room on the disk and the size of the journal's WAL; gives the ballast free before acts are refused."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from console.services.storage.ballast import Ballast

WARN_FREE = 2 << 30  # bytes
ALARM_FREE = 500 << 20
WARN_WAL = 64 << 20
WARN_USED = 0.8  # of the disk: capacity for the audit trail (IEC 62443 CR 2.9 RE1)
EVERY_S = 5.0
LONG_READ_S = 10.0  # a question that keeps the WAL from beginning anew is ended after this
log = logging.getLogger(__name__)


class DiskProblem(StrEnum):
    """What can be wrong, the worst first; the value is the English text that is shown."""

    FULL = "The disk is nearly full: acts will soon be refused; the display lives on"
    LOW = "Less than 2 GB of the disk are free"
    CAPACITY = "The disk of the journal is more than 80 % full"
    WAL = "The journal's write-ahead log is larger than 64 MB: something reads for too long"


ALARMS = frozenset({DiskProblem.FULL})  # the others are warnings


@dataclass(frozen=True, slots=True)
class DiskState:
    """Bytes; `total` that this station may use."""

    free: int
    total: int
    wal: int
    has_ballast: bool = False


def judge(state: DiskState) -> frozenset[DiskProblem]:
    """What of it is a problem. Pure."""
    found = set()
    if state.free < ALARM_FREE:
        found.add(DiskProblem.FULL)
    elif state.free < WARN_FREE:
        found.add(DiskProblem.LOW)
    if state.total > 0 and state.total - state.free > WARN_USED * state.total:
        found.add(DiskProblem.CAPACITY)
    if state.wal > WARN_WAL:
        found.add(DiskProblem.WAL)
    return frozenset(found)


class DiskWatch:
    """Lives in the main loop. `on_change(problems)` is called when the set of problems changes.

    `end_long_reads(seconds)` is the reader pool's `interrupt_older`: called while the WAL is too large.
    """

    def __init__(
        self,
        journal: Path,
        ballast: Ballast,
        on_change: Callable[[frozenset[DiskProblem]], None],
        end_long_reads: Callable[[float], int] = lambda seconds: 0,
        measure: Callable[[Path, Ballast], DiskState] | None = None,
    ) -> None:
        self.state: DiskState | None = None
        self.problems: frozenset[DiskProblem] = frozenset()
        self._journal = journal
        self._ballast = ballast
        self._on_change = on_change
        self._end_long_reads = end_long_reads
        self._measure = measure or measured
        self._is_used_up = False

    async def run(self) -> None:
        """Until cancelled. The ballast is made in steps by a worker; nothing waits for it."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    def stop(self) -> None:
        """Ballast that is being made is given up at once."""
        self._ballast.stop()

    async def look(self) -> None:
        """Measure once, act, tell. What cannot be measured changes nothing."""
        try:
            state = await asyncio.to_thread(self._measure, self._journal, self._ballast)
            problems = judge(state)
            if DiskProblem.FULL in problems and state.has_ballast:
                log.warning("the disk is nearly full: the ballast is given free")
                self._is_used_up = await asyncio.to_thread(self._ballast.release)
            elif not state.has_ballast and not problems & {DiskProblem.FULL, DiskProblem.LOW}:
                self._is_used_up = False
                await asyncio.to_thread(self._ballast.make, WARN_FREE)
        except OSError as error:
            log.warning("the disk cannot be looked at: %s", error)
            return
        if self._is_used_up:  # there is room again only because the reserve is gone: still an alarm
            problems |= {DiskProblem.FULL}
        if DiskProblem.WAL in problems:
            self._end_long_reads(LONG_READ_S)
        self.state = state
        if problems != self.problems:
            self.problems = problems
            self._on_change(problems)


def measured(journal: Path, ballast: Ballast) -> DiskState:
    """How it is now. Raises OSError."""
    usage = shutil.disk_usage(journal.parent)
    wal = journal.with_name(journal.name + "-wal")
    try:
        size = wal.stat().st_size
    except FileNotFoundError:
        size = 0
    room = usage.used + usage.free  # what is set aside for the system or for others is neither (as `df` counts)
    return DiskState(usage.free, room, size, ballast.path.exists())
