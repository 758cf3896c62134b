"""Deadbands hold back what is superfluous, and what is rebuilt from the rest is off by no more than they allow."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.history.settings import Band, TagHistory
from console.services.historian.deadband import Deadbands, Stream, joined

S = 1_000_000


def stream(rows, handle=0):
    """(seconds, value[, quality]) of one tag."""
    full = [(*row, 0)[:3] for row in rows]
    n = len(full)
    return Stream(
        np.full(n, handle, np.int32),
        np.array([round(row[0] * S) for row in full], np.int64),
        np.array([row[1] for row in full], np.float64),
        np.array([row[2] for row in full], np.uint8),
        np.arange(n),
    )


def filtered(history, rows, cuts=()):
    """What is stored of one tag's rows, given in pieces, then released: (seconds, value, quality)."""
    bands = Deadbands()
    bands.define(0, history)
    parts = []
    for first, last in pairwise(sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})):
        piece = stream(rows[first:last])
        parts.append(bands.push(piece, np.zeros(len(piece), np.bool_)))
    parts.append(bands.release_all())
    return [(at / S, value, quality) for part in parts for at, value, quality in told(part)]


def told(part):
    return list(zip(part.at_us.tolist(), part.value.tolist(), part.quality.tolist(), strict=True))


def exception(width, most_s=1e6, percent=False):
    return TagHistory(exception=Band(width, percent), max_interval_s=most_s)


def door(width, most_s=1e6):
    return TagHistory(compression=Band(width), max_interval_s=most_s)


def test_a_jump_keeps_the_sample_before_it_so_that_it_begins_where_it_began():
    rows = [(0, 10.0), (1, 10.1), (2, 9.9), (3, 20.0), (4, 20.1)]
    assert filtered(exception(0.5), rows) == [(0, 10, 0), (2, 9.9, 0), (3, 20, 0), (4, 20.1, 0)]


def test_a_change_that_is_larger_than_the_band_from_one_sample_to_the_next_is_stored_whole():
    rows = [(0, 1.0), (1, 3.0), (2, 5.0)]
    assert filtered(exception(0.5), rows) == [(0, 1, 0), (1, 3, 0), (2, 5, 0)]


def test_a_constant_value_is_stored_anew_after_the_longest_interval():
    rows = [(t, 7.0) for t in range(25)]
    assert [row[0] for row in filtered(exception(0.5, most_s=10), rows)] == [0, 10, 20, 24]


def test_a_change_of_quality_is_stored_and_the_last_sample_before_it_too():
    rows = [(0, 1.0), (1, 1.1), (2, 1.1, 2), (3, 1.1, 2), (4, 1.1)]
    assert filtered(exception(0.5), rows) == [(0, 1, 0), (1, 1.1, 0), (2, 1.1, 2), (3, 1.1, 2), (4, 1.1, 0)]


def test_no_number_is_stored_and_what_follows_it():
    rows = [(0, 1.0), (1, 1.0), (2, float("nan"), 2), (3, 1.0), (4, 1.0)]
    for history in (exception(0.5), door(0.5)):
        kept = filtered(history, rows)
        assert [row[0] for row in kept] == [0, 1, 2, 3, 4]


def test_percent_is_of_the_stored_value():
    rows = [(0, 100.0), (1, 100.9), (2, 102.0), (3, 0.0), (4, 0.001)]
    assert [row[0] for row in filtered(exception(1.0, percent=True), rows)] == [0, 1, 2, 3, 4]
    assert [row[0] for row in filtered(exception(3.0, percent=True), rows)] == [0, 2, 3, 4]


def test_a_ramp_needs_only_its_ends_and_a_bend_its_corner():
    rows = [(t, 2.0 * t) for t in range(50)] + [(50 + t, 100.0 - 3.0 * t) for t in range(50)]
    kept = filtered(door(0.01), rows)
    assert [row[0] for row in kept] == [0, 50, 99]


def test_a_door_closes_after_the_longest_interval():
    rows = [(t, 1.0 * t) for t in range(100)]
    kept = [row[0] for row in filtered(door(0.5, most_s=30), rows)]
    assert kept[0] == 0
    assert kept[-1] == 99
    assert max(b - a for a, b in pairwise(kept)) <= 30


def test_samples_of_one_stamp_open_no_door():
    rows = [(0, 1.0), (0, 5.0), (0, 5.0), (1, 5.0), (1, 9.0), (2, 9.0)]
    kept = filtered(door(0.1), rows)
    assert [(at, value) for at, value, _ in kept][:2] == [(0, 1.0), (0, 5.0)]
    assert (1, 9.0, 0) in kept


def test_a_clock_that_is_put_back_is_no_reason_to_hold_anything_back():
    rows = [(10, 1.0), (11, 1.1), (5, 1.0), (6, 1.1), (7, 1.0)]
    for history in (exception(0.5), door(0.5)):
        kept = [row[0] for row in filtered(history, rows)]
        assert kept[:3] == [10, 11, 5]


