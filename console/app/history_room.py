"""The history of a station, joined: the recorder among the consumers, the file behind it, sealing, room and alarms.

The start never waits for the file: samples wait in memory until it is open. Its failure is an alarm; the station runs.
"""

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from console.app.central_history import CentralHistory
from console.domain.alarms import Priority
from console.domain.history.settings import HistorySettings
from console.domain.refusal import Refused
from console.domain.values import ValueType
from console.services.historian.alive import alive_us, put_alive
from console.services.historian.recorder import Recorder, RecorderState
from console.services.historian.retention import EVERY_S, FIRST_S, Retention, Room
from console.services.historian.room_report import RoomReport, report
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db
from console.services.records import HistoryRecord, Trouble
from console.services.storage.backup_schedule import backup_folder
from console.services.storage.failures import DamagedDatabase, is_damage
from console.services.storage.history_copy import copy_history, is_due
from console.services.storage.journal_health import note_damage
from console.services.storage.schema import set_aside

if TYPE_CHECKING:
    from console.app.bootstrap import Core

FILE = "history.db"
WAITS_TEXT = "The history cannot be written; samples wait in memory"
LOSES_TEXT = "The history cannot be written and memory is full: samples are lost; Diagnostics tells how many"
CLOSED_TEXT = "The history cannot be opened; samples wait in memory; the log has the reason"
DAMAGED_TEXT = "The history's file was damaged: it is set aside, what it still holds is brought into a new one"
BROKEN_TEXT = "The history's file is damaged; restart this station: it brings what is left into a new one"
TIDY_TEXT = "The history cannot be tidied: it will grow and answer slowly; the log has the reason"
COPY_TEXT = "The history's daily copy fails; the older one is kept; the log has the reason"
AGAIN_S = 30.0  # after a failure
ALIVE_S = 5.0  # in a plant where nothing changes
SEAL_S, REST_S, IDLE_S = 0.1, 0.02, 2.0  # of sealing at a time, until the next, while there is nothing to do
COPY_LOOK_S = 1_800.0
KEEP_FREE = 600 << 20  # bytes of the disk that the history leaves to the journal, whose alarm begins at 500 MB
ROW_BYTES = 64  # of a sample in tail and write-ahead log, until it is sealed
SENDER, KIND = "history", "history_lost"
log = logging.getLogger(__name__)


