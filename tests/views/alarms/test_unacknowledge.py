"""Taking an acknowledgement back: asked first, exactly the acknowledged ones that were shown, only with the right."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.domain.merge_commands import UnacknowledgeAlarms
from console.domain.refusal import Refused
from console.services.station import SESSION
from console.ui.dialogs import QuestionDialog
from console.views.alarms.view import AlarmsView
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


def story_of(work: Any, *, denied: dict[str, str] | None = None) -> None:
    async def day() -> None:
        station = FakeStation()
        plant.deliver_plant(station)
        async with Screen(AlarmsView, station) as screen:
            assert isinstance(screen.view, AlarmsView)
            screen.actions.set_denied(denied or {})
            screen.view.table.flush()
            await work(screen, screen.view, station)

    run(day())


def questions() -> list[QuestionDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QuestionDialog) and one.isVisible()]


def select(view: AlarmsView, *rows: int) -> None:
    view.list.clearSelection()
    for row in rows:
        place = view.table.position_of(row)
        index = view.table.index(place, 0)
        model = view.list.selectionModel()
        model.select(index, model.SelectionFlag.Select | model.SelectionFlag.Rows)
    view.list.setFocus()


@pytest.mark.proves("ALARM-F43")
def test_exactly_the_acknowledged_ones_are_taken_back_after_asking(qtbot: QtBot) -> None:
    async def work(screen: Screen, view: AlarmsView, station: FakeStation) -> None:
        select(view, 0, 2)  # the first is unacknowledged, the third acknowledged
        screen.press(Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
        await until(questions)
        (dialog,) = questions()
        assert "1 alarm" in dialog.windowTitle() and not station.submitted
        station.refusals[UnacknowledgeAlarms] = Refused("That alarm is over")
        dialog.accept_button.click()
        await until(lambda: dialog._notice.text() == "That alarm is over")
        del station.refusals[UnacknowledgeAlarms]
        dialog.input("comment").setPlainText("wrong row")  # type: ignore[union-attr]
        dialog.accept_button.click()
        await until(lambda: not questions())
        (done,) = [one for one in station.submitted[1:] if isinstance(one, UnacknowledgeAlarms)]
        assert [one.condition_id for one in done.occurrences] == [plant.CONDITIONS[2].condition_id]
        assert done.comment == "wrong row"

    story_of(work)


def test_the_bar_offers_it_only_where_nothing_is_owed(qtbot: QtBot) -> None:
    async def work(screen: Screen, view: AlarmsView, station: FakeStation) -> None:
        select(view, 2)
        assert view.bar.buttons["alarm.unacknowledge"].isVisible()
        assert not view.bar.buttons["alarm.acknowledge"].isVisible()
        select(view, 0)
        assert not view.bar.buttons["alarm.unacknowledge"].isVisible()
        assert view.bar.buttons["alarm.acknowledge"].isVisible()

    story_of(work)


def test_nothing_to_take_back_is_said_beside_the_list(qtbot: QtBot) -> None:
    async def work(screen: Screen, view: AlarmsView, station: FakeStation) -> None:
        select(view, 0)
        view.acts.unacknowledge()
        await until(lambda: screen.said)
        assert "None of the selected alarms" in screen.said[0] and not station.submitted

    story_of(work)


def test_without_the_right_the_key_does_nothing_and_the_tip_says_why(qtbot: QtBot) -> None:
    async def work(screen: Screen, view: AlarmsView, station: FakeStation) -> None:
        select(view, 2)
        screen.press(Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
        assert not questions() and not station.submitted
        assert "take back" in screen.actions.action("alarm.unacknowledge").toolTip()

    why = "Only operators and shift leads may take back acknowledgements"
    story_of(work, denied={"unacknowledge": why})


def test_an_incident_form_belongs_to_the_person_who_opened_it(qtbot: QtBot) -> None:
    async def work(screen: Screen, view: AlarmsView, station: FakeStation) -> None:
        select(view, 0)
        view.acts.open_incident()
        await until(lambda: view.desk.forms)
        first = next(iter(view.desk.forms.values()))
        first.title_field.setText("Olga's words")
        first.hide()
        other = plant.r.SessionRecord("u9", "otto", "Otto", ("operator",), 0)
        station.deliver(SESSION, other)
        view.acts.open_incident()
        await until(lambda: len(view.desk.forms) == 2)
        second = view.desk.forms[("u9", first.prefill.key)]
        assert second is not first and second.title_field.text() != "Olga's words"
        for form in view.desk.forms.values():
            form.close()

    story_of(work)
