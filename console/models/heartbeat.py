"""The one 10 Hz beat on which visible models show what arrived since the last one."""

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QObject, QTimer

from console.services.notifier import Notifier, Undo

BEAT_MS = 100
BEATS_PER_SECOND = 1000 // BEAT_MS


class Heartbeat(QObject):
    """Calls everyone who joined, with the number of the beat; rests while nobody is joined."""

    def __init__(self) -> None:
        super().__init__()
        self._notifier: Notifier[int] = Notifier()
        self._beat = 0
        self._timer = QTimer(self)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self.beat)

    def join(self, callback: Callable[[int], None]) -> Undo:
        """Be called on every beat; returns the way out."""
        undo = self._notifier.subscribe(callback)
        if not self._timer.isActive():
            self._timer.start()

        def leave() -> None:
            undo()
            if not self._notifier:
                self._timer.stop()

        return leave

    def beat(self) -> None:
        """One beat now; tests and benches call it instead of waiting."""
        self._beat += 1
        self._notifier.notify(self._beat)

    @property
    def is_beating(self) -> bool:
        return self._timer.isActive()


@cache
def heartbeat() -> Heartbeat:
    """The heartbeat that all models of this process share."""
    return Heartbeat()
