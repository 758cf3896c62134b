"""`leitstand bench trend`: 16 pens of 10 M points while 50,000 samples/s arrive, beside the bare polyline and peers.

What is timed is the whole widget as people see it: appending what arrived, axes, grid, limit bands and lines included.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
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
RUN = 5  # frames of one kind in a row
FLOOR = "bare QPainter polyline of 2 x width points"
BLOCK_GOAL_MS, MEMORY_GOAL = 50.0, 20.0  # bytes of a sample, its share of the blocks included
FAITHFUL = 200_000  # samples of the signals that are compared pixel by pixel
Floats = NDArray[np.float64]


def run(quick: bool) -> Iterator[BenchRow]:
    """Rows in milliseconds per frame: medians of frames taken in turns with what they are compared with. `quick` takes
    fewer frames, not fewer points. 2.5 GB."""
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    frames = 15 if quick else 100
    data = _signals(MANY)
    many = _Stage(app, data, MANY)
    few = _Stage(app, data, FEW)
    yield from _whole(many, few, frames)
    yield from _live(many, frames)
    yield _wide(many, frames)
    yield _memory(many)
    yield _standing(many)
    many.close()
    yield from _peers(app, data[:, : FEW + RATE], few, RUN if quick else 2 * RUN)
    few.close()
    yield from _fidelity(app)


def _whole(many: "_Stage", few: "_Stage", frames: int) -> Iterator[BenchRow]:
    floor, kind = many.floor(), many.floor(is_kind=True)
    ours, bare, shortest, at_few = _medians_ms((many.whole, floor, kind, few.whole), frames)
    case = f"{PENS} pens x {MANY:,} points, whole frame with axes"
    yield BenchRow("trend", case, ours, "ms", FLOOR, bare, ours / bare, "<= 0.75", ours <= 0.75 * bare)
    yield BenchRow("trend", case, ours, "ms", "the shortest such polyline", shortest, ours / shortest)
    share, name = ours / at_few, f"{PENS} x {FEW:,} points"
    yield BenchRow("trend", case, ours, "ms", name, at_few, share, "<= 1.15", share <= 1.15)


def _live(stage: "_Stage", frames: int) -> Iterator[BenchRow]:
    """A live frame appends what arrived since the last one; in a window this short each one moves by a pixel."""
    floor = stage.floor()
    for span, what in ((stage.width * FRAME_US, "that scrolls by a pixel"), (MANY * STEP_US, "within a pixel")):
        stage.go_live(span)
        plot, bare = _medians_ms((stage.live_plot, floor), frames)
        case = f"{PENS} pens, live frame {what}: plot with grid and limits, {RATE:,} samples/s"
        yield BenchRow("trend", case, plot, "ms", FLOOR, bare, plot / bare, "<= 0.06", plot <= 0.06 * bare)
        window, bare = _medians_ms((stage.live, floor), frames)
        case = f"{PENS} pens, live frame {what}: the whole widget with its axes"
        yield BenchRow("trend", case, window, "ms", FLOOR, bare, window / bare)


def _wide(stage: "_Stage", frames: int) -> BenchRow:
    wide, narrow = _medians_ms((lambda: stage.whole(2), lambda: stage.whole(1)), frames)
    case = f"{PENS} pens of 2 pixels x {MANY:,} points, whole frame"
    return BenchRow("trend", case, wide, "ms", "1 pixel", narrow, wide / narrow, "<= 2.1", wide <= 2.1 * narrow)


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


def _peers(app: "QApplication", data: Floats, ours: "_Stage", frames: int) -> Iterator[BenchRow]:
    kinds: list[tuple[str, Callable[..., PyQtGraph | Matplotlib]]] = [("pyqtgraph, downsampling by peaks", PyQtGraph)]
    if Matplotlib.is_here():
        kinds.append(("matplotlib", Matplotlib))
    else:
        print(MATPLOTLIB, file=sys.stderr)
    for name, kind in kinds:
        peer = kind(data, FEW, RATE // PENS // FRAMES_PER_S, (WIDTH, HEIGHT))
        app.processEvents()
        mine, took = _medians_ms((ours.whole, peer.frame), frames)
        peer.close()
        yield BenchRow(
            "trend", f"{PENS} pens x {FEW:,} points, whole frame with axes", mine, "ms", name, took, mine / took
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


def _medians_ms(acts: Sequence[Frame], n: int) -> list[float]:
    """Median of about n frames of each, in short runs by turns: what else the machine does hits them all. The first
    frame of a run finds the caches full of the others and does not count."""
    took: list[list[float]] = [[] for _act in acts]
    for _ in range(-(-n // RUN)):
        for act, times in zip(acts, took, strict=True):
            for turn in range(RUN + 1):
                start = time.perf_counter()
                act()
                if turn:
                    times.append((time.perf_counter() - start) * 1e3)
    return [median(times) for times in took]


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
        self.set_curves(PENS)
        self.plot.show()
        app.processEvents()
        self.whole()
        self.width = self.plot.spans[0].resize(self.plot.spans[0].boundingRect(), 1.0)
        self.height = round(self.plot.spans[0].boundingRect().height())
        self._image = QImage(self.width, self.height, QImage.Format.Format_RGB32)

    def set_curves(self, count: int) -> None:
        from console.widgets.trend_plot import PlotGroup
        from console.widgets.trend_spans import Curve

        limits = (("L", -45.0), ("H", 45.0))
        curves = [Curve(k, self.pens[k % PENS], k, limits if k == 0 else ()) for k in range(count)]
        self.plot.set_groups([PlotGroup("bench", tuple(curves))])

    def floor(self, is_kind: bool = False) -> Frame:
        """The polyline of what the pens hold per pixel column of the window on the screen."""
        columns = [(curve.low.copy(), curve.high.copy()) for curve in self.plot.spans[0].curves]
        return polyline(columns, self.height, is_kind)

    def feed(self) -> int:
        """What arrives in one frame's time; returns the newest moment."""
        count = RATE // FRAMES_PER_S // PENS
        times = BEGIN_US + np.arange(self._at, self._at + count, dtype=np.int64) * STEP_US
        lane = self._at % (self._data.shape[1] - count)
        arrived, good = self._data[:, lane : lane + count].astype(np.float64), np.ones(count, np.bool_)
        for key, (pen, values) in enumerate(zip(self.pens, arrived, strict=True)):
            self.plot.touched(key, pen.append(times, values, good))
        self._at += count
        return int(times[-1])

    def whole(self, width_px: int = 1) -> None:
        """Samples arrive, and the window is another one each time: nothing of the last picture can stay."""
        for curve in self.plot.spans[0].curves:
            curve.width_px = width_px
        now = self.feed()
        self._turn += 1
        span = self._points * (STEP_US - self._turn % 7)
        self.plot.show_span(now - span, now, now)
        assert self.plot.is_exact
        assert self.plot.shown is not None
        assert self.plot.shown.step_us * self.plot.shown.width > 0.9 * self._points * STEP_US
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
        self.set_curves(2 * PENS)
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
