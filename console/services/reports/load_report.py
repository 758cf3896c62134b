"""Performance under load: how every figure goes with what its area makes, hour by hour."""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from console.domain.history.load import Relation, increases, relation
from console.services.performance_records import Floats, LoadPoints, LoadReport, LoadRow
from console.services.reports.period_history import HOUR_US, PeriodHistory, in_turn
from console.services.reports.tag_catalogue import Counter, Found

MOST = 400
SITE = ""
_STEADY = 0.5  # a counter that is known for less of the time is left out of its area's load


async def loads(history: PeriodHistory, counters: Sequence[Counter], from_us: int, to_us: int) -> dict[str, Floats]:
    """Parts per hour by area, and of the whole site (""); nan where a counter of it is not known."""
    by_area: dict[str, list[Floats]] = {}
    ids = [one.tag.tag_id for one in counters]
    async for place, columns in in_turn(history, ids, from_us, to_us, HOUR_US):
        grown = np.array(increases(columns.last.tolist()))
        by_area.setdefault(counters[place].area, []).append(grown)
        by_area.setdefault(SITE, []).append(grown)
    found = {area: _sum(parts) for area, parts in by_area.items()}
    return {area: total for area, total in found.items() if np.isfinite(total).any()}


def _sum(parts: Sequence[Floats]) -> Floats:
    table = np.stack(parts)
    known = np.isfinite(table)
    steady = known[:, 1:].mean(axis=1) >= _STEADY if table.shape[1] > 1 else known.any(axis=1)
    if not steady.any():
        return np.full(table.shape[1], np.nan)
    total: Floats = table[steady].sum(axis=0)
    return total


async def load_report(
    history: PeriodHistory, found: Sequence[Found], counters: Sequence[Counter], window_us: tuple[int, int]
) -> LoadReport:
    """Every figure against the load of its own area, or of the site where its area makes nothing that is counted."""
    from_us, to_us = window_us
    made = await loads(history, counters, from_us, to_us)
    rows: list[LoadRow] = []
    if made:
        ids = [one.tag.tag_id for one in found[:MOST]]
        async for place, columns in in_turn(history, ids, from_us, to_us, HOUR_US):
            one = found[place]
            load, by_site = load_of(made, one.subject.area)
            figure = _figure(one, columns.mean, columns.last)
            told = await asyncio.to_thread(relation, load.tolist(), figure.tolist())
            rows.append(LoadRow(one.subject, told, by_site))
    rows.sort(key=lambda row: (-_strength(row.relation), row.subject.path))
    return LoadReport(from_us, to_us, tuple(rows), len(counters), max(0, len(found) - MOST))


async def load_points(
    history: PeriodHistory, one: Found, counters: Sequence[Counter], window_us: tuple[int, int]
) -> LoadPoints:
    """The hours behind one row."""
    from_us, to_us = window_us
    made = await loads(history, counters, from_us, to_us)
    (columns,) = await history.periods((one.tag.tag_id,), from_us, to_us, HOUR_US)
    figure = _figure(one, columns.mean, columns.last)
    load, by_site = load_of(made, one.subject.area) if made else (np.full(len(figure), np.nan), True)
    both = np.isfinite(load) & np.isfinite(figure)
    told = relation(load.tolist(), figure.tolist())
    return LoadPoints(LoadRow(one.subject, told, by_site), load[both], figure[both], columns.from_us[both])


def load_of(made: Mapping[str, Floats], area: str) -> tuple[Floats, bool]:
    """The load of an area, and whether it is the site's for want of its own."""
    return (made[area], False) if area in made and area else (made[SITE], True)


def _figure(one: Found, mean: Floats, last: Floats) -> Floats:
    return np.array(increases(last.tolist())) if one.match.is_counter else mean * one.match.factor


def _strength(told: Relation) -> float:
    return abs(told.spearman) if told.spearman is not None else -1.0
