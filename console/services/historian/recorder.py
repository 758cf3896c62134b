"""Takes every sample on its way past and hands it to the history, twice a second; says what it could not keep.

A `Consumer` in the main thread. What a tag's deadband makes superfluous stays out (`deadband`), so do transient values
and what a birth merely repeats. A loss of trust without a sample becomes a gap marker. What cannot be written waits in
memory, bounded; beyond that samples are lost, counted, said, and where they are missing the history has a gap.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.history.settings import HistorySettings
from console.domain.quality import Quality
from console.domain.tags import Tag
from console.domain.values import ValueType, is_numeric
from console.services.historian.deadband import Deadbands, Stream
from console.services.historian.recorder_state import LastSeen
from console.services.historian.samples import SampleBlock
from console.services.records import Bytes8, Floats, Ints, Longs
from console.services.telemetry.batch import (
    FLAG_HISTORICAL,
    FLAG_LATE,
    FLAG_TRANSIENT,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
    TagColumns,
)

TICK_S = 0.4  # with the commit: nothing older than a second is lost by a power cut
MOST_ROWS = 2_000_000  # 42 MB; ten seconds of the largest plant, hours of a usual one
BLOCK_ROWS = 200_000  # in one transaction
HOLD_US = 60_000_000  # so long a door may hold a point back that nothing follows
_PIECE = 2_000
_TEXTS = frozenset({ValueType.STRING, ValueType.TEXT, ValueType.UUID})
_PAST = FLAG_LATE | FLAG_HISTORICAL
log = logging.getLogger(__name__)


class Sink(Protocol):
    """What of the history's store the recorder needs."""

    def key_of(self, tag_id: UUID, kind: ValueType, retention_class: str, unit: str) -> int: ...

    def append(self, blocks: Sequence[SampleBlock]) -> Awaitable[None]:
        """Durable when it returns; raises Refused."""


@dataclass(frozen=True, slots=True)
class RecorderState:
    """What a desk is told; counts since the start. `failure` empty: it is being written."""

    written: int = 0
    held_back: int = 0  # by deadbands, repeats included
    lost: int = 0
    waiting: int = 0
    failure: str = ""
    is_losing: bool = False


@dataclass(slots=True)
class _Part:
    """Rows as they came, by handle."""

    handle: Ints
    at_us: Longs
    value: Floats
    quality: Bytes8
    exact: dict[int, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.handle)


