"""A first look at a long time, read by two threads at once, is the same as one read in one go."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.services.alarms import alarm_tables
from console.services.reports import kpi_ahead
from console.services.reports.kpi_ahead import read_ahead
from console.services.reports.kpi_memory import KpiMemory
from console.services.reports.kpi_read import read_columns
from console.services.storage.schema import Database, open_station_db
from tests.services.reports.test_alarm_kpi import told_rows
from tests.support.alarm_month import DAY, Month, at, write_log

WINDOW = at("2026-10-02 00:00"), at("2026-10-30 00:00")


@pytest.fixture(scope="module")
def month() -> Month:
    return Month(WINDOW[0] - DAY, WINDOW[1] + DAY)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(kpi_ahead, "LEAST_ROWS", 100)
    opened = open_station_db(tmp_path / "station.db", [alarm_tables.metadata])
    yield opened
    opened.close()


@pytest.mark.proves("ALARM-F66")
def test_both_halves_are_the_rows_that_one_reading_gives_and_later_rows_follow(
    database: Database, month: Month
) -> None:
    memory, middle = KpiMemory(), len(month.rows) // 2

    async def story() -> None:
        for rows in (month.rows[:middle], month.rows[middle:]):
            await database.writer.write(lambda c, rows=rows: write_log(c, rows))
            await read_ahead(database.readers, *WINDOW, memory)
            assert not memory.lacks(WINDOW[0]), "it was worth dividing"
            kept = await database.readers.read(lambda c: read_columns(c, *WINDOW, memory=memory))
            fresh = await database.readers.read(lambda c: read_columns(c, *WINDOW))
            assert len(fresh) >= len(rows) // 2
            assert told_rows(kept) == told_rows(fresh)
            await database.writer.write(lambda c: c.exec_driver_sql("DELETE FROM alarm_open").rowcount)

    asyncio.run(story())


def test_a_short_log_is_left_to_one_reading(database: Database, month: Month) -> None:
    async def story() -> bool:
        memory = KpiMemory()
        await database.writer.write(lambda c: write_log(c, month.rows[:90]))
        await read_ahead(database.readers, *WINDOW, memory)
        return memory.lacks(WINDOW[0])

    assert asyncio.run(story())
