"""`leitstand bench trend`: 16 pens of 10 M points while 50,000 samples/s arrive, beside the bare polyline and peers.

What is timed is the whole widget as people see it: appending what arrived, axes, grid, limit bands and lines included.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from console.app.bench.rows import BenchRow
from console.app.bench.trend_peers import MATPLOTLIB, Frame, Matplotlib, PyQtGraph, polyline

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

PENS, MANY, FEW = 16, 10_000_000, 1_000_000
WIDTH, HEIGHT = 1600, 800
RATE, FRAMES_PER_S = 50_000, 10  # samples/s over all pens; the console's heartbeat
STEP_US = PENS * 1_000_000 // RATE  # between two samples of one pen
FRAME_US = 1_000_000 // FRAMES_PER_S
BEGIN_US = 1_700_000_000_000_000
BLOCK_GOAL_MS, MEMORY_GOAL = 50.0, 20.0  # bytes of a sample, its share of the blocks included
FAITHFUL = 200_000  # samples of the signals that are compared pixel by pixel
Floats = NDArray[np.float64]


def run(quick: bool) -> Iterator[BenchRow]:
    """Rows in milliseconds per frame, medians of one run. `quick` takes fewer frames, not fewer points. 2.5 GB."""
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    frames = 15 if quick else 60
    data = _signals(MANY)
    many = _Stage(app, data, MANY)
    few = _Stage(app, data, FEW)
    floor = _median_ms(polyline(many.columns(), many.height), frames)
    kind = _median_ms(polyline(many.columns(), many.height, is_kind=True), frames)
    whole = _median_ms(many.whole, frames)
    at_few = _median_ms(few.whole, frames)
    yield from _against_floor(whole, at_few, floor, kind)
    yield from _live(many, floor, frames)
    many.set_width(2)
    wide = _median_ms(many.whole, frames)
    case = f"{PENS} pens of 2 pixels x {MANY:,} points, whole frame"
    yield BenchRow("trend", case, wide, "ms", "pens of 1 pixel", whole, wide / whole, "<= 2.1", wide <= 2.1 * whole)
    yield _memory(many)
    yield _standing(many)
    many.close()
    few.close()
    yield from _peers(app, data[:, : FEW + RATE], at_few, max(3, frames // 10))
    yield from _fidelity(app)


def _against_floor(whole: float, at_few: float, floor: float, kind: float) -> Iterator[BenchRow]:
    case = f"{PENS} pens x {MANY:,} points, whole frame with axes"
    name, share = "bare QPainter polyline of 2 x width points", whole / floor
    yield BenchRow("trend", case, whole, "ms", name, floor, share, "<= 0.75", share <= 0.75)
    yield BenchRow("trend", case, whole, "ms", "the shortest such polyline", kind, whole / kind)
    share = whole / at_few
    yield BenchRow("trend", case, whole, "ms", f"{PENS} x {FEW:,} points", at_few, share, "<= 1.15", share <= 1.15)


def _live(stage: "_Stage", floor: float, frames: int) -> Iterator[BenchRow]:
    """A live frame appends what arrived since the last one; in a window this short each one moves by a pixel."""
    name = "bare QPainter polyline of 2 x width points"
    for span, what in ((stage.width * FRAME_US, "that scrolls by a pixel"), (MANY * STEP_US, "within a pixel")):
        stage.go_live(span)
        took = _median_ms(stage.live_plot, frames)
        case = f"{PENS} pens, live frame {what}: plot with grid and limits, {RATE:,} samples/s"
        yield BenchRow("trend", case, took, "ms", name, floor, took / floor, "<= 0.06", took <= 0.06 * floor)
        took = _median_ms(stage.live, frames)
        case = f"{PENS} pens, live frame {what}: the whole widget with its axes"
        yield BenchRow("trend", case, took, "ms", name, floor, took / floor)


def _memory(stage: "_Stage") -> BenchRow:
    size = sum(pen.nbytes for pen in stage.pens) / sum(len(pen) for pen in stage.pens)
    return BenchRow(
        "trend",
        "memory of a pen, blocks included",
        size,
        "B/sample",
        goal=f"<= {MEMORY_GOAL:g}",
        holds=size <= MEMORY_GOAL,
    )


def _standing(stage: "_Stage") -> BenchRow:
    """The longest that the window does not answer while 32 curves are drawn for the first time."""
    longest = max(stage.first_look())
    case = f"32 pens x {MANY:,} points drawn first: the longest slot"
    return BenchRow("trend", case, longest, "ms", goal=f"<= {BLOCK_GOAL_MS:g} ms", holds=longest <= BLOCK_GOAL_MS)


def _peers(app: "QApplication", data: Floats, ours: float, frames: int) -> Iterator[BenchRow]:
    kinds: list[tuple[str, Callable[..., PyQtGraph | Matplotlib]]] = [
        ("pyqtgraph, auto-downsampling by peaks", PyQtGraph)
    ]
    if Matplotlib.is_here():
        kinds.append(("matplotlib", Matplotlib))
    else:
        print(MATPLOTLIB, file=sys.stderr)
    for name, kind in kinds:
        peer = kind(data, FEW, RATE // PENS // FRAMES_PER_S, (WIDTH, HEIGHT))
        app.processEvents()
        took = _median_ms(peer.frame, frames)
        peer.close()
        yield BenchRow(
            "trend", f"{PENS} pens x {FEW:,} points, whole frame with axes", ours, "ms", name, took, ours / took
        )


def _fidelity(app: "QApplication") -> Iterator[BenchRow]:
    from console.app.bench.trend_fidelity import measure, signals
    from console.widgets.trend_plot import TrendPlot

    plot = TrendPlot()
    plot.resize(WIDTH, HEIGHT)
    plot.show()
    app.processEvents()
    for signal in signals(FAITHFUL):
        found = measure(plot, signal)
        wrong = found.lost + found.invented
        case = f"{signal.name}: pixels lost or invented beyond 1 px"
        name = "raw polyline of every sample"
        yield BenchRow("trend", case, wrong, "px", name, found.lit, wrong / found.lit, "0", wrong == 0)
    plot.close()


def _signals(n: int) -> Floats:
    """PENS random walks with noise within -50..50, as float32 would hold them."""
    rng = np.random.default_rng(7)
    rows = np.empty((PENS, n), np.float32)
    for row in rows:
        rng.standard_normal(out=row, dtype=np.float32)
        walk = row.cumsum(dtype=np.float64)
        walk -= (walk.max() + walk.min()) / 2
        np.add(row, walk * (40 / np.abs(walk).max()), out=row, casting="same_kind")
    return rows  # type: ignore[return-value]  # whoever needs float64 converts a part of it


def _median_ms(frame: Frame, n: int) -> float:
    frame()
    took = []
    for _ in range(n):
        start = time.perf_counter()
        frame()
        took.append((time.perf_counter() - start) * 1e3)
    return median(took)


class _Stage:
    """A trend on the screen whose pens hold the last `points` of the signals and go on from there."""

    def __init__(self, app: "QApplication", data: Floats, points: int) -> None:
        from PySide6.QtGui import QImage

        from console.models.trend_pen import TrendPen
        from console.widgets.trend_plot import TrendPlot

        self._app, self._data, self._points, self._at, self._turn = app, data, points, data.shape[1], 0
        self.pens: list[TrendPen] = []
        times = BEGIN_US + np.arange(data.shape[1] - points, data.shape[1], dtype=np.int64) * STEP_US
        good = np.ones(points, np.bool_)
        for row in data:
            pen = TrendPen(points + 4 * FEW)
            pen.append(times, row[-points:].astype(np.float64), good)
            self.pens.append(pen)
        self.plot: TrendPlot = TrendPlot()
        self.plot.resize(WIDTH, HEIGHT)
        self.set_width(1)
        self.plot.show()
        app.processEvents()
        self.whole()
        self.width = self.plot.spans[0].resize(self.plot.spans[0].boundingRect(), 1.0)
        self.height = round(self.plot.spans[0].boundingRect().height())
        self._image = QImage(self.width, self.height, QImage.Format.Format_RGB32)

    def set_width(self, pixels: int, count: int = PENS) -> None:
        from console.widgets.trend_plot import PlotGroup
        from console.widgets.trend_spans import Curve

        limits = (("L", -45.0), ("H", 45.0))
        curves = [Curve(k, self.pens[k % PENS], k, limits if k == 0 else (), width_px=pixels) for k in range(count)]
        self.plot.set_groups([PlotGroup("bench", tuple(curves))])

    def columns(self) -> list[tuple[Floats, Floats]]:
        """What the pens hold per pixel column of the window on the screen."""
        return [(curve.low, curve.high) for curve in self.plot.spans[0].curves]

    def feed(self) -> int:
        """What arrives in one frame's time; returns the newest moment."""
        count = RATE // FRAMES_PER_S // PENS
        times = BEGIN_US + np.arange(self._at, self._at + count, dtype=np.int64) * STEP_US
        lane = self._at % (self._data.shape[1] - count)
        good = np.ones(count, np.bool_)
        for key, (pen, row) in enumerate(zip(self.pens, self._data, strict=True)):
            self.plot.touched(key, pen.append(times, row[lane : lane + count].astype(np.float64), good))
        self._at += count
        return int(times[-1])

    def whole(self) -> None:
        """Samples arrive, and the window is another one each time: nothing of the last picture can stay."""
        now = self.feed()
        self._turn += 1
        span = self._points * STEP_US - self._turn % 7 * 100 * self._points
        self.plot.show_span(now - span, now, now)
        assert self.plot.is_exact
        self.plot.repaint_now()

    def go_live(self, span_us: int) -> None:
        self.plot.set_span(span_us)
        self.live()

    def live(self) -> None:
        """What changed is painted, as Qt does it."""
        self.plot.advance(self.feed())
        self._app.processEvents()

    def live_plot(self) -> None:
        """The same without the window around it: columns, scrolling, new columns, and the picture on an image."""
        from PySide6.QtGui import QPainter
        from PySide6.QtWidgets import QStyleOptionGraphicsItem

        now, shown = self.feed(), self.plot.shown
        assert shown is not None
        item = self.plot.spans[0]
        item.show_window(replace(shown, first=now // shown.step_us + 1 - shown.width, until_us=now))
        painter = QPainter(self._image)
        item.paint(painter, QStyleOptionGraphicsItem())
        painter.end()

    def first_look(self) -> Iterator[float]:
        """Milliseconds of each slot until 32 curves are exact on the screen."""
        self.set_width(1, 2 * PENS)
        now = self.feed()

        def first() -> None:
            self.plot.show_span(now - self._points * STEP_US, now, now)
            self.plot.repaint_now()

        def slot() -> None:
            self.plot.spans[0].refine()
            self.plot.repaint_now()

        act = first
        while True:
            start = time.perf_counter()
            act()
            yield (time.perf_counter() - start) * 1e3
            if self.plot.is_exact:
                return
            act = slot

    def close(self) -> None:
        self.plot.close()
        self.pens.clear()
        self.plot.set_groups([])
