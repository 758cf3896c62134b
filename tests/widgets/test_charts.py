"""The graphs of performance management: the site's clock below, plain words, a readout, zoom by mouse and keys."""

import gc
import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.ui.format import set_site_zone
from console.ui.theme import theme
from console.ui.translation import set_language
from console.widgets.band_chart import BandChart, BandPicture
from console.widgets.load_scatter import Bar, LoadScatter

HOUR = 3_600_000_000
T0 = 1_767_222_000_000_000  # 1 January 2026, 00:00 in Berlin
FULL = 95.0


def picture() -> BandPicture:
    """Two days, of them some hours without data, and two days ahead."""
    at_us = T0 + np.arange(48) * HOUR
    values = np.linspace(40, 60, 48)
    values[[10, 12, 13]] = np.nan
    band_us = T0 + np.arange(48, 97) * HOUR
    middle = np.linspace(60, 80, 49)
    return BandPicture(at_us, values, HOUR, band_us, middle - 5, middle, middle + 5, FULL, "full {0} <b>95 %</b>", "%",
                       T0 + 48 * HOUR, ((T0 + 20 * HOUR, T0 + 22 * HOUR, "scatters"),),
                       ((T0 + 5 * HOUR, "cleaned {up}"),))  # fmt: skip


def shown(qtbot: QtBot, chart: BandChart | LoadScatter) -> None:
    qtbot.addWidget(chart)
    chart.resize(800, 300)
    chart.show()
    qtbot.waitExposed(chart)
    QApplication.processEvents()


@pytest.fixture
def band(qtbot: QtBot) -> BandChart:
    set_site_zone("Europe/Berlin")
    chart = BandChart()
    chart.show_picture(picture())
    shown(qtbot, chart)
    return chart


@pytest.fixture
def dots(qtbot: QtBot) -> LoadScatter:
    chart = LoadScatter()
    load = np.array([0.0, 100.0, 200.0, 400.0])
    chart.show_points(load, load / 10, [Bar(0, 250, 1, 10, 19)], ("made <i>", "%"))
    shown(qtbot, chart)
    return chart


def span(chart: BandChart | LoadScatter, axis: int = 0) -> float:
    low, high = chart.box.viewRange()[axis]
    return float(high - low)


def words(chart: BandChart | LoadScatter) -> list[str]:
    """Plain text of everything written in the graph."""
    return [item.toPlainText() for item in chart.graphics.scene().items()
            if hasattr(item, "toPlainText") and item.isVisible() and item.toPlainText()]  # fmt: skip


