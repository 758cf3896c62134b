"""Alarm rules and their master records as one table, and the differences between both as another."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.domain.master_audit import Difference
from console.models.master_words import FINDING_WORDS, field_word, state_word, value_word
from console.models.record_table import RecordTable
from console.models.row_order import Keys, SortColumn
from console.models.sorted_table import PLAIN, Column, RowLook
from console.models.text_rank import Haystack, text_ranks
from console.services.master_records import MasterDelta, MasterRecord
from console.services.station import MASTER, Station
from console.ui.format import whole_text
from console.ui.priority_symbol import SymbolState
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

_DIM, _BOLD = RowLook(is_dim=True), RowLook(is_bold=True)
_STATE_ORDER = ("in_review", "draft", "", "approved", "retired")
_NUMBERS = ("time_to_respond_s", "limit")
CHOICES: dict[str, Callable[[MasterRecord], bool]] = {
    "all": lambda record: True,
    "none": lambda record: record.state == "",
    "work": lambda record: record.state in ("draft", "in_review"),
    "approved": lambda record: record.state == "approved",
}


def shown_value(record: MasterRecord, name: str) -> str:
    """Of the record, else what the rule in force says."""
    return record.values.get(name) or ("" if record.values else record.live.get(name, ""))


class MasterTable(RecordTable[MasterRecord]):
    """Follows MASTER. `choose` and `set_filter` narrow it."""

    COLUMNS = (
        Column("symbol", "", 46),
        Column("key", mark("Alarm"), 190),
        Column("band", mark("Band"), 60),
        Column("state", mark("Review"), 150),
        Column("severity", mark("Severity"), 90),
        Column("time_to_respond_s", mark("Time to respond"), 130, is_number=True),
        Column("limit", mark("Limit"), 70, is_number=True),
        Column("response", mark("Response"), 0),
        Column("class", mark("Class"), 90, is_dim=True),
        Column("owner", mark("Owner"), 110, is_dim=True),
        Column("differences", mark("Differences"), 100, is_number=True),
    )
    DEFAULT_SORT = "key"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self.wanted, self.choice = "", "all"
        self._haystack = Haystack()
        self._matches: list[bool] = []
        self._undo = station.subscribe(MASTER, self._on_delta)

    def _on_delta(self, delta: MasterDelta) -> None:
        self.take(((one.key, one) for one in delta.records), is_snapshot=delta.is_snapshot)
        for one in delta.records:
            row = self._row_of[one.key]
            texts = (one.key, one.text, one.tags, one.area, state_word(one.state), *one.values.values())
            self._haystack.put(row, *texts)
            self._matches.extend([True] * (row + 1 - len(self._matches)))
            self._matches[row] = self._haystack.is_match(row, self.wanted)
        gone = [self._row_of[key] for key in delta.gone if key in self._row_of]
        for row in gone:
            self._is_there[row] = False
        self.touch(np.asarray(gone, np.int32))
        if not self.is_visible:
            self._flushed.notify(None)

    def set_filter(self, wanted: str) -> None:
        """Only records that hold every word somewhere."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._matches = self._haystack.matching(wanted).tolist()
            self.relayout()

    def choose(self, choice: str) -> None:
        """One of `CHOICES`."""
        if choice != self.choice:
            self.choice = choice
            self.relayout()

    def records(self) -> list[MasterRecord]:
        return [one for one, is_there in zip(self._records, self._is_there, strict=True) if is_there]

    def record(self, key: str) -> MasterRecord | None:
        row = self._row_of.get(key, -1)
        return self._records[row] if row >= 0 and self._is_there[row] else None

    def position_of_key(self, key: str) -> int:
        """Where it is shown, -1 when it is not."""
        return self.position_of(self._row_of[key]) if key in self._row_of else -1

    def hidden_count(self) -> int:
        """How many of the chosen ones the filter hides."""
        return sum(map(CHOICES[self.choice], self.records())) - self.rowCount()

    def _shown(self) -> NDArray[np.bool_]:
        is_chosen = CHOICES[self.choice]
        shown = [
            is_there and matches and is_chosen(record)
            for record, is_there, matches in zip(self._records, self._is_there, self._matches, strict=True)
        ]
        return np.asarray(shown, np.bool_)

    def _keys(self) -> Keys:
        return np.asarray(text_ranks([one.key for one in self._records]), np.uint64)

    def _sort_column(self, key: str) -> SortColumn:
        if key == "symbol":
            return np.asarray([one.priority or 9 for one in self._records], np.int64)
        if key == "state":
            return np.asarray([_STATE_ORDER.index(one.state) for one in self._records], np.int64)
        if key == "differences":
            return np.asarray([len(one.differences) for one in self._records], np.int64)
        if key in _NUMBERS:
            return np.asarray([_number(shown_value(one, key)) for one in self._records], np.float64)
        return text_ranks([self._text(one, key) for one in self._records])

    def symbol(self, row: int) -> tuple[int, SymbolState] | None:
        """An outline: nothing here is in alarm. None where no priority is decided."""
        priority = self._records[row].priority
        return (priority, SymbolState.ACKNOWLEDGED) if priority else None

    def look(self, row: int) -> RowLook:
        return _DIM if self._records[row].state in ("", "retired") else PLAIN

    def cell_look(self, row: int, key: str) -> RowLook | None:
        is_bad = key == "differences" and any(one.is_unauthorised for one in self._records[row].differences)
        return _BOLD if is_bad else None

    def tip(self, row: int, key: str) -> str:
        record = self._records[row]
        if key == "differences":
            return "\n".join(difference_text(one) for one in record.differences)
        return "\n".join(filter(None, (record.text, record.tags, record.area))) if key == "key" else ""

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, record: MasterRecord, key: str) -> str:
        if key == "key":
            return record.rule_id
        if key == "band":
            return record.band
        if key == "state":
            word = state_word(record.state)
            return f"{word} · {tr('conflict')}" if record.disputed else word
        if key == "differences":
            return whole_text(len(record.differences)) if record.differences else ""
        return "" if key == "symbol" else value_word(key, shown_value(record, key))


