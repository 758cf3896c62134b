"""How long the room for history lasts, by what was measured; nothing is foretold from nothing."""

from math import inf

from pytest import approx

from console.domain.history.room import DAY_US, LevelUse, forecast


def use(days, size, level_s=0):
    return LevelUse("standard", level_s, size, 0, int(days * DAY_US))


def test_what_grows_by_a_hundred_a_day_fills_a_thousand_in_the_days_that_are_left():
    found = forecast([use(4, 400)], [30], 1_000)
    assert found.per_day == approx(100)
    assert found.days_left == approx(6)
    assert found.is_predictable


def test_what_is_kept_for_fewer_days_than_the_budget_has_room_for_never_fills_it():
    assert forecast([use(4, 400)], [9], 1_000).days_left == inf
    assert forecast([use(9, 900)], [9], 1_000).per_day == 0


def test_levels_stop_growing_one_after_the_other():
    # samples stop after 2 more days (100 a day), rollups go on at 10 a day: 460 -> 680, the last 20 take 2 days more
    levels = [use(4, 400), use(6, 60, 10)]
    found = forecast(levels, [6, 100], 700)
    assert found.size == 460
    assert found.days_left == approx(4)


def test_less_than_an_hour_foretells_nothing():
    found = forecast([use(0.01, 400)], [30], 1_000)
    assert not found.is_predictable
    assert found.per_day is None
    assert not forecast([], [], 1_000).is_predictable


def test_a_full_budget_has_no_days_left_and_none_is_never_full():
    assert forecast([use(4, 1_400)], [30], 1_000).days_left == 0
    assert forecast([use(4, 1_400)], [30], 0).days_left == inf
