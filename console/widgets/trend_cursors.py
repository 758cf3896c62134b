"""The two cursors A and B over all plots: placed, dragged, cleared; the time between them is tinted.

Their letters stand on the time axis.
"""

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainter, QPen

from console.ui.theme import theme
from console.widgets.trend_layers import x_of
from console.widgets.trend_spans import Window

NAMES = ("A", "B")
GRAB_PX = 5


class TrendCursors(QObject):
    """A `Layer`. Moments in microseconds, None while a cursor is not set."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._at: dict[str, int] = {}
        self._last = ""  # the one that was set last

    def at(self, name: str) -> int | None:
        return self._at.get(name)

    @property
    def span(self) -> tuple[int, int] | None:
        """Both moments, A first as it stands; None until both are set and differ."""
        if len(self._at) < len(NAMES) or self._at["A"] == self._at["B"]:
            return None
        return self._at["A"], self._at["B"]

    @property
    def flags(self) -> list[tuple[str, int]]:
        return sorted(self._at.items())

    def set(self, name: str, at_us: int) -> None:
        self._last = name
        if self._at.get(name) != at_us:
            self._at[name] = at_us
            self.changed.emit()

    def step(self, us: int) -> None:
        """Move the cursor that was set last."""
        if self._last in self._at:
            self.set(self._last, self._at[self._last] + us)

    def place(self, at_us: int) -> None:
        """The cursor that is not set yet goes there, else the nearer one."""
        free = [name for name in NAMES if name not in self._at]
        self.set(free[0] if free else min(NAMES, key=lambda name: abs(self._at[name] - at_us)), at_us)

    def clear(self) -> None:
        if self._at:
            self._at.clear()
            self.changed.emit()

    def near(self, x: float, window: Window, box: QRectF) -> str:
        """The cursor that stands at this pixel, empty for none."""
        found = [(abs(x_of(at_us, window, box) - x), name) for name, at_us in self._at.items()]
        distance, name = min(found, default=(GRAB_PX + 1.0, ""))
        return name if distance <= GRAB_PX else ""

    def paint(self, painter: QPainter, window: Window, box: QRectF, ratio: float) -> None:
        places = {name: x_of(at_us, window, box) for name, at_us in self._at.items()}
        if len(places) == len(NAMES):
            left, right = sorted(places.values())
            painter.fillRect(QRectF(left, box.top(), right - left, box.height()), theme().color("accent", 22))
        painter.setPen(QPen(theme().color("accent"), 1))
        for x in places.values():
            painter.drawLine(QPointF(round(x) + 0.5, box.top()), QPointF(round(x) + 0.5, box.bottom()))
