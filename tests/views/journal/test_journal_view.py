"""Reading the journal: who, what, when, what stood there before, and where it is kept."""

import pytest
from pytestqt.qtbot import QtBot

from console.services.master_records import ImportRecord, MasterDelta, MasterRecord
from console.services.records import IncidentsDelta, JournalDelta
from console.services.station import ALARMS, INCIDENTS, JOURNAL, MASTER, JournalQuery
from console.ui.translation import set_language
from console.ui.view import Selection
from console.ui.wall_clock import now_us
from console.views.journal.detail import detail_text, payload_text
from console.views.journal.view import JournalView
from tests.models.test_other_tables import entry, incident
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import alarms, condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


@pytest.fixture
def station() -> FakeStation:
    made = FakeStation()
    made.answers[JournalQuery] = lambda _query: ()
    return made


def view_of(screen: Screen) -> JournalView:
    assert isinstance(screen.view, JournalView)
    return screen.view


def test_an_entry_tells_its_content_and_what_stood_there_before_as_plain_text(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        before = entry(1, etype="incident.field_set", entity="incident:9", summary='{"field":"title","value":"Fan"}')
        after = entry(2, etype="incident.field_set", entity="incident:9", summary='{"value":"<script>x</script>"}')
        station.deliver(JOURNAL, JournalDelta(True, (before, after, entry(3))))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(1)
            told = view.detail.toPlainText()
            assert "value: <script>x</script>" in told
            assert told.index("<script>") < told.index("value: Fan")
            assert "this PC" in told

    run(story())


def test_a_filter_asks_the_station_for_older_entries_when_the_typing_rests(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        asked: list[JournalQuery] = []

        def answer(query: JournalQuery) -> tuple[object, ...]:
            asked.append(query)
            return (entry(1, user="lead", summary='{"text":"old pump"}'),)

        station.answers[JournalQuery] = answer
        station.deliver(JOURNAL, JournalDelta(True, (entry(500),)))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.filter.set_text("pump")
            assert view.table.rowCount() == 0
            assert view.list.empty_text == "No entry matches these filters."
            await until(lambda: view.table.rowCount() == 1)
            assert [query.text for query in asked] == ["pump"]
            view.fields["who"].setText("nobody")
            assert view.table.rowCount() == 0

    run(story())


def test_the_journal_says_what_people_know_and_keeps_the_id_in_the_tip(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        hot, unknown = condition(0, text="Oil pressure low", asset="HYD-11"), "0190b6f0-0000-7000-8000-0000deadbeef"
        known = incident(1)
        acknowledged = entry(
            4,
            entity=f"condition {hot.condition_id}",
            summary=f'{{"condition_id":"{hot.condition_id}","comment":"seen"}}',
        )
        linked = entry(
            3,
            etype="incident.alarm_linked",
            entity=f"incident {known.incident_id}",
            summary=f'{{"condition_id":"{hot.condition_id}"}}',
        )
        signed_on = entry(2, etype="user.signed_on", entity="user user-anna", user="Anna Keller")
        station.deliver(JOURNAL, JournalDelta(True, (acknowledged, linked, signed_on, entry(1, entity=f"x {unknown}"))))
        async with Screen(JournalView, station) as screen:
            table = view_of(screen).table

            def row(at: int) -> tuple[str, str]:
                return table.cell(table.row_at(at), "entity"), table.cell(table.row_at(at), "summary")

            assert row(0)[0] == f"alarm …{str(hot.condition_id)[-8:]}"
            station.deliver(ALARMS, alarms([0], conditions=[hot], is_snapshot=True))
            station.deliver(INCIDENTS, IncidentsDelta(True, (known,)))
            table.flush()
            assert row(0) == ("Oil pressure low · HYD-11", "comment: seen")
            assert row(1) == (known.number, "alarm: Oil pressure low · HYD-11")
            assert row(2)[0] == "Anna Keller"
            assert row(3)[0] == "x …deadbeef"
            assert table.tip(table.row_at(0), "entity") == acknowledged.entity
            table.set_filters(entity="oil pressure")
            assert table.rowCount() == 1
            table.set_filters(entity=str(hot.condition_id))
            assert table.rowCount() == 1

    run(story())


@pytest.mark.proves("ALARM-F68", "ALARM-F70")
def test_records_imports_and_fields_are_called_as_people_call_them(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        import_id = "0190b6f0-0000-7000-8000-0000deadbeef"
        moved = entry(
            5, etype="master_alarm.moved", entity="master_alarm oil-pressure/LL",
            summary='{"key":"oil-pressure/LL","event":"approve","to":"approved","content":"88ab",'
            '"values":[["cause","A leak"],["owner",""]]}',
        )  # fmt: skip
        shelved = entry(
            4, etype="alarm.shelved", entity="condition x",
            summary='{"max_s":28800,"reason_code":"chattering","is_one_shot":false,"shelf_class":"S"}',
        )  # fmt: skip
        imported = entry(3, etype="master_alarm.imported", entity=f"master_import {import_id}", summary="{}")
        signed = entry(2, etype="record.signed", entity=f"record {'7f' * 32}", summary="{}")
        station.deliver(JOURNAL, JournalDelta(True, (moved, shelved, imported, signed)))
        async with Screen(JournalView, station) as screen:
            table = view_of(screen).table

            def row(at: int) -> tuple[str, str]:
                return table.cell(table.row_at(at), "entity"), table.cell(table.row_at(at), "summary")

            assert row(0)[0] == "master alarm record oil-pressure/LL"
            assert row(3)[0] == "signed record …7f7f7f7f"
            record = MasterRecord("oil-pressure/LL", "oil-pressure", "LL", text="Oil pressure is low")
            imports = (ImportRecord(import_id, "records.xlsx", "Anna", 1, 12),)
            station.deliver(MASTER, MasterDelta(True, (record,), imports=imports))
            table.flush()
            assert row(0) == ("Oil pressure is low · oil-pressure/LL", "step: approve · to: approved · Cause: A leak")
            assert row(1)[1] == "at most: 8:00 h · reason: chattering"
            assert row(2)[0] == "records.xlsx"
            set_language("de")
            try:
                assert row(0)[1] == "Schritt: freigeben · nach: freigegeben · Ursache: A leak"
                assert row(1)[1] == "höchstens: 8:00 h · Grund: flatternd"
                assert row(3)[0].startswith("unterschriebener Datensatz …")
            finally:
                set_language("en")

    run(story())


def test_the_selected_entry_stays_while_new_ones_arrive(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(JOURNAL, JournalDelta(True, tuple(entry(seq) for seq in range(50))))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(10)
            chosen = view.table.entry_at(10)
            station.deliver(JOURNAL, JournalDelta(False, tuple(entry(seq) for seq in range(50, 60))))
            await until(lambda: view.table.rowCount() == 60)
            assert view.table.entry_at(view.list.currentIndex().row()) == chosen
            assert chosen is not None and view.detail.toPlainText() == detail_text(
                chosen, view.table.earlier_of(chosen)
            )

    run(story())


def test_payloads_that_are_no_json_are_shown_as_they_are() -> None:
    assert payload_text("not { json") == "not { json"
    assert payload_text("[1, 2]") == "[1, 2]"
    assert payload_text('{"a": null, "b": "x"}') == "a: null\nb: x"


def test_copied_rows_cannot_become_formulas(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(JOURNAL, JournalDelta(True, (entry(1, user="=cmd()"),)))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.list.selectAll()
            assert "'=cmd()" in view.list.copy_selection()

    run(story())


def test_a_moment_that_another_view_points_at_is_the_window_that_is_asked_for(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            at_us = now_us() - 90_000_000
            view.show_selection(Selection(at_us=at_us))
            window = view.filters.chosen()
            assert window.from_us <= at_us < window.to_us
            assert window.to_us - window.from_us == 60_000_000

    run(story())
