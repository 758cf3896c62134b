"""The mark of a group's first alarm is taken off from the list, for those alone that bear it."""

import pytest
from pytestqt.qtbot import QtBot

from console.domain.alarm_commands import ResetFirstOut
from console.domain.alarm_flags import AlarmFlag
from console.domain.refusal import Refused
from console.models.alarm_table import AlarmTab
from console.views.alarms.selection_bar import MENUS
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import deliver, select, view_of


@pytest.mark.proves("ALARM-F55")
def test_of_the_selected_alarms_those_that_bear_the_mark_are_reset(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        deliver(station, [condition(0), condition(1)], flags=[int(AlarmFlag.FIRST_OUT), 0])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert "alarm.reset_first_out" in MENUS[AlarmTab.ACTIVE]
            select(view, [1])
            with pytest.raises(Refused):
                await view.acts.reset_first_out()  # type: ignore[misc]
            assert not station.submitted, "this one bears no mark"
            select(view, [0, 1])
            occurrence = view.lists.table.alarms.occurrence(0)
            view.acts.reset_first_out()
            await until(lambda: station.submitted)
        assert station.submitted == [ResetFirstOut((occurrence,))]

    run(story())
