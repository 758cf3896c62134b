"""A value's last minutes as one thin line; gaps stay gaps, and what cannot be trusted is dashed and dim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.theme import theme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Sparkline(QWidget):
    """`set_points(times, values, trusted)`: equal lengths, times ascending in any unit, nan where nothing is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._times: NDArray[np.float64] | None = None
        self._values: NDArray[np.float64] | None = None
        self._trusted = False
        self._tone = "normal"
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(48)
        self.setMaximumWidth(110)

    def sizeHint(self) -> QSize:
        return QSize(96, 24)

    def set_points(
        self,
        times: Sequence[float] | NDArray[np.float64],
        values: Sequence[float] | NDArray[np.float64],
        *,
        trusted: bool,
        tone: str = "",
    ) -> None:
        """`tone` (a token) colours the line (an alarm colour while the tag is in alarm); empty means normal."""
        import numpy as np

        self._times = np.asarray(times, dtype=np.float64)
        self._values = np.asarray(values, dtype=np.float64)
        self._trusted = trusted
        self._tone = tone or "normal"
        self.update()

    def polylines(self, width: float, height: float) -> list[list[QPointF]]:
        """The line in pixels, cut at gaps; a flat line runs through the middle."""
        if self._values is None or self._times is None:
            return []
        import numpy as np

        finite = np.isfinite(self._values)
        if finite.sum() < 2:
            return []
        low, high = float(self._values[finite].min()), float(self._values[finite].max())
        first, last = float(self._times[0]), float(self._times[-1])
        x = (self._times - first) / max(last - first, 1e-9) * (width - 2) + 1
        span = high - low
        level = (self._values - low) / span if span > 0 else np.where(finite, 0.5, np.nan)
        y = height - 2 - level * (height - 4)
        lines: list[list[QPointF]] = []
        run: list[QPointF] = []
        for at in range(len(x)):
            if finite[at]:
                run.append(QPointF(float(x[at]), float(y[at])))
            elif run:
                lines.append(run)
                run = []
        if run:
            lines.append(run)
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme().color(self._tone if self._trusted else "stale"), 1.2)
        if not self._trusted:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for line in self.polylines(self.width(), self.height()):
            painter.drawPolyline(line)
        painter.end()
