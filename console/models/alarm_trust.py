"""Whether what an alarm shows can be trusted now: the quality of its tag, read anew at each heartbeat."""

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.models.alarm_columns import AlarmColumns
from console.models.tag_cache import TagCache
from console.ui.format import is_trusted, quality_word


class AlarmTrust:
    """An alarm without a tag has no value that could be doubted."""

    def __init__(self, tags: TagCache, alarms: AlarmColumns) -> None:
        self._tags, self._alarms = tags, alarms
        self._before: NDArray[np.uint8] = np.empty(0, np.uint8)

    def changed(self) -> NDArray[np.int32]:
        """Rows of the alarm list whose tag's quality is another one than at the last call."""
        now = self._qualities()
        before = np.full(len(now), Quality.GOOD, np.uint8)
        known = min(len(before), len(self._before))
        before[:known] = self._before[:known]
        self._before = now
        return np.flatnonzero(now != before).astype(np.int32)

    def word(self, row: int) -> str:
        """`blind: no link` for a value that must not look good; empty for one that may."""
        handle = int(self._alarms.handles[row]) if row < len(self._alarms.handles) else -1
        if not 0 <= handle < len(self._tags.quality):
            return ""
        quality = int(self._tags.quality[handle])
        return "" if is_trusted(quality) else quality_word(quality, int(self._tags.detail[handle]))

    def is_held(self, row: int) -> bool:
        """Whether nothing trustworthy is known of the alarm's source now."""
        handle = int(self._alarms.handles[row]) if row < len(self._alarms.handles) else -1
        return not 0 <= handle < len(self._tags.quality) or not is_trusted(int(self._tags.quality[handle]))

    def _qualities(self) -> NDArray[np.uint8]:
        handles, qualities = self._alarms.handles, self._tags.quality
        found = np.full(len(handles), Quality.GOOD, np.uint8)
        rows = np.flatnonzero(self._alarms.listed[: len(handles)])
        rows = rows[(handles[rows] >= 0) & (handles[rows] < len(qualities))]
        found[rows] = qualities[handles[rows]]
        return found
