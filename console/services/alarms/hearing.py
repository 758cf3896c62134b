"""What this station heard of conditions that other stations have open: until when, and whether they were normal here.

Both sides of one question (`elsewhere`): is what rises here a part of what is open there? Not when it was normal here
after the other station had heard of it last.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Quality
from console.services.alarms.alarm_rows import AlarmRows
from console.services.alarms.band_play import BandPlay
from console.services.alarms.limits import NONE, BandColumns, Rows, Times
from console.services.alarms.source_times import BandLinks
from console.services.alarms.tag_conditions import TagConditions
from console.services.telemetry.batch import SampleBatch, TagColumns


class Hearing:
    """By alarm row; main thread only. Rows without a tag (deaths, links, the station itself) are never heard."""

    def __init__(
        self,
        tags: TagColumns,
        rows: AlarmRows,
        links: BandLinks,
        bands: BandColumns,
        conditions: TagConditions,
        band_play: BandPlay,
    ) -> None:
        self._tags = tags
        self._rows = rows
        self._links = links
        self._bands = bands
        self._conditions = conditions
        self._band_play = band_play

    def watch(self, rows: Sequence[int]) -> None:
        """Exactly these are looked at from now on, beginning with the values as they stand."""
        band_of = self._links.band_of
        bands = np.array([band_of[row] for row in rows if row in band_of], np.int64)
        fresh = self._bands.normal.watch(bands)
        if len(fresh):
            self._conditions.look(fresh, present(self._tags, self._links.handle_of[fresh]))

    def also(self, row: int) -> None:
        """A row that hangs on its tag since now."""
        self._bands.normal.add(self._links.band_of[row])

    def normal_before(self, row: int, start_us: int) -> int:
        """The newest sample before this crossing that was clearly normal; 0: none was seen. The row is active now,
        and looked at no more."""
        band = self._links.band_of.get(row)
        if band is None or not self._bands.normal.is_watched[band]:
            return 0
        found = self._bands.normal.before(band, start_us)
        self._bands.normal.drop(band)
        return found

    def heard_us(self, rows: Rows) -> Times:
        """How far samples say that these active alarms stand, in their sources' time; 0: nothing can be said.

        Not while the source is not trusted, not into the off-delay, and not beyond what still waits to be played.
        """
        heard = np.zeros(len(rows), np.int64)
        band_of = self._links.band_of
        found = np.fromiter((band_of.get(row, -1) for row in rows.tolist()), np.int64, len(rows))
        known = np.flatnonzero(found >= 0)
        band = found[known]
        handle = self._links.handle_of[band]
        ending_us = np.where(self._bands.raw[band] == 0, self._bands.since1[band], NONE)
        seen = self._tags.source_us[handle]
        seen = np.where(ending_us == NONE, seen, np.minimum(seen, ending_us - 1))
        is_lost = self._rows.uncertain[rows[known]] & (self._tags.quality[handle] != Quality.GOOD)
        heard[known] = np.where(is_lost, 0, seen)
        if self._band_play.waiting:
            for at, row in enumerate(rows.tolist()):
                since_us = self._band_play.waiting_since(row)
                if since_us is not None:
                    heard[at] = min(int(heard[at]), since_us - 1)
        return heard


def present(tags: TagColumns, handles: NDArray[np.int32], receive_us: int = 0) -> SampleBatch:
    """The values of these tags as they stand, each as the sample that brought it."""
    no_number = np.flatnonzero(np.isnan(tags.value[handles])).tolist()
    return SampleBatch(
        handle=handles,
        source_us=tags.source_us[handles],
        receive_us=np.full(len(handles), receive_us, np.int64),
        value=tags.value[handles],
        quality=tags.quality[handles],
        detail=tags.detail[handles],
        flags=np.zeros(len(handles), np.uint8),
        texts={i: tags.text(int(handles[i])) for i in no_number},
    )
