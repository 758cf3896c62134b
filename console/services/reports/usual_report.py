"""What is usual for a tag, made of its history: for the page that shows it and for the alarms that judge by it."""

from collections.abc import Sequence
from datetime import tzinfo

import numpy as np

from console.domain.history.anomalies import anomalies
from console.domain.history.baseline import Cell, Cycle, Measure, Reference, bounds, local, references, slot_of
from console.domain.tags import Tag
from console.services.history_records import AggregateColumns
from console.services.performance_records import BaselineRecord
from console.services.reports.period_history import DAY_US, HOUR_US

SHOWN_US = 14 * DAY_US
LEAST_KNOWN_S = 300.0  # of an hour: less says nothing about it
_DAYS = {Cycle.HOUR: 1, Cycle.WEEKDAY: 7, Cycle.WEEKDAY_HOUR: 7, Cycle.MONTH_DAY: 31}


def past_us(cycle: Cycle, periods: int) -> int:
    """How far back so many periods reach."""
    return (_DAYS[cycle] * periods + 1) * DAY_US


def cells(columns: AggregateColumns) -> list[Cell]:
    """Hours that are known for some minutes at least."""
    known = np.isfinite(columns.mean) & (columns.good_s >= LEAST_KNOWN_S)
    return [
        Cell(start, mean, weight)
        for start, mean, weight in zip(
            columns.from_us[known].tolist(), columns.mean[known].tolist(), columns.good_s[known].tolist(), strict=True
        )
    ]


def usual(
    columns: AggregateColumns, cycle: Cycle, periods: int, now_us: int, zone: tzinfo
) -> tuple[Reference | None, ...]:
    return references(cells(columns), cycle, periods, now_us, zone)


def baseline_record(
    tag: Tag,
    columns: AggregateColumns,
    cycle: Cycle,
    periods: int,
    measure: Measure,
    amounts: tuple[float | None, float | None],
    now_us: int,
    zone: tzinfo,
) -> BaselineRecord:
    """`columns` are hours; `amounts` above and below the mean. The last two weeks are shown with their bounds."""
    told = usual(columns, cycle, periods, now_us, zone)
    values = np.where(columns.good_s >= LEAST_KNOWN_S, columns.mean, np.nan)
    shown = columns.from_us >= now_us - SHOWN_US
    starts = columns.from_us[shown]
    expected, lower, upper = _bounds_at(starts.tolist(), told, cycle, measure, amounts, zone)
    marks = anomalies(columns.from_us.tolist(), values.tolist(), HOUR_US, zone, cycle, max(3, min(periods, 8)))
    known = np.flatnonzero(np.isfinite(values))
    return BaselineRecord(
        tag.tag_id,
        tag.source.path().partition("/")[2],
        tag.unit,
        cycle,
        periods,
        measure,
        told,
        starts,
        values[shown],
        np.array(expected),
        np.array(lower),
        np.array(upper),
        HOUR_US,
        tuple(one for one in marks if one.end_us > now_us - SHOWN_US),
        int(now_us - columns.from_us[known[0]]) if len(known) else 0,
    )


def _bounds_at(
    starts_us: Sequence[int],
    told: Sequence[Reference | None],
    cycle: Cycle,
    measure: Measure,
    amounts: tuple[float | None, float | None],
    zone: tzinfo,
) -> tuple[list[float], list[float], list[float]]:
    """Expected, lower and upper bound of each hour; nan where too little is known."""
    nan = float("nan")
    expected, lower, upper = [], [], []
    for start_us in starts_us:
        one = told[slot_of(local(start_us, zone), cycle)]
        found = bounds(one, measure, *amounts)
        is_known = found.upper is not None or found.lower is not None
        expected.append(one.mean if one is not None and is_known else nan)
        lower.append(nan if found.lower is None else found.lower)
        upper.append(nan if found.upper is None else found.upper)
    return expected, lower, upper
