"""The Journal says where older entries are instead of pretending that it begins where this PC's table does."""

import pytest
from pytestqt.qtbot import QtBot

from console.services.station import SYNC
from console.services.sync_records import SyncRecord
from console.ui.format import set_site_zone
from console.views.journal.archive_line import folder_of
from console.views.journal.view import JournalView
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run
from tests.support.screens import Screen

_DAY_US = 1_790_000_000_000_000  # 21 September 2026


@pytest.mark.proves("P30")
def test_the_journal_names_the_folder_of_what_it_no_longer_holds(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        set_site_zone("Europe/Berlin")
        async with Screen(JournalView, station) as screen:
            line = screen.view.archived  # type: ignore[attr-defined]
            assert not line.isVisible()
            uri = "file:///mnt/archive/journal%20old/x.segment"
            station.deliver(SYNC, SyncRecord(archived=12_345, archived_before_us=_DAY_US, archive=uri))
            assert line.isVisible()
            text = line.label.text() or line.label.toolTip()
            assert "/mnt/archive/journal old" in line.label.toolTip()
            assert "2026" in text
            station.deliver(SYNC, SyncRecord())
            assert not line.isVisible()

    run(story())


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("file:///mnt/a/x.segment", "/mnt/a"),
        ("file:///C:/Leitstand/archive/x.segment", "C:/Leitstand/archive"),
        ("file:///D:/%C3%84rger/x.segment", "D:/Ärger"),
        ("tape 7", "tape 7"),
        ("", ""),
    ],
)
def test_an_address_is_shown_as_people_name_a_folder(uri: str, folder: str) -> None:
    assert folder_of(uri) == folder
