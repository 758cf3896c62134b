"""Since and age of what does not answer any more: from when that was noticed, not from the birth that it ends."""

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmKind
from console.models.alarm_table import AlarmTable
from console.services.station import ALARMS
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0, alarms, condition

DAY = 24 * 3600 * 1_000_000


@pytest.fixture
def table(qtbot: QtBot) -> AlarmTable:
    station = FakeStation()
    made = AlarmTable(station, now_us=lambda: T0 + 60_000_000)
    made.set_visible(True)
    dead = replace(condition(1), kind=AlarmKind.NODE_DEAD)
    delta = alarms(
        [0, 1], start_us=[T0 - 3_600_000_000, T0 - 7 * DAY], conditions=[condition(0), dead], is_snapshot=True
    )
    station.deliver(ALARMS, replace(delta, annunciated_us=np.array([T0 - 1_000_000, T0])))
    made.flush()
    yield made
    made.close()


@pytest.mark.proves("ALARM-F48", "ALARM-T37")
def test_a_node_that_died_a_minute_ago_is_a_minute_old_whenever_it_was_born(table: AlarmTable) -> None:
    assert table.age_text(1) == "1:00"
    assert table.age_text(0).startswith("1:01")
    assert table.shown_rows.tolist() == [1, 0]  # the newest first


def test_its_name_stays_the_birth_as_at_every_station(table: AlarmTable) -> None:
    occurrence = table.alarms.occurrence(1)
    assert occurrence is not None
    assert occurrence.start_us == T0 - 7 * DAY
