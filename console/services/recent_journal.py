"""The newest journal rows in memory, for whoever watches the journal live."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from console.services.journal.entries import Entry
from console.services.records import JournalDelta, JournalRow

KEPT = 1000
Rows = Callable[[Sequence[Entry]], tuple[JournalRow, ...]]


class RecentJournal:
    """Fed by the journal's entries and by what the centre has confirmed; gives deltas for the JOURNAL topic."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._kept: deque[JournalRow] = deque(maxlen=KEPT)
        self._changed: dict[str, JournalRow] = {}

    def on_entries(self, entries: Sequence[Entry]) -> None:
        for row in self._rows(entries):
            self._kept.append(row)
            self._changed[row.hash] = row

    def on_centre(self, held: Mapping[str, int]) -> None:
        """`held`: stream id -> highest sequence number that the centre has."""
        for i, row in enumerate(self._kept):
            if not row.in_centre and row.seq <= held.get(str(row.stream), -1):
                self._kept[i] = self._changed[row.hash] = replace(row, in_centre=True)

    def snapshot(self) -> JournalDelta:
        """Newest first."""
        return JournalDelta(True, tuple(reversed(self._kept)))

    def delta(self) -> JournalDelta | None:
        if not self._changed:
            return None
        changed, self._changed = self._changed, {}
        return JournalDelta(False, tuple(reversed(tuple(changed.values()))))
