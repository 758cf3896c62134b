"""The details of the current alarm beside the list: what it is, what it was, what to do, and what was done before."""

import asyncio

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea

from console.domain.refusal import Refused
from console.models.alarm_present import Present, present_of
from console.models.alarm_table import AlarmTable
from console.models.tag_cache import tag_cache
from console.services.station import AlarmDetailsQuery
from console.services.story_records import AlarmDetails, LinkedIncident
from console.ui.errands import Errands
from console.ui.translation import mark, tr, tr_refusal
from console.ui.view import Selection, ViewContext
from console.ui.wall_clock import now_us
from console.views.alarms.details_cards import DetailsCards
from console.views.alarms.details_head import DetailsHead
from console.views.alarms.details_trend import DetailsTrend
from console.widgets.flow import FlowLayout
from console.widgets.key_button import KeyButton
from console.widgets.panel import bare_column

LOADING_TEXT = mark("The past of this alarm is being read …")
FAILED_TEXT = mark("The past of this alarm cannot be read now. What stands above is not concerned.")
_DISPLAYS = frozenset({"overview", "topology", "trends", "incidents", "journal", "diagnostics"})
_FOLLOW_MS, _AGAIN_MS, _LIVE_MS = 120, 1000, 500  # a question at most a few times a second
_MOST_INCIDENTS = 4


