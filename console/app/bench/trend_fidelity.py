"""Does a trend show what was measured? Pixels of the real widget beside a polyline through every sample."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsView

from console.models.trend_pen import TrendPen
from console.ui.theme import theme
from console.widgets.trend_axes import Scale
from console.widgets.trend_plot import PlotGroup, TrendPlot
from console.widgets.trend_spans import Curve, SpanItem, Window

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
SPAN_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Signal:
    """Samples of one pen in time order; nan is a gap, a value holds until the next sample."""

    name: str
    time_us: Longs
    value: Floats


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Pixels of the raw polyline, those of them that the widget lacks and those that it has too many, both farther from
    the other picture than the curve is thick."""

    lit: int
    lost: int
    invented: int


def signals(n: int, seed: int = 4) -> Iterator[Signal]:
    """Noise, steps, spikes of one sample, and gaps with jumps across them; n samples each at uneven distances."""
    rng = np.random.default_rng(seed)

    def times(count: int) -> Longs:
        at: Longs = rng.integers(1, SPAN_US - 1, count)
        at.sort()
        return at

    walk = rng.standard_normal(n).cumsum()
    walk *= 40 / np.abs(walk).max()
    yield Signal("noise", times(n), walk + rng.standard_normal(n))
    yield Signal("steps", times(n // 500), rng.uniform(-40, 40, n // 500))
    spikes = np.where(rng.random(n) < 40 / n, rng.uniform(-40, 40, n), 0.0)
    yield Signal("spikes", times(n), spikes)
    gaps = np.repeat(rng.uniform(-40, 40, n // 1000 + 1), 1000)[:n] + rng.standard_normal(n) * 0.2
    gaps[rng.random(n) < 300 / n] = np.nan
    yield Signal("gaps", times(n), gaps)
    rare = rng.uniform(-40, 40, 2000)
    rare[1::2] = np.nan
    yield Signal("lone samples between gaps", times(2000), rare)


def measure(plot: TrendPlot, signal: Signal, thickness: int = 1, given: Signal | None = None) -> Fidelity:
    """Draw one signal on a shown plot over its whole span, and compare. Whoever doubts the measure lets the widget be
    `given` another signal."""
    shown = given or signal
    pen = TrendPen(max(shown.time_us.size, 1 << 16))
    pen.append(shown.time_us, shown.value, np.ones(shown.time_us.size, np.bool_))
    plot.set_groups([PlotGroup("", (Curve(0, pen, 0, width_px=thickness),))])
    (item,) = plot.spans
    item.gap_text = lambda _us: ""
    plot.show_span(0, SPAN_US, SPAN_US)
    while not plot.is_exact:
        item.refine()
    drawn = _widget_pixels(plot, item)
    window = plot.shown
    assert window is not None
    raw = _raw_pixels(signal, window, item.scales[0], drawn.shape, thickness)
    near, near_raw = _wider(drawn, thickness), _wider(raw, thickness)
    return Fidelity(int(raw.sum()), int((raw & ~near).sum()), int((drawn & ~near_raw).sum()))


def _widget_pixels(plot: TrendPlot, item: SpanItem) -> Mask:
    """Where the plot shows the pen's colour."""
    view = plot.findChild(QGraphicsView)
    assert isinstance(view, QGraphicsView)
    image = view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    box = view.mapFromScene(item.sceneBoundingRect()).boundingRect()
    bits = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()) & 0xFFFFFF
    shown = bits[box.top() : box.top() + round(item.boundingRect().height()), box.left() :]
    found: Mask = shown[:, : round(item.boundingRect().width())] == theme().pen(0).rgb() & 0xFFFFFF
    return found


def _raw_pixels(signal: Signal, window: Window, scale: Scale, shape: tuple[int, ...], thickness: int) -> Mask:
    """Every sample as QPainter draws it: level until the next one, then straight up or down; nothing in gaps."""
    height, width = shape
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    pen = painter.pen()
    pen.setColor(QColor(Qt.GlobalColor.white))
    pen.setWidth(thickness)
    painter.setPen(pen)
    x = (signal.time_us - window.from_us) / window.step_us
    until = np.append(x[1:], (window.until_us - window.from_us) / window.step_us)
    y = (scale.high - signal.value) / (scale.high - scale.low) * height
    known = np.concatenate(([False], ~np.isnan(y), [False]))
    for start, stop in np.flatnonzero(known[1:] != known[:-1]).reshape(-1, 2):
        xs = np.stack((x[start:stop], until[start:stop]), axis=1).ravel()
        ys = np.repeat(y[start:stop], 2)
        painter.drawPolyline([QPointF(*point) for point in zip(xs.tolist(), ys.tolist(), strict=True)])
        painter.drawPoint(QPointF(xs[0], ys[0]))  # QPainter leaves out a line that is shorter than a pixel
    painter.end()
    bits = np.frombuffer(image.constBits(), np.uint32).reshape(height, width)
    return bits & 0xFFFFFF > 0


def _wider(mask: Mask, pixels: int) -> Mask:
    """So many pixels more in every direction."""
    found = mask.copy()
    for axis in (0, 1) * pixels:
        once = found.copy()
        forward, back = [slice(None), slice(None)], [slice(None), slice(None)]
        forward[axis], back[axis] = slice(1, None), slice(None, -1)
        found[tuple(forward)] |= once[tuple(back)]
        found[tuple(back)] |= once[tuple(forward)]
    return found
