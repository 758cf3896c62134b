"""The role matrix, row by row and role by role."""

import tomllib
from pathlib import Path

import pytest

from console.domain import permissions as p
from console.domain.commands import COMMANDS
from console.domain.people import CONTROL_ROOM, Grant, Person, Role, User
from console.domain.permissions import PERMISSIONS, Subject, denials, may

# Written from the matrix on paper, not from the table: y yes, o only what one opened, - no.
MATRIX = """
                  operator shift_lead engineer service_manager administrator auditor
ack               y        y          -        -               -             -
comment           y        y          y        y               -             -
open-incident     y        y          -        -               -             -
note-incident     y        y          y        y               -             -
edit-incident     y        y          y        y               -             -
link-alarms       y        y          y        y               -             -
assign-incident   y        y          y        y               -             -
pend-incident     y        y          y        y               -             -
resume-incident   y        y          y        y               -             -
resolve-incident  y        y          y        y               -             -
reopen-incident   y        y          -        -               -             -
close-incident    o        o          -        -               -             -
cancel-incident   y        y          y        y               -             -
unacknowledge     y        y          -        -               -             -
shelve            y        y          -        -               -             -
unshelve          y        y          -        -               -             -
out-of-service    -        y          y        -               -             -
return-to-service -        y          y        -               -             -
reset-alarms      y        y          -        -               -             -
reset-first-out   y        y          -        -               -             -
take-alarms       y        y          y        y               -             -
leave-alarms      y        y          y        y               -             -
merge-incidents   y        y          y        y               -             -
amend-note        y        y          y        y               -             -
resolve-conflict  y        y          y        y               -             -
save-preference   y        y          y        y               y             y
export-audit      y        y          y        y               y             y
export-alarm-kpi  y        y          y        y               y             y
request-rebirth   -        -          y        -               -             -
add-user          -        -          -        -               y             -
rename-user       -        -          -        -               y             -
disable-user      -        -          -        -               y             -
enable-user       -        -          -        -               y             -
erase-person      -        -          -        -               y             -
merge-users       -        -          -        -               y             -
grant-role        -        -          -        -               y             -
revoke-role       -        -          -        -               y             -
enrol-station     -        -          -        -               y             -
revoke-station    -        -          -        -               y             -
set-password      o        o          o        o               y             o
set-pin           y        y          y        y               y             y
lock              y        y          y        y               y             y
unlock            y        y          y        y               y             y
attribute-break-glass o    y          o        o               o             o
countersign       -        y          -        -               y             -
set-master-alarm       - -        y        -               -             -
submit-master-alarms   - -        y        -               -             -
approve-master-alarms  - y        y        -               -             -
send-back-master-alarms - y       y        -               -             -
retire-master-alarms   - -        y        -               -             -
import-master-alarms   - -        y        -               -             -
undo-master-import     - -        y        -               -             -
export-master-alarms   y y        y        y               y             y
add-annotation         y y        y        y               -             -
edit-annotation        o y        y        o               -             -
withdraw-annotation    o y        y        o               -             -
save-pen-group         y y        y        y               o             o
remove-pen-group       o y        y        o               o             o
export-trend           y y        y        y               y             y
"""
GERMAN = Path(__file__).parents[2] / "resources" / "translations" / "de" / "operations.toml"
NEEDS_NOBODY = {"sign-on", "sign-off", "silence", "break-glass"}


def cells() -> list[tuple[str, Role, str]]:
    head, *rows = MATRIX.strip("\n").splitlines()
    roles = [Role(name) for name in head.split()]
    return [(row.split()[0], role, cell) for row in rows for role, cell in zip(roles, row.split()[1:], strict=True)]


def person(role: Role | None = None, *areas: str, is_disabled: bool = False) -> Person:
    grants = tuple(Grant("u1", role, area) for area in areas or ("",)) if role else ()
    return Person(User("u1", "u1", "Uwe Eins", is_disabled), grants)


def test_every_command_has_its_row_and_the_paper_matrix_covers_them_all():
    assert set(PERMISSIONS) == set(COMMANDS)
    assert {name for name, _, _ in cells()} | NEEDS_NOBODY == set(COMMANDS)
    assert {role for _, role, _ in cells()} == set(Role)


