"""The made-up week of the pictures: everything in it is over, and the page of figures has something to show."""

import asyncio
from pathlib import Path

from console.app.demo import site_folder
from console.app.demo.past_week import write_past_week
from console.domain.alarm_targets import Kpi
from console.services.alarms.alarm_log import load_open
from console.services.reports.alarm_kpi import KpiQuestion
from console.services.reports.kpi_desk import answer
from console.services.station import AlarmKpiQuery
from console.services.storage.database import reader_engine
from tests.app.demo.plant import NOON_US, RESOURCES, SECOND_US, shipped_plant

WEEK_US = 7 * 86_400 * SECOND_US


def test_the_week_has_floods_chatter_and_a_gap_and_leaves_no_alarm_open(tmp_path: Path) -> None:
    site_folder.prepare_site(tmp_path / "site", shipped_plant(), RESOURCES, 1)
    count = asyncio.run(write_past_week(tmp_path, tmp_path / "site", shipped_plant(), NOON_US))
    window = (NOON_US - WEEK_US, NOON_US)
    engine = reader_engine(tmp_path / "station.db")
    with engine.connect() as connection:
        assert load_open(connection) == ()
        report = answer(connection, AlarmKpiQuery(*window), KpiQuestion(*window), [])
    engine.dispose()
    assert count == report.rows
    assert len(report.floods) >= 2
    assert (report.value(Kpi.CHATTERING) or 0) >= 1
    assert 0 < (report.value(Kpi.PER_DAY) or 0) < 300
    assert report.watched_us < WEEK_US
