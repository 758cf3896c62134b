"""Hands on a trend: drags, wheel, rubber band, keys, cursors, borders, axes; layers and strips follow the window."""

import gc
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from console.models.trend_pen import TrendPen
from console.widgets.trend_layers import x_of
from console.widgets.trend_plot import PlotGroup, TrendPlot
from console.widgets.trend_spans import Curve

S = 1_000_000
FROM, TO = 1_000_000 * S, 1_000_600 * S
LEFT, CTRL, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def pen_of(offset=0.0):
    pen = TrendPen()
    at = np.arange(FROM - 600 * S, TO, S, dtype=np.int64)
    pen.append(at, offset + np.sin(np.arange(at.size) / 40), np.ones(at.size, np.bool_))
    return pen


@pytest.fixture
def plot(qtbot):
    made = TrendPlot()
    qtbot.addWidget(made)
    made.resize(868, 420)
    made.set_groups([PlotGroup("a", (Curve(0, pen_of(), 0),)), PlotGroup("b", (Curve(1, pen_of(5.0), 1),))])
    made.show()
    made.show_span(FROM, TO, TO)
    made.window_wanted.connect(lambda a, b: made.show_span(a, b, TO))
    return made


def port(plot):
    return plot._canvas.viewport()


def at(plot, share, row=0, y=0.5):
    """A point of the canvas at a share of the width of a plot."""
    box = plot._stack.panes[row].box
    return QPoint(round(box.left() + share * box.width()), round(box.top() + y * box.height()))


def drag(plot, begin, end, keys=Qt.KeyboardModifier.NoModifier):
    QTest.mousePress(port(plot), LEFT, keys, begin)
    for k in range(1, 5):
        QTest.mouseMove(port(plot), begin + (end - begin) * k / 4)
        QApplication.processEvents()
    QTest.mouseRelease(port(plot), LEFT, keys, end)


