"""What stands beside the curves: histograms weighed by time, ghosts of other days, markers and state strips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest

from console.domain.history.periods import Piece
from console.ui.priority_symbol import SymbolState
from console.ui.theme import theme
from console.ui.trend_marks import Marker, MarkerKind, MarkerSet, StateRun
from console.widgets.trend_curve import Window
from console.widgets.trend_ghost import GhostColumns, GhostSource
from console.widgets.trend_histogram import PenHistogram, TrendHistograms, histogram
from console.widgets.trend_markers import MarkerLines, MarkerStrip, bunches, tip_of
from console.widgets.trend_strips import StateStrip

S = 1_000_000
T0 = 1_795_000_000 * S
WINDOW = Window(T0 // S, S, 1000, T0 + 800 * S)  # 1,000 seconds, a pixel each; the last 200 s are ahead of now
BOX = QRectF(60, 0, 1000, 24)


def brute(time_us, value, good, from_us, to_us):
    """Seconds per value, microsecond by microsecond in thought: each sample until the next."""
    held = {}
    for k, at in enumerate(time_us):
        end = time_us[k + 1] if k + 1 < len(time_us) else to_us
        seconds = max(min(end, to_us) - max(at, from_us), 0) / S
        if good[k] and np.isfinite(value[k]) and seconds:
            held[value[k]] = held.get(value[k], 0) + seconds
    return held


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from([1.0, 2.0, 5.0, np.nan]), st.booleans()), max_size=30),
    st.integers(0, 500),
    st.integers(1, 500),
)
def test_a_histogram_holds_every_trusted_second_and_no_other(rows, begin, length):
    rows.sort(key=lambda row: row[0])
    time_us = np.array([T0 + at * S for at, _v, _g in rows], np.int64)
    value, good = np.array([v for _a, v, _g in rows], float), np.array([g for _a, _v, g in rows], bool)
    from_us, to_us = T0 + begin * S, T0 + (begin + length) * S
    told = histogram(time_us, value, good, from_us, to_us)
    expected = brute(time_us.tolist(), value, good, from_us, to_us)
    assert told.good_s == pytest.approx(sum(expected.values()))
    assert told.good_s + told.untrusted_s + told.unknown_s == pytest.approx(length)
    for number, seconds in expected.items():
        at = min(int(np.searchsorted(told.edges, number, side="right")) - 1, told.seconds.size - 1)
        assert told.seconds[at] == pytest.approx(seconds)
    if expected:
        assert told.mean == pytest.approx(sum(v * s for v, s in expected.items()) / sum(expected.values()))


def test_a_value_held_for_an_hour_outweighs_a_thousand_samples_of_a_second():
    time_us = np.append(T0 + np.arange(1000) * 1000, T0 + S)
    value = np.append(np.full(1000, 9.0), 1.0)
    told = histogram(time_us, value, np.ones(1001, bool), T0, T0 + 3601 * S)
    assert told.seconds[0] == pytest.approx(3600)
    assert told.median == 1.0


class Slope:
    """A pen whose value is its own time in seconds."""

    def columns(self, edges_us, until_us):
        low, high = edges_us[:-1] / S, edges_us[1:] / S
        return GhostColumns(low, high, np.ones(low.size, bool))


def test_a_ghost_shows_each_piece_of_the_window_at_its_own_distance():
    ghost = GhostSource(Slope(), [Piece(T0, T0 + 500 * S, 86400 * S), Piece(T0 + 500 * S, T0 + 900 * S, 90000 * S)])
    edges = np.arange(T0, T0 + 1000 * S + 1, S, dtype=np.int64)
    columns = ghost.columns(edges, T0 + 100 * S)
    assert columns.low[10] == edges[10] / S - 86400
    assert columns.low[600] == edges[600] / S - 90000
    assert np.isnan(columns.low[900:]).all()


def test_a_ghost_of_a_time_to_come_is_not_drawn():
    ghost = GhostSource(Slope(), [Piece(T0, T0 + 1000 * S, -50 * S)])
    edges = np.arange(T0, T0 + 1000 * S + 1, S, dtype=np.int64)
    columns = ghost.columns(edges, T0 + 100 * S)
    assert not np.isnan(columns.low[:50]).any()
    assert np.isnan(columns.low[52:]).all()


def alarm(second, text="Oil pressure low", priority=1, record="a"):
    return Marker(MarkerKind.ALARM, T0 + second * S, text, record, priority=priority, state=SymbolState.UNACKNOWLEDGED)


def test_symbols_that_would_touch_stand_together_under_the_most_important_one():
    low, urgent, far = alarm(100, priority=4), alarm(105, priority=1, record="b"), alarm(300, record="c")
    change = Marker(MarkerKind.CHANGE, T0 + 101 * S, "rules", "d")
    found = bunches([change, low, far, urgent], WINDOW, BOX)
    assert [bunch.first for bunch in found] == [urgent, far]
    assert found[0].markers == (urgent, low, change)
    assert found[0].x == 60 + 105


@pytest.fixture
def strip(qtbot):
    markers = MarkerSet()
    made = MarkerStrip(markers)
    qtbot.addWidget(made)
    made.resize(1072, 24)
    made.set_sides(60, 12)
    made.show_window(WINDOW)
    return markers, made


def test_a_click_on_a_symbol_opens_its_record(qtbot, strip):
    markers, made = strip
    markers.put(MarkerKind.ALARM, [alarm(100)])
    with qtbot.waitSignal(made.opened, timeout=1000) as told:
        QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPointF(162, 12).toPoint())
    assert told.args == [alarm(100)]
    assert made.at(400) is None


def test_the_arrows_go_from_symbol_to_symbol_and_enter_opens(qtbot, strip):
    markers, made = strip
    markers.put(MarkerKind.ALARM, [alarm(100), alarm(300, "Fan stopped", 2, "b"), alarm(500, record="c")])
    made.show()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(made, key)
    assert "Fan stopped" in made.accessibleDescription()
    with qtbot.waitSignal(made.opened, timeout=1000) as told:
        QTest.keyClick(made, Qt.Key.Key_Return)
    assert told.args == [alarm(300, "Fan stopped", 2, "b")]


def test_of_several_records_in_one_place_the_person_chooses(strip):
    markers, made = strip
    markers.put(MarkerKind.ALARM, [alarm(100), alarm(103, "Fan & motor", 2, "b")])
    heard = []
    made.opened.connect(heard.append)
    menu = made.menu_of(made.at(160).markers)
    assert [act.text().split("  ")[1] for act in menu.actions()] == ["Oil pressure low", "Fan && motor"]
    menu.actions()[1].trigger()
    assert heard == [alarm(103, "Fan & motor", 2, "b")]


def test_kinds_that_are_switched_off_are_neither_drawn_nor_hit(strip):
    markers, made = strip
    markers.put(MarkerKind.ALARM, [alarm(100)])
    markers.shown = frozenset({MarkerKind.SHIFT})
    assert made.bunches() == []


def test_a_tip_says_when_and_what_and_how_many_more(strip):
    markers, made = strip
    markers.put(MarkerKind.ALARM, [alarm(100, f"<b>alarm {n}</b>", record=str(n)) for n in range(11)])
    lines = tip_of(made.at(160)).split("\n")
    assert lines[0].endswith("<b>alarm 0</b>")
    assert lines[-1] == "and 3 more"


def pixels(paint, width=1072, height=24):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(theme().color("surface.raised"))
    painter = QPainter(image)
    paint(painter)
    painter.end()
    return image


def test_an_annotation_over_a_time_shades_it_in_the_plots():
    markers = MarkerSet()
    markers.put(MarkerKind.ANNOTATION, [Marker(MarkerKind.ANNOTATION, T0 - 50 * S, "x", "n", T0 + 200 * S)])
    image = pixels(lambda painter: MarkerLines(markers).paint(painter, WINDOW, BOX, 1.0))
    ground = theme().color("surface.raised").rgb()
    assert image.pixel(160, 12) != ground
    assert image.pixel(400, 12) == ground


def test_time_without_trusted_states_is_hatched_and_never_filled(qtbot):
    made = StateStrip("Door", "plant/Door")
    qtbot.addWidget(made)
    made.resize(1072, 36)
    made.set_sides(60, 12)
    made.show_window(WINDOW)
    made.show_runs([StateRun(T0, T0 + 200 * S, "open", 1), StateRun(T0 + 200 * S, T0 + 400 * S, "stale", -1)])
    image = made.grab().toImage()
    ground = theme().color("surface.raised").rgb()

    def shades(first, last):
        return {image.pixel(x, 22) for x in range(first, last)}

    assert ground not in shades(140, 240)
    assert len(shades(140, 240)) == 1  # a state is one colour
    assert ground in shades(320, 440)  # hatched: told as stale
    assert len(shades(320, 440)) > 1
    assert len(shades(560, 780)) > 1  # between the last run and now nothing is known
    assert shades(880, 1040) == {ground}  # the future is empty
    assert "open" in made.tip_at(100)
    assert "unknown" in made.tip_at(600)


def test_a_pen_without_trusted_values_says_so_and_draws_no_bar(qtbot):
    made = TrendHistograms()
    qtbot.addWidget(made)
    nothing = histogram(np.empty(0, np.int64), np.empty(0), np.empty(0, bool), T0, T0 + 100 * S)
    assert (nothing.good_s, nothing.unknown_s) == (0, 100)
    made.resize(250, 120)
    made.show_pens([PenHistogram("Oil <b>", "bar", 0, nothing)])
    pen = theme().pen(0).rgb()
    image = made.grab().toImage()
    assert not any(image.pixel(x, y) == pen for x in range(image.width()) for y in range(40, 90))
