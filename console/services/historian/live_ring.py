"""The first historian: the newest samples of every numeric tag in memory, bounded by bytes, read by trends.

The main thread appends; a full block is sealed: sorted by tag, never changed again, so that any thread may read it.
"""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.domain.tags import Tag
from console.domain.values import is_numeric
from console.services.records import Bytes8, Floats, Ints, Longs, Marks16, TrendColumns
from console.services.telemetry.batch import FLAG_TRANSIENT, LinkChanged, QualityChanged, SampleBatch, SessionChanged

BLOCK_ROWS = 16_384  # sealing one sorts it: about 1 ms
ROW_BYTES = 4 + 8 + 8 + 1 + 2
NOTHING = -1


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """Rows sorted by handle; within one handle in arrival order. A row whose value is nan is a gap marker."""

    handle: Ints
    source_us: Longs
    value: Floats
    quality: Bytes8
    first_us: int
    last_us: int
    turn: Marks16  # which row of the block came when
    first_row: int  # rows that came before this block

    @property
    def nbytes(self) -> int:
        columns = (self.handle, self.source_us, self.value, self.quality, self.turn)
        return sum(column.nbytes for column in columns)

    def rows(self, handle: int) -> slice:
        """Where a tag's rows are."""
        start, stop = np.searchsorted(self.handle, (handle, handle + 1))
        return slice(int(start), int(stop))


@dataclass(frozen=True, slots=True)
class RingSnapshot:
    """What a query reads, safe in any thread: sealed blocks, oldest first, and the ids of the asked handles."""

    blocks: tuple[SealedBlock, ...]
    tag_ids: dict[int, UUID]
    stored_rows: int = 0  # rows that came before this one are on disk, or not worth it

    def query(self, handles: tuple[int, ...], from_us: int, to_us: int, buckets: int) -> tuple[TrendColumns, ...]:
        """History of the tags over [from_us, to_us), in the order of `handles`; unknown tags give empty columns."""
        return tuple(
            trend_columns(self.tag_ids.get(handle, UUID(int=0)), *self.samples(handle, from_us, to_us), buckets=buckets)
            for handle in handles
        )

    def samples(self, handle: int, from_us: int, to_us: int) -> tuple[Longs, Floats, Bytes8]:
        """Time, value and quality in source-time order; equal stamps keep arrival order."""
        parts: list[tuple[Longs, Floats, Bytes8]] = []
        for block in self.blocks:
            if block.last_us >= from_us and block.first_us < to_us:
                at = block.source_us[rows := block.rows(handle)]
                parts.append(_picked(block, rows, (at >= from_us) & (at < to_us)))
        return _in_order(parts)

    def fresh(self, handle: int, newest_us: int) -> tuple[Longs, Floats, Bytes8]:
        """What the disk may not have: all that is newer than its newest sample, and late ones on their way there."""
        parts: list[tuple[Longs, Floats, Bytes8]] = []
        for block in self.blocks:
            is_stored = block.first_row + block.handle.size <= self.stored_rows
            if block.last_us > newest_us or not is_stored:
                wanted = block.source_us[rows := block.rows(handle)] > newest_us
                if not is_stored:
                    wanted |= block.first_row + block.turn[rows].astype(np.int64) >= self.stored_rows
                parts.append(_picked(block, rows, wanted))
        return _in_order(parts)


def _picked(block: SealedBlock, rows: slice, wanted: NDArray[np.bool_]) -> tuple[Longs, Floats, Bytes8]:
    columns = block.source_us[rows], block.value[rows], block.quality[rows]
    return columns if wanted.all() else (columns[0][wanted], columns[1][wanted], columns[2][wanted])


