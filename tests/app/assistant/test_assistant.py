"""The first start: from an empty folder to a station with two people, or to one that shows its pairing code."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.app.assistant import broker_test
from console.app.assistant.plan import NewPerson, NewSite, Plan, carry_out, code_to_show
from console.app.assistant.start import FirstPeople
from console.app.assistant.window import AssistantWindow
from console.app.bootstrap import Work, build
from console.app.commands.setup import find_problems
from console.app.first_files import NewStation, Place, write_site, write_station
from console.app.folders import Folders
from console.config.station_file import load_station
from console.config.users_file import hash_password, load_users
from console.domain.commands import SignOn
from console.domain.people import Role
from console.domain.refusal import Refused
from console.services.identity.certificates import AUTHORITY_FILE
from console.services.station import PEOPLE
from console.ui.theme import theme
from console.ui.translation import set_language
from tests.support.broker import running_broker
from tests.support.qt_loop import run, until

SECRET, OTHER = "seven green kettles sing", "nine brown ladders fall"


async def hashed(password: str) -> str:
    return hash_password(password)


@pytest.fixture(autouse=True)
def _english() -> object:
    set_language("en")
    yield
    set_language("en")
    theme().changed.emit()


def folders(tmp_path: Path, name: str = "a") -> Folders:
    return Folders(tmp_path / name, tmp_path / name / "data")


def plan(**changes: str) -> Plan:
    lead = NewPerson("Lena Lead", changes.get("lead", "lena"), changes.get("lead_password", OTHER))
    site = NewSite("Werk Nord", "Europe/Berlin", NewPerson("Adam Admin", "adam", changes.get("password", SECRET)), lead)
    return Plan(NewStation("Desk", "K7", broker=Place("127.0.0.1", 1)), site)


def type_into(field: QWidget, text: str) -> None:
    QTest.keyClicks(field, text)


def press(key: Qt.Key) -> None:
    at = QApplication.focusWidget()
    assert at is not None
    QTest.keyClick(at, key)


@pytest.mark.proves("SEC-5")
def test_a_new_site_is_set_up_by_keyboard_alone_with_an_administrator_and_a_shift_lead(
    qtbot: QtBot, tmp_path: Path
) -> None:
    async def story() -> None:
        here = folders(tmp_path)
        window = AssistantWindow(here, hashed)
        told = asyncio.ensure_future(window.answer())
        await until(window.isActiveWindow)
        press(Qt.Key.Key_Return)  # the first button: a new site
        assert window.stack.currentWidget() is window.site and not window.next_button.isEnabled()
        type_into(window.site.name, "Werk Nord")
        press(Qt.Key.Key_Return)
        assert window.stack.currentWidget() is window.station
        press(Qt.Key.Key_Escape)
        assert window.stack.currentWidget() is window.site, "Esc goes back"
        press(Qt.Key.Key_Return)
        window.station.code.setFocus()
        window.station.code.selectAll()
        type_into(window.station.code, "k7")
        press(Qt.Key.Key_Return)
        press(Qt.Key.Key_Return)
        people = window.people
        assert window.stack.currentWidget() is people
        for person, name, login, secret in (
            (people.administrator, "Adam Admin", "adam", SECRET),
            (people.lead, "Lena Lead", "lena", OTHER),
        ):
            for field, text in (
                (person.name, name),
                (person.login, login),
                (person.pair.first, secret),
                (person.pair.second, secret),
            ):
                assert not window.next_button.isEnabled()
                type_into(field, text)
        assert not list(tmp_path.rglob("*.toml")), "nothing is written before the last step"
        press(Qt.Key.Key_Return)
        assert await told
        window.close()
        assert find_problems(here.config) == []
        station = load_station(here.config)
        assert station.code == "K7"
        adam, lena = load_users(here.config / "site")
        assert (adam.roles, lena.roles) == ((Role.ADMINISTRATOR,), (Role.SHIFT_LEAD,))
        written = "".join(p.read_text(encoding="utf-8", errors="replace") for p in tmp_path.rglob("*") if p.is_file())
        assert SECRET not in written and OTHER not in written
        core = await build(here, Work.ACT)
        try:
            await core.station.submit(SignOn("adam", SECRET))
        finally:
            await core.stop()

    run(story(), timeout_s=40)


@pytest.mark.proves("SEC-5")
def test_weak_or_equal_people_are_refused_live_and_at_the_end(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        window = AssistantWindow(folders(tmp_path), hashed)
        window.welcome.new_button.click()
        people = window.people
        people.site_name = "Kesselhaus Nord"
        people.administrator.login.setText("adam")
        for weak in ("short", "adamadamadam", "password1234", "Kesselhaus Nord"):
            people.administrator.pair.first.setText(weak)
            assert people.administrator.pair.rule.text() not in ("", "Good"), weak
        for person, login in ((people.administrator, "adam"), (people.lead, "ADAM")):
            person.name.setText("A")
            person.login.setText(login)
            person.pair.first.setText(SECRET)
            person.pair.second.setText(SECRET)
        assert "different" in people.why_not()
        window.close()
        for wrong in (plan(password="short"), plan(lead="Adam")):
            with pytest.raises(Refused):
                await carry_out(wrong, folders(tmp_path), hashed)
        assert not (tmp_path / "a" / "station.toml").exists()

    run(story())


@pytest.mark.proves("SEC-5")
def test_a_copied_site_with_its_key_joins_at_once_and_without_it_the_code_is_shown_large(
    qtbot: QtBot, tmp_path: Path
) -> None:
    async def story() -> None:
        first = folders(tmp_path)
        await carry_out(plan(), first, hashed)
        with_key = folders(tmp_path, "b")
        await carry_out(Plan(NewStation("B", "K8"), joined=first.config / "site"), with_key, hashed)
        assert code_to_show(with_key) == ""
        (first.config / "site" / AUTHORITY_FILE).rename(tmp_path / "kept-elsewhere")
        here = folders(tmp_path, "c")
        window = AssistantWindow(here, hashed)
        told = asyncio.ensure_future(window.answer())
        window.welcome.join_button.click()
        window.join.folder.setText(str(tmp_path))
        assert "no site.toml" in window.join.why_not() and not window.next_button.isEnabled()
        window.join.folder.setText(str(first.config / "site"))
        assert "pairing code" in window.join.found.text()
        window.next()
        window.station.code.setText("K9")
        window.next()
        window.next()
        await until(lambda: window.path[window.at].title == "Pairing code")
        code = window.path[window.at].code.text()  # type: ignore[attr-defined]
        assert not told.done(), "the code stays until it was read"
        window.next()
        assert await told
        window.close()
        core = await build(here, Work.ACT)
        try:
            record = core.people.view.record()
            assert record.pairing_code == code and record.not_enrolled
        finally:
            await core.stop()

    run(story(), timeout_s=40)


def test_closing_the_assistant_writes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        window = AssistantWindow(folders(tmp_path), hashed)
        told = asyncio.ensure_future(window.answer())
        await until(window.isVisible)
        window.close()
        assert not await told
        assert not list(tmp_path.iterdir())

    run(story())


def test_the_language_is_chosen_first_and_everything_follows(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        window = AssistantWindow(folders(tmp_path), hashed)
        window.welcome.language.setCurrentIndex(window.welcome.language.findData("de"))
        assert window.welcome.new_button.text() == "Einen neuen Standort einrichten"
        assert window.quit_button.text() == "Beenden"
        window.welcome.new_button.click()
        assert window.plan().station.language == "de"
        window.close()

    run(story())


@pytest.mark.proves("SEC-5")
def test_a_running_site_without_people_offers_to_make_the_first_two_once(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        here = folders(tmp_path)
        write_site(here.config / "site", "Werk Nord")
        write_station(here.config, NewStation("Desk", "K7", broker=Place("127.0.0.1", 1)))
        core = await build(here, Work.ACT)
        window = QWidget()
        window.show()
        first = FirstPeople(core, window)  # type: ignore[arg-type]
        try:
            core.station.beat()
            await until(lambda: first.dialog is not None and first.dialog.isVisible())
            dialog = first.dialog
            assert dialog is not None and not dialog.make_button.isEnabled()
            for person, login, secret in (
                (dialog.people.administrator, "adam", SECRET),
                (dialog.people.lead, "lena", OTHER),
            ):
                person.name.setText(login.title())
                person.login.setText(login)
                person.pair.first.setText(secret)
                person.pair.second.setText(secret)
            dialog.make_button.click()
            await until(lambda: first.dialog is None)
            await core.station.submit(SignOn("lena", OTHER))
            assert [one.login for one in core.people.view.record().people] == ["adam", "lena"]
        finally:
            first.close()
            window.close()
            await core.stop()
        core = await build(here, Work.ACT)
        again = FirstPeople(core, window)  # type: ignore[arg-type]
        heard: list[object] = []
        core.station.subscribe(PEOPLE, heard.append)
        try:
            core.station.beat()
            await until(lambda: heard)
            assert again.dialog is None
        finally:
            again.close()
            await core.stop()

    run(story(), timeout_s=40)


def test_the_brokers_answer_is_told_as_it_is() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n")
        await writer.drain()
        writer.close()

    async def story() -> None:
        with running_broker() as broker:
            assert await broker_test.look(broker.host, broker.port) == broker_test.ANSWERS
            gone = broker.port
        assert await broker_test.look("127.0.0.1", gone) == broker_test.NOBODY
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            assert await broker_test.look("127.0.0.1", port) == broker_test.NO_BROKER

    asyncio.run(story())
