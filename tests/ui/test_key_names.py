"""Keys are called as they stand on the keyboard of the person's language."""

import pytest
from pytestqt.qtbot import QtBot

from console.ui.key_names import key_text
from console.ui.translation import set_language
from console.widgets.key_button import KeyButton


@pytest.mark.proves("ALARM-F76")
def test_keys_are_called_as_on_a_german_keyboard_and_the_button_has_room_for_them(qtbot: QtBot) -> None:
    button = KeyButton("Acknowledge", "Space")
    qtbot.addWidget(button)
    before = button.sizeHint().width()
    assert (key_text("Space"), key_text("Ctrl+F"), key_text("F2"), key_text("")) == ("Space", "Ctrl+F", "F2", "")
    set_language("de")
    try:
        assert [key_text(key) for key in ("Space", "Ctrl+F", "Shift+S", "F2")] == [
            "Leertaste",
            "Strg+F",
            "Umschalt+S",
            "F2",
        ]
        assert button.sizeHint().width() > before
    finally:
        set_language("en")
