"""Incidents that people found to be one, and those that may be."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.merges import Merges, merge_suggestions

ids = st.integers(1, 9).map(lambda n: UUID(int=n))
pairs = st.lists(st.tuples(ids, ids), max_size=9)


@pytest.mark.proves("INV-5", "INV-11", "P27")
@given(pairs, st.data())
def test_any_order_and_any_repetition_give_the_same_sets_with_the_smallest_id_as_root(made, data):
    again = data.draw(st.lists(st.sampled_from(made))) if made else []
    one, other = Merges(made), Merges(data.draw(st.permutations(made)) + again)
    for n in range(1, 10):
        incident = UUID(int=n)
        assert one.members(incident) == other.members(incident)
        assert one.root(incident) == other.root(incident) == min(one.members(incident))
        assert all(one.root(member) == one.root(incident) for member in one.members(incident))


@given(pairs)
def test_only_what_was_joined_hangs_together(made):
    reach = {UUID(int=n): {UUID(int=n)} for n in range(1, 10)}
    for _ in made:
        for one, other in made:
            reach[one] |= reach[other]
            reach[other] |= reach[one]
    merges = Merges(made)
    joined = {one: {other for other in reach if merges.root(other) == merges.root(one)} for one in reach}
    assert all(reach[one] <= joined[one] for one in reach)
    assert all(len(joined[one]) == len(set(merges.members(one))) for one in reach)


def test_incidents_about_one_occurrence_are_suggested_to_each_other_until_somebody_merges_them():
    a, b, c, d = (UUID(int=n) for n in range(1, 5))
    alarm, later, other = (UUID(int=70), 5), (UUID(int=70), 9), (UUID(int=71), 5)
    links = {a: [alarm, other], b: [alarm], c: [later], d: []}
    assert merge_suggestions(links, Merges()) == {a: (b,), b: (a,)}
    assert merge_suggestions(links, Merges([(b, a)])) == {}


@given(st.dictionaries(ids, st.frozensets(st.tuples(ids, st.integers(0, 2)), max_size=4), max_size=9), pairs)
def test_a_suggestion_is_mutual_and_always_shares_an_alarm(links, made):
    merges = Merges(made)
    found = merge_suggestions(links, merges)
    for one, others in found.items():
        for other in others:
            assert one in found[other]
            assert set(links[one]) & set(links[other])
            assert merges.root(one) != merges.root(other)
