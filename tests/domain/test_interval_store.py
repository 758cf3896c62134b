"""Packed acknowledgements hold exactly what a plain dictionary of them would hold, for a fraction of the memory."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.interval_store import AckInterval, IntervalStore

intervals = st.builds(
    AckInterval,
    st.integers(0, (1 << 64) - 1),
    st.binary(min_size=1, max_size=32),
    st.integers(-(1 << 53), 1 << 53),
    st.integers(-(1 << 53), 1 << 53),
    st.sampled_from(["", "eva", "ole"]),
    st.sampled_from(["", "seen", "ü\n"]),
)


@pytest.mark.proves("INV-5")
@given(st.lists(intervals, max_size=30), st.integers(-(1 << 53), 1 << 53))
def test_the_packed_store_answers_as_a_dictionary_does(made, bound):
    store, plain = IntervalStore(), dict[bytes, AckInterval]()
    for one in made:
        assert store.put(one) == (one.by not in plain)
        plain.setdefault(one.by, one)
    assert list(store) == list(plain.values())
    assert all(by in store for by in plain)
    assert list(store.reaching(bound)) == [one for one in plain.values() if one.seen_through_us >= bound]
    assert store.furthest_us(-7) == max((one.seen_through_us for one in plain.values()), default=-7)
    gone = store.drop(bound)
    assert set(gone) == {one for one in plain.values() if one.seen_through_us < bound}
    assert list(store) == [one for one in plain.values() if one.seen_through_us >= bound]
    assert not any(one.by in store for one in gone)


def test_bytes_that_look_like_a_hash_across_two_neighbours_are_none():
    store = IntervalStore()
    store.put(AckInterval(0, b"\x01" * 32, 0, 0))
    assert b"\x01" * 31 not in store
    assert b"\x00" * 32 not in store
    assert "x" not in store


@pytest.mark.parametrize("count", [511, 512, 513, 2000])
def test_many_acknowledgements_of_one_alarm_are_found_again(count):
    store = IntervalStore()
    made = [AckInterval(n, n.to_bytes(32, "big"), n, n + 5, "eva") for n in range(1, count + 1)]
    for one in made:
        assert store.put(one)
        assert not store.put(one)
    assert len(store) == count
    assert list(store) == made
    assert (count + 1).to_bytes(32, "big") not in store


@pytest.mark.proves("INV-26")
def test_a_month_of_acknowledgements_costs_less_than_a_hundred_bytes_each():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        stores = [IntervalStore() for _ in range(200)]
        for n in range(10_000):
            interval = AckInterval(n + (1 << 50), n.to_bytes(32, "big"), n + (1 << 50), n + (1 << 50), "eva")
            stores[n % 200].put(interval)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 10_000 * 100
