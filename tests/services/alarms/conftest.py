"""Shared by the tests of this folder."""

import pytest

from tests.services.alarms.test_engine import FAULT, HOT
from tests.support.alarm_plant import Plant


@pytest.fixture
def plant():
    return Plant(HOT, FAULT)
