"""What hides an alarm on purpose never hides it longer than granted, and any doubt shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.acknowledgement import AHEAD_US
from console.domain.shelving import LONGEST_S, OutOfService, Shelf, Shelved, Taken, is_over, shelved

S = 1_000_000
T = 1_700_000_000 * S
HOUR = 3600
TEN_YEARS = 10 * 366 * 86400 * S

Write = tuple[bytes, int, Shelved | None, tuple[bytes, ...]]


@st.composite
def histories(draw: st.DrawFn) -> list[Write]:
    writes: list[Write] = []
    for n in range(draw(st.integers(1, 7))):
        known = [one[0] for one in writes]
        parents = tuple(draw(st.sets(st.sampled_from(known)))) if known else ()
        value = None
        if draw(st.booleans()):
            value = shelved(T, T + draw(st.integers(0, 100)) * 60 * S, HOUR)
        writes.append((bytes([n, 3]), draw(st.integers(0, 4)), value, parents))
    return writes


def shelf_of(writes: list[Write]) -> Shelf:
    shelf = Shelf()
    for write in writes:
        shelf.put(*write)
    return shelf


def service_of(writes: list[Write]) -> OutOfService:
    service = OutOfService()
    for by, hlc, value, parents in writes:
        service.put(by, hlc, None if value is None else Taken("eva"), parents)
    return service


@pytest.mark.proves("INV-5", "INV-11", "ALARM-F47")
@given(histories(), st.data())
def test_any_order_and_any_repetition_give_the_same_shelf(writes, data):
    shuffled = data.draw(st.permutations(writes)) + data.draw(st.lists(st.sampled_from(writes)))
    assert shelf_of(shuffled).granted() == shelf_of(writes).granted()
    assert shelf_of(shuffled).heads() == shelf_of(writes).heads()
    assert service_of(shuffled).taken() == service_of(writes).taken()


@pytest.mark.proves("INV-20", "INV-22")
@given(histories())
def test_as_long_as_anybody_unshelved_at_the_same_time_the_alarm_is_visible(writes):
    named = {parent for *_, parents in writes for parent in parents}
    heads = [value for by, _hlc, value, _parents in writes if by not in named]
    granted = shelf_of(writes).granted()
    if any(value is None for value in heads):
        assert granted is None
        assert service_of(writes).taken() is None
    else:
        assert granted is not None
        assert granted.until_us == min(value.until_us for value in heads if value is not None)
        assert service_of(writes).taken() == Taken("eva")


@pytest.mark.proves("ALARM-F24", "ALARM-T21")
@pytest.mark.proves("INV-21")
@given(
    st.integers(-TEN_YEARS, TEN_YEARS),
    st.integers(-TEN_YEARS, 2 * TEN_YEARS),
    st.integers(-5, 10 * LONGEST_S),
    st.integers(-TEN_YEARS, TEN_YEARS),
)
def test_a_shelf_is_over_at_its_class_maximum_whatever_the_clocks_say(wall, until, max_s, now):
    shelf = shelved(wall, until, max_s)
    assert 0 <= shelf.lasts_us <= min(max(max_s, 0), LONGEST_S) * S
    assert is_over(shelf, now, LONGEST_S)  # a day on the monotonic clock ends every shelf
    assert is_over(shelf, now, max(max_s, 0))
    assert is_over(shelf, wall + max(max_s, 0) * S, 0)


def test_a_shelf_hides_while_both_clocks_agree_and_ends_with_the_first_that_says_so():
    shelf = shelved(T, T + 600 * S, HOUR)
    assert not is_over(shelf, T + 599 * S, 599)
    assert is_over(shelf, T + 600 * S, 10)  # the wall clock
    assert is_over(shelf, T + 10 * S, 600)  # the monotonic one, after the wall clock was set back


@pytest.mark.proves("INV-22", "P6", "ALARM-F35", "ALARM-T21")
def test_a_clock_that_stands_before_the_shelving_is_in_doubt_and_shows_the_alarm():
    shelf = shelved(T, T + 600 * S, HOUR)
    assert not is_over(shelf, T - AHEAD_US, 0)
    assert is_over(shelf, T - AHEAD_US - 1, 0)
