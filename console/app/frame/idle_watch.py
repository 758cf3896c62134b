"""Nobody there: tells when no key, mouse or touch reached the window for a time. Looks only while it is asked to."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

_SIGNS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletPress,
    }
)
_LOOK_MS = 1000


class IdleWatch(QObject):
    """`watch(seconds)` begins anew, 0 ends it; `idle` once per watch. The clock counts seconds and never goes back."""

    idle = Signal()

    def __init__(self, parent: QObject | None = None, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock_s = clock_s
        self._limit_s = 0
        self._last_s = 0.0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)

    @property
    def limit_s(self) -> int:
        return self._limit_s

    def watch(self, seconds: int) -> None:
        if seconds == self._limit_s:
            return
        app = QApplication.instance()
        if app is not None and bool(seconds) != bool(self._limit_s):
            (app.installEventFilter if seconds else app.removeEventFilter)(self)
        self._limit_s = seconds
        self._last_s = self._clock_s()
        if seconds:
            self._timer.start()
        else:
            self._timer.stop()

    def look(self) -> None:
        """Once a second by itself."""
        if self._limit_s and self._clock_s() - self._last_s >= self._limit_s:
            self.watch(0)
            self.idle.emit()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS:
            self._last_s = self._clock_s()
        return False
