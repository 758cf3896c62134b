"""A built station with derived tags, a suppression and a class: wired from the site's files to the engine."""

import asyncio
from pathlib import Path

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.domain import identity
from console.domain.alarm_flags import AlarmFlag
from console.domain.tags import TagSource
from console.domain.values import ValueType
from console.services.records import LinkRecord
from console.services.telemetry.batch import LinkChanged, TagsDefined
from tests.support.alarm_plant import T0, batch_of, us
from tests.support.story_site import make_site, make_station

ALARMS = """
version = 2
[[class]]
id = "latching"
latching = true
[flood]
enter = 3
leave = 2
[[suppression]]
id = "idle"
when = "'Line/Figures/Is idle'"
alarms = ["*:double"]
[[rule]]
id = "double"
tag = "Line/Figures/Double"
h = 10
class = "latching"
"""
DERIVED = """
[[tag]]
path = "Line/Figures/Double"
expression = "2 * 'Line/PLC1/P1/Load'"
[[tag]]
path = "Line/Figures/Is idle"
expression = "'./Double' >= 100"
"""


def test_a_station_computes_alarms_and_suppresses_by_the_files_of_its_site(tmp_path: Path) -> None:
    async def story() -> None:
        site = make_site(tmp_path)
        (site / "alarms.toml").write_text(ALARMS, encoding="utf-8")
        (site / "derived.toml").write_text(DERIVED, encoding="utf-8")
        folder = make_station(site, "one", "K1", ())
        core: Core = await build(Folders(folder, folder), Work.ACT)
        try:
            engine, inbox = core.engine, core.ingest.inbox
            assert engine.settings.class_of("latching").is_latching
            assert engine.patterns.flood.rules.enter == 3
            load, _ = core.telemetry.handles.define(TagSource("plant", "Line", "PLC1", "P1", "Load"), ValueType.DOUBLE)
            inbox.put(LinkChanged("plant", LinkRecord("broker:plant", "live", T0), T0))
            inbox.put(TagsDefined((load,)))
            inbox.put(batch_of((load, 1, 7.0)))
            core.ingest.turn(us(1), 1.0, budget_s=5.0)
            tags = {tag.source.path(): tag for tag in core.parts.store.tags()}
            double = tags["derived/Line/Figures/Double"]
            assert core.parts.store.value[double.handle] == 14.0
            condition = identity.condition_id(double.tag_id, "double/high")
            occurrence = engine.open_occurrence(condition)
            assert occurrence is not None
            assert occurrence.start_us == us(1)
            inbox.put(batch_of((load, 2, 70.0)))
            core.ingest.turn(us(2), 2.0, budget_s=5.0)
            core.by_design.tick(us(2))
            assert engine.counts().suppressed == 1
            row = engine._book.row_of(condition)
            assert row is not None
            assert int(engine._book.rows.flags[row]) & AlarmFlag.SUPPRESSED
            core.station.beat()
            assert core.parts.flood.snapshot().in_window == 1
        finally:
            await core.stop()

    asyncio.run(story())
