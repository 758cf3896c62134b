"""The navigation rail names every screen whole: no word is cut, in no language."""

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from console.app.view_specs import view_specs
from console.ui.fonts import font
from console.ui.translation import LANGUAGES, set_language, tr
from console.widgets.navigation_rail import WIDTH, WORD_PX


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_named_whole_in_the_rail(qtbot: QtBot, language: str) -> None:
    set_language(language)
    try:
        bold = QFontMetrics(font("font_small", bold=True))
        assert WORD_PX < WIDTH
        cut = [word for spec in view_specs() if bold.horizontalAdvance(word := tr(spec.title)) > WORD_PX]
        assert not cut
    finally:
        set_language("en")
