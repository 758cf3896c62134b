"""How long a stream rests that could not be moved on."""

from uuid import UUID

from console.services.sync.resting import FIRST_S, LONGEST_S, Resting

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_stream_that_fails_again_and_again_rests_longer_each_time_up_to_a_limit() -> None:
    resting, now_s, taken = Resting(), 100.0, []
    for _ in range(8):
        resting.put([ONE], now_s)
        began_s = now_s
        while ONE in resting.now(now_s):
            now_s += 0.5
        taken.append(now_s - began_s)
    assert taken[0] == FIRST_S
    assert taken == sorted(taken)
    assert taken[-1] == LONGEST_S


def test_a_stream_that_moved_begins_anew_and_others_keep_resting() -> None:
    resting = Resting()
    for _ in range(4):
        resting.put([ONE, OTHER], 0.0)
    resting.moved([ONE])
    assert resting.now(FIRST_S) == {OTHER}
    resting.put([ONE], 10.0)
    assert resting.now(10.0 + FIRST_S / 2) == {ONE}
    assert resting.now(10.0 + FIRST_S) == set()
