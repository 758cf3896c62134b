"""A real station with weeks of real history: what fills up, what is busiest, what is usual, what load does."""

import asyncio
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.config.site_files import load_site
from console.domain import identity
from console.domain.alarms import AlarmKind, AlarmState
from console.domain.history.baseline import Cycle
from console.domain.history.forecast import Outcome
from console.domain.quality import Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.historian.samples import SampleBlock
from console.services.historian.store import open_history_db
from console.services.records import Floats, LinkRecord, Longs
from console.services.station import (
    BaselineQuery,
    BaselineRulesQuery,
    CapacityQuery,
    ForecastQuery,
    LoadQuery,
    TopQuery,
)
from console.services.telemetry.batch import LinkChanged, SampleBatch, TagsDefined
from tests.support.story_site import make_site, make_station

DAY_US = 86_400_000_000
STEP_US = 900_000_000
DAYS = 28
RULES = """\
version = 2
[[rule]]
id = "busy"
tag = "*/CPU/Load"
kind = "baseline"
cycle = "hour"
periods = 10
h = 4
least_sigma = 1
text = "Busier than usual"
"""
SOURCES = {
    "disk": (TagSource("plant", "Servers", "INFRA", "SRV-DB", "Disk D/Used"), "%"),
    "cpu": (TagSource("plant", "Servers", "INFRA", "SRV-DB", "CPU/Load"), "%"),
    "parts": (TagSource("plant", "Press", "LINE-1", "PRESS-1", "Parts/Good"), ""),
}


def is_day(at_us: int) -> bool:
    """Whether the plant of this history works at this hour of its own clock."""
    return 6 <= datetime.fromtimestamp(at_us / 1e6, ZoneInfo("Europe/Berlin")).hour < 22


def past(name: str, at_us: Longs) -> Floats:
    """The disk fills by one percent a day; by day there is work, and the processor has to do with it."""
    rng = np.random.default_rng(3)
    works = np.array([is_day(at) for at in at_us.tolist()])
    if name == "disk":
        return np.asarray(60.0 + (at_us - at_us[0]) / DAY_US + rng.normal(0, 0.05, len(at_us)))
    if name == "cpu":
        return np.asarray(20.0 + 30.0 * works + rng.normal(0, 1.0, len(at_us)))
    return np.cumsum(np.rint(works * rng.uniform(80, 100, len(at_us))))


async def write_history(folder: Path, site: Path, now_us: int) -> None:
    site_id = load_site(site).site_id
    at_us = np.arange(now_us - DAYS * DAY_US, now_us - STEP_US, STEP_US, dtype=np.int64)
    store = open_history_db(folder / "history.db")
    try:
        for name, (source, unit) in SOURCES.items():
            tag_id = identity.tag_id(site_id, source.broker, source.group, source.node, source.device, source.metric)
            key = store.key_of(tag_id, ValueType.DOUBLE, "standard", unit)
            n = len(at_us)
            quality = np.full(n, int(Quality.GOOD), np.uint8)
            await store.append([SampleBlock(np.full(n, key, np.uint32), at_us, past(name, at_us), quality)])
        while await store.compact_some(1.0, now_us, is_all=True):
            pass
    finally:
        store.close()


async def know_tags(core: Core) -> dict[str, Tag]:
    await core.history.opened.wait()
    found = {
        name: core.telemetry.handles.define(source, ValueType.DOUBLE, unit)[0]
        for name, (source, unit) in SOURCES.items()
    }
    core.ingest.inbox.put(TagsDefined(tuple(found.values())))
    core.ingest.turn(time.time_ns() // 1000, 1.0, budget_s=5.0)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = make_site(tmp_path, RULES)
    one = make_station(site, "one", "K1", ())
    asyncio.run(write_history(one, site, time.time_ns() // 1000))
    return one


def test_a_station_answers_from_its_history(folder: Path) -> None:
    async def story() -> None:
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            core.history.start()
            tags = await know_tags(core)
            await ask(core, tags)
            say(core, tags["cpu"], 50.0 if is_day(time.time_ns() // 1000) else 20.0)
            assert alarms(core) == []
            say(core, tags["cpu"], 75.0)
            assert alarms(core) == ["Busier than usual"]
        finally:
            await core.stop()

    asyncio.run(story())


def say(core: Core, tag: Tag, value: float) -> None:
    """A sample of now, walked past all consumers."""
    now_us = time.time_ns() // 1000
    at_us, zero = np.array([now_us]), np.zeros(1, np.uint8)
    good = np.array([int(Quality.GOOD)], np.uint8)
    core.ingest.inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", now_us), now_us))
    handle = np.array([tag.handle], np.int32)
    core.ingest.inbox.put(SampleBatch(handle, at_us, at_us, np.array([value]), good, zero, zero))
    core.ingest.turn(now_us, 2.0, budget_s=5.0)
    core.engine.tick(now_us, 2.0)


def alarms(core: Core) -> list[str]:
    delta = core.engine.snapshot()
    texts = {one.row: one.text for one in delta.conditions if one.kind is AlarmKind.BASELINE}
    active = (AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED)
    pairs = zip(delta.rows.tolist(), delta.state.tolist(), strict=True)
    return [texts[row] for row, state in pairs if row in texts and AlarmState(state) in active]


async def ask(core: Core, tags: dict[str, Tag]) -> None:
    query = core.station.query
    now_us = time.time_ns() // 1000
    (row,) = (await query(CapacityQuery())).rows
    assert row.subject.name == "SRV-DB / Disk D/Used"
    assert row.forecast.outcome is Outcome.PREDICTED
    assert row.forecast.days == pytest.approx(7.0, rel=0.2)
    record = await query(ForecastQuery(tags["disk"].tag_id))
    assert len(record.values) >= DAYS * 24 - 2
    assert record.row.forecast.days == pytest.approx(7.0, rel=0.2)

    top = {one.metric_id: one for one in (await query(TopQuery(now_us - 7 * DAY_US, now_us))).lists}
    assert top["cpu"].rows[0].mean == pytest.approx(40.0, abs=2)
    assert top["cpu"].rows[0].high == pytest.approx(53.0, abs=3)
    assert top["cpu"].rows[0].known > 0.97

    load = {one.subject.name: one for one in (await query(LoadQuery(now_us - 14 * DAY_US, now_us))).rows}
    cpu = load["SRV-DB / CPU/Load"]
    assert cpu.by_site
    assert cpu.relation.spearman is not None
    assert cpu.relation.spearman > 0.6
    assert load["SRV-DB / Disk D/Used"].relation.is_steady

    (rule,) = await query(BaselineRulesQuery())
    assert (rule.known, rule.knows_now) == (0, False)
    assert await core.usual.look() == 1
    (rule,) = await query(BaselineRulesQuery())
    assert (rule.known, rule.slots, rule.knows_now) == (24, 24, True)
    usual = await query(BaselineQuery(tags["cpu"].tag_id, Cycle.HOUR, 10))
    means = [one.mean for one in usual.references if one is not None]
    assert len(means) == 24
    assert (min(means), max(means)) == (pytest.approx(20, abs=2), pytest.approx(50, abs=2))  # type: ignore[comparison-overlap]
