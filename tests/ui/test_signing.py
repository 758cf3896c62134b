"""Signing at the window: what is shown is what is signed, the secret is asked for each time."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from console.domain.people_commands import DisableUser, GrantRole
from console.domain.refusal import Refused
from console.services.people_records import SignatureSheet
from console.services.station import SignatureQuery
from console.ui.plain_label import PlainLabel
from console.ui.secret_field import SecretField
from console.ui.signing import SignatureDialog, do, needs_signature
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.qt_loop import run, until

NOW_US = 1_795_300_867_000_000


def sheet(why: str = "left", mark: str = "11") -> SignatureSheet:
    lines = (("Person", "Olga Operator"), ("Why", why))
    return SignatureSheet("Adam Admin", "revoked", "I, {name}, withdraw these rights.", "r", "u2", lines, mark * 32)


def dialog() -> SignatureDialog:
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, SignatureDialog) and one.isVisible()]
    return found[0]


def shown(one: SignatureDialog) -> str:
    return "\n".join(label.text() for label in one.findChildren(PlainLabel))


async def opened() -> SignatureDialog:
    await until(lambda: any(isinstance(o, SignatureDialog) and o.isVisible() for o in QApplication.topLevelWidgets()))
    return dialog()


@pytest.mark.proves("SEC-51", "SEC-53")
def test_name_time_zone_meaning_sentence_and_record_are_shown_before_the_secret_is_given(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.answers[SignatureQuery] = lambda _query: sheet()
        task = asyncio.ensure_future(do(station, DisableUser("u2", "left")))
        one = await opened()
        words = shown(one)
        for part in (
            "Adam Admin",
            "I, Adam Admin, withdraw these rights.",
            "rights withdrawn",
            "Olga Operator",
            "left",
        ):
            assert part in words
        assert "UTC" in one.time.text() or "+" in one.time.text(), "the time names its zone"
        assert not one.sign_button.isEnabled(), "nothing is signed without a secret"
        assert not station.submitted
        one.secret.setText("correct horse battery")
        one.sign_button.click()
        assert await task is not None
        (command,) = station.submitted
        assert isinstance(command, DisableUser) and command.proof is not None
        assert (command.proof.secret, command.proof.meaning, command.proof.shown_hash) == (
            "correct horse battery",
            "revoked",
            "11" * 32,
        )

    run(story())


@pytest.mark.proves("P31")
def test_a_record_that_changed_is_shown_anew_and_not_signed_with_the_secret_already_given(qtbot: QtBot) -> None:
    async def story() -> None:
        station, sheets = FakeStation(), [sheet(), sheet("another reason", "22"), sheet("another reason", "22")]
        station.answers[SignatureQuery] = lambda _query: sheets.pop(0)
        station.refusals[DisableUser] = Refused("Not signed: the record is no longer what was shown. Look at it again")
        task = asyncio.ensure_future(do(station, DisableUser("u2", "left")))
        one = await opened()
        one.secret.setText("correct horse battery")
        one.sign_button.click()
        await until(lambda: "another reason" in shown(one))
        assert "read it, then sign" in one.notice.text()
        assert one.secret.text() == "", "the secret is given again for what is shown now"
        assert not task.done()
        del station.refusals[DisableUser]
        one.secret.setText("correct horse battery")
        one.sign_button.click()
        await task
        proof = station.submitted[-1].proof  # type: ignore[attr-defined]
        assert proof.shown_hash == "22" * 32

    run(story())


def test_turning_away_signs_nothing(qtbot: QtBot) -> None:
    async def story() -> None:
        station = FakeStation()
        station.answers[SignatureQuery] = lambda _query: sheet()
        task = asyncio.ensure_future(do(station, DisableUser("u2", "left")))
        QTest.keyClick(await opened(), Qt.Key.Key_Escape)
        assert await task is None
        assert not station.submitted

    run(story())


def test_only_what_the_permission_row_signs_is_asked_to_be_signed() -> None:
    assert needs_signature(DisableUser("u2", "left"))
    assert needs_signature(GrantRole("u2", "administrator"))
    assert not needs_signature(GrantRole("u2", "operator"))


@pytest.mark.proves("SEC-61")
@pytest.mark.parametrize("text", HOSTILE[:40])
def test_texts_of_others_stay_text_in_the_record(qtbot: QtBot, text: str) -> None:
    one = SignatureDialog(sheet(text))
    qtbot.addWidget(one)
    assert text in shown(one)


@pytest.mark.proves("SEC-8")
def test_a_secret_is_never_shown_or_copied_and_caps_lock_is_told(qtbot: QtBot) -> None:
    field = SecretField()
    qtbot.addWidget(field)
    field.show()
    assert field.echoMode() == QLineEdit.EchoMode.Password
    QTest.keyClick(field, "A")  # a capital without Shift
    assert field.is_caps and "Caps" in field.accessibleDescription()
    QTest.keyClick(field, "a")
    assert not field.is_caps
    QTest.keyClick(field, "B", Qt.KeyboardModifier.ShiftModifier)
    assert not field.is_caps
    field.selectAll()
    QApplication.clipboard().setText("before")
    field.copy()
    assert QApplication.clipboard().text() == "before"
    assert "A" not in field.displayText()
