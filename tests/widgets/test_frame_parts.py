"""Parts of the frame by themselves: palette, rail, strip, notice, sparkline, key button."""

import itertools
import string
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from console.ui.priority_symbol import flash_clock
from console.widgets.alarm_banner import AlarmBanner, TopAlarm
from console.widgets.command_palette import CommandPalette, PaletteItem
from console.widgets.fuzzy import FuzzyIndex
from console.widgets.key_button import KeyButton
from console.widgets.lamp import LampState
from console.widgets.navigation_rail import NavigationRail, RailItem
from console.widgets.notice_bar import NoticeBar
from console.widgets.sparkline import Sparkline
from console.widgets.status_strip import StatusStrip, StripItem

NAMES = [f"plant/Line {a}/PLC-{b:03d}/metric {c}" for a in range(10) for b in range(100) for c in range(50)]


def test_fifty_thousand_names_answer_within_a_key_stroke():
    index = FuzzyIndex(NAMES)
    begun = time.perf_counter()
    hits = index.find("line 7 plc-042 metric 9")
    taken_s = time.perf_counter() - begun
    assert NAMES[hits[0]] == "plant/Line 7/PLC-042/metric 9"
    naive = time.perf_counter()
    sum(sum(letter in name for letter in "line7plc042metric9") for name in NAMES)
    assert taken_s < 5 * (time.perf_counter() - naive)


def test_letters_in_order_are_enough_and_whole_words_come_first():
    index = FuzzyIndex(["Robot R4 joint temperature", "Tank level", "rbt", "Press oil"])
    assert index.find("rbt")[0] == 2
    assert 0 in index.find("rbt")
    assert index.find("oil press") == [3]


@given(st.lists(st.text(string.printable, max_size=12), max_size=30), st.text(string.printable, max_size=6))
def test_every_hit_holds_the_letters_in_order(texts, query):
    def holds(text, letters):
        rest = iter(text)
        return all(letter in rest for letter in letters)

    hits = FuzzyIndex(texts).find(query)
    assert len(hits) == len(set(hits))
    words = query.casefold().split()
    for at in hits:
        text = texts[at].casefold()
        assert all(word in text for word in words) or holds(text, "".join(words))


def test_typing_on_finds_the_same_as_asking_at_once():
    index = FuzzyIndex(NAMES)
    for query in ("p", "pl", "plc-0", "plc-042 line 3"):
        hits = index.find(query)
    assert hits == FuzzyIndex(NAMES).find("plc-042 line 3")


@pytest.fixture
def palette(qtbot):
    parent = QWidget()
    parent.resize(900, 700)
    qtbot.addWidget(parent)
    parent.show()
    made = CommandPalette(parent)
    items = [PaletteItem("view", "Alarms", 1), PaletteItem("action", "Acknowledge", 2, why_not="An auditor only reads")]
    made.open_with(items)
    return made


def test_the_palette_chooses_with_return(palette, qtbot):
    qtbot.keyClicks(palette.field, "alar")
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert chosen.args == [1]
    assert not palette.isVisible()


def test_the_palette_shows_but_does_not_do_what_is_denied(palette, qtbot):
    qtbot.keyClicks(palette.field, "ackn")
    with qtbot.assertNotEmitted(palette.chosen):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_the_banner_claims_nothing_before_the_first_counts(qtbot):
    banner = AlarmBanner()
    qtbot.addWidget(banner)
    assert [count.shown(count.unacknowledged) for count in banner.counts] == ["–"] * 4
    assert banner.top.calm_text() == "Nothing is known yet: the station is starting."
    banner.set_counts((0, 0, 0, 0), (0, 0, 0, 0))
    assert [count.shown(count.active) for count in banner.counts] == ["0"] * 4
    assert banner.top.calm_text() == "No unacknowledged alarm"


def test_the_banner_flashes_only_while_something_is_unacknowledged(qtbot):
    before = flash_clock().is_running
    banner = AlarmBanner()
    qtbot.addWidget(banner)
    banner.set_counts((0, 1, 0, 0), (0, 1, 0, 0))
    banner.set_top(TopAlarm(2, "<b>hot</b>", "ROB-A4", 0))
    assert flash_clock().is_running
    assert "&lt;b&gt;" in banner.top.toolTip()
    banner.set_counts((0, 0, 0, 0), (0, 1, 0, 0))
    banner.set_top(None)
    assert flash_clock().is_running == before
    assert not banner.acknowledge_button.isEnabled()


