"""Master alarm records: priority by the matrix, one spelling of each value, an audit that names every difference."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.alarms import AlarmKind, AlarmRule, Priority
from console.domain.master_alarms import Approved, MasterAlarm, MasterState
from console.domain.master_audit import Finding, audit, live_settings, unauthorised
from console.domain.master_fields import FIELDS, Kind, bands_of, key_of, number_text, parts_of, value_of
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix
from console.domain.refusal import Refused
from console.services.alarms.master_desk import priority_in_force
from tests.support.master_plant import DOOR, PRESSURE, RULES, WHOLE

APPROVED = {**WHOLE, "response": "Look at the pump."}


def approved(key: str, priority: int = 1, **changes: str) -> MasterAlarm:
    values = {**APPROVED, **changes}
    return MasterAlarm(key, values, MasterState.APPROVED, approved=Approved(values, priority, "lena", 1))


def found(*records: MasterAlarm, rules: tuple[AlarmRule, ...] = (PRESSURE,)) -> list[tuple[Finding, str, str]]:
    live = live_settings(rules, priority_in_force)
    return [(one.finding, one.key, one.field) for one in audit(live, {one.key: one for one in records})]


@pytest.mark.proves("ALARM-F68")
@pytest.mark.parametrize(
    ("severity", "seconds", "priority"),
    [
        ("severe", "60", 1), ("severe", "600", 1), ("severe", "601", 2), ("severe", "3600", 3),
        ("major", "180", 2), ("major", "1800", 3), ("major", "1801", 4),
        ("minor", "180", 3), ("minor", "181", 4), ("minor", "86400", 5),
    ],
)  # fmt: skip
def test_the_priority_follows_from_the_worst_consequence_and_the_time_to_respond(severity, seconds, priority):
    assert DEFAULT_MATRIX.priority(severity, seconds) == priority


@pytest.mark.proves("ALARM-F68")
def test_more_time_or_less_harm_never_makes_an_alarm_more_urgent():
    for row in DEFAULT_MATRIX.rows.values():
        assert list(row) == sorted(row)
    severe, major, minor = (DEFAULT_MATRIX.rows[one] for one in ("severe", "major", "minor"))
    assert all(a <= b <= c for a, b, c in zip(severe, major, minor, strict=True))


def test_without_consequence_or_time_there_is_no_priority():
    assert DEFAULT_MATRIX.priority("", "60") is None
    assert DEFAULT_MATRIX.priority("severe", "") is None


def test_a_matrix_with_holes_or_falling_times_is_none():
    with pytest.raises(ValueError, match="rise"):
        PriorityMatrix(bounds_s=(600, 180, 1800))
    with pytest.raises(ValueError, match="every severity"):
        PriorityMatrix(bounds_s=(600,))


def test_a_rule_with_limits_has_a_record_for_each_and_another_rule_has_one():
    assert bands_of(PRESSURE) == ("L", "LL")
    assert bands_of(DOOR) == ("",)
    assert bands_of(replace(PRESSURE, kind=AlarmKind.DEVIATION, h=5.0)) == ("H", "L", "LL")


@pytest.mark.parametrize("key", ["oil-pressure/LL", "door-open", "@Press shop"])
def test_the_name_of_a_record_tells_rule_and_band(key):
    assert key_of(*parts_of(key)) == key


@pytest.mark.parametrize("rule_band", [("", ""), ("a/b", ""), ("a", "HHH"), ("@Press shop", "L"), ("@", "")])
def test_what_cannot_be_a_rule_names_no_record(rule_band):
    with pytest.raises(Refused):
        key_of(*rule_band)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value_through_its_text(number):
    text = number_text(number)
    assert float(text) == number
    assert value_of("limit", text) == text


@given(st.sampled_from(FIELDS), st.text(max_size=60))
def test_a_value_that_is_taken_is_taken_again_as_it_is(field, text):
    try:
        value = value_of(field.key, text)
    except Refused:
        return
    assert value_of(field.key, value) == value


@pytest.mark.parametrize(("text", "value"), [("1,5", "1.5"), (" 2.50 ", "2.5"), ("", ""), ("3e1", "30"), ("-4", "-4")])
def test_a_limit_may_be_written_as_german_spreadsheets_do(text, value):
    assert value_of("limit", text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("limit", "high"), ("limit", "inf"), ("limit", "1_0"), ("deadband", "-1"), ("time_to_respond_s", "1.5"),
     ("time_to_respond_s", "0"), ("severity", "awful"), ("cause", "a\x07b"), ("colour", "red")],
)  # fmt: skip
def test_what_a_field_cannot_hold_is_refused(name, text):
    with pytest.raises(Refused):
        value_of(name, text)


def test_every_kind_of_field_is_in_use():
    assert {field.kind for field in FIELDS} == set(Kind)


@pytest.mark.proves("ALARM-F69")
def test_a_rule_that_is_as_approved_differs_in_nothing():
    rules = (replace(PRESSURE, l=None),)
    assert found(approved("oil-pressure/LL"), rules=rules) == []


@pytest.mark.proves("ALARM-F69")
@pytest.mark.parametrize(
    ("change", "field"),
    [({"ll": 2.5}, "limit"), ({"deadband": 0.2}, "deadband"), ({"deadbands": (("ll", 0.5),)}, "deadband"),
     ({"on_delay_s": 3.0}, "on_delay_s"), ({"off_delay_s": 1.0}, "off_delay_s"),
     ({"alarm_class": "other"}, "class"), ({"priority": Priority.LOW}, "priority")],
)  # fmt: skip
def test_every_setting_that_was_changed_in_the_rules_is_an_unauthorised_change(change, field):
    rule = replace(PRESSURE, l=None, **change)
    live = live_settings((rule,), priority_in_force)
    differences = audit(live, {"oil-pressure/LL": approved("oil-pressure/LL")})
    assert [(one.finding, one.field) for one in differences] == [(Finding.CHANGED, field)]
    assert unauthorised(differences) == 1


@pytest.mark.proves("ALARM-F69")
def test_the_audit_names_rules_without_record_and_records_without_rule():
    assert found(approved("oil-pressure/LL"), approved("gone-rule")) == [
        (Finding.NO_RULE, "gone-rule", ""),
        (Finding.NO_RECORD, "oil-pressure/L", ""),
    ]


def test_other_words_in_the_rule_are_told_but_are_no_unauthorised_change():
    live = live_settings((replace(PRESSURE, l=None, response="Run."),), priority_in_force)
    differences = audit(live, {"oil-pressure/LL": approved("oil-pressure/LL")})
    assert [(one.finding, one.live) for one in differences] == [(Finding.TEXT, "Run.")]
    assert unauthorised(differences) == 0


def test_a_rule_without_words_of_its_own_shows_those_of_the_record():
    assert found(approved("oil-pressure/LL"), rules=(replace(PRESSURE, l=None, response=""),)) == []


def test_an_alarm_whose_record_is_retired_must_not_exist():
    gone = replace(approved("door-open"), state=MasterState.RETIRED)
    assert found(gone, rules=(DOOR,)) == [(Finding.RETIRED, "door-open", "")]
    assert found(gone, rules=()) == []


def test_a_draft_is_measured_by_what_was_approved_before():
    draft = replace(approved("oil-pressure/LL"), state=MasterState.DRAFT, values={**APPROVED, "limit": "2"})
    assert found(draft, rules=(replace(PRESSURE, l=None),)) == []


def test_a_record_that_decides_nothing_of_a_field_allows_what_is_there():
    free = approved("oil-pressure/LL", off_delay_s="", deadband="")
    assert found(free, rules=(replace(PRESSURE, l=None, off_delay_s=9.0),)) == []


def test_areas_are_no_rules_and_are_not_audited():
    assert found(approved("@Press shop"), rules=()) == []


def test_every_rule_is_found_by_the_name_of_its_record():
    assert sorted(live_settings(RULES, priority_in_force)) == ["door-open", "oil-pressure/L", "oil-pressure/LL"]
    live = live_settings(RULES, priority_in_force)
    assert live["oil-pressure/LL"].values["priority"] == "1"
    assert live["oil-pressure/L"].values["priority"] == "2"
