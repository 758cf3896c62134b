"""Rollups say of every bucket what brute force says, however the samples came and however the buckets were made."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.quality import Quality
from console.services.historian import rollup_columns as rc
from console.services.historian.rollups import (
    aggregate,
    coarsen,
    coarsen_many,
    concat,
    expand,
    hold_on,
    roll,
    roll_many,
)
from tests.support.rollup_oracle import buckets, is_number

S = 1_000_000
WIDTH = 10 * S
NAN = math.nan

decimals = st.integers(-99_999, 99_999).map(lambda whole: whole / 100)
anything = st.one_of(
    decimals,
    st.floats(-1e6, 1e6),
    st.sampled_from([NAN, math.inf, -math.inf, -0.0, 1e300, 3.5e38, 1e-300, 2.0**53]),
)
stamps = st.one_of(st.integers(-45, 180).map(lambda second: second * S), st.integers(-45 * S, 180 * S))
qualities = st.sampled_from([0, 0, 0, 1, 2, 3, 5])
sample_lists = st.lists(st.tuples(stamps, anything, qualities), min_size=1, max_size=30)


def rolled(samples, width_us=WIDTH, before=None, until_us=200 * S):
    at, value, quality = zip(*samples, strict=True) if samples else ((), (), ())
    held = None if before is None else rc.Held(*before)
    columns = np.array(at, np.int64), np.array(value, np.float64), np.array(quality, np.uint8)
    return roll(*columns, width_us, held, until_us)


def close(found, exact, size):
    """Equal to a float sum's precision; infinite where the numbers are beyond float64."""
    if not math.isfinite(found):
        return abs(size) > 1e307
    return abs(found - exact) <= 1e-12 * size + 1e-300


def assert_row(row, bucket):
    """One stored or derived row against brute force."""
    assert row["count"] == len(bucket.numbers)
    assert row["untrusted"] == bucket.untrusted
    size = sum(map(abs, bucket.numbers))
    if bucket.numbers:
        assert (row["first"], row["last"]) == (bucket.numbers[0], bucket.numbers[-1])
        low, high = min(bucket.numbers), max(bucket.numbers)
        with np.errstate(over="ignore"):
            assert row["min"] <= low < float(np.nextafter(np.float32(row["min"]), np.float32(np.inf)))
            assert row["max"] >= high > float(np.nextafter(np.float32(row["max"]), np.float32(-np.inf)))
    assert close(row["sum"], bucket.sum, size)
    assert close(row["sum_sq"], bucket.sum_sq, bucket.sum_sq)
    assert row["good_s"] == pytest.approx(bucket.good_us / S, rel=1e-6, abs=2e-5)
    assert row["bad_s"] == pytest.approx(bucket.bad_us / S, rel=1e-6, abs=2e-5)
    np.testing.assert_array_equal([row["tail"], row["tail_quality"]], [bucket.tail, bucket.tail_quality])


def assert_agrees(rollups, samples, before=None, until_us=200 * S):
    found = buckets(samples, rollups.width_us, before, until_us)
    stored = sorted({sample[0] // rollups.width_us for sample in samples})
    assert rollups.k.tolist() == stored
    biggest = max([abs(s[1]) for s in [*samples, *([before] if before else [])] if is_number(s)], default=0.0)
    for number, k in enumerate(stored):
        row = {name: column[number].item() for name, column in rollups.present().items()}
        assert_row(row, found[k])
        assert close(row["integral"], found[k].integral, biggest * rollups.width_us / S)


@settings(max_examples=60, deadline=None)
@given(sample_lists)
def test_every_column_agrees_with_brute_force_whatever_comes_in_whatever_order(samples):
    assert_agrees(rolled(samples), samples)


@settings(max_examples=40, deadline=None)
@given(sample_lists, stamps, anything, qualities)
def test_what_held_before_counts_up_to_the_first_sample(samples, at, value, quality):
    at = min([at, *(sample[0] for sample in samples)])
    before = (at, value, quality)
    first = min(sample[0] for sample in samples) // WIDTH
    rollups = rolled(samples, before=before)
    found = buckets(samples, WIDTH, before, 200 * S)
    assert rollups.k[0] == first
    assert rollups.good_s[0] == pytest.approx(found[first].good_us / S, abs=1e-5)
    assert rollups.bad_s[0] == pytest.approx(found[first].bad_us / S, abs=1e-5)
    assert_agrees(rollups, samples, before)


@settings(max_examples=40, deadline=None)
@given(sample_lists, st.sampled_from([2, 3, 10]), st.integers(0, 200 * S))
def test_wider_buckets_made_of_narrow_ones_agree_with_brute_force(samples, factor, later):
    until = max(sample[0] for sample in samples) + later
    assert_agrees(coarsen(rolled(samples, until_us=until), WIDTH * factor, None, until), samples, until_us=until)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(stamps, decimals, qualities), min_size=1, max_size=40), st.sampled_from([2, 10]))
