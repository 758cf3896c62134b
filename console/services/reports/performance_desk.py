"""Answers questions about capacity, the busiest, what is usual and performance under load, from history."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol
from uuid import UUID

from console.domain.alarms import AlarmRule
from console.domain.history.baseline import LEAST_KNOWN, Cycle, Measure
from console.domain.refusal import Refused
from console.domain.tags import Tag
from console.services.alarms.usual import Told
from console.services.performance_records import (
    BaselineRecord,
    BaselineRule,
    CapacityReport,
    ForecastRecord,
    LoadPoints,
    LoadReport,
    TopReport,
)
from console.services.reports.capacity import capacity_report, one_forecast
from console.services.reports.load_report import load_points, load_report
from console.services.reports.period_history import DAY_US, HOUR_US, PeriodHistory, whole_hours
from console.services.reports.tag_catalogue import Found, TagCatalogue
from console.services.reports.top_n import top_report
from console.services.reports.usual_report import baseline_record, past_us
from console.services.station import (
    BaselineQuery,
    BaselineRulesQuery,
    CapacityQuery,
    ForecastQuery,
    LoadPointsQuery,
    LoadQuery,
    TopQuery,
)

LONGEST_US = 400 * DAY_US
MOST_PERIODS = 100
MOST_COUNT = 100


class Rules(Protocol):
    """What the alarm rules on baselines know (`alarms.usual.UsualBands`)."""

    def told(self, now_us: int) -> tuple[Told, ...]: ...


@dataclass(frozen=True, slots=True)
class PerformanceSource:
    """`tag` of an id, None for an unknown one; `by_handle` of a known handle."""

    history: PeriodHistory
    catalogue: TagCatalogue
    tag: Callable[[UUID], Tag | None]
    by_handle: Callable[[int], Tag]
    rules: Rules
    zone: tzinfo
    now_us: Callable[[], int]


class PerformanceDesk:
    """Lives in the main thread; the arithmetic is done beside it, tag by tag, and ends when nobody waits any more."""

    def __init__(self, source: PerformanceSource) -> None:
        self._source = source

    def answers(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        return {
            CapacityQuery: self.capacity,
            ForecastQuery: self.forecast,
            TopQuery: self.top,
            BaselineQuery: self.baseline,
            BaselineRulesQuery: self.baseline_rules,
            LoadQuery: self.load,
            LoadPointsQuery: self.load_points,
        }

    async def capacity(self, _query: CapacityQuery) -> CapacityReport:
        source = self._source
        return await capacity_report(source.history, await source.catalogue.metrics(), source.now_us(), source.zone)

    async def forecast(self, query: ForecastQuery) -> ForecastRecord:
        one = await self._found(query.tag_id)
        if one.match.metric.full is None:
            raise Refused("{tag} has no end that it could reach.", tag=one.subject.path)
        return await one_forecast(self._source.history, one, self._source.now_us(), self._source.zone)

    async def top(self, query: TopQuery) -> TopReport:
        source = self._source
        window = self._window(query.from_us, query.to_us)
        count = max(1, min(query.count, MOST_COUNT))
        found = await source.catalogue.metrics()
        return await top_report(source.history, found, source.catalogue.settings.metrics, window, count)

    async def baseline(self, query: BaselineQuery) -> BaselineRecord:
        source = self._source
        tag = self._tag(query.tag_id)
        if not LEAST_KNOWN <= query.periods <= MOST_PERIODS:
            raise Refused("A baseline is made of {least} to {most} periods.", least=LEAST_KNOWN, most=MOST_PERIODS)
        now_us = source.now_us()
        reach = min(LONGEST_US, max(past_us(query.cycle, query.periods), 56 * DAY_US))
        from_us, to_us = whole_hours(now_us, reach)
        (columns,) = await source.history.periods((tag.tag_id,), from_us, to_us, HOUR_US)
        amounts = query.above, query.below
        return await asyncio.to_thread(
            baseline_record, tag, columns, query.cycle, query.periods, query.measure, amounts, now_us, source.zone
        )

    async def baseline_rules(self, _query: BaselineRulesQuery) -> tuple[BaselineRule, ...]:
        source = self._source
        found = []
        for told in source.rules.told(source.now_us()):
            tag = source.by_handle(told.handle)
            found.append(_rule_row(tag, source.catalogue.subject(tag, None).area, told))
        return tuple(sorted(found, key=lambda row: (row.path, row.rule_id)))

    async def load(self, query: LoadQuery) -> LoadReport:
        source = self._source
        from_us, to_us = self._window(query.from_us, query.to_us)
        window = whole_hours(to_us, to_us - from_us)
        found, counters = await source.catalogue.metrics(), await source.catalogue.counters()
        return await load_report(source.history, found, counters, window)

    async def load_points(self, query: LoadPointsQuery) -> LoadPoints:
        from_us, to_us = self._window(query.from_us, query.to_us)
        one = await self._found(query.tag_id)
        counters = await self._source.catalogue.counters()
        return await load_points(self._source.history, one, counters, whole_hours(to_us, to_us - from_us))

    def _window(self, from_us: int, to_us: int) -> tuple[int, int]:
        to_us = min(to_us, self._source.now_us())
        if not 0 < from_us < to_us:
            raise Refused("This period has no time in it.")
        if to_us - from_us > LONGEST_US:
            raise Refused("A period may be 400 days long at most.")
        return from_us, to_us

    def _tag(self, tag_id: UUID) -> Tag:
        tag = self._source.tag(tag_id)
        if tag is None:
            raise Refused("This tag is not known here: {tag}", tag=str(tag_id))
        return tag

    async def _found(self, tag_id: UUID) -> Found:
        tag = self._tag(tag_id)
        for one in await self._source.catalogue.metrics():
            if one.tag.tag_id == tag_id:
                return one
        raise Refused("{tag} is none of the figures that performance.toml names.", tag=tag.source.path())


def _rule_row(tag: Tag, area: str, told: Told) -> BaselineRule:
    rule: AlarmRule = told.rule
    inner_high = rule.h if rule.h is not None else rule.hh
    inner_low = rule.l if rule.l is not None else rule.ll
    return BaselineRule(
        tag.tag_id,
        tag.source.path().partition("/")[2],
        tag.unit,
        area,
        rule.rule_id,
        rule.text,
        Cycle(rule.cycle),
        rule.periods,
        Measure(rule.bound),
        inner_high,
        None if inner_low is None else -inner_low,
        rule.floor,
        rule.least_sigma,
        told.known,
        told.slots,
        told.knows_now,
    )
