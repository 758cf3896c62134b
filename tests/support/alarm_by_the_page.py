"""What the pages of alarm management say that an alarm is, written from their tables alone: no code of the engine.

One `Paper` is one condition. Letters: A normal, B unacknowledged, C acknowledged, D returned unacknowledged, E latched
unacknowledged, F latched acknowledged. Times are seconds.
"""

from dataclasses import dataclass, field


@dataclass
class Shelf:
    since: float
    until: float
    one_shot: bool


@dataclass
class Paper:
    """The table, row by row. `sounds` is whether this alarm is heard."""

    h: float
    hh: float | None = None
    deadband: float = 0.0
    latching: bool = False
    realarm: float = 0.0
    letter: str = "A"
    band: int = 0
    sounds: bool = False
    start: float = -1.0
    acked_at: float = -1.0
    began_suppressed: bool = False
    shelf: Shelf | None = None
    suppressed: bool = False
    out: bool = False
    removed: bool = False
    older: list[tuple[float, bool]] = field(default_factory=list)  # never acknowledged: start, began suppressed
    raised: int = 0

    @property
    def hidden(self) -> bool:
        return self.shelf is not None or self.suppressed or self.out

    def sample(self, value: float, now: float, early_ack: bool = False) -> None:
        if self.removed:
            return
        before, self.band = self.band, self._band(value)
        if self.band == before:
            return
        if before == 0:
            self._begin(now, early_ack)
        elif self.band == 0:
            self._end()
        elif self.band > before:
            self.letter = "B"
            self._annunciate()

    def _band(self, value: float) -> int:
        hh = self.hh if self.hh is not None else float("inf")
        if value >= hh or (self.band == 2 and value >= hh - self.deadband):
            return 2
        return int(value >= self.h or (self.band >= 1 and value >= self.h - self.deadband))

    def _begin(self, now: float, early_ack: bool) -> None:
        if self.letter in "DE":
            self.older.append((self.start, self.began_suppressed))
        self.letter, self.start, self.began_suppressed = "B", now, self.suppressed
        self.raised += 1
        if early_ack:
            self.acked(now)
        else:
            self._annunciate()

    def _end(self) -> None:
        self.letter = {("B", False): "D", ("B", True): "E", ("C", False): "A", ("C", True): "F"}[
            self.letter, self.latching
        ]
        self.sounds = False
        if self.shelf is not None and self.shelf.one_shot:
            self.shelf = None
        self._make_room()

    def _make_room(self) -> None:
        """What is over leaves the row to the newest older one that nobody acknowledged (subtle rule 1)."""
        if self.letter == "A" and self.older and not self.removed:
            self.start, self.began_suppressed = self.older.pop()
            self.letter, self.sounds = "E" if self.latching else "D", False

    def _annunciate(self) -> None:
        self.sounds = not self.hidden

    def acked(self, now: float) -> None:
        after = {"B": "C", "D": "A", "E": "F"}.get(self.letter)
        if after is not None:
            self.letter, self.acked_at, self.sounds = after, now, False
            self._make_room()

    def reset(self) -> None:
        self.letter = "A"
        self._make_room()

    def unacked(self) -> None:
        self.letter = {"C": "B", "F": "E"}.get(self.letter, self.letter)

    def tick(self, now: float, fresh: bool) -> None:
        if self.shelf is not None and now >= self.shelf.until:
            knew = self.letter == "C" and self.acked_at > self.shelf.since
            self.shelf = None
            if not knew:
                self._back_in_the_list()
        if self.letter == "C" and self.realarm and fresh and now >= self.acked_at + self.realarm:
            self.letter = "B"
            self._annunciate()

    def hide(self) -> None:
        self.sounds = False

    def _back_in_the_list(self) -> None:
        if self.letter in "BC" and not self.hidden:
            self.letter = "B"
            self._annunciate()

    def suppress(self, is_on: bool) -> None:
        self.suppressed = is_on
        if is_on:
            self.hide()
            return
        self.older = [one for one in self.older if not one[1]]
        began_suppressed, self.began_suppressed = self.began_suppressed, False
        if self.letter == "D" and began_suppressed:
            self.letter = "A"
            self._make_room()
        self._back_in_the_list()

    def service(self, is_out: bool) -> None:
        self.out = is_out
        if is_out:
            self.hide()
        else:
            self._back_in_the_list()

    def retire(self) -> None:
        self.removed, self.letter, self.band, self.sounds = True, "A", 0, False
        self.older.clear()

    def restart(self) -> None:
        """What was never acknowledged is not lost; nothing sounds."""
        self.sounds = False
        if self.letter in "DEF":
            returned = "E" if self.latching else "D"
            self.letter = returned if self.letter in "DE" else "F" if self.latching else "A"
        self._make_room()
