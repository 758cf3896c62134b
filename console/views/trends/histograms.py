"""The histograms of the shown window, one per pen, beside the trend."""

import numpy as np
from PySide6.QtWidgets import QFrame, QScrollArea

from console.models.heartbeat import BEATS_PER_SECOND
from console.models.trend_pen import TrendPen
from console.ui.translation import tr
from console.views.trends.extras import TrendParts
from console.widgets.trend_histogram import Bools, Floats, Longs, PenHistogram, TrendHistograms, histogram

_EVERY = BEATS_PER_SECOND  # a histogram need not follow each frame


class Histograms:
    """`widget` stands in the side of the view; nothing is counted while it is hidden. Of a long window the pens hold
    lowest, highest and last values only: its histogram tells as much as these do."""

    def __init__(self, parts: TrendParts) -> None:
        self._parts = parts
        self.plots = TrendHistograms()
        self.widget = QScrollArea()
        self.widget.setWidgetResizable(True)
        self.widget.setFrameShape(QFrame.Shape.NoFrame)
        self.widget.setWidget(self.plots)
        parts.navigation.settled.connect(lambda _from, _to: self.count())

    @property
    def title(self) -> str:
        return tr("Time at each value")

    def pens_changed(self) -> None:
        self.count()

    def beat(self, beat: int) -> None:
        if beat % _EVERY == 0:
            self.count()

    def count(self) -> None:
        """Of the window as it is shown now, up to the present."""
        window = self._parts.plot.shown
        if window is None or not self.widget.isVisible():
            return
        from_us, to_us = window.from_us, min(window.to_us, self._parts.now_us())
        told = []
        for row in self._parts.pens.rows:
            if not row.look.is_hidden:
                counted = histogram(*_held(row.pen, from_us, to_us), from_us, max(to_us, from_us))
                told.append(PenHistogram(row.tag.name, row.tag.unit, row.colour, counted))
        self.plots.show_pens(told)


def _held(pen: TrendPen, from_us: int, to_us: int) -> tuple[Longs, Floats, Bools]:
    """The samples of a window, and before them the value that is held as it begins."""
    time_us, value, good = pen.samples_between(from_us, to_us)
    held, is_good = pen.value_at(from_us)
    return np.append(from_us, time_us), np.append(held, value), np.append(is_good, good)
