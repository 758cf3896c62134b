"""Two islands write on the same incidents: nothing is lost, the most open wins, and a person settles what is left."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.facts import (
    Fact,
    IncidentAlarmLinked,
    IncidentFieldSet,
    IncidentMoved,
    IncidentNoted,
    IncidentOpened,
)
from console.domain.incident_facts import IncidentMerged, IncidentNoteAmended
from console.domain.incidents import TRANSITIONS
from console.services.journal.entries import Entry
from console.services.projection_digest import ProjectionDigest, differing
from console.services.records import IncidentRecord
from console.services.servicedesk.incidents import IncidentDesk
from tests.services.servicedesk.test_incidents import ID, OTHER, entry, h, name_of

CONDITION = UUID(int=77)


def opening(number: str = "INC-1", incident: UUID = ID) -> IncidentOpened:
    return IncidentOpened(incident, number, "Fan stands", 3, 2)


def on(stream: int, made: Entry, seq: int) -> Entry:
    """The same event in another station's stream."""
    return replace(made, stream=UUID(int=stream), seq=seq)


def moved(event: str, to: str, agent: str = "", seen: int = 0, incident: UUID = ID) -> IncidentMoved:
    return IncidentMoved(incident, event, to, "IT" if agent else "", agent, seen=seen)


def shown(entries: list[Entry], incident: UUID = ID) -> IncidentRecord:
    desk = IncidentDesk(name_of)
    desk.apply(entries)
    record = desk.record(incident)
    assert record is not None
    return record


def in_any_order(entries: list[Entry], look: Callable[[IncidentRecord], object], incident: UUID = ID) -> object:
    """What all orders agree on."""
    results = {repr(look(shown(list(order), incident))) for order in permutations(entries)}
    assert len(results) == 1, results
    return look(shown(entries, incident))


@pytest.mark.proves("P28")
@pytest.mark.parametrize(
    ("one", "other"),
    [(a, b) for a in TRANSITIONS for b in TRANSITIONS if a.source is not None and a.source == b.source],
    ids=lambda row: row.event,
)
def test_of_two_moves_made_at_once_the_more_open_state_wins_and_the_other_stays_listed(one, other):
    states = ("cancelled", "closed", "resolved", "pending", "assigned", "new")
    before = entry(2, moved("any", str(one.source)), (h(1),))
    left = entry(3, moved(one.event, str(one.to), "emil"), (h(2),))
    right = on(2, entry(4, moved(other.event, str(other.to), "otto"), (h(2),)), 1)
    state = in_any_order([entry(1, opening()), before, left, right], lambda record: record.state)
    assert state == max(str(one.to), str(other.to), key=states.index)
    record = shown([entry(1, opening()), before, left, right])
    told = {value.value for value in record.competing if value.field == "state"}
    assert told == ({str(one.to), str(other.to)} if one.to != other.to else set())
    assert "agent" in record.conflicts


@pytest.mark.proves("P28")
def test_who_wrote_without_knowing_of_the_closing_is_told_whatever_the_clocks_say():
    start = [entry(1, opening()), entry(2, moved("resolve", "resolved"), (h(1),))]
    known = on(2, entry(3, IncidentNoted(ID, "pump runs")), 1)
    close = entry(4, moved("close", "closed", seen=3), (h(2), h(3)))
    aside = on(2, entry(5, IncidentNoted(ID, "it stands again"), hlc=1), 2)  # an older clock than the closing's
    assert in_any_order([*start, known, close], lambda record: record.is_active_after_close) is False
    assert in_any_order([*start, known, close, aside], lambda record: record.is_active_after_close) is True
    assert in_any_order([*start, known, close, aside], lambda record: record.state) == "closed"


def test_a_closing_of_an_older_version_is_judged_by_the_clock():
    start = [entry(1, opening()), on(2, entry(2, IncidentNoted(ID, "before")), 1)]
    close = entry(5, moved("close", "closed"), (h(1),))
    after = on(2, entry(6, IncidentFieldSet(ID, "title", "again")), 2)
    assert in_any_order([*start, close], lambda record: record.is_active_after_close) is False
    assert in_any_order([*start, close, after], lambda record: record.is_active_after_close) is True


