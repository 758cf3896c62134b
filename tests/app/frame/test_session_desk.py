"""Who sits at the console, on real people: sign on, lock, unlock, switch, break the glass, and what stays with whom."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.app.frame.docks import ViewSpec
from console.app.frame.idle_watch import IdleWatch
from console.app.frame.known_people import KnownPeople, KnownPerson
from console.app.frame.main_window import MainWindow
from console.app.frame.sign_on_dialog import SignOnDialog
from console.domain.commands import AcknowledgeAlarms, SignOn
from console.domain.people_commands import AttributeBreakGlass, BreakGlass, Lock, SetPin, Unlock
from console.domain.refusal import Refused
from console.services import station as s
from console.services.people_records import PeopleRecord
from console.ui.dialogs import Field, Question, QuestionDialog
from console.ui.preferences import Preferences
from console.ui.view import View
from tests.support import frame_plant as plant
from tests.support.desk import PASSWORD
from tests.support.people_seam import PeopleSeam
from tests.support.qt_loop import run, until

Story = Callable[[MainWindow, PeopleSeam], Awaitable[None]]


class EmptyScreen(View):
    view_id = "alarms"


def at_desk(tmp_path: Path, story: Story) -> None:
    async def day() -> None:
        async with PeopleSeam(tmp_path / "station") as seam:
            specs = [ViewSpec(name, name, name, EmptyScreen) for name in ("alarms", "administration")]
            clock: Callable[[], int] = lambda: plant.NOW_US  # noqa: E731
            window = MainWindow(seam, specs, Preferences(tmp_path / "layouts"), clock=clock, with_sound=False)
            plant.deliver_plant(seam, session=None)
            seam.begin()
            window.resize(1300, 800)
            window.show()
            await until(lambda: window.docks is not None and window.docks.current)
            window.activateWindow()
            try:
                await story(window, seam)
            finally:
                window.finish()
                window.close()
                window.deleteLater()

    run(day())


async def ask(window: MainWindow) -> SignOnDialog:
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: window.desk.dialog is not None and window.desk.dialog.isVisible())
    assert window.desk.dialog is not None
    return window.desk.dialog


async def give(window: MainWindow, login: str, secret: str) -> None:
    dialog = await ask(window)
    dialog.login.setText(login)
    dialog.secret.setText(secret)
    QTest.keyClick(dialog.secret, Qt.Key.Key_Return)


async def signed_on(window: MainWindow, login: str) -> None:
    await give(window, login, PASSWORD)
    await until(lambda: window.desk.dialog is None and window.desk.session is not None)


@pytest.mark.proves("SEC-13", "SEC-8")
def test_ctrl_l_locks_at_once_and_the_same_person_unlocks_with_a_pin(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        await signed_on(window, "olga")
        await seam.submit(SetPin("280347", PASSWORD))
        dialog = await ask(window)
        await until(lambda: window.desk.session is not None and window.desk.session.is_locked)
        assert window.desk.bands.locked.isVisible()
        assert not window.actions_set.action("alarm.acknowledge_page").isEnabled()
        assert "locked" in window.actions_set.action("alarm.acknowledge").toolTip()
        assert window.banners.main.silence_button.isEnabled(), "the horn can be silenced by anybody"
        with pytest.raises(Refused, match="locked"):
            await seam.submit(AcknowledgeAlarms((window.picture.alarm(0).occurrence,)))
        await until(dialog.secret.hasFocus)
        assert dialog.login.text() == "olga", "the secret alone is left to type"
        dialog.secret.setText("280347")
        dialog.accept_button.click()
        await until(lambda: window.desk.session is not None and not window.desk.session.is_locked)
        assert isinstance(seam.submitted[-1], Unlock) and seam.submitted[-1].is_pin
        assert not window.desk.bands.locked.isVisible()

    at_desk(tmp_path, story)


@pytest.mark.proves("SEC-13")
def test_a_locked_desk_is_taken_over_by_another_and_the_views_stay_where_they_are(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        await signed_on(window, "olga")
        window.go("administration")
        sizes = window.splitter.sizes()
        QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        await until(window.desk.bands.locked.isVisible)
        assert window.desk.dialog is None, "locking alone asks nobody"
        await give(window, "otto", PASSWORD)
        await until(lambda: window.desk.session is not None and window.desk.session.login == "otto")
        assert not window.desk.bands.locked.isVisible()
        assert window.docks is not None and window.docks.current == "administration"
        assert window.splitter.sizes() == sizes

    at_desk(tmp_path, story)


@pytest.mark.proves("SEC-13")
def test_an_open_draft_stays_with_whoever_began_it(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        await signed_on(window, "olga")
        draft = QuestionDialog(Question("Note", fields=(Field("text", "Text", "lines"),)), window)
        draft.show()
        draft.input("text").setPlainText("half a thought")  # type: ignore[union-attr]
        await signed_on_as(window, "otto")
        assert draft.isHidden(), "nobody finishes what another person began"
        await signed_on_as(window, "olga")
        assert draft.isVisible() and draft.answers()["text"] == "half a thought"
        draft.close()

    at_desk(tmp_path, story)


async def signed_on_as(window: MainWindow, login: str) -> None:
    await give(window, login, PASSWORD)
    await until(lambda: window.desk.session is not None and window.desk.session.login == login)
    await until(lambda: window.desk.dialog is None)


@pytest.mark.proves("SEC-8", "SEC-9")
def test_wrong_input_says_only_wrong_and_waiting_is_counted_down(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        dialog = await ask(window)
        said = set()
        for login in ("olga", "nobody-here"):
            dialog.login.setText(login)
            dialog.secret.setText("wrong wrong wrong")
            dialog.accept_button.click()
            await until(lambda: dialog.notice.text() and dialog.secret.isEnabled())
            said.add(dialog.notice.text())
            assert dialog.secret.text() == ""
            dialog.say("")
        assert said == {"The login or the password is wrong"}
        for _ in range(5):
            dialog.say("")
            dialog.login.setText("olga")
            dialog.secret.setText("wrong wrong wrong")
            dialog.accept_button.click()
            await until(lambda: dialog.notice.text() and dialog.secret.isEnabled())
            if "wait" in dialog.notice.text():
                break
        first = dialog.notice.text()
        assert "wait" in first
        dialog.secret.setText(PASSWORD)
        assert not dialog.accept_button.isEnabled(), "waiting is waiting"
        dialog._count_down()
        assert dialog.notice.text() != first and "wait" in dialog.notice.text()
        dialog.login.setText("otto")
        assert dialog.accept_button.isEnabled(), "another login does not wait"
        dialog.close()
        await until(lambda: window.desk.dialog is None)

    at_desk(tmp_path, story)


@pytest.mark.proves("SEC-8")
def test_only_people_of_this_workstation_are_offered_and_one_can_be_forgotten(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        dialog = await ask(window)
        assert not dialog.people, "no list of who exists"
        dialog.close()
        await until(lambda: window.desk.dialog is None)
        await signed_on(window, "olga")
        dialog = await ask(window)
        assert [one.login for one in dialog.people] == ["olga"]
        dialog._forget_person(dialog.people[0])
        dialog.close()
        await until(lambda: window.desk.dialog is None)
        assert not KnownPeople(tmp_path / "layouts").people()

    at_desk(tmp_path, story)


def test_up_and_down_go_through_the_people_who_were_here(qtbot: QtBot) -> None:
    people = [KnownPerson("u1", "olga", "Olga"), KnownPerson("u2", "otto", "Otto")]
    dialog = SignOnDialog(people, None)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClick(dialog.login, Qt.Key.Key_Down)
    assert dialog.login.text() == "olga" and dialog.chips["u1"].isChecked()
    QTest.keyClick(dialog.login, Qt.Key.Key_Down)
    assert dialog.login.text() == "otto"
    QTest.keyClick(dialog.login, Qt.Key.Key_Up)
    assert dialog.login.text() == "olga"


@pytest.mark.proves("SEC-9")
def test_the_control_room_identity_acknowledges_only_and_asks_for_a_name(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        dialog = await ask(window)
        dialog.break_glass_button.click()
        assert not dialog.accept_button.isEnabled(), "a reason is demanded"
        dialog.why.setPlainText("Card reader dead")
        dialog.accept_button.click()
        await until(lambda: window.desk.session is not None and window.desk.session.method == "break_glass")
        assert any(isinstance(one, BreakGlass) for one in seam.submitted)
        assert window.desk.bands.break_glass.isVisible()
        assert window.actions_set.why_denied("incident.open")
        assert not window.actions_set.why_denied("alarm.acknowledge")
        await until(lambda: window.desk.dialog is None)
        await signed_on_as(window, "olga")
        seam.tell()
        assert window.desk.bands.who.isVisible() and "Card reader dead" in window.desk.bands.who.text.text()
        window.desk.bands.who.buttons[0].click()
        await until(lambda: isinstance(seam.submitted[-1], AttributeBreakGlass))
        await until(lambda: not window.desk.bands.who.isVisible())
        assert not seam.desk.people.view.record().break_glass

    at_desk(tmp_path, story)


def test_a_station_that_is_not_enrolled_shows_its_pairing_code(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        assert not window.desk.bands.enrolment.isVisible()
        seam.deliver(s.PEOPLE, PeopleRecord(not_enrolled="This station was revoked: it watches only"))
        assert window.desk.bands.enrolment.isVisible() and not window.desk.bands.enrolment.code.isVisible()
        seam.deliver(s.PEOPLE, PeopleRecord(not_enrolled="not yet", pairing_code="7KQ2-M9XD"))
        assert window.desk.bands.enrolment.code.text() == "7KQ2-M9XD"

    at_desk(tmp_path, story)


def test_nobody_there_locks_and_a_key_in_time_does_not(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        await signed_on(window, "olga")
        assert window.desk.watch.limit_s == 0, "an attended desk never locks by itself"
        now = [0.0]
        window.desk.watch._clock_s = lambda: now[0]
        seam.desk.people.view._lock_after_s = 600
        seam.tell()
        assert window.desk.watch.limit_s == 600
        now[0] = 599.0
        QTest.keyClick(window, Qt.Key.Key_Shift)
        now[0] = 700.0
        window.desk.watch.look()
        assert not any(isinstance(one, Lock) for one in seam.submitted)
        now[0] = 1199.0 + 600
        window.desk.watch.look()
        await until(window.desk.bands.locked.isVisible)
        assert seam.submitted[-1] == Lock("idle")
        assert window.desk.watch.limit_s == 0, "a locked desk is not watched"
        dialog = await ask(window)
        dialog.secret.setText(PASSWORD)
        dialog.accept_button.click()
        await until(lambda: window.desk.watch.limit_s == 600)

    at_desk(tmp_path, story)


def test_the_mouse_counts_as_somebody_and_nothing_is_watched_when_nothing_is_asked(qtbot: QtBot) -> None:
    now, told = [0.0], []
    watch = IdleWatch(clock_s=lambda: now[0])
    watch.idle.connect(lambda: told.append(now[0]))
    watch.look()
    watch.watch(10)
    now[0] = 9.0
    app = QApplication.instance()
    assert app is not None
    place, button = QPointF(1, 1), Qt.MouseButton.NoButton
    QApplication.sendEvent(
        app, QMouseEvent(QEvent.Type.MouseMove, place, place, button, button, Qt.KeyboardModifier.NoModifier)
    )
    now[0] = 18.0
    watch.look()
    assert not told
    now[0] = 19.5
    watch.look()
    assert told == [19.5]
    now[0] = 60.0
    watch.look()
    assert told == [19.5], "once"


def test_a_wrong_password_reaches_nobody_twice_while_it_is_checked(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: MainWindow, seam: PeopleSeam) -> None:
        dialog = await ask(window)
        dialog.login.setText("olga")
        dialog.secret.setText("wrong wrong wrong")
        dialog.accept_button.click()
        dialog.accept_button.click()
        await until(dialog.notice.text)
        assert len([one for one in seam.submitted if isinstance(one, SignOn)]) == 1
        dialog.close()
        await until(lambda: window.desk.dialog is None)

    at_desk(tmp_path, story)
