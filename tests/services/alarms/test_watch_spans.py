"""Watched time is written as it passes, so that a silent night and a station that was off are told apart."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from console.services.alarms import alarm_tables
from console.services.alarms.watch_spans import WatchSpans, read_spans
from console.services.storage.database import writer_engine
from tests.support.alarm_month import condition, write_log

S = 1_000_000
MIN = 60 * S
T0 = 1_790_000_000 * S


class Direct:
    """The writer's port on a connection of the test."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def write(self, function: Callable[[Connection], Any]) -> Any:
        return function(self.connection)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = writer_engine(tmp_path / "station.db", synchronous="OFF")
    with engine.begin() as connection:
        alarm_tables.metadata.create_all(connection)
        yield connection
    engine.dispose()


def run(connection: Connection, *moments: int) -> None:
    now = iter(moments)
    spans = WatchSpans(Direct(connection), lambda: next(now))
    for _ in moments:
        asyncio.run(spans.tell())


def test_each_run_leaves_one_span_and_the_time_between_is_not_watched(connection: Connection) -> None:
    run(connection, T0, T0 + MIN, T0 + 2 * MIN)
    run(connection, T0 + 30 * MIN, T0 + 31 * MIN)
    assert read_spans(connection, T0, T0 + 60 * MIN) == [(T0, T0 + 2 * MIN), (T0 + 30 * MIN, T0 + 31 * MIN)]
    assert read_spans(connection, T0 + 5 * MIN, T0 + 20 * MIN) == []


def test_a_pc_that_slept_and_a_clock_put_back_begin_another_span(connection: Connection) -> None:
    run(connection, T0, T0 + MIN, T0 + 20 * MIN, T0 + 21 * MIN, T0 + 10 * MIN, T0 + 11 * MIN)
    found = read_spans(connection, T0, T0 + 60 * MIN)
    assert found == [(T0, T0 + MIN), (T0 + 10 * MIN, T0 + 11 * MIN), (T0 + 20 * MIN, T0 + 21 * MIN)]


def test_the_file_of_an_older_program_counts_as_watched_from_its_first_alarm(connection: Connection) -> None:
    write_log(connection, [(condition(1), T0, "raised", T0, 3)])
    assert read_spans(connection, T0 - MIN, T0 + MIN) == [(T0, T0 + MIN)]
    run(connection, T0 + 10 * MIN, T0 + 11 * MIN)
    assert sorted(read_spans(connection, T0, T0 + 60 * MIN)) == [(T0, T0 + 10 * MIN), (T0 + 10 * MIN, T0 + 11 * MIN)]
