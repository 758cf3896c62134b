"""Axes of trends: round steps of site time and of values, and how they are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGraphicsItem, QSizePolicy, QStyleOptionGraphicsItem, QWidget

from console.ui.fonts import font
from console.ui.format import US, clock_text, day_text, local, number_text
from console.ui.theme import theme

_STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
)
_DAY_S = 86_400
_STEPS_DAYS = (1, 2, 7, 14)
_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONDAY = date(1970, 1, 5).toordinal()
TIME_SPACING_PX = 96
VALUE_SPACING_PX = 44
TIGHT_PX = 22  # a low plot has its labels closer, so that it has some
AXIS_WIDTH = 64
TIME_HEIGHT = 22


def time_ticks(from_us: int, to_us: int, width_px: float) -> list[int]:
    """Round moments of the site's clock within the window, far enough apart to write them.

    From two hours on they stand on the wall clock and the calendar: on midnights, Mondays and first days of months,
    whatever daylight saving time does in between.
    """
    wanted = max(to_us - from_us, 1) / US * TIME_SPACING_PX / max(width_px, 1)
    step_s = next((step for step in _STEPS_S if step >= wanted), None)
    if step_s is None:
        found = _calendar_ticks(from_us, to_us, wanted / _DAY_S)
    elif step_s > 3600:
        found = [_wall_us(day, int(step_s) * k) for day in _days(from_us, to_us) for k in range(int(_DAY_S // step_s))]
    else:
        step_us = round(step_s * US)
        offset = local(from_us).utcoffset() or timedelta()
        shift = round(offset.total_seconds()) * US  # whole hours of the site, not of UTC
        first = -(-(from_us + shift) // step_us) * step_us - shift
        return list(range(first, to_us + 1, step_us))
    return sorted({at_us for at_us in found if from_us <= at_us <= to_us})


def _calendar_ticks(from_us: int, to_us: int, wanted_days: float) -> list[int]:
    step = next((days for days in _STEPS_DAYS if days >= wanted_days), 0)
    if step:
        return [_wall_us(day, 0) for day in _days(from_us, to_us) if (day.toordinal() - _MONDAY) % step == 0]
    months = next((k for k in _STEPS_MONTHS if 30.4 * k >= wanted_days), _STEPS_MONTHS[-1])
    first, last = local(from_us), local(to_us)
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [_wall_us(date(k // 12, k % 12 + 1, 1), 0) for k in numbers if k % months == 0 and k >= 12]


def _days(from_us: int, to_us: int) -> list[date]:
    first, last = local(from_us).date(), local(to_us).date()
    return [date.fromordinal(k) for k in range(first.toordinal(), last.toordinal() + 1)]


def _wall_us(day: date, second: int) -> int:
    """When the site's clocks show this; where they leave it out, the moment they go on."""
    wall = datetime.combine(day, time(second // 3600, second % 3600 // 60), local(0).tzinfo)
    return round(wall.astimezone(UTC).timestamp()) * US


def time_label(at_us: int, step_us: int) -> str:
    """`22:40`, with seconds or milliseconds when the step needs them; midnight shows its day, a new year its number."""
    moment = local(at_us)
    if step_us < US:
        return f"{moment:%H:%M:%S}.{at_us % US // 1000:03d}"
    if step_us < 60 * US:
        return f"{moment:%H:%M:%S}"
    if moment.hour == 0 and moment.minute == 0:
        is_new_year = step_us > 20 * _DAY_S * US and (moment.month, moment.day) == (1, 1)
        return f"{moment.year}" if is_new_year else day_text(moment)
    return f"{moment:%H:%M}"


def value_step(low: float, high: float, height_px: float) -> float:
    """1, 2 or 5 times a power of ten, so that the labels do not touch."""
    wanted = (high - low) * _spacing(height_px) / max(height_px, 1)
    if not math.isfinite(wanted) or wanted <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= wanted * 0.999)


def _spacing(height_px: float) -> float:
    return min(max(height_px / 4, TIGHT_PX), VALUE_SPACING_PX)


def value_ticks(low: float, high: float, height_px: float) -> list[float]:
    step = value_step(low, high, height_px)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, min(last, first + 100) + 1)]


