"""A trend that is zoomed and panned over years keeps every spike and asks for no more than it shows."""

import asyncio

import numpy as np
import pytest

from console.models.trend_feed import TrendFeed
from console.services.historian.trend_answer import trend_answer
from console.services.station import TrendQuery, samples_topic
from tests.models.test_trend_feed import live
from tests.support.fake_station import FakeStation
from tests.support.history_past import MemoryPast, S, timeline_of
from tests.support.plant_rows import tag

DAY = 86_400 * S
YEAR = 365 * DAY
BEGIN = 1_700_000_000 * S
WIDTHS = (10 * YEAR, 3 * YEAR, YEAR, 90 * DAY, 7 * DAY, DAY, 3600 * S, 60 * S, S)


def year_with_a_spike(at_us, value=99.0):
    """A sample every ten minutes, 50 degrees within a degree; one sample of another."""
    times = BEGIN + np.arange(365 * 144, dtype=np.int64) * 600 * S
    rows = [(at, 50.0 + k % 9 / 10, 0) for k, at in enumerate(times.tolist())]
    return [*rows, (at_us, value, 0), (at_us + S, 50.0, 0)]


class Desk:
    """A feed whose station answers from history, until `now_us`."""

    def __init__(self, rows, now_us, is_live=True):
        self.station, self.now_us, self.asked = FakeStation(), now_us, []
        self.past, self.is_live = MemoryPast(rows), is_live
        self.station.answers[TrendQuery] = self.answer
        self.feed = TrendFeed(self.station, lambda _text: None, lambda: self.now_us)
        self.pen = self.feed.add(tag(3))

    def answer(self, query):
        self.asked.append((query.from_us, query.to_us, query.buckets))
        timeline = timeline_of(self.past, now_us=self.now_us, is_live=self.is_live)
        return tuple(trend_answer(timeline, query.from_us, query.to_us, query.buckets) for _ in query.tag_ids)

    async def show(self, from_us, to_us, buckets=4000):
        self.feed.load(from_us, to_us, buckets)
        if self.feed._newest is not None:
            await self.feed._newest

    def highest(self, from_us, to_us, columns=2000):
        edges = np.linspace(from_us, to_us, columns + 1).astype(np.int64)
        return self.pen.columns(edges, self.now_us)


@pytest.mark.parametrize("share", [0.0, 0.37, 0.9999])
def test_one_sample_in_a_year_is_seen_at_every_zoom_level(qtbot, share):
    spike_us = BEGIN + round(share * 364 * DAY) + 333_333

    async def story():
        desk = Desk(year_with_a_spike(spike_us), BEGIN + YEAR)
        for width in WIDTHS:
            from_us, to_us = spike_us - width // 3, spike_us - width // 3 + width
            await desk.show(from_us, to_us)
            columns = desk.highest(from_us, to_us)
            assert np.nanmax(columns.high) >= 99.0, width
            place = (spike_us - from_us) / width * 2000
            seen = np.flatnonzero(columns.high >= 99.0)
            assert abs(seen - place).min() <= 2, width
            assert len(desk.pen) < 30_000
        await desk.show(BEGIN, BEGIN + YEAR)  # and out again
        assert np.nanmax(desk.highest(BEGIN, BEGIN + YEAR).high) >= 99.0
        desk.feed.close()

    asyncio.run(story())


def test_a_year_is_asked_as_buckets_and_what_is_known_is_not_asked_again(qtbot):
    async def story():
        desk = Desk(year_with_a_spike(BEGIN + 7 * DAY), BEGIN + YEAR)
        await desk.show(BEGIN, BEGIN + YEAR, 1000)
        assert [buckets for _from, _to, buckets in desk.asked] == [400, 1500]  # a first look, then all with a margin
        await desk.show(BEGIN + 30 * DAY, BEGIN + YEAR, 900)  # panned within the margin, no finer
        assert len(desk.asked) == 2
        await desk.show(BEGIN + 100 * DAY, BEGIN + 120 * DAY, 3000)
        from_us, to_us, _buckets = desk.asked[-1]
        assert (from_us, to_us) == (BEGIN + 90 * DAY, BEGIN + 130 * DAY)
        assert len(desk.asked) == 3  # the year's buckets were the first look
        times, _values, _good = desk.pen.samples_between(BEGIN + 100 * DAY, BEGIN + 120 * DAY)
        assert times.size == 20 * 144
        desk.feed.close()

    asyncio.run(story())


