"""The window on a whole station with its journal on disk: sign on, lock, unlock, sign, and what is written of it."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from console.app.assistant.plan import NewPerson, NewSite, Plan, carry_out
from console.app.bootstrap import Work, build
from console.app.first_files import NewStation, Place
from console.app.folders import Folders
from console.app.frame.main_window import MainWindow
from console.app.view_specs import view_specs
from console.config.users_file import hash_password
from console.services.station import JournalQuery
from console.ui.dialogs import QuestionDialog
from console.ui.preferences import Preferences
from console.ui.signing import SignatureDialog
from console.views.administration.view import AdministrationView
from tests.support.qt_loop import run, until

ADAM, LENA = "seven green kettles sing", "nine brown ladders fall"


async def hashed(password: str) -> str:
    return hash_password(password)


def shown(kind: type) -> list[object]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]


async def give(window: MainWindow, login: str, secret: str) -> None:
    window.desk.switch_user()
    await until(lambda: window.desk.dialog is not None and window.desk.dialog.isVisible())
    dialog = window.desk.dialog
    assert dialog is not None
    dialog.login.setText(login)
    dialog.secret.setText(secret)
    dialog.accept_button.click()
    await until(lambda: window.desk.dialog is None)


async def disable(window: MainWindow, login: str) -> None:
    window.go("administration")
    assert window.docks is not None
    view = window.docks.view("administration")
    assert isinstance(view, AdministrationView)
    await until(lambda: view.people.people.rowCount() == 2)
    rows = [view.people.people.record_at(at) for at in range(2)]
    view.people.table.selectRow(next(at for at, row in enumerate(rows) if row is not None and row.login == login))
    view.people.actions_of["admin.disable"].trigger()
    await until(lambda: shown(QuestionDialog))
    (asked,) = shown(QuestionDialog)
    assert isinstance(asked, QuestionDialog)
    why = asked.input("why")
    assert isinstance(why, QPlainTextEdit)
    why.setPlainText("left the company")
    asked.accept_button.click()
    await until(lambda: shown(SignatureDialog))
    (signing,) = shown(SignatureDialog)
    assert isinstance(signing, SignatureDialog) and "Adam Admin" in signing.sentence.text()
    signing.secret.setText(ADAM)
    signing.sign_button.click()
    await until(lambda: not shown(SignatureDialog))


@pytest.mark.proves("SEC-3", "SEC-13", "SEC-53")
def test_a_day_at_the_desk_stands_in_the_journal(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        here = Folders(tmp_path / "st", tmp_path / "st" / "data")
        people = NewSite(
            "Werk Nord", "Europe/Berlin", NewPerson("Adam Admin", "adam", ADAM), NewPerson("Lena Lead", "lena", LENA)
        )
        await carry_out(Plan(NewStation("Desk", "K7", broker=Place("127.0.0.1", 1)), people), here, hashed)
        core = await build(here, Work.ACT)
        beat = QTimer(interval=100)
        beat.timeout.connect(core.station.beat)
        beat.start()
        window = MainWindow(core.station, view_specs(), Preferences(here.data / "layouts"), with_sound=False)
        window.resize(1280, 800)
        window.show()
        try:
            await until(lambda: window.docks is not None and window.docks.current)
            await give(window, "lena", LENA)
            await until(lambda: window.desk.session is not None)
            window.desk.lock()
            await until(window.desk.bands.locked.isVisible)
            await give(window, "lena", LENA)
            await until(lambda: not window.desk.bands.locked.isVisible())
            await give(window, "adam", ADAM)
            await until(lambda: window.desk.session is not None and window.desk.session.login == "adam")
            await disable(window, "lena")
            rows = await core.station.query(JournalQuery(limit=50))
            types = [row.etype for row in reversed(rows)]
            wanted = [
                "user.signed_on",
                "user.session_locked",
                "user.session_unlocked",
                "user.signed_on",
                "user.disabled",
                "record.signed",
            ]
            at = 0
            for etype in wanted:
                at = types.index(etype, at) + 1
            assert ADAM not in str(rows) and LENA not in str(rows)
        finally:
            beat.stop()
            window.finish()
            window.close()
            window.deleteLater()
            await asyncio.sleep(0)
            await core.stop()

    run(story(), timeout_s=60)
