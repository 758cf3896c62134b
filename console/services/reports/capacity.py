"""Capacities with the day on which they end: a list of all, and one with its past behind it."""

import asyncio
from collections.abc import Sequence
from datetime import tzinfo

import numpy as np

from console.domain.history.forecast import Forecast, ForecastSettings, Outcome, forecast, mirrored
from console.domain.history.metrics import Toward
from console.services.history_records import AggregateColumns
from console.services.performance_records import CapacityReport, CapacityRow, ForecastRecord
from console.services.reports.period_history import DAY_US, HOUR_US, PeriodHistory, in_turn, whole_hours
from console.services.reports.tag_catalogue import Found

PAST_US = 120 * DAY_US
WIDTH_US = 10_000_000_000  # of the list: the coarsest that history keeps; one by itself is told hour by hour
MOST = 500
_ORDER = (
    Outcome.FULL, Outcome.PREDICTED, Outcome.BEYOND, Outcome.UNSURE, Outcome.REGULAR, Outcome.FLAT, Outcome.FALLING,
    Outcome.CLEANED_UP, Outcome.TOO_SHORT, Outcome.OLD, Outcome.NO_DATA,
)  # fmt: skip


async def capacity_report(
    history: PeriodHistory,
    found: Sequence[Found],
    now_us: int,
    zone: tzinfo,
    settings: ForecastSettings | None = None,
) -> CapacityReport:
    """All tags whose metric has an end, the soonest first; the arithmetic is done beside the main thread."""
    wanted = [one for one in found if one.match.metric.full is not None]
    from_us, to_us = whole_hours(now_us, PAST_US)
    from_us -= from_us % WIDTH_US
    to_us = -(-to_us // WIDTH_US) * WIDTH_US
    rows: list[CapacityRow] = []
    ids = [one.tag.tag_id for one in wanted[:MOST]]
    async for place, columns in in_turn(history, ids, from_us, to_us, WIDTH_US):
        row = await asyncio.to_thread(_row, wanted[place], columns, now_us, zone, settings)
        rows.append(row)
    rows.sort(key=_urgency)
    return CapacityReport(now_us, tuple(rows), max(0, len(wanted) - MOST))


async def one_forecast(
    history: PeriodHistory, one: Found, now_us: int, zone: tzinfo, settings: ForecastSettings | None = None
) -> ForecastRecord:
    """One capacity hour by hour, with its path."""
    from_us, to_us = whole_hours(now_us, PAST_US)
    (columns,) = await history.periods((one.tag.tag_id,), from_us, to_us, HOUR_US)
    row = await asyncio.to_thread(_row, one, columns, now_us, zone, settings)
    values = (columns.low if row.is_low else columns.high) * one.match.factor
    known = np.flatnonzero(np.isfinite(values))
    first = int(known[0]) if len(known) else 0
    return ForecastRecord(row, columns.from_us[first:], values[first:], HOUR_US)


def _row(
    one: Found, columns: AggregateColumns, now_us: int, zone: tzinfo, settings: ForecastSettings | None
) -> CapacityRow:
    metric = one.match.metric
    assert metric.full is not None
    is_low = metric.toward is Toward.LOW
    values = -columns.low if is_low else columns.high
    full = -metric.full if is_low else metric.full
    told = forecast(columns.from_us.tolist(), (values * one.match.factor).tolist(), full, now_us, zone, settings)
    return CapacityRow(one.subject, mirrored(told) if is_low else told, is_low)


def _urgency(row: CapacityRow) -> tuple[int, float, str]:
    told: Forecast = row.forecast
    return _ORDER.index(told.outcome), told.days if told.days is not None else 0.0, row.subject.path
