"""Old and new values: an audit trail that never hides what stood there before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.facts import FACTS
from console.services.journal.before_after import Change, Told, changes, replaces


def told(etype: str, **payload: object) -> Told:
    return Told("ab" * 32, etype, payload)


OPENED = told("incident.opened", number="INC-1", title="Fan", description="", impact=3, urgency=2)


@pytest.mark.proves("SEC-48")
def test_a_changed_field_shows_the_newest_value_before_it() -> None:
    first = told("incident.field_set", field="title", value="Fan 2")
    second = told("incident.field_set", field="title", value="Fan 3")
    other = told("incident.field_set", field="impact", value=1)
    assert changes(second, (other, first, OPENED)) == (Change("title", "Fan 2", "Fan 3"),)
    assert changes(other, (first, OPENED)) == (Change("impact", "3", "1"),)


@pytest.mark.proves("SEC-48")
def test_a_move_shows_the_state_before_it_and_who_had_it() -> None:
    assign = told("incident.moved", event="assign", to="assigned", team="IT", agent="u1")
    pend = told("incident.moved", event="pend", to="pending", team="", agent="u2")
    assert changes(assign, (OPENED,)) == (
        Change("state", "new", "assigned"),
        Change("team", "", "IT"),
        Change("agent", "", "u1"),
    )
    assert changes(pend, (assign, OPENED)) == (Change("state", "assigned", "pending"), Change("agent", "u1", "u2"))


def test_a_note_replaces_nothing_but_an_amendment_shows_the_note_it_amends() -> None:
    note = Told("cd" * 32, "incident.noted", {"text": "pump hot"})
    amended = told("incident.note_amended", note="cd" * 32, text="pump cold", reason="typo")
    assert changes(note, (OPENED,))[0].before == ""
    assert changes(amended, (note, OPENED)) == (Change(f"note {'cd' * 8}", "pump hot", "pump cold"),)


def test_rights_and_accounts_show_what_was_given_and_taken() -> None:
    granted = told("user.role_granted", user_id="u", role="engineer", area="Assembly")
    revoked = told("user.role_revoked", user_id="u", role="engineer", area="Assembly", why="left")
    assert changes(revoked, (granted,)) == (Change("role engineer Assembly", "yes", "no"),)
    added = told("user.added", user_id="u")
    assert changes(told("user.disabled", user_id="u"), (added,)) == (Change("enabled", "yes", "no"),)


def test_saying_the_same_again_changes_nothing() -> None:
    again = told("incident.field_set", field="title", value="Fan")
    assert changes(again, (OPENED,)) == ()


def test_every_type_that_replaces_something_is_one_that_exists() -> None:
    from console.services.journal import before_after

    assert set(before_after._WRITES) <= set(FACTS)
    assert not replaces("act.refused")


PAYLOAD = st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)))
FACT = st.builds(Told, st.just("00" * 32), st.sampled_from([*sorted(FACTS), "of.tomorrow"]), PAYLOAD)


@given(FACT, st.lists(FACT, max_size=6))
def test_whatever_a_payload_holds_it_is_told_and_never_equal_on_both_sides(fact: Told, earlier: list[Told]) -> None:
    for change in changes(fact, earlier):
        assert change.before != change.after


def test_a_change_of_a_master_record_tells_every_field_before_and_after():
    earlier = Told("1" * 64, "master_alarm.set", {"key": "a", "values": [["limit", "3"], ["owner", "Team"]]})
    later = Told("2" * 64, "master_alarm.set", {"key": "a", "values": [["limit", "2.5"], ["owner", ""]]})
    assert changes(later, [earlier]) == (Change("limit", "3", "2.5"), Change("owner", "Team", ""))
