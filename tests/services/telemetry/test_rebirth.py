"""Who may be asked for a rebirth, and when: never a storm."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from console.services.telemetry.rebirth import RebirthDesk

KEY = ("g", "n")


def asked_at(desk: RebirthDesk, until_s: float, *, wanting: bool, step: float = 0.5) -> list[float]:
    out: list[float] = []
    now = 0.0
    while now <= until_s:
        if wanting:
            desk.want(KEY, now)
        out += [now] * len(desk.due(now))
        now += step
    return out


def test_a_node_that_never_answers_is_asked_ever_more_seldom() -> None:
    times = asked_at(RebirthDesk(lambda: 0.5), 3000, wanting=True)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[:6] == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0]
    assert max(pauses) == 300.0


def test_a_birth_ends_the_wish() -> None:
    desk = RebirthDesk(lambda: 0.5)
    desk.want(KEY, 0.0)
    desk.born(KEY)
    assert desk.due(1.0) == []


def test_an_operator_is_not_made_to_wait_by_the_back_off() -> None:
    desk = RebirthDesk(lambda: 0.5)
    desk.want(KEY, 0.0)
    assert desk.due(0.0) == [KEY]
    desk.ask_now(KEY, 1.0)
    assert desk.due(1.0) == [KEY]
    assert desk.requests(KEY) == 2


def test_five_hundred_nodes_after_a_lost_link_take_ten_seconds() -> None:
    desk = RebirthDesk(lambda: 0.5)
    for number in range(500):
        desk.want(("g", str(number)), 0.0)
    when: Counter[int] = Counter()
    for tenth in range(120):
        when[tenth // 10] += len(desk.due(tenth / 10))
    assert sum(when.values()) == 500
    assert max(when.values()) <= 100
    assert all(count <= 51 for second, count in when.items() if second)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 3), st.booleans()), max_size=200),
    st.floats(0, 1, exclude_max=True),
)
def test_no_node_is_asked_twice_within_its_back_off(steps: list[tuple[int, float, bool]], jitter: float) -> None:
    desk = RebirthDesk(lambda: jitter)
    now = 0.0
    last: dict[tuple[str, str], float] = {}
    for number, pause, is_born in steps:
        now += pause
        key = ("g", str(number))
        if is_born:
            desk.born(key)
        else:
            desk.want(key, now)
        for asked in desk.due(now):
            assert now - last.get(asked, -1e9) >= 4.0
            last[asked] = now
