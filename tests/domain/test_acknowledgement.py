"""An acknowledgement is about exactly the occurrences that were seen."""

from uuid import UUID

import pytest

from console.domain.acknowledgement import AHEAD_US, AT_ONCE, Seen, Standing, acknowledge, seen_through_us
from console.domain.alarms import Occurrence
from console.domain.refusal import Refused

NOW = 1_000_000_000_000


def seen(n: int, standing: Standing = Standing.OPEN, through_us: int = NOW - 5) -> Seen:
    return Seen(Occurrence(UUID(int=n), NOW - 100), standing, through_us, f"alarm {n}")


def test_each_open_occurrence_gets_its_own_fact_with_the_comment():
    facts, skipped = acknowledge([seen(1), seen(2)], NOW, " checked ")
    assert [(fact.condition_id.int, fact.start_us, fact.seen_through_us, fact.comment) for fact in facts] == [
        (1, NOW - 100, NOW - 5, "checked"),
        (2, NOW - 100, NOW - 5, "checked"),
    ]
    assert skipped == ()


@pytest.mark.proves("ALARM-T34")
def test_what_was_acknowledged_before_is_skipped_and_reported():
    facts, skipped = acknowledge([seen(1, Standing.ACKNOWLEDGED), seen(2)], NOW)
    assert [fact.condition_id.int for fact in facts] == [2]
    assert [one.text for one in skipped] == ["alarm 1"]


def test_one_that_is_no_longer_on_screen_refuses_the_whole_batch_by_name():
    with pytest.raises(Refused) as refused:
        acknowledge([seen(1), seen(2, Standing.STALE), seen(3)], NOW)
    assert "alarm 2" in str(refused.value)
    assert "alarm 1" not in str(refused.value)


def test_when_all_are_acknowledged_there_is_nothing_to_do():
    with pytest.raises(Refused, match="Already acknowledged: alarm 1, alarm 2"):
        acknowledge([seen(1, Standing.ACKNOWLEDGED), seen(2, Standing.ACKNOWLEDGED)], NOW)


def test_a_long_list_names_a_few_and_counts_the_rest():
    with pytest.raises(Refused, match=r"alarm 4, alarm 5 \(\+3\)"):
        acknowledge([seen(n, Standing.STALE) for n in range(1, 9)], NOW)


def test_nothing_selected_and_more_than_a_page_are_refused():
    with pytest.raises(Refused):
        acknowledge([], NOW)
    with pytest.raises(Refused, match=str(AT_ONCE)):
        acknowledge([seen(n) for n in range(AT_ONCE + 1)], NOW)
    assert len(acknowledge([seen(n) for n in range(AT_ONCE)], NOW)[0]) == AT_ONCE


@pytest.mark.parametrize(
    ("through_us", "reaches_us"),
    [(NOW - 50, NOW - 50), (NOW + 60_000_000, NOW + 60_000_000), (NOW * 4, NOW + AHEAD_US)],
)
def test_it_reaches_what_was_seen_but_never_more_than_five_minutes_ahead(through_us, reaches_us):
    assert seen_through_us(through_us, NOW) == reaches_us
    assert acknowledge([seen(1, through_us=through_us)], NOW)[0][0].seen_through_us == reaches_us