def test_numbers_of_few_decimals_are_the_same_bits_on_every_road(samples, factor):
    """Narrow buckets first, or in two parts, or at once: sums, squares and integrals are rounded once."""
    at_once = rolled(samples, WIDTH * factor)
    for other in (
        coarsen(rolled(samples), WIDTH * factor, None, 200 * S),
        rolled(samples[::-1], WIDTH * factor) if len({s[0] for s in samples}) == len(samples) else at_once,
    ):
        for name in rc.COLUMNS:
            np.testing.assert_array_equal(getattr(other, name), getattr(at_once, name), err_msg=name)
    found = buckets(samples, WIDTH * factor, None, 200 * S)
    for k, total, square, integral in zip(
        at_once.k.tolist(), at_once.sum.tolist(), at_once.sum_sq.tolist(), at_once.integral.tolist(), strict=True
    ):
        whole = [round(number * 100) for number in found[k].numbers]
        assert total == sum(whole) / 100
        assert square == sum(number**2 for number in whole) / 10_000
        assert integral == pytest.approx(float(found[k].integral), rel=1e-14, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(sample_lists, st.integers(0, 30), st.sampled_from([WIDTH, 3 * WIDTH]))
def test_parts_put_together_are_what_the_whole_is(samples, cut, width):
    samples = sorted(samples, key=lambda sample: sample[0])
    cut = min(cut, len(samples))
    early, late = samples[:cut], samples[cut:]
    if not early or not late:
        return
    ended = early[-1]
    first = hold_on(rolled(early, width, until_us=ended[0]), ended[0], late[0][0])
    if first.k[-1] == late[0][0] // width:
        first = rolled(early, width, until_us=ended[0])
    joined = concat(first, rolled(late, width, before=ended))
    assert_agrees(joined, samples)


@settings(max_examples=40, deadline=None)
@given(sample_lists, st.integers(-8, 20), st.integers(0, 20), st.booleans())
def test_the_empty_buckets_are_derived_from_what_holds(samples, from_k, count, is_cut):
    until = max(sample[0] for sample in samples) + 25 * S
    rollups = rolled(samples, until_us=until)
    before = None
    if is_cut:  # the reader has only the rows of the range, and what held before
        earlier = [sample for sample in sorted(samples, key=lambda s: s[0]) if sample[0] < from_k * WIDTH]
        before = rc.Held(*earlier[-1]) if earlier else None
        rollups = rollups.between(from_k, from_k + count)
    dense = expand(rollups, from_k, from_k + count, before, until)
    found = buckets(samples, WIDTH, None, until)
    assert dense.k.tolist() == list(range(from_k, from_k + count))
    for number, k in enumerate(dense.k.tolist()):
        row = {name: column[number].item() for name, column in dense.present().items()}
        if k not in found:
            assert (row["count"], row["good_s"], row["bad_s"], row["integral"]) == (0, 0, 0, 0)
            assert math.isnan(row["min"]) and math.isnan(row["tail"]) and row["tail_quality"] == Quality.UNKNOWN
            continue
        assert_row(row, found[k])
        if not found[k].numbers and not found[k].untrusted:
            held = found[k].tail if is_number((0, found[k].tail, found[k].tail_quality)) else NAN
            assert (row["min"] <= held <= row["max"]) or (math.isnan(held) and math.isnan(row["min"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), stamps, anything, qualities), min_size=1, max_size=60), st.booleans())
