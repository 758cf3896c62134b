"""A head line keeps its words whole: in a narrow place its second part goes into a line of its own."""

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from console.ui.counted_tabs import CountedTabs
from console.widgets.panel import TwoPartLine

TITLES = {name: f"Noch nicht rationalisierte Alarme {name}" for name in "abcd"}


@pytest.mark.parametrize(("width", "is_one_line"), [(1400, True), (822, False)])
def test_no_tab_is_squeezed_in_a_narrow_window(qtbot: QtBot, width: int, is_one_line: bool) -> None:
    line, tabs, other = TwoPartLine(), CountedTabs(TITLES), CountedTabs({"x": "Filter"})
    qtbot.addWidget(line)
    line.left.addWidget(tabs)
    line.right.addWidget(other)
    line.resize(width, 60)
    line.show()
    qtbot.waitUntil(lambda: (other.mapTo(line, QPoint()).y() < tabs.height()) == is_one_line)
    for button in tabs.buttons.values():
        assert button.width() >= button.sizeHint().width()
