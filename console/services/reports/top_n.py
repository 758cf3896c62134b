"""The busiest: of every metric the tags with the highest mean over a window."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from console.domain.history.load import increases
from console.domain.history.metrics import Metric, Toward
from console.services.history_records import AggregateColumns
from console.services.performance_records import TopList, TopReport, TopRow
from console.services.reports.period_history import HOUR_US, PeriodHistory, in_turn
from console.services.reports.tag_catalogue import Found


async def top_report(
    history: PeriodHistory,
    found: Sequence[Found],
    metrics: Sequence[Metric],
    window_us: tuple[int, int],
    count: int,
) -> TopReport:
    """`count` of each metric, the highest first (the lowest, where the end lies at the low side). Tags without a
    trusted value in the window are counted, not shown."""
    from_us, to_us = window_us
    rows: dict[str, list[TopRow]] = {}
    looked: dict[str, int] = {}
    for is_counter, group in groupby(sorted(found, key=_kind), key=_kind):
        some = list(group)
        width = HOUR_US if is_counter else to_us - from_us
        ids = [one.tag.tag_id for one in some]
        async for place, columns in in_turn(history, ids, from_us, to_us, width):
            one = some[place]
            metric_id = one.subject.metric_id
            looked[metric_id] = looked.get(metric_id, 0) + 1
            row = _counted(one, columns) if is_counter else _measured(one, columns, to_us - from_us)
            if row is not None:
                rows.setdefault(metric_id, []).append(row)
    lists = []
    for metric in metrics:
        mine = rows.get(metric.metric_id, [])
        sign = 1 if metric.toward is Toward.LOW else -1
        mine.sort(key=lambda row, sign=sign: (sign * row.mean, row.subject.path))  # type: ignore[misc]
        tags = looked.get(metric.metric_id, 0)
        lists.append(TopList(metric.metric_id, metric.name, metric.unit, tuple(mine[:count]), tags, tags - len(mine)))
    return TopReport(from_us, to_us, tuple(lists))


def _kind(one: Found) -> bool:
    return one.match.is_counter


def _measured(one: Found, columns: AggregateColumns, window_us: int) -> TopRow | None:
    mean = float(columns.mean[0]) if len(columns.mean) else float("nan")
    if not np.isfinite(mean):
        return None
    factor, known = one.match.factor, float(columns.good_s[0]) * 1e6 / window_us
    return TopRow(one.subject, mean * factor, float(columns.high[0]) * factor, min(1.0, known))


def _counted(one: Found, columns: AggregateColumns) -> TopRow | None:
    """Increase per hour; the period in which a counter was reset is no leap but unknown."""
    grown = np.array(increases(columns.last.tolist()))
    known = grown[np.isfinite(grown)]
    if not len(known):
        return None
    share = len(known) / max(1, len(grown) - 1)
    return TopRow(one.subject, float(known.mean()), float(known.max()), min(1.0, share))