class DifferenceTable(RecordTable[Difference]):
    """Every difference between the rules in force and the approved records, unauthorised changes first."""

    COLUMNS = (
        Column("alarm", mark("Alarm"), 220),
        Column("finding", mark("Difference"), 0),
        Column("field", mark("Field"), 130),
        Column("master", mark("Approved"), 240),
        Column("live", mark("In force"), 240),
    )

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._of_key: dict[str, tuple[Difference, ...]] = {}
        self._undo = station.subscribe(MASTER, self._on_delta)

    def _on_delta(self, delta: MasterDelta) -> None:
        if delta.is_snapshot:
            self._of_key.clear()
        self._of_key.update({one.key: one.differences for one in delta.records})
        for key in delta.gone:
            self._of_key.pop(key, None)
        self.take((((one.key, one.field, one.finding), one) for one in self.differences()), is_snapshot=True)
        if not self.is_visible:
            self._flushed.notify(None)

    def differences(self) -> Iterable[Difference]:
        return [one for _, found in sorted(self._of_key.items()) for one in found]

    def _keys(self) -> Keys:
        ranks = text_ranks([f"{one.key} {one.field}" for one in self._records])
        calm = np.asarray([not one.is_unauthorised for one in self._records], np.int64)
        return np.asarray(calm * len(ranks) + ranks, np.uint64)

    def _sort_column(self, key: str) -> SortColumn:
        return text_ranks([self._text(one, key) for one in self._records])

    def look(self, row: int) -> RowLook:
        return _BOLD if self._records[row].is_unauthorised else PLAIN

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: Difference, key: str) -> str:
        if key == "alarm":
            return one.key
        if key == "finding":
            return tr(FINDING_WORDS[one.finding])
        if key == "field":
            return field_word(one.field) if one.field else ""
        return value_word(one.field, one.master if key == "master" else one.live)


def difference_text(one: Difference) -> str:
    """`Limit: approved 3, in force 2.5`, or what is wrong with the whole record."""
    if not one.field:
        return tr(FINDING_WORDS[one.finding])
    return tr(
        "{field}: approved {master}, in force {live}",
        field=field_word(one.field),
        master=value_word(one.field, one.master),
        live=value_word(one.field, one.live) or "–",
    )


def _number(text: str) -> float:
    return float(text) if text else float("nan")
