"""The journal as a table: who did what, when, to what, and whether the centre has it; newest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.models.columns import Columns
from console.models.journal_names import JournalNames
from console.models.journal_words import event_word, is_of_group
from console.models.row_order import Keys, SortColumn, pack_keys
from console.models.sorted_table import PLAIN, Column, RowLook, SortedTable
from console.models.sync_words import flags_text, is_only_here, places_text
from console.models.text_rank import Haystack, text_ranks
from console.services.records import JournalDelta, JournalRow
from console.services.station import JOURNAL, Station
from console.ui.format import clock_text, time_tip
from console.ui.translation import mark
from console.ui.wall_clock import now_us

_ON_ITS_WAY = RowLook(is_italic=True, is_dim=True)
_DOUBTFUL = RowLook(is_bold=True)
_TIP = 2000
FILTERS = ("who", "what", "entity", "text")


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at beside the words: a group of types, one station (its code), [from_us, to_us) with 0 = open."""

    group: str = ""
    station: str = ""
    from_us: int = 0
    to_us: int = 0

    def holds(self, row: JournalRow) -> bool:
        return (
            self.from_us <= row.at_us < (self.to_us or row.at_us + 1)
            and row.station.startswith(self.station)
            and is_of_group(row.etype, self.group)
        )


_TEXTS: dict[str, Callable[[JournalRow], str]] = {
    "who": lambda row: row.user,
    "what": lambda row: event_word(row.etype),
    "station": lambda row: row.station,
    "centre": lambda row: places_text(row.in_centre, row.stations),
    "flags": lambda row: flags_text(row.flags),
}


class JournalTable(SortedTable):
    """Follows JOURNAL; `add_older` takes what a query found. A row that comes again (now in the centre) is replaced."""

    COLUMNS = (
        Column("when", mark("When"), 140),
        Column("who", mark("Who"), 130),
        Column("what", mark("What"), 210),
        Column("entity", mark("Concerns"), 210),
        Column("summary", mark("Content"), 0, is_dim=True),
        Column("station", mark("Station"), 90),
        Column("centre", mark("Kept"), 210),
        Column("flags", mark("Doubt"), 200),
    )

    def __init__(
        self,
        station: Station,
        parent: QObject | None = None,
        *,
        now_us: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent)
        self._now_us = now_us
        self._rows: list[JournalRow] = []
        self._row_of: dict[str, int] = {}
        self._columns = Columns(at_us=(np.int64, 0), seq=(np.int64, 0), matches=(np.bool_, True))
        self._haystacks = {name: Haystack() for name in FILTERS}
        self._wanted = dict.fromkeys(FILTERS, "")
        self._window = Window()
        self.names = JournalNames(station)
        self._undo = station.subscribe(JOURNAL, self._on_delta)

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()
        self.names.close()
        self.set_visible(False)

    def _on_delta(self, delta: JournalDelta) -> None:
        self.add_older(delta.rows)

    def add_older(self, rows: Sequence[JournalRow]) -> None:
        """Take rows in, whatever their age."""
        self.names.learn(rows)
        self.touch(np.unique(np.asarray([self._put(row) for row in rows], np.int32)))

    def _take_in(self) -> None:
        if self.names.is_fresh and self._rows:
            self.names.is_fresh = False
            self.touch(np.asarray([self._put(entry) for entry in self._rows], np.int32))

    def _put(self, entry: JournalRow) -> int:
        row = self._row_of.setdefault(entry.hash, len(self._rows))
        if row == len(self._rows):
            self._rows.append(entry)
        self._rows[row] = entry
        self._haystacks["who"].put(row, entry.user)
        self._haystacks["what"].put(row, entry.etype, event_word(entry.etype))
        entity = (entry.entity, self.names.entity(entry))
        self._haystacks["entity"].put(row, *entity)
        self._haystacks["text"].put(row, entry.summary, entry.user, entry.etype, *entity, entry.station)
        matches = self._window.holds(entry) and all(
            self._haystacks[name].is_match(row, wanted) for name, wanted in self._wanted.items()
        )
        self._columns.write(
            np.asarray([row], np.int32),
            {
                "at_us": np.asarray([entry.at_us]),
                "seq": np.asarray([entry.seq]),
                "matches": np.asarray([matches]),
            },
        )
        return row

    def set_filters(self, **wanted: str) -> None:
        """Words that `who`, `what`, `entity` and the whole `text` must hold; those not named stay."""
        self._wanted.update(wanted)
        self._refilter()

    def set_window(self, window: Window) -> None:
        """Show only what lies inside."""
        if window != self._window:
            self._window = window
            self._refilter()

    def _refilter(self) -> None:
        window, every = self._window, self._window == Window()
        matches = np.fromiter((every or window.holds(row) for row in self._rows), np.bool_, len(self._rows))
        for name, words in self._wanted.items():
            if words:
                matches &= self._haystacks[name].matching(words)
        self._columns["matches"][:] = matches
        self.relayout()

    def hidden_count(self) -> int:
        return len(self._rows) - self.rowCount()

    def entry_at(self, position: int) -> JournalRow | None:
        row = self.row_at(position)
        return self._rows[row] if row >= 0 else None

    def oldest_rid(self) -> int:
        """Where to go on asking when nothing is filtered; 0 when no row is known."""
        return min((row.rid for row in self._rows if row.rid), default=0)

    def earlier_of(self, entry: JournalRow) -> tuple[JournalRow, ...]:
        """Older entries about the same entity, newest first: what stood there before."""
        same = (row for row in self._rows if row.entity == entry.entity and row.hash != entry.hash)
        return tuple(sorted((row for row in same if row.at_us <= entry.at_us), key=lambda row: -row.at_us))

    def _keys(self) -> Keys:
        at_us = self._columns["at_us"].astype(np.int64)
        return pack_keys(np.zeros(len(at_us), np.bool_), np.zeros(len(at_us), np.uint8), at_us)

    def _shown(self) -> NDArray[np.bool_]:
        return self._columns["matches"].astype(np.bool_)

    def _sort_column(self, key: str) -> SortColumn:
        if key != "when":
            return text_ranks([self.text(row, key) for row in self._rows])
        return self._columns["at_us"].astype(np.int64)

    def look(self, row: int) -> RowLook:
        return _DOUBTFUL if self._rows[row].flags else PLAIN

    def cell_look(self, row: int, key: str) -> RowLook | None:
        entry = self._rows[row]
        return _ON_ITS_WAY if key == "centre" and is_only_here(entry.in_centre, entry.stations) else None

    def tip(self, row: int, key: str) -> str:
        """The ids stand here, because the cells say what people call it."""
        entry = self._rows[row]
        tips = {
            "when": time_tip(entry.at_us),
            "entity": entry.entity,
            "summary": entry.summary[:_TIP],
            "what": flags_text(entry.flags),
        }
        return tips.get(key, "")

    def cell(self, row: int, key: str) -> str:
        entry = self._rows[row]
        if key == "when":
            return clock_text(entry.at_us, self._now_us())
        return self.text(entry, key)

    def text(self, entry: JournalRow, key: str) -> str:
        """What a column says of an entry, as people call it."""
        if key == "entity":
            return self.names.entity(entry)
        return self.names.summary(entry, self._now_us()) if key == "summary" else _TEXTS[key](entry)
