"""The live ring answers like a list of everything, in source time, gaps included, within its bytes."""

import threading

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.quality import Quality
from console.domain.values import ValueType
from console.services.historian.live_feed import LiveFeed
from console.services.historian.live_ring import BLOCK_ROWS, ROW_BYTES, LiveRing
from console.services.telemetry.batch import FLAG_LATE, FLAG_TRANSIENT
from tests.support.live_plant import quality, samples, tag

rows = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 60), st.floats(-9, 9, width=16), st.sampled_from([0, 0, 0, 1, 2]), st.just(0)
    ),
    max_size=60,
)


def ring_of(*handles):
    ring = LiveRing()
    ring.on_tags(tuple(tag(handle, metric=f"m{handle}") for handle in handles))
    return ring


@settings(max_examples=80, deadline=None)
@given(st.lists(rows, max_size=4), st.integers(0, 60), st.integers(1, 60), st.integers(1, 20))
def test_late_and_ordered_samples_read_like_a_sorted_list(batches, from_us, length, buckets):
    ring = ring_of(0, 1, 2)
    everything = []
    for batch in batches:
        ring.on_samples(samples(*batch))
        everything += batch
    for handle, columns in zip((0, 1, 2), ring.query((0, 1, 2), from_us, from_us + length, buckets), strict=True):
        mine = [row for row in everything if row[0] == handle and from_us <= row[1] < from_us + length]
        mine.sort(key=lambda row: row[1])
        if columns.is_raw:
            assert len(mine) <= buckets
            assert columns.time_us.tolist() == [row[1] for row in mine]
            assert columns.low.tolist() == [row[2] for row in mine] == columns.high.tolist()
            assert columns.good.tolist() == [row[3] == 0 for row in mine]
            continue
        assert len(columns.time_us) <= buckets < len(mine)
        width = -(-(mine[-1][1] - mine[0][1] + 1) // buckets)
        for start, low, high, last, good in zip(
            *(c.tolist() for c in (columns.time_us, columns.low, columns.high, columns.last, columns.good)), strict=True
        ):
            inside = [row for row in mine if start <= row[1] < start + width]
            assert (low, high, last) == (min(r[2] for r in inside), max(r[2] for r in inside), inside[-1][2])
            assert good == all(row[3] == 0 for row in inside)


def test_a_dead_node_leaves_a_gap_and_nothing_is_interpolated():
    ring = ring_of(0)
    ring.on_samples(samples((0, 10, 1.0), (0, 20, 2.0)))
    ring.on_quality(quality([0], Quality.STALE, 25))
    ring.on_samples(samples((0, 40, 3.0)))
    (columns,) = ring.query((0,), 0, 100, 10)
    assert columns.time_us.tolist() == [10, 20, 25, 40]
    assert np.isnan(columns.low[2])
    assert columns.good.tolist() == [True, True, False, True]


def test_a_bucket_that_ends_in_a_gap_has_no_last_value():
    ring = ring_of(0)
    ring.on_samples(samples(*((0, at, float(at)) for at in range(10))))
    ring.on_quality(quality([0], Quality.BLIND, 10))
    (columns,) = ring.query((0,), 0, 100, 2)
    assert not columns.is_raw
    assert columns.high.tolist() == [5.0, 9.0]
    assert np.isnan(columns.last[1])


def test_the_oldest_samples_go_when_the_bytes_are_used_up():
    ring = LiveRing(budget_bytes=4 * BLOCK_ROWS * ROW_BYTES)
    ring.on_tags((tag(0),))
    n = 8 * BLOCK_ROWS
    for start in range(0, n, 4096):
        ring.on_samples(samples(*((0, at, float(at)) for at in range(start, start + 4096))))
        assert ring.nbytes <= 4 * BLOCK_ROWS * ROW_BYTES
    (columns,) = ring.query((0,), 0, n, n)
    assert columns.time_us[-1] == n - 1
    assert columns.time_us[0] == ring.oldest_us > 0
    assert (np.diff(columns.time_us) == 1).all()


def test_text_tags_and_transient_samples_take_no_room():
    ring = LiveRing()
    ring.on_tags((tag(0, value_type=ValueType.STRING), tag(1, metric="x")))
    ring.on_samples(samples((0, 1, 5.0), (1, 2, 6.0, 0, FLAG_TRANSIENT), (1, 3, 7.0), (9, 4, 8.0)))
    assert [c.low.tolist() for c in ring.query((0, 1, 9), 0, 10, 10)] == [[], [7.0], []]


def test_a_query_in_a_worker_thread_sees_what_was_there_when_it_was_asked():
    ring = ring_of(0)
    ring.on_samples(samples(*((0, at, 1.0) for at in range(BLOCK_ROWS + 5))))
    snapshot, handles = ring.query_snapshot((tag(0, metric="m0").tag_id,))
    ring.on_samples(samples(*((0, at, 2.0) for at in range(BLOCK_ROWS + 5, 3 * BLOCK_ROWS))))
    answers = []
    worker = threading.Thread(target=lambda: answers.append(snapshot.query(handles, 0, 10**9, 10**9)))
    worker.start()
    worker.join()
    assert len(answers[0][0].time_us) == BLOCK_ROWS + 5
    assert answers[0][0].high.max() == 1.0
    assert answers[0][0].tag_id == tag(0, metric="m0").tag_id


def test_the_feed_delivers_only_its_tags_in_arrival_order_and_marks_what_is_late():
    feed = LiveFeed((2, 0))
    feed.on_samples(samples((0, 10, 1.0), (1, 10, 9.0), (2, 5, 2.0, 0, FLAG_LATE)))
    feed.on_quality(quality([0, 1], Quality.BLIND, 12))
    delta = feed.take()
    assert delta is not None
    assert delta.handles.tolist() == [0, 2, 0]
    assert delta.late.tolist() == [False, True, False]
    assert np.isnan(delta.values[2])
    assert feed.take() is None
