"""A series with what was or is expected of it: a band, the middle of it, a line not to be passed, spans that stand out.

Serves forecasts (past, then the band ahead) and baselines (bounds, and where the values left them). Gaps stay gaps.
"""

from dataclasses import dataclass, field

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from console.ui.fonts import font
from console.ui.format import DASH, US, clock_text, date_text, local, number_text
from console.ui.theme import theme
from console.ui.translation import tr
from console.widgets.chart import Chart, MomentAxis
from console.widgets.trend_axes import round_range

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
_BAND_ALPHA = 52
_BAR = 0.025  # share of the height: the bar on top of a mark


def _longs() -> Longs:
    return np.zeros(0, np.int64)


def _floats() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class BandPicture:
    """What to draw. Values step by step at `at_us` (nan: a gap of `width_us`); the band at `band_us` (nan: none).

    `limit` nan: no line. `marks` are (begin, end, what to say about it); `lines` moments with a word; `now_us` divides
    past and ahead, 0: nowhere.
    """

    at_us: Longs = field(default_factory=_longs)
    values: Floats = field(default_factory=_floats)
    width_us: int = 1
    band_us: Longs = field(default_factory=_longs)
    low: Floats = field(default_factory=_floats)
    middle: Floats = field(default_factory=_floats)
    high: Floats = field(default_factory=_floats)
    limit: float = float("nan")
    limit_text: str = ""
    unit: str = ""
    now_us: int = 0
    marks: tuple[tuple[int, int, str], ...] = ()
    lines: tuple[tuple[int, str], ...] = ()


NOTHING = BandPicture()


