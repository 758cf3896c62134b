"""How a figure goes with what is produced."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.history.load import increases, relation

NAN = float("nan")


def test_a_server_that_works_for_the_line_goes_with_it() -> None:
    rng = Random(1)
    load = [rng.uniform(0, 400) for _ in range(300)]
    found = relation(load, [20 + 0.1 * x + rng.gauss(0, 3) for x in load])
    assert found.pearson == pytest.approx(0.97, abs=0.03)
    assert found.per_load == pytest.approx(0.1, rel=0.1)
    assert found.at_rest is not None
    assert found.at_full is not None
    assert found.at_full > found.at_rest + 20


def test_ranks_see_what_a_straight_line_does_not() -> None:
    load = [float(k * 37 % 60) for k in range(60)]
    found = relation(load, [math.exp(x / 6) for x in load])
    assert found.spearman == pytest.approx(1.0)
    assert found.pearson is not None
    assert found.pearson < 0.8


def test_a_disk_that_only_fills_is_no_matter_of_load() -> None:
    rng = Random(2)
    load = [0.0 if k > 120 else rng.uniform(200, 400) for k in range(168)]  # the weekend comes last
    found = relation(load, [40 + 0.05 * k + rng.gauss(0, 0.05) for k in range(168)])
    assert found.is_steady
    assert found.spearman is None


def test_too_few_hours_say_nothing() -> None:
    assert relation([1.0] * 11, [2.0] * 11).pearson is None
    assert relation([1.0, NAN] * 20, [2.0] * 40).count == 20


def test_a_figure_that_never_changes_goes_with_nothing() -> None:
    found = relation([float(k) for k in range(40)], [7.0] * 40)
    assert (found.pearson, found.per_load) == (None, 0.0)
    assert relation([3.0] * 40, [float(k) for k in range(40)]).per_load is None


def test_a_counter_that_was_reset_leaves_a_gap_and_no_leap() -> None:
    grown = increases([100.0, 130.0, 5.0, 25.0, NAN, 60.0, 61.0])
    assert [None if math.isnan(v) else v for v in grown] == [None, 30.0, None, 20.0, None, None, 1.0]


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), max_size=80))
def test_whatever_comes_a_correlation_stays_one(pairs: list[tuple[float, float]]) -> None:
    found = relation([x for x, _ in pairs], [y for _, y in pairs])
    for value in (found.pearson, found.spearman):
        assert value is None or -1 <= value <= 1
    if found.bins:
        assert sum(one.count for one in found.bins) == found.count == len(pairs)