def log_ticks(low: float, high: float, height_px: float) -> list[float]:
    """Powers of ten of a logarithmic axis, with 2 and 5 between them when there is room. 0 < low < high."""
    decades = max(math.log10(high / low), 1e-9)
    per_decade = height_px / decades
    factors = (1.0, 2.0, 5.0) if per_decade >= 3.5 * TIGHT_PX else (1.0,)
    every = max(1, math.ceil(TIGHT_PX / max(per_decade, 1e-9)))
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [factor * 10.0**k for k in range(first, last + 1) if k % every == 0 for factor in factors]
    return [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]


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


def round_log_range(low: float, high: float) -> tuple[float, float]:
    """Bounds of a logarithmic axis on 1, 2 or 5 times a power of ten; what is not above zero does not count."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= 0:
        return 0.1, 10.0
    low = low if low > 0 else high / 1000
    bottom, top = _log_step(low * 0.95, up=False), _log_step(high * 1.05, up=True)
    return bottom, top if top > bottom * 1.5 else bottom * 10


def _log_step(value: float, *, up: bool) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    steps = [factor * power for factor in (1.0, 2.0, 5.0, 10.0)]
    if up:
        return next(step for step in steps if step >= value * (1 - 1e-9))
    return next(step for step in reversed(steps) if step <= value * (1 + 1e-9))


def value_labels(ticks: Sequence[float]) -> list[str]:
    """Short and all different: `0.5`, `1,500`, `200k`, `1e-5`; with as many digits as it takes to tell them apart."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    step = min((abs(b - a) for a, b in pairwise(ticks)), default=largest) or 1.0
    digits = 4 if largest < 1e-12 else max(4, math.ceil(math.log10(largest / step) + 1e-9) + 2)
    for least, sign in _THOUSANDS:
        if max(least, 1e5) <= largest < least * 1e4 and step >= least / 20:
            return [number_text(tick / least, digits=digits) + (sign if tick else "") for tick in ticks]
    labels = [_tiny(tick) if 0 < abs(tick) < 1e-3 else number_text(tick, digits=digits) for tick in ticks]
    if len(set(labels)) < len(labels):  # large numbers close together
        decimals = max(0, -math.floor(math.log10(step)))
        labels = [f"{tick:.{decimals}f}".replace(".", number_text(0.5)[1]) for tick in ticks]
    return labels


_THOUSANDS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def _tiny(value: float) -> str:
    """`1e-5`, `-2.5e-12`."""
    power = math.floor(math.log10(abs(value)) + 1e-9)
    return f"{number_text(round(value / 10.0**power, 6))}e{power}"


@dataclass(frozen=True, slots=True)
class Scale:
    """One value axis: its bounds, and the colour of the pen that it belongs to (None: shared)."""

    low: float
    high: float
    is_log: bool = False
    colour: int | None = None

    def ticks(self, height_px: float) -> list[float]:
        return (log_ticks if self.is_log else value_ticks)(self.low, self.high, height_px)

    def y(self, value: float, height: float) -> float:
        """Pixels from the top; what a logarithmic axis cannot show lies below its bottom."""
        if not self.is_log:
            return (self.high - value) / (self.high - self.low) * height
        if value <= 0:
            return height * 2
        return math.log(self.high / value) / math.log(self.high / self.low) * height

    def value(self, y: float, height: float) -> float:
        """The value at this many pixels from the top."""
        share = y / max(height, 1e-9)
        if self.is_log:
            return self.high * math.pow(self.low / self.high, share)
        return self.high - share * (self.high - self.low)

    def moved(self, share: float) -> tuple[float, float]:
        """Bounds after moving by a share of the height, positive to higher values."""
        if self.is_log:
            factor = (self.high / self.low) ** share
            return self.low * factor, self.high * factor
        step = (self.high - self.low) * share
        return self.low + step, self.high + step

    def zoomed(self, factor: float, share: float) -> tuple[float, float]:
        """Bounds after zooming; the value at `share` of the height (0 top) keeps its place."""
        if self.is_log:
            at, low, high = (math.log(v) for v in (self.value(share, 1.0), self.low, self.high))
            return math.exp(at - (at - low) * factor), math.exp(at + (high - at) * factor)
        at_value = self.value(share, 1.0)
        return at_value - (at_value - self.low) * factor, at_value + (self.high - at_value) * factor


