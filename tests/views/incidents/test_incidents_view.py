"""Working on an incident: what its state and the role permit, conflicts, drafts that survive."""

from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from console.domain.assets import Asset
from console.domain.commands import (
    AssignIncident,
    CloseIncident,
    NoteIncident,
    OpenIncident,
    ResolveIncident,
)
from console.domain.incidents import IncidentState, allowed, priority
from console.domain.merge_commands import AmendNote, MergeIncidents, ResolveConflict
from console.domain.refusal import Refused
from console.services.records import (
    CompetingValue,
    IncidentsDelta,
    IncidentStep,
    RelatedIncident,
    SessionRecord,
    TopologyDelta,
)
from console.services.station import INCIDENTS, SESSION, TOPOLOGY
from console.ui.dialogs import QuestionDialog
from console.ui.plain_label import PlainLabel
from console.ui.view import Selection
from console.views.incidents.moves import MOVES
from console.views.incidents.view import IncidentsView
from tests.models.test_other_tables import incident
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import T0
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

ASSIGNED = incident(1, state="assigned", allowed=allowed(IncidentState.ASSIGNED), team="Plant IT", agent="bernd")


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()


def view_of(screen: Screen) -> IncidentsView:
    assert isinstance(screen.view, IncidentsView)
    return screen.view


def session(**denied: str) -> SessionRecord:
    reasons = {name.replace("_", "-"): why for name, why in denied.items()}
    return SessionRecord("u", "anna", "Anna", ("operator",), T0, reasons)


