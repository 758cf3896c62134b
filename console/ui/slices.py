"""Long changes of the window in short pieces: a few milliseconds a turn of the event loop, one change after another."""

from collections import deque
from collections.abc import Iterator
from time import perf_counter

from PySide6.QtCore import QObject, QTimer

_SLICE_S = 0.015
_BREATH_MS = 5  # between two turns: a zero would come before keys and timers that wait


class Slices(QObject):
    """`run` takes an iterator whose every step is short; what raises ends there, and the next one goes on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Iterator[None]] = deque()
        self._is_at_work = False
        self._timer = QTimer(self, singleShot=True, interval=_BREATH_MS)
        self._timer.timeout.connect(self._go_on)

    def run(self, pieces: Iterator[None]) -> None:
        """Begin now, or after what runs already."""
        self._waiting.append(pieces)
        if len(self._waiting) == 1 and not self._is_at_work:
            self._go_on()

    def finish(self) -> None:
        """Everything that waits, to its end and at once; from inside a piece nothing."""
        while self._waiting and not self._is_at_work:
            self._work(float("inf"))

    def _go_on(self) -> None:
        if not self._waiting or self._is_at_work:
            return
        try:
            self._work(_SLICE_S)
        finally:
            if self._waiting:
                self._timer.start()

    def _work(self, seconds: float) -> None:
        end_s, pieces = perf_counter() + seconds, self._waiting[0]
        self._is_at_work = True
        is_over = True
        try:
            for _piece in pieces:
                if perf_counter() >= end_s:
                    is_over = False
                    return
        finally:
            self._is_at_work = False
            if is_over:
                self._waiting.popleft()
