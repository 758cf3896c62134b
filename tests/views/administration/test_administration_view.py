"""People and stations at the window, on a station's real people: acting needs the role, refusals stand beside."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from console.domain import people_commands as u
from console.domain.refusal import Refused
from console.models.people_tables import PersonTable
from console.services import people_records as p
from console.services import station as s
from console.ui.dialogs import QuestionDialog
from console.ui.signing import SignatureDialog
from console.ui.theme import theme
from console.ui.translation import set_language
from console.views.administration.view import AdministrationView
from tests.support.desk import PASSWORD
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.people_seam import PeopleSeam
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

NOW_US = 1_795_300_867_000_000


def view_of(screen: Screen) -> AdministrationView:
    assert isinstance(screen.view, AdministrationView)
    return screen.view


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


def shown(kind: type) -> list[object]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]


async def question() -> QuestionDialog:
    await until(lambda: shown(QuestionDialog))
    found = shown(QuestionDialog)[0]
    assert isinstance(found, QuestionDialog)
    return found


async def signature() -> SignatureDialog:
    await until(lambda: shown(SignatureDialog))
    found = shown(SignatureDialog)[0]
    assert isinstance(found, SignatureDialog)
    return found


def fill(dialog: QuestionDialog, **texts: str) -> None:
    for key, text in texts.items():
        made = dialog.input(key)
        if isinstance(made, QComboBox):
            made.setCurrentIndex(made.findData(text))
        elif isinstance(made, QPlainTextEdit):
            made.setPlainText(text)
        else:
            assert isinstance(made, QLineEdit)
            made.setText(text)


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


def full() -> p.PeopleRecord:
    return p.PeopleRecord(
        (p.PersonRecord("u1", "adam", "Adam", False, (p.GrantRecord("administrator", ""),), True, False),),
        (
            p.BreakGlassRecord("b2", "K2", NOW_US - 10**9, "in time", False),
            p.BreakGlassRecord("b1", "K1", NOW_US - 10**11, "too late", True),
        ),
        (p.WithheldRecord("ab" * 32, NOW_US, "K2", "Dora", "incident.moved", '{"to":"closed"}', "revoked_user"),),
        (p.JoinRecord(UUID(int=9), "K4", "Packing", NOW_US),),
        (
            p.StationRecord(UUID(int=1), "K1", "North", True, False),
            p.StationRecord(UUID(int=2), "K2", "South", False, False),
            p.StationRecord(UUID(int=3), "K3", "Gate", False, True),
        ),
        can_let_in=True,
    )


def administrator() -> object:
    from tests.support import frame_plant

    return frame_plant.r.SessionRecord("u1", "adam", "Adam", ("administrator",), NOW_US)


def on_fake(story: Callable[[Screen, AdministrationView, FakeStation], Awaitable[None]]) -> None:
    async def day() -> None:
        station = FakeStation()
        station.deliver(s.PEOPLE, full())
        station.deliver(s.SESSION, administrator())  # type: ignore[arg-type]
        async with Screen(AdministrationView, station) as screen:
            await story(screen, view_of(screen), station)
            for page in view_of(screen).pages.values():
                await until(lambda one=page: not len(one.errands))

    run(day())


@pytest.mark.proves("SEC-3")
def test_a_station_is_let_in_by_the_code_that_stands_on_its_screen(qtbot: QtBot) -> None:
    async def story(screen: Screen, view: AdministrationView, station: FakeStation) -> None:
        view.show_page("stations")
        page = view.stations
        assert [page.stations.record_at(at).state for at in range(4)] == ["asks", "own", "member", "revoked"]  # type: ignore[union-attr]
        page.table.selectRow(0)
        assert not page.actions_of["admin.revoke"].isEnabled()
        station.refusals[u.EnrolStation] = Refused("This is not the pairing code of {name}", name="Packing")
        page.table.setFocus()
        screen.press(Qt.Key.Key_Return)
        dialog = await question()
        fill(dialog, code="7kq2-m9xd")
        dialog.accept_button.click()
        await until(lambda: "not the pairing code" in dialog._notice.text())
        del station.refusals[u.EnrolStation]
        dialog.accept_button.click()
        await until(lambda: not shown(QuestionDialog))
        assert station.submitted[-1] == u.EnrolStation(UUID(int=9), "7kq2-m9xd")
        page.table.selectRow(1)
        assert "does not revoke itself" in page.actions_of["admin.revoke"].toolTip()
        page.table.selectRow(2)
        assert page.actions_of["admin.revoke"].isEnabled()

    on_fake(story)


@pytest.mark.proves("P19", "SEC-53")
def test_an_act_without_effect_is_countersigned_with_a_signature(qtbot: QtBot) -> None:
    async def story(screen: Screen, view: AdministrationView, station: FakeStation) -> None:
        sheet = p.SignatureSheet("Adam", "countersigned", "I, {name}.", "act.countersign", "x", (), "11" * 32)
        station.answers[s.SignatureQuery] = lambda _query: sheet
        view.show_page("acts")
        view.acts.table.selectRow(0)
        assert view.acts.detail.text() == "to: closed"
        view.acts.table.setFocus()
        screen.press(Qt.Key.Key_Return)
        dialog = await question()
        fill(dialog, note="seen")
        dialog.accept_button.click()
        signing = await signature()
        signing.secret.setText(PASSWORD)
        signing.sign_button.click()
        await until(lambda: not shown(SignatureDialog))
        (done,) = [one for one in station.submitted if isinstance(one, u.Countersign)]
        assert (done.act_hash, done.note) == ("ab" * 32, "seen") and done.proof is not None

    on_fake(story)


def test_an_overdue_use_of_the_control_room_identity_comes_first_and_gets_a_name(qtbot: QtBot) -> None:
    async def story(screen: Screen, view: AdministrationView, station: FakeStation) -> None:
        view.show_page("uses")
        first = view.uses.uses.record_at(0)
        assert first is not None and first.is_overdue and view.uses.uses.look(view.uses.uses.row_at(0)).is_bold
        view.uses.table.selectRow(0)
        view.uses.errands.run(view.uses.it_was())
        dialog = await question()
        fill(dialog, user="u1", note="night shift")
        dialog.accept_button.click()
        await until(lambda: station.submitted)
        assert station.submitted[-1] == u.AttributeBreakGlass("b1", "u1", "night shift")

    on_fake(story)


def test_before_the_station_told_it_nothing_is_claimed_and_then_words_say_what_belongs_here(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        async with Screen(AdministrationView, station) as screen:
            view = view_of(screen)
            assert view.tabs.buttons["people"].text().endswith("–")
            assert "starting" in view.people.table.empty_text
            station.deliver(s.PEOPLE, p.PeopleRecord())
            assert view.tabs.buttons["people"].text().endswith(" 0")
            assert "Nobody may sign on" in view.people.table.empty_text
            set_language("de")
            theme().changed.emit()
            assert view.tabs.buttons["people"].text() == "Personen 0"
            set_language("en")
            theme().changed.emit()

    run(story())


@pytest.mark.proves("SEC-61")
def test_names_from_outside_are_shown_as_they_are(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        people = tuple(p.PersonRecord(f"u{n}", text, text, False, (), False, False) for n, text in enumerate(HOSTILE))
        station.deliver(s.PEOPLE, p.PeopleRecord(people))
        async with Screen(AdministrationView, station) as screen:
            view = view_of(screen)
            for row in range(view.people.people.rowCount()):
                view.people.table.selectRow(row)
                record = view.people.people.record_at(row)
                assert record is not None and record.name in HOSTILE

    run(story())


@pytest.mark.proves("P29", "P19")
def test_an_erasing_by_somebody_without_the_right_stands_above_the_people_until_it_is_put_right(qtbot: QtBot) -> None:
    async def story(screen: Screen, view: AdministrationView, station: FakeStation) -> None:
        assert view.people.wrong.isHidden()
        one = p.WrongErasingRecord("cd" * 32, "id-pia", "<b>Pia</b>", "Otto", NOW_US, "K2", True)
        many = [replace(one, user_id=f"id-{n}", is_gone=False) for n in range(4)]
        station.deliver(s.PEOPLE, replace(full(), wrong_erasings=(one,)))
        said = view.people.wrong.label.text()
        assert not view.people.wrong.isHidden()
        assert said.startswith("<b>Pia</b> was erased by Otto, who had no right to it, on ")
        assert "is overwritten: add the person anew" in said
        set_language("de")
        try:
            view.people.refresh()
            assert "wurde von Otto gelöscht, der kein Recht dazu hatte" in view.people.wrong.label.text()
        finally:
            set_language("en")
        station.deliver(s.PEOPLE, replace(full(), wrong_erasings=(one, *many)))
        lines = view.people.wrong.label.text().splitlines()
        assert len(lines) == 4 and lines[-1] == "and 2 more" and "had no effect; where it was done" in lines[1]
        station.deliver(s.PEOPLE, full())
        assert view.people.wrong.isHidden()

    on_fake(story)