@pytest.mark.parametrize("state", [state for state in IncidentState if state not in ("escalated_tto", "escalated_ttr")])
def test_buttons_follow_the_state_and_say_why_not(qtbot: QtBot, station: FakeStation, state: IncidentState) -> None:
    async def story() -> None:
        station.deliver(INCIDENTS, IncidentsDelta(True, (incident(1, state=state.value, allowed=allowed(state)),)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            for move in MOVES:
                button = view.detail.buttons[move.command]
                assert button.isVisible()
                assert button.isEnabled() == (move.command in allowed(state))
                assert bool(button.toolTip()) != button.isEnabled()
            assert view.detail.note_field.isEnabled() == (state not in ("closed", "cancelled"))

    run(story())


def test_what_a_role_may_not_is_visible_disabled_and_says_why(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(INCIDENTS, IncidentsDelta(True, (ASSIGNED,)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            why = "Only operators and shift leads may open incidents"
            station.deliver(SESSION, session(resolve_incident="not <b>you</b>", open_incident=why))
            button = view.detail.buttons["resolve-incident"]
            assert (button.isVisible(), button.isEnabled()) == (True, False)
            assert "not &lt;b&gt;you" in button.toolTip()
            assert (view.new_button.isEnabled(), why in view.new_button.toolTip()) == (False, True)

    run(story())


def test_resolving_asks_for_code_and_solution_and_keeps_them_when_refused(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(INCIDENTS, IncidentsDelta(True, (ASSIGNED,)))
        station.refusals[ResolveIncident] = Refused("Describe the solution")
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            view.detail.buttons["resolve-incident"].click()
            await until(lambda: view.findChildren(QuestionDialog))
            dialog = view.findChildren(QuestionDialog)[0]
            assert not dialog.accept_button.isEnabled()
            code, solution = dialog.input("code"), dialog.input("solution")
            assert isinstance(code, QComboBox)
            code.setCurrentIndex(code.findData("replaced"))
            solution.setPlainText("new fuse")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: station.submitted)
            await until(dialog.accept_button.isEnabled)
            station.refusals.clear()
            dialog.accept_button.click()
            await until(lambda: not view.findChildren(QuestionDialog))
        assert station.submitted == [ResolveIncident(UUID(int=1), "replaced", "new fuse")] * 2

    run(story())


def test_assigning_starts_with_who_has_it_and_closing_asks_nothing(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        resolved = incident(2, state="resolved", allowed=allowed(IncidentState.RESOLVED))
        station.deliver(INCIDENTS, IncidentsDelta(True, (ASSIGNED, resolved)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.show_selection(Selection(incident_id=UUID(int=1)))
            view.detail.buttons["assign-incident"].click()
            await until(lambda: view.findChildren(QuestionDialog))
            view.findChildren(QuestionDialog)[0].accept_button.click()
            await until(lambda: station.submitted)
            view.show_selection(Selection(incident_id=UUID(int=2)))
            view.detail.buttons["close-incident"].click()
            await until(lambda: len(station.submitted) == 2)
        assert station.submitted == [
            AssignIncident(UUID(int=1), "Plant IT", "bernd"),
            CloseIncident(UUID(int=2)),
        ]

    run(story())


def test_a_note_being_written_survives_updates_other_incidents_refusals_and_a_restart(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        other = incident(2, state="new", allowed=allowed(IncidentState.NEW))
        station.deliver(INCIDENTS, IncidentsDelta(True, (ASSIGNED, other)))
        station.refusals[NoteIncident] = Refused("Write something first")
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.show_selection(Selection(incident_id=UUID(int=1)))
            QTest.keyClicks(view.detail.note_field, "fuse F3 was blown")
            station.deliver(INCIDENTS, IncidentsDelta(False, (replace(ASSIGNED, title="another title", priority=1),)))
            await until(lambda: view.detail.title.text() == "another title")
            assert view.detail.note_field.toPlainText() == "fuse F3 was blown"
            view.show_selection(Selection(incident_id=UUID(int=2)))
            assert view.detail.note_field.toPlainText() == ""
            view.show_selection(Selection(incident_id=UUID(int=1)))
            view.detail.note_button.click()
            await until(lambda: screen.said)
            assert view.detail.note_field.toPlainText() == "fuse F3 was blown"
            kept = view.save_state()
        station.refusals.clear()
        async with Screen(IncidentsView, station) as again:
            view = view_of(again)
            view.restore_state(kept)
            view.show_selection(Selection(incident_id=UUID(int=1)))
            assert view.detail.note_field.toPlainText() == "fuse F3 was blown"
            view.detail.note_button.click()
            await until(lambda: view.detail.note_field.toPlainText() == "")
        assert station.submitted[-1] == NoteIncident(UUID(int=1), "fuse F3 was blown")

    run(story())


def competing(field: str, *values: tuple[str | int, str, str]) -> tuple[CompetingValue, ...]:
    return tuple(
        CompetingValue(field, value, shown, who, T0, f"{n:064x}") for n, (value, shown, who) in enumerate(values)
    )


def shown_texts(view: IncidentsView) -> list[str]:
    return [label.text() for label in view.detail.findChildren(PlainLabel)]


def pressed(view: IncidentsView, text: str) -> QPushButton:
    button = next(b for b in view.detail.findChildren(QPushButton) if b.text() == text)
    button.click()
    return button


def merge_buttons(view: IncidentsView) -> list[QPushButton]:
    return [b for b in view.detail.findChildren(QPushButton) if b.text() == "Merge..." and b.isVisible()]


def test_a_conflict_shows_both_values_with_who_and_when_and_is_resolved_with_a_reason(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        values = competing("title", ("Fan lost", "Fan lost", "Olga"), ("Fan <i>gone</i>", "Fan <i>gone</i>", "Otto"))
        station.deliver(INCIDENTS, IncidentsDelta(True, (replace(ASSIGNED, conflicts=("title",), competing=values),)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            shown = "\n".join(shown_texts(view))
            assert "Fan lost" in shown and "Fan <i>gone</i>" in shown
            assert "Olga" in shown and "Otto" in shown and "shown now" in shown
            pressed(view, "Resolve...")
            await until(lambda: view.findChildren(QuestionDialog))
            dialog = view.findChildren(QuestionDialog)[0]
            assert not dialog.accept_button.isEnabled()  # no reason yet
            choice = dialog.input("value")
            assert isinstance(choice, QComboBox)
            assert choice.currentData() == "Fan <i>gone</i>"
            choice.setCurrentIndex(choice.findData("Fan lost"))
            dialog.input("reason").setPlainText("seen on site")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: station.submitted)
        assert station.submitted == [ResolveConflict(UUID(int=1), "title", "Fan lost", "seen on site")]

    run(story())


def test_a_disputed_grade_goes_back_as_a_number_and_a_state_as_its_name(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        values = competing("impact", (2, "2", "Olga"), (4, "4", "Otto")) + competing(
            "state", ("closed", "closed", "Olga"), ("assigned", "assigned", "Otto")
        )
        disputed = replace(ASSIGNED, conflicts=("impact", "state"), competing=values)
        station.deliver(INCIDENTS, IncidentsDelta(True, (disputed,)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            assert "4 · one user or device" in shown_texts(view)
            for n, field in enumerate(("impact", "state")):
                view.detail.settle_asked.emit(field)
                await until(lambda: view.findChildren(QuestionDialog))
                dialog = view.findChildren(QuestionDialog)[0]
                dialog.input("reason").setPlainText("agreed")  # type: ignore[union-attr]
                dialog.accept_button.click()
                await until(lambda n=n: len(station.submitted) == n + 1)
                await until(lambda: not view.findChildren(QuestionDialog))
        assert station.submitted == [
            ResolveConflict(UUID(int=1), "impact", 4, "agreed"),
            ResolveConflict(UUID(int=1), "state", "assigned", "agreed"),
        ]

    run(story())


def test_what_may_be_the_same_is_merged_by_the_person_only_and_the_root_is_one_press_away(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        other = RelatedIncident(UUID(int=2), "INC-K-0002", "Fan stands")
        root = RelatedIncident(UUID(int=1), "INC-K-0001", "Incident 1")
        station.deliver(
            INCIDENTS, IncidentsDelta(True, (replace(ASSIGNED, suggestions=(other,)), incident(2, root=root)))
        )
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.show_selection(Selection(incident_id=UUID(int=1)))
            pressed(view, "Merge...")
            await until(lambda: view.findChildren(QuestionDialog))
            view.findChildren(QuestionDialog)[0].accept_button.click()
            await until(lambda: station.submitted)
            view.show_selection(Selection(incident_id=UUID(int=2)))
            assert "merged into INC-K-0001" in view.detail.number.text()
            next(
                b for b in view.detail.findChildren(QPushButton) if b.accessibleName().startswith("INC-K-0001")
            ).click()
            record = view.current()
            assert record is not None and record.incident_id == UUID(int=1)
            assert screen.went == []
            station.deliver(SESSION, session(merge_incidents="not you"))
            await until(lambda: [b.isEnabled() for b in merge_buttons(view)] == [False])
            assert "not you" in merge_buttons(view)[0].toolTip()
        assert station.submitted == [MergeIncidents(UUID(int=1), UUID(int=2), "Both are about the same alarm")]

    run(story())


def test_an_amended_note_shows_the_older_text_struck_through_and_can_be_amended_again(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        note = IncidentStep(T0, "Olga", "note", "pump P2", hash="ab" * 32, struck=("pump <b>P1</b>",))
        held = IncidentStep(T0 + 1, "Otto", "move", "Closed", hash="cd" * 32, is_withheld=True)
        station.deliver(INCIDENTS, IncidentsDelta(True, (replace(ASSIGNED, steps=(note, held)),)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            labels = {label.text(): label for label in view.detail.findChildren(PlainLabel)}
            assert labels["pump <b>P1</b>"].font().strikeOut()
            assert not labels["pump P2"].font().strikeOut()
            assert any("countersigns" in text for text in labels)
            pressed(view, "Amend...")
            await until(lambda: view.findChildren(QuestionDialog))
            dialog = view.findChildren(QuestionDialog)[0]
            dialog.input("text").setPlainText("pump P3")  # type: ignore[union-attr]
            dialog.input("reason").setPlainText("wrong pump")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: station.submitted)
        assert station.submitted == [AmendNote(UUID(int=1), "ab" * 32, "pump P3", "wrong pump")]

    run(story())


def test_activity_after_close_stands_in_the_head_and_on_a_card(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        closed = incident(1, state="closed", is_active_after_close=True)
        station.deliver(INCIDENTS, IncidentsDelta(True, (closed,)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            assert "activity after close" in view.detail.number.text()
            assert "Activity after close" in shown_texts(view)

    run(story())


@pytest.mark.parametrize("impact", [1, 2, 3, 4])
def test_the_new_form_shows_the_priority_while_it_is_chosen(qtbot: QtBot, station: FakeStation, impact: int) -> None:
    async def story() -> None:
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.new_incident()
            form = view._form
            assert form is not None and not form.isModal()
            assert not form.open_button.isEnabled()
            form.impact_choice.setCurrentIndex(impact - 1)
            for urgency in range(4):
                form.urgency_choice.setCurrentIndex(urgency)
                assert form.sign.priority == priority(impact, urgency + 1)
            form.title_field.setText("Printer P-31")
            kept = view.save_state()
            form.open_button.click()
            await until(lambda: station.submitted)
            await until(lambda: view._form is None)
            view.restore_state(kept)
            view.new_incident()
            assert view._form is not None and view._form.title_field.text() == "Printer P-31"
        assert station.submitted == [OpenIncident("Printer P-31", impact, 4)]

    run(story())


def test_alarms_and_assets_of_an_incident_are_one_press_away(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        asset = UUID(int=9)
        linked = replace(ASSIGNED, alarms=((UUID(int=77), T0, "Fan & <b>motor</b>"),), assets=(asset,))
        station.deliver(TOPOLOGY, TopologyDelta(True, (Asset(asset, "SW-CORE-1"),), (), (), ()))
        station.deliver(INCIDENTS, IncidentsDelta(True, (linked,)))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            buttons = {b.text(): b for b in view.detail.findChildren(QPushButton)}
            next(button for text, button in buttons.items() if "Fan && <b>motor</b>" in text).click()
            buttons["SW-CORE-1"].click()
            assert [where for where, _selection in screen.went] == ["alarms", "topology"]
            first, second = screen.went[0][1], screen.went[1][1]
            assert first is not None and first.occurrence is not None and first.occurrence.start_us == T0
            assert second is not None and second.asset_id == asset

    run(story())


def test_filter_and_only_open_give_way_to_an_incident_that_is_asked_for(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.deliver(INCIDENTS, IncidentsDelta(True, (incident(1, state="closed"), incident(2))))
        async with Screen(IncidentsView, station) as screen:
            view = view_of(screen)
            view.only_open.setChecked(True)
            screen.press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClicks(view.filter.field, "zzz")
            assert view.table.rowCount() == 0
            view.show_selection(Selection(incident_id=UUID(int=1)))
            record = view.current()
            assert record is not None and record.incident_id == UUID(int=1)
            assert screen.selected[-1].incident_id == UUID(int=1)

    run(story())
