"""Whether anything is received at all: the station's own beat, and its links to the plant (ALARM-T25).

A console that shows the last picture of a dead feed looks calm. It must say that it receives nothing.
"""

import time
from collections.abc import Callable

from console.app.frame.plant_picture import PlantPicture
from console.services.station import BEAT, Station
from console.ui.translation import mark

PATIENCE_S = 3.0  # three beats of the shown clock: a busy second is no silence
NO_BEAT = mark("Receives nothing: the station behind this window does not answer")
NO_LINK = mark("Receives nothing: no link to the plant is live")


class Receiving:
    """`why()` is empty while something is received, else the reason (marked English)."""

    def __init__(self, station: Station, picture: PlantPicture, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._picture = picture
        self._mono_s = mono_s
        self._heard_s: float | None = None  # None: the station is starting
        self._missed = 0
        self._undo = station.subscribe(BEAT, self._on_beat)

    def look(self) -> str:
        """Call twice a second. A window that was itself held up hears the station again before it complains."""
        is_late = self._heard_s is not None and self._mono_s() - self._heard_s > PATIENCE_S
        self._missed = self._missed + 1 if is_late else 0
        return self.why()

    def why(self) -> str:
        if self._heard_s is None:
            return ""
        if self._missed >= 2:
            return NO_BEAT
        brokers = [link for name, link in self._picture.own_links.items() if name.startswith("broker:")]
        return NO_LINK if brokers and all(link.state in ("lost", "refused") for link in brokers) else ""

    def close(self) -> None:
        self._undo()

    def _on_beat(self, _now_us: int) -> None:
        self._heard_s = self._mono_s()
        self._missed = 0
