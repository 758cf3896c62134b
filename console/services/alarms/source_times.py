"""Which limit stands behind an alarm row, and what time it is where its samples come from.

Architecture, source time: delays run on the node's watermark, an acknowledgement reaches what was seen in the node's
own time. A node whose clock is slow would otherwise have its next occurrence acknowledged unseen.
"""

import numpy as np
from numpy.typing import NDArray

from console.domain.acknowledgement import AHEAD_US
from console.services.alarms.alarm_rows import AlarmRows
from console.services.alarms.band_play import BandPlay
from console.services.alarms.limits import BandColumns, Rows
from console.services.telemetry.batch import TagColumns


class BandLinks:
    """A band is the limit of one condition, or the quality of an asset: its alarm row, and the tag it follows."""

    def __init__(self) -> None:
        self.row_of = np.zeros(256, np.int64)
        self.handle_of = np.zeros(256, np.int32)
        self.band_of: dict[int, int] = {}  # alarm row -> band

    def link(self, band: int, row: int, handle: int) -> None:
        if band >= len(self.row_of):
            self.row_of = np.concatenate([self.row_of, np.zeros(max(band, 256), np.int64)])
            self.handle_of = np.concatenate([self.handle_of, np.zeros(max(band, 256), np.int32)])
        self.row_of[band] = row
        self.handle_of[band] = handle
        self.band_of[row] = band


class SourceTimes:
    """Times in microseconds. A row without a band (deaths, links, the station itself) lives on this PC's clock."""

    def __init__(
        self, tags: TagColumns, rows: AlarmRows, links: BandLinks, bands: BandColumns, band_play: BandPlay
    ) -> None:
        self._tags = tags
        self._rows = rows
        self._links = links
        self._bands = bands
        self._band_play = band_play

    def of_bands(self, bands: Rows) -> NDArray[np.int64]:
        """Time on each band's own node: the watermark, or the tag's newest sample where that is ahead."""
        handles = self._links.handle_of[bands]
        watermark = self._tags.watermarks_us[self._tags.node[handles]]
        return np.maximum(watermark, self._tags.source_us[handles])

    def by_node(self, row: int, at_us: int, now_us: int) -> int:
        """What a time of this PC is on the row's node when its clock is slow: nobody may acknowledge its future."""
        band = self._links.band_of.get(row)
        if band is None:
            return at_us
        return at_us - max(0, now_us - int(self.of_bands(np.array([band]))[0]))

    def seen_through(self, row: int, now_us: int) -> int:
        """How far somebody who acknowledges now has seen the row's condition; at least its newest annunciation."""
        annunciated_us = int(self._rows.annunciated_us[row])
        band = self._links.band_of.get(row)
        if band is None:
            return max(annunciated_us, now_us)
        handle = self._links.handle_of[band]
        seen = int(self._tags.source_us[handle])
        if self._tags.watermarks_us[self._tags.node[handle]] <= seen:
            seen -= 1  # another sample of that time stamp may still come: clocks are as coarse as a second
        returned_us = int(self._rows.returned_us[row])
        if returned_us:  # what began since then, where another console heard more, is not on this screen
            seen = min(seen, returned_us - 1)
        for waiting in (self._bands.waiting_since(band), self._band_play.waiting_since(row)):
            if waiting is not None:
                seen = min(seen, waiting - 1)
        return max(annunciated_us, min(seen, now_us + AHEAD_US))
