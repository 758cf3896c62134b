"""The counts of what is kept aside in the banner: always there, each one click from its list."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from console.ui.translation import set_language
from console.widgets.alarm_banner import AlarmBanner


@pytest.mark.proves("ALARM-F22")
def test_each_count_of_the_banner_leads_to_its_list(qtbot: QtBot) -> None:
    banner = AlarmBanner()
    qtbot.addWidget(banner)
    assert banner.aside.text() == "– shelved · – suppressed\n– out of service"  # nothing is known yet
    banner.set_aside(6, 2, 1_300)
    assert banner.aside.text() == "6 shelved · 1,300 suppressed\n2 out of service"
    banner.resize(1800, 56)
    banner.show()
    chosen: list[str] = []
    banner.aside_chosen.connect(chosen.append)
    for key in ("shelved", "suppressed", "out_of_service"):
        QTest.mouseClick(banner.aside, Qt.MouseButton.LeftButton, pos=banner.aside.place_of(key).center().toPoint())
    assert chosen == ["shelved", "suppressed", "out_of_service"]
    wide = banner.aside.sizeHint().width()
    banner.resize(900, 56)  # in a narrow window icons stand for words, nothing is left out
    assert banner.aside.isVisible() and banner.aside.sizeHint().width() < wide
    assert banner.aside.toolTip() == banner.aside.text()
    for key in ("out_of_service", "shelved"):
        QTest.mouseClick(banner.aside, Qt.MouseButton.LeftButton, pos=banner.aside.place_of(key).center().toPoint())
    assert chosen[3:] == ["out_of_service", "shelved"]
    set_language("de")
    try:
        assert banner.aside.text().startswith("6 zurückgestellt · 1.300 unterdrückt")
    finally:
        set_language("en")
