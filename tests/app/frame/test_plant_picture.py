"""What the frame knows of alarms: one kept aside stands in no list and colours nothing, but can be looked at."""

from dataclasses import replace

import numpy as np
import pytest

from console.app.frame.faceplate_facts import facts_of
from console.app.frame.plant_picture import PlantPicture
from console.domain.alarm_flags import AlarmFlag
from console.services.station import ALARMS
from console.ui.view import Selection
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation

ROBOT = plant.asset_id("ROB-A4")


def robot_picture(flags: AlarmFlag) -> PlantPicture:
    station = FakeStation()
    picture = PlantPicture(station)
    plant.deliver_plant(station)
    station.deliver(ALARMS, replace(plant.alarms(), flags=np.array([0, int(flags), 0], np.uint8)))
    return picture


@pytest.mark.parametrize("flag", [AlarmFlag.SHELVED, AlarmFlag.SUPPRESSED, AlarmFlag.OUT_OF_SERVICE])
@pytest.mark.proves("ALARM-T17")
def test_an_alarm_that_is_kept_aside_is_none_of_its_assets_alarms(flag: AlarmFlag) -> None:
    shown, aside = robot_picture(AlarmFlag(0)), robot_picture(flag)
    selection = Selection(asset_id=ROBOT)
    assert len(facts_of(shown, selection, plant.NOW_US).alarms) == 1
    assert not facts_of(aside, selection, plant.NOW_US).alarms
    assert len(list(aside.alarms())) == len(list(shown.alarms())) - 1


def test_a_shelved_alarm_that_is_selected_says_that_it_is_shelved_and_has_no_colour() -> None:
    picture = robot_picture(AlarmFlag.SHELVED)
    row = picture.alarm(1)
    assert row is not None
    lines = {line.label: line for line in facts_of(picture, Selection(occurrence=row.occurrence), plant.NOW_US).what}
    assert lines["State"].text == "active, unacknowledged · shelved"
    assert lines["Alarm"].style == "dim"
