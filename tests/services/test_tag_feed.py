"""The tag store as deltas: nothing is told before its tag, and a large birth comes in pieces."""

import numpy as np

from console.domain.quality import Quality
from console.services.tag_feed import TagFeed
from console.services.telemetry.tag_store import TagStore
from tests.services.telemetry.test_tag_store import batch, tag


def make(count):
    store = TagStore()
    feed = TagFeed(store)
    tags = tuple(tag(handle) for handle in range(count))
    store.define(tags)
    feed.on_tags(tags)
    return store, feed


def test_values_follow_their_tags():
    store, feed = make(2)
    store.apply(batch([(0, 0, 1.5, 0)]))
    delta = feed.take(False)
    assert [t.handle for t in delta.added] == [0, 1]
    assert delta.handles.tolist() == [0, 1]
    assert delta.values[0] == 1.5
    assert feed.take(False) is None
    store.apply(batch([(1, 1, 2.5, 0)]))
    delta = feed.take(False)
    assert (delta.added, delta.handles.tolist()) == ((), [1])


def test_a_large_birth_comes_in_pieces_and_nothing_is_lost():
    store, feed = make(1200)
    store.apply(batch([(handle, 0, float(handle), 0) for handle in range(1200)]))
    seen, values, rounds = [], {}, 0
    while (delta := feed.take(False)) is not None:
        rounds += 1
        seen += [t.handle for t in delta.added]
        assert set(delta.handles.tolist()) <= set(seen)
        values.update(zip(delta.handles.tolist(), delta.values.tolist(), strict=True))
    assert rounds == 3
    assert seen == list(range(1200))
    assert values == {handle: float(handle) for handle in range(1200)}


def test_a_snapshot_for_a_newcomer_takes_nothing_from_the_others():
    store, feed = make(700)
    first = feed.take(False)
    snapshot = feed.take(True)
    assert (len(snapshot.added), len(snapshot.handles)) == (700, 700)
    second = feed.take(False)
    assert [t.handle for t in (*first.added, *second.added)] == list(range(700))
    store.apply(batch([(699, 1, 1.0, 0)]))
    assert feed.take(False).handles.tolist() == [699]


def test_counts_tell_what_is_live_stale_bad_and_blind():
    store, feed = make(4)
    store.quality[:4] = np.array([Quality.GOOD, Quality.BAD, Quality.BLIND, Quality.STALE], np.uint8)
    assert feed.counts() == (1, 1, 1, 1)