def wheel(plot, place, notches, keys=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        QPointF(place),
        QPointF(port(plot).mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(port(plot), event)


def span(plot):
    return plot.window_us[1] - plot.window_us[0]


def near(us, other, tolerance_s=4):
    return abs(us - other) <= tolerance_s * S


def test_dragging_to_the_right_shows_what_was_before(plot):
    drag(plot, at(plot, 0.2), at(plot, 0.7))
    assert near(plot.window_us[0], FROM - 300 * S)
    assert span(plot) == 600 * S


def test_the_wheel_zooms_and_keeps_the_moment_under_the_pointer(plot):
    before = plot.moment(0.25)
    wheel(plot, at(plot, 0.25), 3)
    assert span(plot) == pytest.approx(600 * S * 0.8**3, rel=0.01)
    assert near(plot.moment(0.25), before)


def test_the_wheel_with_shift_moves_through_time(plot):
    wheel(plot, at(plot, 0.5), 2, SHIFT)
    assert near(plot.window_us[0], FROM - 120 * S)
    wheel(plot, at(plot, 0.5), -1, SHIFT)
    assert span(plot) == 600 * S


def test_a_rubber_band_shows_what_it_encloses(plot):
    drag(plot, at(plot, 0.5), at(plot, 0.75), SHIFT)
    assert near(plot.window_us[0], FROM + 300 * S)
    assert near(plot.window_us[1], FROM + 450 * S)
    assert not plot._canvas._band.isVisible()


def test_a_rubber_band_of_no_width_does_nothing(plot):
    drag(plot, at(plot, 0.5), at(plot, 0.5) + QPoint(2, 40), SHIFT)
    assert plot.window_us == (FROM, TO)


def test_a_click_with_ctrl_places_a_then_b_then_moves_the_nearer_one(plot):
    for share in (0.2, 0.8, 0.3):
        QTest.mouseClick(port(plot), LEFT, CTRL, at(plot, share, row=1))
    assert near(plot.cursors.at("A"), FROM + 180 * S)
    assert near(plot.cursors.at("B"), FROM + 480 * S)
    assert plot.window_us == (FROM, TO)  # no drag


def test_a_cursor_is_dragged_instead_of_the_picture(plot):
    plot.cursors.set("A", FROM + 300 * S)
    drag(plot, at(plot, 0.5), at(plot, 0.6))
    assert near(plot.cursors.at("A"), FROM + 360 * S)
    assert plot.window_us == (FROM, TO)


def test_keys_pan_zoom_and_jump(qtbot, plot):
    asked = []
    plot.start_wanted.connect(lambda: asked.append("start"))
    plot.live_wanted.connect(lambda: asked.append("live"))
    plot.fit_wanted.connect(lambda: asked.append("fit"))
    for key, begin in (
        (Qt.Key.Key_Left, FROM - 60 * S),
        (Qt.Key.Key_PageUp, FROM - 660 * S),
        (Qt.Key.Key_PageDown, FROM - 60 * S),
        (Qt.Key.Key_Right, FROM),
    ):
        qtbot.keyClick(plot, key)
        assert plot.window_us[0] == begin
    qtbot.keyClick(plot, Qt.Key.Key_Left, SHIFT)
    assert plot.window_us[0] == FROM - 300 * S
    qtbot.keyClick(plot, "+")
    assert span(plot) == 420 * S
    qtbot.keyClick(plot, "-")
    assert span(plot) == 600 * S
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_0):
        qtbot.keyClick(plot, key)
    assert asked == ["start", "live", "fit"]


def test_plus_zooms_around_the_pointer(qtbot, plot):
    QTest.mouseMove(port(plot), at(plot, 0.25))
    before = plot.hover_us
    qtbot.keyClick(plot, "+")
    assert near(plot.moment(0.25), before)


def test_the_keys_a_and_b_place_cursors_under_the_pointer_and_backspace_removes_them(qtbot, plot):
    QTest.mouseMove(port(plot), at(plot, 0.4))
    qtbot.keyClick(plot, "a")
    QTest.mouseMove(port(plot), at(plot, 0.9, row=1))
    qtbot.keyClick(plot, "b")
    assert near(plot.cursors.at("A"), FROM + 240 * S)
    assert near(plot.cursors.at("B"), FROM + 540 * S)
    assert plot.cursors.span is not None
    qtbot.keyClick(plot, Qt.Key.Key_Backspace)
    assert plot.cursors.span is None


def test_arrows_with_ctrl_move_the_cursor_that_was_set_last(qtbot, plot):
    plot.cursors.set("A", FROM + 100 * S)
    plot.cursors.set("B", FROM + 200 * S)
    qtbot.keyClick(plot, Qt.Key.Key_Right, CTRL)
    assert plot.cursors.at("B") == FROM + 200 * S + 600 * S // 400
    assert plot.cursors.at("A") == FROM + 100 * S
    assert plot.window_us == (FROM, TO)


def test_letters_with_ctrl_stay_shortcuts_of_others(qtbot, plot):
    qtbot.keyClick(plot, "a", CTRL)
    assert plot.cursors.at("A") is None


def test_the_pointer_tells_its_moment_and_leaving_ends_it(plot):
    told = []
    plot.cursor_moved.connect(told.append)
    QTest.mouseMove(port(plot), at(plot, 0.5))
    assert near(told[-1], FROM + 300 * S)
    assert all(item.cursor_us == told[-1] for item in plot.spans)
    QTest.mouseMove(port(plot), QPoint(10, 100))  # over the axis
    assert told[-1] is None


def test_a_border_gives_height_from_one_plot_to_the_other(plot):
    told = []
    plot.heights_changed.connect(told.append)
    heights = [pane.box.height() for pane in plot._stack.panes]
    divider = plot._dividers[0]
    QTest.mousePress(divider, LEFT, pos=QPoint(100, 5))
    QTest.mouseMove(divider, QPoint(100, 65))
    QTest.mouseRelease(divider, LEFT, pos=QPoint(100, 5))
    now = [pane.box.height() for pane in plot._stack.panes]
    assert now[0] - heights[0] == pytest.approx(60, abs=2)
    assert sum(now) == sum(heights)
    assert told[-1][0] > told[-1][1]


def test_a_border_leaves_both_plots_readable(plot):
    plot._move_border(0, 5000)
    assert plot._stack.panes[1].box.height() >= 36
    plot._move_border(0, -5000)
    assert plot._stack.panes[0].box.height() >= 36


def test_thirty_two_plots_share_a_low_window_without_overlap(qtbot, plot):
    plot.set_groups([PlotGroup(str(k), (Curve(k, pen_of(k), 0),)) for k in range(32)])
    boxes = [pane.box for pane in plot._stack.panes]
    assert all(a.bottom() <= b.top() for a, b in pairwise(boxes))
    assert len(plot._dividers) == 31
    plot.set_groups([PlotGroup("a", (Curve(0, pen_of(), 0),))])
    assert len(plot.spans) == 1


def test_wheel_and_drag_on_an_axis_ask_for_its_range_and_a_double_click_fits_it(plot):
    asked = []
    plot.range_wanted.connect(lambda row, axis, bounds: asked.append((row, axis, bounds)))
    low, high = plot.spans[1].y_range
    place = QPoint(plot._stack.left - 20, at(plot, 0, row=1).y())
    wheel(plot, place, 1)
    row, axis, bounds = asked.pop()
    assert (row, axis) == (1, 0)
    assert bounds[1] - bounds[0] == pytest.approx((high - low) * 0.8)
    drag(plot, place, place + QPoint(0, 30))
    assert asked[-1][2][0] > low  # pulled down: higher values come into sight
    QTest.mouseDClick(port(plot), LEFT, pos=place)
    assert asked[-1] == (1, 0, None)


def test_own_axes_stand_beside_the_shared_one_and_move_the_plots_to_the_right(plot):
    told = []
    plot.sides_changed.connect(lambda left, _right: told.append(left))
    before = plot.sides[0]
    curves = (Curve(0, pen_of(), 0), Curve(1, pen_of(500.0), 3, axis=2))
    plot.set_groups([PlotGroup("a", curves)])
    assert plot.sides[0] == told[-1] > before
    scales = plot.scales(0)
    assert sorted(scales) == [0, 2]
    assert scales[2].low > 400 > scales[0].high
    plot.set_groups([PlotGroup("a", curves, pins=((2, (0.0, 900.0)),))])
    assert (plot.scales(0)[2].low, plot.scales(0)[2].high) == (0.0, 900.0)
    plot.set_groups([PlotGroup("a", curves)])
    assert plot.scales(0)[2].low > 400


class Remembering:
    def __init__(self):
        self.painted = []

    def paint(self, painter, window, box, ratio):
        self.painted.append((window, box.width(), x_of(window.from_us, window, box)))


def test_a_layer_is_painted_over_every_plot_or_the_topmost_only(plot):
    everywhere, top = Remembering(), Remembering()
    plot.add_layer(everywhere)
    plot.add_layer(top, only_top=True)
    plot.repaint_now()
    assert len(everywhere.painted) == 2
    assert len(top.painted) == 1
    assert everywhere.painted[0][0] == plot.shown
    assert everywhere.painted[0][2] == 0
    plot.remove_layer(everywhere)
    everywhere.painted.clear()
    plot.show_span(FROM - S * 60, TO - S * 60, TO)
    plot.repaint_now()
    assert not everywhere.painted
    assert len(top.painted) == 2


def test_a_strip_lies_below_the_plots_and_hears_of_every_window(plot):
    told, strip = [], QWidget()
    strip.setFixedHeight(18)
    plot.window_changed.connect(told.append)
    plot.add_strip(strip)
    QApplication.processEvents()
    assert strip.isVisible()
    assert strip.width() == plot.width()
    plot.advance(TO + 5 * S)
    assert told[-1] == plot.shown
    count = len(told)
    plot.advance(TO + 5 * S)
    assert len(told) == count  # nothing moved
    plot.remove_strip(strip)
    assert strip.parent() is None


def test_many_plots_come_and_go_without_a_trace(qtbot):
    for _ in range(20):
        made = TrendPlot()
        made.set_groups([PlotGroup("a", (Curve(0, pen_of(), 0),))])
        made.cursors.set("A", FROM)
        del made
    gc.collect()
