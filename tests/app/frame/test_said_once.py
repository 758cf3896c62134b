"""What a view in sight tells of the selected alarm, the faceplate beside it does not say again."""

from typing import Any

from pytestqt.qtbot import QtBot

from console.ui.view import Selection
from tests.app.frame.test_main_window import desk
from tests.support import frame_plant as plant
from tests.support.qt_loop import until


def test_the_faceplate_leaves_to_the_details_what_they_tell_and_says_it_itself_when_they_are_gone(
    qtbot: QtBot, tmp_path: Any
) -> None:
    async def story(window: Any, station: Any) -> None:
        window.go("alarms")
        view, faceplate = window.docks.view("alarms"), window.faceplate
        selection = window.banners.top_selection()
        explained: list[Selection] = []
        asked: list[str] = []
        view.explains = explained.__contains__
        view.show_procedure = lambda: asked.append("procedure")
        faceplate.show_selection(selection)
        faceplate._show_history([("10:00", "raised")])
        alone = faceplate.what.texts()
        assert faceplate.todo.isVisible() and faceplate.history.isVisible()
        assert {"Alarm", "State", "Since"} <= set(alone)

        explained.append(selection)
        faceplate.refresh()
        told = faceplate.what.texts()
        assert "Alarm" in told and "Since" not in told
        assert not faceplate.todo.isVisible() and not faceplate.history.isVisible()
        faceplate.show_procedure()
        assert asked == ["procedure"], "the key for the procedure leads to where it stands"

        explained.clear()
        faceplate.refresh()
        assert faceplate.what.texts() == alone
        assert faceplate.todo.isVisible() and faceplate.history.isVisible()

    desk(tmp_path, story)


def test_an_asset_without_an_alarm_is_told_whole(qtbot: QtBot, tmp_path: Any) -> None:
    async def story(window: Any, station: Any) -> None:
        window.faceplate.show_selection(Selection(asset_id=plant.asset_id("ROB-A4")))
        assert window.faceplate.todo.isVisible()

    desk(tmp_path, story)


def test_the_history_of_the_selected_alarm_does_not_repeat_its_text_and_that_of_an_asset_names_the_alarm(
    qtbot: QtBot, tmp_path: Any
) -> None:
    async def story(window: Any, station: Any) -> None:
        plate = window.faceplate
        plate.show_selection(Selection(asset_id=plant.asset_id("SW-CORE-1")))
        await until(plate.history.isVisible)
        assert any("DOWN, 14 symptoms grouped" in text for text in plate.history.texts())
        plate.show_selection(window.banners.top_selection())
        await until(lambda: "raised" in plate.history.texts())
        assert not any("symptoms" in text for text in plate.history.texts())

    desk(tmp_path, story)
