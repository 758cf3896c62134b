"""Incidents follow from the journal: every console that has the same entries shows the same records."""

from collections.abc import Callable
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.alarms import Occurrence
from console.domain.facts import (
    AlarmCommented,
    Fact,
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.services.journal.entries import Actor, Entry
from console.services.records import IncidentRecord
from console.services.servicedesk.incidents import IncidentDesk

ID = UUID(int=5)
OTHER = UUID(int=6)
NAMES = {"u1": "Olga", "u2": "Lena"}


def name_of(user_id: str) -> str:
    return NAMES.get(user_id, user_id)


def entry(n: int, fact: Fact, parents: tuple[bytes, ...] = (), user: str = "u1", hlc: int | None = None) -> Entry:
    return Entry(
        rid=n,
        hash=bytes([n]) * 32,
        stream=UUID(int=1),
        seq=n,
        prev=b"",
        hlc=n if hlc is None else hlc,
        wall_us=n * 1_000_000,
        station=UUID(int=2),
        station_code="A1",
        actor=Actor(user),
        fact=fact,
        etype=fact.etype,
        ever=1,
        entity_type=fact.entity_type,
        entity_id=str(ID),
        reason="",
        parents=parents,
        payload_json="",
        is_own=True,
    )


def h(n: int) -> bytes:
    return bytes([n]) * 32


OPENED = IncidentOpened(ID, "INC-1", "Fan stands", 3, 2, "It hums.", (UUID(int=9),))


def desk_of(*entries: Entry) -> IncidentDesk:
    desk = IncidentDesk(name_of)
    desk.apply(entries)
    return desk


def record_of(*entries: Entry) -> IncidentRecord:
    record = desk_of(*entries).record(ID)
    assert record is not None
    return record


def test_an_opened_incident_is_new_with_its_priority_and_opener():
    record = record_of(entry(1, OPENED), entry(2, IncidentAlarmLinked(ID, UUID(int=7), 50, "Fan off")))
    assert (record.number, record.state, record.priority, record.title) == ("INC-1", "new", 3, "Fan stands")
    assert (record.opened_by, record.opened_by_id, record.opened_us) == ("Olga", "u1", 1_000_000)
    assert record.alarms == ((UUID(int=7), 50, "Fan off"),)
    assert record.assets == (UUID(int=9),)
    assert record.notes == ((1_000_000, "Olga", "Opened: Fan stands"),)
    assert "assign-incident" in record.allowed


def test_a_life_in_the_timeline():
    record = record_of(
        entry(1, OPENED),
        entry(2, IncidentMoved(ID, "assign", "assigned", "IT", "u2"), (h(1),)),
        entry(3, IncidentNoted(ID, "fan ordered"), user="u2"),
        entry(4, IncidentFieldSet(ID, "impact", 1), (h(1),)),
        entry(5, IncidentMoved(ID, "resolve", "resolved", "IT", "u2", "replaced", "new fan"), (h(2),), user="u2"),
    )
    assert (record.state, record.priority, record.agent, record.agent_id) == ("resolved", 1, "Lena", "u2")
    assert [text for _, _, text in record.notes] == [
        "Opened: Fan stands",
        "Assigned: IT, Lena",
        "fan ordered",
        "Resolved: replaced, new fan",
    ]
    assert [(step.kind, step.text, step.detail) for step in record.steps][3] == ("field", "Impact changed", "1")
    assert record.conflicts == ()
    assert record.changed_us == 5_000_000


def test_two_titles_at_the_same_time_are_both_kept_and_shown_as_a_conflict():
    both = (
        entry(1, OPENED),
        entry(2, IncidentFieldSet(ID, "title", "Fan broken"), (h(1),)),
        entry(3, IncidentFieldSet(ID, "title", "Fan dirty"), (h(1),)),
    )
    record = record_of(*both)
    assert record.title == "Fan dirty"
    assert record.conflicts == ("title",)
    assert record.concurrent == (("title", ("Fan broken", "Fan dirty")),)
    settled = record_of(*both, entry(4, IncidentFieldSet(ID, "title", "Fan broken"), (h(2), h(3))))
    assert (settled.title, settled.conflicts, settled.concurrent) == ("Fan broken", (), ())


def test_of_concurrent_states_the_most_open_one_stands():
    record = record_of(
        entry(1, OPENED),
        entry(2, IncidentMoved(ID, "assign", "assigned", "IT", "u2"), (h(1),)),
        entry(3, IncidentMoved(ID, "pend", "pending", "IT", "u2", reason="part"), (h(2),)),
        entry(9, IncidentMoved(ID, "resolve", "resolved", "IT", "u2", "fixed", "done"), (h(2),)),
    )
    assert record.state == "pending"
    assert record.conflicts == ("state",)


def test_two_agents_at_the_same_time_are_a_conflict():
    record = record_of(
        entry(1, OPENED),
        entry(2, IncidentMoved(ID, "assign", "assigned", "IT", "u1"), (h(1),)),
        entry(3, IncidentMoved(ID, "assign", "assigned", "IT", "u2"), (h(1),)),
    )
    assert (record.agent, record.conflicts) == ("Lena", ("agent",))


def test_facts_before_their_opening_wait_for_it():
    desk = desk_of(entry(2, IncidentNoted(ID, "early")))
    assert desk.record(ID) is None
    assert desk.incident(ID) is None
    assert desk.snapshot().incidents == ()
    desk.apply([entry(1, OPENED)])
    assert [step.text for step in desk.record(ID).steps] == ["Opened", "early"]


def test_nonsense_from_another_version_changes_nothing_and_stops_nothing():
    record = record_of(
        entry(1, OPENED),
        entry(2, IncidentFieldSet(ID, "impact", 17), (h(1),)),
        entry(3, IncidentFieldSet(ID, "colour", "red")),
        entry(4, IncidentMoved(ID, "merge", "merged"), (h(1),)),
        entry(5, IncidentNoted(ID, "still here")),
    )
    assert (record.state, record.impact, record.notes[-1][2]) == ("new", 3, "still here")


def test_an_opening_with_impossible_grades_shows_as_the_most_urgent():
    record = record_of(entry(1, IncidentOpened(ID, "INC-1", "x" * 300, 0, 9)))
    assert (record.priority, len(record.title)) == (1, 300)


def test_a_rule_that_opens_on_two_stations_makes_one_incident():
    first = entry(1, OPENED)
    second = entry(2, IncidentOpened(ID, "INC-2", "Fan stands", 3, 2, "It hums."), user="u2")
    record = record_of(second, first)
    assert (record.number, record.opened_by, record.conflicts) == ("INC-1", "Olga", ())


def test_two_incidents_with_one_number_are_told_apart():
    desk = desk_of(entry(1, OPENED), entry(2, IncidentOpened(OTHER, "INC-1", "Other", 3, 2)))
    assert {record.number for record in desk.snapshot().incidents} == {"INC-1", "INC-1/2"}
    assert desk.by_number("inc-1").incident_id == ID
    assert desk.by_number("INC-1/2").incident_id == OTHER
    assert desk.by_number("INC-3") is None


def test_the_second_bearer_of_a_number_changes_how_the_first_is_shown():
    desk = desk_of(entry(2, OPENED))
    desk.take_delta()
    desk.apply([entry(1, IncidentOpened(OTHER, "INC-1", "Other", 3, 2))])
    assert {record.number for record in desk.take_delta().incidents} == {"INC-1", "INC-1/2"}


def test_when_an_earlier_opening_takes_the_number_away_the_other_bearer_is_shown_without_suffix():
    desk = desk_of(entry(2, OPENED), entry(3, IncidentOpened(OTHER, "INC-1", "Other", 3, 2)))
    assert desk.record(OTHER).number == "INC-1/2"
    desk.take_delta()
    desk.apply([entry(1, IncidentOpened(ID, "INC-9", "Fan stands", 3, 2))])
    assert {record.number for record in desk.take_delta().incidents} == {"INC-9", "INC-1"}


def test_deltas_carry_only_what_changed_and_duplicates_change_nothing():
    desk = desk_of(entry(1, OPENED), entry(2, IncidentOpened(OTHER, "INC-2", "Other", 3, 2)))
    assert [record.number for record in desk.take_delta().incidents] == ["INC-1", "INC-2"]
    assert not desk.is_changed
    desk.apply([entry(1, OPENED), entry(3, AlarmCommented(UUID(int=7), 1, "no incident"))])
    assert desk.take_delta().incidents == ()
    desk.apply([entry(4, IncidentNoted(OTHER, "x"))])
    delta = desk.take_delta()
    assert not delta.is_snapshot
    assert [record.number for record in delta.incidents] == ["INC-2"]
    assert len(desk.snapshot().incidents) == 2


def test_an_incident_is_in_the_centre_when_all_its_entries_are():
    desk = desk_of(entry(1, OPENED), entry(2, IncidentNoted(ID, "x")))
    desk.mark_in_centre([h(1), h(99)])
    assert desk.record(ID).places == "this PC"
    desk.take_delta()
    desk.mark_in_centre([h(2)])
    assert [record.places for record in desk.take_delta().incidents] == ["in the centre"]
    desk.apply([entry(3, IncidentNoted(ID, "y"))])
    assert desk.record(ID).places == "this PC"


def test_the_open_incident_of_an_alarm_is_found_until_it_is_closed():
    linked = entry(2, IncidentAlarmLinked(ID, UUID(int=7), 50, "Fan off"))
    desk = desk_of(entry(1, OPENED), linked)
    assert desk.open_for(UUID(int=7)).number == "INC-1"
    assert desk.open_for_occurrence(Occurrence(UUID(int=7), 50)).number == "INC-1"
    assert desk.open_for_occurrence(Occurrence(UUID(int=7), 51)) is None
    assert desk.open_for(UUID(int=8)) is None
    desk.apply([entry(3, IncidentMoved(ID, "cancel", "cancelled", reason="test"), (h(1),))])
    assert desk.open_for(UUID(int=7)) is None


def test_a_renamed_person_is_shown_everywhere():
    names = dict(NAMES)
    desk = IncidentDesk(lambda user_id: names[user_id])
    desk.apply([entry(1, OPENED)])
    desk.take_delta()
    names["u1"] = "Olga Neu"
    desk.renamed()
    assert desk.take_delta().incidents[0].opened_by == "Olga Neu"


def test_of_two_links_to_one_alarm_the_first_names_it():
    links = [entry(n, IncidentAlarmLinked(ID, UUID(int=7), 50, f"name {n}")) for n in (2, 3)]
    for arrival in (links, links[::-1]):
        assert record_of(entry(1, OPENED), *arrival).alarms == ((UUID(int=7), 50, "name 2"),)


Make = Callable[[UUID, int], Fact]
MAKERS: tuple[Make, ...] = (
    lambda i, n: IncidentOpened(i, f"INC-{n % 3}", f"title {n}", n % 4 + 1, n % 3 + 1),
    lambda i, n: IncidentNoted(i, f"note {n}"),
    lambda i, n: IncidentAlarmLinked(i, UUID(int=n % 2), 50, f"alarm {n}"),
    lambda i, n: IncidentFieldSet(i, ("title", "impact", "nonsense")[n % 3], (f"t{n}", n % 6, 1)[n % 3]),
    lambda i, n: IncidentMoved(i, "assign", "assigned", "team", f"u{n % 3}"),
    lambda i, n: IncidentMoved(i, "resolve", "resolved", "team", "u1", "fixed", "done"),
    lambda i, n: IncidentMoved(i, "close", "closed"),
    lambda i, n: IncidentMoved(i, "merge", "merged"),
)


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    """What several consoles wrote, each knowing some of the earlier entries."""
    entries: list[Entry] = []
    for n in count(1):
        make = draw(st.sampled_from(MAKERS))
        known = [one.hash for one in entries]
        parents = tuple(draw(st.lists(st.sampled_from(known), max_size=3, unique=True))) if known else ()
        incident_id = draw(st.sampled_from((ID, OTHER)))
        entries.append(
            entry(n, make(incident_id, n), parents, draw(st.sampled_from(("u1", "u2"))), draw(st.integers(0, 5)))
        )
        if n >= 14 or not draw(st.integers(0, 8)):
            return entries
    raise AssertionError


@given(journals(), st.data())
def test_any_order_of_arrival_with_any_repetition_gives_the_same_records(journal, data):
    in_order = desk_of(*journal)
    shuffled = data.draw(st.permutations(journal)) + data.draw(st.lists(st.sampled_from(journal), max_size=5))
    other = IncidentDesk(name_of)
    for one in shuffled:
        other.apply([one])
        if data.draw(st.booleans()):
            other.take_delta()
    assert other.snapshot() == in_order.snapshot()
    for condition in range(2):
        assert other.open_for(UUID(int=condition)) == in_order.open_for(UUID(int=condition))


@given(journals())
def test_the_deltas_together_make_the_snapshot(journal):
    desk = IncidentDesk(name_of)
    shown: dict[UUID, IncidentRecord] = {}
    for one in journal:
        desk.apply([one])
        shown.update((record.incident_id, record) for record in desk.take_delta().incidents)
    assert shown == {record.incident_id: record for record in desk.snapshot().incidents}


@pytest.mark.parametrize("state", ["new", "assigned", "pending", "resolved", "closed", "cancelled"])
def test_every_stored_state_can_be_shown(state):
    record = record_of(entry(1, OPENED), entry(2, IncidentMoved(ID, "x", state), (h(1),)))
    assert record.state == state
