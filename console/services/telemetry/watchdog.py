"""Notices silence: tags that promised an interval and said nothing for three of them."""

import numpy as np

from console.domain.quality import Quality
from console.services.telemetry.batch import LinkChanged, QualityChanged
from console.services.telemetry.tag_store import TagStore

_EVERY_S = 0.25


class Watchdog:
    """Runs on the monotonic clock, so that nobody's wall clock makes or hides silence. While our own link is down
    nothing is judged, and everybody gets the full time anew when it is back."""

    def __init__(self, store: TagStore) -> None:
        self._store = store
        self._checked_s = float("-inf")
        self._live_since_s: dict[str, float] = {}

    def link(self, change: LinkChanged, mono_s: float) -> None:
        if change.link.state != "live":
            self._live_since_s.pop(change.broker, None)
        else:
            self._live_since_s.setdefault(change.broker, mono_s)

    def check(self, now_us: int, mono_s: float) -> list[QualityChanged]:
        """Call often; looks four times a second. Start of a silence = last source time + `stale_after`."""
        store = self._store
        if mono_s - self._checked_s < _EVERY_S or not store.size:
            return []
        self._checked_s = mono_s
        can_be_silent = np.isfinite(store.stale_after_s) & (store.quality < Quality.STALE)
        silent = can_be_silent & (mono_s - store.heard_s >= store.stale_after_s)
        found: list[QualityChanged] = []
        for handle in np.flatnonzero(silent).tolist():
            tag = store.tag(handle)
            live_since_s = self._live_since_s.get(tag.source.broker)
            after_s = float(store.stale_after_s[handle])
            if live_since_s is None or mono_s - live_since_s < after_s:
                continue
            begin_us = min(now_us, int(store.source_us[handle]) + int(after_s * 1e6))
            found += store.silence(np.array([handle], np.int32), begin_us)
        return found