def test_many_tags_at_once_are_each_tag_alone(rows, has_before):
    keys = sorted({row[0] for row in rows})
    at = np.array([row[1] for row in rows], np.int64)
    columns = at, np.array([row[2] for row in rows]), np.array([row[3] for row in rows], np.uint8)
    until = np.array([(200 + key) * S for key in keys], np.int64)
    before = rc.ManyHeld(
        np.array([key % 2 == 0 for key in keys]),
        np.full(len(keys), -60 * S, np.int64),
        np.array([float(key) for key in keys]),
        np.zeros(len(keys), np.uint8),
    )
    key = np.array([row[0] for row in rows], np.uint32)
    many = roll_many(key, *columns, WIDTH, before if has_before else None, until)
    wide = coarsen_many(many, 3 * WIDTH, before if has_before else None, until)
    assert many.key.tolist() == wide.key.tolist() == keys
    for number, (this, mine) in enumerate(many.each()):
        alone = [row[1:] for row in rows if row[0] == this]
        held = (-60 * S, float(this), 0) if has_before and this % 2 == 0 else None
        single = rolled(alone, before=held, until_us=(200 + this) * S)
        broad = coarsen(single, 3 * WIDTH, None if held is None else rc.Held(*held), (200 + this) * S)
        for one, other in ((mine, single), (wide.of(number), broad)):
            for name in rc.COLUMNS:
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@settings(max_examples=60, deadline=None)
@given(sample_lists)
def test_statistics_of_a_range_are_those_of_its_samples(samples):
    told = aggregate(rolled(samples, until_us=180 * S))
    numbers = [sample[1] for sample in sorted(samples, key=lambda s: s[0]) if is_number(sample)]
    assert (told.count, told.untrusted) == (len(numbers), len(samples) - len(numbers))
    if not numbers:
        assert math.isnan(told.mean) and math.isnan(told.min) and math.isnan(told.deviation)
        return
    assert (told.first, told.last) == (numbers[0], numbers[-1])
    assert told.min <= min(numbers) and told.max >= max(numbers)
    if max(map(abs, numbers)) < 1e7:
        assert told.mean == pytest.approx(np.mean(numbers), abs=1e-6)
        if len(numbers) > 1:
            assert told.deviation == pytest.approx(np.std(numbers, ddof=1), rel=1e-5, abs=0.2)


def test_a_level_that_holds_still_has_no_deviation_and_its_own_time_mean():
    told = aggregate(rolled([(0, 101_325.07, 0), (5 * S, 101_325.07, 1), (40 * S, 101_325.07, 0)], until_us=50 * S))
    assert told.time_mean == pytest.approx(101_325.07, rel=1e-7)
    assert told.deviation < 0.01


