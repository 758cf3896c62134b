"""Questions about history meet the real file and the ring: no sample twice, none missing, and giving up is at once."""

import asyncio
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.calendar_periods import Period
from console.domain.quality import Quality
from console.domain.refusal import Refused
from console.domain.values import ValueType
from console.services.historian import history_query
from console.services.historian.history_query import HistoryDesk
from console.services.historian.live_ring import LiveRing
from console.services.historian.samples import SampleBlock
from console.services.historian.seals import Seal, save_seal
from console.services.historian.store import open_history_db
from console.services.historian.timeline import Stopped
from console.services.station import AggregateQuery, PercentileQuery, RawQuery, StateQuery, TrendQuery
from tests.support.history_past import ByHand, trusted
from tests.support.live_plant import quality, samples, tag

S = 1_000_000
HOUR = 3600 * S
BERLIN = ZoneInfo("Europe/Berlin")


class Tags:
    """What the desk asks of the tag store."""

    def __init__(self, *tags):
        self.tags = tags
        self.quality = np.zeros(len(tags), np.uint8)
        self.source_us = np.ones(len(tags), np.int64)

    def tag(self, handle):
        return self.tags[handle]


class Plant:
    """A ring, a file and the desk in front of them. `store(...)` writes as the recorder does."""

    def __init__(self, path, *tags):
        self.tags = Tags(*tags)
        self.ring = LiveRing()
        self.ring.on_tags(tags)
        self.file = open_history_db(path)
        self.now_us = 0
        self.pool = ThreadPoolExecutor(1)
        self.desk = HistoryDesk(self.ring, self.tags, BERLIN, lambda: self.now_us, self.pool, lambda: self.file)
        self.keys = [self.file.key_of(one.tag_id, one.value_type, "standard", one.unit) for one in tags]
        self.ids = tuple(one.tag_id for one in tags)

    def arrive(self, *rows):
        self.ring.on_samples(samples(*rows))

    async def store(self, *rows, texts=None):
        """(handle, us, value, quality)"""
        await self.file.append([
            SampleBlock(
                np.array([self.keys[row[0]] for row in rows], np.uint32),
                np.array([row[1] for row in rows], np.int64),
                np.array([row[2] for row in rows], np.float64),
                np.array([row[3] for row in rows], np.uint8),
                {},
                texts or {},
            )
        ])  # fmt: skip

    def close(self):
        self.file.close()
        self.pool.shutdown()


def with_plant(folder, story, *tags):
    async def go():
        plant = Plant(folder / "history.db", *(tags or (tag(0),)))
        try:
            await story(plant)
        finally:
            plant.close()

    asyncio.run(go())


class Turn:
    """What the recorder has taken so far and what of it is on disk."""

    def __init__(self, plant):
        self.plant = plant
        self.waiting = []

    def take(self, rows):
        self.plant.arrive(*((0, *row) for row in rows))
        self.waiting += rows

    async def tick(self):
        """Written at once, as a tick does, told to the ring only afterwards."""
        if self.waiting:
            await self.plant.store(*((0, *row) for row in self.waiting))
        self.waiting = []
        self.plant.ring.on_stored(self.plant.ring.arrived)


