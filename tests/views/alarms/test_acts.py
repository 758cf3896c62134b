"""Acting on alarms from the list: with a word, with a signature, for many, reset, service, ownership, incidents."""

from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.domain.alarm_commands import LeaveAlarms, ResetAlarms, ReturnToService, TakeAlarms, TakeOutOfService
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState
from console.domain.commands import AcknowledgeAlarms, LinkAlarms, OpenIncident
from console.domain.refusal import Refused
from console.models.alarm_table import AlarmTab
from console.services.people_records import SignatureSheet
from console.services.records import AsideRecord, IncidentsDelta
from console.services.station import INCIDENTS, Receipt, SignatureQuery
from console.ui.actions import ACTIONS
from console.ui.signing import SignatureDialog
from console.ui.wall_clock import now_us
from console.views.alarms.view import AlarmsView
from console.widgets.incident_form import IncidentForm
from tests.models.test_other_tables import incident
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import condition
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, deliver, fill, questions, select, view_of, words_of

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.mark.proves("ALARM-F39")
def test_an_alarm_that_needs_a_word_is_acknowledged_only_with_one(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        deliver(station, [condition(0), replace(condition(1), needs_comment=True)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0, 1])
            screen.press(Qt.Key.Key_Space)
            await until(questions)
            (dialog,) = questions()
            assert "ROB-1" in words_of(dialog) and not dialog.accept_button.isEnabled()
            dialog.input("comment").setPlainText("seen on site")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: not questions())
            select(view, [0])
            screen.press(Qt.Key.Key_Space)  # this one alone needs none
            await until(lambda: len(station.submitted) == 2)
        first, second = station.submitted
        assert isinstance(first, AcknowledgeAlarms) and isinstance(second, AcknowledgeAlarms)
        assert (len(first.occurrences), first.comment, second.comment) == (2, "seen on site", "")

    run(story())


@pytest.mark.proves("ALARM-F40")
def test_one_alarm_of_a_signed_class_makes_the_whole_selection_signed(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        sentence = "I, {name}, acknowledge these alarms"
        sheet = SignatureSheet("Olga", "responsible", sentence, "alarms", "2", (("Alarms", "2"),), "ab" * 32)
        station.answers[SignatureQuery] = lambda _query: sheet
        deliver(station, [condition(0), replace(condition(1), needs_signature=True)])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0, 1])
            screen.press(Qt.Key.Key_Space)
            await until(lambda: view.findChildren(SignatureDialog))
            assert not station.submitted
            dialog = view.findChildren(SignatureDialog)[0]
            dialog.secret.setText("correct horse")
            dialog.sign_button.click()
            await until(lambda: station.submitted)
        (asked,) = station.submitted
        assert isinstance(asked, AcknowledgeAlarms) and len(asked.occurrences) == 2
        assert asked.proof is not None and asked.proof.secret == "correct horse"

    run(story())


@pytest.mark.proves("ALARM-T40", "ALARM-F36")
def test_many_selected_alarms_are_acknowledged_only_after_the_critical_ones_were_named(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 12, priority=[1, 1, *[3] * 10])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, range(12))
            assert view.bar.text.text() == "12 alarms selected · 12 unacknowledged"
            screen.press(Qt.Key.Key_Space)
            await until(questions)
            (dialog,) = questions()
            told = words_of(dialog)
            assert "2 critical alarms:" in told and "ROB-0" in told and "ROB-1 " in told and "10 other alarms" in told
            assert not dialog.accept_button.isDefault() and not dialog.accept_button.autoDefault()
            dialog.reject()
            await until(lambda: not questions())
            assert not station.submitted

    run(story())


@pytest.mark.proves("ALARM-T34", "ALARM-F41")
def test_a_mixed_selection_acknowledges_what_is_owed_and_tells_what_was_left_out(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        un, ack = AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED
        fill(station, 5, state=[un, ack, un, ack, AlarmState.RETURNED_UNACKNOWLEDGED])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            station_says = Receipt(("00",), skipped=("ROB-2",))  # another console was faster

            async def submit(command: object) -> Receipt:
                station.submitted.append(command)  # type: ignore[arg-type]
                return station_says

            station.submit = submit  # type: ignore[method-assign]
            select(view, range(5))
            screen.press(Qt.Key.Key_Space)
            await until(lambda: screen.said)
            assert screen.said == ["3 alarms were acknowledged already and are left out."]
        (asked,) = station.submitted
        assert {one.condition_id for one in asked.occurrences} == {condition(row).condition_id for row in (0, 2, 4)}  # type: ignore[attr-defined]

    run(story())


@pytest.mark.proves("ALARM-F41", "ALARM-F42")
def test_a_stale_batch_is_refused_as_a_whole_with_the_names(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 3)
        text = "Not acknowledged, these are no longer the alarms on screen: {alarms}"
        station.refusals[AcknowledgeAlarms] = Refused(text, alarms="Robot 1, Robot 2")
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0, 1, 2])
            screen.press(Qt.Key.Key_Space)
            await until(lambda: screen.said)
            assert screen.said[0].endswith("Robot 1, Robot 2")
            assert len(view.lists.selection()) == 3  # to be looked at again

    run(story())


