"""What is wrong, in one line that nothing covers: counts per priority, the most urgent alarm, horn and silence."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.ui.fonts import font
from console.ui.format import age_text, clock_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.priority_symbol import SymbolState, flash_clock, paint_symbol
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.widgets.aside_counts import AsideCounts
from console.widgets.key_button import KeyButton
from console.widgets.priority_count import PriorityCount

# Room for the alarm's line in px, then whether the words of the counts, the place, the words of what is aside, the
# active counts and the button Show are there.
FIT = (
    (420, True, True, True, True, True),
    (340, False, True, True, True, True),
    (340, False, False, True, True, True),
    (300, False, False, False, True, True),
    (200, False, False, False, True, True),
    (160, False, False, False, False, True),
    (100, False, False, False, False, False),
)
HORN_WORDS = {
    "quiet": "",
    "sounding": mark("Horn sounds"),
    "silenced": mark("Horn silenced"),
    "no_device": mark("NO SOUND DEVICE"),
}


@dataclass(frozen=True, slots=True)
class TopAlarm:
    """The most urgent unacknowledged alarm; texts come from outside and are shown plain."""

    priority: int
    text: str
    subject: str
    since_us: int
    state: SymbolState = SymbolState.UNACKNOWLEDGED


class TopAlarmLine(QFrame):
    """One elided line with symbol and live age, a bar of the priority's colour at its left; a click goes there."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.alarm: TopAlarm | None = None
        self.is_known = False  # until the first counts have come
        self._age = ""
        self._doubt = ""
        self.setProperty("role", "card")
        self.setMinimumWidth(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        flash_clock().beat.connect(self._beat)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 34)

    def set_alarm(self, alarm: TopAlarm | None) -> None:
        if alarm == self.alarm:
            return
        self.alarm = alarm
        flash_clock().hold(self, alarm is not None)
        self.setCursor(Qt.CursorShape.ArrowCursor if alarm is None else Qt.CursorShape.PointingHandCursor)
        self.setToolTip(plain_tip(f"{alarm.subject}\n{alarm.text}") if alarm is not None else "")
        self.setAccessibleName(f"{alarm.subject}: {alarm.text}" if alarm is not None else "")
        self.update()

    def set_doubt(self, words: str) -> None:
        """Why what stands here may be old (already translated), empty when it is not: no calm is claimed then."""
        if words != self._doubt:
            self._doubt = words
            self.update()

    def calm_text(self) -> str:
        """What stands here without an alarm: no claim before anything is known, or while nothing is received."""
        if self._doubt:
            return self._doubt
        return tr("No unacknowledged alarm") if self.is_known else tr("Nothing is known yet: the station is starting.")

    def tick(self, now_us: int) -> None:
        age = age_text(now_us - self.alarm.since_us) if self.alarm is not None else ""
        if age != self._age:
            self._age = age
            self.update()

    def release(self) -> None:
        flash_clock().hold(self, False)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        alarm = self.alarm
        height = self.height()
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if alarm is None:
            painter.setPen(theme().priority_color(1, "edge") if self._doubt else theme().color("text.dim"))
            painter.setFont(font(bold=bool(self._doubt)))
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), middle, self.calm_text())
            painter.end()
            return
        painter.fillRect(QRectF(0, 0, 4, height), theme().priority_color(alarm.priority))
        box = QRectF(16, (height - 20) / 2, 20, 20)
        paint_symbol(painter, box, alarm.priority, alarm.state, lit=flash_clock().lit(alarm.state))
        painter.setFont(font())
        wide = painter.fontMetrics().horizontalAdvance(self._age)
        right = self.width() - 12 - wide
        painter.setPen(theme().color("text.dim"))
        painter.drawText(QRectF(right, 0, wide + 2, height), middle, self._age)
        painter.setFont(font(bold=True))
        painter.setPen(theme().color("text"))
        room = right - 12 - 48
        line = f"{alarm.subject} · {alarm.text}" if alarm.subject and alarm.subject not in alarm.text else alarm.text
        if self._doubt:  # its first words: the alarm needs the room
            line = f"{self._doubt.partition(':')[0]} · {line}"
        shown = painter.fontMetrics().elidedText(line.replace("\n", " "), Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(48, 0, room, height), middle, shown)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.alarm is not None:
            self.clicked.emit()

    def _beat(self) -> None:
        if self.alarm is not None and self.isVisible():
            self.update(0, 0, 44, self.height())


