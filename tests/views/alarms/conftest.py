"""Shared by the tests of this folder."""

import pytest

from console.services.station import AlarmHistoryQuery
from tests.support.fake_station import FakeStation


@pytest.fixture
def station() -> FakeStation:
    made = FakeStation()
    made.answers[AlarmHistoryQuery] = lambda _query: ()
    return made
