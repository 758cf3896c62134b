"""A value around one moment as a small picture: the curve, its limits, and the moment itself; painted, never a plot to
work in. Nothing here takes longer than its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.ui.fonts import font
from console.ui.format import clock_text, number_text
from console.ui.priority_symbol import SymbolState, paint_symbol
from console.ui.theme import theme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 6, 22, 20
_LIMIT_TOKENS = {"HH": "alarm.critical", "H": "alarm.medium", "L": "alarm.medium", "LL": "alarm.critical"}
_NEAR = 1.5  # limits farther from the curve than this many of its heights are left out


@dataclass(frozen=True, slots=True)
class Snippet:
    """Columns of equal length, times ascending. `until_us`: nothing is known after it. `crossed` names a limit."""

    from_us: int
    to_us: int
    until_us: int
    time_us: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]
    good: NDArray[np.bool_]
    limits: tuple[tuple[str, float], ...] = ()
    crossed: str = ""
    mark_us: int = 0
    priority: int = 0
    unit: str = ""


class TrendSnippet(QWidget):
    """`show_snippet` draws, `show_words` says why there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.snippet: Snippet | None = None
        self.words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 150)

    def show_snippet(self, snippet: Snippet) -> None:
        self.snippet, self.words = snippet, ""
        self.update()

    def show_words(self, words: str) -> None:
        self.snippet, self.words = None, words
        self.update()

    # geometry

    def _box(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(self.width() - _LEFT - _RIGHT, 1), max(self.height() - _TOP - _BOTTOM, 1))

    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value shown: the curve, the crossed limit, and limits that are near."""
        import numpy as np

        shown = self.snippet
        if shown is None:
            return 0.0, 1.0
        values = np.concatenate([shown.low, shown.high])
        values = values[np.isfinite(values)]
        crossed = dict(shown.limits).get(shown.crossed)
        known = [
            *([float(values.min()), float(values.max())] if values.size else []),
            *([] if crossed is None else [crossed]),
        ]
        if not known:
            return 0.0, 1.0
        low, high = min(known), max(known)
        reach = (high - low) * _NEAR
        near = [value for _name, value in shown.limits if low - reach <= value <= high + reach]
        low, high = min([low, *near]), max([high, *near])
        air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        return low - air, high + air

    def _x(self, at_us: float) -> float:
        assert self.snippet is not None
        box = self._box()
        share = (at_us - self.snippet.from_us) / max(self.snippet.to_us - self.snippet.from_us, 1)
        return box.left() + min(max(share, 0.0), 1.0) * box.width()

    def lines(self) -> tuple[list[QLineF], list[QLineF]]:
        """What is trusted and what is not, in pixels: values hold until the next one and end where knowing ends."""
        import numpy as np

        shown = self.snippet
        if shown is None or not len(shown.time_us):
            return [], []
        box, (low, high) = self._box(), self.value_range()
        scale = box.height() / (high - low)
        ends = np.append(shown.time_us[1:], min(shown.until_us, shown.to_us))
        trusted: list[QLineF] = []
        doubted: list[QLineF] = []
        before: QPointF | None = None
        columns = (shown.time_us, ends, shown.low, shown.high, shown.last, shown.good)
        for at, end, least, most, last, good in zip(*(column.tolist() for column in columns), strict=True):
            if last != last:  # noqa: PLR0124 nan: a gap
                before = None
                continue
            lines = trusted if good else doubted
            x, y = self._x(at), box.bottom() - (last - low) * scale
            if before is not None:
                lines.append(QLineF(x, before.y(), x, y))
            if most > least:
                lines.append(QLineF(x, box.bottom() - (least - low) * scale, x, box.bottom() - (most - low) * scale))
            before = QPointF(self._x(max(end, at)), y)
            lines.append(QLineF(QPointF(x, y), before))
        return trusted, doubted

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.setFont(font("font_small"))
        painter.fillRect(box, theme().color("surface.panel"))
        if self.snippet is None:
            painter.setPen(theme().color("text.dim"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.words)
        else:
            self._paint_limits(painter, box, self.snippet)
            self._paint_curve(painter, box)
            self._paint_moment(painter, box, self.snippet)
            self._paint_times(painter, box, self.snippet)
        painter.setPen(theme().color("line.strong"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_limits(self, painter: QPainter, box: QRectF, shown: Snippet) -> None:
        low, high = self.value_range()
        for name, value in shown.limits:
            if not low <= value <= high:
                continue
            y = box.bottom() - (value - low) / (high - low) * box.height()
            colour = theme().color(f"{_LIMIT_TOKENS.get(name, 'alarm.medium')}.edge")
            style = Qt.PenStyle.SolidLine if name == shown.crossed else Qt.PenStyle.DashLine
            painter.setPen(QPen(colour, 2 if name == shown.crossed else 1, style))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            words = f"{name} {number_text(value, digits=9)}"
            under = y - box.top() < painter.fontMetrics().height() + 2
            place = QRectF(box.left() + 4, y + 1 if under else y - painter.fontMetrics().height(), box.width() - 8, 16)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), words)

    def _paint_curve(self, painter: QPainter, box: QRectF) -> None:
        painter.save()
        painter.setClipRect(box)
        trusted, doubted = self.lines()
        painter.setPen(QPen(theme().color("text"), 1.5))
        painter.drawLines(trusted)
        painter.setPen(QPen(theme().color("stale"), 1.5, Qt.PenStyle.DotLine))
        painter.drawLines(doubted)
        painter.restore()

    def _paint_moment(self, painter: QPainter, box: QRectF, shown: Snippet) -> None:
        if not shown.from_us <= shown.mark_us <= shown.to_us:
            return
        x = self._x(shown.mark_us)
        painter.setPen(theme().color("text"))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        paint_symbol(painter, QRectF(x - 9, 2, 18, 18), shown.priority, SymbolState.ACKNOWLEDGED)

    def _paint_times(self, painter: QPainter, box: QRectF, shown: Snippet) -> None:
        painter.setPen(theme().color("text.dim"))
        for at_us, where in _moments(shown):
            painter.drawText(QRectF(box.left(), box.bottom() + 3, box.width(), 16), int(where), clock_text(at_us)[:5])
        if not shown.limits and not shown.unit:
            return  # a state: yes or no needs no numbers
        low, high = self.value_range()
        words = f"{number_text(low)} … {number_text(high)} {shown.unit}".rstrip()
        is_late = self._x(shown.mark_us) > box.center().x()  # the symbol of the moment stands in the same line
        where = Qt.AlignmentFlag.AlignLeft if is_late else Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(box.left(), 3, box.width(), 16), int(where), words)


def _moments(shown: Snippet) -> Sequence[tuple[int, Qt.AlignmentFlag]]:
    return (
        (shown.from_us, Qt.AlignmentFlag.AlignLeft),
        ((shown.from_us + shown.to_us) // 2, Qt.AlignmentFlag.AlignHCenter),
        (shown.to_us, Qt.AlignmentFlag.AlignRight),
    )
