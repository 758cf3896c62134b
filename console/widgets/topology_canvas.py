"""One canvas for the whole topology: pans by scrolling a kept picture, zooms, selects and moves cards."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from console.ui.fonts import font
from console.ui.plain_label import plain_tip
from console.ui.priority_symbol import SymbolState, flash_clock, paint_symbol
from console.ui.theme import theme
from console.widgets.topology_painter import BAND_HEAD, CARD_H, CARD_W, SYMBOL_SCALE, Scene, ScenePainter

LEAST_SCALE, MOST_SCALE = 0.01, 3.0
DRAG_PX = 6
PREVIEW_CARDS, PREVIEW_MS = 4000, 80
NOBODY = -1
_DIRECTIONS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


class TopologyCanvas(QWidget):
    """Cards are known by their index in the scene. Arrow keys go along links first, then to the nearest card."""

    node_selected = Signal(int)  # -1: nothing
    node_opened = Signal(int)
    node_moved = Signal(int, float, float)
    node_carried = Signal(int)  # dragged beyond the edge: it stays where it was, and is to be dropped elsewhere

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painter = ScenePainter()
        self._picture = QPixmap()
        self._is_fresh = False
        self._selected = self._hovered = NOBODY
        self._press: QPoint | None = None
        self._dragged = NOBODY
        self._home: list[float] = []  # where the dragged card stood
        self._is_panning = False
        self._preview: QRectF | None = None  # where the old picture lies while a large plant is zoomed
        self._settle = QTimer(self, singleShot=True, interval=PREVIEW_MS)
        self._settle.timeout.connect(self.redraw)
        self._fits = True  # keep everything in view until the person zooms or pans
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 150)
        theme().changed.connect(self.redraw)
        flash_clock().beat.connect(self._on_beat)

    @property
    def scene(self) -> Scene:
        return self._painter.scene

    @property
    def selected(self) -> int:
        return self._selected

    @property
    def scale(self) -> float:
        return self._painter.scale

    def set_scene(self, scene: Scene, selected: int = NOBODY) -> None:
        """Show another graph; the view stays unless everything was in view before."""
        self._painter.use(scene)
        self._selected, self._hovered = selected, NOBODY
        self._painter.chosen = selected
        self._hold_flash()
        if self._fits:
            self.fit()
        self.redraw()

    def states_changed(self, cards: NDArray[np.int64] | None = None) -> None:
        """The scene's states were written; only pictures of what is visible are drawn again."""
        self._hold_flash()
        if cards is None or cards.size > 64 or not self._is_fresh:
            self.redraw()
            return
        visible = set(self._painter.visible(self.rect()).tolist())
        if visible.intersection(cards.tolist()):
            self.redraw()

    def redraw(self) -> None:
        self._is_fresh, self._preview = False, None
        self.update()

    def fit(self) -> None:
        """Everything in view, never larger than life."""
        scene = self.scene
        if scene.width <= 0 or scene.height <= 0:
            return
        scale = min((self.width() - 16) / scene.width, (self.height() - 16) / scene.height, 1.25)
        self._painter.scale = max(scale, LEAST_SCALE)
        left = (scene.width * self._painter.scale - self.width()) / 2
        top = (scene.height * self._painter.scale - self.height()) / 2
        self._painter.origin = (round(left), round(max(top, -8.0)))
        self._fits = True
        self.redraw()

    def centre_on(self, index: int, *, select: bool = True) -> None:
        """Bring a card to the middle, readable."""
        if not 0 <= index < len(self.scene.names):
            return
        if select:
            self.select(index)
        self._painter.scale = max(self._painter.scale, 0.8)
        middle = (self.scene.place[index] + (CARD_W / 2, CARD_H / 2)) * self._painter.scale
        self._painter.origin = (round(middle[0] - self.width() / 2), round(middle[1] - self.height() / 2))
        self._fits = False
        self.redraw()

    def select(self, index: int) -> None:
        if index != self._selected:
            self._selected = self._painter.chosen = index
            self.redraw()
            self.node_selected.emit(index)

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the view (default its middle)."""
        place = at or QPointF(self.width() / 2, self.height() / 2)
        scale = min(max(self._painter.scale * factor, LEAST_SCALE), MOST_SCALE)
        ratio = scale / self._painter.scale
        x, y = self._painter.origin
        if len(self.scene.names) > PREVIEW_CARDS and (self._is_fresh or self._preview is not None):
            lies = self._preview or QRectF(self.rect())
            self._preview = QRectF(
                (lies.x() - place.x()) * ratio + place.x(),
                (lies.y() - place.y()) * ratio + place.y(),
                lies.width() * ratio,
                lies.height() * ratio,
            )
            self._settle.start()
        self._painter.origin = (round((x + place.x()) * ratio - place.x()), round((y + place.y()) * ratio - place.y()))
        self._painter.scale = scale
        self._fits = False
        if self._preview is None:
            self.redraw()
        else:
            self._is_fresh = False
            self.update()

    def pan(self, dx: int, dy: int) -> None:
        """Move the view by pixels: the kept picture scrolls and only the new edge is drawn."""
        x, y = self._painter.origin
        self._painter.origin = (x + dx, y + dy)
        self._fits = False
        size, ratio = self.size(), self.devicePixelRatioF()
        moved = (round(dx * ratio), round(dy * ratio))
        is_whole = abs(moved[0] - dx * ratio) < 1e-6 and abs(moved[1] - dy * ratio) < 1e-6
        if not self._is_fresh or not is_whole or abs(dx) >= size.width() or abs(dy) >= size.height():
            self.redraw()
            return
        self._picture.scroll(-moved[0], -moved[1], self._picture.rect(), QRegion())
        painter = QPainter(self._picture)
        if dx:
            self._painter.paint(painter, QRect(size.width() - dx if dx > 0 else 0, 0, abs(dx), size.height()))
        if dy:
            self._painter.paint(painter, QRect(0, size.height() - dy if dy > 0 else 0, size.width(), abs(dy)))
        painter.end()
        self.update()

    def card_at(self, place: QPointF) -> int:
        """Index of the card under a point of the view, -1 for none."""
        near = self._painter.visible(QRect(int(place.x()), int(place.y()), 1, 1), 0)
        hits = [index for index in near.tolist() if self._painter.box(index).contains(place)]
        return hits[-1] if hits else NOBODY

    def neighbour(self, index: int, direction: tuple[float, float]) -> int:
        """The card that an arrow key goes to: linked ones win over nearer ones."""
        scene = self.scene
        way = scene.place - scene.place[index]
        along = way[:, 0] * direction[0] + way[:, 1] * direction[1]
        across = np.abs(way[:, 0] * direction[1]) + np.abs(way[:, 1] * direction[0])
        cost = along + 2.0 * across
        links = scene.links
        linked = np.zeros(len(scene.names), np.bool_)
        if links.size:
            linked[links[links[:, 0] == index, 1]] = True
            linked[links[links[:, 1] == index, 0]] = True
        ahead = along > CARD_H / 4
        ahead[index] = False
        if direction[0]:  # sideways stays on the level: links mostly lead up and down
            linked &= across <= 0.5 * along
        for candidates in (ahead & linked, ahead):
            rows = np.flatnonzero(candidates)
            if rows.size:
                return int(rows[np.argmin(cost[rows])])
        return NOBODY

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        wanted = self.size() * ratio
        if self._picture.size() != wanted:
            self._picture = QPixmap(wanted)
            self._is_fresh, self._preview = False, None
        self._picture.setDevicePixelRatio(ratio)
        if not self._is_fresh and self._preview is None:
            drawing = QPainter(self._picture)
            drawing.setFont(self.font())
            self._painter.paint(drawing, self.rect())
            drawing.end()
            self._is_fresh = True
        painter = QPainter(self)
        if self._preview is not None:
            painter.fillRect(self.rect(), theme().color("surface.base"))
            painter.drawPixmap(self._preview, self._picture, QRectF(self._picture.rect()))
        else:
            painter.drawPixmap(0, 0, self._picture)
        self._paint_overlay(painter)
        painter.end()

    def _paint_overlay(self, painter: QPainter) -> None:
        """What moves or flashes: band captions at the edge, rings, symbols of what is unacknowledged."""
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text.dim"))
        scale, (x, y) = self._painter.scale, self._painter.origin
        room = min(8.0, max(0.0, (BAND_HEAD * scale - painter.fontMetrics().height()) / 2))  # above the cards
        for caption, top, height in self.scene.bands:
            if height * scale >= 18:
                place = QRectF(max(14.0, 14.0 - x), top * scale - y + room, self.width() - 28, 20)
                ground = painter.boundingRect(place, Qt.AlignmentFlag.AlignLeft, caption).adjusted(-3, 0, 3, 0)
                painter.fillRect(ground, theme().color("surface.panel", 225))
                painter.drawText(place, Qt.AlignmentFlag.AlignLeft, caption)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._hovered not in (NOBODY, self._selected):
            self._painter.ring(painter, self._hovered, theme().color("text.dim"), 1)
        if self._selected != NOBODY:
            self._painter.ring(painter, self._selected, theme().color("accent"), 2)
        if scale < SYMBOL_SCALE:
            return
        lit = flash_clock().lit(SymbolState.UNACKNOWLEDGED)
        for index in self._flashing().tolist():
            priority = int(self.scene.priority[index])
            paint_symbol(painter, self._painter.symbol_box(index), priority, SymbolState.UNACKNOWLEDGED, lit=lit)

    def _flashing(self) -> NDArray[np.int64]:
        visible = self._painter.visible(self.rect())
        return visible[self.scene.unacknowledged[visible] & (self.scene.priority[visible] > 0)]

    def _hold_flash(self) -> None:
        flash_clock().hold(self, bool(self.isVisible() and self.scene.unacknowledged.any()))

    def _on_beat(self) -> None:
        if self.isVisible() and self._painter.scale >= SYMBOL_SCALE:
            for index in self._flashing().tolist()[:200]:
                self.update(self._painter.symbol_box(index).toAlignedRect().adjusted(-2, -2, 2, 2))

    def showEvent(self, event: object) -> None:
        self._hold_flash()

    def hideEvent(self, event: object) -> None:
        flash_clock().hold(self, False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fits:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.15 ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position().toPoint()
            self._dragged = self.card_at(event.position())
            if self._dragged != NOBODY:
                self._home = self.scene.place[self._dragged].tolist()
            self._is_panning = False
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self.select(self.card_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if self._press is None:
            hovered = self.card_at(event.position())
            if hovered != self._hovered:
                self._hovered = hovered
                self.update()
            return
        moved = place - self._press
        if not self._is_panning and math.hypot(moved.x(), moved.y()) < DRAG_PX:
            return
        self._is_panning = True
        self._press = place
        if self._dragged == NOBODY:
            self.pan(-moved.x(), -moved.y())
        elif self.rect().contains(place):
            self.scene.place[self._dragged] += (moved.x() / self.scale, moved.y() / self.scale)
            self._painter.route()
            self.redraw()
        else:
            self._carry_off()

    def _carry_off(self) -> None:
        """The card is dragged out: it returns to its place."""
        carried = self._dragged
        self.scene.place[carried] = self._home
        self._press, self._dragged, self._is_panning = None, NOBODY, False
        self._painter.route()
        self.redraw()
        self.node_carried.emit(carried)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_panning and self._dragged != NOBODY:
            x, y = self.scene.place[self._dragged].tolist()
            self.node_moved.emit(self._dragged, x, y)
        self._press, self._dragged, self._is_panning = None, NOBODY, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.card_at(event.position())
        if index != NOBODY:
            self.node_opened.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        direction = _DIRECTIONS.get(key)
        if direction is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(round(direction[0] * 80), round(direction[1] * 80))
        elif direction is not None and self.scene.names:
            to = self.neighbour(self._selected, direction) if self._selected != NOBODY else 0
            if to != NOBODY:
                self.select(to)
                self._show(to)
        elif key == Qt.Key.Key_Plus:
            self.zoom(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom(0.8)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selected != NOBODY:
            self.node_opened.emit(self._selected)
        else:
            super().keyPressEvent(event)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            index = self.card_at(QPointF(event.pos()))
            text = f"{self.scene.names[index]}\n{self.scene.headlines[index]}" if index != NOBODY else ""
            QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return bool(super().event(event))  # type: ignore[arg-type]

    def _show(self, index: int) -> None:
        if not QRectF(self.rect()).contains(self._painter.box(index)):
            self.centre_on(index, select=False)
