"""The state of every alarm condition as numpy columns, fed by ALARMS: what is known, before any filter or order."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import AlarmFlag, hidden_by
from console.domain.alarms import AlarmKind, AlarmState, Condition, Occurrence
from console.models.alarm_order import alarm_keys, hidden_as, is_listed, is_unacknowledged
from console.models.columns import Columns
from console.models.text_codes import TextCodes
from console.models.text_rank import Haystack
from console.services.records import AlarmsDelta, AsideRecord
from console.ui.translation import in_every_language

BETWEEN = "\x1f"  # area and cause in the one name of a group: kept as written, put into words when shown
_said = lru_cache(4096)(in_every_language)  # found by whoever types it, also after the language changed
_SHOWN = ("state", "priority", "severity", "start_us", "annunciated_us", "changed_us", "value", "count", "uncertain")


class AlarmColumns:
    """Rows are conditions; a row whose state is NORMAL is not listed, one with a hiding flag is listed apart.

    `apply` returns the rows it changed.
    """

    def __init__(self) -> None:
        self._columns = Columns(
            state=(np.uint8, AlarmState.NORMAL),
            priority=(np.uint8, 0),
            severity=(np.int8, 0),
            start_us=(np.int64, 0),
            since_us=(np.int64, 0),  # what people are told: the start, or when a death was noticed
            annunciated_us=(np.int64, 0),
            changed_us=(np.int64, 0),
            value=(np.float64, np.nan),
            count=(np.int32, 0),
            uncertain=(np.bool_, False),
            flags=(np.uint16, 0),
            worst=(np.int8, 0),
            first_us=(np.int64, 0),  # of the folded activations, 0: it began before this window looked
            aside_since_us=(np.int64, 0),
            aside_until_us=(np.int64, 0),
            # what follows from these, kept up with them so that nobody has to work it out for all rows
            key=(np.uint64, 0),
            hidden_as=(np.uint8, 0),
            listed=(np.bool_, False),
            owed=(np.bool_, False),
        )
        # apart: a snapshot does not forget conditions
        self._handles = Columns(tag_handle=(np.int32, -1), is_death=(np.bool_, False))
        self._conditions: list[Condition | None] = []
        self._row_of: dict[UUID, int] = {}
        self.texts = {field: TextCodes() for field in ("text", "asset_name", "area", "alarm_class", "cause")}
        self.class_names: dict[str, str] = {}  # id of a class -> what people call it
        self._haystack = Haystack()
        self._unread: dict[int, Condition] = {}  # their words are in no haystack yet
        self.notes: dict[int, str] = {}
        self.acked_by: dict[int, str] = {}
        self.owners: dict[int, str] = {}
        self.asides: dict[int, tuple[AsideRecord, ...]] = {}

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
            for texts in (self.notes, self.acked_by, self.owners, self.asides):
                texts.clear()
            changed = np.union1d(np.arange(size, dtype=np.int32), changed)
        if delta.conditions:
            self._define(delta.conditions)
        self._columns.reserve(len(self._conditions))
        self._take_first(delta)
        values = {name: getattr(delta, name) for name in (*_SHOWN, "flags")}
        values["worst"] = delta.severity if delta.worst is None else delta.worst
        since_us = values["since_us"] = self._since(delta)
        values |= _derived(delta, since_us)
        self._columns.write(delta.rows, values)
        self._take_texts(delta)
        return changed

    def _since(self, delta: AlarmsDelta) -> NDArray[np.int64]:
        """A death is named by the birth that it ends, the same everywhere; people count from when it was noticed."""
        if not len(delta.rows):
            return delta.start_us
        self._handles.reserve(int(delta.rows.max()) + 1)
        is_death = self._handles["is_death"][delta.rows]
        return np.where(is_death, np.maximum(delta.start_us, delta.annunciated_us), delta.start_us)

    def _take_first(self, delta: AlarmsDelta) -> None:
        """The first of the folded activations: what was seen from the first one on is known."""
        if not len(delta.rows):
            return
        self._columns.reserve(int(delta.rows.max()) + 1)
        fresh = delta.count <= 1
        self._columns["first_us"][delta.rows[fresh]] = self._since(delta)[fresh]

    def _take_texts(self, delta: AlarmsDelta) -> None:
        rows = delta.rows.tolist()
        _replace(self.notes, delta.notes, rows)
        _replace(self.acked_by, delta.acked_by, rows)
        _replace(self.owners, delta.owners, rows)
        _replace(self.asides, delta.aside, rows)
        for row in delta.aside:
            record = self.aside(row)
            if record is not None:
                self._columns["aside_since_us"][row] = record.since_us
                self._columns["aside_until_us"][row] = record.until_us

    def aside(self, row: int, flag: AlarmFlag | None = None) -> AsideRecord | None:
        """Why a row is kept out of the list: for this flag, or for the one under which it is listed apart."""
        wanted = hidden_by(int(self["flags"][row])) if flag is None else flag
        return next((record for record in self.asides.get(row, ()) if record.flag == wanted), None)

    def _define(self, conditions: Sequence[Condition]) -> None:
        rows = np.fromiter((one.row for one in conditions), np.int32, len(conditions))
        known = self._conditions
        known.extend([None] * (int(rows.max()) + 1 - len(known)))
        for one in conditions:
            known[one.row] = one
            self._row_of[one.condition_id] = one.row
            self.class_names[one.alarm_class] = one.class_name
        self._unread.update((one.row, one) for one in conditions)
        handles = np.asarray([one.tag_handle for one in conditions], np.int32)
        is_death = np.asarray([one.kind is AlarmKind.NODE_DEAD for one in conditions], np.bool_)
        self._handles.write(rows, {"tag_handle": handles, "is_death": is_death})
        for field in ("text", "asset_name", "area", "alarm_class"):
            self.texts[field].put_all(rows, [str(getattr(one, field)) for one in conditions])
        causes = [(one.area, one.cause or one.text or one.subject) for one in conditions]
        self.texts["cause"].put_all(rows, [f"{area}{BETWEEN}{cause}" if area else cause for area, cause in causes])

    def matching(self, wanted: str, first: int = 0) -> NDArray[np.bool_]:
        """For each row from `first` on whether its alarm, asset, area or path hold every word."""
        self.read_words(len(self._unread))
        self._haystack.reserve(len(self))
        return self._haystack.matching(wanted, first)

    def read_words(self, most: int) -> None:
        """Make the words of so many alarms ready to be searched: it costs time that a burst does not have."""
        for _ in range(min(most, len(self._unread))):
            row, one = self._unread.popitem()
            self._haystack.put(row, *_said(one.text), one.subject, one.asset_name, one.area)

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

    def seen(self, row: int) -> Occurrence | None:
        """What an act on this row is about: its occurrence, with start 0 while a row that is kept aside is normal."""
        condition = self.condition(row)
        if condition is None or row >= len(self):
            return None
        is_normal = self["state"][row] == AlarmState.NORMAL
        return Occurrence(condition.condition_id, 0 if is_normal else int(self["start_us"][row]))

    def ranks(self, field: str) -> NDArray[np.int64]:
        """Sortable ranks of a text of the conditions: text, asset_name or area."""
        return self.texts[field].ranks(len(self))

    @property
    def hidden_as(self) -> NDArray[np.uint8]:
        """Per row the flag under which it is listed apart, 0 for none."""
        return self["hidden_as"]  # type: ignore[return-value]

    @property
    def listed(self) -> NDArray[np.bool_]:
        return self["listed"]  # type: ignore[return-value]

    @property
    def unacknowledged(self) -> NDArray[np.bool_]:
        return self["owed"]  # type: ignore[return-value]


def _derived(delta: AlarmsDelta, since_us: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    listed = is_listed(delta.state, delta.priority, delta.flags)
    return {
        "key": alarm_keys(delta.state, delta.priority, since_us),
        "hidden_as": hidden_as(delta.flags),
        "listed": listed,
        "owed": listed & is_unacknowledged(delta.state),
    }


_T = TypeVar("_T")


def _replace(kept: dict[int, _T], told: Mapping[int, _T], rows: Sequence[int]) -> None:
    """A row of the delta that has none any more lost it."""
    if kept:
        for row in rows:
            kept.pop(row, None)
    kept.update(told)