class HistoryRoom:
    """`recorder` takes part in the ingest from the first tag on. `store` is None until the file is open."""

    def __init__(self, core: "Core", settings: HistorySettings, now_us: Callable[[], int]) -> None:
        self._core = core
        self.settings = settings
        self._now_us = now_us
        self.path: Path = core.folders.data / FILE
        self.store: HistoryStore | None = None
        self.recorder = Recorder(core.parts.store, settings, now_us, self._on_state)
        self.central = CentralHistory(core, settings, now_us)
        self.problem = ""  # why the file is not open
        self.room = Room()  # as it was measured last
        self.report: RoomReport | None = None
        self.opened = asyncio.Event()
        self._lost_since_us = 0
        self._tidy_now = asyncio.Event()
        self._spent = 0  # bytes, since `room` was measured, while the disk is nearly full
        self._was_damaged = False
        self._told: dict[str, str] = {}
        self._opening: asyncio.Future[HistoryStore] | None = None
        self._stopping = threading.Event()
        self._copying: asyncio.Future[Path] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Record from now on. Call in the running loop."""
        self._begin(self.recorder.run(), self._keep())

    async def open(self) -> HistoryStore:
        """The store, for who asks a station that does not run. Raises Refused, OSError."""
        if self.store is None:
            if self._opening is None:
                self._opening = asyncio.ensure_future(asyncio.to_thread(open_history_db, self.path))
            opening = self._opening
            try:
                store = await asyncio.shield(opening)
            finally:
                if opening.done():
                    self._opening = None
            self.store = self.store or store
        return self.store

    async def stop(self) -> None:
        """What came is written, then the file is closed. Call when nothing comes in any more."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._copying is not None:
            await asyncio.gather(self._copying, return_exceptions=True)
        if self._opening is not None:
            with suppress(Exception):
                self.store = await self._opening
        self.central.stop()  # joins a thread: not from one of Qt's, which Python's own list would keep
        store, self.store = self.store, None
        if store is None:
            return
        if self._tasks:
            if not self.opened.is_set():  # it ends as soon as it began: what came is written all the same
                with suppress(Exception):
                    await self._hand_over(store)
            await self.recorder.stop()
            with suppress(Exception):
                await self._tell_alive(store)
        self._tasks.clear()
        store.database.readers.interrupt_older(0)
        store.close()

    def _begin(self, *works: Coroutine[object, object, None]) -> None:
        for work in works:
            task = asyncio.ensure_future(work)
            task.add_done_callback(self._on_ended)
            self._tasks.append(task)

    def _on_ended(self, task: "asyncio.Task[None]") -> None:
        """What ends by an error is missed by nobody until it is needed: it is said at once."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a part of the history's work ended: %s", task.get_coro(), exc_info=error)
            self._core.defect("history")

    async def _keep(self) -> None:
        """Open the file, then seal and tidy it until cancelled."""
        store = await self._until_open()
        await self._hand_over(store)
        self.central.start(store)
        retention = Retention(store, self.settings, self._now_us, self._on_room)
        self._begin(self._seal(store), self._tidy(retention), self._copy())
        while True:
            await asyncio.sleep(ALIVE_S)
            with suppress(Exception):  # the recorder says that nothing can be written
                await self._tell_alive(store)

    async def _hand_over(self, store: HistoryStore) -> None:
        """The recorder may write. Of a damaged file nobody knows until when it was told: each tag's gap begins with its
        last sample."""
        alive = 1 if self._was_damaged else await store.database.readers.read(alive_us)
        self.recorder.begin(_Ledger(self, store, self._now_us), alive)
        self.opened.set()

    async def _seal(self, store: HistoryStore) -> None:
        """First what damaged files still hold, then samples from the tail into chunks and rollups, some at a time."""
        try:
            if (taken := await store.take_in_damaged()) is not None:
                log.warning("%d samples were brought over from %s", taken.samples, taken.path.name)
            self._alarm("history.damage", "")
        except Exception as error:
            self._fail("history.seal", TIDY_TEXT, error)
        while True:
            pause_s = AGAIN_S
            try:
                pause_s = REST_S if await store.compact_some(SEAL_S, self._now_us()) else IDLE_S
                self._alarm("history.seal", "")
            except Exception as error:
                self._fail("history.seal", TIDY_TEXT, error)
            await asyncio.sleep(pause_s)

    async def _tidy(self, retention: Retention) -> None:
        """What is too old or has no room goes."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await retention.look()
                self._alarm("history.tidy", "")
            except Exception as error:
                self._fail("history.tidy", TIDY_TEXT, error)
            self._tidy_now.clear()
            await asyncio.sleep(AGAIN_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._tidy_now.wait(), EVERY_S)

    async def _copy(self) -> None:
        """Once a day, where backups lie on another disk."""
        settings, data = self._core.settings, self._core.folders.data
        folder = backup_folder(settings.backup, data)
        while True:
            await asyncio.sleep(COPY_LOOK_S)
            try:
                if await asyncio.to_thread(is_due, data, folder, settings.code, self._now_us() / 1e6):
                    copying = asyncio.to_thread(copy_history, data, folder, settings.code, self._stopping)
                    self._copying = asyncio.ensure_future(copying)
                    await asyncio.shield(self._copying)
                self._alarm("history.copy", "")
            except Exception as error:
                self._fail("history.copy", COPY_TEXT, error, Priority.LOW)

    async def _until_open(self) -> HistoryStore:
        while True:
            try:
                store = await self.open()
            except DamagedDatabase as error:
                kept = await asyncio.to_thread(set_aside, self.path)
                log.error("%s is damaged and kept as %s: %s", FILE, kept.name, error)
                self._was_damaged = True
                self._alarm("history.damage", DAMAGED_TEXT)
            except Exception as error:
                self.problem = str(error)
                self._fail("history.file", CLOSED_TEXT, error)
                await asyncio.sleep(AGAIN_S)
            else:
                self.problem = ""
                self._alarm("history.file", "")
                return store

    async def _tell_alive(self, store: HistoryStore) -> None:
        await store.database.writer.write(partial(put_alive, now_us=self._now_us()))

    def _on_state(self, state: RecorderState) -> None:
        self._alarm("history", LOSES_TEXT if state.is_losing else WAITS_TEXT if state.failure else "")
        if not state.waiting and not state.failure:
            self._core.parts.ring.on_stored(self._core.parts.ring.arrived)
        if state.lost:
            now_us = self._now_us()
            self._lost_since_us = self._lost_since_us or now_us
            trouble = Trouble(SENDER, KIND, state.lost, self._lost_since_us, now_us, state.failure[:128])
            self._core.parts.troubles.put(trouble)

    @property
    def record(self) -> HistoryRecord | None:
        """For the status; cheap: what was measured last, and what the recorder says."""
        if self.report is None:
            return None
        name, tightest = self.report.tightest
        state = self.recorder.state
        return HistoryRecord(
            self.room.file_size - self.room.reusable,
            self.report.disk.per_day,
            tightest.days_left,
            name,
            state.waiting if state.failure else 0,
            state.lost,
            *astuple(self.central.state),
        )

    def _on_room(self, room: Room) -> None:
        self.room, self.report, self._spent = room, report(room, self.settings), 0

    def leave_room(self, rows: int) -> None:
        """Raises Refused where so many samples would take what is left of the disk from the journal. Pages that are
        free within the file may be used; when they are used up the oldest samples go first, at once."""
        if shutil.disk_usage(self.path.parent).free >= KEEP_FREE:
            return
        self._tidy_now.set()
        self._spent += rows * ROW_BYTES
        if self._spent > self.room.reusable:
            raise Refused("Not saved: what is left of the disk is kept for the journal.")

    def _fail(self, key: str, text: str, error: Exception, priority: Priority = Priority.HIGH) -> None:
        if self._told.get(key, "") != text:
            log.warning("%s: %s", text, error)
        self._alarm(key, text, priority)
        self.look_for_damage(error)

    def look_for_damage(self, error: BaseException) -> None:
        """Damage that a running station meets is put right by its next start."""
        cause = error.__cause__
        if isinstance(error, DamagedDatabase) or is_damage(error) or (cause is not None and is_damage(cause)):
            if "history.broken" not in self._told:
                log.error("%s is damaged: %s", FILE, error)
                note_damage(self.path, str(error))
            self._alarm("history.broken", BROKEN_TEXT)

    def _alarm(self, key: str, text: str, priority: Priority = Priority.HIGH) -> None:
        """A system alarm, or its end."""
        if self._told.get(key, "") == text:
            return
        self._told[key] = text
        if text:
            self._core.engine.raise_system(key, text, priority, self._now_us())
        else:
            self._core.engine.clear_system(key, self._now_us())


class _Ledger:
    """The store as the recorder sees it: with each tick goes, in the same commit, that we were there."""

    def __init__(self, room: HistoryRoom, store: HistoryStore, now_us: Callable[[], int]) -> None:
        self._room = room
        self._store = store
        self._now_us = now_us

    def key_of(self, tag_id: UUID, kind: ValueType, retention_class: str, unit: str) -> int:
        return self._store.key_of(tag_id, kind, retention_class, unit)

    async def append(self, blocks: Sequence[SampleBlock]) -> None:
        self._room.leave_room(sum(map(len, blocks)))
        written = self._store.append(blocks)
        waits = [written]
        if not self._room.recorder.state.failure:  # else only when it is known again what was
            waits.append(self._store.database.writer.write(partial(put_alive, now_us=self._now_us())))
        results = await asyncio.gather(*waits, return_exceptions=True)
        if isinstance(results[0], BaseException):
            self._room.look_for_damage(results[0])
            raise results[0]
