"""Shared by the tests of this folder."""

import pytest

from tests.services.alarms.test_engine import FAULT, HOT
from tests.support.alarm_plant import Plant, condition_of
from tests.support.alarm_records import Records


@pytest.fixture
def plant():
    return Plant(HOT, FAULT)


@pytest.fixture
def tag(plant):
    return plant.tag()


@pytest.fixture
def hot(tag):
    """The condition of the rule "hot" on that tag."""
    return condition_of(tag, "hot", "high")


@pytest.fixture
def records(tmp_path):
    found = Records(tmp_path / "station.db")
    yield found
    found.database.close()
