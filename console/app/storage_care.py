"""What keeps a station's files alive: rescue and doubt at the start, then anchor, backups, disk, whole-file check."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import MetaData

from console.app.folders import Folders
from console.config.settings import StationSettings
from console.domain.alarms import Priority
from console.domain.fact import Fact
from console.domain.refusal import Refused
from console.services.alarms.engine import AlarmEngine
from console.services.journal.entries import SYSTEM
from console.services.journal.envelope import BadEvent
from console.services.journal.event_table import Tip
from console.services.journal.log import JournalLog
from console.services.journal.store import EventStore
from console.services.storage.anchor import Anchor, AnchorKeeper, anchor_folder
from console.services.storage.backup import BackupSources
from console.services.storage.backup_schedule import BACKUP_TEXT, BackupKeeper, backup_folder
from console.services.storage.ballast import Ballast, ballast_bytes
from console.services.storage.disk_watch import ALARMS, DiskProblem, DiskWatch
from console.services.storage.failures import DamagedDatabase
from console.services.storage.journal_health import damage_noted, forget_damage, note_damage, whole_check
from console.services.storage.readers import ReaderPool
from console.services.storage.rescue import RescuePlan, prepare_journal
from console.services.storage.schema import Database, open_station_db
from console.services.storage.self_test import append_only, self_test
from console.services.storage.start_doubt import start_doubt
from console.services.storage.start_mark import StartMark, clear_mark, read_mark

log = logging.getLogger(__name__)
_RESCUED = ("journal.db", "station.db")
RESCUED_TEXT = "The journal was damaged: the file is set aside, what could be proven is back, the rest comes from peers"
DAMAGED_TEXT = "The journal's file is damaged; restart this station: it sets the file aside and brings it back"
ANCHOR_TEXT = "The anchor cannot be written: a journal that was set back would be noticed late"
SELF_TEST_TEXT = "The self-test of security functions failed; the log and `leitstand doctor` name them"


class Place(Protocol):
    """What of a built station tells where it lies and who it is."""

    @property
    def settings(self) -> StationSettings: ...
    @property
    def folders(self) -> Folders: ...


def backup_sources(place: Place) -> BackupSources:
    settings, folders = place.settings, place.folders
    site = settings.site or folders.config / "site"
    return BackupSources(folders.data, folders.config, site, settings.station_id, settings.code)


def backup_keeper(
    place: Place, journal: JournalLog, now_us: Callable[[], int], on_problem: Callable[[str], None] = lambda text: None
) -> BackupKeeper:
    """Backups of a station, told to its journal."""

    async def append(facts: Sequence[Fact]) -> object:
        return await journal.append(facts, SYSTEM)

    return BackupKeeper(
        backup_sources(place), place.settings.backup, append=append, on_problem=on_problem, now_us=now_us
    )


def damage_met(error: BaseException, data: Path) -> DamagedDatabase | None:
    """The refusal for damage that only the replay met (an old event, an old page); noted, so the next start rescues.

    None for any other failure.
    """
    file = str(error.values.get("file")) if isinstance(error, DamagedDatabase) else "journal.db"
    if not (isinstance(error, BadEvent) or (isinstance(error, DamagedDatabase) and file in _RESCUED)):
        return None
    note_damage(data / file, str(error))
    return DamagedDatabase(
        "{file} is damaged ({reason}). The station rescues it when it starts.", file=file, reason=str(error)
    )


def open_station(data: Path, metadatas: Sequence[MetaData]) -> Database:
    """station.db; begun anew, and the old file kept, when the last start met damage in it. Raises as
    `open_station_db`."""
    path = data / "station.db"
    database = open_station_db(path, metadatas, is_suspect=bool(damage_noted(path)))
    forget_damage(path)
    return database


class StorageCare:
    """Order of calls: `await prepare()` before the journal is opened; `journal.own_head.subscribe(care.on_own_head)`;
    `await journal.open(care.doubt(public_key))`; after the replay `await care.opened(journal, engine)`; in a running
    station `start(readers)`; at the end `await stop()` before the databases are closed.
    """

    def __init__(self, place: Place, now_us: Callable[[], int]) -> None:
        self._place = place
        self._now_us = now_us
        self._path = place.folders.data / "journal.db"
        self._anchor = Anchor(anchor_folder(place.settings.anchor), place.settings.station_id)
        self._keeper = AnchorKeeper(self._anchor, lambda text: self._tell("anchor", ANCHOR_TEXT if text else ""))
        self._mark: StartMark | None = None
        self._engine: AlarmEngine | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.backups: BackupKeeper | None = None
        self.backup_problem = ""
        self.disk: DiskWatch | None = None

    async def prepare(self) -> None:
        """Rescue the journal when it is damaged or gone. Raises Refused, OSError."""
        settings, data = self._place.settings, self._place.folders.data
        folders = (backup_folder(settings.backup, data),)
        plan = RescuePlan(self._path, settings.station_id, folders, self._now_us())
        await asyncio.to_thread(prepare_journal, plan, self._anchor.read())
        self._mark = read_mark(data)

    def doubt(self, public_key: bytes) -> Callable[[EventStore], str]:
        """For `JournalLog.open`; the journal's file must exist by now."""
        return start_doubt(self._path, public_key, self._anchor.read(), self._mark)

    def on_own_head(self, head: Tip) -> None:
        """This event of the own stream is durable."""
        self._keeper.note(head.stream, head.seq, head.hash)

    async def opened(self, journal: JournalLog, engine: AlarmEngine) -> None:
        """Tell the journal and the operator what was restored or rescued."""
        self._engine, self._journal = engine, journal
        if self._mark is None:
            return
        if self._mark.set_aside and self._mark.detail:
            self._tell("journal.db", RESCUED_TEXT)
        try:
            if facts := self._mark.facts():
                await journal.append(facts, SYSTEM)
        except Refused as error:
            log.warning("what was restored is told at the next start: %s", error)
            return
        clear_mark(self._place.folders.data)

    def start(self, readers: ReaderPool) -> None:
        """Begin what goes on while the station runs. Call in the running loop, after `opened`."""
        settings, data = self._place.settings, self._place.folders.data
        self.backups = backup_keeper(self._place, self._journal, self._now_us, self._on_backup)
        ballast = Ballast(data, ballast_bytes(settings.ballast_mb))
        self.disk = DiskWatch(self._path, ballast, self._on_disk, readers.interrupt_older)
        for work in (self.backups.run(), self.disk.run(), self._look_through(readers)):
            self._tasks.append(asyncio.ensure_future(work))

    async def stop(self) -> None:
        """End in order; the anchor is written last."""
        for task in self._tasks:
            task.cancel()
        if self.disk is not None:
            self.disk.stop()
        if self.backups is not None:
            await self.backups.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._keeper.flush()

    def _on_backup(self, problem: str) -> None:
        self.backup_problem = problem
        self._tell("backup", BACKUP_TEXT if problem else "")

    def _on_disk(self, problems: frozenset[DiskProblem]) -> None:
        for problem in DiskProblem:
            priority = Priority.HIGH if problem in ALARMS else Priority.LOW
            self._tell(f"disk.{problem.name.lower()}", problem.value if problem in problems else "", priority)

    async def _look_through(self, readers: ReaderPool) -> None:
        """Security functions and the whole file once after each start; damage is rescued at the next one."""
        failed = await asyncio.to_thread(self_test, self._place.folders.data / "keys")
        try:
            if failed or not await readers.read(append_only):
                log.error("the self-test of security functions failed: %s", ", ".join(failed) or "append-only tables")
                self._tell("self_test", SELF_TEST_TEXT)
            problem = await readers.read(whole_check)
        except DamagedDatabase as error:
            problem = str(error)
        except Refused:  # it had to give way to the writer
            return
        if problem:
            await self.on_damage(problem)

    async def on_damage(self, problem: str) -> None:
        """A running station found its journal damaged: the next start sets the file aside and brings it back."""
        log.error("the journal's file is damaged: %s", problem)
        await asyncio.to_thread(note_damage, self._path, problem)
        self._tell("journal.db", DAMAGED_TEXT)

    def _tell(self, key: str, text: str, priority: Priority = Priority.HIGH) -> None:
        """A system alarm, or its end."""
        if self._engine is None:
            return
        if text:
            self._engine.raise_system(key, text, priority, self._now_us())
        else:
            self._engine.clear_system(key, self._now_us())
