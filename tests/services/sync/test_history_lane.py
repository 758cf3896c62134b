"""History travels: hour by hour to the centre whatever happens on the way, and from there to other stations' trends."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from console.app.demo.postgres import DemoPostgres
from console.config.settings import CentreSettings
from console.domain.quality import Quality
from console.domain.refusal import Refused
from console.domain.values import ValueType
from console.services.historian.history_query import HistoryDesk
from console.services.historian.history_read import read_raw, read_rollups
from console.services.historian.live_ring import LiveRing
from console.services.historian.rollup_columns import COLUMNS, LEVELS_S, RollupColumns
from console.services.historian.samples import SampleBlock, TagInfo
from console.services.historian.store import HistoryStore, open_history_db
from console.services.historian.timeline import Past
from console.services.station import AggregateQuery, TrendQuery
from console.services.sync.central_past import CentralPast
from console.services.sync.central_samples import CentralSamples, CentralTag
from console.services.sync.central_schema_4 import DAY_S, HOUR_S
from console.services.sync.history_lane import Catalogue, HistoryLane
from console.services.sync.history_parts import Chosen
from console.services.telemetry.tag_store import TagStore
from tests.support.centres import Site
from tests.support.postgres import TestDatabase
from tests.support.synced import asked
from tests.support.waiting import until

T = TypeVar("T")
HOUR_US, DAY_US = HOUR_S * 1_000_000, DAY_S * 1_000_000
DAY = 1_790_000_000_000_000 // DAY_US * DAY_US


@dataclass
class Desk:
    """A station's history file and its lane, with a clock of its own."""

    site: Site
    code: str
    folder: Path
    now_us: int = DAY
    with_raw: bool = False
    stores: list[HistoryStore] = field(default_factory=list)
    lane: HistoryLane | None = None

    def open(self) -> None:
        self.stores.append(open_history_db(self.folder / f"{self.code}.db"))

    @property
    def store(self) -> HistoryStore:
        return self.stores[-1]

    async def hear(
        self, tag_id: UUID, at_us: Sequence[int], value: Sequence[float], quality: int = Quality.GOOD
    ) -> None:
        key = self.store.key_of(tag_id, ValueType.FLOAT)
        n = len(at_us)
        block = SampleBlock(
            np.full(n, key, np.uint32),
            np.array(at_us, np.int64),
            np.array(value, np.float64),
            np.full(n, quality, np.uint8),
        )
        await self.store.append([block])

    def begin(self, settings: CentreSettings | None = None) -> HistoryLane:
        catalogue = Catalogue(
            lambda: [Chosen(tag, self.with_raw) for tag in self.store.tags()],
            lambda tags: [
                CentralTag(tag.tag_id, f"plant/{tag.key}", f"T{tag.key}", "°C", int(tag.kind), "[]") for tag in tags
            ],
        )
        self.lane = HistoryLane(
            self.store.database.path,
            settings or self.site.settings(self.code),
            self.site.place(self.code),
            catalogue,
            now_us=lambda: self.now_us,
            look_s=0.05,
        )
        self.lane.start()
        return self.lane

    def handed(self, until_us: int) -> None:
        """Wait until every hour before this one is at the centre."""
        lane = self.lane
        assert lane is not None
        until(lambda: lane.state.handed_until_us >= until_us, seconds=60)

    def rollups(self, tag_id: UUID, level: int, from_us: int, to_us: int) -> RollupColumns:
        tag = self.known(tag_id)
        with self.store.database.readers._engine.connect() as connection, connection.begin():
            return read_rollups(connection, tag.key, level, from_us, to_us)

    def raw(self, tag_id: UUID, from_us: int, to_us: int) -> SampleBlock:
        tag = self.known(tag_id)
        with self.store.database.readers._engine.connect() as connection, connection.begin():
            return read_raw(connection, tag.key, from_us, to_us)

    def known(self, tag_id: UUID) -> TagInfo:
        tag = self.store.find(tag_id)
        assert tag is not None
        return tag

    def close(self) -> None:
        if self.lane is not None:
            self.lane.stop()
        for store in self.stores:
            store.close()