def test_a_point_that_nothing_follows_comes_out_of_its_door_and_the_next_line_begins_there():
    bands = Deadbands()
    bands.define(0, door(0.1))
    first = bands.push(stream([(0, 0.0), (1, 1.0), (2, 2.0)]), np.zeros(3, np.bool_))
    assert told(first) == [(0, 0.0, 0)]
    assert told(bands.overdue(2 * S)) == []
    assert told(bands.overdue(3 * S)) == [(2 * S, 2.0, 0)]
    assert told(bands.overdue(3 * S)) == []
    assert told(bands.push(stream([(9, 2.0), (20, 2.0)]), np.zeros(2, np.bool_))) == []
    assert told(bands.release_all()) == [(20 * S, 2.0, 0)]


def test_tags_do_not_disturb_each_other_and_their_samples_stay_in_order():
    bands = Deadbands()
    for handle in range(3):
        bands.define(handle, exception(0.5) if handle else door(0.5))
    rows = [(handle, t, float((t * (handle + 1)) % 7)) for t in range(40) for handle in (2, 0, 1)]
    batch = Stream(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64) * S,
        np.array([row[2] for row in rows]),
        np.zeros(len(rows), np.uint8),
        np.arange(len(rows)),
    )
    whole = joined([bands.push(batch, np.zeros(len(rows), np.bool_)), bands.release_all()])
    for handle in range(3):
        alone = filtered(exception(0.5) if handle else door(0.5), [row[1:] for row in rows if row[0] == handle])
        mine = whole.take(whole.handle == handle)
        order = np.argsort(mine.at_us, kind="stable")
        assert [(at / S, value, q) for at, value, q in told(mine.take(order))] == alone


def test_a_tag_without_a_band_is_not_known():
    bands = Deadbands()
    bands.define(5, TagHistory())
    bands.define(6, exception(1))
    assert bands.knows(np.array([5, 6, 70_000], np.int32)).tolist() == [False, True, False]


VALUES = st.one_of(st.floats(-100, 100), st.sampled_from([0.0, 1.0, 1.5, 2.0]))
STEPS = st.lists(st.tuples(st.integers(1, 40), VALUES, st.sampled_from([0, 0, 0, 0, 1, 2])), min_size=1, max_size=60)
CUTS = st.lists(st.integers(1, 59), max_size=5)


def rows_of(steps):
    at = 0
    rows = []
    for wait, value, quality in steps:
        at += wait
        rows.append((at, value, quality))
    return rows


def slack(*values):
    return 1e-9 * max(1.0, *map(abs, values))


@settings(max_examples=150, deadline=None)
@given(STEPS, CUTS, st.sampled_from([0.1, 1.0, 30.0]), st.sampled_from([5.0, 100.0, 1e6]))
def test_a_value_rebuilt_by_holding_is_never_off_by_more_than_the_exception_band(steps, cuts, width, most_s):
    rows = rows_of(steps)
    kept = filtered(exception(width, most_s), rows, cuts)
    assert kept[0] == rows[0]
    assert kept[-1] == rows[-1]
    assert set(kept) <= set(rows)
    for at, value, quality in rows:
        held = [row for row in kept if row[0] <= at][-1]
        assert held[2] == quality
        assert abs(held[1] - value) <= width + slack(value)
    for before, after in pairwise(kept):  # a jump begins at the sample before it
        if abs(after[1] - before[1]) > width + slack(after[1]):
            assert not [row for row in rows if before[0] < row[0] < after[0]]


@settings(max_examples=150, deadline=None)
@given(STEPS, CUTS, st.sampled_from([0.1, 1.0, 30.0]), st.sampled_from([0.0, 0.5]), st.sampled_from([50.0, 1e6]))
def test_a_value_rebuilt_by_straight_lines_is_never_off_by_more_than_both_bands(steps, cuts, width, held, most_s):
    rows = rows_of(steps)
    history = TagHistory(exception=Band(held), compression=Band(width), max_interval_s=most_s)
    kept = filtered(history, rows, cuts)
    assert kept[0] == rows[0]
    assert kept[-1] == rows[-1]
    assert set(kept) <= set(rows)
    for at, value, quality in rows:
        before = [row for row in kept if row[0] <= at][-1]
        after = next(row for row in kept if row[0] >= at)
        assert before[2] == quality
        share = 0.0 if before[0] == after[0] else (at - before[0]) / (after[0] - before[0])
        if before[2] == after[2]:
            assert abs(before[1] + share * (after[1] - before[1]) - value) <= width + 2 * held + slack(value)


@settings(max_examples=60, deadline=None)
@given(STEPS, CUTS, CUTS)
def test_how_samples_are_cut_into_batches_changes_nothing(steps, cuts, others):
    history = TagHistory(exception=Band(0.2), compression=Band(1.0), max_interval_s=100)
    assert filtered(history, rows_of(steps), cuts) == filtered(history, rows_of(steps), others)
