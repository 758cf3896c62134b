"""The counts of what is kept aside in the banner: always there, each one click from its list."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from console.ui.translation import set_language
from console.widgets.alarm_banner import AlarmBanner


@pytest.mark.proves("ALARM-F22")
def test_each_count_of_the_banner_leads_to_its_list(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    banner = AlarmBanner(parent=window)
    assert banner.aside.text() == "– shelved · – suppressed\n– out of service"  # nothing is known yet
    banner.set_aside(6, 2, 1_300)
    assert banner.aside.text() == "6 shelved · 1,300 suppressed\n2 out of service"
    banner.resize(1800, 56)
    window.show()
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


@pytest.mark.proves("ALARM-F74")
def test_what_nobody_acknowledged_in_its_time_stands_in_the_banner_while_there_is_something(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    banner = AlarmBanner(parent=window)
    banner.set_aside(0, 2, 0, 0)
    assert "escalated" not in banner.aside.text()
    chosen: list[str] = []
    banner.aside_chosen.connect(chosen.append)
    window.show()
    for width in (1800, 900):
        banner.resize(width, 56)
        banner.set_aside(0, 2, 0, 3)
        assert banner.aside.text().endswith("2 out of service · 3 escalated")
        spot = banner.aside.place_of("escalated").center().toPoint()
        assert banner.aside.rect().contains(spot), "nothing is cut off"
        QTest.mouseClick(banner.aside, Qt.MouseButton.LeftButton, pos=spot)
    assert chosen == ["escalated", "escalated"]
    banner.set_aside(0, 2, 0, 0)
    assert "escalated" not in banner.aside.text()
