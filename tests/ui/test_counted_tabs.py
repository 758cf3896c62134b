"""The parts of a screen as pressed buttons: one at a time, with what is known of how much is behind each."""

from pytestqt.qtbot import QtBot

from console.services.records import SessionRecord
from console.ui.counted_tabs import CountedTabs
from console.ui.rights import SIGN_ON_FIRST, denied_to
from console.ui.translation import set_language

TITLES = {"people": "People", "stations": "Stations", "account": "My account"}


def texts(tabs: CountedTabs) -> list[str]:
    return [button.text() for button in tabs.buttons.values()]


def test_one_is_pressed_and_only_a_person_is_told_of(qtbot: QtBot) -> None:
    tabs = CountedTabs(TITLES)
    qtbot.addWidget(tabs)
    told: list[str] = []
    tabs.chosen.connect(told.append)
    assert tabs.shown == "people"
    tabs.choose("account")
    assert (tabs.shown, told) == ("account", [])
    tabs.buttons["stations"].click()
    assert (tabs.shown, told) == ("stations", ["stations"])
    assert sum(button.isChecked() for button in tabs.buttons.values()) == 1


def test_what_is_not_known_is_no_zero_and_what_has_no_count_shows_none(qtbot: QtBot) -> None:
    tabs = CountedTabs(TITLES)
    qtbot.addWidget(tabs)
    assert texts(tabs) == ["People", "Stations", "My account"]
    tabs.set_counts({"people": None, "stations": 0})
    assert texts(tabs) == ["People –", "Stations 0", "My account"]
    tabs.set_counts({"people": 1234})
    assert tabs.count("people") == 1234
    set_language("de")
    try:
        tabs.retell()
        assert texts(tabs) == ["Personen 1.234", "Stationen 0", "Mein Konto"]
    finally:
        set_language("en")


def test_nobody_signed_on_may_do_nothing_and_whoever_is_what_the_session_says() -> None:
    assert denied_to(None, ("ack", "shelve")) == {"ack": SIGN_ON_FIRST, "shelve": SIGN_ON_FIRST}
    session = SessionRecord("u-anna", "anna", "Anna", ("operator",), 1, denied={"shelve": "not here"})
    assert denied_to(session, ("ack", "shelve")) == {"shelve": "not here"}