class AlarmBanner(QFrame):
    """Plain values in, wishes out. `compact` is the slim form for torn-off windows."""

    show_asked = Signal()
    acknowledge_asked = Signal()
    silence_asked = Signal()
    priority_chosen = Signal(int)
    aside_chosen = Signal(str)  # the tab of what is kept out of the list, or "escalated"

    def __init__(self, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.compact = compact
        self._horn, self._horn_words = "quiet", ""
        self._place = ("", "")
        self._may_acknowledge = ""
        self._fitted = (0, 0)
        self.counts = [PriorityCount(priority, compact=compact) for priority in (1, 2, 3, 4)]
        self.top = TopAlarmLine()
        self.show_button = KeyButton(key="F2")
        self.acknowledge_button = KeyButton(primary=True)
        self.silence_button = KeyButton(key="F3")
        self.title = PlainLabel("Leitstand")
        self.place = PlainLabel(elide=True)
        self.aside = AsideCounts()
        self.horn = PlainLabel()
        self.lost = PlainLabel()  # in a torn-off window only: the main one has the status strip
        self._lay_out()
        self.show_button.clicked.connect(self.show_asked)
        self.acknowledge_button.clicked.connect(self.acknowledge_asked)
        self.silence_button.clicked.connect(self.silence_asked)
        self.top.clicked.connect(self.show_asked)
        for count in self.counts:
            count.clicked.connect(self.priority_chosen)
        self.aside.chosen.connect(self.aside_chosen)
        theme().changed.connect(self.retranslate)
        self.retranslate()
        self.set_top(None)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6 if self.compact else 12)
        self.setFixedHeight(36 if self.compact else 56)
        self.title.setProperty("role", "strong")
        self.place.setProperty("role", "small")
        self.horn.setProperty("role", "small")
        if not self.compact:
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addStretch(1)
            words.addWidget(self.title)
            words.addWidget(self.place)
            words.addStretch(1)
            row.addLayout(words)
        for count in self.counts:
            row.addWidget(count)
        self.lost.setProperty("role", "alarm")
        self.lost.hide()
        if self.compact:
            row.addWidget(self.lost)
        row.addWidget(self.top, 1)
        row.addWidget(self.show_button)
        row.addWidget(self.acknowledge_button)
        if self.compact:
            for button in (self.acknowledge_button, self.silence_button):
                button.hide()
            return
        row.addWidget(self.silence_button)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(self.horn)
        words.addWidget(self.aside)
        words.addStretch(1)
        row.addLayout(words)

    def set_counts(self, unacknowledged: tuple[int, ...], active: tuple[int, ...]) -> None:
        """Index 0..3 is priority 1..4."""
        if not self.top.is_known:
            self.top.is_known = True
            self.top.update()
        before = [count.sizeHint().width() for count in self.counts]
        for count, unack, act in zip(self.counts, unacknowledged, active, strict=True):
            count.set_counts(unack, act)
        if before != [count.sizeHint().width() for count in self.counts]:
            self._fit()

    def set_top(self, alarm: TopAlarm | None) -> None:
        self.top.set_alarm(alarm)
        self.show_button.setEnabled(alarm is not None)
        self._enable()

    def set_horn(self, state: str, words: str = "") -> None:
        """quiet, sounding, silenced or no_device; `words` (translated) say it more exactly than the state does."""
        if (state, words) != (self._horn, self._horn_words):
            self._horn, self._horn_words = state, words
            self.retranslate()

    def set_doubt(self, words: str) -> None:
        """Why nothing is received (already translated), or empty."""
        self.top.set_doubt(words)
        for count in self.counts:
            count.set_old(bool(words))

    def set_aside(self, shelved: int, out_of_service: int, suppressed: int = 0, escalated: int = 0) -> None:
        """How many are kept out of the list, in the order of the tabs, and how many nobody acknowledged in time."""
        before = self.aside.sizeHint()
        self.aside.set_counts(shelved, out_of_service, suppressed, escalated)
        if self.aside.sizeHint() != before:
            self._fit()

    def set_lost(self, words: str) -> None:
        """Which of our brokers is not heard, already translated; empty when all are."""
        if words != self.lost.text():
            self.lost.setText(words)
            self.lost.setVisible(bool(words) and self.compact)

    def set_place(self, title: str, place: str) -> None:
        if (title, place) != self._place:
            self._place = (title, place)
            self.retranslate()

    def set_denied(self, why: str) -> None:
        """Why the person may not acknowledge (already translated), or empty."""
        self._may_acknowledge = why
        self._enable()

    def tick(self, now_us: int) -> None:
        """Once a second: ages count live."""
        self.top.tick(now_us)
        if self.top.alarm is not None:
            self.top.setStatusTip(clock_text(self.top.alarm.since_us, now_us))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Fit again when parts grew (fonts of the style sheet come late), once per width and need."""
        is_request = event.type() == QEvent.Type.LayoutRequest
        done = super().event(event)
        layout = self.layout() if is_request else None  # after others, such as a deferred delete, it may be gone
        if layout is not None:
            state = (self.width(), layout.minimumSize().width())
            if state[1] > state[0] and state != self._fitted:
                self._fitted = state
                self._fit()
        return done

    def _fit(self) -> None:
        """A narrow window keeps room for the alarm: step by step what matters least gives way (FIT)."""
        layout = self.layout()
        if self.compact or layout is None:
            return
        for line_width, words, place, aside, active, show in FIT:
            for count in self.counts:
                count.set_words(words, active)
            for part in (self.title, self.place):
                part.setVisible(place)
            self.aside.set_short(not aside)
            self.show_button.setVisible(show)  # a click on the line does the same
            self.top.setMinimumWidth(line_width)
            layout.invalidate()
            if layout.minimumSize().width() <= self.width():
                break
        layout.activate()

    def release(self) -> None:
        """Let the flash clock rest; call before the banner goes."""
        self.top.release()
        for count in self.counts:
            count.release()

    def _enable(self) -> None:
        self.acknowledge_button.setEnabled(self.top.alarm is not None and not self._may_acknowledge)
        self.acknowledge_button.setToolTip(self._may_acknowledge or tr("Acknowledge the alarm that is shown here"))

    def retranslate(self) -> None:
        title, place = self._place
        self.title.setText(title or "Leitstand")
        self.place.setText(place)
        self.place.setMinimumWidth(min(180, self.place.fontMetrics().horizontalAdvance(place) + 4))
        self.show_button.setText(tr("Show"))
        self.show_button.setToolTip(tr("Go to the most urgent unacknowledged alarm"))
        self.acknowledge_button.setText(tr("Acknowledge"))
        self.silence_button.setText(tr("Silence horn"))
        self.silence_button.setToolTip(tr("Silence the horn; acknowledges nothing"))
        self.silence_button.setEnabled(self._horn == "sounding")
        horn = self._horn_words or (tr(HORN_WORDS.get(self._horn, "")) if self._horn != "quiet" else "")
        self.horn.setText(horn)
        self.horn.setVisible(bool(horn) and not self.compact)
        role = "alarm" if self._horn == "no_device" else "small"
        if self.horn.property("role") != role:
            self.horn.setProperty("role", role)
            self.horn.style().unpolish(self.horn)
            self.horn.style().polish(self.horn)
        self._enable()
        self._fit()