class ValueAxes(QGraphicsItem):
    """The value axes of one plot side by side, left of it: the shared one next to it, those of single pens farther."""

    def __init__(self) -> None:
        super().__init__()
        self._size = QRectF(0, 0, AXIS_WIDTH, 1)
        self._scales: tuple[Scale, ...] = ()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)  # ten times a second nothing changes here

    @property
    def scales(self) -> tuple[Scale, ...]:
        return self._scales

    def boundingRect(self) -> QRectF:
        return self._size

    def resize(self, size: QRectF) -> None:
        if size != self._size:
            self.prepareGeometryChange()
            self._size = QRectF(size)

    def show_scales(self, scales: Sequence[Scale]) -> None:
        if tuple(scales) != self._scales:
            self._scales = tuple(scales)
            self.update()

    def scale_at(self, x: float) -> int:
        """Which axis stands at this place of the item."""
        return min(max(int((self._size.width() - x) // AXIS_WIDTH), 0), max(len(self._scales) - 1, 0))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setFont(font("font_small"))
        small, height = painter.fontMetrics().height(), self._size.height()
        for place, scale in enumerate(self._scales):
            colour = theme().color("text.dim") if scale.colour is None else theme().pen(scale.colour)
            right = self._size.width() - place * AXIS_WIDTH
            painter.setPen(QColor(colour))
            if scale.colour is not None:
                painter.drawLine(round(right) - 2, 0, round(right) - 2, round(height))
            ticks = scale.ticks(height)
            for value, words in zip(ticks, value_labels(ticks), strict=True):
                top = min(max(scale.y(value, height) - small / 2, 0), height - small)
                _squeezed(painter, QRectF(right - AXIS_WIDTH + 2, top, AXIS_WIDTH - 10, small), words)


def _squeezed(painter: QPainter, room: QRectF, words: str) -> None:
    """Right-aligned and narrower rather than cut: a number without its first digits is another number."""
    wide = painter.fontMetrics().horizontalAdvance(words)
    usual = painter.font()
    if wide > room.width():
        narrow = font("font_small")
        narrow.setStretch(max(int(100 * room.width() / wide), 50))
        painter.setFont(narrow)
    painter.drawText(room, Qt.AlignmentFlag.AlignRight, words)
    painter.setFont(usual)


class TimeAxis(QWidget):
    """The time axis below the plots: round moments, and the moments that are flagged (cursors, the pointer)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._from_us, self._to_us = 0, 1
        self._sides = (AXIS_WIDTH, 12)
        self._flags: tuple[tuple[str, int], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, TIME_HEIGHT)

    def show_span(self, from_us: int, to_us: int, sides: tuple[int, int]) -> None:
        if (from_us, to_us, sides) != (self._from_us, self._to_us, self._sides):
            self._from_us, self._to_us, self._sides = from_us, to_us, sides
            self.update()

    def show_flags(self, flags: Sequence[tuple[str, int]]) -> None:
        """(letter, moment) of each flag; an empty letter is the pointer."""
        if tuple(flags) != self._flags:
            self._flags = tuple(flags)
            self.update()

    def _x(self, at_us: int) -> float:
        left, right = self._sides
        return left + (at_us - self._from_us) / max(self._to_us - self._from_us, 1) * (self.width() - left - right)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface.panel"))
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text.dim"))
        left, right = self._sides
        ticks = time_ticks(self._from_us, self._to_us, self.width() - left - right)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else self._to_us - self._from_us
        for at_us in ticks:
            self._write(painter, at_us, time_label(at_us, step))
        for letter, at_us in self._flags:
            if self._from_us <= at_us <= self._to_us:
                self._flag(painter, at_us, f"{letter} {clock_text(at_us)}".strip())
        painter.end()

    def _write(self, painter: QPainter, at_us: int, words: str) -> None:
        width = painter.fontMetrics().horizontalAdvance(words)
        x = min(max(self._x(at_us) - width / 2, 2), self.width() - width - 2)
        painter.drawText(QRectF(x, 3, width + 2, self.height() - 4), Qt.AlignmentFlag.AlignTop, words)

    def _flag(self, painter: QPainter, at_us: int, words: str) -> None:
        width = painter.fontMetrics().horizontalAdvance(words) + 12
        x = min(max(self._x(at_us) - width / 2, 1), self.width() - width - 1)
        painter.fillRect(QRectF(x, 1, width, self.height() - 4), theme().color("accent"))
        painter.setPen(theme().color("accent.text"))
        painter.drawText(QRectF(x, 1, width, self.height() - 4), Qt.AlignmentFlag.AlignCenter, words)
        painter.setPen(theme().color("text.dim"))
