"""The list of incidents: open ones first, by priority, newest first."""

from collections.abc import Callable, Iterable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from console.domain.alarms import Occurrence
from console.domain.incidents import FINAL_STATES, OPEN_STATES, IncidentState
from console.models.columns import Columns
from console.models.row_order import Keys, SortColumn, pack_keys
from console.models.sorted_table import PLAIN, Column, RowLook, SortedTable
from console.models.text_rank import Haystack, text_ranks
from console.services.records import IncidentRecord, IncidentsDelta
from console.services.station import INCIDENTS, Station
from console.ui.format import age_text, time_tip
from console.ui.priority_symbol import SymbolState
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

STATE_WORDS: dict[str, str] = {
    IncidentState.NEW: mark("new"),
    IncidentState.ASSIGNED: mark("assigned"),
    IncidentState.PENDING: mark("waiting"),
    IncidentState.RESOLVED: mark("resolved"),
    IncidentState.CLOSED: mark("closed"),
    IncidentState.CANCELLED: mark("cancelled"),
    IncidentState.ESCALATED_TTO: mark("new, time to own is over"),
    IncidentState.ESCALATED_TTR: mark("assigned, time to resolve is over"),
}
_OPEN = frozenset(state.value for state in OPEN_STATES)
_FINAL = frozenset(state.value for state in FINAL_STATES)
_BOLD, _DIM = RowLook(is_bold=True), RowLook(is_dim=True)


def incident_state_word(state: str) -> str:
    """The state in the person's language; one that this version does not know is shown as it is."""
    return tr(STATE_WORDS[state]) if state in STATE_WORDS else state


def assigned_text(record: IncidentRecord) -> str:
    return " / ".join(part for part in (record.team, record.agent) if part)


_RANKED: dict[str, Callable[[IncidentRecord], str]] = {
    "number": lambda record: record.number,
    "state": lambda record: record.state,
    "title": lambda record: record.title,
    "assigned": assigned_text,
    "places": lambda record: tr(record.places),
}


def is_open(record: IncidentRecord) -> bool:
    """Whether somebody still has to work on it."""
    return record.state in _OPEN


class IncidentTable(SortedTable):
    """Follows INCIDENTS; the records are kept by id."""

    COLUMNS = (
        Column("symbol", "", 46),
        Column("number", mark("Number"), 246),
        Column("state", mark("State"), 120),
        Column("title", mark("Title"), 0),
        Column("age", mark("Age"), 90, is_dim=True, is_live=True),
        Column("assigned", mark("Assigned to"), 150),
        Column("places", mark("Kept"), 126, is_dim=True),
    )
    DEFAULT_SORT = "symbol"

    def __init__(
        self,
        station: Station,
        parent: QObject | None = None,
        *,
        only_open: bool = False,
        now_us: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent)
        self._now_us = now_us
        self._only_open = only_open
        self._records: list[IncidentRecord] = []
        self._row_of: dict[UUID, int] = {}
        self._columns = Columns(
            priority=(np.uint8, 4), opened_us=(np.int64, 0), is_open=(np.bool_, False), matches=(np.bool_, True)
        )
        self._haystack = Haystack()
        self.wanted = ""
        self._undo = station.subscribe(INCIDENTS, self._on_delta)

    def close(self) -> None:
        """Follow the station no longer."""
        self._undo()
        self.set_visible(False)

    def _on_delta(self, delta: IncidentsDelta) -> None:
        if delta.is_snapshot:
            known = {record.incident_id for record in delta.incidents}
            gone = [row for identity, row in self._row_of.items() if identity not in known]
            self._columns["matches"][gone] = False
            self.touch(np.asarray(gone, np.int32))
        rows = [self._put(record) for record in delta.incidents]
        self.touch(np.asarray(rows, np.int32))
        if not self.is_visible:
            self._flushed.notify(None)

    def _put(self, record: IncidentRecord) -> int:
        row = self._row_of.setdefault(record.incident_id, len(self._records))
        if row == len(self._records):
            self._records.append(record)
        self._records[row] = record
        texts = (record.number, record.title, record.description, record.team, record.agent)
        self._haystack.put(row, *texts, incident_state_word(record.state))
        self._columns.write(
            np.asarray([row], np.int32),
            {
                "priority": np.asarray([record.priority]),
                "opened_us": np.asarray([record.opened_us]),
                "is_open": np.asarray([is_open(record)]),
                "matches": np.asarray([self._haystack.is_match(row, self.wanted)]),
            },
        )
        return row

    def set_filter(self, wanted: str) -> None:
        """Show only incidents whose number, title, text or people hold every word."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._columns["matches"][:] = self._haystack.matching(wanted)
            self.relayout()

    def set_only_open(self, only_open: bool) -> None:
        if only_open != self._only_open:
            self._only_open = only_open
            self.relayout()

    def hidden_count(self) -> int:
        """How many known incidents the filter and the choice of open ones hide."""
        return len(self._records) - self.rowCount()

    def open_count(self) -> int:
        return int(np.count_nonzero(self._columns["is_open"]))

    def _keys(self) -> Keys:
        columns = self._columns
        is_done = ~columns["is_open"].astype(np.bool_)
        return pack_keys(is_done, columns["priority"].astype(np.uint8), columns["opened_us"].astype(np.int64))

    def _shown(self) -> NDArray[np.bool_]:
        shown = self._columns["matches"].astype(np.bool_)
        return shown & self._columns["is_open"].astype(np.bool_) if self._only_open else shown

    def _sort_column(self, key: str) -> SortColumn:
        if key in _RANKED:
            return text_ranks([_RANKED[key](record) for record in self._records])
        column = self._columns["priority" if key == "symbol" else "opened_us"].astype(np.int64)
        return -column if key == "age" else column

    # records

    @property
    def records(self) -> Iterable[IncidentRecord]:
        return tuple(self._records)

    def record_at(self, position: int) -> IncidentRecord | None:
        row = self.row_at(position)
        return self._records[row] if row >= 0 else None

    def record(self, incident_id: UUID) -> IncidentRecord | None:
        row = self._row_of.get(incident_id, -1)
        return self._records[row] if row >= 0 else None

    def position_of_incident(self, incident_id: UUID) -> int:
        """Where an incident is shown, -1 when it is not."""
        row = self._row_of.get(incident_id, -1)
        return self.position_of(row) if row >= 0 else -1

    def open_for(self, occurrence: Occurrence) -> IncidentRecord | None:
        """The open incident that names this alarm, if there is one."""
        for record in self._records:
            if is_open(record) and any(
                identity == occurrence.condition_id for identity, _start, _text in record.alarms
            ):
                return record
        return None

    # cells

    def symbol(self, row: int) -> tuple[int, SymbolState]:
        """Incidents owe no acknowledgement: their symbol is an outline, dim rows when they are done."""
        record = self._records[row]
        return record.priority, SymbolState.ACKNOWLEDGED

    def look(self, row: int) -> RowLook:
        state = self._records[row].state
        if state in _FINAL or state == IncidentState.RESOLVED:
            return _DIM
        return _BOLD if state in {IncidentState.NEW, IncidentState.ESCALATED_TTO} else PLAIN

    def tip(self, row: int, key: str) -> str:
        return time_tip(self._records[row].opened_us) if key == "age" else ""

    def cell(self, row: int, key: str) -> str:
        record = self._records[row]
        if key == "age":
            return age_text(self._now_us() - record.opened_us)
        if key == "state":
            word = incident_state_word(record.state)
            return f"{word} · {tr('conflict')}" if record.conflicts else word
        return _RANKED[key](record) if key in _RANKED else ""
