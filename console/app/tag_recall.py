"""The tags of the last run, back from the tag file: at once, or behind a window that people already work in."""

import asyncio
import time
from collections.abc import Sequence

from console.services.storage.ports import Reader
from console.services.telemetry import tag_snapshot
from console.services.telemetry.batch import Consumer
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.tag_store import TagStore

_PIECE = 250  # as `ingest` takes a birth: some 10 ms of all consumers together
_FIRST_PAINT_S = 0.25  # the beat that tells the open alarms, and the paint of their list
_BREATH_S = 0.003  # for keys and painting between two pieces


class TagRecall:
    """Once per process, after the open alarms and before the first link starts: a birth must meet the handles."""

    def __init__(
        self,
        reader: Reader,
        handles: HandleTable,
        store: TagStore,
        file: tag_snapshot.TagSnapshot,
        consumers: Sequence[Consumer],
    ) -> None:
        self._reader = reader
        self._handles = handles
        self._store = store
        self._file = file
        self._consumers = consumers
        self._ended = asyncio.Event()
        self.took_s = 0.0

    @property
    def is_done(self) -> bool:
        """Everything is back, or what failed was told."""
        return self._ended.is_set()

    async def wait(self) -> None:
        """For who asks what this station knows: half of it would look like all."""
        await self._ended.wait()

    async def at_once(self) -> None:
        """Raises what the reader raises."""
        self._take(await self._reader.read(tag_snapshot.load))
        self._ended.set()

    async def in_pieces(self) -> None:
        """The same, with the loop free between two pieces; nothing when it is done. Raises what the reader raises."""
        if self.is_done:
            return
        start = time.perf_counter()
        try:
            await asyncio.sleep(_FIRST_PAINT_S)
            stored = await self._reader.read(tag_snapshot.load)
            for first in range(0, len(stored), _PIECE):
                self._take(stored[first : first + _PIECE])
                await asyncio.sleep(_BREATH_S)
        finally:
            self._ended.set()
        self.took_s = time.perf_counter() - start

    def _take(self, stored: Sequence[tag_snapshot.StoredTag]) -> None:
        tags = tag_snapshot.restore(stored, self._handles, self._store)
        if not tags:
            return
        self._file.take_over(tags)
        for consumer in self._consumers:
            consumer.on_tags(tags)
