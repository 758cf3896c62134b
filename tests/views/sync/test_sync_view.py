"""The exchange of journals as a person sees it: nothing lost looks well, nothing is claimed before it is known."""

import pytest
from pytestqt.qtbot import QtBot

from console.models import sync_tables
from console.models.sync_words import clock_grade, clock_words, pairing_code, places_text
from console.services.records import PeerRecord, SyncRecord
from console.services.station import SYNC
from console.ui.format import DASH
from console.views.sync import view as sync_view
from console.views.sync.view import SyncView
from tests.support import sync_rows
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sync_view, sync_tables):
        monkeypatch.setattr(module, "now_us", lambda: sync_rows.NOW_US)


def view_of(screen: Screen) -> SyncView:
    assert isinstance(screen.view, SyncView)
    return screen.view


def texts(view: SyncView, name: str) -> list[list[str]]:
    return list(view.lists[name].row_texts(range(view.lists[name].model().rowCount())))


def facts_of(view: SyncView) -> dict[str, tuple[str, str]]:
    return {key: (text.text(), lamp.state.value) for key, (_part, lamp, _label, text) in view.facts._parts.items()}


def test_before_the_station_has_told_it_nothing_is_claimed(qtbot: QtBot) -> None:
    async def story() -> None:
        async with Screen(SyncView, FakeStation()) as screen:
            view = view_of(screen)
            assert not facts_of(view)
            assert view.headings["peers"].text() == f"Exchange with · {DASH}"
            assert "starting" in view.lists["peers"].empty_text

    run(story())


def test_a_lost_or_refused_peer_comes_first_and_does_not_look_well(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(SYNC, sync_rows.busy())
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            view.lists["peers"].setColumnHidden(2, False)
            rows = texts(view, "peers")
            assert [row[1] for row in rows] == ["refused", "lost", "live", "live"]
            assert rows[0][0] == "<b>Lab</b> (K4)"
            assert view.peers.look(view.peers.row_at(0)).is_italic
            assert view.peers.look(view.peers.row_at(1)).is_dim
            assert not view.peers.look(view.peers.row_at(2)).is_italic
            missing = view.lists["peers"].headers().index("Still to come")
            assert [row[missing] for row in rows] == [DASH, DASH, "0", "1,480"]  # what a lost one has is not known

    run(story())


def test_what_needs_a_person_is_told_with_a_lamp_and_leads_to_the_incidents(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(SYNC, sync_rows.busy())
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            told = facts_of(view)
            assert told["waiting"] == ("14", "warning")
            assert told["conflicts"] == ("2", "warning")
            assert told["backup"] == ("42:00 ago", "warning")
            assert told["peer_clock"] == ("Gate (K3) 5:42 ahead", "alarm")
            view.facts.button.click()
            assert screen.went == [("incidents", None)]
            station.deliver(SYNC, sync_rows.calm())
            assert {lamp for _text, lamp in facts_of(view).values() if _text != "Gate (K3) 5:42 ahead"} == {"normal"}
            assert not view.facts._parts["peer_clock"][0].isVisible()
            assert not view.facts.button.isVisible()

    run(story())


def test_a_catch_up_shows_how_far_it_is_and_leaves_when_done(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(SYNC, sync_rows.busy())
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            label, bar, count = view.progress.bars["neighbour:K3"]
            assert (label.text(), count.text()) == ("Catching up with Gate (K3)", "620 of 2,100")
            assert bar.value() == 620 * 1000 // 2100
            station.deliver(SYNC, sync_rows.calm())
            assert not view.progress.bars
            assert not view.progress.isVisible()

    run(story())


def test_a_station_that_is_not_enrolled_shows_its_pairing_code_large(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(SYNC, sync_rows.unenrolled())
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            assert view.enrolment.isVisible()
            assert view.enrolment.code.text() == "7K2M-Q9XR"
            assert view.enrolment.code.fontInfo().pixelSize() >= 30
            assert "no centre is set up" in view.lists["peers"].empty_text
            station.deliver(SYNC, SyncRecord(enrolled="This station is not enrolled", pairing_code="0H5T8WZC"))
            assert view.enrolment.code.text() == "0H5T8WZC"
            station.deliver(SYNC, sync_rows.calm())
            assert not view.enrolment.isVisible()

    run(story())


def test_own_journals_come_first_and_say_why_they_were_opened(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(SYNC, sync_rows.busy())
        async with Screen(SyncView, station) as screen:
            rows = texts(view_of(screen), "streams")
            assert [row[0] for row in rows] == ["K1 (this station)", "K1 (this station)", "K2"]
            assert rows[0][1] == "open"
            assert rows[0][4] == "restored from a backup"
            assert rows[1][1] == "closed · forked"

    run(story())


def test_the_layout_is_remembered_and_rows_can_be_copied(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(SYNC, sync_rows.busy())
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            view.lists["apart"].set_sort(((2, False),))
            kept = view.save_state()
            view.lists["apart"].setFocus()
            view.lists["apart"].selectAll()
            screen.actions.trigger("table.copy")
            assert "signature <i>does not fit</i>" in view.lists["apart"].copy_selection()
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            view.restore_state(kept)
            assert [row[2] for row in texts(view, "apart")] == ["K1", "K2", "K4"]
            view.restore_state({"sizes": "nonsense", "peers": 3})

    run(story())


@pytest.mark.proves("SEC-61")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_of_peers_stand_as_they_are(qtbot: QtBot, text: str) -> None:
    async def story() -> None:
        peer = PeerRecord("neighbour:K9", "refused", 1, None, text, detail=text)
        station = FakeStation()
        station.deliver(SYNC, SyncRecord((peer,), enrolled=text))
        async with Screen(SyncView, station) as screen:
            view = view_of(screen)
            await until(lambda: view.peers.rowCount() == 1)
            assert view.peers.cell(0, "peer") == f"{text} (K9)"
            assert view.enrolment.why.textFormat().name == "PlainText"
            assert view.enrolment.why.text() == text
            tip = view.peers.tip(0, "detail")
            assert tip == text

    run(story())


@pytest.mark.parametrize(
    ("offset_s", "grade", "words"),
    [
        (None, "unknown", DASH),
        (0.01, "normal", "0 s"),
        (-4.9, "normal", "4.9 s behind"),
        (5.1, "warning", "5.1 s ahead"),
        (-300.5, "alarm", "5:00 behind"),
        (3.2e8, "alarm", "3703 d 16 h ahead"),
    ],
)
def test_a_clock_warns_beyond_5_s_and_alarms_beyond_5_min(offset_s: float | None, grade: str, words: str) -> None:
    assert (clock_grade(offset_s), clock_words(offset_s)) == (grade, words)


def test_an_act_tells_every_place_where_it_is_durable() -> None:
    assert places_text(False, 0) == "this PC"
    assert places_text(False, 1) == "this PC · 1 station"
    assert places_text(True, 2) == "this PC · 2 stations · centre"


def test_a_pairing_code_is_found_only_where_one_stands() -> None:
    assert pairing_code("compare AB3D-EF7H please") == "AB3D-EF7H"
    assert pairing_code("compare AB3DEF7H please") == "AB3DEF7H"
    assert pairing_code("this station is not enrolled") == ""
