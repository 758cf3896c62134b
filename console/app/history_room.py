"""The history of a station, joined: the recorder among the consumers, the file behind it, sealing, room and alarms.

The start never waits for the file: samples wait in memory until it is open. Its failure is an alarm; the station runs.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from console.domain.alarms import Priority
from console.domain.history.settings import HistorySettings
from console.domain.values import ValueType
from console.services.historian.alive import alive_us, put_alive
from console.services.historian.recorder import Recorder, RecorderState
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db
from console.services.records import Trouble

if TYPE_CHECKING:
    from console.app.bootstrap import Core

FILE = "history.db"
WAITS_TEXT = "The history cannot be written; samples wait in memory"
LOSES_TEXT = "The history cannot be written and memory is full: samples are lost; Diagnostics tells how many"
CLOSED_TEXT = "The history cannot be opened; samples wait in memory; the log has the reason"
AGAIN_S = 30.0  # after the file could not be opened
ALIVE_S = 5.0
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
        self.problem = ""  # why the file is not open
        self.opened = asyncio.Event()
        self._lost_since_us = 0
        self._told: dict[str, str] = {}
        self._opening: asyncio.Future[HistoryStore] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Record from now on. Call in the running loop."""
        for work in (self.recorder.run(), self._keep()):
            self._tasks.append(asyncio.ensure_future(work))

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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._opening is not None:
            with suppress(Exception):
                self.store = await self._opening
        store, self.store = self.store, None
        if store is None:
            return
        if self._tasks:
            await self.recorder.stop()
            with suppress(Exception):
                await self._tell_alive(store)
        self._tasks.clear()
        await asyncio.to_thread(store.close)

    async def _keep(self) -> None:
        """Open the file, then seal and tidy it until cancelled."""
        store = await self._until_open()
        alive = await store.database.readers.read(alive_us)
        self.recorder.begin(_Ledger(store, self._now_us), alive)
        self.opened.set()
        while True:
            await asyncio.sleep(ALIVE_S)
            with suppress(Exception):  # the recorder says that nothing can be written
                await self._tell_alive(store)

    async def _until_open(self) -> HistoryStore:
        while True:
            try:
                store = await self.open()
            except Exception as error:
                log.warning("%s cannot be opened: %s", FILE, error)
                self.problem = str(error)
                self._alarm("history.file", CLOSED_TEXT)
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

    def _alarm(self, key: str, text: str) -> None:
        """A system alarm, or its end."""
        if self._told.get(key, "") == text:
            return
        self._told[key] = text
        if text:
            self._core.engine.raise_system(key, text, Priority.HIGH, self._now_us())
        else:
            self._core.engine.clear_system(key, self._now_us())


class _Ledger:
    """The store as the recorder sees it: with each tick goes, in the same commit, that we were there."""

    def __init__(self, store: HistoryStore, now_us: Callable[[], int]) -> None:
        self._store = store
        self._now_us = now_us

    def key_of(self, tag_id: UUID, kind: ValueType, retention_class: str, unit: str) -> int:
        return self._store.key_of(tag_id, kind, retention_class, unit)

    async def append(self, blocks: Sequence[SampleBlock]) -> None:
        written = self._store.append(blocks)
        told = self._store.database.writer.write(partial(put_alive, now_us=self._now_us()))
        results = await asyncio.gather(written, told, return_exceptions=True)
        if isinstance(results[0], BaseException):
            raise results[0]
