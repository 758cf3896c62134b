"""Capacity, the busiest, what is usual and performance under load, asked as the page asks."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.config.performance_file import PERFORMANCE_TEMPLATE, load_performance, read_performance
from console.domain.alarms import AlarmKind, AlarmRule
from console.domain.calendar_periods import Period
from console.domain.history.baseline import Cycle, Measure
from console.domain.history.forecast import Outcome
from console.domain.history.metrics import DEFAULTS, Matcher, Metric, PerformanceSettings, Toward
from console.domain.refusal import Refused
from console.services.history_records import AggregateColumns
from console.services.performance_records import CapacityRow
from console.services.reports.baseline_keeper import BaselineKeeper
from console.services.reports.period_history import AskedHistory
from console.services.station import (
    AggregateQuery,
    BaselineQuery,
    BaselineRulesQuery,
    CapacityQuery,
    ForecastQuery,
    LoadPointsQuery,
    LoadQuery,
    TopQuery,
)
from tests.support.busy_plant import BusyPlant, busy_plant
from tests.support.labelled_series import BERLIN, DAY_US, HOUR_US


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The test in an event loop of its own."""

    @wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def capacity(plant: BusyPlant) -> dict[str, CapacityRow]:
    report = await plant.desk.capacity(CapacityQuery())
    return {row.subject.path.split("/", 2)[2]: row for row in report.rows}


@in_loop
async def test_the_disk_that_fills_has_its_day_and_the_others_say_why_not() -> None:
    rows = await capacity(busy_plant())
    fills = rows["SRV-DB/Disk D/Used"].forecast
    assert fills.outcome is Outcome.PREDICTED
    assert fills.days == pytest.approx((95 - 90) / (18 / 42), rel=0.25)
    assert next(iter(rows)) == "SRV-DB/Disk D/Used"
    cleaned = rows["SRV-FILES/Disk D/Used"].forecast
    assert cleaned.outcome in (Outcome.PREDICTED, Outcome.BEYOND)
    assert cleaned.days is None or cleaned.days > 60
    assert cleaned.cleaned_us
    assert rows["SRV-DB/Disk C/Used"].forecast.outcome is Outcome.FLAT
    assert rows["SRV-NEW/Disk C/Used"].forecast.outcome is Outcome.TOO_SHORT


@in_loop
async def test_one_capacity_comes_with_its_past_hour_by_hour() -> None:
    plant = busy_plant()
    disk = next(tag for tag in plant.tags if tag.source.path().endswith("SRV-DB/Disk D/Used"))
    record = await plant.desk.forecast(ForecastQuery(disk.tag_id))
    assert record.width_us == HOUR_US
    assert len(record.values) >= 42 * 24
    assert record.row.forecast.path
    assert record.row.forecast.path[-1].middle > record.values[-1]


@in_loop
async def test_what_runs_empty_is_forecast_the_same_way() -> None:
    fuel = Metric("fuel", "Fuel", ("*/Fuel",), "%", full=10.0, toward=Toward.LOW)
    plant = BusyPlant(settings=PerformanceSettings((fuel,)))
    plant.tag("Power/UT/GEN-1/Fuel", "%", lambda k: 90 - 1.5 * k / 24)
    plant.tag("Power/UT/GEN-2/Fuel", "%", lambda k: 50 + 0.5 * k / 24)
    first, second = (await plant.desk.capacity(CapacityQuery())).rows
    assert first.is_low
    assert first.forecast.full == 10.0
    assert first.forecast.level == pytest.approx(90 - 63, abs=2)
    assert first.forecast.per_day == pytest.approx(-1.5, rel=0.1)
    assert first.forecast.days == pytest.approx((27 - 10) / 1.5, rel=0.15)
    assert second.forecast.outcome is Outcome.FALLING  # away from its end


