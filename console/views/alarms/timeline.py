"""The strip under the alarm list: which area or asset was in alarm when, over the last eight hours."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QToolTip, QWidget

from console.models.alarm_spans import AlarmSpans, Span, SpanLine
from console.services.station import AlarmSpansQuery, Station
from console.ui.fonts import font
from console.ui.format import clock_text
from console.ui.plain_label import plain_tip
from console.ui.theme import theme
from console.ui.translation import mark, tr, tr_n

HOURS = 8
LINES = 6
_REFRESH_MS = 2_000
SPAN_US = HOURS * 3_600_000_000
_NO_NAME = {"area": mark("no area"), "asset": mark("no asset")}
_REACH_PX = 4  # alarms so near the pointer are told
_LEFT, _RIGHT, _TOP, _LINE = 150, 24, 34, 20


class AlarmTimeline(QWidget):
    """Calm colours for what is over; full colour for what lasts. Repaints every two seconds while it is seen."""

    def __init__(self, spans: AlarmSpans, now_us: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans = spans
        self._now_us = now_us
        self._lines: tuple[SpanLine, ...] = ()
        self._more = 0
        self.by = "area"  # or "asset": of `area`, of every one when it is None
        self.area: str | None = None
        self._button = QPushButton(self)
        self._button.setProperty("flat", True)
        self._button.setAutoDefault(False)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self._button)
        self._menu.aboutToShow.connect(self._fill)
        self._button.setMenu(self._menu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        theme().changed.connect(self.refresh)
        self._retell()

    def show_by(self, by: str, area: str | None = None) -> None:
        """One line for each area, or for each asset of an area or of all of them."""
        self.by, self.area = by if by in _NO_NAME else "area", area
        self._retell()
        self.refresh()

    def title(self) -> str:
        if self.by == "area":
            return tr("Last 8 hours by area")
        if self.area is None:
            return tr("Last 8 hours by asset")
        return tr("Last 8 hours by asset: {area}", area=self.area or tr("no area"))

    def _retell(self) -> None:
        self.setAccessibleName(self.title())
        self._button.setText(self.title())
        self._button.adjustSize()
        self._button.move(2, 0)

    def _fill(self) -> None:
        self._menu.clear()
        for by, area, words in (
            ("area", None, tr("By area")),
            ("asset", None, tr("By asset")),
            *(("asset", area, tr("Assets of {area}", area=area or tr("no area"))) for area in self._spans.areas()),
        ):
            action = self._menu.addAction(words.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked((by, area) == (self.by, self.area))
            action.triggered.connect(lambda _on=False, b=by, a=area: self.show_by(b, a))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """From an area to its assets, and back."""
        line = self._line_at(int(event.position().y()))
        if line is not None:
            self.show_by("asset", line.name) if self.by == "area" else self.show_by("area")

    def _line_at(self, y: int) -> SpanLine | None:
        number = (y - _TOP) // _LINE
        return self._lines[number] if y >= _TOP and number < len(self._lines) else None

    def sizeHint(self) -> QSize:
        return QSize(600, _TOP + LINES * _LINE + 26)

    minimumSizeHint = sizeHint

    async def learn(self, station: Station) -> None:
        """What the alarm log knows of the hours before this window looked."""
        now = self._now_us()
        self._spans.add_past(await station.query(AlarmSpansQuery(now - SPAN_US, now)))
        self.refresh()

    def refresh(self) -> None:
        """Ask for the lines again."""
        now = self._now_us()
        slots = max(1, self.width() - _LEFT - _RIGHT)
        self._lines, self._more = self._spans.lines(now - SPAN_US, now, slots, LINES, by=self.by, area=self.area)
        self._retell()
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
        if self._more:
            one, many = (
                ("{n} more area", "{n} more areas") if self.by == "area" else ("{n} more asset", "{n} more assets")
            )
            left = self._button.geometry().right() + 12
            painter.drawText(QRectF(left, 6, self.width() - left, 22), middle, tr_n(one, many, self._more))
        for number, line in enumerate(self._lines):
            self._paint_line(painter, line, _TOP + number * _LINE)
        if not self._lines:
            painter.drawText(QRectF(14, _TOP, self.width() - 28, 22), middle, tr("No alarm in this time."))
        self._paint_hours(painter)
        painter.end()

    def _paint_line(self, painter: QPainter, line: SpanLine, top: int) -> None:
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme().color("text"))
        shown = painter.fontMetrics().elidedText(
            line.name or tr(_NO_NAME[self.by]), Qt.TextElideMode.ElideRight, _LEFT - 26
        )
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
        while hour > now - SPAN_US:
            x = _LEFT + (hour - (now - SPAN_US)) / SPAN_US * slots
            box = QRectF(x - 24, top, 48, 18)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), clock_text(hour)[:5])
            hour -= 2 * 3_600_000_000

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            line = self._line_at(event.pos().y())
            if line is not None and event.pos().x() >= _LEFT:
                QToolTip.showText(event.globalPos(), plain_tip(self.told(line, event.pos().x())), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def told(self, line: SpanLine, x: int) -> str:
        """The alarms of a line at a place: what, how urgent, from when to when."""
        slots = max(1, self.width() - _LEFT - _RIGHT)
        us = SPAN_US // slots
        at = self._now_us() - SPAN_US + (x - _LEFT) * us
        head = f"{line.name or tr(_NO_NAME[self.by])} · {clock_text(at)[:5]}"
        found = self._spans.at(line.name, at, _REACH_PX * us, by=self.by, area=self.area)
        return "\n".join([head, *map(_span_text, found)] if found else [f"{head} · {tr('no alarm')}"])


def _span_text(span: Span) -> str:
    end = clock_text(span.end_us)[:5] if span.end_us else tr("now")
    asset = f"{span.asset_name} · " if span.asset_name else ""
    return f"{tr('priority {n}', n=span.priority)} · {asset}{tr(span.text)} · {clock_text(span.start_us)[:5]}–{end}"


_TOKENS = {1: "alarm.critical", 2: "alarm.high", 3: "alarm.medium", 4: "alarm.low"}
