"""A note that somebody is writing stays with him, also when another person takes the desk over."""

from pytestqt.qtbot import QtBot

from console.services.records import SessionRecord
from console.services.station import INCIDENTS, SESSION
from console.ui.view import Selection
from console.views.incidents.view import IncidentsView
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


def sits(user_id: str) -> SessionRecord:
    return SessionRecord(user_id, user_id, user_id, ("operator",), 0)


def test_half_a_note_is_not_shown_to_the_next_person_and_is_there_again_for_the_first(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        plant.deliver_plant(station, session=sits("olga"))
        async with Screen(IncidentsView, station) as screen:
            view = screen.view
            assert isinstance(view, IncidentsView)
            record = plant.r.IncidentsDelta(True, (plant.INCIDENT,))
            station.deliver(INCIDENTS, record)
            view.show_selection(Selection(incident_id=plant.INCIDENT.incident_id))
            await until(lambda: view.detail.record is not None)
            view.detail.note_field.setPlainText("half a thought")
            station.deliver(SESSION, None)
            assert view.detail.note_field.toPlainText() == "half a thought", "a free desk keeps it"
            station.deliver(SESSION, sits("otto"))
            assert view.detail.note_field.toPlainText() == ""
            view.detail.note_field.setPlainText("mine")
            station.deliver(SESSION, sits("olga"))
            assert view.detail.note_field.toPlainText() == "half a thought"

    run(story())
