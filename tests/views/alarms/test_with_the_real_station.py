"""The alarm view in front of a whole station of its own: keys, journal, engine, and what is on screen afterwards."""

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.domain.alarm_classes import ShelvingRules
from console.domain.alarms import Priority
from console.domain.commands import SignOn
from console.models.alarm_table import AlarmTab
from console.ui.option_row import OptionRow
from console.views.alarms.view import AlarmsView
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.support.story_site import LEAD, make_site, make_station
from tests.views.alarms.stage import questions, select, view_of


def counts(view: AlarmsView) -> list[int | None]:
    return [view.tabs.count(tab) for tab in AlarmTab]


def row_of(view: AlarmsView, subject: str) -> int:
    alarms = view.table.alarms
    return next(row for row in range(len(alarms)) if (one := alarms.condition(row)) and one.subject == subject)


async def shown(core: Core, view: AlarmsView, *expected: int) -> None:
    """Wait until the tabs count so much, and the banner's counts are the same."""

    def is_so() -> bool:
        core.station.beat()
        view.table.flush()
        return counts(view) == list(expected)

    await until(is_so)
    told = core.engine.counts()
    assert (sum(told.unacknowledged), told.shelved, told.out_of_service) == expected[1:4]


@pytest.mark.proves("ALARM-F76", "ALARM-F22", "ALARM-F32", "ALARM-F33", "ALARM-F13", "ALARM-T9", "ALARM-T17")
def test_a_shift_lead_shelves_extends_unshelves_and_serves_by_keys_alone(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        folder = make_station(make_site(tmp_path), "k1", "K1", ())
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            await core.station.submit(SignOn(*LEAD))
            for subject in ("fan", "disk", "door"):
                core.engine.raise_system(subject, f"The {subject} of the cabinet", Priority.LOW, time.time_ns() // 1000)
            async with Screen(AlarmsView, core.station) as screen:  # type: ignore[arg-type]
                view = view_of(screen)
                await shown(core, view, 3, 3, 0, 0, 0)
                fan, disk = row_of(view, "fan"), row_of(view, "disk")
                select(view, [fan])
                screen.press(Qt.Key.Key_Space)
                await shown(core, view, 3, 2, 0, 0, 0)
                select(view, [fan])
                screen.press(Qt.Key.Key_S)
                await until(questions)
                duration = questions()[0].input("duration")
                assert isinstance(duration, OptionRow)
                duration.choose(str(ShelvingRules().presets_s[1]))
                questions()[0].input("reason").setPlainText("a new one is ordered")  # type: ignore[union-attr]
                questions()[0].accept_button.click()
                await shown(core, view, 2, 2, 1, 0, 0)
                view.show_tab(AlarmTab.SHELVED)
                select(view, [fan])
                screen.press(Qt.Key.Key_E)
                await until(lambda: screen.said)
                await shown(core, view, 2, 2, 1, 0, 0)
                table = view.lists.asides[AlarmTab.SHELVED]
                told = {column.key: table.cell(fan, column.key) for column in table.COLUMNS}
                assert (told["who"], told["workstation"], told["times"]) == ("Jonas Wagner", "K1", "×1")
                assert told["state"] == "active, acknowledged" and told["remaining"] in {"29:59", "30:00", "29:58"}
                select(view, [fan])
                screen.press(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
                await shown(core, view, 3, 2, 0, 0, 0)  # as it was: still acknowledged
                view.show_tab(AlarmTab.ACTIVE)
                select(view, [disk])
                screen.press(Qt.Key.Key_H)
                await until(lambda: (core.station.beat(), view.table.flush(), view.table.cell(disk, "note"))[2])
                assert view.table.cell(disk, "note") == "Jonas Wagner has it"
                screen.press(Qt.Key.Key_O)
                await until(questions)
                questions()[0].input("reason").setPlainText("is being changed")  # type: ignore[union-attr]
                questions()[0].accept_button.click()
                await shown(core, view, 2, 1, 0, 1, 0)
        finally:
            await core.stop()

    run(story(), timeout_s=60)
