"""Every row of the incident's table is walked, and every pair that has no row is refused."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from console.domain import commands as c
from console.domain.alarms import Occurrence
from console.domain.facts import IncidentAlarmLinked, IncidentFieldSet, IncidentMoved, IncidentNoted, IncidentOpened
from console.domain.incidents import (
    DERIVED,
    FIELDS,
    LINKS,
    MOVES,
    OPENNESS,
    TRANSITIONS,
    Circumstances,
    Effect,
    Incident,
    IncidentState,
    ReopenWindow,
    allowed,
    edit,
    link_alarms,
    move,
    note,
    open_incident,
    priority,
)
from console.domain.people import Role
from console.domain.refusal import Refused

ID = UUID(int=5)
DAY = 86_400_000_000
BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = int(datetime(2026, 11, 18, 10, tzinfo=BERLIN).timestamp()) * 1_000_000
AT = Circumstances(WEDNESDAY)
COMMANDS = {
    c.AssignIncident: c.AssignIncident(ID, "Maintenance", "u7"),
    c.PendIncident: c.PendIncident(ID, "spare part ordered"),
    c.ResumeIncident: c.ResumeIncident(ID),
    c.ResolveIncident: c.ResolveIncident(ID, "replaced", "New fan fitted."),
    c.ReopenIncident: c.ReopenIncident(ID, "fan stands still again"),
    c.CloseIncident: c.CloseIncident(ID),
    c.CancelIncident: c.CancelIncident(ID, "was a test"),
}
STORED = [state for state in IncidentState if state not in DERIVED]


def incident(state: IncidentState = IncidentState.ASSIGNED, **changes) -> Incident:
    heads = {"state": (b"s",), **dict.fromkeys(FIELDS, (b"o",))}
    known = Incident(ID, "INC-1", state, "u1", "Fan", "", 3, 2, "Shop IT", "u3", WEDNESDAY - DAY, frozenset(), heads)
    return replace(known, **changes)


# Written from the page, not from the table.
WALK = [
    (IncidentState.NEW, c.AssignIncident, "assign", IncidentState.ASSIGNED, Effect.STOP_TTO),
    (IncidentState.ASSIGNED, c.AssignIncident, "reassign", IncidentState.ASSIGNED, Effect.RUN_ON),
    (IncidentState.ASSIGNED, c.PendIncident, "pend", IncidentState.PENDING, Effect.PAUSE_TTR),
    (IncidentState.PENDING, c.ResumeIncident, "resume", IncidentState.ASSIGNED, Effect.RESUME_TTR),
    (IncidentState.ASSIGNED, c.ResolveIncident, "resolve", IncidentState.RESOLVED, Effect.STOP_TTR),
    (IncidentState.RESOLVED, c.ReopenIncident, "reopen", IncidentState.ASSIGNED, Effect.RESUME_TTR),
    (IncidentState.RESOLVED, c.CloseIncident, "close", IncidentState.CLOSED, Effect.SEAL),
    (IncidentState.NEW, c.CancelIncident, "cancel", IncidentState.CANCELLED, Effect.VOID_CLOCKS),
    (IncidentState.ASSIGNED, c.CancelIncident, "cancel", IncidentState.CANCELLED, Effect.VOID_CLOCKS),
    (IncidentState.PENDING, c.CancelIncident, "cancel", IncidentState.CANCELLED, Effect.VOID_CLOCKS),
]


@pytest.mark.proves("SEC-49")
def test_the_table_has_exactly_the_rows_of_the_page():
    rows = {(row.source, row.command, row.event, row.to, row.effect) for row in TRANSITIONS}
    create = (None, c.OpenIncident, "create", IncidentState.NEW, Effect.START_CLOCKS)
    assert rows == {create, *WALK}
    assert len(TRANSITIONS) == len(rows)


@pytest.mark.proves("SEC-49")
@pytest.mark.parametrize(("source", "command", "event", "to", "effect"), WALK)
def test_every_transition_is_walked(source, command, event, to, effect):
    decision = move(COMMANDS[command], incident(source), AT)
    (fact,) = decision.facts
    assert isinstance(fact, IncidentMoved)
    assert (fact.event, fact.to) == (event, to)
    assert decision.parents == (b"s",)


@pytest.mark.proves("SEC-49")
@pytest.mark.parametrize("state", STORED)
def test_what_the_table_does_not_name_is_refused(state):
    for command in MOVES:
        if any(row[0] == state and row[1] is command for row in WALK):
            assert command.name in allowed(state)
            continue
        assert command.name not in allowed(state)
        with pytest.raises(Refused, match="Only a"):
            move(COMMANDS[command], incident(state), AT)


def test_every_row_has_roles():
    assert all(row.roles and Role.AUDITOR not in row.roles for row in TRANSITIONS)


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (IncidentState.NEW, c.AssignIncident(ID, "", "u7")),
        (IncidentState.NEW, c.AssignIncident(ID, "Maintenance", " ")),
        (IncidentState.ASSIGNED, c.AssignIncident(ID, "Shop IT", "u3")),
        (IncidentState.ASSIGNED, c.PendIncident(ID, "\n")),
        (IncidentState.ASSIGNED, c.ResolveIncident(ID, "", "done")),
        (IncidentState.ASSIGNED, c.ResolveIncident(ID, "replaced", "")),
        (IncidentState.RESOLVED, c.ReopenIncident(ID, "")),
        (IncidentState.NEW, c.CancelIncident(ID, "")),
    ],
)
def test_a_guard_that_does_not_hold_refuses(source, command):
    with pytest.raises(Refused):
        move(command, incident(source), AT)


def test_team_and_agent_stay_through_later_moves():
    (fact,) = move(COMMANDS[c.PendIncident], incident(), AT).facts
    assert (fact.team, fact.agent) == ("Shop IT", "u3")


@pytest.mark.parametrize("derived", list(DERIVED))
def test_an_escalated_incident_permits_what_the_state_below_permits(derived):
    assert allowed(derived) == allowed(DERIVED[derived])
    assert move(COMMANDS[c.AssignIncident], incident(derived), AT).facts[0].to == IncidentState.ASSIGNED


def test_every_stored_state_has_its_place_in_the_order_of_openness():
    assert sorted(OPENNESS) == sorted(STORED)


def test_the_priority_matrix_is_the_plants_in_both_corners_and_all_between():
    assert [[priority(i, u) for u in range(1, 5)] for i in range(1, 5)] == [
        [1, 1, 2, 3],
        [1, 2, 3, 4],
        [2, 3, 3, 4],
        [3, 3, 4, 4],
    ]
    assert priority(1, 4) == 3  # the whole plant, planned
    assert priority(4, 1) == 3  # one user, now


@pytest.mark.parametrize("grade", [0, 5, -1, True, 1.5, "1", None])
def test_a_grade_outside_one_to_four_is_refused(grade):
    with pytest.raises(Refused):
        priority(grade, 1)
    with pytest.raises(Refused):
        priority(1, grade)


def day(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BERLIN).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("resolved", "ends"),
    [
        (day(2026, 11, 18, 10), day(2026, 11, 25, 10)),  # Wednesday to Wednesday
        (day(2026, 11, 20, 23), day(2026, 11, 27, 23)),  # Friday to Friday
        (day(2026, 11, 16, 8), day(2026, 11, 23, 8)),  # Monday to Monday
        (day(2026, 11, 21, 15), day(2026, 11, 30, 0)),  # Saturday counts from Monday: Mon..Fri, then the weekend
        (day(2026, 10, 23, 12), day(2026, 10, 30, 12)),  # over the end of summer time
    ],
)
def test_the_reopen_window_is_five_working_days_of_the_sites_calendar(resolved, ends):
    window = ReopenWindow(5, BERLIN)
    assert window.ends_us(resolved) == ends
    known = incident(IncidentState.RESOLVED, resolved_us=resolved)
    again = COMMANDS[c.ReopenIncident]
    assert move(again, known, Circumstances(ends, window)).facts[0].to == IncidentState.ASSIGNED
    with pytest.raises(Refused, match="5 working days"):
        move(again, known, Circumstances(ends + 1, window))


def test_opening_makes_the_record_and_a_link_for_each_alarm():
    occurrences = (Occurrence(UUID(int=8), 1), Occurrence(UUID(int=9), 2))
    command = c.OpenIncident("", 1, 1, "It smells.", occurrences, (UUID(int=3),))
    opened, *links = open_incident(command, ID, "INC-7", ("Oil pressure\nlow", "Pump off")).facts
    assert opened == IncidentOpened(ID, "INC-7", "Oil pressure low", 1, 1, "It smells.", (UUID(int=3),))
    assert links == [
        IncidentAlarmLinked(ID, UUID(int=8), 1, "Oil pressure\nlow"),
        IncidentAlarmLinked(ID, UUID(int=9), 2, "Pump off"),
    ]


@pytest.mark.parametrize(
    "command",
    [
        c.OpenIncident(" \n "),
        c.OpenIncident("x" * 201),
        c.OpenIncident("x", impact=0),
        c.OpenIncident("x", urgency=5),
        c.OpenIncident("x", description="ä" * 5000),
        c.OpenIncident("bad \ud800"),
        c.OpenIncident("bad \0 too"),
    ],
)
def test_an_incident_that_cannot_stand_is_refused(command):
    with pytest.raises(Refused):
        open_incident(command, ID, "INC-7")


def test_an_edit_names_what_it_replaces_and_says_when_nothing_changes():
    decision = edit(c.EditIncident(ID, "impact", "1"), incident())
    assert decision.facts == (IncidentFieldSet(ID, "impact", 1),)
    assert decision.parents == (b"o",)
    with pytest.raises(Refused, match="Nothing has changed"):
        edit(c.EditIncident(ID, "title", "Fan"), incident())


def test_saying_a_disputed_value_once_more_settles_it():
    disputed = incident(heads={"title": (b"a", b"b")})
    assert edit(c.EditIncident(ID, "title", "Fan"), disputed).parents == (b"a", b"b")


@pytest.mark.parametrize(
    ("field", "value"), [("number", "x"), ("impact", 5), ("urgency", "high"), ("title", ""), ("impact", "²")]
)
def test_an_edit_that_the_field_cannot_hold_is_refused(field, value):
    with pytest.raises(Refused):
        edit(c.EditIncident(ID, field, value), incident())


@pytest.mark.parametrize("state", [IncidentState.CLOSED, IncidentState.CANCELLED])
def test_what_is_closed_is_read_only(state):
    sealed = incident(state)
    assert allowed(state) == ()
    for act in (
        lambda: note(c.NoteIncident(ID, "x"), sealed),
        lambda: edit(c.EditIncident(ID, "title", "x"), sealed),
        lambda: link_alarms(c.LinkAlarms(ID, (Occurrence(UUID(int=8), 1),)), sealed, ("x",)),
    ):
        with pytest.raises(Refused, match="read-only"):
            act()


def test_notes_keep_their_line_breaks_and_may_not_be_empty():
    assert note(c.NoteIncident(ID, " a\nb "), incident()).facts == (IncidentNoted(ID, "a\nb"),)
    with pytest.raises(Refused):
        note(c.NoteIncident(ID, "  "), incident())


def test_only_alarms_that_are_not_linked_yet_are_linked():
    linked = incident(occurrences=frozenset({(UUID(int=8), 1)}))
    both = (Occurrence(UUID(int=8), 1), Occurrence(UUID(int=8), 2))
    assert link_alarms(c.LinkAlarms(ID, both), linked, ("a", "b")).facts == (
        IncidentAlarmLinked(ID, UUID(int=8), 2, "b"),
    )
    for occurrences in (both[:1], (), both[1:] * (LINKS + 1)):
        with pytest.raises(Refused):
            link_alarms(c.LinkAlarms(ID, occurrences), linked, ("a",) * len(occurrences))
