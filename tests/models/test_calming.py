"""An alarm that comes and goes is told what would calm it, from its own past."""

from uuid import UUID

import pytest

from console.models.alarm_past import calming_text, past_summary
from console.services.story_records import AlarmDetails, PastOccurrence

S = 1_000_000
ONE = UUID(int=1)


def details(*spans: tuple[int, int], now: int, is_own: bool = True) -> AlarmDetails:
    past = tuple(PastOccurrence(ONE, start * S, "Press", is_own, end * S) for start, end in reversed(spans))
    return AlarmDetails(ONE, now * S, past=past, own_past=len(past))


@pytest.mark.proves("ALARM-F53")
def test_short_pulses_within_a_minute_propose_a_shelf_and_delays_that_swallow_them() -> None:
    told = past_summary(details((1000, 1003), (1015, 1018), (1030, 1033), now=1045))
    assert "on-delay of 4 s" in told and "off-delay of 13 s" in told and "shelve it for" in told


@pytest.mark.proves("ALARM-F53")
def test_what_comes_once_an_hour_or_on_other_devices_is_offered_nothing() -> None:
    assert calming_text(details((0, 5), (3600, 3605), (7200, 7205), now=10800)) == ""
    assert calming_text(details((1000, 1003), (1015, 1018), (1030, 1033), now=9000, is_own=False)) == ""