def told(story: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a story in a loop of its own."""

    @wraps(story)
    def run(*arguments: Any, **fixtures: Any) -> None:
        asyncio.run(story(*arguments, **fixtures))

    return run


@pytest.fixture(scope="module")
def centre(postgres_server: DemoPostgres) -> TestDatabase:
    """One layout of the centre's other tables is enough: these have their own."""
    postgres_server.start()
    postgres_server.create_database("history_lane")
    return TestDatabase(postgres_server, "history_lane").set_up(4)


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    desks: list[Desk] = []

    def make(code: str) -> Desk:
        desks.append(Desk(site, code, tmp_path))
        desks[-1].open()
        return desks[-1]

    yield make
    for one in desks:
        one.close()


def _walk(seed: int, from_us: int, hours: float, step_s: float = 20.0) -> tuple[list[int], list[float]]:
    rng = np.random.default_rng(seed)
    n = int(hours * 3600 / step_s)
    at = from_us + np.arange(n, dtype=np.int64) * int(step_s * 1e6) + rng.integers(0, 9_000, n) * 1000
    return at.tolist(), np.round(50 + rng.standard_normal(n).cumsum() * 0.1, 2).tolist()


def _same(here: RollupColumns, there: RollupColumns) -> None:
    assert len(here) > 0
    for name in COLUMNS:
        assert_array_equal(getattr(here, name), getattr(there, name), err_msg=name)


@told
async def test_every_level_reads_at_another_station_as_in_the_file_that_it_came_from(
    site: Site, desk: Callable[[str], Desk]
) -> None:
    a, b, tag = desk("A1"), desk("B2"), uuid4()
    await a.hear(tag, *_walk(1, DAY, 50))
    a.now_us = b.now_us = DAY + 2 * DAY_US + HOUR_US + 200_000_000
    a.begin()
    reader = b.begin()
    a.handed(DAY + 2 * DAY_US + HOUR_US)
    until(lambda: reader.state.state == "live")
    end = DAY + 2 * DAY_US
    for level, level_s in enumerate(LEVELS_S):
        there = await reader.ask(
            lambda central, check, s=level_s: CentralPast(central, tag, b.now_us, check).rollups(s, DAY, end, None)
        )
        last = end // (level_s * 1_000_000)
        _same(a.rollups(tag, level, DAY, end).between(0, last - 1), there.between(0, last - 1))
    held = await reader.ask(lambda central, check: CentralPast(central, tag, b.now_us, check).held_before(end))
    assert held is not None
    assert held.value == a.raw(tag, DAY, end).value[-1]


class _Far:
    """The history desk's way to the centre, as the composition root makes it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def is_reachable(self) -> bool:
        lane = self._desk.lane
        return lane is not None and lane.state.state == "live"

    async def read(self, question: Callable[[Callable[[UUID], Past]], T]) -> T:
        assert self._desk.lane is not None
        now_us = self._desk.now_us
        return await self._desk.lane.ask(
            lambda central, check: question(lambda tag: CentralPast(central, tag, now_us, check))
        )


@told
async def test_a_trend_of_another_stations_tag_is_the_one_that_it_draws_itself(
    site: Site, desk: Callable[[str], Desk]
) -> None:
    a, b, tag, nobody = desk("A1"), desk("B2"), uuid4(), uuid4()
    await a.hear(tag, *_walk(6, DAY, 50))
    end = DAY + 2 * DAY_US
    a.now_us = b.now_us = end + HOUR_US + 200_000_000
    a.begin()
    reader = b.begin()
    a.handed(end + HOUR_US)
    until(lambda: reader.state.state == "live")
    with ThreadPoolExecutor(1) as pool:
        here = HistoryDesk(LiveRing(), TagStore(), UTC, lambda: a.now_us, pool, lambda: a.store)
        there = HistoryDesk(LiveRing(), TagStore(), UTC, lambda: b.now_us, pool, lambda: b.store, _Far(b))
        for span, buckets in ((2 * DAY_US, 40), (DAY_US, 300), (6 * HOUR_US, 500)):
            query = TrendQuery((tag, nobody), end - span, end, buckets)
            (mine, _), (theirs, empty) = await here.trend(query), await there.trend(query)
            assert mine.time_us.size > buckets // 3
            assert_array_equal(mine.time_us, theirs.time_us)
            assert_array_equal(mine.low, theirs.low)
            assert_array_equal(mine.high, theirs.high)
            assert_array_equal(mine.good, theirs.good)
            assert not empty.time_us.size
        (figures,) = await there.aggregate(AggregateQuery((tag,), end - DAY_US, end))
        (own,) = await here.aggregate(AggregateQuery((tag,), end - DAY_US, end))
        assert figures.count[0] == own.count[0] > 0
        assert figures.mean[0] == pytest.approx(own.mean[0], rel=1e-9)
        reader.stop()
        (gone,) = await there.trend(TrendQuery((tag,), end - DAY_US, end, 100))
        assert not gone.time_us.size  # the centre is away: nothing is known, nothing breaks


@told
async def test_samples_travel_for_the_tags_that_were_chosen(site: Site, desk: Callable[[str], Desk]) -> None:
    a, b, tag = desk("A1"), desk("B2"), uuid4()
    a.with_raw = True
    await a.hear(tag, *_walk(2, DAY, 5))
    a.now_us = b.now_us = DAY + 6 * HOUR_US
    a.begin()
    reader = b.begin()
    a.handed(DAY + 5 * HOUR_US)
    until(lambda: reader.state.state == "live")
    span = (DAY + HOUR_US // 2, DAY + 3 * HOUR_US + 7)
    there = await reader.ask(lambda central, check: CentralPast(central, tag, b.now_us, check).raw(*span, 1_000_000))
    here = a.raw(tag, *span)
    assert len(here) > 100
    assert_array_equal(here.at_us, there.at_us)
    assert_array_equal(here.value, there.value)


@told
async def test_after_eighty_hours_without_the_centre_nothing_of_the_history_is_missing(
    site: Site, desk: Callable[[str], Desk]
) -> None:
    a, tag = desk("A1"), uuid4()
    a.now_us = DAY + HOUR_US
    a.begin(CentreSettings(host="127.0.0.1", port=1, user="nobody"))  # nobody listens there
    for hour in range(0, 80, 20):
        await a.hear(tag, *_walk(hour, DAY + hour * HOUR_US, 20, step_s=60))
    lane = a.lane
    assert lane is not None
    until(lambda: lane.state.state == "lost")
    lane.stop()
    a.now_us = DAY + 80 * HOUR_US + 200_000_000
    a.begin()
    a.handed(DAY + 80 * HOUR_US)
    counts = asked(
        site.database.url,
        f"select count(*), sum(samples), min(samples) from leitstand.history_hour where tag_id = '{tag}'",
    )
    assert counts[0][0] in (80, 81)  # the last sample may jitter into the next hour
    assert int(counts[0][1]) == 80 * 60


@told
async def test_a_late_sample_makes_its_hour_and_its_day_anew(site: Site, desk: Callable[[str], Desk]) -> None:
    a, tag = desk("A1"), uuid4()
    await a.hear(tag, *_walk(3, DAY, 30, step_s=60))
    a.now_us = DAY + 31 * HOUR_US
    lane = a.begin()
    a.handed(DAY + 30 * HOUR_US)

    def samples(table: str) -> int:
        rows = asked(
            site.database.url,
            f"select samples from leitstand.{table} where tag_id = '{tag}' and start_us = {DAY}",
        )
        return int(rows[0][0]) if rows else 0

    until(lambda: samples("history_day") > 0)
    before = samples("history_hour"), samples("history_day")
    late = DAY + HOUR_US // 3 + 1
    await a.hear(tag, [late], [77.0])
    lane.note_late([late])
    until(lambda: (samples("history_hour"), samples("history_day")) == (before[0] + 1, before[1] + 1))


@told
async def test_of_two_stations_the_one_that_heard_more_tells_the_hour(site: Site, desk: Callable[[str], Desk]) -> None:
    a, b, tag = desk("A1"), desk("B2"), uuid4()
    at, value = _walk(4, DAY, 3)
    await a.hear(tag, at[::2], value[::2])
    await b.hear(tag, at, value)
    a.now_us = b.now_us = DAY + 4 * HOUR_US
    a.begin()
    a.handed(DAY + 3 * HOUR_US)
    b.begin()
    b.handed(DAY + 3 * HOUR_US)
    rows = asked(
        site.database.url,
        f"select sum(samples), count(distinct station_id) from leitstand.history_hour where tag_id = '{tag}'",
    )
    assert (int(rows[0][0]), rows[0][1]) == (len(at), 1)


@told
async def test_a_station_that_was_cut_off_in_the_middle_goes_on_where_it_was(
    site: Site, desk: Callable[[str], Desk]
) -> None:
    a, tag = desk("A1"), uuid4()
    await a.hear(tag, *_walk(5, DAY, 40, step_s=60))
    a.now_us = DAY + 41 * HOUR_US
    lane = a.begin()
    until(lambda: lane.state.handed_until_us >= DAY + 3 * HOUR_US)
    lane.stop()
    a.begin()
    a.handed(DAY + 40 * HOUR_US)
    rows = asked(site.database.url, f"select sum(samples) from leitstand.history_hour where tag_id = '{tag}'")
    assert int(rows[0][0]) == 40 * 60


@told
async def test_without_a_centre_a_question_is_refused_at_once(site: Site, desk: Callable[[str], Desk]) -> None:
    a = desk("A1")
    lane = a.begin(CentreSettings())
    assert lane.state.state == "off"
    with pytest.raises(Refused):
        await lane.ask(lambda central, _check: central.find(()))


@told
async def test_a_question_that_nobody_waits_for_any_more_is_given_up(site: Site, desk: Callable[[str], Desk]) -> None:
    a = desk("A1")
    lane = a.begin()
    until(lambda: lane.state.state == "live")
    began, gave_up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def patient(_central: CentralSamples, check: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(began.set)
        try:
            while True:
                check()
        finally:
            loop.call_soon_threadsafe(gave_up.set)

    question = lane.ask(patient)
    await began.wait()
    question.cancel()
    await asyncio.wait_for(gave_up.wait(), 10)
    assert [tag.name for tag in await lane.ask(lambda central, _check: central.find(["nothing like this"]))] == []
