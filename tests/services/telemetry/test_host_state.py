"""The STATE of this host: stamps only rise, and every lie about us has an answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.telemetry.host_state import HostState, Reply

NOW_US = 1_790_000_000_000_000
NOW_MS = NOW_US // 1000


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_stamps_of_connections_rise_even_when_the_clock_is_set_back(steps: list[int]) -> None:
    state = HostState("h")
    now_us, stamps = NOW_US, []
    for step in steps:
        now_us += step
        will = json.loads(state.begin(now_us))
        birth = json.loads(state.birth())
        assert will == {"online": False, "timestamp": birth["timestamp"]}
        assert json.loads(state.death(now_us))["timestamp"] >= birth["timestamp"]
        stamps.append(birth["timestamp"])
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"", Reply.REPUBLISH),
        (b"\xff", Reply.REPUBLISH),
        (b"[]", Reply.REPUBLISH),
        ({"online": False, "timestamp": NOW_MS}, Reply.REPUBLISH),
        ({"online": False, "timestamp": 5}, Reply.REPUBLISH),
        ({"online": True, "timestamp": NOW_MS}, Reply.NOTHING),
        ({"online": True, "timestamp": NOW_MS - 1}, Reply.FOREIGN),
        ({"online": False, "timestamp": NOW_MS + 1000}, Reply.RECONNECT),
        ({"online": False, "timestamp": NOW_MS + 10**9}, Reply.FOREIGN),
        ({"online": False, "timestamp": float("inf")}, Reply.REPUBLISH),
    ],
)
def test_every_message_about_us_has_its_answer(said: object, reply: Reply) -> None:
    state = HostState("h")
    state.begin(NOW_US)
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    assert state.judge(raw, NOW_US) == reply


@given(st.binary(max_size=60) | st.text(alphabet='{}"online:truefalse,timestamp0123456789[]', max_size=60))
def test_no_message_about_us_can_hurt(body: bytes | str) -> None:
    state = HostState("h")
    state.begin(NOW_US)
    assert state.judge(body if isinstance(body, bytes) else body.encode(), NOW_US) in Reply


def test_after_a_newer_foreign_death_the_next_stamp_is_newer_still() -> None:
    state = HostState("h")
    state.begin(NOW_US)
    foreign = NOW_MS + 200_000
    assert state.judge(json.dumps({"online": False, "timestamp": foreign}).encode(), NOW_US) == Reply.RECONNECT
    assert json.loads(state.begin(NOW_US + 1000))["timestamp"] > foreign
