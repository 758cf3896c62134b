"""The newest journal rows in memory, for whoever watches the journal live."""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

from console.services.journal.entries import Entry
from console.services.records import JournalDelta, JournalRow

KEPT = 1000
Rows = Callable[[Sequence[Entry]], tuple[JournalRow, ...]]
Placed = Callable[[JournalRow], JournalRow]


class RecentJournal:
    """Fed by the journal's entries and by what centre and stations confirmed; gives deltas for the JOURNAL topic."""

    def __init__(self, rows: Rows, placed: Placed) -> None:
        self._rows = rows
        self._placed = placed
        self._kept: deque[JournalRow] = deque(maxlen=KEPT)
        self._changed: dict[str, JournalRow] = {}

    def on_entries(self, entries: Sequence[Entry]) -> None:
        for row in self._rows(entries):
            self._kept.append(row)
            self._changed[row.hash] = row

    def on_holdings(self, streams: Collection[UUID]) -> None:
        """Where events of these streams are kept has changed."""
        for i, row in enumerate(self._kept):
            if row.stream in streams:
                self._renew(i, row)

    def on_flags(self) -> None:
        """What is doubtful about events has changed."""
        for i, row in enumerate(self._kept):
            self._renew(i, row)

    def renamed(self, name_of: Callable[[str], str]) -> None:
        """People may be called otherwise than before."""
        for i, row in enumerate(self._kept):
            user = name_of(row.user_id)
            if row.user_id and row.user != user:
                self._kept[i] = self._changed[row.hash] = replace(row, user=user)

    def _renew(self, i: int, row: JournalRow) -> None:
        now = self._placed(row)
        if now is not row:
            self._kept[i] = self._changed[row.hash] = now

    def snapshot(self) -> JournalDelta:
        """Newest first."""
        return JournalDelta(True, tuple(reversed(self._kept)))

    def delta(self) -> JournalDelta | None:
        if not self._changed:
            return None
        changed, self._changed = self._changed, {}
        return JournalDelta(False, tuple(reversed(tuple(changed.values()))))
