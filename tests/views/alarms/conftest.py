"""Shared by the tests of this folder."""

import pytest

from console.services.station import AlarmDetailsQuery
from console.services.story_records import AlarmDetails
from tests.support.fake_station import FakeStation
from tests.views.alarms.details_stage import answer


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()


@pytest.fixture
def asked(station: FakeStation) -> list[AlarmDetailsQuery]:
    """The questions that the pane asks; they are answered with nothing."""
    questions: list[AlarmDetailsQuery] = []

    def reply(query: AlarmDetailsQuery) -> AlarmDetails:
        questions.append(query)
        return answer(query)

    station.answers[AlarmDetailsQuery] = reply
    return questions
