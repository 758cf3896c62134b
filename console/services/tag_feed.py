"""The tag store as deltas for the seam: new tags, changed values, and how many are live, stale, bad or blind."""

import numpy as np

from console.domain.quality import Quality
from console.domain.tags import Tag
from console.services.records import Ints, TagsDelta
from console.services.telemetry.batch import LinkChanged, QualityChanged, SampleBatch, SessionChanged
from console.services.telemetry.tag_store import TagStore


class TagFeed:
    """A `Consumer` after the store. `take(True)` gives everything, `take(False)` what changed or None."""

    def __init__(self, store: TagStore) -> None:
        self._store = store
        self._added: dict[int, Tag] = {}

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
        handles = store.take_dirty()
        added, self._added = tuple(self._added.values()), {}
        return self._delta(False, added, handles) if added or len(handles) else None

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