def test_live_samples_go_on_behind_the_buckets_of_a_year(qtbot):
    async def story():
        now_us = BEGIN + YEAR - 3600 * S
        desk = Desk([row for row in year_with_a_spike(BEGIN + DAY) if row[0] < now_us], now_us)
        await desk.show(BEGIN, now_us + S)
        before = len(desk.asked)
        for k in range(1, 50):
            desk.now_us = now_us + k * S
            desk.station.deliver(samples_topic((3,)), live((3, desk.now_us, 60.0 + k)))
        assert desk.pen.value_at(desk.now_us) == (109.0, True)
        times, values, _good = desk.pen.samples_between(now_us, desk.now_us + S)
        assert values[-49:].tolist() == [60.0 + k for k in range(1, 50)]
        assert times.max() == desk.now_us  # no part of a bucket lies in the future
        await desk.show(BEGIN + 49 * S, desk.now_us + S)
        assert len(desk.asked) == before  # what came is known
        desk.feed.add(tag(4))
        await desk.show(BEGIN + 49 * S, desk.now_us + S)
        assert len(desk.asked) > before  # another subscription may have missed some
        desk.feed.close()

    asyncio.run(story())


def test_a_tag_that_fell_silent_without_a_word_is_not_drawn_until_now(qtbot):
    async def story():
        rows = [(BEGIN + k * S, 5.0, 0) for k in range(100)]
        desk = Desk(rows, BEGIN + 3600 * S, is_live=False)
        await desk.show(BEGIN, BEGIN + 3601 * S)
        value, good = desk.pen.value_at(BEGIN + 99 * S)
        assert (value, good) == (5.0, True)
        assert np.isnan(desk.pen.value_at(BEGIN + 200 * S)[0])
        desk.feed.close()

    asyncio.run(story())


def test_what_held_before_the_window_is_drawn_from_its_left_edge(qtbot):
    async def story():
        desk = Desk([(BEGIN, 7.0, 0), (BEGIN + 10 * DAY, 8.0, 0)], BEGIN + 20 * DAY)
        await desk.show(BEGIN + 5 * DAY, BEGIN + 6 * DAY)
        assert desk.pen.value_at(BEGIN + 5 * DAY) == (7.0, True)
        columns = desk.highest(BEGIN + 5 * DAY, BEGIN + 6 * DAY, 10)
        assert columns.low.tolist() == [7.0] * 10
        desk.feed.close()

    asyncio.run(story())


def test_a_gap_of_days_is_a_gap_at_every_zoom_level(qtbot):
    async def story():
        rows = [(BEGIN + k * 600 * S, 5.0, 0) for k in range(1000)]
        rows += [(BEGIN + 600_000 * S, float("nan"), 3)]
        rows += [(BEGIN + 1_200_000 * S + k * 600 * S, 5.0, 0) for k in range(1000)]
        desk = Desk(rows, BEGIN + 1_800_000 * S)
        for width in (100 * DAY, 30 * DAY, 20 * DAY):
            from_us = BEGIN + 900_000 * S - width // 2
            await desk.show(from_us, from_us + width)
            columns = desk.highest(BEGIN + 620_000 * S, BEGIN + 1_180_000 * S, 50)
            assert np.isnan(columns.low).all(), width
            assert not np.isnan(desk.highest(BEGIN + 100_000 * S, BEGIN + 500_000 * S, 50).low).any()
        desk.feed.close()

    asyncio.run(story())


def test_a_newer_window_takes_the_place_of_one_that_is_still_being_asked_for(qtbot):
    async def story():
        desk = Desk(year_with_a_spike(BEGIN + DAY), BEGIN + YEAR)
        going, ended = asyncio.Event(), []
        answer = desk.answer

        class Slow(FakeStation):
            async def query(self, query):
                if not going.is_set():
                    going.set()
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        ended.append(query)
                        raise
                return answer(query)

        desk.feed._station = Slow()
        desk.feed.load(BEGIN, BEGIN + YEAR, 4000)
        await going.wait()
        await desk.show(BEGIN + DAY, BEGIN + 2 * DAY)
        assert len(ended) == 1
        assert desk.pen.first_us <= BEGIN + DAY
        desk.feed.close()

    asyncio.run(story())
