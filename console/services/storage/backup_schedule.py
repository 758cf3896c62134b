"""Makes backups while the station runs, every quarter of an hour and on demand, and says when they fail."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from console.config.settings import BackupSettings
from console.domain.fact import Fact
from console.domain.refusal import Refused
from console.domain.station_facts import BackupMade
from console.services.storage.backup import (
    BackupReport,
    BackupSources,
    BackupStopped,
    backup_name,
    make_backup,
    prune,
)
from console.services.storage.backup_file import backups_in

_FIRST_S = 60.0  # after the start, when none was made yet or the last is too old
_AGAIN_S = 60.0  # after a failure
log = logging.getLogger(__name__)

BACKUP_TEXT = "Backups fail; the older ones are kept. The log and `leitstand doctor` have the reason"


def backup_folder(settings: BackupSettings, data: Path) -> Path:
    """Where backups go: as station.toml says, else beside the databases."""
    return settings.folder or data / "backups"


class BackupKeeper:
    """Lives in the main loop; the work is done by workers of `asyncio.to_thread`, one backup at a time.

    `append(facts)` writes to the journal; `on_problem(text)` gets what is wrong, and "" when it is well again.
    Start: `asyncio.ensure_future(keeper.run())`; end: cancel that, then `await keeper.stop()`.
    """

    def __init__(
        self,
        sources: BackupSources,
        settings: BackupSettings,
        *,
        append: Callable[[Sequence[Fact]], Awaitable[object]],
        on_problem: Callable[[str], None],
        now_us: Callable[[], int],
    ) -> None:
        self.folder = backup_folder(settings, sources.data)
        self.last: BackupReport | None = None
        self._sources = sources
        self._settings = settings
        self._append = append
        self._on_problem = on_problem
        self._now_us = now_us
        self._lock = asyncio.Lock()
        self._stopping = threading.Event()
        self._noted_events = -1
        self._working: asyncio.Future[BackupReport] | None = None

    async def run(self) -> None:
        """Until cancelled: a backup whenever the newest is older than `every_s`; a failure is told and tried again."""
        wait_s = min(_FIRST_S, self._settings.every_s)
        while True:
            await asyncio.sleep(max(wait_s, await asyncio.to_thread(self._due_s)))  # the folder may be far away
            wait_s = 0.0
            try:
                await self.make()
            except BackupStopped:
                return
            except Exception as error:  # whatever it is: backups go on being tried, the station goes on
                log.warning("no backup: %s", error)
                self._on_problem(str(error))
                wait_s = min(_AGAIN_S, self._settings.every_s)

    async def make(self, file: Path | None = None, *, with_history: bool = False) -> BackupReport:
        """One backup now: to `file`, else to the folder, where the oldest then go. Raises Refused, OSError.

        Each backup on demand becomes a fact; a scheduled one only when something happened since the last, so that a
        quiet night does not fill the journal with backups of itself.
        """
        async with self._lock:
            now_us = self._now_us()
            target = file or self.folder / backup_name(self._sources.code, now_us)
            self._working = asyncio.ensure_future(
                asyncio.to_thread(make_backup, self._sources, target, now_us, self._stopping, with_history=with_history)
            )
            report = await asyncio.shield(self._working)
            if file is None:
                self.last = report
                await asyncio.to_thread(prune, self.folder, self._sources.code, self._settings.keep)
                self._on_problem("")
        if file is not None or report.events > self._noted_events:
            with suppress(Refused):  # a full disk or a station that is not enrolled: the backup itself is good
                await self._append([BackupMade(target.name, report.sha256, report.events)])
                self._noted_events = report.events + 1  # the fact itself is nothing new
        return report

    async def stop(self) -> None:
        """End a backup that is under way; its half file is removed."""
        self._stopping.set()
        if self._working is not None:
            await asyncio.gather(self._working, return_exceptions=True)

    def _due_s(self) -> float:
        """Seconds until the next scheduled one, 0 when it is due; a clock that was set back makes it due."""
        age = newest_age_s(self.folder, self._sources.code, self._now_us() / 1e6)
        return 0.0 if age is None or age < 0 else max(0.0, self._settings.every_s - age)


def newest_age_s(folder: Path, code: str, now_s: float) -> float | None:
    """How old the newest backup of this station is, by the time of its file; None when there is none."""
    for file in backups_in((folder,)):
        if file.name.startswith(f"leitstand-{code}-"):
            with suppress(OSError):
                return now_s - file.stat().st_mtime
    return None
