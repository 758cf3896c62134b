"""The time bar of a trend: back and forward, lengths of the window, named periods, and a field to jump to a moment."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon, QTransform
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from console.ui.format import US, date_text, day_text, local, time_tip
from console.ui.icons import GRID, icon
from console.ui.plain_label import plain_tip
from console.ui.translation import mark, tr
from console.widgets.flow import FlowLayout
from console.widgets.time_field import moment_us

MINUTE = 60 * US
DAY = 1440 * MINUTE
SPANS = (
    (5 * MINUTE, mark("5 min")),
    (15 * MINUTE, mark("15 min")),
    (60 * MINUTE, mark("1 h")),
    (120 * MINUTE, mark("2 h")),
    (480 * MINUTE, mark("8 h")),
    (DAY, mark("24 h")),
    (7 * DAY, mark("7 days")),
    (30 * DAY, mark("30 days")),
    (365 * DAY, mark("1 year")),
)
NO_TIME = mark("“{words}” is no time of this site: write for example 21.11. 06:00, 2026-11-21 or 06:00")
AHEAD = mark("{time} is still to come")


class JumpField(QLineEdit):
    """`jumped(from_us, to_us)`: a whole day, or twice the same moment. `refused(text)` says why not."""

    jumped = Signal(object, object)
    refused = Signal(str)

    def __init__(self, now_us: Callable[[], int]) -> None:
        super().__init__()
        self._now_us = now_us
        self.setMaxLength(24)
        self.setFixedWidth(190)
        self.setClearButtonEnabled(True)
        self.textChanged.connect(self._tell)
        self.returnPressed.connect(self._jump)

    def retell(self) -> None:
        self.setPlaceholderText(tr("Jump to a time"))
        self.setAccessibleName(tr("Jump to a time"))
        self._tell()

    def _tell(self) -> None:
        """Mark what is no time while it is typed; what is one shows how it is understood."""
        at_us = moment_us(self.text(), self._now_us())
        self.setProperty("invalid", at_us is None)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setToolTip(plain_tip(time_tip(at_us) if at_us else tr("A time such as 21.11. 06:00, 2026-11-21 or 06:00")))

    def _jump(self) -> None:
        text, now = self.text().strip(), self._now_us()
        at_us = moment_us(text, now)
        if not text:
            return
        if not at_us:
            self.refused.emit(tr(NO_TIME, words=text))
        elif at_us > now:
            self.refused.emit(tr(AHEAD, time=_written(at_us)))
        else:
            end_us = moment_us(text, now, is_end=True) or at_us
            self.jumped.emit(at_us, end_us)
            self.selectAll()


class TrendTimeBar(QWidget):
    """`periods` are (name, marked text); `set_unavailable` says which cannot be chosen and why."""

    back_pressed = Signal()
    forward_pressed = Signal()
    span_chosen = Signal(object)
    period_chosen = Signal(str)

    def __init__(self, periods: Sequence[tuple[str, str]], now_us: Callable[[], int]) -> None:
        super().__init__()
        self._periods = tuple(periods)
        self._why: dict[str, str] = {}
        self.back, self.forward = QPushButton(), QPushButton()
        self.spans = {span: QPushButton() for span, _text in SPANS}
        self.periods = {name: QPushButton() for name, _text in self._periods}
        self.field = JumpField(now_us)
        frame = QVBoxLayout(self)
        frame.setContentsMargins(14, 0, 14, 8)
        row = FlowLayout(None, spacing=4)
        frame.addLayout(row)
        for button in (self.back, self.forward, *self.spans.values(), *self.periods.values()):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addWidget(self.field)
        self.back.clicked.connect(lambda _on: self.back_pressed.emit())
        self.forward.clicked.connect(lambda _on: self.forward_pressed.emit())
        for span, button in self.spans.items():
            button.clicked.connect(lambda _on=False, us=span: self.span_chosen.emit(us))
        for name, button in self.periods.items():
            button.clicked.connect(lambda _on=False, key=name: self.period_chosen.emit(key))

    def tell(self, span_us: int, period: str, can_go_back: bool, can_go_forward: bool) -> None:
        """Show what is chosen: a named period, else the length of the window."""
        self.back.setEnabled(can_go_back)
        self.forward.setEnabled(can_go_forward)
        for span, button in self.spans.items():
            _set_flat(button, bool(period) or span != span_us)
        for name, button in self.periods.items():
            _set_flat(button, name != period)

    def set_unavailable(self, why: dict[str, str]) -> None:
        """Period name -> why it cannot be chosen (translated)."""
        self._why = why
        for name, button in self.periods.items():
            button.setEnabled(name not in why)
            button.setToolTip(plain_tip(why.get(name, "")))

    def retell(self) -> None:
        for button, shown, tip in (
            (self.back, icon("back"), tr("Back to the time shown before (Alt+Left)")),
            (self.forward, _mirrored(icon("back")), tr("Forward again (Alt+Right)")),
        ):
            button.setIcon(shown)
            button.setToolTip(plain_tip(tip))
            button.setAccessibleName(tip)
        for span, text in SPANS:
            self.spans[span].setText(tr(text))
        for name, text in self._periods:
            self.periods[name].setText(tr(text))
        self.set_unavailable(self._why)
        self.field.retell()


def span_words(from_us: int, to_us: int) -> str:
    """`21 Nov 2026 20:40 – 22:40`; each end with its day when they differ."""
    begin, end = local(from_us), local(to_us)
    has_seconds = to_us - from_us < 10 * MINUTE
    clock = "%H:%M:%S" if has_seconds else "%H:%M"
    if begin.date() == end.date():
        return f"{date_text(begin)} {begin:{clock}} – {end:{clock}}"
    first = day_text(begin) if begin.year == end.year else date_text(begin)
    return f"{first} {begin:{clock}} – {date_text(end)} {end:{clock}}"


def _mirrored(shown: QIcon) -> QIcon:
    turned = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
        turned.addPixmap(shown.pixmap(GRID, GRID, mode).transformed(QTransform().scale(-1, 1)), mode)
    return turned


def _written(at_us: int) -> str:
    moment = local(at_us)
    return f"{date_text(moment)} {moment:%H:%M}"


def _set_flat(button: QPushButton, flat: bool) -> None:
    if button.property("flat") != flat:
        button.setProperty("flat", flat)
        button.style().unpolish(button)
        button.style().polish(button)
