"""Lines and boxes for QPainter straight from numpy memory: no Python object per primitive."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

Floats = NDArray[np.float64]


class _Primitives:
    """Rows of four doubles that QPainter reads in place. The array lives as long as this object."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._rows = np.empty((0, 4))
        self._first: Any = None

    def rows(self, n: int) -> Floats:
        """n writable rows; what they held before is lost when the room grows."""
        if n > len(self._rows):
            self._rows = np.empty((max(n, 2 * len(self._rows), 64), 4))
            self._first = Shiboken.wrapInstance(self._rows.ctypes.data, self._kind)
        return self._rows[:n]


class Lines(_Primitives):
    """x1, y1, x2, y2 per row."""

    def __init__(self) -> None:
        super().__init__(QLineF)

    def draw(self, painter: QPainter, n: int) -> None:
        if n:
            painter.drawLines(self._first, n)


class Boxes(_Primitives):
    """x, y, width, height per row."""

    def __init__(self) -> None:
        super().__init__(QRectF)

    def draw(self, painter: QPainter, n: int) -> None:
        if n:
            painter.drawRects(self._first, n)