class Recorder:
    """Collects from the first moment; writes once there is a sink (`begin`). `told` gets each change of the state."""

    def __init__(
        self,
        columns: TagColumns,
        settings: HistorySettings,
        now_us: Callable[[], int],
        told: Callable[[RecorderState], None] = lambda state: None,
        *,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._columns = columns
        self._settings = settings
        self._now_us = now_us
        self._told = told
        self._most_rows = most_rows
        self._seen = LastSeen(now_us())
        self._bands = Deadbands()
        self._parts: list[_Part] = []
        self._unwritten: SampleBlock | None = None  # its write failed: it comes first again
        self._waiting = self._written = self._held_back = self._lost = 0
        self._failure = ""
        self._is_losing = False
        self._state = RecorderState()
        self._undefined: dict[int, Tag] = {}
        self._keys: NDArray[np.uint32] = np.zeros(1024, np.uint32)
        self._sink: Sink | None = None
        self._alive_us = 0
        self._lock = asyncio.Lock()

    @property
    def state(self) -> RecorderState:
        return self._state

    # what passes by

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        self._seen.grow(max((tag.handle for tag in tags), default=-1) + 1)
        for tag in tags:
            history = self._settings.history_of(_path(tag))
            is_kept = history.is_recorded and (is_numeric(tag.value_type) or tag.value_type in _TEXTS)
            has_band = is_kept and history.has_deadband and is_numeric(tag.value_type)
            if has_band or self._bands.knows(np.array([tag.handle], np.int32)).any():
                self._bands.define(tag.handle, history)
            is_new = not self._seen.is_known[tag.handle]
            self._seen.meet(tag.handle, is_kept, is_text=tag.value_type in _TEXTS)
            if is_kept:
                self._undefined[tag.handle] = tag
                if is_new and self._columns.source_us[tag.handle] > 0:  # of an earlier run
                    self._seen.recall(tag.handle, self._columns)

    def on_samples(self, batch: SampleBatch) -> None:
        seen = self._seen
        rows = seen.is_kept[batch.handle] & (batch.flags & FLAG_TRANSIENT == 0)
        if not rows.all():
            batch = _picked(batch, np.flatnonzero(rows))
        if not len(batch):
            return
        is_live = batch.flags & _PAST == 0
        if self._is_losing or self._waiting + len(batch) > self._most_rows:
            self._lose(batch.handle[is_live], batch.source_us[is_live], len(batch))
            return
        resumed = self._resumed(batch, is_live)
        repeats = is_live & seen.repeats(batch)
        seen.note(batch, is_live)
        if repeats.any():
            self._held_back += int(repeats.sum())
            fresh = np.flatnonzero(~repeats)
            batch, is_live = _picked(batch, fresh), is_live[fresh]
        self._put_samples(batch, is_live)
        if resumed is not None:
            self._put(resumed)

    def on_quality(self, change: QualityChanged) -> None:
        handles = self._seen.that_lose_trust(change.handles, change.quality)
        if not len(handles):
            return
        at_us = self._seen.begin_gap(handles, change.at_us, change.quality)
        quality = np.full(len(handles), change.quality, np.uint8)
        if self._is_losing or self._waiting + len(handles) > self._most_rows:
            self._lose(handles, at_us, 0)  # the gap will begin where something was lost
            return
        self._put_stream(self._bands.release(handles))
        self._put(_Part(handles, at_us, np.full(len(handles), np.nan), quality))

    def on_session(self, change: SessionChanged) -> None:
        """Sessions arrive as quality changes."""

    def on_link(self, change: LinkChanged) -> None:
        """Links arrive as quality changes."""

    # to the disk

    def begin(self, sink: Sink, alive_us: int) -> None:
        """The history is open; an earlier run looked at the plant until `alive_us` (0: there was none)."""
        self._sink, self._alive_us = sink, alive_us

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TICK_S)
            await self.tick()

    async def tick(self) -> None:
        """Write what came. A failure is told and what it concerns comes first with the next tick."""
        async with self._lock:
            self._put_stream(self._bands.overdue(self._now_us() - HOLD_US))
            self._open_gaps()
            try:
                await self._write()
            except Exception as error:
                if not self._failure:
                    log.warning("the history cannot be written: %s", error)
                self._failure = str(error) or type(error).__name__
            else:
                self._failure = ""
            self._fill_holes()
        self._tell()

    async def stop(self) -> None:
        """The last tick: what deadbands held back, too. Call when nothing comes in any more."""
        self._put_stream(self._bands.release_all())
        await self.tick()
        if self._waiting:
            log.error("the station ends and %d samples of its history could not be written", self._waiting)

    async def _write(self) -> None:
        sink = self._sink
        if sink is None:
            return
        while True:
            await self._find_keys(sink)
            block = self._unwritten or self._next_block()
            if block is None:
                return
            self._unwritten = block
            await sink.append([block])
            self._unwritten = None
            self._waiting -= len(block)
            self._written += len(block)

    async def _find_keys(self, sink: Sink) -> None:
        """Of tags that are new here, in pieces: after the start there are tens of thousands. No `await` afterwards."""
        while self._undefined:
            for handle, tag in list(islice(self._undefined.items(), _PIECE)):
                del self._undefined[handle]
                name = self._settings.history_of(_path(tag)).retention_class
                if handle >= len(self._keys):
                    room = max(handle + 1, 2 * len(self._keys))
                    self._keys = np.concatenate([self._keys, np.zeros(room - len(self._keys), np.uint32)])
                self._keys[handle] = sink.key_of(tag.tag_id, tag.value_type, name, tag.unit)
            if self._undefined:
                await asyncio.sleep(0)

    def _next_block(self) -> SampleBlock | None:
        """The oldest parts, up to BLOCK_ROWS and at least one; None when there are none. Every tag has its key."""
        count, rows = 0, 0
        while count < len(self._parts) and (not count or rows + len(self._parts[count]) <= BLOCK_ROWS):
            rows += len(self._parts[count])
            count += 1
        if not count:
            return None
        parts, self._parts = self._parts[:count], self._parts[count:]
        exact: dict[int, int] = {}
        texts: dict[int, str] = {}
        start = 0
        for part in parts:
            exact.update((start + row, number) for row, number in part.exact.items())
            texts.update((start + row, text) for row, text in part.texts.items())
            start += len(part)
        return SampleBlock(
            self._keys[np.concatenate([part.handle for part in parts])],
            np.concatenate([part.at_us for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.quality for part in parts]),
            exact,
            texts,
        )

    # inside

    def _put(self, part: _Part) -> None:
        if len(part):
            self._parts.append(part)
            self._waiting += len(part)

    def _put_stream(self, stream: Stream) -> None:
        self._put(_Part(stream.handle, stream.at_us, stream.value, stream.quality))

    def _put_samples(self, batch: SampleBatch, is_live: NDArray[np.bool_]) -> None:
        banded = self._bands.knows(batch.handle)
        if not banded.any():
            self._put(self._part(batch))
            return
        self._put(self._part(_picked(batch, np.flatnonzero(~banded))))
        past = np.flatnonzero(banded & ~is_live)
        if past.size:  # it falls between others: what is held back there is needed, and it is itself
            self._put_stream(self._bands.release(batch.handle[past]))
            self._put(self._part(_picked(batch, past)))
        live = np.flatnonzero(banded & is_live)
        if live.size:
            self._put(self._let_through(_picked(batch, live)))

    def _let_through(self, batch: SampleBatch) -> _Part:
        """What deadbands do not hold back; an exact integer is no number that a band could compare."""
        always = np.zeros(len(batch), np.bool_)
        if batch.exact:
            always[np.fromiter(batch.exact, np.int64, len(batch.exact))] = True
        rows = np.arange(len(batch))
        passed = self._bands.push(Stream(batch.handle, batch.source_us, batch.value, batch.quality, rows), always)
        self._held_back += len(batch) - len(passed)
        exact = {int(np.flatnonzero(passed.row == row)[-1]): number for row, number in batch.exact.items()}
        return _Part(passed.handle, passed.at_us, passed.value, passed.quality, exact)

    def _part(self, batch: SampleBatch) -> _Part:
        texts = {row: text for row, text in batch.texts.items() if self._seen.is_text[batch.handle[row]]}
        return _Part(batch.handle, batch.source_us, batch.value, batch.quality, batch.exact, texts)

    def _resumed(self, batch: SampleBatch, is_live: NDArray[np.bool_]) -> _Part | None:
        """What counts from another time than its own (`LastSeen.resume`)."""
        rows, at_us = self._seen.resume(batch, is_live)
        if not rows.size:
            return None
        part = self._part(_picked(batch, rows))
        part.at_us = at_us
        return part

    def _lose(self, handles: Ints, at_us: Longs, count: int) -> None:
        if not self._is_losing:
            log.error("the history loses samples: %d wait to be written and there is no room for more", self._waiting)
        self._is_losing = True
        self._lost += count
        self._seen.lose(handles, at_us)

    def _fill_holes(self) -> None:
        """There is room again: where samples were lost, the history gets a gap, and the present value after it."""
        if not self._is_losing or self._waiting > self._most_rows // 2:
            return
        self._is_losing = False
        log.warning("the history is being written again; %d samples were lost since the start", self._lost)
        handles, at_us = self._seen.take_lost()
        self._put_stream(self._bands.release(handles))
        unknown = np.full(len(handles), Quality.UNKNOWN, np.uint8)
        self._put(_Part(handles, at_us, np.full(len(handles), np.nan), unknown))
        quality = self._columns.quality[handles]
        known = quality <= Quality.UNCERTAIN
        again = handles[known]
        now_us = np.maximum(self._now_us(), np.maximum(at_us[known], self._seen.made_us[again]) + 1)
        self._seen.made_us[again] = now_us
        texts = {row: self._columns.text(h) for row, h in enumerate(again.tolist()) if self._seen.is_text[h]}
        self._put(_Part(again, now_us, self._columns.value[again], quality[known], {}, texts))

    def _open_gaps(self) -> None:
        """Tags of an earlier run: from when that was last alive until they speak nothing is known of them."""
        if self._sink is None:
            return
        handles = self._seen.take_recalled()
        if self._alive_us and len(handles):
            at_us = np.maximum(self._alive_us, self._seen.newest_us[handles] + 1)
            blind = np.full(len(handles), Quality.BLIND, np.uint8)
            self._put(_Part(handles, at_us, np.full(len(handles), np.nan), blind))

    def _tell(self) -> None:
        state = RecorderState(self._written, self._held_back, self._lost, self._waiting, self._failure, self._is_losing)
        if state != self._state:
            self._state = state
            self._told(state)


def _path(tag: Tag) -> str:
    """As patterns name it: without the broker."""
    return tag.source.path().partition("/")[2]


def _picked(batch: SampleBatch, rows: NDArray[np.intp]) -> SampleBatch:
    """Some rows of a batch, in their order."""
    exact: dict[int, int] = {}
    texts: dict[int, str] = {}
    if batch.exact or batch.texts:
        place = {row: index for index, row in enumerate(rows.tolist())}
        exact = {place[row]: number for row, number in batch.exact.items() if row in place}
        texts = {place[row]: text for row, text in batch.texts.items() if row in place}
    return SampleBatch(
        batch.handle[rows],
        batch.source_us[rows],
        batch.receive_us[rows],
        batch.value[rows],
        batch.quality[rows],
        batch.detail[rows],
        batch.flags[rows],
        texts,
        exact,
    )