def test_each_disputed_value_is_shown_with_who_and_when_and_a_settlement_ends_it():
    one = entry(2, IncidentFieldSet(ID, "impact", 2), (h(1),), user="u1")
    other = on(2, entry(3, IncidentFieldSet(ID, "impact", 4), (h(1),), user="u2"), 1)
    start = [entry(1, opening()), one, other]
    competing = in_any_order(start, lambda record: record.competing)
    assert [(v.field, v.value, v.who, v.at_us, v.hash) for v in competing] == [
        ("impact", 2, "Olga", 2_000_000, h(2).hex()),
        ("impact", 4, "Lena", 3_000_000, h(3).hex()),
    ]
    settled = entry(4, IncidentFieldSet(ID, "impact", 2), (h(2), h(3)))
    desk = IncidentDesk(name_of)
    counted = []
    for made in (*start, settled):
        desk.apply([made])
        counted.append(desk.disputed)
    assert counted == [0, 0, 1, 0]
    assert in_any_order([*start, settled], lambda record: (record.impact, record.conflicts)) == (2, ())


def test_an_amended_note_shows_its_newest_text_and_what_stood_there_struck_through():
    note = entry(2, IncidentNoted(ID, "pump P1"))
    first = entry(3, IncidentNoteAmended(ID, h(2).hex(), "pump P2", "wrong pump"))
    second = on(2, entry(4, IncidentNoteAmended(ID, h(2).hex(), "pump P3", "seen on site"), user="u2"), 1)
    steps = in_any_order([entry(1, opening()), note, first, second], lambda record: record.steps)
    assert [(step.kind, step.text, step.detail, step.struck) for step in steps[1:]] == [
        ("note", "pump P3", "", ("pump P1", "pump P2")),
        ("amendment", "Note amended", "wrong pump", ()),
        ("amendment", "Note amended", "seen on site", ()),
    ]


@pytest.mark.proves("P27")
def test_two_incidents_for_one_alarm_are_suggested_and_merged_by_a_person_only():
    link = IncidentAlarmLinked(ID, CONDITION, 5, "Fan stands")
    entries = [
        entry(1, opening(number="A")),
        entry(2, link),
        on(2, entry(3, opening(number="B", incident=OTHER)), 1),
        on(2, entry(4, IncidentAlarmLinked(OTHER, CONDITION, 5, "Fan stands")), 2),
    ]
    assert in_any_order(entries, lambda record: [one.number for one in record.suggestions]) == ["B"]
    merged = entry(5, IncidentMerged(OTHER, ID, "same fan"))
    both = [*entries, merged]
    assert in_any_order(both, lambda r: ([one.number for one in r.merged], r.suggestions, r.root)) == (["B"], (), None)
    root = in_any_order(both, lambda record: record.root, OTHER)
    assert (root.incident_id, root.number) == (ID, "A")
    assert shown(both).steps[-1].text == shown(both, OTHER).steps[-1].text == "Merged with another incident"
    closed = entry(6, moved("cancel", "cancelled", incident=OTHER), (h(3),))
    assert in_any_order([*entries, closed], lambda record: record.suggestions) == ()  # nothing is suggested to join


def test_a_merge_tells_both_incidents_anew():
    desk = IncidentDesk(name_of)
    desk.apply([entry(1, opening(number="A")), entry(2, opening(number="B", incident=OTHER))])
    desk.take_delta()
    desk.apply([entry(3, IncidentMerged(OTHER, ID, "same"))])
    assert {record.incident_id for record in desk.take_delta().incidents} == {ID, OTHER}


@pytest.mark.proves("P19", "INV-29")
def test_a_withheld_closing_stands_in_the_history_without_effect_until_it_is_released():
    close = entry(3, moved("cancel", "cancelled"), (h(1),))
    for early in (True, False):
        desk = IncidentDesk(name_of)
        if early:
            desk.withhold([h(3)])
        desk.apply([entry(1, opening()), close])
        desk.withhold([h(3)])
        record = desk.record(ID)
        assert (record.state, record.steps[-1].is_withheld, record.conflicts) == ("new", True, ())
        desk.take_delta()
        desk.release([h(3)])
        record = desk.record(ID)
        assert (record.state, record.steps[-1].is_withheld) == ("cancelled", False)
        assert [one.incident_id for one in desk.take_delta().incidents] == [ID]


