"""What is wrong with the input is counted and shown with its sender, as plain text."""

import math
from uuid import UUID

import pytest
from pytestqt.qtbot import QtBot

from console.domain.commands import RequestRebirth
from console.models.history_words import centre_text
from console.services.records import (
    HistoryRecord,
    LinkRecord,
    LinksDelta,
    NodeRecord,
    NodesDelta,
    SessionRecord,
    StatusRecord,
    Trouble,
    TroublesDelta,
)
from console.services.station import LINKS, NODES, SESSION, STATUS, TROUBLES
from console.views.diagnostics.view import DiagnosticsView
from console.widgets.lamp import LampState
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


def node(name: str, state: str = "online", **values: object) -> NodeRecord:
    fields: dict[str, object] = {"broker": "plant", "group": "g", "node": name, "device": ""}
    return NodeRecord(**fields, asset_id=UUID(int=hash(name) % 999), state=state, since_us=T0, **values)  # type: ignore[arg-type]


@pytest.fixture
def station() -> FakeStation:
    made = FakeStation()
    made.deliver(NODES, NodesDelta(True, (node("A"), node("B", "offline", skew_s=-3720.0), node("C", "blind"))))
    troubles = (
        Trouble("a/<script>", "undecodable", 3, T0, T0 + 5, "<b>ff</b>"),
        Trouble("b", "seq_gap", 2, T0, T0 + 9),
    )
    made.deliver(TROUBLES, TroublesDelta(True, troubles))
    made.deliver(LINKS, LinksDelta(True, (LinkRecord("broker:plant", "lost", T0, detail="no <route>"),)))
    return made


def view_of(screen: Screen) -> DiagnosticsView:
    assert isinstance(screen.view, DiagnosticsView)
    return screen.view


def test_sessions_that_need_care_come_first_with_their_clock_and_troubles_newest_first(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        async with Screen(DiagnosticsView, station) as screen:
            view = view_of(screen)
            assert [view.nodes.index(row, 1).data() for row in range(3)] == ["offline", "blind", "online"]
            assert view.nodes.index(0, 7).data() == "-3720 s"
            assert view.troubles.index(1, 1).data() == "a/<script>"
            assert view.troubles.index(1, 5).data() == "<b>ff</b>"
            assert view.trouble_heading.text() == "Troubled input · 5 messages"
            station.deliver(TROUBLES, TroublesDelta(False, (Trouble("b", "seq_gap", 7, T0, T0 + 20),)))
            await until(lambda: view.trouble_heading.text() == "Troubled input · 10 messages")
            assert view.troubles.rowCount() == 2

    run(story())


def status(history: HistoryRecord | None) -> StatusRecord:
    return StatusRecord("Plant", "PC 1", "desk", "UTC", history=history)


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (None, "History –"),
        (HistoryRecord(1_234_000_000), "History 1.2 GB · growth not predictable yet"),
        (HistoryRecord(52_300_000, 41_000_000.0, math.inf), "History 52 MB · 41 MB a day · never full"),
        (HistoryRecord(900, 2_000.0, 12.9, "fast"), "History 0.9 kB · 2 kB a day · class fast full in 12 days"),
        (HistoryRecord(9_960_000, 1e9, 230.0), "History 10 MB · 1 GB a day · disk full in 230 days"),
        (HistoryRecord(1, waiting=12_000), "History: 12,000 samples wait to be written"),
        (HistoryRecord(1, waiting=12_000, lost=3), "History: 3 samples not kept"),
    ],
)
def test_the_room_of_the_history_is_told_and_trouble_with_it_first(
    qtbot: QtBot, station: FakeStation, record: HistoryRecord | None, shown: str
) -> None:
    async def story() -> None:
        async with Screen(DiagnosticsView, station) as screen:
            station.deliver(STATUS, status(record))
            await until(lambda: view_of(screen).history_label.text() == shown)

    run(story())


def test_a_lost_broker_is_an_alarm_lamp_and_a_lost_centre_a_warning(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(DiagnosticsView, station) as screen:
            view = view_of(screen)
            lamp, label = view._link_parts["broker:plant"]
            assert lamp.state == LampState.ALARM
            assert label.text().startswith("Broker plant lost")
            assert "no &lt;route&gt;" in label.toolTip()
            station.deliver(LINKS, LinksDelta(False, (LinkRecord("centre", "lost", T0, waiting=14),)))
            lamp, label = view._link_parts["centre"]
            assert lamp.state == LampState.WARNING
            assert label.text().endswith("14 actions waiting")

    run(story())


def test_a_birth_is_asked_of_the_selected_node_by_those_who_may(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        async with Screen(DiagnosticsView, station) as screen:
            view = view_of(screen)
            assert not view.rebirth_button.isEnabled()
            await until(lambda: view.node_list.model().rowCount() > 0)
            view.node_list.selectRow(0)
            assert view.rebirth_button.isEnabled()
            view.rebirth_button.click()
            await until(lambda: screen.said)
            assert station.submitted == [RequestRebirth("plant", "g", "B")]
            why = "Only engineers may ask a node for its birth"
            station.deliver(SESSION, SessionRecord("u", "a", "A", (), T0, {"request-rebirth": why}))
            assert not view.rebirth_button.isEnabled()
            assert why in view.rebirth_button.toolTip()

    run(story())


def test_how_far_the_history_is_at_the_centre_is_said_in_words():
    hour = 1_790_000_000_000_000 // 3_600_000_000 * 3_600_000_000
    assert centre_text(None) == ""
    assert centre_text(HistoryRecord(1)) == ""
    assert centre_text(HistoryRecord(1, centre="lost")) == "History at the centre: nothing yet"
    assert "2 hours" not in centre_text(HistoryRecord(1, centre="live", handed_until_us=hour, hours_waiting=1))
    assert "80 hours wait" in centre_text(HistoryRecord(1, centre="lost", handed_until_us=hour, hours_waiting=80))
    refused = HistoryRecord(1, centre="refused", centre_detail="<b>too old</b>")
    assert centre_text(refused) == "History at the centre: refused. <b>too old</b>"
