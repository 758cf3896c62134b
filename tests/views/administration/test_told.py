"""What the administration view tells of stations, acts and people, on a station that says what the test wants."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from console.domain import people_commands as u
from console.domain.refusal import Refused
from console.services import people_records as p
from console.services import station as s
from console.ui.dialogs import QuestionDialog
from console.ui.signing import SignatureDialog
from console.ui.theme import theme
from console.ui.translation import set_language
from console.views.administration.view import AdministrationView
from tests.support.administration import fill, question, shown, signature, view_of
from tests.support.desk import PASSWORD
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

NOW_US = 1_795_300_867_000_000


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
