"""The drawn spans keep every spike, scroll to the same picture as drawing anew, and show gaps as gaps."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from console.models.trend_pen import TrendPen
from console.ui.theme import theme
from console.widgets.trend_axes import round_range, time_ticks, value_ticks
from console.widgets.trend_plot import PlotGroup, TrendPlot
from console.widgets.trend_spans import Curve, SpanItem, Window

W, H, STEP = 200, 100, 1000


def pen_of(times, values, good=None):
    pen = TrendPen()
    times = np.asarray(times, np.int64)
    good = np.ones(times.size, np.bool_) if good is None else np.asarray(good, np.bool_)
    pen.append(times, np.asarray(values, np.float64), good)
    return pen


def item_of(pen):
    item = SpanItem()
    item.curves = [Curve(0, pen, 0)]
    item.resize(QRectF(0, 0, W, H), 1.0)
    return item


def picture(item):
    image = QImage(W, H, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    item.paint(painter, None)
    painter.end()
    return image


def coloured(image, colour):
    """Columns and rows that hold this colour."""
    return {(x, y) for x in range(W) for y in range(H) if image.pixelColor(x, y).rgb() == colour.rgb()}


def test_a_spike_of_one_sample_in_a_million_reaches_its_pixel(qtbot):
    n = 1_000_000
    values = np.zeros(n)
    values[613_421] = 50.0
    item = item_of(pen_of(np.arange(n), values))
    item.show_window(Window(0, n // W, W, n))
    drawn = coloured(picture(item), theme().pen(0))
    bottom, top = item.y_range
    assert bottom <= 0
    assert top >= 50
    spike = {y for x, y in drawn if x == 613_421 // (n // W)}
    assert len(spike) > 0.6 * H
    assert max(len({y for x, y in drawn if x == other}) for other in (10, 60, 180)) <= 2


def test_scrolling_gives_the_same_picture_as_drawing_anew(qtbot):
    rng = np.random.default_rng(5)
    times = np.arange(0, 400 * STEP, 37)
    values = rng.standard_normal(times.size).cumsum()
    values[3000:3400] = np.nan
    good = np.ones(times.size, np.bool_)
    good[5000:5600] = False
    scrolled = item_of(pen_of(times, values, good))
    for first in range(0, 180, 3):
        scrolled.show_window(Window(first, STEP, W, (first + W) * STEP))
        last = picture(scrolled)
    fresh = item_of(pen_of(times, values, good))
    fresh.y_range = scrolled.y_range
    fresh.show_window(Window(first, STEP, W, (first + W) * STEP))
    assert fresh.y_range == scrolled.y_range
    assert picture(fresh) == last


def test_samples_that_arrive_appear_and_late_ones_correct_the_picture(qtbot):
    pen = pen_of([0, 100 * STEP], [1.0, 9.0])
    item = item_of(pen)
    item.show_window(Window(0, STEP, W, 120 * STEP))
    picture(item)
    since = pen.append(np.array([50 * STEP]), np.array([5.0]), np.array([True]))
    item.curves[0].dirty_us = since
    item.show_window(Window(0, STEP, W, 130 * STEP))
    assert item.curves[0].high[60] == 5.0
    assert item.curves[0].high[125] == 9.0
    assert np.isnan(item.curves[0].high[140])


def test_a_gap_stays_empty_and_bad_samples_are_not_drawn_in_the_pens_colour(qtbot):
    item = item_of(pen_of([0, 50 * STEP, 100 * STEP, 150 * STEP], [5.0, np.nan, 5.0, 5.1], [1, 0, 1, 0]))
    item.show_window(Window(0, STEP, W, 200 * STEP))
    columns = {x for x, _y in coloured(picture(item), theme().pen(0))}
    assert set(range(2, 50)) <= columns
    assert not columns & set(range(51, 100))
    assert set(range(101, 150)) <= columns
    assert not columns & set(range(151, 198))


def test_limits_near_the_data_widen_the_range_and_far_ones_do_not(qtbot):
    item = item_of(pen_of([0, 10 * STEP], [60.0, 70.0]))
    item.curves[0].limits = (("H", 75.0), ("HH", 500.0))
    item.show_window(Window(0, STEP, W, 100 * STEP))
    assert item.y_range[1] >= 75
    assert item.y_range[1] < 100


@pytest.mark.parametrize("span", [3_000, 61_000_000, 3_600_000_000 * 5, 86_400_000_000 * 40])
def test_time_ticks_are_round_and_far_enough_apart(span):
    ticks = time_ticks(1_795_300_867_123_456, 1_795_300_867_123_456 + span, 900)
    assert 1 <= len(ticks) <= 10
    assert len({b - a for a, b in pairwise(ticks)}) <= 1


def test_ranges_hold_their_data():
    for low, high in ((0.0, 0.0), (-5.0, 12.0), (1e9, 1e9 + 1), (-1e-6, 1e-6)):
        bottom, top = round_range(low, high)
        assert bottom <= low <= high <= top
        assert bottom < top
        assert value_ticks(bottom, top, 300)


def test_wheel_and_keys_ask_for_another_window(qtbot):
    plot = TrendPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.set_groups([PlotGroup("a", (Curve(0, pen_of([0], [1.0]), 0),))])
    plot.set_span(60_000_000)
    plot.show()
    plot.advance(1_000_000_000)
    asked = []
    plot.window_wanted.connect(lambda a, b: asked.append((a, b)))
    qtbot.keyClick(plot, "+")
    plot.pan(-0.5)
    plot.zoom(0.5, 0.0)
    assert asked[0] == (1_000_000_000 - 42_000_000, 1_000_000_000)
    assert asked[1][1] == 1_000_000_000 - 30_000_000
    assert asked[2] == (940_000_000, 970_000_000)


def many_pens(count):
    rng = np.random.default_rng(9)
    times = np.arange(0, 400 * STEP, 41)
    return [pen_of(times, rng.standard_normal(times.size).cumsum()) for _ in range(count)]


def test_many_pens_are_coarse_first_never_hide_a_spike_and_end_exactly(qtbot):
    pens = many_pens(6)
    window = Window(20, STEP, W, (20 + W) * STEP)
    exact, hasty = SpanItem(), SpanItem()
    for item, at_once in ((exact, 100 * W), (hasty, 2 * W)):
        item.curves = [Curve(key, pen, key) for key, pen in enumerate(pens)]
        item.resize(QRectF(0, 0, W, H), 1.0)
        item.at_once = at_once
        item.show_window(window)
    wanted = picture(exact)
    assert not exact.is_owing
    assert picture(hasty) != wanted
    assert hasty.is_owing
    for rough, true in zip(hasty.curves, exact.curves, strict=True):
        assert (rough.high >= true.high).all()
        assert (rough.low <= true.low).all()
    slots = 0
    while hasty.is_owing:
        hasty.refine()
        slots += 1
    assert slots <= 2 * len(pens) + 1
    assert picture(hasty) == wanted


def test_time_that_runs_while_the_picture_is_refined_is_not_lost(qtbot):
    pens = many_pens(4)
    hasty, fresh = SpanItem(), SpanItem()
    for item in (hasty, fresh):
        item.curves = [Curve(key, pen, key) for key, pen in enumerate(pens)]
        item.resize(QRectF(0, 0, W, H), 1.0)
    hasty.at_once = W
    first = 10
    hasty.show_window(Window(first, STEP, W, (first + W) * STEP))
    picture(hasty)
    while hasty.is_owing:
        first += 1
        hasty.refine()
        hasty.show_window(Window(first, STEP, W, (first + W) * STEP))
        last = picture(hasty)
        assert first < 100
    fresh.y_range = hasty.y_range
    fresh.show_window(Window(first, STEP, W, (first + W) * STEP))
    assert fresh.y_range == hasty.y_range
    assert picture(fresh) == last


def test_the_plot_refines_itself_between_other_work(qtbot):
    plot = TrendPlot()
    qtbot.addWidget(plot)
    plot.resize(1600, 400)
    curves = tuple(Curve(key, pen, key) for key, pen in enumerate(many_pens(32)))
    plot.set_groups([PlotGroup("many", curves)])
    plot.show()
    plot.show_span(0, 300 * STEP * 1000, 300 * STEP)
    plot.repaint_now()
    assert not plot.is_exact
    qtbot.waitUntil(lambda: plot.is_exact)
    assert not any(curve.is_coarse for curve in curves)
