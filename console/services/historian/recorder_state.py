"""What the recorder knows of each tag: its newest sample, the gap that it is in, and what of it was lost."""

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.services.records import Bytes8, Floats, Ints, Longs
from console.services.telemetry.batch import SampleBatch, TagColumns

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


class LastSeen:
    """Columns by handle. `started_us` is when this run began: nothing that a tag of an earlier run says is known
    before it, whatever time it bears."""

    def __init__(self, started_us: int) -> None:
        self._started_us = started_us
        self.is_known: Flags = np.zeros(1024, np.bool_)
        self.is_kept: Flags = np.zeros(1024, np.bool_)
        self.is_text: Flags = np.zeros(1024, np.bool_)
        self.newest_us: Longs = np.zeros(1024, np.int64)  # of live samples; 0: none
        self.newest_value: Floats = np.zeros(1024)
        self.newest_quality: Bytes8 = np.zeros(1024, np.uint8)
        self.in_gap: Flags = np.zeros(1024, np.bool_)
        self.made_us: Longs = np.zeros(1024, np.int64)  # of the newest row that no source sent: a gap, or its end
        self.gap_quality: Bytes8 = np.zeros(1024, np.uint8)
        self.lost_us: Longs = np.zeros(1024, np.int64)  # of the first sample that was lost; 0: none
        self._is_recalled: Flags = np.zeros(1024, np.bool_)

    def grow(self, size: int) -> None:
        if size <= len(self.is_known):
            return
        room = max(size, 2 * len(self.is_known))
        for name, column in vars(self).items():
            if isinstance(column, np.ndarray):
                setattr(self, name, np.concatenate([column, np.zeros(room - len(column), column.dtype)]))

    def meet(self, handle: int, is_kept: bool, *, is_text: bool) -> None:
        """A tag was defined, for the first time or anew."""
        self.is_known[handle] = True
        self.is_kept[handle] = is_kept
        self.is_text[handle] = is_text

    def recall(self, handle: int, columns: TagColumns) -> None:
        """Its last value of an earlier run: since that ended nothing is known of it."""
        self.newest_us[handle], self.newest_value[handle] = columns.source_us[handle], columns.value[handle]
        self.newest_quality[handle] = Quality.GOOD
        self.in_gap[handle], self.made_us[handle] = True, max(self._started_us, int(columns.source_us[handle]) + 1)
        self.gap_quality[handle] = Quality.BLIND
        self._is_recalled[handle] = True

    def take_recalled(self) -> Ints:
        """Tags of an earlier run that were not asked for yet."""
        handles = np.flatnonzero(self._is_recalled).astype(np.int32)
        self._is_recalled[handles] = False
        return handles

    def repeats(self, batch: SampleBatch) -> Flags:
        """Rows that say again what the tag said last, stamp included, as a birth does."""
        handles = batch.handle
        same: Flags = batch.source_us == self.newest_us[handles]
        if same.any():
            same &= batch.quality == self.newest_quality[handles]
            bits = np.ascontiguousarray(batch.value).view(np.int64)
            same &= bits == self.newest_value.view(np.int64)[handles]
            for beside in (batch.texts, batch.exact):
                if beside:  # the number does not tell whether they are equal
                    same[np.fromiter(beside, np.int64, len(beside))] = False
        return same

    def note(self, batch: SampleBatch, is_live: Flags) -> None:
        """The newest of each tag; of several the last. Whoever speaks is in no gap."""
        every = is_live.all()
        handles = batch.handle if every else batch.handle[is_live]
        self.newest_us[handles] = batch.source_us if every else batch.source_us[is_live]
        self.newest_value[handles] = batch.value if every else batch.value[is_live]
        self.newest_quality[handles] = batch.quality if every else batch.quality[is_live]
        self.in_gap[handles] = False

    def that_lose_trust(self, handles: Ints, quality: int) -> Ints:
        """Those that are recorded, ever had a sample, and are not in such a gap already."""
        concerned = self.is_kept[handles] & (self.newest_us[handles] > 0)
        concerned &= ~(self.in_gap[handles] & (self.gap_quality[handles] == quality))
        return handles[concerned]

    def begin_gap(self, handles: Ints, at_us: int, quality: int) -> Longs:
        """When the gap begins: after the newest sample, also of a source whose clock is ahead."""
        began: Longs = np.maximum(at_us, np.maximum(self.newest_us[handles], self.made_us[handles]) + 1)
        self.in_gap[handles], self.made_us[handles], self.gap_quality[handles] = True, began, quality
        return began

    def resume(self, batch: SampleBatch, is_live: Flags) -> tuple[Rows, Longs]:
        """Rows whose value counts from another time than their own, and from when on.

        A source may tell, when it is heard again, what it measured before its gap began; that value counts from when it
        was heard. What it measured before then and tells still later (its clock is behind) counts from just after, so
        that history never says of now what the screen does not say.
        """
        made_us = self.made_us[batch.handle]
        old = is_live & (batch.source_us <= made_us) & (made_us > 0)
        rows = np.flatnonzero(old)
        if not rows.size:
            return rows, np.empty(0, np.int64)
        concerned = np.flatnonzero(is_live & np.isin(batch.handle, batch.handle[rows]))
        if len(np.unique(batch.handle[concerned])) < len(concerned):
            return self._resume_one_by_one(batch, concerned)
        handles = batch.handle[rows]
        after = self.made_us[handles] + 1
        at_us = np.where(self.in_gap[handles], np.maximum(batch.receive_us[rows], after), after)
        self.made_us[handles] = at_us
        return rows, at_us

    def _resume_one_by_one(self, batch: SampleBatch, concerned: Rows) -> tuple[Rows, Longs]:
        """The same where a tag speaks several times."""
        rows: list[int] = []
        times: list[int] = []
        for row in concerned.tolist():
            handle = int(batch.handle[row])
            if batch.source_us[row] <= self.made_us[handle]:
                at_us = int(self.made_us[handle]) + 1
                if self.in_gap[handle]:
                    at_us = max(at_us, int(batch.receive_us[row]))
                rows.append(row)
                times.append(at_us)
                self.made_us[handle] = at_us
            self.in_gap[handle] = False
        return np.array(rows, np.int64), np.array(times, np.int64)

    def lose(self, handles: Ints, at_us: Longs) -> None:
        """Live samples of these could not be kept."""
        fresh = self.lost_us[handles] == 0
        first, rows = np.unique(handles[fresh], return_index=True)
        self.lost_us[first] = at_us[fresh][rows]

    def take_lost(self) -> tuple[Ints, Longs]:
        """Tags that lost samples, and since when."""
        handles = np.flatnonzero(self.lost_us).astype(np.int32)
        at_us = self.lost_us[handles]
        self.lost_us[handles] = 0
        return handles, at_us