def wheel(chart: BandChart | LoadScatter, turns: int) -> None:
    place = QPointF(chart.width() / 2, chart.height() / 2)
    view = chart.graphics.viewport()
    event = QWheelEvent(place, QPointF(view.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, 120 * turns),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(view, event)
    QApplication.processEvents()


def test_the_moments_below_are_those_of_the_site(band: BandChart) -> None:
    axis = band._axes[1]
    ((spacing, ticks),) = axis.tickValues(*band.box.viewRange()[0], 1400.0)
    labels = axis.tickStrings(ticks, 1.0, spacing)
    assert labels[0] == "1 Jan"
    assert "12:00" in labels
    assert not any("23:00" in label for label in labels)  # midnight of UTC is 01:00 there


def test_words_from_outside_are_written_as_they_are(band: BandChart, dots: LoadScatter) -> None:
    told = words(band)
    assert "full {0} <b>95 %</b>" in told
    assert "cleaned {up}" in told
    assert "now" in told
    assert dots._words[0].text() == "made <i>"


def test_the_readout_tells_the_moment_the_value_and_what_was_expected(band: BandChart) -> None:
    past = band.told_at(band.x_of(T0 + 20.5 * HOUR)).splitlines()
    assert past == ["1 Jan 2026 20:30", "48.51 %", "scatters"]
    assert band.told_at(band.x_of(T0 + 12.5 * HOUR)).splitlines()[1] == "no data"
    ahead = band.told_at(band.x_of(T0 + 72 * HOUR - 1)).splitlines()
    assert ahead == ["4 Jan 2026 00:00", "expected 65 to 75"] or ahead[1] == "expected 65 to 75"
    set_language("de")
    try:
        assert "erwartet 65 bis 75" in band.told_at(band.x_of(T0 + 72 * HOUR - 1))
    finally:
        set_language("en")


def test_the_pointer_brings_the_readout_and_takes_it_away(band: BandChart) -> None:
    x = round(band.x_of(T0 + 20.5 * HOUR))
    QTest.mouseMove(band.graphics.viewport(), QPoint(x, 150))
    QApplication.processEvents()
    assert any("scatters" in text for text in words(band))
    band.hovered(None)
    assert not any("scatters" in text for text in words(band))


def test_the_wheel_zooms_time_only_and_a_double_click_shows_all(band: BandChart) -> None:
    whole, values = span(band), span(band, 1)
    assert whole == pytest.approx(97 * 3600)
    wheel(band, 3)
    assert span(band) < whole * 0.9
    assert span(band, 1) == values
    wheel(band, -50)
    assert span(band) == pytest.approx(whole)  # never beyond the data
    wheel(band, 3)
    place = QPoint(400, 150)
    QTest.mouseClick(band.graphics.viewport(), Qt.MouseButton.LeftButton, pos=place)
    left, at = Qt.MouseButton.LeftButton, QPointF(place)
    double = QMouseEvent(QEvent.Type.MouseButtonDblClick, at, QPointF(band.graphics.viewport().mapToGlobal(place)),
                         left, left, Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(band.graphics.viewport(), double)
    QTest.mouseRelease(band.graphics.viewport(), left, pos=place)
    assert span(band) == pytest.approx(whole)


def test_keys_zoom_move_and_show_all(band: BandChart) -> None:
    whole = span(band)
    QTest.keyClick(band, Qt.Key.Key_Plus)
    assert span(band) == pytest.approx(whole * 0.7)
    before = band.box.viewRange()[0][0]
    QTest.keyClick(band, Qt.Key.Key_Left)
    assert band.box.viewRange()[0][0] < before
    QTest.keyClick(band, Qt.Key.Key_Home)
    assert span(band) == pytest.approx(whole)


def test_a_part_that_was_zoomed_into_stays_until_other_times_are_shown(band: BandChart) -> None:
    QTest.keyClick(band, Qt.Key.Key_Plus)
    near = band.box.viewRange()
    band.show_picture(picture())
    assert band.box.viewRange() == near
    later = replace(picture(), at_us=picture().at_us + HOUR, band_us=picture().band_us + HOUR)
    band.show_picture(later)
    assert span(band) == pytest.approx(97 * 3600)


def test_the_right_button_opens_no_menu(band: BandChart) -> None:
    QTest.mouseClick(band.graphics.viewport(), Qt.MouseButton.RightButton, pos=QPoint(400, 150))
    QApplication.processEvents()
    assert QApplication.activePopupWidget() is None


def test_gaps_stay_gaps_and_a_lone_hour_is_drawn(band: BandChart) -> None:
    curve = next(item for item in band._items if np.isnan(getattr(item, "yData", [0])).any())
    lone = np.flatnonzero(curve.xData == (T0 + 11 * HOUR) / 1e6)[0]
    assert curve.xData[lone + 1] - curve.xData[lone] == 3600
    assert curve.yData[lone] == curve.yData[lone + 1]
    assert np.isnan(curve.yData[[lone - 1, lone + 2]]).all()


def test_the_band_is_filled_between_its_bounds_only_and_not_over_a_gap(qtbot: QtBot) -> None:
    at_us = T0 + np.arange(40) * HOUR
    low, high = np.full(40, 20.0), np.full(40, 40.0)
    low[15:25] = np.nan
    chart = BandChart()
    chart.show_picture(BandPicture(band_us=at_us, low=low, middle=np.full(40, np.nan), high=high, width_us=HOUR))
    shown(qtbot, chart)
    image = chart.grab().toImage()

    def color(hour: float, value: float) -> int:
        y = round(chart.box.mapViewToScene(QPointF(at_us[0] / 1e6, value)).y())
        return int(image.pixel(round(chart.x_of(T0 + hour * HOUR)), y))

    ground = theme().color("surface.raised").rgb()
    assert color(7.3, 31.1) == color(33.3, 28.7) != ground
    assert color(20.3, 31.1) == ground
    assert color(7.3, 41.3) == ground


def test_another_theme_dresses_the_graph_also_when_it_was_hidden(qtbot: QtBot, band: BandChart) -> None:
    def corner() -> int:
        return int(band.grab().toImage().pixel(5, band.height() - 5))

    light = corner()
    try:
        theme().use("dark")
        dark = corner()
        assert dark == theme().color("surface.raised").rgb() != light
        band.hide()
        theme().use("light")
        band.show()
        QApplication.processEvents()
        assert corner() == light
    finally:
        theme().use("light")


def test_a_dot_under_the_pointer_tells_its_hour_and_what_is_usual(qtbot: QtBot, dots: LoadScatter) -> None:
    assert dots.told_of(100, 10) == "10 %\nmade <i>: 100\n8 of 10 hours at this load: 1 to 19"
    place = dots.box.mapViewToScene(QPointF(400.0, 40.0)).toPoint()
    view = dots.graphics.viewport()
    ways = itertools.cycle((place + QPoint(-60, 40), place))

    def is_told() -> bool:
        QTest.mouseMove(view, next(ways))  # pyqtgraph takes no more than some moves a second
        return "40 %\nmade <i>: 400" in words(dots)

    qtbot.waitUntil(is_told)


def test_the_lowest_and_highest_value_have_their_labels(dots: LoadScatter) -> None:
    axis = dots._axes[0]
    low, high = dots.box.viewRange()[1]
    assert axis.boundingRect().top() < 0 < axis.boundingRect().bottom()
    ((spacing, ticks),) = axis.tickValues(low, high, 400.0)
    assert axis.tickStrings(ticks, 1.0, spacing) == ["0", "10", "20", "30", "40"]


def test_without_data_a_word_says_why(band: BandChart, dots: LoadScatter) -> None:
    for chart in (band, dots):
        chart.show_nothing("Nothing <b>yet</b>")
        assert chart.nothing == "Nothing <b>yet</b>"
        assert chart._empty.isVisible()
        assert not chart.graphics.isVisible()
    assert band.told_at(100) == ""
    band.show_picture(BandPicture())
    assert band._empty.text() == ""


def test_graphs_are_deleted_without_a_word(qtbot: QtBot) -> None:
    for _k in range(5):
        chart, scatter = BandChart(), LoadScatter()
        chart.show_picture(picture())
        scatter.show_points(np.arange(5.0), np.arange(5.0), [Bar(0, 5, 1, 2, 3)], ("a", "b"))
        for one in (chart, scatter):
            one.show()
            QApplication.processEvents()
            one.deleteLater()
        del chart, scatter, one
        QApplication.processEvents()
        gc.collect()
    theme().changed.emit()