class DetailsPane(QFrame):
    """`follow(row)` is cheap and may be called for every key: what it leads to waits a moment for the last one."""

    close_asked = Signal()
    left = Signal()  # Esc: the keyboard goes back to the list

    def __init__(self, context: ViewContext, table: AlarmTable, errands: Errands) -> None:
        super().__init__()
        self.setObjectName("alarmDetails")
        self.setProperty("role", "panel")
        self._context, self._table, self._errands = context, table, errands
        self._tags = tag_cache(context.station)
        self._row = -1
        self.present: Present | None = None
        self.details: AlarmDetails | None = None
        self._words = ""
        self._version = 0
        self._task: asyncio.Task[object] | None = None
        self._incidents: tuple[LinkedIncident, ...] = ()
        self._build()
        self._follow = self._timer(_FOLLOW_MS, self._turn, single=True)
        self._again = self._timer(_AGAIN_MS, self._ask, single=True)
        self._live = self._timer(_LIVE_MS, self.refresh, single=False)
        self.retell()

    def _timer(self, interval: int, act: object, *, single: bool) -> QTimer:
        timer = QTimer(self, interval=interval, singleShot=single)
        timer.timeout.connect(act)
        return timer

    def _build(self) -> None:
        head = self.head = DetailsHead(self._context.actions)
        head.copy.clicked.connect(self.copy_all)
        head.hide_button.clicked.connect(self.close_asked.emit)
        head.display.clicked.connect(self.open_display)
        self.trend = DetailsTrend(self._context.station, self._errands, now_us)
        self.cards = DetailsCards(self.trend)
        self.cards.changed = self.refresh
        self.openers = [KeyButton() for _ in range(_MOST_INCIDENTS)]
        flow = FlowLayout(self.cards.incident_buttons)
        flow.setContentsMargins(0, 2, 0, 0)
        for at, opener in enumerate(self.openers):
            opener.clicked.connect(lambda _checked=False, at=at: self._open_incident(at))
            flow.addWidget(opener)
        area = self.area = QScrollArea()
        area.setWidget(self.cards)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = bare_column(self)
        column.addWidget(head)
        column.addWidget(area, 1)
        column.addStretch()

    # what is shown

    def follow(self, row: int) -> None:
        """The current alarm is another; -1: none is chosen, and the last one stays in sight."""
        if row >= 0 and row != self._row:
            self._row = row
            self._follow.start()

    def retell(self) -> None:
        """Language or theme changed."""
        self.head.retell()
        self.refresh()

    def refresh(self) -> None:
        """What is known now; the past is asked anew when something happened with the alarm."""
        before = self.present
        at = before.occurrence if before is not None else None
        self.present = present_of(self._table.alarms, self._tags, self._row, now_us(), at)
        self._show()
        if self.present is None or not self.isVisible():
            return
        if before is None or before.occurrence != self.present.occurrence:
            self._begin()
        elif self.present.version != self._version and not self._again.isActive():
            self._again.start()
        self.trend.follow(self.present, now_us())

    def _turn(self) -> None:
        self.present = None
        self.refresh()
        self.area.verticalScrollBar().setValue(0)

    def _begin(self) -> None:
        """Another occurrence: what was known of the last one is not shown for it."""
        self.details, self._words = None, tr(LOADING_TEXT)
        self.cards.fold()
        self._ask()
        self._show()

    def _ask(self) -> None:
        if self._task is not None:
            self._task.cancel()
        present = self.present
        if present is not None:
            self._version = present.version
            self._task = self._errands.run(self._answer(present))

    async def _answer(self, present: Present) -> None:
        occurrence = present.occurrence
        try:
            details = await self._context.station.query(AlarmDetailsQuery(occurrence.condition_id, occurrence.start_us))
            words = ""
        except Refused as error:
            details, words = None, tr_refusal(error)
        except (LookupError, OSError):
            details, words = None, tr(FAILED_TEXT)
        if self.present is not None and self.present.occurrence == occurrence:  # else: too late
            self.details, self._words = details, words
            self._show()

    def _show(self) -> None:
        present = self.present
        self.head.show_present(present)
        self.area.setVisible(present is not None)
        if present is None:
            return
        self.cards.show_present(present)
        self.cards.show_past(self.details, self._words, self._tags, now_us())
        self._show_openers()

    def _show_openers(self) -> None:
        self._incidents = self.details.incidents[:_MOST_INCIDENTS] if self.details is not None else ()
        for at, opener in enumerate(self.openers):
            opener.setVisible(at < len(self._incidents))
            if at < len(self._incidents):
                opener.setText(tr("Open {number}", number=self._incidents[at].number))

    # where it leads

    def selection(self) -> Selection | None:
        """What other views are told of the alarm that is shown."""
        if self.present is None:
            return None
        condition, occurrence = self.present.condition, self.present.occurrence
        return Selection(
            condition.asset_id, condition.tag_handle, condition.tag_id, occurrence, at_us=occurrence.start_us
        )

    def open_display(self) -> None:
        """The screen that the alarm's record names, at this alarm; when it names none, its asset on the topology."""
        if self.present is not None:
            named = self.present.condition.display.strip().casefold()
            self._context.go(named if named in _DISPLAYS else "topology", self.selection())

    def show_procedure(self) -> None:
        """Bring what to do into sight, with the keyboard; Esc goes back to the list."""
        self.area.ensureWidgetVisible(self.cards.cards["todo"])
        self.area.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _open_incident(self, at: int) -> None:
        if at < len(self._incidents):
            self._context.go("incidents", Selection(incident_id=self._incidents[at].incident_id))

    def text(self) -> str:
        """All that is shown, as it is copied."""
        return "\n".join([self.head.title.text(), self.head.crumb.text(), *self.cards.texts()]).strip()

    def copy_all(self) -> None:
        if self.present is not None:
            QGuiApplication.clipboard().setText(self.text())

    # keys, sizes, life

    def has_keyboard(self) -> bool:
        at = QApplication.focusWidget()
        return at is not None and self.isAncestorOf(at)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # back to the list first, and from there back to where one was
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
                return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.cards.arrange(self.width())
        self.head.arrange(self.width())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._live.start()
        self._follow.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._live.stop()
        self.head.rest()

    def close_pane(self) -> None:
        """The view ends."""
        for timer in (self._follow, self._again, self._live):
            timer.stop()
        self.trend.stop()
        self.head.rest()
        if self._task is not None:
            self._task.cancel()
