"""`leitstand bench trend`: a live frame of 16 pens x 1 M points beside the bare polyline and pyqtgraph, in one run."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.app.bench.rows import BenchRow

PENS, WIDTH, HEIGHT = 16, 1600, 800
STEP_US = 1000  # one sample a millisecond
ADDED = 10  # samples per pen and frame
STEP_PER_PIXEL = 625

Floats = NDArray[np.float64]


def run(quick: bool) -> Iterator[BenchRow]:
    """Rows in milliseconds per frame. `quick` takes fewer frames, not fewer points."""
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    points, frames = 1_000_000, 15 if quick else 60
    data = _signals(points + 200_000)
    polyline = _median_ms(_polyline(data[:, :points]), frames)
    plot, frame, scroll, redraw = _ours(app, data, points)
    ours = _median_ms(frame, frames)
    scrolled = _median_ms(scroll, frames)
    redrawn = _median_ms(redraw, max(5, frames // 4))
    plot.close()
    peer = _median_ms(_pyqtgraph(app, data, points), max(3, frames // 10))
    case = f"{PENS} pens x {points:,} points, live frame with axes"
    yield BenchRow(
        "trend", case, ours, "ms", "bare QPainter polyline", polyline, ours / polyline, "<= 1.0", ours <= polyline
    )
    yield BenchRow("trend", case, ours, "ms", "pyqtgraph clip + peak", peer, peer / ours, ">= 5", peer >= 5 * ours)
    case = f"{PENS} pens, live frame that moves by one pixel and {STEP_PER_PIXEL} samples a pen"
    yield BenchRow("trend", case, scrolled, "ms", "bare QPainter polyline", polyline, scrolled / polyline)
    case = f"{PENS} pens, frame drawn wholly anew (zoom, pan)"
    yield BenchRow("trend", case, redrawn, "ms", "pyqtgraph clip + peak", peer, peer / redrawn)


def _signals(n: int) -> Floats:
    """PENS random walks with noise within -45..45."""
    rng = np.random.default_rng(7)
    walks = rng.standard_normal((PENS, n), dtype=np.float32).cumsum(axis=1, dtype=np.float64)
    walks -= walks.mean(axis=1, keepdims=True)
    walks *= 40 / np.abs(walks).max(axis=1, keepdims=True)
    return np.asarray(walks + rng.standard_normal((PENS, n), dtype=np.float32))


def _median_ms(frame: Callable[[], object], n: int) -> float:
    frame()
    took = []
    for _ in range(n):
        start = time.perf_counter()
        frame()
        took.append((time.perf_counter() - start) * 1e3)
    return median(took)


def _polyline(data: Floats) -> Callable[[], object]:
    """The floor: the same pens as polylines of 2 x WIDTH points on an image, no axes, nothing computed."""
    import pyqtgraph as pg
    from PySide6.QtGui import QColor, QImage, QPainter

    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    lines = []
    starts = np.arange(WIDTH) * data.shape[1] // WIDTH
    for row in data:
        polygon = pg.functions.create_qpolygonf(2 * WIDTH)
        points = pg.functions.ndarray_from_qpolygonf(polygon)
        points[:, 0] = np.repeat(np.arange(WIDTH), 2)
        points[0::2, 1] = HEIGHT / 2 - np.minimum.reduceat(row, starts) * HEIGHT / 100
        points[1::2, 1] = HEIGHT / 2 - np.maximum.reduceat(row, starts) * HEIGHT / 100
        lines.append(polygon)

    def frame() -> None:
        image.fill(0xFF101010)
        painter = QPainter(image)
        for k, polygon in enumerate(lines):
            painter.setPen(QColor.fromHsv(360 * k // PENS, 200, 230))
            painter.drawPolyline(polygon)
        painter.end()

    return frame


def _ours(
    app: object, data: Floats, points: int
) -> tuple[Any, Callable[[], object], Callable[[], object], Callable[[], object]]:
    from console.models.trend_pen import TrendPen
    from console.widgets.trend_plot import PlotGroup, TrendPlot
    from console.widgets.trend_spans import Curve

    pens = [TrendPen(points + 300_000) for _ in range(PENS)]
    begin = 1_700_000_000_000_000
    for pen, row in zip(pens, data, strict=True):
        times = begin + np.arange(points, dtype=np.int64) * STEP_US
        pen.append(times, row[:points], np.ones(points, np.bool_))
    plot = TrendPlot()
    plot.resize(WIDTH, HEIGHT)
    plot.set_groups([PlotGroup("bench", tuple(Curve(k, pen, k) for k, pen in enumerate(pens)))])
    plot.set_span(points * STEP_US)
    plot.show()
    app.processEvents()  # type: ignore[attr-defined]
    at = points

    def feed(count: int) -> None:
        nonlocal at
        first = begin + at * STEP_US
        times = first + np.arange(count, dtype=np.int64) * STEP_US
        good = np.ones(count, np.bool_)
        lane = points + (at - points) % (data.shape[1] - points - count)
        for k, pen in enumerate(pens):
            plot.touched(k, pen.append(times, data[k, lane : lane + count], good))
        at += count
        plot.advance(begin + at * STEP_US)
        plot.repaint_now()

    def redraw() -> None:
        plot.reloaded()
        plot.repaint_now()

    return plot, lambda: feed(ADDED), lambda: feed(STEP_PER_PIXEL), redraw


def _pyqtgraph(app: object, data: Floats, points: int) -> Callable[[], object]:
    import pyqtgraph as pg

    plot = pg.PlotWidget()
    item = plot.getPlotItem()
    item.disableAutoRange()
    item.setYRange(-50, 50, padding=0)
    item.setDownsampling(auto=True, mode="peak")  # on the plot: curves take it over
    item.setClipToView(True)
    x = np.arange(data.shape[1], dtype=np.float64)
    curves = [item.plot(pen=pg.mkPen(pg.intColor(k, PENS), width=1)) for k in range(PENS)]
    plot.resize(WIDTH, HEIGHT)
    plot.show()
    app.processEvents()  # type: ignore[attr-defined]
    at = 0

    def frame() -> None:
        nonlocal at
        at += ADDED
        item.setXRange(x[at], x[at + points - 1], padding=0)
        for k, curve in enumerate(curves):
            curve.setData(x[at : at + points], data[k, at : at + points])
        plot.viewport().repaint()

    return frame