def test_one_sample_a_year_is_one_bucket_and_the_year_is_derived():
    year = 365 * 86_400
    rollups = rolled([(0, 7.25, 0), (year * S, 9.5, 0)], 10_000 * S, until_us=(year + 1) * S)
    assert len(rollups) == 2
    dense = expand(rollups, 0, year // 10_000 + 1, None, (year + 1) * S)
    assert aggregate(dense).integral == 7.25 * year + 9.5
    assert aggregate(dense).good_s == year + 1
    assert (dense.min[:-1] == 7.25).all() and (dense.count[1:-1] == 0).all()


def test_a_gap_marker_ends_what_held_and_the_gap_is_bad_time():
    rollups = rolled([(0, 5.0, 0), (4 * S, NAN, int(Quality.STALE)), (32 * S, 6.0, 0)], until_us=35 * S)
    dense = expand(rollups, 0, 4, None, 35 * S)
    assert dense.good_s.tolist() == [4, 0, 0, 3]
    assert dense.bad_s.tolist() == [6, 10, 10, 2]
    assert dense.untrusted.tolist() == [1, 0, 0, 0]
    assert np.isnan(dense.min[1:3]).all()
    assert dense.integral.tolist() == [20, 0, 0, 18]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_of_23_or_25_hours_has_the_seconds_and_samples_of_its_clock(day, hours):
    """Buckets are plain UTC; the caller cuts at local midnights, which are bucket borders of 10 s and 100 s."""
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime.fromisoformat(day).replace(tzinfo=zone)
    ends = [moment.astimezone(UTC).timestamp() for moment in (begin, begin + timedelta(days=1))]
    low, high = (int(end) * S for end in ends)
    at = np.arange(low - 3600 * S, high + 3600 * S, 60 * S, dtype=np.int64)
    value = np.arange(at.size) % 7 / 10
    for width in (10 * S, 100 * S):
        rollups = roll(at, value, np.zeros(at.size, np.uint8), width, None, high + 3600 * S)
        told = aggregate(expand(rollups, low // width, high // width, None, high + 3600 * S))
        assert told.count == hours * 60
        assert told.good_s == hours * 3600
        inside = value[(at >= low) & (at < high)]
        assert told.sum == pytest.approx(inside.sum(), rel=1e-12)
        assert told.integral == pytest.approx(inside.sum() * 60, rel=1e-12)


@pytest.mark.parametrize("spike_at", [0, 17, 49_999, 77_777, 105_119])
def test_a_spike_of_one_sample_in_a_year_is_seen_at_every_level_and_width(spike_at):
    step = 300 * S
    n = 365 * 86_400 * S // step
    begin = 1_767_225_600 * S
    at = begin + np.arange(n, dtype=np.int64) * step
    value = np.round(50 + 3 * np.sin(np.arange(n) / 4_000), 2)
    value[spike_at] = 97.3
    level = None
    for width in rc.LEVELS_US:
        until = int(at[-1]) + step
        if level is None:
            level = roll(at, value, np.zeros(n, np.uint8), width, None, until)
        else:
            level = coarsen(level, width, None, until)
        for factor in (1, 2, 3, 7, 50):  # the widths of bars that a plot asks of this level
            bars = coarsen(level, width * factor, None, until)
            bar = at // (width * factor)
            starts = np.flatnonzero(np.diff(bar, prepend=bar[0] - 1))
            exact = np.maximum.reduceat(value, starts)
            assert bars.k.tolist() == bar[starts].tolist()
            assert (bars.max >= exact).all() and (np.nextafter(bars.max, np.float32(0)) < exact).all()
            assert np.flatnonzero(bars.max > 90).tolist() == np.flatnonzero(exact > 90).tolist() != []
            np.testing.assert_array_equal(bars.min, rc.below(np.minimum.reduceat(value, starts)))


@given(st.lists(st.one_of(st.floats(), st.floats(width=32), st.floats(-1e-40, 1e-40)), min_size=1, max_size=20))
def test_bounds_are_the_nearest_single_precision_numbers_on_their_side(values):
    exact = np.array(values)
    for found, side, is_enclosing in (
        (rc.below(exact), -np.inf, rc.below(exact).astype(np.float64) <= exact),
        (rc.above(exact), np.inf, rc.above(exact).astype(np.float64) >= exact),
    ):
        assert (is_enclosing | np.isnan(exact)).all()
        with np.errstate(over="ignore"):
            near = exact.astype(np.float32)
            beyond = np.nextafter(near, np.float32(side))
        has_other = (near > exact) if side < 0 else (near < exact)
        np.testing.assert_array_equal(found, np.where(has_other, beyond, near))


def test_only_the_asked_columns_are_merged():
    rollups = rolled([(0, 1.0, 0), (11 * S, 2.0, 0), (35 * S, 3.0, 2)])
    few = rc.columns_of(WIDTH, {name: getattr(rollups, name) for name in ("k", "min", "max", "tail", "tail_quality")})
    wide = coarsen(few, 2 * WIDTH, None, 60 * S)
    assert wide.max.tolist()[0] == 2 and not wide.has("sum") and not wide.has("integral")
    assert not expand(few, 0, 4, None, 60 * S).has("count")
    assert not concat(few.rows(0, 1), few.rows(1, 3)).has("first")


def test_parts_that_overlap_or_differ_in_width_are_refused():
    rollups = rolled([(0, 1.0, 0), (25 * S, 2.0, 0)])
    with pytest.raises(ValueError, match="in order"):
        concat(rollups, rollups)
    with pytest.raises(ValueError, match="one width"):
        concat(rollups, rolled([(80 * S, 2.0, 0)], 2 * WIDTH))
    with pytest.raises(ValueError, match="multiple"):
        coarsen(rollups, 15 * S, None, 0)
    assert len(concat(rollups, rc.no_rows(WIDTH))) == 2
    assert not len(rolled([]))
    assert not len(coarsen(rc.no_rows(WIDTH), 2 * WIDTH, None, 0))
