"""The present: the newest value, quality and times of every tag, in numpy columns by handle. Main thread only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.services.records import Bytes8, Floats, Ints, Longs
from console.services.telemetry.batch import (
    FLAG_HISTORICAL,
    FLAG_LATE,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
)

NodeKey = tuple[str, str, str]  # broker, group, node
_QUIET_US = 2_000_000  # the watermark of a quiet node follows the clock by this much
_NEVER = np.iinfo(np.int64).min


class TagStore:
    """Implements `TagColumns`. Columns grow by doubling; take them anew each turn, never write into them."""

    def __init__(self) -> None:
        self._size = 0
        self._tags: list[Tag | None] = []
        self._columns = _Columns(1024)
        self._texts: dict[int, str] = {}
        self._nodes: dict[NodeKey, int] = {}
        self._brokers: dict[str, set[int]] = {}  # node indexes
        self._live: set[str] = set()
        self._watermarks = np.zeros(64, np.int64)
        self._newest_us = np.zeros(64, np.int64)  # newest source time by node, 0 = never
        self._told_s = np.zeros(64, np.float64)  # monotonic clock when it came
        self.definitions = 0  # how often tags were defined: whoever remembers it knows of new ones

    @property
    def size(self) -> int:
        return self._size

    @property
    def value(self) -> Floats:
        return self._columns.value[: self._size]

    @property
    def quality(self) -> Bytes8:
        return self._columns.quality[: self._size]

    @property
    def detail(self) -> Bytes8:
        return self._columns.detail[: self._size]

    @property
    def source_us(self) -> Longs:
        return self._columns.source_us[: self._size]

    @property
    def receive_us(self) -> Longs:
        """Wall time of the newest sample, 0 = never."""
        return self._columns.receive_us[: self._size]

    @property
    def node(self) -> Ints:
        return self._columns.node[: self._size]

    @property
    def watermarks_us(self) -> Longs:
        return self._watermarks[: len(self._nodes)]

    @property
    def heard_s(self) -> Floats:
        """Monotonic time of the newest sample by handle, for the silence watchdog."""
        return self._columns.heard_s[: self._size]

    @property
    def stale_after_s(self) -> Floats:
        """inf = never silent."""
        return self._columns.stale_after_s[: self._size]

    def tag(self, handle: int) -> Tag:
        tag = self._tags[handle]
        if tag is None:
            raise IndexError(handle)
        return tag

    def tags(self) -> tuple[Tag, ...]:
        return tuple(tag for tag in self._tags if tag is not None)

    def text(self, handle: int) -> str:
        """Shown form of what is no number, and of integers beyond 2**53; empty for plain numbers."""
        return self._texts.get(handle, "")

    def texts(self, handles: Iterable[int]) -> dict[int, str]:
        return {handle: self._texts[handle] for handle in handles if handle in self._texts}

    def is_blind(self, broker: str) -> bool:
        return broker not in self._live

    # messages

    def define(self, tags: Sequence[Tag], mono_s: float = 0.0) -> None:
        """New or changed tags. New ones are UNKNOWN until their first sample."""
        top = max((tag.handle for tag in tags), default=-1) + 1
        self._grow(top)
        self.definitions += bool(tags)
        for tag in tags:
            is_new = self._tags[tag.handle] is None
            self._tags[tag.handle] = tag
            columns = self._columns
            columns.stale_after_s[tag.handle] = np.inf if tag.stale_after_s is None else tag.stale_after_s
            if is_new:
                source = tag.source
                columns.node[tag.handle] = self._node(source.broker, source.group, source.node)
                columns.heard_s[tag.handle] = mono_s
            columns.is_dirty[tag.handle] = columns.is_unsaved[tag.handle] = True

    def restore(self, handle: int, value: float, text: str, source_us: int, receive_us: int) -> None:
        """The last value of an earlier run: shown, but STALE until the source says more."""
        columns = self._columns
        columns.value[handle], columns.source_us[handle], columns.receive_us[handle] = value, source_us, receive_us
        columns.quality[handle], columns.detail[handle] = Quality.STALE, Detail.AWAITS_BIRTH
        columns.newest_us[handle] = source_us
        if text:
            self._texts[handle] = text
            columns.has_text[handle] = True
        columns.is_dirty[handle] = True

    def apply(self, batch: SampleBatch, mono_s: float = 0.0) -> SampleBatch:
        """Take the samples over; returns the batch with FLAG_LATE set where a sample is older than its tag's newest.

        Historical and late samples change no value. Of several samples of one tag the last that counts wins.
        """
        columns = self._columns
        late = self._late_rows(batch)
        if late.any():
            batch = replace(batch, flags=np.where(late, batch.flags | FLAG_LATE, batch.flags).astype(np.uint8))
        counts = np.flatnonzero(batch.flags & (FLAG_HISTORICAL | FLAG_LATE) == 0)
        if not len(counts):
            return batch
        handles = batch.handle[counts]
        columns.last_row[handles] = counts  # of repeated handles the last one stays
        rows = columns.last_row[np.unique(handles)]
        winners = batch.handle[rows]
        columns.value[winners] = batch.value[rows]
        columns.quality[winners] = batch.quality[rows]
        columns.detail[winners] = batch.detail[rows]
        columns.source_us[winners] = batch.source_us[rows]
        columns.receive_us[winners] = batch.receive_us[rows]
        columns.heard_s[winners] = mono_s
        has_right_clock = batch.detail[rows] != Detail.BAD_CLOCK
        columns.newest_us[winners] = np.where(has_right_clock, batch.source_us[rows], _NEVER)
        self._move_watermarks(winners[has_right_clock], batch.source_us[rows][has_right_clock], mono_s)
        self._take_texts(batch, rows, winners)
        columns.is_dirty[winners] = columns.is_unsaved[winners] = True
        return batch

    def session(self, change: SessionChanged) -> list[QualityChanged]:
        """A death or a missing birth takes the trust from its tags; an online session leaves it to its samples."""
        node = change.node
        if node.state == "offline":
            detail = Detail.DEVICE_DEAD if node.device else Detail.NODE_DEAD
            return self._distrust(change.handles, Quality.STALE, detail, change.at_us)
        if node.state == "stale":
            return self._distrust(change.handles, Quality.STALE, Detail.AWAITS_BIRTH, change.at_us)
        return []

    def link(self, change: LinkChanged) -> list[QualityChanged]:
        """Not live: everything of the broker is BLIND at once. Live again: STALE until births or samples come."""
        nodes = sorted(self._brokers.get(change.broker, ()))
        handles = np.flatnonzero(np.isin(self.node, np.array(nodes, np.int32))).astype(np.int32)
        if change.link.state == "live":
            self._live.add(change.broker)
            blind = handles[self.quality[handles] == Quality.BLIND]
            return self._distrust(blind, Quality.STALE, Detail.AWAITS_BIRTH, change.at_us)
        self._live.discard(change.broker)
        return self._distrust(handles, Quality.BLIND, Detail.LINK_DOWN, change.at_us)

    def silence(self, handles: Ints, at_us: int) -> list[QualityChanged]:
        """These tags said nothing within their `stale_after_s`."""
        return self._distrust(handles, Quality.STALE, Detail.SILENT, at_us)

    def doubt(self, change: QualityChanged) -> list[QualityChanged]:
        """What derived tags are made of cannot be trusted: neither can they."""
        return self._distrust(change.handles, Quality(change.quality), Detail(change.detail), change.at_us)

    def advance(self, mono_s: float) -> None:
        """Watermarks of quiet nodes go on with the monotonic clock, 2 s behind, so that on-delays run out. The node's
        own time goes on, whatever its skew."""
        count = len(self._nodes)
        if count:
            quiet_us = ((mono_s - self._told_s[:count]) * 1e6).astype(np.int64) - _QUIET_US
            newest = self._newest_us[:count]
            goes_on = (newest > 0) & (quiet_us > 0)
            marks = self._watermarks[:count]
            np.maximum(marks, np.where(goes_on, newest + quiet_us, marks), out=marks)

    def take_dirty(self) -> Ints:
        """Handles that changed since the last call, ascending."""
        return self._take(self._columns.is_dirty)

    def take_unsaved(self) -> Ints:
        """The same for the snapshot on disk."""
        return self._take(self._columns.is_unsaved)

    def mark_unsaved(self, handles: Ints) -> None:
        """Their write failed: they are due again."""
        self._columns.is_unsaved[handles] = True

    def mark_saved(self, handles: Ints) -> None:
        """They came from the snapshot on disk: it has them."""
        self._columns.is_unsaved[handles] = False

    # inside

    def _take(self, flags: NDArray[np.bool_]) -> Ints:
        handles = np.flatnonzero(flags[: self._size]).astype(np.int32)
        flags[handles] = False
        return handles

    def _late_rows(self, batch: SampleBatch) -> NDArray[np.bool_]:
        """Older than the tag's newest live sample, the ones before it in this batch included."""
        source, handle = batch.source_us, batch.handle
        is_judged = (batch.flags & FLAG_HISTORICAL == 0) & (batch.detail != Detail.BAD_CLOCK)
        late: NDArray[np.bool_] = is_judged & (source < self._columns.newest_us[handle])
        rows = np.flatnonzero(is_judged)
        if len(rows) < 2:
            return late
        order = rows[np.argsort(handle[rows], kind="stable")]
        group = np.cumsum(np.diff(handle[order], prepend=handle[order[0]]) != 0)
        since = source[order] - source[order].min()
        span = int(since.max()) + 1
        if span * (int(group[-1]) + 1) < 1 << 62:
            newest = np.maximum.accumulate(since + group * span) - group * span
        else:
            newest = np.concatenate([np.maximum.accumulate(since[group == g]) for g in range(int(group[-1]) + 1)])
        late[order] |= since < newest
        return late

    def _move_watermarks(self, handles: Ints, source_us: Longs, mono_s: float) -> None:
        nodes = self._columns.node[handles]
        np.maximum.at(self._newest_us, nodes, source_us)
        np.maximum.at(self._watermarks, nodes, source_us)
        self._told_s[nodes] = mono_s

    def _take_texts(self, batch: SampleBatch, rows: NDArray[np.int64], winners: Ints) -> None:
        columns = self._columns
        for handle in winners[columns.has_text[winners]].tolist():
            self._texts.pop(handle, None)
            columns.has_text[handle] = False
        for beside in (batch.exact, batch.texts):
            for row, shown in beside.items():
                handle = int(batch.handle[row])
                if columns.last_row[handle] == row and not batch.flags[row] & (FLAG_HISTORICAL | FLAG_LATE):
                    self._texts[handle] = str(shown)
                    columns.has_text[handle] = True

    def _distrust(self, handles: Ints, quality: Quality, detail: Detail, at_us: int) -> list[QualityChanged]:
        columns = self._columns
        is_other = (columns.quality[handles] != quality) | (columns.detail[handles] != detail)
        changed = handles[is_other]
        if not len(changed):
            return []
        columns.quality[changed] = quality
        columns.detail[changed] = detail
        columns.is_dirty[changed] = columns.is_unsaved[changed] = True
        return [QualityChanged(changed, int(quality), int(detail), at_us)]

    def _grow(self, size: int) -> None:
        if size <= self._size:
            return
        self._tags.extend([None] * (size - self._size))
        self._columns.grow(size)
        self._size = size

    def _node(self, broker: str, group: str, node: str) -> int:
        key = (broker, group, node)
        index = self._nodes.get(key)
        if index is None:
            index = self._nodes[key] = len(self._nodes)
            self._brokers.setdefault(broker, set()).add(index)
            if index >= len(self._watermarks):
                self._watermarks = np.concatenate([self._watermarks, np.zeros_like(self._watermarks)])
                self._newest_us = np.concatenate([self._newest_us, np.zeros_like(self._newest_us)])
                self._told_s = np.concatenate([self._told_s, np.zeros_like(self._told_s)])
        return index


class _Columns:
    """Equally long arrays, grown together by doubling."""

    def __init__(self, room: int) -> None:
        self.value = np.full(room, np.nan)
        self.quality = np.full(room, Quality.UNKNOWN, np.uint8)
        self.detail = np.full(room, Detail.NEVER_SEEN, np.uint8)
        self.source_us = np.zeros(room, np.int64)
        self.receive_us = np.zeros(room, np.int64)
        self.newest_us = np.full(room, _NEVER, np.int64)  # what a sample must reach not to be late
        self.node = np.full(room, -1, np.int32)
        self.heard_s = np.zeros(room)
        self.stale_after_s = np.full(room, np.inf)
        self.has_text = np.zeros(room, np.bool_)
        self.is_dirty = np.zeros(room, np.bool_)
        self.is_unsaved = np.zeros(room, np.bool_)
        self.last_row = np.zeros(room, np.int64)

    def grow(self, size: int) -> None:
        room = len(self.value)
        if size <= room:
            return
        fresh = _Columns(max(size, 2 * room) - room)
        for name, column in vars(self).items():
            setattr(self, name, np.concatenate([column, getattr(fresh, name)]))