def test_a_withheld_merge_joins_nothing_until_it_is_released():
    desk = IncidentDesk(name_of)
    desk.apply([entry(1, opening(number="A")), entry(2, opening(number="B", incident=OTHER))])
    desk.apply([entry(3, IncidentMerged(OTHER, ID, "same"))])
    desk.withhold([h(3)])
    assert (desk.record(OTHER).root, desk.record(ID).merged) == (None, ())
    desk.release([h(3)])
    assert desk.record(OTHER).root.number == "A"


def test_a_withheld_opening_is_no_incident_and_its_number_is_free_for_none():
    desk = IncidentDesk(name_of)
    desk.apply([entry(1, opening(number="A")), entry(2, opening(number="A", incident=OTHER))])
    assert desk.record(OTHER).number == "A/2"
    desk.withhold([h(1)])
    assert desk.record(ID) is None
    assert desk.record(OTHER).number == "A"
    desk.release([h(1)])
    assert desk.record(OTHER).number == "A/2"


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Events of two incidents at three stations, each naming some of what came before."""
    made = [entry(1, opening(number="A")), on(2, entry(2, opening(number="A", incident=OTHER)), 1)]
    seqs = {1: 1, 2: 1, 3: 0}
    for n in range(3, draw(st.integers(4, 9))):
        incident, stream = draw(st.sampled_from([ID, OTHER])), draw(st.integers(1, 3))
        fact = draw(st.sampled_from(_facts(incident, made)))
        about = [one.hash for one in made if one.fact.incident_id == incident]
        parents = tuple(draw(st.sets(st.sampled_from(about), max_size=2)))
        seqs[stream] += 1
        made.append(on(stream, entry(n, fact, parents, hlc=draw(st.integers(1, 5))), seqs[stream]))
    return made


def _facts(incident: UUID, made: list[Entry]) -> list[Fact]:
    return [
        IncidentNoted(incident, "x"),
        IncidentFieldSet(incident, "title", "t"),
        IncidentFieldSet(incident, "impact", 9),
        IncidentAlarmLinked(incident, CONDITION, 5),
        IncidentNoteAmended(incident, made[-1].hash.hex(), "y", "why"),
        IncidentMerged(ID, OTHER, "same"),
        moved("assign", "assigned", "emil", incident=incident),
        moved("close", "closed", seen=2, incident=incident),
        moved("odd", "unheard of", incident=incident),
    ]


@pytest.mark.proves("INV-5", "INV-6", "INV-7", "INV-9", "INV-11")
@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_any_order_batching_repetition_and_withholding_give_the_same_records_and_digests(made, data):
    straight, other = IncidentDesk(name_of), IncidentDesk(name_of)
    straight.apply(made)
    ours, theirs = ProjectionDigest({"incident": straight}), ProjectionDigest({"incident": other})
    ours.digests()
    held = data.draw(st.sets(st.sampled_from([one.hash for one in made])))
    for one in data.draw(st.permutations(made)) + data.draw(st.lists(st.sampled_from(made))):
        other.apply([one])
        if data.draw(st.booleans()):
            other.withhold(held)
            theirs.digests()
        else:
            other.release(held)
    straight.withhold(held)
    other.withhold(held)
    assert straight.snapshot() == other.snapshot()
    assert ours.digests() == theirs.digests()
    straight.release(held)
    other.release(held)
    whole = IncidentDesk(name_of)
    whole.apply(made)
    assert straight.snapshot() == other.snapshot() == whole.snapshot()
    assert ours.digests() == theirs.digests() == ProjectionDigest({"incident": whole}).digests()


@pytest.mark.proves("INV-7")
def test_a_difference_is_found_in_its_bucket_and_ends_when_the_bucket_is_rebuilt():
    entries = [entry(1, opening()), entry(2, opening(number="B", incident=OTHER)), entry(3, IncidentNoted(ID, "x"))]
    desks = IncidentDesk(name_of), IncidentDesk(name_of)
    digests = [ProjectionDigest({"incident": desk}) for desk in desks]
    desks[0].apply(entries)
    desks[1].apply(entries[:2])
    found = differing(digests[0].digests(), digests[1].digests())
    assert len(found) == 1
    assert digests[1].ids_in(found[0]) == (ID,)
    desks[1].rebuild(ID, [one for one in entries if one.fact.incident_id == ID])
    assert differing(digests[0].digests(), digests[1].digests()) == ()
    assert desks[0].snapshot() == desks[1].snapshot()
