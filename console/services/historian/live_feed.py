"""Every sample of a few tags as it arrives, for the views that draw them: one `SamplesDelta` per heartbeat."""

import numpy as np

from console.domain.tags import Tag
from console.services.records import SamplesDelta
from console.services.telemetry.batch import (
    FLAG_HISTORICAL,
    FLAG_LATE,
    LinkChanged,
    QualityChanged,
    SampleBatch,
    SessionChanged,
)


class LiveFeed:
    """A `Consumer` per distinct set of handles. `take` empties it; None when nothing came since.

    A loss of quality without a sample arrives as a row of nan: there a gap begins.
    """

    def __init__(self, handles: tuple[int, ...]) -> None:
        self.handles = tuple(sorted(set(handles)))
        self._wanted = np.array(self.handles, np.int32)
        self._parts: list[SamplesDelta] = []

    @staticmethod
    def snapshot() -> SamplesDelta:
        """The first delivery: empty, history comes by `TrendQuery`."""
        return SamplesDelta(
            True,
            np.empty(0, np.int32),
            np.empty(0, np.int64),
            np.empty(0, np.float64),
            np.empty(0, np.uint8),
            np.empty(0, np.bool_),
        )

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        """Tags are of no concern: handles stay."""

    def on_samples(self, batch: SampleBatch) -> None:
        rows = np.flatnonzero(np.isin(batch.handle, self._wanted))
        if rows.size:
            late = (batch.flags[rows] & (FLAG_LATE | FLAG_HISTORICAL)) != 0
            self._parts.append(
                SamplesDelta(
                    False, batch.handle[rows], batch.source_us[rows], batch.value[rows], batch.quality[rows], late
                )
            )

    def on_quality(self, change: QualityChanged) -> None:
        handles = change.handles[np.isin(change.handles, self._wanted)]
        n = handles.size
        if n:
            self._parts.append(
                SamplesDelta(
                    False,
                    handles,
                    np.full(n, change.at_us, np.int64),
                    np.full(n, np.nan),
                    np.full(n, change.quality, np.uint8),
                    np.zeros(n, np.bool_),
                )
            )

    def on_session(self, change: SessionChanged) -> None:
        """Sessions arrive as quality changes."""

    def on_link(self, change: LinkChanged) -> None:
        """Links arrive as quality changes."""

    def take(self) -> SamplesDelta | None:
        """What came since the last call, in arrival order."""
        parts, self._parts = self._parts, []
        if len(parts) < 2:
            return parts[0] if parts else None
        return SamplesDelta(
            False,
            np.concatenate([part.handles for part in parts]),
            np.concatenate([part.source_us for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.quality for part in parts]),
            np.concatenate([part.late for part in parts]),
        )
