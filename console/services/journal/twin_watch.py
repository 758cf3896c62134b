"""Notices that somebody else writes under this station's name: a data folder that was copied, or brought back."""

from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain.facts import StreamOpened
from console.services.journal.entries import Entry

CALM_US = 10 * 60 * 1_000_000


class TwinWatch:
    """Let it see the entries that come while the station runs; the replay of old ones is no news.

    `made_here(stream)` tells whether this very process opened a stream of the station.
    """

    def __init__(self, made_here: Callable[[UUID], bool] = lambda _stream: True) -> None:
        self._made_here = made_here
        self._seen_us: int | None = None

    def on_entries(self, entries: Iterable[Entry], now_us: int) -> None:
        """A stream of ours that had to be closed because somebody continued it (invariant 14), or one that another
        machine opened under our name."""
        for entry in entries:
            if entry.is_own and isinstance(entry.fact, StreamOpened):
                was_continued = entry.fact.reason in ("unknown_own", "rolled_back")
                if was_continued or not self._made_here(entry.stream):
                    self._seen_us = now_us

    def on_word(self, now_us: int) -> None:
        """Somebody else was heard to speak as this station."""
        self._seen_us = now_us

    def is_suspected(self, now_us: int) -> bool:
        """True until ten minutes passed without a new sign; a clock that is set back does not make it longer."""
        if self._seen_us is None:
            return False
        self._seen_us = min(self._seen_us, now_us)
        if now_us - self._seen_us > CALM_US:
            self._seen_us = None
        return self._seen_us is not None
