"""The horn of one position: what sounds now, what was silenced, and when a new sound begins. No clock, no device.

Silence ends with the next annunciation (alarms.md, silence). It works on the time at which this station
annunciated, not on source time: an alarm of a node whose clock is slow must never fall under an earlier silence.
"""

from console.domain.alarms import Priority
from console.services.records import HornSnapshot, HornState

OTHER_STATION_US = 2_000_000  # two stations of one desk annunciate the same alarm this far apart at most


class Annunciation:
    """Told by the engine; asked by the horn. Priority 5 never sounds."""

    def __init__(self, position: str = "") -> None:
        self.position = position
        self._silenced_us = 0
        self._asked_us = 0  # what a silence given at this station names
        self._request = 0
        self._has_device = True
        self._sounding: dict[int, dict[int, int]] = {priority: {} for priority in range(1, 5)}  # row -> at_us
        self._priority_of: dict[int, int] = {}  # of the rows that sound
        self._silent: set[int] = set()

    def annunciate(self, row: int, priority: int, at_us: int) -> None:
        """A row sounds from now on: new occurrence, severity rise or re-annunciation. `at_us` is this PC's time."""
        self.end(row)
        if priority >= Priority.JOURNAL:
            return
        at_us = max(at_us, self._silenced_us + 1)  # a clock set back must not put a new alarm under an old silence
        self._sounding[priority][row] = at_us
        self._priority_of[row] = priority
        self._request += 1

    def restore(self, row: int) -> None:
        """A row that was already known before the restart: listed, unacknowledged, silent."""
        self.end(row)
        self._silent.add(row)

    def is_sounding(self, row: int) -> bool:
        """True while this row has a sound that nobody silenced."""
        return row in self._priority_of

    def end(self, row: int) -> None:
        """Acknowledged, returned or closed: this row sounds no more."""
        self._silent.discard(row)
        priority = self._priority_of.pop(row, 0)
        if priority:
            self._sounding[priority].pop(row, None)

    def silence(self, position: str, through_us: int) -> bool:
        """Apply a `HornSilenced`; True when it concerns this position.

        One from another station of this desk reaches a little further, because the same alarm came here by its own
        way and this PC's clock; what is really newer sounds on over there.
        """
        if position != self.position:
            return False
        if through_us != self._asked_us:
            through_us += OTHER_STATION_US
        self._silenced_us = max(self._silenced_us, through_us)
        for rows in self._sounding.values():
            done = [row for row, at_us in rows.items() if at_us <= through_us]
            for row in done:
                del rows[row], self._priority_of[row]
            self._silent.update(done)
        return True

    def set_device(self, has_device: bool) -> None:
        """Whether a sound device can be heard; without one the horn says so instead of looking as if it sounded."""
        self._has_device = has_device

    def newest_sounding_us(self) -> int:
        """Newest annunciation that sounds now, 0 when nothing does: `HornSilenced.through_us` of a local silence."""
        self._asked_us = max((at_us for rows in self._sounding.values() for at_us in rows.values()), default=0)
        return self._asked_us

    @property
    def priority(self) -> int:
        """The most urgent priority that sounds now, 0 for none."""
        return next((priority for priority, rows in self._sounding.items() if rows), 0)

    def snapshot(self) -> HornSnapshot:
        priority = self.priority
        if not self._has_device:
            state = HornState.NO_DEVICE
        elif priority:
            state = HornState.SOUNDING
        else:
            state = HornState.SILENCED if self._silent else HornState.QUIET
        return HornSnapshot(state, priority, self._request, self.position)
