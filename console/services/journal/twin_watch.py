"""Notices that somebody else writes under this station's name: a data folder that was copied, or brought back."""

from collections.abc import Iterable

from console.domain.facts import StreamOpened
from console.services.journal.entries import Entry

CALM_US = 10 * 60 * 1_000_000


class TwinWatch:
    """Let it see the entries that come while the station runs; the replay of old ones is no news."""

    def __init__(self) -> None:
        self._seen_us: int | None = None

    def on_entries(self, entries: Iterable[Entry], now_us: int) -> None:
        """A stream of ours that had to be closed because events that we do not know continue it (invariant 14)."""
        for entry in entries:
            if entry.is_own and isinstance(entry.fact, StreamOpened) and entry.fact.reason == "rolled_back":
                self._seen_us = now_us

    def is_suspected(self, now_us: int) -> bool:
        """True until ten minutes passed without a new sign; a clock that is set back does not make it longer."""
        if self._seen_us is None:
            return False
        self._seen_us = min(self._seen_us, now_us)
        if now_us - self._seen_us > CALM_US:
            self._seen_us = None
        return self._seen_us is not None