steps = st.lists(
    st.one_of(
        st.lists(
            st.tuples(
                st.integers(0, 40).map(lambda k: k * 3 * S + k),
                st.integers(0, 5).map(float),
                st.sampled_from([0, 0, 0, 1, 2]),
            ),
            min_size=1,
            max_size=6,
        ),
        st.just("tick"),
        st.just("half"),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(0, 140), st.integers(1, 140))
def test_at_the_seam_of_disk_and_ring_every_sample_is_there_once_whenever_one_asks(tmp_path_factory, steps, a, length):
    """`half`: on disk already, but nobody told the ring yet."""

    async def story(plant):
        turn, everything = Turn(plant), []
        for step in [*steps, []]:
            if step == "tick":
                await turn.tick()
            elif step == "half":
                if turn.waiting:
                    await plant.store(*((0, *row) for row in turn.waiting))
            elif step:
                turn.take(step)
                everything += step
            plant.now_us = max((row[0] for row in everything), default=0)
            hand = ByHand(everything, plant.now_us)
            (raw,) = await plant.desk.raw(RawQuery(plant.ids, 0, 1000 * S))
            found = list(zip(raw.time_us.tolist(), raw.value.tolist(), raw.quality.tolist(), strict=True))
            assert sorted(found) == sorted(hand.rows)
            assert raw.time_us.tolist() == sorted(raw.time_us.tolist())
        from_us, to_us = a * S, (a + length) * S
        (figures,) = await plant.desk.aggregate(AggregateQuery(plant.ids, from_us, to_us, buckets=5))
        for i in range(len(figures.count)):
            begin, end = int(figures.from_us[i]), int(figures.to_us[i])
            inside = hand.inside(begin, end)
            assert figures.count[i] == sum(map(trusted, inside))
            assert figures.untrusted[i] == len(inside) - figures.count[i]
        (trend,) = await plant.desk.trend(TrendQuery(plant.ids, from_us, to_us, 4))
        seen = [row[1] for row in hand.inside(from_us, to_us) if trusted(row)]
        if seen and len(trend.time_us):
            assert np.nanmin(trend.low) <= min(seen)
            assert np.nanmax(trend.high) >= max(seen)
        else:
            assert not seen

    with_plant(tmp_path_factory.mktemp("seam"), story)


def test_what_holds_now_is_known_until_now_only_while_the_tag_lives(tmp_path):
    async def story(plant):
        await plant.store((0, 10 * S, 5.0, 0))
        plant.arrive((0, 20 * S, 7.0))
        plant.now_us = 100 * S
        (alive,) = await plant.desk.aggregate(AggregateQuery(plant.ids, 0, 200 * S))
        assert (alive.good_s[0], alive.bad_s[0], alive.unknown_s[0]) == (90, 0, 110)
        plant.tags.quality[0] = Quality.STALE
        (dead,) = await plant.desk.aggregate(AggregateQuery(plant.ids, 0, 200 * S))
        assert (dead.good_s[0], dead.bad_s[0], dead.unknown_s[0]) == (10, 0, 190)
        (trend,) = await plant.desk.trend(TrendQuery(plant.ids, 0, 200 * S, 100))
        assert trend.until_us == 20 * S
        plant.ring.on_quality(quality([0], Quality.STALE, 60 * S))
        (told,) = await plant.desk.aggregate(AggregateQuery(plant.ids, 0, 200 * S))
        assert (told.good_s[0], told.bad_s[0], told.unknown_s[0]) == (50, 40, 110)
        (trend,) = await plant.desk.trend(TrendQuery(plant.ids, 0, 200 * S, 100))
        assert trend.until_us == 0  # the gap goes on
        assert math.isnan(trend.last[-1])

    with_plant(tmp_path, story)


def test_before_the_file_is_open_the_ring_alone_is_history(tmp_path):
    async def story(plant):
        plant.arrive(*((0, k * S, float(k)) for k in range(100)))
        file, plant.file = plant.file, None
        try:
            (trend,) = await plant.desk.trend(TrendQuery(plant.ids, 0, 100 * S, 20))
        finally:
            plant.file = file
        assert len(trend.time_us) <= 20
        assert (trend.low.min(), trend.high.max()) == (0.0, 99.0)

    with_plant(tmp_path, story)


def test_a_question_that_is_given_up_stops_reading_between_two_pieces(tmp_path, monkeypatch):
    """Its thread is free at once, though it was in the midst of arithmetic that no interrupt of SQLite reaches."""
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def endless(timeline, *_args, **_more):
        began.set()
        go_on.wait(20)
        try:
            while True:
                timeline.raw(0, 10 * S, 100)
        except Stopped:
            ended.set()
            raise

    monkeypatch.setattr(history_query, "trend_answer", endless)

    async def story(plant):
        await plant.store((0, 1 * S, 5.0, 0))
        asking = asyncio.ensure_future(plant.desk.trend(TrendQuery(plant.ids, 0, 10 * S)))
        assert await asyncio.to_thread(began.wait, 20)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go_on.set()
        assert await asyncio.to_thread(ended.wait, 20)

    with_plant(tmp_path, story)


def test_the_newest_question_of_an_asker_takes_the_place_of_the_one_before(tmp_path, monkeypatch):
    answer, began, stopped = history_query.trend_answer, threading.Event(), threading.Event()

    def slow(timeline, from_us, to_us, buckets):
        while from_us == 0:
            began.set()
            try:
                timeline.check()
            except Stopped:
                stopped.set()
                raise
        return answer(timeline, from_us, to_us, buckets)

    monkeypatch.setattr(history_query, "trend_answer", slow)

    async def story(plant):
        await plant.store((0, 5 * S, 5.0, 0))
        first = asyncio.ensure_future(plant.desk.trend(TrendQuery(plant.ids, 0, 10 * S, asker="view")))
        assert await asyncio.to_thread(began.wait, 20)
        (second,) = await plant.desk.trend(TrendQuery(plant.ids, 1, 10 * S, asker="view"))
        assert second.last.tolist() == [5.0]
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await asyncio.to_thread(stopped.wait, 20)
        other = asyncio.ensure_future(plant.desk.trend(TrendQuery(plant.ids, 1, 10 * S, asker="another")))
        assert len(await other) == 1

    with_plant(tmp_path, story)


def test_percentiles_are_of_the_samples_or_of_the_time_they_held(tmp_path):
    async def story(plant):
        rows = [(0, k * S, float(k), 0) for k in range(100)] + [(0, 50 * S, 999.0, Quality.BAD)]
        await plant.store(*rows, (0, 100 * S, 1000.0, 0))
        plant.now_us = 1100 * S
        (each,) = await plant.desk.percentiles(PercentileQuery(plant.ids, 0, 101 * S, (0.0, 0.5, 0.95, 1.0)))
        assert each.values == (0.0, 50.0, 95.0, 1000.0)
        assert (each.count, each.is_by_time) == (101, False)
        (long,) = await plant.desk.percentiles(PercentileQuery(plant.ids, 0, 1100 * S, (0.01, 0.5), is_by_time=True))
        assert long.values == (10.0, 1000.0)
        assert long.good_s == pytest.approx(1099.0)  # the bad one held for the rest of its second
        (none,) = await plant.desk.percentiles(PercentileQuery(plant.ids, 2000 * S, 3000 * S))
        assert math.isnan(none.values[0])

    with_plant(tmp_path, story)


def test_percentiles_are_refused_where_the_samples_are_gone(tmp_path):
    async def story(plant):
        await plant.store((0, 10 * S, 5.0, 0))
        gone = Seal(plant.keys[0], raw_from_us=86_400 * S)
        await plant.file.database.writer.write(lambda connection: save_seal(connection, gone))
        with pytest.raises(Refused, match="kept only from 1970-01-02 00:00:00"):
            await plant.desk.percentiles(PercentileQuery(plant.ids, 0, 20 * S))

    with_plant(tmp_path, story)


def test_what_cannot_be_asked_is_refused_in_words(tmp_path):
    async def story(plant):
        for query in (
            AggregateQuery(plant.ids, 10, 10),
            AggregateQuery(plant.ids, 0, 10, buckets=10_001),
            AggregateQuery(plant.ids, 0, 10**15, period=Period.HOUR),
            StateQuery(plant.ids, 10, 5),
            RawQuery(plant.ids, 10, 5),
            PercentileQuery(plant.ids, 0, 10, (95.0,)),
        ):
            with pytest.raises(Refused):
                await plant.desk.answers()[type(query)](query)

    with_plant(tmp_path, story)


def test_states_of_a_text_tag_come_with_their_texts_and_how_long_each_lasted(tmp_path):
    async def story(plant):
        rows = [(0, 0, 0.0, 0), (0, 10 * S, 0.0, 0), (0, 40 * S, 0.0, 0), (0, 45 * S, math.nan, Quality.STALE)]
        await plant.store(*rows, texts={0: "RUN", 1: "IDLE", 2: "RUN"})
        plant.now_us = 60 * S
        (states,) = await plant.desk.states(StateQuery(plant.ids, 5 * S, 100 * S))
        assert [states.texts.get(int(code)) if not math.isnan(code) else None for code in states.value.tolist()] == [
            "RUN", "IDLE", "RUN", None,
        ]  # fmt: skip
        assert states.start_us.tolist() == [5 * S, 10 * S, 40 * S, 45 * S]
        assert states.end_us.tolist() == [10 * S, 40 * S, 45 * S, 60 * S]
        assert [(one.text, one.seconds, one.times) for one in states.durations] == [("IDLE", 30, 1), ("RUN", 10, 1)]
        assert (states.mixed_s, states.bad_s, states.unknown_s) == (0, 15, 40)
        (raw,) = await plant.desk.raw(RawQuery(plant.ids, 0, 100 * S, limit=2))
        assert (raw.texts, raw.is_whole) == ({0: "RUN", 1: "IDLE"}, False)

    with_plant(tmp_path, story, tag(0, value_type=ValueType.STRING))
