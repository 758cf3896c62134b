"""A window may be there before its station."""

import asyncio

import pytest

from console.domain.commands import SilenceHorn
from console.domain.refusal import Refused
from console.services.late_station import LateStation
from console.services.records import AlarmCounts
from console.services.station import ALARM_COUNTS, AlarmHistoryQuery
from tests.support.fake_station import FakeStation


def test_subscriptions_made_early_are_served_when_the_station_stands():
    real, late, got, undone = FakeStation(), LateStation(), [], []
    late.subscribe(ALARM_COUNTS, got.append)
    late.subscribe(ALARM_COUNTS, undone.append)()
    late.attach(real)
    real.deliver(ALARM_COUNTS, AlarmCounts(shelved=3))
    assert got == [AlarmCounts(shelved=3)]
    assert undone == []


def test_an_early_subscription_can_be_undone_later():
    real, late, got = FakeStation(), LateStation(), []
    undo = late.subscribe(ALARM_COUNTS, got.append)
    late.attach(real)
    undo()
    real.deliver(ALARM_COUNTS, AlarmCounts())
    assert got == []


def test_commands_are_refused_and_queries_wait_until_then():
    async def story():
        real, late = FakeStation(), LateStation()
        real.answers[AlarmHistoryQuery] = lambda query: ("row",)
        with pytest.raises(Refused):
            await late.submit(SilenceHorn())
        waiting = asyncio.ensure_future(late.query(AlarmHistoryQuery()))
        await asyncio.sleep(0)
        assert not waiting.done()
        late.attach(real)
        answer = await waiting
        await late.submit(SilenceHorn())
        return answer, real.submitted

    answer, submitted = asyncio.run(story())
    assert answer == ("row",)
    assert submitted == [SilenceHorn()]
