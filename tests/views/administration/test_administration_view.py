"""People and stations at the window, on a station's real people: acting needs the role, refusals stand beside."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.models.people_tables import PersonTable
from console.services import people_records as p
from console.ui.dialogs import QuestionDialog
from console.ui.signing import SignatureDialog
from console.ui.translation import set_language
from console.views.administration.view import AdministrationView
from tests.support.administration import fill, question, shown, signature, view_of
from tests.support.desk import PASSWORD
from tests.support.people_seam import PeopleSeam
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

NOW_US = 1_795_300_867_000_000


def at(tmp_path: Path, login: str, story: Callable[[Screen, AdministrationView, PeopleSeam], Awaitable[None]]) -> None:
    async def day() -> None:
        async with PeopleSeam(tmp_path) as seam:
            if login:
                await seam.desk.signed_on(login)
            seam.begin()
            async with Screen(AdministrationView, seam) as screen:
                view = view_of(screen)
                await until(lambda: view.words.is_known)
                await story(screen, view, seam)
                for page in view.pages.values():
                    await until(lambda one=page: not len(one.errands))

    run(day())


def select(view: AdministrationView, login: str) -> None:
    table: PersonTable = view.people.people
    rows = [table.record_at(at) for at in range(table.rowCount())]
    view.people.table.selectRow(next(at for at, row in enumerate(rows) if row is not None and row.login == login))


def test_everybody_may_look_and_only_an_administrator_may_act(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        assert view.people.people.rowCount() == 9
        select(view, "otto")
        for deed_id in ("admin.add", "admin.grant", "admin.disable", "admin.rename"):
            action = view.people.actions_of[deed_id]
            assert not action.isEnabled() and "administrators" in action.toolTip()
        assert not view.people.card.take_buttons[0].isEnabled()
        screen.press(Qt.Key.Key_Delete)
        assert not shown(QuestionDialog)

    at(tmp_path, "olga", story)


def test_nobody_signed_on_is_told_to_sign_on(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        assert "Sign on first" in view.people.actions_of["admin.add"].toolTip()
        view.show_page("account")
        assert view.account.password is not None and not view.account.password.button.isEnabled()

    at(tmp_path, "", story)


@pytest.mark.proves("SEC-3", "SEC-5")
def test_a_person_is_added_and_a_refusal_stands_in_the_question(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        view.people.table.setFocus()
        screen.press(Qt.Key.Key_Insert)
        dialog = await question()
        fill(dialog, login="olga", name="Nora New", role="operator", area="Press shop", password="")
        dialog.accept_button.click()
        await until(lambda: "another person's" in dialog._notice.text())
        fill(dialog, login="nora", password="short")
        dialog.accept_button.click()
        await until(lambda: "at least" in dialog._notice.text())
        assert dialog.answers()["name"] == "Nora New", "nothing that was typed is lost"
        fill(dialog, password="seven green kettles sing")
        dialog.accept_button.click()
        await until(lambda: view.people.people.rowCount() == 10 and not shown(QuestionDialog))
        nora = next(one for one in seam.desk.people.view.record().people if one.login == "nora")
        assert nora.has_password and nora.grants == (p.GrantRecord("operator", "Press shop"),)

    at(tmp_path, "adam", story)


@pytest.mark.proves("SEC-3", "SEC-53")
def test_disabling_wants_a_reason_and_a_signature_and_ends_in_the_list(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        select(view, "otto")
        view.people.table.setFocus()
        screen.press(Qt.Key.Key_Delete)
        dialog = await question()
        assert not dialog.accept_button.isEnabled(), "a reason is demanded"
        fill(dialog, why="left the company")
        dialog.accept_button.click()
        sheet = await signature()
        assert sheet.sheet.meaning == "revoked" and "left the company" in str(sheet.sheet.lines)
        sheet.secret.setText("wrong wrong wrong")
        sheet.sign_button.click()
        await until(lambda: "wrong" in sheet.notice.text() and sheet.secret.isEnabled())
        sheet.secret.setText(PASSWORD)
        sheet.sign_button.click()
        await until(lambda: not shown(SignatureDialog))
        otto = next(one for one in seam.desk.people.view.record().people if one.login == "otto")
        assert otto.is_disabled
        assert not view.people.actions_of["admin.disable"].isEnabled()
        assert view.people.actions_of["admin.enable"].isEnabled()

    at(tmp_path, "adam", story)


@pytest.mark.proves("P29")
def test_erasing_a_disabled_person_is_asked_signed_and_ends_out_of_the_list(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        select(view, "otto")
        erase = view.people.actions_of["admin.erase"]
        assert not erase.isEnabled() and "Disable the account first" in erase.toolTip()
        select(view, "dora")
        assert erase.isEnabled()
        erase.trigger()
        dialog = await question()
        assert not dialog.accept_button.isEnabled(), "a reason is demanded"
        fill(dialog, why="asked for it")
        dialog.accept_button.click()
        sheet = await signature()
        assert sheet.sheet.meaning == "responsible" and "asked for it" in str(sheet.sheet.lines)
        sheet.secret.setText(PASSWORD)
        sheet.sign_button.click()
        await until(lambda: not shown(SignatureDialog))
        await until(lambda: view.people.people.rowCount() == 8)
        assert "dora" not in [one.login for one in seam.desk.people.view.record().people]
        try:
            set_language("de")
            view.people.retell()
            assert view.people.actions_of["admin.erase"].text() == "Löschen …"
        finally:
            set_language("en")

    at(tmp_path, "adam", story)


def test_the_last_administrator_cannot_be_disabled_and_is_told_in_the_question(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        select(view, "adam")
        view.people.card.take_buttons[0].click()
        dialog = await question()
        fill(dialog, why="retires")
        dialog.accept_button.click()
        sheet = await signature()
        sheet.secret.setText(PASSWORD)
        sheet.sign_button.click()
        await until(lambda: "no administrator left" in sheet.notice.text())
        sheet.close()

    at(tmp_path, "adam", story)


def test_roles_are_granted_and_taken_one_by_one(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        select(view, "otto")
        view.people.errands.run(view.people.grant())
        dialog = await question()
        fill(dialog, role="engineer", area="Assembly")
        dialog.accept_button.click()
        await until(lambda: len(view.people.card.take_buttons) == 2 and not shown(QuestionDialog))
        next(one for one in view.people.card.take_buttons if "Operator" in one.accessibleName()).click()
        dialog = await question()
        fill(dialog, why="moved on")
        dialog.accept_button.click()
        await until(lambda: len(view.people.card.take_buttons) == 1)
        otto = next(one for one in seam.desk.people.view.record().people if one.login == "otto")
        assert otto.grants == (p.GrantRecord("engineer", "Assembly"),)

    at(tmp_path, "adam", story)


def test_one_changes_his_own_password_and_pin_with_the_rules_told_while_typing(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: AdministrationView, seam: PeopleSeam) -> None:
        view.show_page("account")
        form, pin = view.account.password, view.account.pin
        assert form is not None and pin is not None
        form.current.setText(PASSWORD)
        form.pair.first.setText("short")
        assert "at least" in form.pair.rule.text() and not form.button.isEnabled()
        form.pair.first.setText("another horse battery")
        assert "same" in form.pair.rule.text() and not form.button.isEnabled()
        form.pair.second.setText("another horse battery")
        form.current.setText("not my password at all")
        form.button.click()
        await until(lambda: "wrong" in form.notice.text())
        form.current.setText(PASSWORD)
        form.button.click()
        await until(lambda: "changed" in form.notice.text())
        assert not form.pair.text() and not form.current.text()
        pin.pair.first.setText("123456")
        assert "easy" in pin.pair.rule.text()
        for field in (pin.pair.first, pin.pair.second):
            field.setText("280347")
        pin.current.setText("another horse battery")
        pin.button.click()
        await until(lambda: "PIN is set" in pin.notice.text())
        assert next(one for one in seam.desk.people.view.record().people if one.login == "olga").has_pin

    at(tmp_path, "olga", story)
