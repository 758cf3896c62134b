"""The state of every alarm condition as numpy columns, fed by ALARMS: what is known, before any filter or order."""

from collections.abc import Iterable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import AlarmState, Condition, Occurrence
from console.models.alarm_order import is_listed, is_unacknowledged
from console.models.columns import Columns
from console.models.text_rank import Haystack, text_ranks
from console.services.records import AlarmsDelta
from console.ui.translation import tr


class AlarmColumns:
    """Rows are conditions; a row whose state is NORMAL is not listed. `apply` returns the rows it changed."""

    def __init__(self) -> None:
        self._columns = Columns(
            state=(np.uint8, AlarmState.NORMAL),
            priority=(np.uint8, 0),
            severity=(np.int8, 0),
            start_us=(np.int64, 0),
            annunciated_us=(np.int64, 0),
            changed_us=(np.int64, 0),
            value=(np.float64, np.nan),
            count=(np.int32, 0),
            uncertain=(np.bool_, False),
            flags=(np.uint8, 0),
        )
        self._handles = Columns(tag_handle=(np.int32, -1))  # apart: a snapshot does not forget conditions
        self._conditions: list[Condition | None] = []
        self._row_of: dict[UUID, int] = {}
        self._ranks: dict[str, NDArray[np.int64]] = {}
        self.haystack = Haystack()
        self.notes: dict[int, str] = {}
        self.acked_by: dict[int, str] = {}

    def __len__(self) -> int:
        return self._columns.size

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self._columns[name]

    def apply(self, delta: AlarmsDelta) -> NDArray[np.int32]:
        changed = delta.rows.astype(np.int32, copy=False)
        if delta.is_snapshot:
            size = self._columns.size
            self._columns.clear()
            self._columns.reserve(size)
            self.notes.clear()
            self.acked_by.clear()
            changed = np.union1d(np.arange(size, dtype=np.int32), changed)
        for condition in delta.conditions:
            self._define(condition)
        self._columns.reserve(len(self._conditions))
        names = (
            "state",
            "priority",
            "severity",
            "start_us",
            "annunciated_us",
            "changed_us",
            "value",
            "count",
            "uncertain",
            "flags",
        )
        self._columns.write(delta.rows, {name: getattr(delta, name) for name in names})
        self._take_texts(delta)
        return changed

    def _take_texts(self, delta: AlarmsDelta) -> None:
        if self.notes or self.acked_by:
            for row in delta.rows.tolist():
                self.notes.pop(row, None)
                self.acked_by.pop(row, None)
        self.notes.update(delta.notes)
        self.acked_by.update(delta.acked_by)

    def _define(self, condition: Condition) -> None:
        while len(self._conditions) <= condition.row:
            self._conditions.append(None)
        self._conditions[condition.row] = condition
        self._row_of[condition.condition_id] = condition.row
        self._handles.write(np.asarray([condition.row], np.int32), {"tag_handle": np.asarray([condition.tag_handle])})
        self.haystack.put(condition.row, tr(condition.text), condition.subject, condition.asset_name, condition.area)
        self._ranks.clear()

    @property
    def handles(self) -> NDArray[np.int32]:
        """Handle of each condition's tag, -1 for one that has none."""
        return self._handles["tag_handle"]  # type: ignore[return-value]

    def condition(self, row: int) -> Condition | None:
        return self._conditions[row] if 0 <= row < len(self._conditions) else None

    def row_of(self, condition_id: UUID) -> int:
        """Row of a condition, -1 when it is not known."""
        return self._row_of.get(condition_id, -1)

    def occurrence(self, row: int) -> Occurrence | None:
        """The occurrence that this row shows now; None for a row that is not listed."""
        condition = self.condition(row)
        if condition is None or row >= len(self) or self["state"][row] == AlarmState.NORMAL:
            return None
        return Occurrence(condition.condition_id, int(self["start_us"][row]))

    def ranks(self, field: str) -> NDArray[np.int64]:
        """Sortable ranks of a text of the conditions: text, asset_name or area."""
        if field not in self._ranks:
            texts = ["" if condition is None else str(getattr(condition, field)) for condition in self._conditions]
            self._ranks[field] = text_ranks(texts)
        return self._ranks[field]

    @property
    def listed(self) -> NDArray[np.bool_]:
        return is_listed(self["state"], self["priority"])  # type: ignore[arg-type]

    @property
    def unacknowledged(self) -> NDArray[np.bool_]:
        return self.listed & is_unacknowledged(self["state"])  # type: ignore[arg-type]

    def areas(self) -> Iterable[str]:
        """Every area that has a condition."""
        return {condition.area for condition in self._conditions if condition is not None}
