"""Where each act on an incident is kept: this PC, other stations, the centre; and what is doubted about it."""

from dataclasses import replace

from pytestqt.qtbot import QtBot

from console.services.records import IncidentRecord, IncidentsDelta, IncidentStep, JournalDelta, JournalRow
from console.services.station import INCIDENTS, JOURNAL, JournalQuery
from console.ui.plain_label import PlainLabel
from console.views.incidents.view import IncidentsView
from tests.models.test_other_tables import entry, incident
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


def row(record: IncidentRecord, seq: int, **values: object) -> JournalRow:
    return entry(seq, entity=f"incident {record.incident_id}", **values)


def words(view: IncidentsView) -> list[str]:
    return [label.text() for label in view.detail.findChildren(PlainLabel) if label.isVisible()]


def test_an_incident_tells_of_each_act_where_it_is_kept_and_is_as_safe_as_its_least_safe_one(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        steps = tuple(IncidentStep(T0 + n, "anna", "note", f"note {n}", hash=f"{n:064x}") for n in (1, 2))
        record = replace(incident(7), steps=steps)
        first, second = row(record, 1, in_centre=True, stations=2), row(record, 2, flags=("unauthorised",))
        station.answers[JournalQuery] = lambda query: (first,) if query.entity == first.entity else ()
        station.deliver(INCIDENTS, IncidentsDelta(True, (record,)))
        station.deliver(JOURNAL, JournalDelta(True, (second,)))
        async with Screen(IncidentsView, station) as screen:
            view = screen.view
            assert isinstance(view, IncidentsView)
            view.list.selectRow(0)
            await until(lambda: any(text.endswith("this PC · 2 stations · centre") for text in words(view)))
            assert "this PC" in words(view)  # of the whole
            assert "not permitted: awaits a countersignature" in words(view)
            station.deliver(JOURNAL, JournalDelta(False, (replace(second, in_centre=True, stations=1, flags=()),)))
            await until(lambda: "this PC · 1 station · centre" in words(view))
            assert "not permitted: awaits a countersignature" not in words(view)

    run(story())


def test_what_nobody_has_told_of_shows_what_the_record_says(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.deliver(INCIDENTS, IncidentsDelta(True, (incident(7, places="in the centre"),)))
        async with Screen(IncidentsView, station) as screen:
            view = screen.view
            assert isinstance(view, IncidentsView)
            view.list.selectRow(0)
            await until(lambda: "in the centre" in words(view))

    run(story())