@pytest.mark.parametrize("role", list(Role))
def test_the_matrix_decides_for_every_role_and_command(role):
    own, foreign = Subject(opened_by="u1"), Subject(opened_by="u2")
    for name, _, cell in (one for one in cells() if one[1] is role):
        command = COMMANDS[name]
        assert (may(person(role), command, own) is None) == (cell in "yo"), name
        assert (may(person(role), command, foreign) is None) == (cell == "y"), name
        assert (may(person(role), command) is None) == (cell in "yo"), name
        assert (name in denials(person(role))) == (cell == "-"), name


def test_without_sign_on_the_station_is_view_only_but_can_be_silenced_and_signed_on():
    assert denials(None) == dict.fromkeys(set(COMMANDS) - NEEDS_NOBODY, p.SIGN_ON_FIRST)


@pytest.mark.parametrize("role", list(Role))
def test_a_disabled_account_may_nothing(role):
    denied = denials(person(role, is_disabled=True))
    assert denied == dict.fromkeys(set(COMMANDS) - NEEDS_NOBODY, p.DISABLED)


def test_a_person_without_any_role_may_nothing():
    assert set(denials(person())) == set(COMMANDS) - NEEDS_NOBODY


def test_every_denial_has_words_and_a_german_sentence():
    german = tomllib.loads(GERMAN.read_text(encoding="utf-8"))
    for name in set(COMMANDS) - NEEDS_NOBODY:
        row = PERMISSIONS[name]
        assert row.why_not in german, name
        assert not row.own or row.why_not_own in german, name
    assert {p.SIGN_ON_FIRST, p.DISABLED, p.OTHER_AREA, p.BREAK_GLASS_ONLY} <= set(german)


def test_a_grant_for_the_press_shop_ends_at_its_door():
    ack = COMMANDS["ack"]
    operator = person(Role.OPERATOR, "Press shop")
    assert may(operator, ack, Subject(frozenset({"Press shop"}))) is None
    assert may(operator, ack, Subject(frozenset({"Assembly"}))) == p.OTHER_AREA
    assert may(operator, ack, Subject(frozenset({"Press shop", "Assembly"}))) == p.OTHER_AREA
    assert may(operator, ack, Subject(frozenset({""}))) == p.OTHER_AREA
    assert may(operator, COMMANDS["open-incident"], Subject()) is None


def test_two_area_grants_together_cover_a_batch_of_both_areas():
    operator = person(Role.OPERATOR, "Press shop", "Assembly")
    assert may(operator, COMMANDS["ack"], Subject(frozenset({"Press shop", "Assembly"}))) is None


def test_a_role_in_one_area_lends_nothing_to_another_role_elsewhere():
    mixed = Person(
        User("u1", "u1", "Uwe"),
        (Grant("u1", Role.OPERATOR, "Press shop"), Grant("u1", Role.ENGINEER, "Assembly")),
    )
    assert may(mixed, COMMANDS["ack"], Subject(frozenset({"Assembly"}))) == p.OTHER_AREA
    assert may(mixed, COMMANDS["comment"], Subject(frozenset({"Assembly"}))) is None
    assert mixed.roles == (Role.OPERATOR, Role.ENGINEER)


def test_a_record_that_nobody_opened_is_nobodys_own():
    nameless = Person(User("", "", ""), (Grant("", Role.OPERATOR),))
    assert may(nameless, COMMANDS["close-incident"], Subject(opened_by="")) is not None


@pytest.mark.proves("SEC-1", "ALARM-F44")
def test_the_control_room_without_a_name_may_only_acknowledge():
    nameless = Person(User(CONTROL_ROOM, CONTROL_ROOM, "Control room"), (Grant(CONTROL_ROOM, Role.ADMINISTRATOR),))
    assert set(COMMANDS) - set(denials(nameless)) == NEEDS_NOBODY | {"ack"}
    assert set(denials(nameless).values()) == {p.BREAK_GLASS_ONLY}