@pytest.mark.parametrize("width", [960, 1280, 1600, 1920, 2560])
def test_nothing_of_the_banner_is_cut_off(qtbot, width):
    banner = AlarmBanner()
    qtbot.addWidget(banner)
    counts = (12, 345, 678, 999) if width < 1200 else (12, 345, 6789, 99999)
    banner.set_counts(counts, counts)
    banner.set_aside(123, 45)
    banner.set_horn("no_device")
    banner.resize(width, 56)
    banner.show()
    buttons = (banner.show_button, banner.acknowledge_button, banner.silence_button)
    for button in filter(lambda part: part.isVisible(), buttons):
        assert button.width() >= button.sizeHint().width()
        assert button.geometry().right() <= width
    assert banner.top.width() >= 100
    edges = [banner.top.geometry(), *(button.geometry() for button in buttons if button.isVisible())]
    assert all(left.right() < right.left() for left, right in itertools.pairwise(edges))


def test_a_missing_sound_device_is_written_in_the_banner(qtbot):
    banner = AlarmBanner()
    qtbot.addWidget(banner)
    banner.show()
    banner.set_horn("no_device")
    assert banner.horn.isVisible()
    assert banner.horn.text() == "NO SOUND DEVICE"


def test_the_rail_goes_by_mouse_and_keyboard(qtbot):
    rail = NavigationRail([RailItem("alarms", "Alarms", "alarms", "Ctrl+1"), RailItem("trends", "Trends", "trends")])
    qtbot.addWidget(rail)
    rail.show()
    with qtbot.waitSignal(rail.chosen) as chosen:
        qtbot.mouseClick(rail.buttons["trends"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["trends"]
    with qtbot.waitSignal(rail.chosen):
        qtbot.keyClick(rail.buttons["alarms"], Qt.Key.Key_Return)
    plain = rail.grab().toImage()
    rail.set_badge("alarms", 7, 1)
    assert rail.grab().toImage() != plain


def test_the_strip_shows_exactly_what_it_is_given(qtbot):
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.show()
    strip.show_items((StripItem("a", "Broker", "live", "", LampState.NORMAL), StripItem("b", "Tags", "5 live")))
    strip.show_items((StripItem("b", "Tags", "4 live", "· 1 stale"),))
    assert strip.field("a") is None
    assert strip.field("b").rest.text() == "· 1 stale"
    assert not strip.field("b").lamp.isVisible()


def test_a_notice_goes_by_escape_and_never_blocks(qtbot):
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.show_text("<b>no</b>", "error")
    assert bar.isVisible()
    assert bar._label.textFormat() == Qt.TextFormat.PlainText
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_a_gap_stays_a_gap_in_the_sparkline(qtbot):
    line = Sparkline()
    qtbot.addWidget(line)
    line.set_points([0, 1, 2, 3, 4, 5], [1, 2, np.nan, 3, 4, 5], trusted=True)
    assert [len(run) for run in line.polylines(96, 24)] == [2, 3]
    line.set_points([0, 1], [np.nan, 1], trusted=True)
    assert line.polylines(96, 24) == []
    line.set_points([0, 1, 2], [7, 7, 7], trusted=False)
    assert len({point.y() for point in line.polylines(96, 24)[0]}) == 1


def test_a_key_button_follows_its_action(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    action = QAction("Trend", parent)
    button = KeyButton(parent=parent)
    button.bind(action, "T")
    assert (button.text(), button.key) == ("Trend", "T")
    with qtbot.waitSignal(action.triggered):
        button.click()
    action.setEnabled(False)
    assert not button.isEnabled()


def test_a_link_that_appears_late_stands_where_it_belongs(qtbot):
    strip = StatusStrip()
    qtbot.addWidget(strip)
    broker, tags, centre = (StripItem(key, key, "live") for key in ("broker", "tags", "centre"))
    strip.resize(900, 28)
    strip.show()
    strip.show_items((broker, tags))
    strip.show_items((broker, centre, tags))
    qtbot.waitUntil(lambda: _places(strip) == sorted(set(_places(strip))))


def _places(strip):
    return [strip.field(key).mapTo(strip, QPoint(0, 0)).x() for key in ("broker", "centre", "tags")]
