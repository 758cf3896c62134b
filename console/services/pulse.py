"""The beat of a station in the main loop: take from the inbox every 15 ms, tell subscribers at 10 Hz."""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)
TURN_S = 0.015
BEAT_S = 0.1
BREATH_S = 0.002


class Pulse:
    """Calls `turn()` and `beat()` (True: there is more, come back soon); a failing call is logged, told and goes on."""

    def __init__(
        self, turn: Callable[[], bool], beat: Callable[[], bool | None], defect: Callable[[str], None]
    ) -> None:
        self._turn = turn
        self._beat = beat
        self._defect = defect
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._failed: set[str] = set()
        self._running = False

    def start(self) -> None:
        self._running = True
        self._again("turn", 0.0, self._on_turn)
        self._again("beat", BEAT_S, self._on_beat)

    def stop(self) -> None:
        self._running = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _again(self, name: str, delay_s: float, call: Callable[[], None]) -> None:
        if self._running:
            self._timers[name] = asyncio.get_running_loop().call_later(delay_s, call)

    def _on_turn(self) -> None:
        has_more = self._guarded("turn", self._turn)
        # even with work waiting the loop gets a breath, so that painting and keys come first
        self._again("turn", BREATH_S if has_more else TURN_S, self._on_turn)

    def _on_beat(self) -> None:
        has_more = self._guarded("beat", self._beat)
        self._again("beat", BREATH_S if has_more else BEAT_S, self._on_beat)

    def _guarded(self, name: str, call: Callable[[], bool | None]) -> bool:
        try:
            return bool(call())
        except Exception as error:
            place = f"{name}: {type(error).__name__}: {error}"
            if place not in self._failed:  # a defect that repeats 60 times a second is one defect
                self._failed.add(place)
                log.exception("the station's %s failed", name)
                self._defect(place)
            return False
