"""The strip under the alarm list: which area was in alarm when, over the last eight hours."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.models.alarm_spans import AlarmSpans, AreaLine
from console.ui.fonts import font
from console.ui.format import clock_text
from console.ui.plain_label import plain_tip
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n

HOURS = 8
LINES = 6
_REFRESH_MS = 2_000
_SPAN_US = HOURS * 3_600_000_000
_TITLE = mark("Last 8 hours by area")
_LEFT, _RIGHT, _TOP, _LINE = 150, 24, 34, 20


class AlarmTimeline(QWidget):
    """Calm colours for what is over; full colour for what lasts. Repaints every two seconds while it is seen."""

    def __init__(self, spans: AlarmSpans, now_us: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans = spans
        self._now_us = now_us
        self._lines: tuple[AreaLine, ...] = ()
        self._more = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr(_TITLE))
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        theme().changed.connect(self.refresh)

    def sizeHint(self) -> QSize:
        return QSize(600, _TOP + LINES * _LINE + 26)

    minimumSizeHint = sizeHint

    def refresh(self) -> None:
        """Ask for the lines again."""
        now = self._now_us()
        slots = max(1, self.width() - _LEFT - _RIGHT)
        self._lines, self._more = self._spans.lines(now - _SPAN_US, now, slots, LINES)
        self.update()

    def showEvent(self, event: QEvent) -> None:
        self._timer.start()
        self.refresh()

    def hideEvent(self, event: QEvent) -> None:
        self._timer.stop()

    def resizeEvent(self, event: QEvent) -> None:
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface.panel"))
        painter.setPen(theme().color("line.strong"))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text.dim"))
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        more = f" · {tr_n('{n} more area', '{n} more areas', self._more)}" if self._more else ""
        painter.drawText(QRectF(14, 6, self.width() - 28, 22), middle, tr(_TITLE) + more)
        for number, line in enumerate(self._lines):
            self._paint_line(painter, line, _TOP + number * _LINE)
        if not self._lines:
            painter.drawText(QRectF(14, _TOP, self.width() - 28, 22), middle, tr("No alarm in this time."))
        self._paint_hours(painter)
        painter.end()

    def _paint_line(self, painter: QPainter, line: AreaLine, top: int) -> None:
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme().color("text"))
        shown = painter.fontMetrics().elidedText(line.area or tr("no area"), Qt.TextElideMode.ElideRight, _LEFT - 26)
        painter.drawText(QRectF(14, top, _LEFT - 20, _LINE), middle, shown)
        painter.setPen(theme().color("line.soft"))
        painter.drawLine(_LEFT, top + _LINE // 2, self.width() - _RIGHT, top + _LINE // 2)
        slots = self.width() - _LEFT - _RIGHT
        for priority in (4, 3, 2, 1):
            color = theme().priority_color(priority)
            for first, last in line.runs.get(priority, ()):
                tone = theme().color(_TOKENS[priority], 255 if last >= slots else 150) if priority > 2 else color
                box = QRectF(_LEFT + first, top + 5, max(2, last - first), _LINE - 10)
                painter.fillRect(box, tone)

    def _paint_hours(self, painter: QPainter) -> None:
        painter.setPen(theme().color("text.dim"))
        now = self._now_us()
        slots = self.width() - _LEFT - _RIGHT
        top = _TOP + LINES * _LINE + 2
        hour = now - now % 3_600_000_000
        while hour > now - _SPAN_US:
            x = _LEFT + (hour - (now - _SPAN_US)) / _SPAN_US * slots
            box = QRectF(x - 24, top, 48, 18)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), clock_text(hour)[:5])
            hour -= 2 * 3_600_000_000

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = (event.pos().y() - _TOP) // _LINE
            if 0 <= number < len(self._lines) and event.pos().y() >= _TOP:
                QToolTip.showText(event.globalPos(), plain_tip(self._told(self._lines[number], event.pos().x())), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _told(self, line: AreaLine, x: int) -> str:
        slots = max(1, self.width() - _LEFT - _RIGHT)
        at = self._now_us() - _SPAN_US + int((x - _LEFT) / slots * _SPAN_US)
        on = [p for p in (1, 2, 3, 4) if any(first <= x - _LEFT < last for first, last in line.runs.get(p, ()))]
        words = ", ".join(tr("priority {n}", n=p) for p in on) or tr("no alarm")
        return f"{line.area or tr('no area')} · {clock_text(at)[:5]} · {words}"


_TOKENS = {1: "alarm.critical", 2: "alarm.high", 3: "alarm.medium", 4: "alarm.low"}
