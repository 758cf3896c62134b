"""A field that several people set: nothing vanishes unseen, and the order of arrival means nothing."""

from hypothesis import given
from hypothesis import strategies as st

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


@given(histories(), st.data())
def test_any_order_and_any_repetition_give_the_same_heads(writes, data):
    shuffled = data.draw(st.permutations(writes)) + data.draw(st.lists(st.sampled_from(writes)))
    assert filled(shuffled).heads() == filled(writes).heads()
    assert filled(shuffled).values() == filled(writes).values()


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
