"""`leitstand bench kpi`: the page of the alarm system's performance over a month of a million log rows, beside merely
fetching the same rows."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TypeVar
from uuid import UUID, uuid5

from sqlalchemy.engine import Connection

from console.app.bench.rows import BenchRow
from console.services.alarms import alarm_tables
from console.services.alarms.watch_spans import put_span
from console.services.reports.alarm_kpi import LOOKBACK_US, KpiQuestion
from console.services.reports.kpi_desk import look
from console.services.reports.kpi_memory import KpiMemory
from console.services.station import AlarmKpiQuery
from console.services.storage.schema import Database, open_station_db

T = TypeVar("T")
_SITE = UUID("0190a0b0-0000-7000-8000-000000000001")
_CONDITIONS, _TURNS = 5_000, 3
_SECOND_US = 1_000_000
_LOW = 1_790_000_000 * _SECOND_US
_MONTH_US = 30 * 86_400 * _SECOND_US
_INSERT = (
    "INSERT INTO alarm_log (condition_id, start_us, transition, n, at_us, receive_us, priority, severity, value, text,"
    " subject, kind, rule_id, side, area, asset_name, who) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 93.5, 'Temperature high',"
    " ?, 'limit', 'temperature', 'high', ?, 'Furnace', '')"
)
_PLAIN = "SELECT condition_id, start_us, transition, at_us, priority FROM alarm_log WHERE at_us >= ? AND at_us < ?"


def run(quick: bool) -> Iterator[BenchRow]:
    count = 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        database = open_station_db(Path(scratch) / "station.db", [alarm_tables.metadata])
        try:
            yield from asyncio.run(_measured(database, count))
        finally:
            database.close()


async def _measured(database: Database, count: int) -> tuple[BenchRow, ...]:
    await database.writer.write(lambda connection: _fill(connection, count))
    window = (_LOW, _LOW + _MONTH_US)
    first: list[float] = []
    again: list[float] = []
    plain: list[float] = []
    rows = 0
    for _ in range(_TURNS):  # in turns: a busy moment hits both
        memory = KpiMemory()
        for kept in (first, again):
            begun = time.perf_counter()
            report = await look(database.readers, AlarmKpiQuery(*window), KpiQuestion(*window), [], memory)
            kept.append(time.perf_counter() - begun)
            rows = report.rows
        seconds, fetched = await _timed(database, lambda connection: _fetch(connection, window))
        plain.append(seconds)
        assert fetched <= rows
    beside = statistics.median(plain)
    goal = "" if count < 1_000_000 else "<= 1 s"
    told = []
    for name, times in (("first look", first), ("next look", again)):
        ours = statistics.median(times)
        told.append(
            BenchRow(
                "kpi", f"figures and lists of a month, {rows:,} rows, {name}", round(ours, 3), "s",
                "plain SELECT and fetch of the same rows", round(beside, 3), round(ours / beside, 2), goal,
                ours <= 1 if goal else None,
            )
        )  # fmt: skip
    return tuple(told)


def _fetch(connection: Connection, window: tuple[int, int]) -> int:
    low, high = window
    return len(connection.exec_driver_sql(_PLAIN, (low - LOOKBACK_US, high)).all())


async def _timed(database: Database, function: Callable[[Connection], T]) -> tuple[float, T]:
    begun = time.perf_counter()
    answered = await database.readers.read(function)
    return time.perf_counter() - begun, answered


def _fill(connection: Connection, count: int) -> None:
    """Occurrences of three rows each (raised, acknowledged, returned) over a month, in the order of a real log."""
    random = Random(1)
    ids = [uuid5(_SITE, str(number)).bytes for number in range(_CONDITIONS)]
    rows = []
    for _ in range(count // 3):
        number = random.randrange(_CONDITIONS)
        start = _LOW + random.randrange(_MONTH_US - 3600 * _SECOND_US)
        acknowledged, returned = (start + random.randrange(_SECOND_US, 1800 * _SECOND_US) for _ in range(2))
        told = (
            number % 4 + 1,
            f"plant/line{number % 12}/press{number % 97}/temperature{number}",
            f"Area {number % 12}",
        )
        for word, at_us in (("raised", start), ("acknowledged", acknowledged), ("returned", returned)):
            rows.append((ids[number], start, word, 0, at_us, at_us, *told))
    rows.sort(key=lambda row: row[4])
    cursor = connection.connection.cursor()
    cursor.executemany(_INSERT, rows)
    cursor.close()
    put_span(connection, _LOW, _LOW + _MONTH_US)
