"""The tag store as deltas for the seam: new tags, changed values, and how many are live, stale, bad or blind."""

from itertools import islice

import numpy as np

from console.domain.quality import Quality
from console.domain.tags import Tag
from console.services.records import Ints, TagsDelta
from console.services.telemetry.batch import LinkChanged, QualityChanged, SampleBatch, SessionChanged
from console.services.telemetry.tag_store import TagStore

_ADDED_AT_ONCE = 500  # new tags in one delta: lists sort them in, and the window must not wait for 10,000 at a time


class TagFeed:
    """A `Consumer` after the store. `take(True)` gives everything, `take(False)` what changed or None.

    A tag's values are told with or after the tag itself; a birth of many tags is told in pieces. A snapshot is for a
    new subscriber and takes nothing away from the others.
    """

    def __init__(self, store: TagStore) -> None:
        self._store = store
        self._added: dict[int, Tag] = {}
        self._told = np.zeros(0, np.bool_)

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        self._added.update((tag.handle, tag) for tag in tags)

    def on_samples(self, batch: SampleBatch) -> None:
        """The store itself knows what is dirty."""

    def on_quality(self, change: QualityChanged) -> None:
        """The store itself knows what is dirty."""

    def on_session(self, change: SessionChanged) -> None:
        """Sessions are a topic of their own."""

    def on_link(self, change: LinkChanged) -> None:
        """Links are a topic of their own."""

    def take(self, is_snapshot: bool) -> TagsDelta | None:
        store = self._store
        if is_snapshot:
            return self._delta(True, store.tags(), np.arange(store.size, dtype=np.int32))
        dirty = store.take_dirty()
        added = tuple(islice(self._added.values(), _ADDED_AT_ONCE))
        for tag in added:
            del self._added[tag.handle]
        handles = self._with_new(dirty, added)
        return self._delta(False, added, handles) if added or len(handles) else None

    def _with_new(self, dirty: Ints, added: tuple[Tag, ...]) -> Ints:
        """What changed of the tags that are told already, and the new ones whole."""
        if self._told.size < self._store.size:
            self._told = np.concatenate([self._told, np.zeros(self._store.size - self._told.size, np.bool_)])
        new = np.fromiter((tag.handle for tag in added), np.int32, len(added))
        known = dirty[self._told[dirty]]
        self._told[new] = True
        return np.union1d(known, new).astype(np.int32) if len(new) else known

    def counts(self) -> tuple[int, int, int, int]:
        """How many tags are live, stale, bad, blind; what was never seen counts as stale."""
        by_quality = np.bincount(self._store.quality[: self._store.size], minlength=6)
        live = int(by_quality[Quality.GOOD] + by_quality[Quality.UNCERTAIN])
        stale = int(by_quality[Quality.STALE] + by_quality[Quality.UNKNOWN])
        return live, stale, int(by_quality[Quality.BAD]), int(by_quality[Quality.BLIND])

    def _delta(self, is_snapshot: bool, added: tuple[Tag, ...], handles: Ints) -> TagsDelta:
        store = self._store
        return TagsDelta(
            is_snapshot,
            added,
            handles,
            store.value[handles],
            store.quality[handles],
            store.detail[handles],
            store.source_us[handles],
            store.receive_us[handles],
            store.texts(handles.tolist()),
        )