class BandChart(Chart):
    """`show_picture(...)` draws, `show_nothing(text)` says why there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.picture = NOTHING
        self._cursor = pg.InfiniteLine(angle=90)
        super().__init__(MomentAxis(), parent, is_flat=True)
        self._cursor.hide()
        self.box.addItem(self._cursor, ignoreBounds=True)

    def show_picture(self, picture: BandPicture) -> None:
        self.picture, self.nothing = picture, ""
        if len(picture.at_us) or len(picture.band_us):
            self.redraw()
        else:
            self.show_empty("")

    def show_nothing(self, text: str) -> None:
        self.picture = NOTHING
        self.show_empty(text)

    def redraw(self) -> None:
        picture = self.picture
        times = [int(one) for part in (picture.at_us, picture.band_us) if len(part) for one in (part[0], part[-1])]
        parts = [picture.values, picture.low, picture.middle, picture.high, np.array([picture.limit])]
        known = np.concatenate([part[np.isfinite(part)] for part in parts])
        bounds = round_range(float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        span = min(times) / US, (max(times) + picture.width_us) / US
        items = [*_marks(picture, *bounds), *_band(picture), _values(picture), *_lines(picture)]
        self.show_items(items, span, bounds)
        self._cursor.setPen(pg.mkPen(theme().color("text.dim")))

    def x_of(self, at_us: float) -> float:
        """Pixels from the left of the widget."""
        return float(self.box.mapViewToScene(QPointF(at_us / US, 0)).x())

    def told_at(self, x: float) -> str:
        """What stands under a place: the moment, the value, and what was expected."""
        picture = self.picture
        at_us = round(self.box.mapSceneToView(QPointF(x, 0)).x() * US)
        lines = []
        place = int(np.searchsorted(picture.at_us, at_us, "right")) - 1
        if 0 <= place < len(picture.at_us) and at_us < int(picture.at_us[place]) + 2 * picture.width_us:
            value = float(picture.values[place])
            lines.append(f"{_number(value)} {picture.unit}".rstrip() if np.isfinite(value) else tr("no data"))
        near = int(np.searchsorted(picture.band_us, at_us))
        if len(picture.band_us) and at_us >= picture.band_us[0] and near < len(picture.band_us):
            bounds = _number(float(picture.low[near])), _number(float(picture.high[near]))
            lines.append(tr("expected {low} to {high}", low=bounds[0], high=bounds[1]))
        lines += [text for begin, end, text in picture.marks if begin <= at_us < end]
        if not lines:
            return ""
        return "\n".join((f"{date_text(local(at_us))} {clock_text(at_us)[:5]}", *lines))

    def hovered(self, place: QPointF | None) -> None:
        told = self.told_at(place.x()) if place is not None else ""
        self._cursor.setVisible(bool(told))
        if place is None or not told:
            self.tell("")
            return
        at_s = self.box.mapSceneToView(place).x()
        self._cursor.setPos(at_s)
        self.tell(told, at_s, self.box.viewRange()[1][1])


def _marks(picture: BandPicture, low: float, high: float) -> list[pg.GraphicsObject]:
    """Spans that stand out: a darker ground and a bar on top, no alarm colour (they are no alarms)."""
    if not picture.marks:
        return []
    begin, end = (np.array([mark[side] for mark in picture.marks]) / US for side in (0, 1))
    made = []
    for color, bottom in ((theme().color("line.soft"), low), (theme().color("text"), high - _BAR * (high - low))):
        pen = pg.mkPen(color, width=2)  # the shortest are seen
        made.append(pg.BarGraphItem(x0=begin, x1=end, y0=bottom, y1=high, pen=pen, brush=pg.mkBrush(color)))
        made[-1].setZValue(-2)  # below the band
    return made


def _band(picture: BandPicture) -> list[pg.GraphicsObject]:
    if not len(picture.band_us):
        return []
    accent, edge = theme().color("accent"), pg.mkPen(theme().color("accent", 130))
    known = np.isfinite(picture.low) & np.isfinite(picture.high)
    times = picture.band_us / US
    low, high, middle = (
        pg.PlotCurveItem(times, values, pen=pen, connect="finite")
        for values, pen in (
            (np.where(known, picture.low, np.nan), edge),
            (np.where(known, picture.high, np.nan), edge),
            (picture.middle, pg.mkPen(accent, width=1.6, style=Qt.PenStyle.DashLine)),
        )
    )
    fill = pg.FillBetweenItem(low, high, pg.mkBrush(theme().color("accent", _BAND_ALPHA)))
    return [fill, low, high, middle]


def _values(picture: BandPicture) -> pg.GraphicsObject:
    """A value between two gaps is drawn as long as it was held."""
    known = np.isfinite(picture.values)
    around = np.pad(known, 1)
    alone = np.flatnonzero(known & ~around[:-2] & ~around[2:])
    times = np.insert(picture.at_us, alone + 1, picture.at_us[alone] + picture.width_us)
    values = np.insert(picture.values, alone + 1, picture.values[alone])
    return pg.PlotCurveItem(times / US, values, pen=pg.mkPen(theme().color("text"), width=1.3), connect="finite")


def _lines(picture: BandPicture) -> list[pg.GraphicsObject]:
    text, dim = theme().color("text"), theme().color("text.dim")
    made = []
    if np.isfinite(picture.limit):
        pen = pg.mkPen(text, width=1.4, style=Qt.PenStyle.DashDotLine)
        made.append(_line(picture.limit, 0, pen, picture.limit_text, 0.01))
    lines = [*picture.lines, *([(picture.now_us, tr("now"))] if picture.now_us else [])]
    for k, (at_us, word) in enumerate(lines):
        made.append(_line(at_us / US, 90, pg.mkPen(dim, style=Qt.PenStyle.DotLine), word, 0.05 + 0.07 * (k % 3)))
    return made


def _line(at: float, angle: int, pen: object, word: str, place: float) -> pg.InfiniteLine:
    """With its word on the side where there is room, `place` along it from the left or from below."""
    line = pg.InfiniteLine(at, angle, pen)
    anchors = [(0, 0.5), (1, 0.5)] if angle else [(0, 0), (0, 1)]
    text = word.replace("{", "{{").replace("}", "}}")  # pyqtgraph takes it for a format
    line.label = pg.InfLineLabel(line, text, position=place, anchors=anchors, color=line.pen.color())
    line.label.setFont(font("font_small"))
    return line


def _number(value: float) -> str:
    return number_text(value) if np.isfinite(value) else DASH