@pytest.mark.proves("ALARM-F6", "ALARM-T34")
def test_reset_has_a_key_of_its_own_takes_what_waits_for_it_and_tells_the_rest(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        waiting = AlarmState.LATCHED_ACKNOWLEDGED
        fill(station, 3, state=[waiting, AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0])
            assert view.bar.buttons["alarm.reset"].isVisible()
            assert view.table.cell(0, "note") == "waits for its reset"
            select(view, [0, 1, 2])
            screen.press(Qt.Key.Key_R, CONTROL_SHIFT)
            await until(lambda: screen.said)
            assert screen.said == ["2 alarms do not wait for a reset and are left out."]
            select(view, [1])
            screen.press(Qt.Key.Key_R, CONTROL_SHIFT)
            await until(lambda: len(screen.said) == 2)
            assert "acknowledged first" in screen.said[1]
            assert station.submitted == [ResetAlarms((view.table.occurrences([view.table.position_of(0)])[0],))]
        keys = {spec.action_id: spec.shortcut for spec in ACTIONS}
        assert keys["alarm.reset"] not in (keys["alarm.acknowledge"], keys["alarm.acknowledge_page"])

    run(story())


@pytest.mark.proves("ALARM-F46")
def test_whoever_has_an_alarm_is_named_and_that_acknowledges_nothing(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 2, flags=[0, int(AlarmFlag.OWNED)], owners={1: "Otto Ohm"})
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert view.table.cell(1, "note") == "Otto Ohm has it"
            select(view, [0])
            seen = view.lists.selection()[0].occurrence
            screen.press(Qt.Key.Key_H)
            await until(lambda: station.submitted)
            select(view, [0, 1])
            screen.press(Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
            await until(lambda: len(station.submitted) == 2)
            owned = view.table.alarms.occurrence(1)
        assert owned is not None
        assert station.submitted == [TakeAlarms((seen,)), LeaveAlarms((owned,))]

    run(story())


@pytest.mark.proves("ALARM-F18", "ALARM-F76")
def test_out_of_service_has_a_list_with_owner_reason_and_work_order(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        out = int(AlarmFlag.OUT_OF_SERVICE)
        since = now_us() - 3 * 24 * 60 * MINUTE
        record = AsideRecord(out, "Emil", "B2", reason="pump is taken apart", since_us=since, work_order="WO-7")
        fill(station, 2, flags=[0, out], aside={1: (record,)})
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0])
            screen.press(Qt.Key.Key_O)
            await until(questions)
            (dialog,) = questions()
            dialog.input("reason").setPlainText("valve is changed")  # type: ignore[union-attr]
            dialog.input("order").setText("WO-9")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: not questions())
            view.show_tab(AlarmTab.OUT_OF_SERVICE)
            table = view.lists.asides[AlarmTab.OUT_OF_SERVICE]
            told = {column.key: table.cell(1, column.key) for column in table.COLUMNS}
            assert (told["who"], told["reason"], told["order"]) == ("Emil", "pump is taken apart", "WO-7")
            assert told["age"] == "3 d 0 h" and "remaining" not in told  # it has no end of its own
            select(view, [1])
            screen.press(Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
            await until(questions)
            questions()[0].accept_button.click()
            await until(lambda: not questions())
        first, second = station.submitted
        assert first == TakeOutOfService((condition(0).condition_id,), "valve is changed", "WO-9")
        assert second == ReturnToService((condition(1).condition_id,), "")

    run(story())


@pytest.mark.proves("ALARM-F75")
def test_many_alarms_open_one_incident_or_are_attached_to_one_that_is_open(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 3)
        closed = incident(6, state="closed")
        station.deliver(INCIDENTS, IncidentsDelta(True, (incident(5), closed)))
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0, 1])
            chosen = tuple(seen.occurrence for seen in view.lists.selection())
            screen.press(Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
            await until(questions)
            assert questions()[0].input("incident").count() == 1  # type: ignore[union-attr]
            questions()[0].accept_button.click()
            await until(lambda: station.submitted)
            screen.press(Qt.Key.Key_I)
            await until(lambda: view.findChildren(IncidentForm))
            view.findChildren(IncidentForm)[0].open_button.click()
            await until(lambda: len(station.submitted) == 2)
        linked, opened = station.submitted
        assert linked == LinkAlarms(UUID(int=5), chosen)
        assert isinstance(opened, OpenIncident) and opened.occurrences == chosen

    run(story())