@in_loop
async def test_the_busiest_come_first_in_one_unit() -> None:
    plant = busy_plant()
    report = await plant.desk.top(TopQuery(plant.now_us - 7 * DAY_US, plant.now_us, 10))
    lists = {one.metric_id: one for one in report.lists}
    assert [metric.metric_id for metric in DEFAULTS] == list(lists)
    bandwidth = lists["bandwidth"]
    assert [row.subject.name for row in bandwidth.rows] == ["SRV-DB / Network/Send", "SRV-FILES / Network/Send"]
    assert bandwidth.rows[1].mean == pytest.approx(9.0, rel=0.05)  # from kbit/s
    assert {row.subject.metric_id for row in lists["cpu"].rows} == {"cpu"}
    errors = {row.subject.name: row for row in lists["errors"].rows}
    assert errors["SW-1 / Port 1/Errors"].mean == pytest.approx(1 / 3, rel=0.05)  # a counter: per hour
    assert errors["MES / Errors"].mean == pytest.approx(0.13 * 60, rel=0.5)
    assert all(a.mean >= b.mean for a, b in pairwise(lists["disk"].rows))


@in_loop
async def test_tags_without_a_value_in_the_window_are_counted_and_not_shown() -> None:
    plant = busy_plant()
    plant.tag("Servers/INFRA/SRV-OLD/CPU/Load", "%")
    report = await plant.desk.top(TopQuery(plant.now_us - DAY_US, plant.now_us))
    cpu = next(one for one in report.lists if one.metric_id == "cpu")
    assert (cpu.tags, cpu.without_data, len(cpu.rows)) == (3, 1, 2)


@in_loop
async def test_figures_that_go_with_production_are_found_and_others_not() -> None:
    plant = busy_plant()
    report = await plant.desk.load(LoadQuery(plant.now_us - 21 * DAY_US, plant.now_us))
    by_name = {row.subject.name: row for row in report.rows}
    scan = by_name["PLC-P1 / Scan time"]
    assert scan.relation.spearman is not None
    assert scan.relation.spearman > 0.7
    assert not scan.by_site
    server = by_name["SRV-DB / CPU/Load"]
    assert server.by_site  # servers make nothing: the whole site's output is their load
    assert server.relation.at_full is not None
    assert server.relation.at_rest is not None
    assert server.relation.at_full > server.relation.at_rest + 20
    idle = by_name["SRV-DB / Disk C/Used"].relation
    assert idle.spearman is not None
    assert abs(idle.spearman) < 0.2
    points = await plant.desk.load_points(
        LoadPointsQuery(server.subject.tag_id, plant.now_us - 21 * DAY_US, plant.now_us)
    )
    assert len(points.load) == points.row.relation.count > 400


@in_loop
async def test_a_plant_that_counts_nothing_has_no_load() -> None:
    plant = BusyPlant()
    plant.tag("Servers/INFRA/SRV-DB/CPU/Load", "%", lambda k: float(k % 24))
    report = await plant.desk.load(LoadQuery(plant.now_us - DAY_US, plant.now_us))
    assert (report.rows, report.counters) == ((), 0)


@in_loop
async def test_a_baseline_has_its_bounds_and_marks() -> None:
    plant = busy_plant(weeks=10)
    tag = next(tag for tag in plant.tags if tag.source.path().endswith("MES/CPU/Load"))
    record = await plant.desk.baseline(BaselineQuery(tag.tag_id, Cycle.WEEKDAY_HOUR, 6, Measure.SIGMA, 3.0, 3.0))
    assert len(record.references) == 168
    assert all(one is not None and one.known == 6 for one in record.references)
    assert len(record.starts_us) == len(record.upper) == 14 * 24
    assert bool(np.all(record.upper >= record.lower))
    assert record.anomalies
    assert record.has_us == pytest.approx(56 * DAY_US, abs=HOUR_US)  # so far one looks back for marks


@in_loop
async def test_a_young_tag_has_no_bounds() -> None:
    plant = BusyPlant(weeks=2)
    tag = plant.tag("Servers/INFRA/SRV-DB/CPU/Load", "%", lambda k: 20.0)
    record = await plant.desk.baseline(BaselineQuery(tag.tag_id))
    assert not np.isfinite(record.upper).any()
    assert record.has_us == 14 * DAY_US


