"""Shared by the tests of this folder."""

import pytest

from tests.support.fake_station import FakeStation


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()