def _in_order(parts: list[tuple[Longs, Floats, Bytes8]]) -> tuple[Longs, Floats, Bytes8]:
    """Late and historical samples find their place; equal stamps keep arrival order."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8)
    at, value, quality = (np.concatenate(column) for column in zip(*parts, strict=True))
    if at.size > 1 and (at[1:] < at[:-1]).any():
        order = np.argsort(at, kind="stable")
        at, value, quality = at[order], value[order], quality[order]
    return at, value, quality


def trend_columns(tag_id: UUID, at: Longs, value: Floats, quality: Bytes8, *, buckets: int) -> TrendColumns:
    """Raw samples when they fit into `buckets`, else min, max and last per equal bucket of the covered time.

    Gap markers stay rows of nan: in a bucket that also holds samples, `last` is nan when the marker came last.
    """
    good = quality == Quality.GOOD
    if at.size <= max(buckets, 1):
        return TrendColumns(tag_id, at, value, value.copy(), value.copy(), good & ~np.isnan(value), True)
    width = -(-(int(at[-1]) - int(at[0]) + 1) // buckets)
    bucket = (at - at[0]) // width
    starts = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    ends = np.append(starts[1:], at.size) - 1
    return TrendColumns(
        tag_id=tag_id,
        time_us=at[0] + bucket[starts] * width,
        low=np.fmin.reduceat(value, starts),
        high=np.fmax.reduceat(value, starts),
        last=value[ends],
        good=np.logical_and.reduceat(good & ~np.isnan(value), starts),
        is_raw=False,
    )


class LiveRing:
    """A `Consumer` that keeps what came in arrival order until the bytes are used up; then the oldest block goes."""

    def __init__(self, budget_bytes: int = 256 << 20) -> None:
        self._budget = max(budget_bytes, 2 * BLOCK_ROWS * ROW_BYTES)
        self._sealed: list[SealedBlock] = []
        self._sealed_bytes = 0
        self._open_handle = np.empty(BLOCK_ROWS, np.int32)
        self._open_us = np.empty(BLOCK_ROWS, np.int64)
        self._open_value = np.empty(BLOCK_ROWS, np.float64)
        self._open_quality = np.empty(BLOCK_ROWS, np.uint8)
        self._rows = 0
        self._sealed_rows = 0  # ever
        self._stored_rows = 0
        self._numeric = np.zeros(0, np.bool_)
        self._tag_ids: dict[int, UUID] = {}
        self._handles: dict[UUID, int] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the kept samples; never above the budget."""
        return self._sealed_bytes + BLOCK_ROWS * ROW_BYTES

    @property
    def oldest_us(self) -> int:
        """Source time of the oldest kept sample, 0 when there is none."""
        if self._sealed:
            return self._sealed[0].first_us
        return int(self._open_us[: self._rows].min()) if self._rows else 0

    @property
    def arrived(self) -> int:
        """Rows that ever came: a mark in the order of arrival, see `on_stored`."""
        return self._sealed_rows + self._rows

    def on_stored(self, arrived: int) -> None:
        """The history has on disk what it wants of the rows that had come when `arrived` was read."""
        self._stored_rows = max(self._stored_rows, arrived)

    def handle_of(self, tag_id: UUID) -> int:
        """Handle of a tag, -1 when it is unknown."""
        return self._handles.get(tag_id, NOTHING)

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        highest = max((tag.handle for tag in tags), default=-1)
        if highest >= self._numeric.size:
            grown = np.zeros(max(highest + 1, 2 * self._numeric.size), np.bool_)
            grown[: self._numeric.size] = self._numeric
            self._numeric = grown
        for tag in tags:
            self._numeric[tag.handle] = is_numeric(tag.value_type)
            self._tag_ids[tag.handle] = tag.tag_id
            self._handles[tag.tag_id] = tag.handle

    def on_samples(self, batch: SampleBatch) -> None:
        keep = (batch.flags & FLAG_TRANSIENT) == 0
        keep &= self._is_numeric(batch.handle)
        if keep.all():
            self._append(batch.handle, batch.source_us, batch.value, batch.quality)
        elif keep.any():
            self._append(batch.handle[keep], batch.source_us[keep], batch.value[keep], batch.quality[keep])

    def on_quality(self, change: QualityChanged) -> None:
        """Loss of trust without a sample: a gap begins at `at_us`."""
        if change.quality in (Quality.GOOD, Quality.UNCERTAIN):
            return
        handles = change.handles[self._is_numeric(change.handles)]
        if handles.size:
            self._append(
                handles,
                np.full(handles.size, change.at_us, np.int64),
                np.full(handles.size, np.nan),
                np.full(handles.size, change.quality, np.uint8),
            )

    def on_session(self, change: SessionChanged) -> None:
        """Sessions reach the ring as quality changes."""

    def on_link(self, change: LinkChanged) -> None:
        """Links reach the ring as quality changes."""

    def query_snapshot(self, tag_ids: tuple[UUID, ...]) -> tuple[RingSnapshot, tuple[int, ...]]:
        """What a worker thread needs to answer a `TrendQuery`, and the handles to ask it for. Costs about 1 ms."""
        handles = tuple(self.handle_of(tag_id) for tag_id in tag_ids)
        known = dict(zip(handles, tag_ids, strict=True))
        blocks = tuple(self._sealed)
        return RingSnapshot((*blocks, self._block()) if self._rows else blocks, known, self._stored_rows), handles

    def query(self, handles: tuple[int, ...], from_us: int, to_us: int, buckets: int) -> tuple[TrendColumns, ...]:
        """The same in one step, in the calling thread."""
        known = {handle: self._tag_ids[handle] for handle in handles if handle in self._tag_ids}
        blocks = (*self._sealed, self._block()) if self._rows else tuple(self._sealed)
        return RingSnapshot(blocks, known).query(handles, from_us, to_us, buckets)

    def _is_numeric(self, handles: Ints) -> NDArray[np.bool_]:
        known = handles < self._numeric.size
        if known.all():
            return self._numeric[handles]
        known[known] = self._numeric[handles[known]]
        return known

    def _append(self, handle: Ints, source_us: Longs, value: Floats, quality: Bytes8) -> None:
        done = 0
        while done < handle.size:
            take = min(handle.size - done, BLOCK_ROWS - self._rows)
            at, until = self._rows, self._rows + take
            self._open_handle[at:until] = handle[done : done + take]
            self._open_us[at:until] = source_us[done : done + take]
            self._open_value[at:until] = value[done : done + take]
            self._open_quality[at:until] = quality[done : done + take]
            self._rows = until
            done += take
            if self._rows == BLOCK_ROWS:
                self._seal()

    def _block(self) -> SealedBlock:
        """The open rows as an immutable block."""
        n = self._rows
        order = np.argsort(self._open_handle[:n], kind="stable")
        times = self._open_us[:n][order]
        return SealedBlock(
            self._open_handle[:n][order],
            times,
            self._open_value[:n][order],
            self._open_quality[:n][order],
            int(times.min()),
            int(times.max()),
            order.astype(np.uint16),
            self._sealed_rows,
        )

    def _seal(self) -> None:
        block = self._block()
        self._sealed.append(block)
        self._sealed_bytes += block.nbytes
        self._sealed_rows += self._rows
        self._rows = 0
        while self._sealed and self.nbytes > self._budget:
            self._sealed_bytes -= self._sealed.pop(0).nbytes
