"""Equal keys have one number, different ones different numbers, whatever slots of the table they fall into."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.reports import kpi_numbering
from console.services.reports.kpi_numbering import numbered

KEYS = st.lists(st.tuples(st.integers(0, 2**64 - 1) | st.integers(0, 3), st.integers(0, 2)), max_size=60)


def check(rows: list[tuple[int, int]]) -> None:
    keys, beside = (np.array([row[at] for row in rows], np.uint64) for at in (0, 1))
    number, first = numbered(keys, beside)
    assert sorted(set(number.tolist())) == list(range(len(first)))
    for one, row in zip(number.tolist(), rows, strict=True):
        assert rows[first[one]] == row
    assert len(first) == len(set(rows))
    alone, first_alone = numbered(keys)
    assert len(first_alone) == len({row[0] for row in rows})
    assert all(rows[first_alone[one]][0] == row[0] for one, row in zip(alone.tolist(), rows, strict=True))


@settings(deadline=None)
@given(rows=KEYS)
def test_rows_with_equal_keys_share_a_number(rows):
    check(rows)


@settings(deadline=None)
@given(rows=KEYS)
def test_keys_that_fall_into_one_slot_in_every_round_are_told_apart_all_the_same(rows):
    with_one_round, kept = (0,), kpi_numbering._FACTORS  # every key times zero: all in the first slot
    kpi_numbering._FACTORS = with_one_round
    try:
        check(rows)
    finally:
        kpi_numbering._FACTORS = kept


def test_a_large_log_is_numbered_as_sorting_would():
    random = np.random.default_rng(3)
    keys = random.integers(0, 5_000, 200_000).astype(np.uint64) << np.uint64(40)
    number, first = numbered(keys)
    assert len(first) == 5_000
    assert np.array_equal(keys[first][number], keys)
