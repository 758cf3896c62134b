"""A field that several people set: nothing vanishes unseen, and the order of arrival means nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from console.domain.registers import Register

Write = tuple[bytes, int, str, tuple[bytes, ...]]


@st.composite
def histories(draw: st.DrawFn) -> list[Write]:
    """Writes by people who each knew some of the earlier ones."""
    writes: list[Write] = []
    for i in range(draw(st.integers(1, 8))):
        known = [one[0] for one in writes]
        parents = tuple(draw(st.sets(st.sampled_from(known)))) if known else ()
        writes.append((bytes([i, 7]), draw(st.integers(0, 5)), draw(st.sampled_from("abc")), parents))
    return writes


def filled(writes: list[Write]) -> Register[str]:
    register: Register[str] = Register()
    for by, hlc, value, parents in writes:
        register.put(by, hlc, value, parents)
    return register


@pytest.mark.proves("INV-5", "INV-11")
@given(histories(), st.data())
def test_any_order_and_any_repetition_give_the_same_heads(writes, data):
    shuffled = data.draw(st.permutations(writes)) + data.draw(st.lists(st.sampled_from(writes)))
    assert filled(shuffled).heads() == filled(writes).heads()
    assert filled(shuffled).values() == filled(writes).values()


@pytest.mark.proves("INV-9")
@given(histories())
def test_a_value_leaves_the_heads_only_when_a_later_event_names_it(writes):
    named = {parent for *_, parents in writes for parent in parents}
    assert set(filled(writes).heads()) == {by for by, *_ in writes} - named


def test_the_shown_one_is_the_latest_and_ties_are_broken_by_hash():
    register = filled([(b"\x01", 5, "a", ()), (b"\x02", 5, "b", ()), (b"\x09", 4, "c", ())])
    assert register.values() == ("c", "a", "b")
    assert register.is_disputed()


def test_two_people_who_say_the_same_do_not_dispute():
    register = filled([(b"\x01", 5, "a", ()), (b"\x02", 6, "a", ())])
    assert len(register.heads()) == 2
    assert not register.is_disputed()


def test_rank_goes_before_time():
    register: Register[str] = Register({"open": 2, "shut": 1}.__getitem__)
    register.put(b"\x01", 1, "open")
    register.put(b"\x02", 9, "shut")
    assert register.values()[-1] == "open"


class Consoles(RuleBasedStateMachine):
    """Three consoles write, settle and deliver to each other one event at a time, in any order."""

    writes = Bundle("writes")

    def __init__(self) -> None:
        super().__init__()
        self.consoles: list[Register[str]] = [Register(), Register(), Register()]
        self.made: list[Write] = []
        self.known: list[set[bytes]] = [set(), set(), set()]

    def _take(self, at: int, write: Write) -> None:
        self.consoles[at].put(*write)
        self.known[at].add(write[0])

    @rule(target=writes, at=st.integers(0, 2), value=st.sampled_from("abc"), hlc=st.integers(0, 9))
    def write_knowing_what_stands_here(self, at, value, hlc):
        by = len(self.made).to_bytes(2, "big")
        write = (by, hlc, value, self.consoles[at].heads())
        self.made.append(write)
        self._take(at, write)
        assert self.consoles[at].values() == (value,)
        return write

    @rule(at=st.integers(0, 2), write=writes)
    def one_event_arrives(self, at, write):
        self._take(at, write)

    @invariant()
    def nothing_vanishes_that_nobody_named(self):
        for register, known in zip(self.consoles, self.known, strict=True):
            named = {parent for by, _, _, parents in self.made if by in known for parent in parents}
            assert set(register.heads()) == known - named

    @invariant()
    def who_knows_the_same_shows_the_same(self):
        shown = {frozenset(known): register.values() for register, known in zip(self.consoles, self.known, strict=True)}
        for register, known in zip(self.consoles, self.known, strict=True):
            assert register.values() == shown[frozenset(known)]


Consoles.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
test_consoles_that_deliver_to_each_other_agree = pytest.mark.proves("INV-7", "INV-9", "INV-11")(Consoles.TestCase)
