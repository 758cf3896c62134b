"""The reorder buffer against a plain model: whatever the network does, order and every message are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.telemetry.reorder import ReorderBuffer


def pushed(buffer: ReorderBuffer[int], number: int, mono_s: float) -> list[int]:
    released, _ = buffer.push(number % 256, hash(("x", number)), 10, number, mono_s)
    return released


@pytest.mark.proves("INV-30")
@given(st.integers(0, 255), st.lists(st.integers(0, 30), max_size=200))
def test_messages_shuffled_within_a_window_come_out_in_order_and_complete(start: int, swaps: list[int]) -> None:
    numbers = [start + 1 + index for index in range(len(swaps))]
    order = sorted(range(len(swaps)), key=lambda index: (index + swaps[index], index))
    buffer: ReorderBuffer[int] = ReorderBuffer()
    buffer.start(start)
    out: list[int] = []
    for index in order:
        out += pushed(buffer, numbers[index], 0.0)
    assert out == numbers
    assert buffer.held == 0


@pytest.mark.proves("P24")
@given(st.lists(st.booleans(), min_size=1, max_size=120))
def test_lost_messages_make_gaps_and_everything_else_comes_in_order(arrives: list[bool]) -> None:
    buffer: ReorderBuffer[int] = ReorderBuffer(2.0)
    buffer.start(0)
    sent = [number for number, is_there in enumerate(arrives, 1) if is_there]
    out: list[int] = []
    gaps = 0
    for number in sent:
        out += pushed(buffer, number, 0.0)
    assert buffer.expire(1.9) == ([], False)
    released, has_gap = buffer.expire(2.0)
    gaps += has_gap
    assert out + released == sent
    assert gaps == (sent != list(range(1, len(sent) + 1)))


@given(st.lists(st.tuples(st.integers(-3, 300), st.integers(0, 5), st.floats(0, 1.5)), max_size=300))
def test_no_message_of_a_mad_sender_is_kept_for_ever_or_given_twice(
    steps: list[tuple[int, int, float]],
) -> None:
    buffer: ReorderBuffer[int] = ReorderBuffer(2.0, 1000)
    mono_s = 0.0
    out: list[int] = []
    for item, (seq, digest, pause) in enumerate(steps):
        mono_s += pause
        out += buffer.push(seq, digest + 1, 10, item, mono_s)[0]
        out += buffer.expire(mono_s)[0]
        due_s = buffer.due_s
        assert due_s is None or due_s > mono_s
        assert buffer.held < 256
    out += buffer.expire(mono_s + 3)[0]
    assert len(out) == len(set(out)) == len(steps) - buffer.duplicates
    assert buffer.held == 0


def test_a_straggler_does_not_turn_the_count_back() -> None:
    buffer: ReorderBuffer[int] = ReorderBuffer(2.0)
    buffer.start(0)
    assert pushed(buffer, 2, 0.0) == []
    assert buffer.expire(2.0) == ([2], True)
    assert pushed(buffer, 1, 2.1) == []
    assert pushed(buffer, 3, 2.2) == [3]
    assert buffer.expire(4.2) == ([1], False)
    assert buffer.late == 1
    assert pushed(buffer, 4, 4.3) == [4]


def test_a_node_that_restarted_unseen_is_followed_after_one_timeout() -> None:
    buffer: ReorderBuffer[int] = ReorderBuffer(2.0)
    buffer.start(99)
    assert pushed(buffer, 40, 0.1) == []
    assert pushed(buffer, 41, 0.2) == []
    assert buffer.expire(2.1) == ([40, 41], True)
    assert pushed(buffer, 42, 2.2) == [42]