@in_loop
async def test_the_keeper_tells_the_alarms_once_an_hour() -> None:
    plant = busy_plant(weeks=6)
    tag = next(tag for tag in plant.tags if tag.source.path().endswith("SRV-DB/CPU/Load"))
    rule = AlarmRule("cpu", "*/CPU/Load", AlarmKind.BASELINE, h=3.0, periods=5, text="Busier than usual")
    plant.usual.expect([rule])
    plant.usual.hang(0, tag.handle, rule)
    (row,) = await plant.desk.baseline_rules(BaselineRulesQuery())
    assert (row.known, row.slots, row.knows_now) == (0, 168, False)
    keeper = BaselineKeeper(plant.usual, plant.history, lambda handle: plant.tags[handle], BERLIN, lambda: plant.now_us)
    assert await keeper.look() == 1
    assert await keeper.look() == 0
    (row,) = await plant.desk.baseline_rules(BaselineRulesQuery())
    assert (row.known, row.slots, row.knows_now) == (168, 168, True)
    assert (row.rule_id, row.above, row.below, row.periods) == ("cpu", 3.0, None, 5)
    plant.now_us += HOUR_US + 61_000_000
    assert await keeper.look() == 1


@pytest.mark.parametrize("query", [TopQuery(5, 5), TopQuery(1, 500 * DAY_US)])
@in_loop
async def test_impossible_windows_are_refused(query: TopQuery) -> None:
    with pytest.raises(Refused):
        await busy_plant(1).desk.top(query)


@in_loop
async def test_a_tag_that_is_no_capacity_is_refused_as_one() -> None:
    plant = busy_plant(1)
    scan = next(tag for tag in plant.tags if tag.source.metric == "Scan time")
    with pytest.raises(Refused):
        await plant.desk.forecast(ForecastQuery(scan.tag_id))


def test_the_template_of_the_file_says_what_is_built_in(tmp_path: Path) -> None:
    (tmp_path / "performance.toml").write_text(PERFORMANCE_TEMPLATE, encoding="utf-8")
    assert load_performance(tmp_path) == PerformanceSettings()
    assert load_performance(tmp_path / "none") == PerformanceSettings()


def test_a_site_changes_a_list_adds_one_and_leaves_one_out(tmp_path: Path) -> None:
    (tmp_path / "performance.toml").write_text(
        """
        off = ["cpu"]
        production = ["*/Labels printed"]
        [[metric]]
        id = "disk"
        tags = ["*/Volume */Fill"]
        unit = "%"
        full = 90
        [[metric]]
        id = "ribbon"
        name = "Ribbon"
        tags = ["*/Ribbon left"]
        toward = "low"
        full = 5
        units = { "%" = 1.0 }
        """,
        encoding="utf-8",
    )
    settings = load_performance(tmp_path)
    assert settings.metric("cpu") is None
    matcher = Matcher(settings)
    disk = matcher.metric_of("Servers/A/B/volume d/fill", "GB")
    assert disk is not None
    assert disk.metric.full == 90.0
    assert matcher.metric_of("Servers/A/B/Disk D/Used", "%") is None
    assert matcher.metric_of("X/Y/Z/Ribbon left", "m") is None
    ribbon = matcher.metric_of("X/Y/Z/Ribbon left", "%")
    assert ribbon is not None
    assert ribbon.metric.toward is Toward.LOW
    assert matcher.is_production("Shop/Floor/LBL-01/Labels printed")


def test_everything_wrong_with_the_file_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "performance.toml").write_text(
        """
        off = ["nothing"]
        [[metric]]
        id = "a"
        tags = []
        units = { "%" = 0.0 }
        toward = "sideways"
        fulll = 3
        """,
        encoding="utf-8",
    )
    _, problems = read_performance(tmp_path)
    assert {problem.key for problem in problems} == {
        "off", "metric[0].tags", "metric[0].units.%", "metric[0].toward", "metric[0].fulll"
    }  # fmt: skip


@in_loop
async def test_what_came_since_the_start_alone_is_no_history_to_judge_by() -> None:
    asked: list[AggregateQuery] = []
    is_open = False

    async def answer(query: AggregateQuery) -> tuple[AggregateColumns, ...]:
        asked.append(query)
        return ()

    history = AskedHistory(lambda: answer, lambda: is_open)
    with pytest.raises(Refused):
        await history.periods((), 0, 10 * HOUR_US, HOUR_US)
    is_open = True
    await history.periods((), 0, 10 * HOUR_US, HOUR_US)
    await history.periods((), 0, 50_000_000_000, 10_000_000_000)
    await history.periods((), 5, 77, 72)
    assert [(one.period, one.buckets) for one in asked] == [(Period.HOUR, 1), (None, 6), (None, 1)]
