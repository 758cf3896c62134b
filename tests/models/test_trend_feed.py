"""History and live samples meet in a pen without loss, doubling or a wrong order."""

import asyncio

import numpy as np

from console.models.trend_feed import TrendFeed, samples_of
from console.services.records import SamplesDelta, TrendColumns
from console.services.station import TrendQuery, samples_topic
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import tag


def live(*rows):
    handles, times, values = zip(*rows, strict=True)
    n = len(rows)
    return SamplesDelta(
        False,
        np.array(handles, np.int32),
        np.array(times, np.int64),
        np.array(values, np.float64),
        np.zeros(n, np.uint8),
        np.zeros(n, np.bool_),
    )


def raw(tag_id, times, values):
    value = np.array(values, np.float64)
    return TrendColumns(tag_id, np.array(times, np.int64), value, value, value, ~np.isnan(value), True)


def test_samples_that_come_while_history_loads_are_kept(qtbot):
    station, one = FakeStation(), tag(3)
    feed = TrendFeed(station, lambda _text: None)
    feed.add(one)

    def answer(query):
        station.deliver(samples_topic((3,)), live((3, 25, 2.5), (3, 40, 4.0)))  # too late for the answer
        return (raw(one.tag_id, [10, 20, 30], [1.0, 2.0, 3.0]),)

    station.answers[TrendQuery] = answer
    asyncio.run(feed._load((3,), 0, 100, 50))
    times, values, _good = feed.pens[3].samples
    assert times.tolist() == [10, 20, 25, 30, 40]
    assert values.tolist() == [1.0, 2.0, 2.5, 3.0, 4.0]
    feed.close()


def test_live_samples_reach_their_own_pen_and_tell_from_when(qtbot):
    station = FakeStation()
    feed = TrendFeed(station, lambda _text: None)
    feed.add(tag(3))
    feed.add(tag(5))
    touched = []
    feed.touched.connect(lambda handle, since: touched.append((handle, since)))
    station.deliver(samples_topic((3, 5)), live((5, 10, 1.0), (3, 12, 2.0), (5, 14, 3.0)))
    assert touched == [(3, 12), (5, 10)]
    assert feed.pens[5].samples[1].tolist() == [1.0, 3.0]
    feed.remove(5)
    station.deliver(samples_topic((3,)), live((3, 20, 4.0)))
    assert len(feed.pens[3]) == 2
    feed.close()


def test_a_removed_pen_takes_no_late_answer(qtbot):
    station, one = FakeStation(), tag(3)
    feed = TrendFeed(station, lambda _text: None)
    feed.add(one)

    def answer(query):
        feed.remove(3)
        return (raw(one.tag_id, [10], [1.0]),)

    station.answers[TrendQuery] = answer
    asyncio.run(feed._load((3,), 0, 100, 50))
    assert feed.pens == {}


def test_a_bucket_becomes_its_extremes_in_its_time():
    three = np.array([0.0, 5.0])
    columns = TrendColumns(
        tag(1).tag_id, np.array([0, 300]), three, three + 4, three + 1, np.array([True, False]), False
    )
    times, values, good = samples_of(columns)
    assert times.tolist() == [0, 100, 200, 300, 400, 500]
    assert values.tolist() == [0, 4, 1, 5, 9, 6]
    assert good.tolist() == [True] * 3 + [False] * 3
