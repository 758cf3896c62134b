"""Axes of trends: round steps of site time and of values, and how they are written."""

import math
from datetime import timedelta

import numpy as np
import pyqtgraph as pg

from console.ui.fonts import font
from console.ui.format import US, day_text, local, number_text
from console.ui.theme import theme

_STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(86400, 172800, 604800),
)
TIME_SPACING_PX = 96
VALUE_SPACING_PX = 44


def time_ticks(from_us: int, to_us: int, width_px: float) -> list[int]:
    """Round moments of the site's clock within the window, far enough apart to write them."""
    span_s = max(to_us - from_us, 1) / US
    wanted = span_s * TIME_SPACING_PX / max(width_px, 1)
    step_s = next((step for step in _STEPS_S if step >= wanted), math.ceil(wanted / 86400) * 86400)
    step_us = round(step_s * US)
    offset = local(from_us).utcoffset() or timedelta()
    shift = round(offset.total_seconds()) * US  # whole days and hours of the site, not of UTC
    first = -(-(from_us + shift) // step_us) * step_us - shift
    return list(range(first, to_us + 1, step_us))


def time_label(at_us: int, step_us: int) -> str:
    """`22:40`, with seconds or milliseconds when the step needs them; midnight shows its day."""
    moment = local(at_us)
    if step_us < US:
        return f"{moment:%H:%M:%S}.{at_us % US // 1000:03d}"
    if step_us < 60 * US:
        return f"{moment:%H:%M:%S}"
    if moment.hour == 0 and moment.minute == 0:
        return day_text(moment)
    return f"{moment:%H:%M}"


def value_step(low: float, high: float, height_px: float) -> float:
    """1, 2 or 5 times a power of ten, so that the labels do not touch."""
    wanted = (high - low) * VALUE_SPACING_PX / max(height_px, 1)
    if not math.isfinite(wanted) or wanted <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= wanted * 0.999)


def value_ticks(low: float, high: float, height_px: float) -> list[float]:
    step = value_step(low, high, height_px)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, min(last, first + 100) + 1)]


def round_range(low: float, high: float) -> tuple[float, float]:
    """A calm range around the data: 8 % air, bounds on a tenth of the span; a constant gets room around it."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0.0, 1.0
    span = high - low
    if span <= abs(high) * 1e-12:
        span = max(abs(high) * 0.1, 1.0)
        low, high = low - span / 2, high + span / 2
    step = value_step(low, high, 10 * VALUE_SPACING_PX)
    return math.floor((low - 0.08 * span) / step) * step, math.ceil((high + 0.08 * span) / step) * step


class TrendAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis with our own ticks; the span item draws the grid."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.is_time = orientation == "bottom"
        self.setStyle(tickLength=0, autoExpandTextSpace=False, autoReduceTextSpace=False, tickTextOffset=6)
        self.enableAutoSIPrefix(False)
        self.showLabel(False)
        if self.is_time:
            self.setHeight(22)
        self.apply_theme()

    def apply_theme(self) -> None:
        self.setTickFont(font("font_small"))
        self.setPen(pg.mkPen(theme().color("line.strong")))
        self.setTextPen(pg.mkPen(theme().color("text.dim")))
        self.picture = None
        self.update()

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        if self.is_time:
            ticks = time_ticks(round(low * US), round(high * US), size)
            step = (ticks[1] - ticks[0]) if len(ticks) > 1 else US
            return [(step / US, [at / US for at in ticks])]
        return [(value_step(low, high, size), value_ticks(low, high, size))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.is_time:
            return [time_label(round(value * US), round(spacing * US)) for value in values]
        decimals = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
        return [number_text(float(np.round(value, min(decimals + 1, 12))), digits=12) for value in values]
