"""Paints a part of the topology from columns: bands, links and cards in batches, with less detail from further away."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter, QPen

from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme
from console.widgets.trend_primitives import Boxes, Lines

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

STATES = ("ok", "alarm", "down", "stale", "blind", "unknown")
OK, ALARM, DOWN, STALE, BLIND, UNKNOWN = range(6)
CARD_W, CARD_H = 124.0, 54.0
BAND_HEAD = 34.0  # room for the caption above the first row
TEXT_SCALE = 0.4  # below it words cannot be read
LINES_SCALE = 0.58  # below it there is room for the name alone
SYMBOL_SCALE = 0.25
LANE = 12.0  # between a card and the lane that links of lower rows use
DASH_PX = 9.0  # a dash and its gap
CURVES = 1200  # more links than these are drawn straight and undashed


@dataclass(slots=True)
class Scene:
    """What is on the canvas, by card index. Texts are plain, one line, from outside."""

    names: list[str] = field(default_factory=list)
    headlines: list[str] = field(default_factory=list)
    place: Floats = field(default_factory=lambda: np.empty((0, 2)))
    links: Ints = field(default_factory=lambda: np.empty((0, 2), np.int64))
    state: Codes = field(default_factory=lambda: np.empty(0, np.int8))
    priority: Codes = field(default_factory=lambda: np.empty(0, np.int8))
    unacknowledged: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    proposed: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    bands: tuple[tuple[str, float, float], ...] = ()  # caption, top, height
    width: float = 0.0
    height: float = 0.0


class ScenePainter:
    """Draws any rectangle of the view. `scale` is pixels per unit; `origin` the pixel at the view's corner."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.scale = 1.0
        self.origin = (0, 0)
        self.chosen = -1  # the card whose links are drawn in the accent
        self._from = np.empty((0, 2))
        self._to = np.empty((0, 2))
        self._low = np.empty((0, 2))
        self._high = np.empty((0, 2))
        self._leave = self._enter = np.empty((0, 2))
        self._lines, self._boxes = Lines(), Boxes()
        self._elided: dict[tuple[str, int, bool], str] = {}

    def use(self, scene: Scene) -> None:
        self.scene = scene
        self._elided.clear()
        self.route()

    def route(self) -> None:
        """Where links begin and end; after cards moved."""
        scene = self.scene
        if not scene.links.size:
            self._from = self._to = self._low = self._high = self._leave = self._enter = np.empty((0, 2))
            return
        first, last = self._rows()
        upper, lower = scene.links[:, 0], scene.links[:, 1]
        swap = scene.place[upper, 1] > scene.place[lower, 1]
        upper, lower = np.where(swap, lower, upper), np.where(swap, upper, lower)
        a, b = scene.place[upper], scene.place[lower]
        start, end = a + np.array((CARD_W / 2, CARD_H)), b + np.array((CARD_W / 2, 0.0))
        beside = np.abs(a[:, 1] - b[:, 1]) < CARD_H
        right = a[:, 0] < b[:, 0]
        start[beside] = a[beside] + np.where(right[beside, None], (CARD_W, CARD_H / 2), (0.0, CARD_H / 2))
        end[beside] = b[beside] + np.where(right[beside, None], (0.0, CARD_H / 2), (CARD_W, CARD_H / 2))
        # In a band of several rows a link leaves and enters through the lane beside the cards, never behind them.
        inner = beside | (first[upper] == first[lower])
        out, into = ~inner & (a[:, 1] < last[upper] - CARD_H / 2), ~inner & (b[:, 1] > first[lower] + CARD_H / 2)
        self._leave, self._enter = np.full_like(a, np.nan), np.full_like(a, np.nan)
        self._leave[out] = np.stack((a[out, 0] + CARD_W + LANE, last[upper][out] + CARD_H + 4), axis=1)
        self._enter[into] = np.stack((b[into, 0] - LANE, first[lower][into] - 6), axis=1)
        start[out] = a[out] + np.array((CARD_W, CARD_H / 2))
        end[into] = b[into] + np.array((0.0, CARD_H / 2))
        self._from, self._to = start, end
        self._low, self._high = np.minimum(start, end) - LANE, np.maximum(start, end) + LANE

    def _rows(self) -> tuple[Floats, Floats]:
        """The y of the first and of the last row of every card's band."""
        y = self.scene.place[:, 1]
        tops = np.array([top for _caption, top, _height in self.scene.bands] or [0.0])
        band = np.clip(np.searchsorted(tops, y, side="right") - 1, 0, None)
        first, last = np.full(tops.size, np.inf), np.full(tops.size, -np.inf)
        np.minimum.at(first, band, y)
        np.maximum.at(last, band, y)
        return first[band], last[band]

    def box(self, index: int) -> QRectF:
        """A card in pixels of the view."""
        x, y = self.scene.place[index] * self.scale - self.origin
        return QRectF(x, y, CARD_W * self.scale, CARD_H * self.scale)

    def symbol_box(self, index: int) -> QRectF:
        size = max(9.0, 20 * min(self.scale, 1.4))
        corner = self.box(index).topRight()
        return QRectF(corner.x() - size * 0.62, corner.y() - size * 0.42, size, size)

    def visible(self, rect: QRect, margin: float = 14.0) -> Ints:
        """Indexes of the cards that touch the rectangle (pixels of the view)."""
        low = (np.array((rect.left(), rect.top())) - margin + self.origin) / self.scale
        high = (np.array((rect.right() + 1, rect.bottom() + 1)) + margin + self.origin) / self.scale
        place = self.scene.place
        inside = (place[:, 0] + CARD_W >= low[0]) & (place[:, 0] <= high[0])
        inside &= (place[:, 1] + CARD_H >= low[1]) & (place[:, 1] <= high[1])
        return np.flatnonzero(inside)

    def paint(self, painter: QPainter, rect: QRect) -> None:
        painter.setClipRect(rect)
        painter.fillRect(rect, theme().color("surface.base"))
        self._paint_bands(painter)
        self._paint_links(painter, rect)
        cards = self.visible(rect)
        if self.scale >= SYMBOL_SCALE:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_cards(painter, cards)
        else:
            self._paint_specks(painter, cards)

    def _paint_bands(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme().color("line.soft"), 1))
        painter.setBrush(theme().color("surface.panel"))
        radius = theme().measure("radius")
        for _caption, top, height in self.scene.bands:
            box = QRectF(0, top * self.scale - self.origin[1], self.scene.width * self.scale, height * self.scale)
            box.moveLeft(-self.origin[0])
            painter.drawRoundedRect(box, radius, radius)

    def _paint_links(self, painter: QPainter, rect: QRect) -> None:
        if not self._from.size:
            return
        self._paint_all_links(painter, rect)
        if self.chosen < 0:
            return
        mine = np.flatnonzero((self.scene.links == self.chosen).any(axis=1))[:CURVES].astype(np.int64)
        if mine.size:  # once more in the accent: in a dense plant this is how they are followed
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            broken = self._broken(mine)
            for part, dashed in ((mine[~broken], False), (mine[broken], True)):
                self._paint_curves(painter, part, QPen(theme().color("accent"), 1.8), rect, dashed=dashed)

    def _broken(self, links: Ints) -> NDArray[np.bool_]:
        """Links with an end that is dead or silent."""
        state = self.scene.state[self.scene.links[links]]
        return np.asarray(((state == DOWN) | (state == STALE) | (state == BLIND)).any(axis=1))

    def _paint_all_links(self, painter: QPainter, rect: QRect) -> None:
        low = (np.array((rect.left() - 2, rect.top() - 2)) + self.origin) / self.scale
        high = (np.array((rect.right() + 3, rect.bottom() + 3)) + self.origin) / self.scale
        touches = (self._high[:, 0] >= low[0]) & (self._low[:, 0] <= high[0])
        touches &= (self._high[:, 1] >= low[1]) & (self._low[:, 1] <= high[1])
        seen = np.flatnonzero(touches)
        broken = self._broken(seen)
        colour = theme().color("normal")
        if seen.size <= CURVES and self.scale >= SYMBOL_SCALE:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_curves(painter, seen[~broken], QPen(colour, 1.2), rect)
            self._paint_curves(painter, seen[broken], QPen(colour, 1.2), rect, dashed=True)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for part, token in ((seen[~broken], "line.strong"), (seen[broken], "stale")):
            rows = self._lines.rows(part.size)
            rows[:, :2] = self._from[part] * self.scale - self.origin
            rows[:, 2:] = self._to[part] * self.scale - self.origin
            painter.setPen(QPen(theme().color(token), 0))
            self._lines.draw(painter, part.size)

    def _paint_curves(self, painter: QPainter, links: Ints, pen: QPen, rect: QRect, *, dashed: bool = False) -> None:
        """Links as short straight lines, only those that touch `rect`: one big path costs a hundred times as much."""
        if not links.size:
            return
        pieces = self._pieces(links)
        length = np.abs(pieces[3] - pieces[0]).sum(axis=1)
        if dashed:
            parts = 2 ** np.clip(np.ceil(np.log2(np.maximum(length, 1.0) / DASH_PX)).astype(np.int64) + 1, 1, 10)
        else:
            bent = np.abs(pieces[1] - pieces[0] - (pieces[3] - pieces[0]) / 3).sum(axis=1) > 0.5
            parts = np.where(bent, np.where(length > 200, 40, 16), 1)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        low, high = (rect.left() - 2, rect.top() - 2), (rect.right() + 3, rect.bottom() + 3)
        for count in np.unique(parts).tolist():
            points = _flattened(pieces[:, parts == count], count)
            ends = np.concatenate((points[:, :-1], points[:, 1:]), axis=2)
            ends = (ends[:, ::2] if dashed else ends).reshape(-1, 4)
            touches = (np.maximum(ends[:, 0], ends[:, 2]) >= low[0]) & (np.minimum(ends[:, 0], ends[:, 2]) <= high[0])
            touches &= (np.maximum(ends[:, 1], ends[:, 3]) >= low[1]) & (np.minimum(ends[:, 1], ends[:, 3]) <= high[1])
            n = int(touches.sum())
            self._lines.rows(n)[:] = ends[touches]
            self._lines.draw(painter, n)

    def _pieces(self, links: Ints) -> Floats:
        """Cubic pieces (4 points, n, xy) in pixels: the bow of every link and the straight ways through lanes."""
        start, end, leave, enter = (
            column[links] * self.scale - self.origin for column in (self._from, self._to, self._leave, self._enter)
        )
        leaves, enters = ~np.isnan(leave[:, 0]), ~np.isnan(enter[:, 0])
        a, b = np.where(leaves[:, None], leave, start), np.where(enters[:, None], enter, end)
        middle = (a[:, 1] + b[:, 1]) / 2
        one, two = np.stack((a[:, 0], middle), axis=1), np.stack((b[:, 0], middle), axis=1)
        flat = np.abs(end[:, 1] - start[:, 1]) < CARD_H * self.scale * 0.6
        one[flat], two[flat] = a[flat] + (b[flat] - a[flat]) / 3, a[flat] + (b[flat] - a[flat]) * 2 / 3
        bows = np.stack((a, one, two, b))
        corner = np.stack((leave[leaves, 0], start[leaves, 1]), axis=1)
        turn = np.stack((enter[enters, 0], end[enters, 1]), axis=1)
        ways = ((start[leaves], corner), (corner, leave[leaves]), (enter[enters], turn), (turn, end[enters]))
        straight = [np.stack((p, p + (q - p) / 3, p + (q - p) * 2 / 3, q)) for p, q in ways]
        return np.concatenate((bows, *straight), axis=1)

    def _paint_specks(self, painter: QPainter, cards: Ints) -> None:
        """From far away: boxes in the colour of their state; what is not known stays hollow."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        state, priority = self.scene.state[cards], self.scene.priority[cards]
        kinds = [(state == OK, "surface.raised", "line.strong")]
        kinds += [((state == STALE) | (state == BLIND) | (state == UNKNOWN), "", "stale")]
        kinds += [((state == DOWN) & (priority == 0), "text.dim", "text")]
        bad = (state == ALARM) | (state == DOWN)
        kinds += [
            (bad & (priority == k), f"alarm.{name}", f"alarm.{name}.edge")
            for k, name in ((4, "low"), (3, "medium"), (2, "high"), (1, "critical"))
        ]
        for mask, fill, edge in kinds:
            part = cards[mask]
            rows = self._boxes.rows(part.size)
            rows[:, :2] = self.scene.place[part] * self.scale - self.origin
            rows[:, 2], rows[:, 3] = max(CARD_W * self.scale, 2.0), max(CARD_H * self.scale, 2.0)
            painter.setPen(QPen(theme().color(edge), 0))
            painter.setBrush(QBrush(theme().color(fill)) if fill else QBrush(Qt.BrushStyle.NoBrush))
            self._boxes.draw(painter, part.size)

    def _paint_cards(self, painter: QPainter, cards: Ints) -> None:
        scene = self.scene
        for index in cards.tolist():
            self._paint_card(painter, index, int(scene.state[index]), int(scene.priority[index]))
            if scene.priority[index] and not scene.unacknowledged[index]:
                paint_symbol(painter, self.symbol_box(index), int(scene.priority[index]), SymbolState.ACKNOWLEDGED)

    def _paint_card(self, painter: QPainter, index: int, state: int, priority: int) -> None:
        box = self.box(index)
        pen, fill = outline(state, priority)
        painter.setPen(pen)
        painter.setBrush(fill)
        radius = 0 if self.scene.proposed[index] else theme().measure("radius") * min(self.scale, 1.0)
        painter.drawRoundedRect(box, radius, radius)
        if state == BLIND:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(theme().color("line.strong"), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, radius, radius)
        if self.scale < TEXT_SCALE:
            return
        is_dim = state in (STALE, BLIND, UNKNOWN)
        if self.scale < LINES_SCALE:
            painter.setPen(theme().color("text.dim" if is_dim else "text"))
            self._word(painter, box.adjusted(2, 0, -2, 0), self.scene.names[index], 13, bold=not is_dim, italic=is_dim)
            return
        half = box.height() / 2
        upper = QRectF(box.left() + 6, box.top() + half * 0.18, box.width() - 12, half * 0.8)
        lower = QRectF(box.left() + 6, box.top() + half * 0.98, box.width() - 12, half * 0.8)
        painter.setPen(theme().color("text.dim" if is_dim else "text"))
        self._word(painter, upper, self.scene.names[index], 13, bold=not is_dim, italic=is_dim)
        painter.setPen(theme().color("text" if state in (DOWN, ALARM) else "text.dim"))
        self._word(painter, lower, self.scene.headlines[index], 12, bold=state == DOWN, italic=is_dim)

    def _word(self, painter: QPainter, box: QRectF, text: str, size: int, *, bold: bool, italic: bool) -> None:
        font = QFont(painter.font())
        font.setPixelSize(max(9 if self.scale < LINES_SCALE else 7, round(size * min(self.scale, 1.6))))
        font.setBold(bold)
        font.setItalic(italic)
        painter.setFont(font)
        key = (text, int(box.width()), bold)
        shown = self._elided.get(key)
        if shown is None:
            if len(self._elided) > 20_000:
                self._elided.clear()
            metrics = QFontMetrics(font)
            shown = metrics.elidedText(text[:400], Qt.TextElideMode.ElideRight, int(box.width()))
            self._elided[key] = shown
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine), shown)

    def ring(self, painter: QPainter, index: int, colour: QColor, width: float) -> None:
        """The frame around a selected or hovered card."""
        painter.setPen(QPen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        gap = 4 * min(self.scale, 1.0) + 1
        painter.drawRoundedRect(self.box(index).adjusted(-gap, -gap, gap, gap), 8, 8)


def _flattened(pieces: Floats, count: int) -> Floats:
    """Points (n, count + 1, xy) along cubic pieces (4, n, xy)."""
    t = np.linspace(0.0, 1.0, count + 1)[None, :, None]
    p, q, r, s = (point[:, None, :] for point in pieces)
    return np.asarray((1 - t) ** 3 * p + 3 * (1 - t) ** 2 * t * q + 3 * (1 - t) * t**2 * r + t**3 * s)


def outline(state: int, priority: int) -> tuple[QPen, QBrush]:
    """How a card of this state is drawn; what is not known is dashed and never filled like something healthy."""
    raised = QBrush(theme().color("surface.raised"))
    if state in (STALE, BLIND, UNKNOWN):
        pen = QPen(theme().color("stale"), 1.2)
        pen.setDashPattern([4, 3] if state != UNKNOWN else [1, 3])
        return pen, QBrush(theme().color("surface.panel"))
    if priority and state in (ALARM, DOWN):
        return QPen(theme().priority_color(priority, "edge" if priority != 3 else ""), 2), raised
    if state == DOWN:
        return QPen(theme().color("text"), 2), raised
    return QPen(theme().color("line.strong"), 1), raised
