"""Actions, icons, symbols, preferences, dialogs and errands."""

import asyncio

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QPushButton, QWidget

from console.domain.refusal import Refused
from console.ui.actions import ACTIONS, ActionSet
from console.ui.dialogs import Field, Question, QuestionDialog, ask
from console.ui.errands import Errands
from console.ui.icons import icon, icon_paths, icon_table
from console.ui.option_row import OptionRow
from console.ui.preferences import Preferences
from console.ui.priority_symbol import SymbolState, flash_clock, paint_symbol
from console.ui.translation import set_language, tr_refusal
from tests.support.qt_loop import run, until


class Target:
    def __init__(self, done):
        self.done = done

    def action_handlers(self):
        return {"alarm.acknowledge": lambda: self.done.append("ack")}


def test_letter_keys_act_only_while_a_list_has_the_focus(qtbot):
    window, done = QWidget(), []
    qtbot.addWidget(window)
    actions = ActionSet(window)
    actions.set_target(Target(done))
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert done == []
    assert actions.action("alarm.acknowledge").isEnabled()
    actions.set_list_focus(True)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert done == ["ack"]


def test_what_a_person_may_not_do_is_disabled_and_says_why(qtbot):
    window, done = QWidget(), []
    qtbot.addWidget(window)
    actions = ActionSet(window)
    actions.set_target(Target(done))
    actions.set_list_focus(True)
    actions.set_denied({"ack": "An auditor only reads"})
    action = actions.action("alarm.acknowledge")
    actions.trigger("alarm.acknowledge")
    assert not action.isEnabled()
    assert "An auditor only reads" in action.toolTip()
    assert done == []


def test_every_action_has_its_icon_and_no_two_share_a_key():
    assert [spec.icon for spec in ACTIONS if spec.icon and spec.icon not in icon_table()] == []
    keys = [spec.shortcut for spec in ACTIONS if spec.shortcut]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("icon_id", sorted(icon_table()))
def test_icons_stay_inside_their_grid_and_leave_a_mark(qtbot, icon_id):
    lines, dots = icon_paths(icon_id)
    box = lines.boundingRect().united(dots.boundingRect()).adjusted(-0.1, -0.1, 0.1, 0.1)
    assert QRectF(0.8, 0.8, 20.4, 20.4).contains(box)
    assert not icon(icon_id).pixmap(22, 22).isNull()


