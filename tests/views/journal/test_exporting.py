"""Taking rows away from the Journal screen: with the filters as they stand, visible, cancellable, permitted."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from console.domain.audit_commands import ExportAudit
from console.domain.commands import Command
from console.domain.refusal import Refused
from console.services.records import ExportRecord, JournalDelta, SessionRecord
from console.services.station import ALARMS, EXPORT, JOURNAL, SESSION, JournalQuery, Receipt
from console.views.journal.view import JournalView
from tests.models.test_other_tables import entry
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import alarms, condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

SESSION_OF = SessionRecord("u1", "petra", "Petra", ("auditor",), 1)


class SlowStation(FakeStation):
    """Takes its time with an export; `let_go` ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()
        self.answers[JournalQuery] = lambda _query: ()
        self.deliver(JOURNAL, JournalDelta(True, (entry(1),)))
        self.deliver(SESSION, SESSION_OF)

    async def submit(self, command: Command) -> Receipt:
        await super().submit(command)
        await self.let_go.wait()
        return Receipt((), "/tmp/audit.csv")


def telling(story: Callable[[SlowStation, Screen, JournalView], Any]) -> None:
    async def day() -> None:
        station = SlowStation()
        async with Screen(JournalView, station) as screen:
            assert isinstance(screen.view, JournalView)
            await story(station, screen, screen.view)
            station.let_go.set()

    run(day())


def test_the_filters_that_stand_decide_what_is_exported(qtbot: QtBot) -> None:
    async def story(station: SlowStation, _screen: Screen, view: JournalView) -> None:
        view.fields["who"].setText("anna")
        view.fields["what"].setText("commented")
        view.filters.begin.setText("2026-11-21")
        view.filter.set_text("pump")
        wanted = view._wanted()
        assert wanted is not None
        view.exporting.begin("/tmp/audit.pdf", wanted)
        await until(lambda: station.submitted)
        (command,) = station.submitted
        assert isinstance(command, ExportAudit)
        assert (command.file, command.user, command.text) == ("/tmp/audit.pdf", "anna", "pump")
        assert command.etype == "alarm.commented"
        assert command.from_us > 0

    telling(story)


def test_a_name_that_several_things_have_is_not_exported_as_everything(qtbot: QtBot) -> None:
    async def story(station: SlowStation, screen: Screen, view: JournalView) -> None:
        pumps = [condition(row, text="Pump hot", asset=f"P-{row}") for row in (0, 1)]
        station.deliver(ALARMS, alarms([0, 1], conditions=pumps, is_snapshot=True))
        view.fields["entity"].setText("pump")
        assert view._wanted() is None
        assert "Several things" in screen.said[0]
        view.fields["entity"].setText("pump p-1")
        wanted = view._wanted()
        assert wanted is not None and wanted.entity == str(pumps[1].condition_id)

    telling(story)


def test_progress_is_shown_and_ends_with_what_was_written(qtbot: QtBot) -> None:
    async def story(station: SlowStation, screen: Screen, view: JournalView) -> None:
        assert not view.exporting.isVisible()
        view.exporting.begin("/tmp/audit.csv", JournalQuery())
        station.deliver(EXPORT, ExportRecord("audit.csv", 500, 2000, True))
        assert view.exporting.isVisible()
        assert view.exporting.label.text() == "Exporting audit.csv · 500 of 2,000"
        assert view.exporting.bar.value() == 250
        station.deliver(EXPORT, ExportRecord("audit.csv", 2000, 2000, False))
        station.let_go.set()
        await until(lambda: screen.said)
        assert screen.said == ["2,000 rows and their proof written to /tmp/audit.csv"]
        assert not view.exporting.isVisible()

    telling(story)


def test_a_cancelled_or_refused_export_says_so(qtbot: QtBot) -> None:
    async def story(station: SlowStation, screen: Screen, view: JournalView) -> None:
        view.exporting.begin("/tmp/audit.csv", JournalQuery())
        await until(lambda: station.submitted)
        view.exporting.cancel_button.click()
        await until(lambda: screen.said)
        assert "cancelled" in screen.said[0]
        station.refusals[ExportAudit] = Refused("{file} is there already; nothing was overwritten.", file="a.csv")
        view.exporting.begin("/tmp/audit.csv", JournalQuery())
        await until(lambda: len(screen.said) == 2)
        assert screen.said[1] == "a.csv is there already; nothing was overwritten."

    telling(story)


@pytest.mark.parametrize(
    ("session", "may"),
    [
        (SESSION_OF, True),
        (None, False),
        (SessionRecord("u", "u", "U", (), 1, {"export-audit": "Your account has no role"}), False),
    ],
)
def test_who_may_not_export_sees_why(qtbot: QtBot, session: SessionRecord | None, may: bool) -> None:
    async def story(station: SlowStation, _screen: Screen, view: JournalView) -> None:
        station.deliver(SESSION, session)
        assert view.export_button.isEnabled() is may
        assert bool(view.export_button.toolTip())

    telling(story)


def test_the_dialog_that_asks_for_a_file_blocks_nothing(qtbot: QtBot) -> None:
    async def story(station: SlowStation, _screen: Screen, view: JournalView) -> None:
        dialog = view.export()
        assert isinstance(dialog, QFileDialog)
        assert not dialog.isModal()
        dialog.fileSelected.emit("/tmp/audit.xlsx")
        await until(lambda: station.submitted)
        dialog.close()

    telling(story)


def test_a_screen_that_is_closed_meanwhile_ends_quietly(qtbot: QtBot) -> None:
    async def story(station: SlowStation, screen: Screen, view: JournalView) -> None:
        view.exporting.begin("/tmp/audit.csv", JournalQuery())
        await until(lambda: station.submitted)
        view.close_view()
        await until(lambda: not len(view.errands))
        assert screen.said == []

    telling(story)
