"""Curves as boxes of whole pixels: from the lowest to the highest value of every pixel column.

They are drawn lying on their side, one byte a pixel, because a column is a run of memory then and costs a twentieth
of a line; the finished bytes are turned and coloured at once.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter

from console.ui.theme import theme
from console.widgets.trend_axes import Scale
from console.widgets.trend_curve import NO_PIECES, Bools, Curve, Floats, Window
from console.widgets.trend_primitives import PixelBoxes

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Bits = NDArray[np.uint32]
Pairs = NDArray[np.uint64]
DOT = 2  # logical pixels of a dot of what is not trusted
DASH, DASH_PERIOD = 6, 10  # of a ghost where it runs level
GHOST_ALPHA = 150
FEW = 8  # columns that are drawn one by one
_NONE = np.empty(0, np.bool_)
_DOUBTED, _FIRST = 1, 2  # byte of what is not trusted; of the first curve


def pixel_rows(value: Floats, scale: Scale, height: int) -> Ints:
    """Rows from the top; -1 above the scale and `height` below it. No value may be nan."""
    if scale.is_log:
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(scale.high / np.maximum(value, 0.0)) * (height / np.log(scale.high / scale.low))
    else:
        y = (scale.high - value) * (height / (scale.high - scale.low))
    rows: Ints = (np.clip(y, -1.0, height, out=y) + 1.0).astype(np.int32) - 1  # rounded down, though it may be negative
    low = rows == height
    if low.any():
        rows[low & (value >= scale.low)] = height - 1  # the lowest value of the scale is on it
    return rows


class Strokes:
    """Paints the columns of curves. Keeps its memory from one picture to the next."""

    def __init__(self) -> None:
        self._boxes = PixelBoxes()
        self._bytes: Bytes = np.empty(0, np.uint8)
        self._turned: Bytes = np.empty(0, np.uint8)
        self._bits: Bits = np.empty(0, np.uint32)

    def paint(
        self,
        painter: QPainter,
        curves: Sequence[tuple[Curve, Scale]],
        window: Window,
        first: int,
        height: int,
        ratio: float,
    ) -> None:
        """The columns from `first` on, in physical pixels; `ratio` of them are a logical one."""
        if not curves:
            return
        dot = max(1, round(ratio))
        reach = max((curve.thickness * dot for curve, _scale in curves), default=1) - 1
        start = max(first - reach, 0)  # wide columns before reach into the first one
        canvas, image = self._lying(window.width - start, height)
        shown = sorted(enumerate(curves), key=lambda pair: (not pair[1][0].is_ghost, pair[1][0].is_strong))
        if canvas.shape[0] <= FEW and _draw_few(canvas[:, :height], curves, shown, start, dot):
            self._stand_up(painter, canvas[first - start :, :height], first, _colours(curves))
            return
        parts = [(place, _Part(curve, scale, start, window, height, dot)) for place, (curve, scale) in shown]
        pen = QPainter(image)
        pen.setPen(Qt.PenStyle.NoPen)
        if any(part.has_doubted for _place, part in parts):
            for part in (part for _place, part in parts if part.has_doubted):
                self._draw(pen, part, _DOUBTED, part.doubted)
            canvas &= _dots(window.first + start, canvas.shape, DOT * dot)
        for place, part in parts:
            self._draw(pen, part, _FIRST + place, part.trusted)
        pen.end()
        self._stand_up(painter, canvas[first - start :, :height], first, _colours(curves))

    def _draw(self, pen: QPainter, part: "_Part", byte: int, mask: Bools) -> None:
        at, upper, lower = part.at, part.upper, part.lower
        if not part.is_whole:
            at, upper, lower = at[mask], upper[mask], lower[mask]
        n = at.size
        rows = self._boxes.rows(n)
        rows[:, 0], rows[:, 1], rows[:, 2] = upper, at, lower
        np.add(rows[:, 1], part.thickness - 1, out=rows[:, 3])
        pen.setBrush(QColor(byte, byte, byte))
        self._boxes.draw(pen, n)

    def _lying(self, columns: int, height: int) -> tuple[Bytes, QImage]:
        """One line of bytes per pixel column, all void."""
        line = -(-height // 4) * 4
        if columns * line > self._bytes.size:
            self._bytes = np.empty(columns * line, np.uint8)
        part = self._bytes[: columns * line]
        part.fill(0)
        image = QImage(part.data, height, columns, line, QImage.Format.Format_Grayscale8)
        return part.reshape(columns, line), image

    def _stand_up(self, painter: QPainter, canvas: Bytes, first: int, colours: Pairs) -> None:
        columns, height = canvas.shape
        n = columns * height
        even = n + n % 2
        if even > self._turned.size:
            self._turned, self._bits = np.zeros(even, np.uint8), np.empty(even, np.uint32)
        turned, bits = self._turned[:even], self._bits[:even]
        np.copyto(turned[:n].reshape(height, columns), canvas.T)
        np.take(colours, turned.view(np.uint16), out=bits.view(np.uint64), mode="clip")
        picture = QImage(bits.data, columns, height, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
        painter.drawImage(first, 0, picture)


def _draw_few(
    canvas: Bytes, curves: Sequence[tuple[Curve, Scale]], shown: Sequence[tuple[int, object]], start: int, dot: int
) -> bool:
    """A few columns of plain curves without any painter; False when there is more to them."""
    if any(curve.is_ghost or curve.has_void or curve.pieces is not NO_PIECES for curve, _scale in curves):
        return False
    values = np.array([(curve.high[start:], curve.low[start:]) for curve, _scale in curves])
    if not np.concatenate([curve.good[start:] for curve, _scale in curves]).all():
        return False
    height = canvas.shape[1]
    if all(scale is curves[0][1] for _curve, scale in curves):
        rows = pixel_rows(values, curves[0][1], height).tolist()
    else:
        rows = [pixel_rows(value, scale, height).tolist() for value, (_, scale) in zip(values, curves, strict=True)]
    for place, _pair in shown:
        thickness = curves[place][0].thickness * dot
        for column, (upper, lower) in enumerate(zip(*rows[place], strict=True)):
            canvas[column : column + thickness, max(upper, 0) : max(lower + thickness, 0)] = _FIRST + place
    return True


class _Part:
    """One curve in pixel rows: `at` counts columns from `start`."""

    def __init__(self, curve: Curve, scale: Scale, start: int, window: Window, height: int, dot: int) -> None:
        low, high, good = curve.low[start:], curve.high[start:], curve.good[start:]
        at = np.arange(low.size)
        if curve.has_void or curve.pieces is not NO_PIECES:
            at, low, high, good = _filled(curve, start)
        self.thickness = curve.thickness * dot
        self.at, self.trusted = at, good
        self.upper, self.lower = pixel_rows(high, scale, height), pixel_rows(low, scale, height)
        self.has_doubted = not good.all()
        self.doubted = ~good if self.has_doubted else _NONE
        self.is_whole = not (self.has_doubted or curve.is_ghost)
        if curve.is_ghost:
            level = self.lower - self.upper <= DOT * dot
            self.trusted = self.trusted & (
                ~level | ((self.at + start + window.first) % (DASH_PERIOD * dot) < DASH * dot)
            )
        self.lower += self.thickness - 1
        if self.has_doubted:  # a single dot may fall between the dots of the pattern
            flat = self.doubted & (self.lower - self.upper < DOT * dot) & _alone(self.at, self.doubted, DOT * dot)
            self.upper[flat] -= DOT * dot // 2
            self.lower[flat] += DOT * dot // 2


def _filled(curve: Curve, start: int) -> tuple[NDArray[np.int64], Floats, Floats, Bools]:
    """Columns from `start` on that hold something, counted from there; divided ones piece by piece at the end."""
    low, high, good, pieces = curve.low[start:], curve.high[start:], curve.good[start:], curve.pieces
    filled = ~np.isnan(low)
    begin = int(np.searchsorted(pieces.column, start))
    divided = pieces.column[begin:] - start
    filled[divided] = False
    at = np.flatnonzero(filled)
    return (
        np.concatenate((at, divided)),
        np.concatenate((low[at], pieces.low[begin:])),
        np.concatenate((high[at], pieces.high[begin:])),
        np.concatenate((good[at], pieces.good[begin:])),
    )


def _alone(at: NDArray[np.int64], mask: Bools, most: int) -> Bools:
    """Which of the masked columns stand in runs of at most so many."""
    found = np.zeros(at.size, np.bool_)
    places = np.flatnonzero(mask)
    turns = np.flatnonzero(np.diff(at[places]) != 1) + 1
    starts = np.concatenate(([0], turns))
    lengths = np.diff(np.append(starts, places.size))
    found[places] = np.repeat(lengths <= most, lengths)
    return found


def _dots(first: int, shape: tuple[int, ...], size: int) -> Bytes:
    """Every other square of this size; they stay where they are in time."""
    columns = ((first + np.arange(shape[0])) // size % 2).astype(np.uint8)
    rows = (np.arange(shape[1]) // size % 2).astype(np.uint8)
    return np.where(columns[:, None] ^ rows, np.uint8(0), np.uint8(255))


def _colours(curves: Sequence[tuple[Curve, Scale]]) -> Pairs:
    return _colour_table(theme().name, tuple((curve.colour, curve.is_ghost) for curve, _scale in curves))


@lru_cache(maxsize=16)
def _colour_table(theme_name: str, pens: tuple[tuple[int, bool], ...]) -> Pairs:
    """What every two bytes side by side mean. A byte is nothing, not trusted, then one of the curves."""
    colours = [_bits(theme().pen(colour), GHOST_ALPHA if is_ghost else 255) for colour, is_ghost in pens]
    one = np.zeros(256, np.uint64)
    one[1 : len(colours) + 2] = [_bits(theme().color("stale"), 255), *colours]
    second = one << np.uint64(32)
    order = np.arange(1 << 16).astype(np.uint16).view(np.uint8).reshape(-1, 2)  # as this machine keeps two bytes
    table: Pairs = one[order[:, 0]] | second[order[:, 1]]
    return table


def _bits(colour: QColor, alpha: int) -> int:
    red, green, blue = (part * alpha // 255 for part in (colour.red(), colour.green(), colour.blue()))
    return alpha << 24 | red << 16 | green << 8 | blue
