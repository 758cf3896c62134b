"""State strips: yes/no and text tags as runs of colour on the time axis, each with its word; what is not trusted is
hatched and says so, and never looks like a state."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QContextMenuEvent, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.ui.fonts import font
from console.ui.format import age_text, clock_text
from console.ui.plain_label import plain_tip
from console.ui.theme import theme
from console.ui.translation import tr
from console.ui.trend_marks import StateRun
from console.widgets.trend_curve import Window
from console.widgets.trend_layers import x_of

HEIGHT, NAME = 36, 15  # of a row, and of the line with its name in it
WORD_PX = 26  # a shorter run shows no word
_ALPHAS = (150, 90)


class StateStrip(QWidget):
    """One row for one tag, linked to the time axis by `show_window`. `menu_wanted`: what can be done with the row."""

    menu_wanted = Signal(object)  # place on the screen

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        """`name` and `tip` are plain text."""
        super().__init__(parent)
        self._name, self._tip = name, tip
        self._runs: tuple[StateRun, ...] = ()
        self._window: Window | None = None
        self._sides = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme().changed.connect(self.update)

    @property
    def runs(self) -> tuple[StateRun, ...]:
        return self._runs

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, HEIGHT)

    def show_runs(self, runs: Sequence[StateRun]) -> None:
        """In time order; where there is none, nothing is known."""
        self._runs = tuple(runs)
        self.update()

    def show_window(self, window: Window | None) -> None:
        self._window = window
        self.update()

    def set_sides(self, left: int, right: int) -> None:
        self._sides = (left, right)
        self.update()

    def run_at(self, x: float) -> StateRun | None:
        """What stands at this place."""
        if self._window is None:
            return None
        box = self._box()
        return next(
            (
                one
                for one in self._runs
                if x_of(one.from_us, self._window, box) <= x < x_of(one.to_us, self._window, box)
            ),
            None,
        )

    def _box(self) -> QRectF:
        left, right = self._sides
        return QRectF(left, NAME, max(self.width() - left - right, 1), self.height() - NAME - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.setFont(font("font_small"))
        painter.fillRect(box, theme().color("surface.raised"))
        window = self._window
        if window is not None:
            painter.setClipRect(box)
            known = min(x_of(window.until_us, window, box), box.right())
            _hatch(painter, QRectF(box.left(), box.top(), max(known - box.left(), 0), box.height()))
            for run in self._runs:
                self._paint(painter, run, window, box)
            painter.setClipping(False)
        painter.setPen(theme().color("line.strong"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        self._paint_name(painter, box)
        painter.end()

    def _paint(self, painter: QPainter, run: StateRun, window: Window, box: QRectF) -> None:
        left = max(x_of(run.from_us, window, box), box.left())
        right = min(x_of(run.to_us, window, box), box.right())
        if right <= left:
            return
        place = QRectF(left, box.top(), max(right - left, 1.0), box.height())
        painter.fillRect(place, theme().color("surface.raised"))
        if run.shade < 0:
            _hatch(painter, place)
        else:
            painter.fillRect(place, _shade(run))
            painter.fillRect(QRectF(left, box.top(), 1, box.height()), theme().color("surface.raised"))
        if place.width() >= WORD_PX:
            self._paint_word(painter, run, place)

    def _paint_word(self, painter: QPainter, run: StateRun, place: QRectF) -> None:
        slanted = font("font_small")
        slanted.setItalic(run.shade < 0 or run.is_mixed)
        painter.setFont(slanted)
        words = tr("changing") if run.is_mixed else " ".join(run.text.split())
        room = place.adjusted(5, 0, -3, 0)
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room.width()))
        if run.shade < 0:
            free = painter.fontMetrics().horizontalAdvance(shown) + 6
            painter.fillRect(QRectF(place.left() + 2, place.top() + 2, free, place.height() - 4), _ground())
        painter.setPen(theme().color("text.dim" if run.shade < 0 else "text"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _paint_name(self, painter: QPainter, box: QRectF) -> None:
        """Above its runs, as the titles of plots stand."""
        painter.setFont(font("font_small", bold=True))
        painter.setPen(theme().color("text"))
        place = QRectF(box.left() + 2, 0, box.width() - 4, NAME)
        shown = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, int(place.width()))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tip_at(event.pos().x())
            QToolTip.showText(event.globalPos(), plain_tip(text).replace("\n", "<br>"), self)
            return True
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """What it was then, since when and how long; the tag itself beside the row."""
        if x < self._sides[0]:
            return self._tip
        run = self.run_at(x)
        if run is None:
            return f"{self._tip}\n{tr('unknown')}"
        words = tr("changing") if run.is_mixed else run.text
        lasted = age_text(run.to_us - run.from_us)
        return f"{self._tip}\n{words}\n{clock_text(run.from_us)} – {clock_text(run.to_us)} ({lasted})"

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())


def _shade(run: StateRun) -> QBrush:
    """The quiet state is grey; the others have pen colours, which are none of alarms and none of health."""
    if run.shade == 0:
        return QBrush(theme().color("line.soft"))
    colour = theme().color(f"pen.{(run.shade - 1) % 8 + 1}", _ALPHAS[((run.shade - 1) // 8) % 2])
    return QBrush(colour, Qt.BrushStyle.Dense4Pattern if run.is_mixed else Qt.BrushStyle.SolidPattern)


def _hatch(painter: QPainter, place: QRectF) -> None:
    """Nothing that can be trusted is known here."""
    painter.fillRect(place, QBrush(theme().color("stale", 110), Qt.BrushStyle.BDiagPattern))


def _ground() -> QBrush:
    return QBrush(theme().color("surface.raised"))
