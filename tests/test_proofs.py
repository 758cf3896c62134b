"""The page of proofs is current, names only numbers that exist, and no row of this step is without a test."""

from tests.support.alarm_rows import FEATURES, OPEN, TRAPS
from tests.support.proof_rows import ALL, EXCEPTIONS, INVARIANTS, LATER, PITFALLS, SECURITY, rows
from tests.support.proofs import ALARM_PAGE, ALARMS, PAGE, alarm_page, page, proven, unproven


def test_all_numbers_are_there_in_order():
    assert list(rows(PITFALLS)) == [f"P{number}" for number in range(1, 41)]
    assert list(rows(INVARIANTS)) == [f"INV-{number}" for number in range(1, 35)]
    assert list(rows(SECURITY)) == [f"SEC-{number}" for number in range(1, 66)]


def test_alarm_features_and_traps_are_there_in_order():
    assert list(rows(FEATURES)) == [f"ALARM-F{number}" for number in range(1, 83)]
    assert list(rows(TRAPS)) == [f"ALARM-T{number}" for number in range(1, 41)]
    assert set(OPEN) <= set(ALARMS)


def test_marks_name_only_numbers_that_exist():
    assert set(proven()) - set(ALL) - set(ALARMS) == set()


def test_every_row_of_this_step_is_proven_by_a_test():
    assert unproven(proven()) == []


def test_exceptions_are_few_and_still_needed():
    assert len(EXCEPTIONS) <= 2
    assert all(reason for reason in EXCEPTIONS.values())
    assert not set(EXCEPTIONS) & set(proven()), "a test proves it now"
    assert not set(EXCEPTIONS) & LATER


def test_the_page_in_the_docs_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(proven()), "python -m tests.support.proofs"
    assert ALARM_PAGE.read_text(encoding="utf-8") == alarm_page(proven()), "python -m tests.support.proofs"
