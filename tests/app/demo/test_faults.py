"""The fault board: a visible schedule, and the hand of the operator above it."""

import tomllib

import pytest

from console.app.demo.faults import FAULTS, Fault, FaultBoard
from console.domain.refusal import Refused
from console.ui.resources import resource
from tests.app.demo.plant import NOON_US, SECOND_US

ROW = Fault("leak", "A leak", (), first_s=60, lasts_s=10, every_s=100)
HAND = Fault("hand", "By hand only", ())


def _board(*, is_scheduled: bool = True) -> FaultBoard:
    return FaultBoard(NOON_US, is_scheduled=is_scheduled, faults=(ROW, HAND))


def _at(seconds: float) -> int:
    return NOON_US + int(seconds * SECOND_US)


def test_a_scheduled_fault_comes_stays_and_comes_again() -> None:
    board = _board()
    turns = [(second, on) for second in range(280) for _, on in board.tick(_at(second))]
    assert turns == [(60, True), (70, False), (160, True), (170, False), (260, True), (270, False)]


def test_the_list_says_when_a_fault_comes_next_and_when_it_ends() -> None:
    board = _board()
    assert board.states(_at(10))[0].next_us == _at(60)
    board.tick(_at(62))
    state = board.states(_at(62))[0]
    assert (state.is_on, state.by_hand, state.since_us) == (True, False, _at(62))
    assert (state.ends_us, state.next_us) == (_at(70), _at(160))


def test_a_fault_set_by_hand_outlasts_the_schedule() -> None:
    board = _board()
    board.tick(_at(60))
    board.set("leak", True, _at(65))
    board.tick(_at(75))
    assert [fault.name for fault in board.active()] == ["leak"]
    assert board.states(_at(75))[0].by_hand
    board.tick(_at(165))
    assert not board.states(_at(165))[0].by_hand
    board.tick(_at(175))
    assert board.active() == []


def test_a_fault_switched_off_by_hand_stays_off_until_its_next_turn() -> None:
    board = _board()
    board.tick(_at(60))
    assert board.set("leak", False, _at(63))
    assert not board.set("leak", False, _at(64))
    assert [board.tick(_at(second)) for second in range(64, 160)] == [[]] * 96
    assert board.tick(_at(160)) == [(ROW, True)]


def test_without_a_schedule_nothing_comes_by_itself() -> None:
    board = _board(is_scheduled=False)
    assert not [turn for second in range(400) for turn in board.tick(_at(second))]
    assert board.states(_at(0))[0].next_us == 0


def test_every_shipped_fault_has_a_german_text_and_its_own_name() -> None:
    german = tomllib.loads((resource("translations", "de", "demo.toml")).read_text(encoding="utf-8"))
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 14
    assert not {fault.text for fault in FAULTS} - german.keys()


def test_scheduled_faults_leave_time_between_them() -> None:
    for fault in FAULTS:
        assert fault.every_s == 0 or fault.first_s > 0 < fault.lasts_s < fault.every_s


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(Refused):
        FaultBoard(NOON_US).set("earthquake", True, NOON_US)
