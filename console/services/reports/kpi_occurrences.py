"""Occurrences out of alarm rows: when each was raised, acknowledged and over, and when its condition was hidden."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.services.reports.kpi_columns import (
    ANNUNCIATES,
    CODE,
    FIRST_ASIDE,
    FLAGS,
    FOREVER,
    LEAST_URGENT,
    AlarmColumns,
    by_condition,
    grouped,
    is_one_of,
)
from console.services.reports.kpi_numbering import numbered
from console.services.reports.kpi_spans import Spans

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
_OVER = (CODE["returned"], CODE["closed"], CODE["retired"], CODE["superseded"])


@dataclass(frozen=True, slots=True)
class Occurrences:
    """One element an occurrence; FOREVER where something has not come. `over_us` ends the active time: the return, or
    what closed it without one, never before the start (a return may carry a wrong time)."""

    condition: I32
    start_us: I64
    raised_us: I64
    returned_us: I64
    acknowledged_us: I64
    over_us: I64

    def __len__(self) -> int:
        return len(self.start_us)


@dataclass(frozen=True, slots=True)
class Annunciations:
    """What called the operator while it was not hidden: raised, more severe, announced again; in order of time."""

    condition: I32
    start_us: I64
    at_us: I64
    is_raise: NDArray[np.bool_]
    priority: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.at_us)

    def between(self, low: int, high: int) -> "Annunciations":
        part = slice(*np.searchsorted(self.at_us, (low, high)).tolist())
        return Annunciations(
            self.condition[part], self.start_us[part], self.at_us[part], self.is_raise[part], self.priority[part]
        )


def occurrences(columns: AlarmColumns) -> Occurrences:
    """Of all rows of region 1, whatever their order; those for the journal only are left out."""
    rows = columns.take((columns.code < FIRST_ASIDE) & (columns.priority <= LEAST_URGENT))
    if not len(rows):
        nothing = np.zeros(0, np.int64)
        return Occurrences(rows.condition, nothing, nothing, nothing, nothing, nothing)
    number, first = _of_each(rows)
    start = rows.start_us[first]

    def earliest(*codes: int) -> I64:
        chosen = is_one_of(rows.code, codes)
        found = np.full(len(first), FOREVER, np.int64)
        np.minimum.at(found, number[chosen], rows.at_us[chosen])
        return found

    returned, ended = earliest(CODE["returned"]), earliest(*_OVER[1:])
    return Occurrences(
        rows.condition[first],
        start,
        earliest(CODE["raised"]),
        np.maximum(returned, start),
        earliest(CODE["acknowledged"]),
        np.maximum(np.minimum(returned, ended), start),
    )


def _of_each(rows: AlarmColumns) -> tuple[I32, I64]:
    """The number of each row's occurrence, and one row of each occurrence."""
    since = (rows.start_us - rows.start_us.min()).astype(np.uint64)
    bits = int(since.max()).bit_length()
    if bits + int(rows.condition.max()).bit_length() > 64:
        return numbered(since, rows.condition.astype(np.uint64))
    return numbered((rows.condition.astype(np.uint64) << np.uint64(bits)) | since)


def flag_spans(columns: AlarmColumns, flag: str) -> dict[int, Spans]:
    """When this flag was up, by condition; FOREVER ends what nobody has taken down."""
    up, down = FLAGS[flag]
    rows = columns.take(is_one_of(columns.code, (up, *down)))
    spans: dict[int, Spans] = {}
    order = grouped(rows.condition, rows.at_us)
    condition, at, is_up = rows.condition[order], rows.at_us[order], rows.code[order] == up
    if not len(order):
        return spans
    edges = np.flatnonzero(np.append(True, condition[1:] != condition[:-1]))
    for low, high in zip(edges.tolist(), [*edges[1:].tolist(), len(order)], strict=True):
        found: list[tuple[int, int]] = []
        since = None
        for moment, puts_up in zip(at[low:high].tolist(), is_up[low:high].tolist(), strict=True):
            if puts_up and since is None:
                since = moment
            elif not puts_up and since is not None:
                found.append((since, moment))
                since = None
        if since is not None:
            found.append((since, FOREVER))
        spans[int(condition[low])] = Spans.of(found)
    return spans


def hidden_spans(columns: AlarmColumns) -> dict[int, Spans]:
    """When a condition was hidden by any flag."""
    hidden: dict[int, Spans] = {}
    for flag in FLAGS:
        for condition, spans in flag_spans(columns, flag).items():
            known = hidden.get(condition)
            hidden[condition] = spans if known is None else known.joined(spans.starts, spans.ends)
    return hidden


def parts_of(condition: I32, chosen: Iterable[int]) -> Iterator[tuple[int, I64]]:
    """Each of the chosen conditions that is there, with its rows."""
    suspects = np.flatnonzero(np.isin(condition, list(chosen)))
    order = suspects[by_condition(condition[suspects])]
    ordered = condition[order]
    for one in np.unique(ordered).tolist():
        yield one, order[slice(*np.searchsorted(ordered, (one, one + 1)).tolist())]


def shown(condition: I32, moments: I64, hidden: dict[int, Spans]) -> NDArray[np.bool_]:
    """Whether each condition was in the list at its moment."""
    seen = np.ones(len(moments), np.bool_)
    for one, part in parts_of(condition, hidden):
        seen[part] = ~hidden[one].holds(moments[part])
    return seen


def annunciations(columns: AlarmColumns, hidden: dict[int, Spans]) -> Annunciations:
    """Everything that called the operator; what came while its condition was hidden is left out."""
    rows = columns.take(is_one_of(columns.code, ANNUNCIATES) & (columns.priority <= LEAST_URGENT))
    rows = rows.take(shown(rows.condition, rows.at_us, hidden))
    order = np.argsort(rows.at_us, kind="stable")
    return Annunciations(
        rows.condition[order],
        rows.start_us[order],
        rows.at_us[order],
        rows.code[order] == CODE["raised"],
        rows.priority[order],
    )
