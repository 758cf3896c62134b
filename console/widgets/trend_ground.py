"""What stands under and around the curves of a plot: bands and lines of alarm limits, the grid, names and gaps."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from console.ui.fonts import font
from console.ui.format import number_text
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme
from console.widgets.trend_axes import Scale, time_ticks
from console.widgets.trend_curve import Curve, Window

LIMIT_TOKENS = {"HH": "alarm.critical", "H": "alarm.medium", "L": "alarm.medium", "LL": "alarm.critical"}
GAP_WORD_PX = 28
BAND_SHARE = 0.1  # of the alarm's colour in the band beyond a limit
_DASHES = (6, 4)


@dataclass(frozen=True, slots=True)
class Limit:
    """One alarm limit on the axis of its pen."""

    name: str
    value: float
    scale: Scale

    @property
    def token(self) -> str:
        return LIMIT_TOKENS.get(self.name, "alarm.medium")


def limits_of(curves: Iterable[tuple[Curve, Scale]]) -> list[Limit]:
    """Each limit of each axis once, from the lowest on; ghosts have none."""
    found = {(limit, scale) for curve, scale in curves if not curve.is_ghost for limit in curve.limits}
    return [Limit(*limit, scale) for limit, scale in sorted(found, key=lambda pair: (pair[0][1], pair[0][0]))]


def draw_ground(
    painter: QPainter, box: QRect, window: Window, scale: Scale, limits: Sequence[Limit], ratio: float
) -> None:
    """Surface, bands beyond the limits, grid; in physical pixels, from the left edge of `box` on."""
    height = box.height()
    _draw_bands(painter, box, limits)
    painter.setPen(theme().color("line.soft"))
    for y in _grid_rows(scale, height, ratio):
        painter.drawLine(box.left(), y, box.right(), y)
    left_us = window.from_us + box.left() * window.step_us
    for at_us in time_ticks(left_us, window.to_us, box.width() / ratio):
        x = window.column(at_us)
        painter.drawLine(x, 0, x, height)
    for y in (0, height - 1):  # no frame over the curves: it would hide the newest column
        painter.fillRect(box.x(), y, box.width(), 1, theme().color("line.strong"))


def _draw_bands(painter: QPainter, box: QRect, limits: Sequence[Limit]) -> None:
    """Strips of one opaque colour each: blending a whole picture would cost more than all curves."""
    for top, bottom, colour in _bands(tuple(limits), box.height(), theme().name):
        painter.fillRect(box.x(), top, box.width(), bottom - top, colour)


@lru_cache(maxsize=64)
def _bands(limits: tuple[Limit, ...], height: int, _theme: str) -> tuple[tuple[int, int, QColor], ...]:
    """Top, bottom and colour of each strip, from above."""
    rows = [round(min(max(limit.scale.y(limit.value, height), 0), height)) for limit in limits]
    bands = []
    for top, bottom in pairwise(sorted({0, height, *rows})):
        colour = theme().color("surface.raised")
        for limit, row in zip(limits, rows, strict=True):
            if bottom <= row if limit.name in ("H", "HH") else top >= row:
                colour = _mixed(colour, theme().color(limit.token))
        bands.append((top, bottom, colour))
    return tuple(bands)


def _mixed(below: QColor, above: QColor) -> QColor:
    parts = zip(below.getRgb()[:3], above.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(low + (high - low) * BAND_SHARE) for low, high in parts))


def draw_limits(painter: QPainter, box: QRect, window: Window, limits: Sequence[Limit]) -> None:
    """The lines of the limits, over the curves; in physical pixels."""
    for limit in limits:
        pen = QPen(theme().color(f"{limit.token}.edge"), 0)
        pen.setDashPattern(_DASHES)
        pen.setDashOffset((box.left() + window.first) % sum(_DASHES))  # dashes stay where they are while time runs
        painter.setPen(pen)
        y = round(limit.scale.y(limit.value, box.height()))
        painter.drawLine(box.left(), y, box.right() + 1, y)


def paint_limit_names(painter: QPainter, box: QRectF, limits: Sequence[Limit]) -> None:
    """Name and value of each limit at the right end of its line; in logical pixels, as all below."""
    small = theme().measure("font_small")
    painter.setFont(font("font_small"))
    for limit in limits:
        y = limit.scale.y(limit.value, box.height())
        if 0 <= y <= box.height():
            painter.setPen(theme().color(f"{limit.token}.edge"))
            place = QRectF(box.left(), y - small - 5, box.width() - 6, small + 4)
            words = f"{limit.name} {number_text(limit.value, digits=9)}"
            free = place.width() - _width(words, small) - 4
            painter.fillRect(place.adjusted(free, 0, 0, 0), theme().color("surface.raised", 170))
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, words)


def paint_gaps(
    painter: QPainter,
    box: QRectF,
    window: Window,
    curves: Iterable[Curve],
    words: Callable[[int], str],
    ratio: float,
) -> None:
    """How long each wide gap is, at its foot."""
    small = theme().measure("font_small")
    painter.setFont(font("font_small"))
    painter.setPen(theme().color("text.dim"))
    row = 0
    for curve in curves:
        if curve.is_ghost or not curve.has_void:
            continue
        for start, stop in _gaps(curve, window, GAP_WORD_PX * ratio):
            middle = (start + stop) / 2 / ratio
            place = QRectF(middle - 90, box.height() - (row + 1) * (small + 6), 180, small + 4)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words((stop - start) * window.step_us))
            row = min(row + 1, 3)


def paint_title(painter: QPainter, box: QRectF, title: str) -> None:
    """The names of the pens; curves run under them."""
    if not title:
        return
    small = theme().measure("font_small")
    painter.setFont(font("font_small", bold=True))
    painter.setPen(theme().color("text"))
    words, width = _elided(title, int(box.width()) - 16, small)
    place = QRectF(8, 6, width + 1, small + 6)
    painter.fillRect(place.adjusted(-4, -2, 4, 0), theme().color("surface.raised", 215))
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft, words)


@lru_cache(maxsize=64)
def _grid_rows(scale: Scale, height: int, ratio: float) -> tuple[int, ...]:
    return tuple(round(scale.y(value, height)) for value in scale.ticks(height / ratio))


@lru_cache(maxsize=256)
def _width(words: str, _size: int) -> int:
    return QFontMetrics(font("font_small")).horizontalAdvance(words)


@lru_cache(maxsize=64)
def _elided(title: str, room: int, _size: int) -> tuple[str, int]:
    """What fits, and how wide it is; measured once, not with every frame."""
    metrics = QFontMetrics(font("font_small", bold=True))
    words = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)
    return words, metrics.horizontalAdvance(words)


def paint_moment(painter: QPainter, box: QRectF, window: Window, at_us: int, token: str, priority: int = 0) -> None:
    """An upright line at a moment of the window; with the symbol of an alarm of this priority."""
    if not at_us or not window.from_us <= at_us < window.to_us:
        return
    x = (at_us - window.from_us) / (window.to_us - window.from_us) * box.width()
    painter.setPen(theme().color(token))
    painter.drawLine(QPointF(x, 0), QPointF(x, box.height()))
    if priority:
        paint_symbol(painter, QRectF(x - 9, 1, 18, 18), priority, SymbolState.UNACKNOWLEDGED)


def _gaps(curve: Curve, window: Window, least: float) -> list[tuple[int, int]]:
    """Runs of at least so many empty columns, as [start, stop) columns."""
    last = min(max(window.column(window.until_us), 0), curve.low.size)
    empty = np.concatenate(([False], np.isnan(curve.low[:last]), [False]))
    turns = np.flatnonzero(empty[1:] != empty[:-1]).reshape(-1, 2)
    wide = turns[:, 1] - turns[:, 0] >= least
    return [(int(start), int(stop)) for start, stop in turns[wide]]
