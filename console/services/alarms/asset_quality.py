"""One bad-quality and one stale alarm per device, however many of its tags are concerned.

Held while nothing can be known: tags that are stale because their node died, or blind, change nothing here.
"""

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain import derived
from console.domain.alarms import AlarmKind
from console.domain.quality import Quality
from console.domain.tags import Tag
from console.services.alarms.asset_conditions import DEFAULTS, AssetConditions
from console.services.alarms.limits import BandColumns, BandEvents, BandSettings
from console.services.alarms.tag_conditions import is_silent
from console.services.telemetry.batch import TagColumns

_FINE, _BAD, _SILENT = range(3)
_KINDS = (AlarmKind.BAD_QUALITY, AlarmKind.STALE)


class AssetQuality:
    """Counts of bad and silent tags per asset; a band row (for the delays) is made when one is first above zero."""

    def __init__(self, conditions: AssetConditions, bands: BandColumns) -> None:
        self._conditions = conditions
        self._bands = bands
        self._index: dict[UUID, int] = {}
        self._paths: list[str] = []
        self._ids: list[UUID] = []
        self._nodes: list[int] = []  # a handle of the asset, for its node's watermark
        self._counts = np.zeros((256, 2), np.int64)
        self._asset = np.full(256, -1, np.int32)  # by handle
        self._category = np.zeros(256, np.uint8)
        self._excluded = np.zeros((256, 2), bool)  # tags with a rule of their own
        self._bands_of: dict[tuple[int, int], int] = {}
        self._unheard: dict[int, set[int]] = {}  # assets of restored alarms: tags without news since the start
        self._new_bands: list[tuple[int, int, int]] = []

    def add(self, tag: Tag, own_bad: bool, own_stale: bool) -> None:
        """A tag became known, or moved to another asset. A derived one has no trouble but that of its inputs."""
        self._make_room(tag.handle)
        if tag.source.broker == derived.BROKER:
            return
        index = self._index.get(tag.asset_id)
        if index is None:
            index = self._index[tag.asset_id] = len(self._paths)
            self._paths.append(tag.source.asset_path())
            self._ids.append(tag.asset_id)
            self._nodes.append(tag.handle)
            if index >= len(self._counts):
                self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
            if self._conditions.has_restored:
                self._adopt_restored(index)
        before, category = self._asset[tag.handle], self._category[tag.handle]
        if before >= 0 and before != index and category:
            self._counts[before, category - 1] -= 1
            self._counts[index, category - 1] += 1
        self._asset[tag.handle] = index
        if index in self._unheard and before < 0:
            self._unheard[index].add(tag.handle)
        self._excluded[tag.handle] = (own_bad, own_stale)

    def take_new_bands(self) -> list[tuple[int, int, int]]:
        """Band rows made since the last call, each with its alarm row and a tag handle of its node."""
        taken, self._new_bands = self._new_bands, []
        return taken

    def update(self, handles: NDArray[np.int32], tags: TagColumns, at_us: int | None = None) -> list[BandEvents]:
        """Look at the present quality of these tags. `at_us` None: each change happened at its tag's source time."""
        handles = handles[self._asset[handles] >= 0]
        quality, detail = tags.quality[handles], tags.detail[handles]
        silent = is_silent(quality, detail)
        known = (quality <= Quality.BAD) | silent
        category = np.where(silent, _SILENT, np.where(quality == Quality.BAD, _BAD, _FINE)).astype(np.uint8)
        category[self._excluded[handles, 0] & (category == _BAD)] = _FINE
        category[self._excluded[handles, 1] & (category == _SILENT)] = _FINE
        changed = known & (category != self._category[handles])
        events = [self._count(handles[changed], category[changed], tags, at_us)] if changed.any() else []
        if self._unheard and known.any():
            heard = handles[known]
            events.append(
                self._confirm_restored(heard, tags.source_us[heard] if at_us is None else _same(at_us, heard))
            )
        return [event for event in events if event is not None]

    def _count(
        self, handles: NDArray[np.int32], category: NDArray[np.uint8], tags: TagColumns, at_us: int | None
    ) -> BandEvents | None:
        handle, first = np.unique(handles, return_index=True)
        old, new = self._category[handle], category[first]
        self._category[handle] = new
        asset = self._asset[handle]
        before = self._counts[asset] > 0
        for kind in (_BAD, _SILENT):
            np.add.at(self._counts, (asset[new == kind], kind - 1), 1)
            np.add.at(self._counts, (asset[old == kind], kind - 1), -1)
        times = tags.source_us[handle] if at_us is None else _same(at_us, handle)
        return self._feed(asset, handle, times, before)

    def _adopt_restored(self, index: int) -> None:
        """Open occurrences of the last run continue; they return when every tag of the asset was heard again."""
        for kind, name in enumerate(_KINDS):
            row = self._conditions.known_asset_row(self._ids[index], name)
            if row is not None and self._conditions.is_active(row):
                self._band(index, kind, self._nodes[index], shown=1)
                self._unheard.setdefault(index, set())

    def _confirm_restored(self, handles: NDArray[np.int32], times: NDArray[np.int64]) -> BandEvents | None:
        """Every tag of a restored asset was heard and none is bad or silent: its alarms return."""
        rows: list[int] = []
        at: list[int] = []
        for handle, at_us in zip(handles.tolist(), times.tolist(), strict=True):
            index = int(self._asset[handle])
            unheard = self._unheard.get(index)
            if unheard is None:
                continue
            unheard.discard(handle)
            if unheard:
                continue
            del self._unheard[index]
            for kind in range(2):
                band = self._bands_of.get((index, kind))
                if band is not None and not self._counts[index, kind]:
                    rows.append(band)
                    at.append(at_us)
        if not rows:
            return None
        return self._bands.feed(np.array(rows), np.zeros(len(rows)), np.ones(len(rows), bool), np.array(at))

    def _feed(
        self, asset: NDArray[np.int32], handle: NDArray[np.int32], times: NDArray[np.int64], before: NDArray[np.bool_]
    ) -> BandEvents | None:
        rows: list[int] = []
        xs: list[float] = []
        at: list[int] = []
        after = self._counts[asset] > 0
        flips = before != after
        for i in np.flatnonzero(flips.any(axis=1)).tolist():
            for kind in np.flatnonzero(flips[i]).tolist():
                rows.append(self._band(int(asset[i]), kind, int(handle[i])))
                xs.append(float(after[i, kind]))
                at.append(int(times[i]))
        if not rows:
            return None
        return self._bands.feed(
            np.array(rows, np.int64), np.array(xs), np.ones(len(rows), bool), np.array(at, np.int64)
        )

    def _band(self, asset: int, kind: int, handle: int, shown: int = 0) -> int:
        band = self._bands_of.get((asset, kind))
        if band is None:
            default = DEFAULTS[_KINDS[kind]]
            settings = BandSettings(on_us=int(default.on_delay_s * 1e6), off_us=int(default.off_delay_s * 1e6))
            band = self._bands_of[asset, kind] = self._bands.add(settings, shown)
            row = self._conditions.asset_row(self._ids[asset], _KINDS[kind], self._paths[asset])
            self._new_bands.append((band, row, handle))
        return band

    def _make_room(self, handle: int) -> None:
        size = len(self._asset)
        if handle < size:
            return
        more = max(handle + 1, 2 * size) - size
        self._asset = np.concatenate([self._asset, np.full(more, -1, np.int32)])
        self._category = np.concatenate([self._category, np.zeros(more, np.uint8)])
        self._excluded = np.concatenate([self._excluded, np.zeros((more, 2), bool)])


def _same(at_us: int, like: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.full(len(like), at_us, np.int64)