def painted(priority, state, lit=True):
    image = QImage(40, 40, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_symbol(painter, QRectF(4, 4, 32, 32), priority, state, lit=lit)
    painter.end()
    return image


def test_priorities_differ_by_shape_without_any_colour(qtbot):
    shapes = []
    for priority in (1, 2, 3, 4):
        image = painted(priority, SymbolState.UNACKNOWLEDGED)
        shapes.append(bytes(image.pixelColor(x, y).alpha() > 128 for y in range(40) for x in range(40)))
    assert len(set(shapes)) == 4


def test_unacknowledged_is_filled_and_acknowledged_is_an_outline(qtbot):
    filled = painted(1, SymbolState.UNACKNOWLEDGED).pixelColor(10, 10)
    assert filled.alpha() == 255
    assert painted(1, SymbolState.ACKNOWLEDGED).pixelColor(10, 10).alpha() == 0
    assert painted(1, SymbolState.UNACKNOWLEDGED, lit=False) == painted(1, SymbolState.ACKNOWLEDGED)


def test_the_flash_rests_while_nothing_is_unacknowledged(qtbot):
    clock, owner = flash_clock(), object()
    before = clock.is_running
    clock.hold(owner)
    with qtbot.waitSignals([clock.beat, clock.beat], timeout=3000):
        pass
    clock.hold(owner, False)
    assert clock.is_running == before
    assert clock.lit(SymbolState.ACKNOWLEDGED)


def test_preferences_are_kept_per_person_and_carried_when_signed_on(tmp_path):
    carried = []
    one = Preferences(tmp_path, lambda key, value: carried.append((key, value)))
    one.set("theme", "dark")
    one.use("anna/../x")
    one.set("theme", "light")
    one.set("theme", "light")
    assert carried == [("theme", '"light"')]
    one.set("layout", 1, carry=False)
    assert len(carried) == 1
    one.set("layout", 1)
    assert carried[1:] == [("layout", "1")]
    two = Preferences(tmp_path)
    assert two.text("theme") == "dark"
    two.use("anna/../x")
    assert two.text("theme") == "light"
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*.json"))


def test_preferences_from_another_workstation_do_not_overwrite_this_one(tmp_path):
    preferences = Preferences(tmp_path)
    preferences.set("theme", "dark")
    preferences.adopt({"theme": '"light"', "density": '"row_touch"'})
    assert (preferences.text("theme"), preferences.text("density")) == ("dark", "row_touch")


def test_a_broken_preferences_file_starts_empty(tmp_path, log_lines):
    log_lines.expect("cannot be read and start empty")
    (tmp_path / "nobody.json").write_text("{", encoding="utf-8")
    assert Preferences(tmp_path).get("theme") is None


def test_a_question_waits_without_stopping_the_loop(qtbot):
    async def story():
        asking = asyncio.ensure_future(ask(Question("Why?", fields=(Field("why", "Why", required=True),))))
        await until(lambda: find_dialog() is not None)
        dialog = find_dialog()
        assert not dialog.isModal()
        assert not dialog.accept_button.isEnabled()
        dialog.input("why").setText("<b>because</b>")
        dialog.accept_button.click()
        return await asking

    assert run(story()) == {"why": "<b>because</b>"}


def test_turning_away_from_a_question_answers_nothing(qtbot):
    async def story():
        asking = asyncio.ensure_future(ask(Question("Sure?")))
        await until(lambda: find_dialog() is not None)
        find_dialog().reject()
        return await asking

    assert run(story()) is None


@pytest.mark.parametrize(("on", "has_default", "answer"), [
    ("cancel_button", True, None), ("cancel_button", False, None), ("accept_button", True, {}),
])  # fmt: skip
def test_return_presses_the_button_that_has_the_keyboard_and_no_other(qtbot, on, has_default, answer):
    async def story():
        asking = asyncio.ensure_future(ask(Question("Acknowledge all?", has_default=has_default)))
        await until(lambda: find_dialog() is not None)
        button = getattr(find_dialog(), on)
        button.setFocus()
        qtbot.keyClick(button, Qt.Key.Key_Return)
        return await asyncio.wait_for(asking, 5)

    assert run(story()) == answer


def test_return_does_not_agree_to_what_only_the_space_bar_agrees_to(qtbot):
    async def story():
        asking = asyncio.ensure_future(ask(Question("Acknowledge all?", has_default=False)))
        await until(lambda: find_dialog() is not None)
        button = find_dialog().accept_button
        button.setFocus()
        qtbot.keyClick(button, Qt.Key.Key_Return)
        await asyncio.sleep(0)
        assert not asking.done()
        qtbot.keyClick(button, Qt.Key.Key_Space)
        return await asyncio.wait_for(asking, 5)

    assert run(story()) == {}


def test_a_row_of_options_shows_that_the_arrow_keys_act_there(qtbot):
    row = OptionRow((("a", "15 min"), ("b", "1 h")))
    qtbot.addWidget(row)
    row.show()
    chosen = row.findChild(QPushButton)
    row.setFocus()
    qtbot.waitUntil(row.hasFocus)
    assert chosen.property("keyboard")
    row.clearFocus()
    assert not chosen.property("keyboard")


def find_dialog():
    from PySide6.QtWidgets import QApplication

    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, QuestionDialog) and w.isVisible()), None)


def test_a_refused_errand_is_told_in_the_persons_language(qapp):
    told = []

    async def refuse():
        raise Refused("{n} of {m}", n=1, m=2)

    async def story():
        errands = Errands(told.append)
        errands.run(refuse())
        await until(lambda: told)
        assert len(errands) == 0

    set_language("de")
    try:
        run(story())
        assert tr_refusal(Refused("unknown")) == "unbekannt"
    finally:
        set_language("en")
    assert told == ["1 von 2"]


def test_a_defect_in_an_errand_is_logged_and_told(qapp, log_lines):
    log_lines.expect("an errand of the window failed")
    told = []

    async def story():
        errands = Errands(told.append)
        errands.run(asyncio.sleep(0, result=None))
        errands.run(divide())
        await until(lambda: told)

    async def divide():
        return 1 // 0

    run(story())
    assert "nothing was changed" in told[0]
