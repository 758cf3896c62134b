"""How curves look on one plot: axes of their own, logarithms, two pixels, another time, what is not trusted."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from console.models.trend_pen import TrendPen
from console.ui.theme import theme
from console.widgets.trend_axes import Scale
from console.widgets.trend_ranges import AxisRanges
from console.widgets.trend_spans import Curve, SpanItem, Window
from console.widgets.trend_strokes import pixel_rows

W, H, STEP = 200, 100, 1000
UNTIL = 1 << 50
pytestmark = pytest.mark.usefixtures("qapp")


def pen_of(times, values, good=True):
    times = np.asarray(times, np.int64)
    pen = TrendPen()
    pen.append(times, np.asarray(values, np.float64), np.broadcast_to(np.asarray(good, np.bool_), times.shape))
    return pen


def item_of(*curves, ratio=1.0):
    item = SpanItem()
    item.curves = list(curves)
    item.resize(QRectF(0, 0, W / ratio, H / ratio), ratio)
    return item


def shown(item, first=0, ratio=1.0):
    item.show_window(Window(first, STEP, W, UNTIL))
    image = QImage(W, H, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    item.paint(painter, None)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(H, W) & 0xFFFFFF


def rows_of(picture, colour, column):
    return np.flatnonzero(picture[:, column] == QColor(colour).rgb() & 0xFFFFFF)


def test_pens_with_axes_of_their_own_fill_the_plot_each_with_its_range():
    small = Curve(1, pen_of([0, 100 * STEP], [0.001, 0.002]), 0)
    large = Curve(2, pen_of([0, 50 * STEP], [5e6, 9e6]), 1, axis=3)
    item = item_of(small, large)
    picture = shown(item)
    assert [(scale.low < 0.001, scale.high > 5e6) for scale in item.scales] == [(True, False), (False, True)]
    assert item.axis_numbers == (0, 3)
    assert (item.scales[0].colour, item.scales[1].colour) == (None, 1)
    low, high = item.scales[1].low, item.scales[1].high
    assert rows_of(picture, theme().pen(1), 20)[0] == int((high - 5e6) / (high - low) * H)
    assert np.ptp(np.flatnonzero((picture == theme().pen(0).rgb() & 0xFFFFFF).any(axis=1))) > 0.3 * H


def test_a_limit_stands_on_the_axis_of_its_own_pen():
    item = item_of(
        Curve(1, pen_of([0], [50.0]), 0), Curve(2, pen_of([0, 9 * STEP], [1.0, 2.0]), 1, (("H", 1.5),), axis=1)
    )
    picture = shown(item)
    edge = theme().color("alarm.medium.edge").rgb() & 0xFFFFFF
    scale = item.scales[1]
    rows = np.flatnonzero((picture == edge).sum(axis=1) > W / 3)
    assert abs(rows.mean() - (scale.high - 1.5) / (scale.high - scale.low) * H) <= 1


def test_a_logarithmic_axis_gives_every_decade_the_same_height():
    times = np.arange(5) * 40 * STEP
    item = item_of(Curve(1, pen_of(times, [1.0, 10.0, 100.0, 1000.0, 10_000.0]), 0, is_log=True))
    picture = shown(item)
    assert item.scales[0].is_log
    rows = [int(rows_of(picture, theme().pen(0), 40 * k + 20).mean()) for k in range(5)]
    heights = [a - b for a, b in pairwise(rows)]
    assert max(heights) - min(heights) <= 1
    assert min(heights) > 10


def test_what_a_logarithm_cannot_show_lies_below_and_is_never_drawn_as_a_value():
    times = np.arange(4) * 50 * STEP
    item = item_of(Curve(1, pen_of(times, [10.0, 0.0, -5.0, 20.0]), 0, is_log=True))
    picture = shown(item)
    assert item.scales[0].low > 0
    assert not rows_of(picture, theme().pen(0), 75).size
    assert not rows_of(picture, theme().pen(0), 125).size
    assert rows_of(picture, theme().pen(0), 175).size


def test_a_pinned_range_stays_whatever_the_data_are_until_it_may_fit_again():
    curve = Curve(1, pen_of([0, 100 * STEP], [0.0, 1.0]), 0)
    item = item_of(curve)
    item.pin_range(0, (0.0, 1.0))
    picture = shown(item)
    assert item.y_range == (0.0, 1.0)
    assert rows_of(picture, theme().pen(0), 20).tolist() == [H - 1]  # on the lowest line, not below it
    assert 0 in rows_of(picture, theme().pen(0), 100)
    item.pin_range(0, (20.0, 30.0))
    assert not rows_of(shown(item), theme().pen(0), 20).size
    item.pin_range(0, None)
    shown(item)
    assert item.y_range[0] < 0
    assert item.y_range[1] > 1


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_wide_pen_is_two_logical_pixels_wide_where_it_is_level_and_where_it_is_steep(ratio):
    values = np.where(np.arange(W) == 100, 50.0, 0.0)
    item = item_of(Curve(1, pen_of(np.arange(W) * STEP, values), 0, width_px=2), ratio=ratio)
    picture = shown(item, ratio=ratio) == theme().pen(0).rgb() & 0xFFFFFF
    wide = round(2 * ratio)
    assert picture[:, 50].sum() == wide
    middle = picture[picture.any(axis=1).argmax() + H // 3]
    assert middle.sum() in (wide, wide + 1)  # the sample's column and the one where the value falls back


def test_a_ghost_is_another_time_of_the_same_pen_dim_and_below():
    pen = pen_of(np.arange(0, 400, 10) * STEP, np.arange(40) % 7)
    item = item_of(Curve(1, pen, 0), Curve(2, pen, 1, is_ghost=True, offset_us=100 * STEP))
    shown(item, first=150)
    now, then = item.curves
    assert np.array_equal(now.high[:100], then.high[100:])
    picture = shown(item, first=150)
    assert not (picture == theme().pen(1).rgb() & 0xFFFFFF).any()  # only mixed with what is under it
    alone = shown(item_of(Curve(1, pen, 0)), first=150)
    mine = theme().pen(0).rgb() & 0xFFFFFF
    assert ((alone == mine) <= (picture == mine)).all()


def test_one_untrusted_sample_of_a_million_is_seen_and_is_not_solid():
    n = 1_000_000
    values, good = np.zeros(n), np.ones(n, np.bool_)
    values[613_421], good[613_421] = 50.0, False
    pen = pen_of(np.arange(n), values, good)
    item = item_of(Curve(1, pen, 0))
    item.show_window(Window(0, n // W, W, n))
    image = QImage(W, H, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    item.paint(painter, None)
    painter.end()
    picture = np.frombuffer(image.constBits(), np.uint32).reshape(H, W) & 0xFFFFFF
    rows = rows_of(picture, theme().color("stale"), 613_421 // (n // W))
    assert np.ptp(rows) > 0.6 * H
    assert rows.size < 0.7 * np.ptp(rows)


def test_an_untrusted_moment_between_gaps_is_seen_wherever_it_falls():
    for column in range(40, 60):
        for level in (10.0, 11.0, 12.0, 13.0):
            times = [0, 10 * STEP, column * STEP, column * STEP + 1, 150 * STEP]
            item = item_of(Curve(1, pen_of(times, [0.0, np.nan, level, np.nan, 50.0], [1, 1, 0, 1, 1]), 0))
            assert (shown(item)[:, column - 1 : column + 2] == theme().color("stale").rgb() & 0xFFFFFF).any()


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_picture_is_still_the_right_one_after_a_thousand_steps_of_time(ratio):
    rng = np.random.default_rng(2)
    times = np.arange(0, 1500 * STEP, 37)
    pen = pen_of(times, np.sin(np.arange(times.size) / 300) + 0.1 * rng.standard_normal(times.size))
    scrolled, fresh = item_of(Curve(1, pen, 0), ratio=ratio), item_of(Curve(1, pen, 0), ratio=ratio)
    for item in (scrolled, fresh):
        item.pin_range(0, (-2.0, 2.0))
    for first in range(0, 1200, 7):
        scrolled.show_window(Window(first, STEP, W, (first + W) * STEP))
        last = shown_now(scrolled, ratio)
    fresh.show_window(Window(first, STEP, W, (first + W) * STEP))
    drawn = shown_now(fresh, ratio)
    assert np.array_equal(drawn[:, 1:], last[:, 1:])  # into the first column reaches what has just left the window


@pytest.mark.parametrize("look", [{}, {"width_px": 2}, {"is_strong": True}, {"is_ghost": True}, {"axis": 2}])
def test_a_picture_that_scrolled_is_the_one_drawn_anew_whatever_the_looks(look):
    rng = np.random.default_rng(2)
    times = np.arange(0, 400 * STEP, 37)
    first_pen, second_pen = (pen_of(times, rng.standard_normal(times.size).cumsum()) for _ in range(2))
    gaps = pen_of(times, np.where(times // 700 % 9 == 0, np.nan, times // 5000 % 30))
    for pens in ((first_pen, second_pen), (first_pen, gaps)):
        scrolled, fresh = (item_of(Curve(1, pens[0], 0), Curve(2, pens[1], 1, **look)) for _ in range(2))
        for first in (10, 11, 12, 14, 20, 21, 30):
            scrolled.show_window(Window(first, STEP, W, (first + W) * STEP))
            last = shown_now(scrolled)
        fresh.show_window(Window(first, STEP, W, (first + W) * STEP))
        assert fresh.scales == scrolled.scales
        assert np.array_equal(shown_now(fresh), last)


def shown_now(item, ratio=1.0):
    image = QImage(W, H, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    item.paint(painter, None)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(H, W).copy()


def test_a_spike_that_arrives_live_widens_the_range_at_once():
    pen = pen_of(np.arange(0, 200 * STEP, 100), np.sin(np.arange(2000) / 9))
    item = item_of(Curve(1, pen, 0))
    for first in range(5):
        item.show_window(Window(first, STEP, W, (first + W) * STEP))
        shown_now(item)
        assert item.y_range[1] < 3
    item.curves[0].dirty_us = pen.append(np.array([205 * STEP]), np.array([77.0]), np.array([True]))
    item.show_window(Window(6, STEP, W, 206 * STEP))
    assert item.y_range[1] >= 77


def test_rows_are_whole_pixels_and_the_lowest_value_of_the_scale_is_on_it():
    rows = pixel_rows(np.array([0.0, 0.05, 9.99, 10.0, -0.1, 10.1]), Scale(0.0, 10.0), 100)
    assert rows.tolist() == [99, 99, 0, 0, 100, -1]


def test_ranges_of_axes_that_nobody_uses_any_more_are_gone():
    ranges = AxisRanges()
    curve = Curve(1, pen_of([0], [5.0]), 0, axis=4)
    curve.fill(Window(0, STEP, W, UNTIL))
    assert ranges.fit([curve])
    assert ranges.numbers == (4,)
    curve.axis = 0
    ranges.fit([curve])
    assert ranges.numbers == (0,)
    assert not ranges.fit([curve])


def test_a_plot_without_a_curve_shows_its_ground_and_follows_time():
    item = item_of()
    for first in (0, 1, 2, 40):
        item.show_window(Window(first, STEP, W, (first + W) * STEP))
        picture = shown_now(item)
    assert (picture == theme().color("surface.raised").rgb()).mean() > 0.8
