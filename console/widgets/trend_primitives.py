"""Lines and boxes for QPainter straight from numpy memory: no Python object per primitive."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRect, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class _Primitives:
    """Rows of four numbers that QPainter reads in place. The array lives as long as this object."""

    def __init__(self, kind: type, dtype: type) -> None:
        self._kind = kind
        self._rows: NDArray[Any] = np.empty((0, 4), dtype)
        self._first: Any = None

    def rows(self, n: int) -> NDArray[Any]:
        """n writable rows; what they held before is lost when the room grows."""
        if n > len(self._rows):
            self._rows = np.empty((max(n, 2 * len(self._rows), 64), 4), self._rows.dtype)
            self._first = Shiboken.wrapInstance(self._rows.ctypes.data, self._kind)
        return self._rows[:n]


class Lines(_Primitives):
    """x1, y1, x2, y2 per row."""

    def __init__(self) -> None:
        super().__init__(QLineF, np.float64)

    def draw(self, painter: QPainter, n: int) -> None:
        if n:
            painter.drawLines(self._first, n)


class Boxes(_Primitives):
    """x, y, width, height per row."""

    def __init__(self) -> None:
        super().__init__(QRectF, np.float64)

    def draw(self, painter: QPainter, n: int) -> None:
        if n:
            painter.drawRects(self._first, n)


class PixelBoxes(_Primitives):
    """Left, top, right, bottom per row, all four within the box: whole pixels cost a tenth of fractions."""

    def __init__(self) -> None:
        super().__init__(QRect, np.int32)

    def draw(self, painter: QPainter, n: int) -> None:
        if n:
            painter.drawRects(self._first, n)
