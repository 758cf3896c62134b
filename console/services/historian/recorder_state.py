"""What the recorder knows of each tag: its newest sample, the gap that it is in, and what of it was lost."""

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.services.records import Bytes8, Floats, Ints, Longs
from console.services.telemetry.batch import SampleBatch, TagColumns

Flags = NDArray[np.bool_]


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
        self.gap_us: Longs = np.zeros(1024, np.int64)
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
        self.in_gap[handle], self.gap_us[handle] = True, max(self._started_us, int(columns.source_us[handle]) + 1)
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
        began = np.maximum(at_us, self.newest_us[handles] + 1)
        self.in_gap[handles], self.gap_us[handles], self.gap_quality[handles] = True, began, quality
        return began

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
