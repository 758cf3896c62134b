"""The horn of one position: what sounds now, how, what was silenced, and what is recalled. No clock, no device.

Silence ends with the next annunciation. It works on the time at which this station
annunciated, not on source time: an alarm of a node whose clock is slow must never fall under an earlier silence.

How it sounds (NUREG-0700 4.2.6; the burst rule is that of Phoebus): the most urgent priority wins; more alarms than
`SoundRules.burst` at once make one sound for all of them, which still says how urgent the worst is; alarms of a class
that stands out are heard by themselves even then. After `nag_s` of quiet what is still unacknowledged is recalled, and
a lost link of our own to the plant is announced again, acknowledged or not. Both can be silenced and come again.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum, auto

from console.domain.alarm_classes import SoundRules
from console.domain.alarms import Priority
from console.services.records import AlarmCounts, HornSnapshot, HornState

OTHER_STATION_US = 2_000_000  # two stations of one desk annunciate the same alarm this far apart at most
LOOK_S = 1.0
PATTERNS: dict[int, str] = {
    Priority.CRITICAL: "critical", Priority.HIGH: "high", Priority.MEDIUM: "medium", Priority.LOW: "low"
}  # fmt: skip
_JOURNAL = int(Priority.JOURNAL)
MANY = "many_"  # and the pattern of the most urgent of them
RECALL = "recall"
LINK = "link"


class Way(StrEnum):
    """How an alarm is heard."""

    USUAL = auto()  # may be summed up with others
    STANDS_OUT = auto()  # heard by itself in every burst
    LINK = auto()  # our own link to the plant


class Quiet:
    """Measures on the monotonic clock how long something has not been heard though it should be known."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def is_over(self, is_due: bool, mono_s: float, lasts_s: float) -> bool:
        """True once `is_due` was true for so long, then counted anew."""
        if not is_due:
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = mono_s
        if mono_s - self._since_s < lasts_s:
            return False
        self._since_s = None
        return True


def _no_counts() -> AlarmCounts:
    return AlarmCounts()


class Annunciation:
    """Told by the engine; asked by the horn. Priority 5 never sounds."""

    def __init__(self, position: str = "", rules: SoundRules | None = None) -> None:
        self.position = position
        self.rules = rules or SoundRules()
        self.counts: Callable[[], AlarmCounts] = _no_counts  # the one count: what is recalled and how many are told
        self.way_of: Callable[[int], Way] = lambda _row: Way.USUAL
        self.is_link_lost: Callable[[], bool] = lambda: False  # of those that nobody shelved or took out
        self._silenced_us = 0
        self._asked_us = 0  # what a silence given at this station names
        self._request = 0
        self._first = ""
        self._has_device = True
        self._sounding: dict[int, dict[int, int]] = {priority: {} for priority in PATTERNS}  # row -> at_us
        self._priority_of: dict[int, int] = {}  # of the rows that sound
        self._stand_out: dict[int, set[int]] = {priority: set() for priority in PATTERNS}  # of these rows
        self._links: set[int] = set()  # of these rows
        self._calls: dict[str, int] = {}  # RECALL and LINK, while they sound -> at_us
        self._silent: set[int] = set()
        self._looked_s: float | None = None
        self._recall, self._link = Quiet(), Quiet()

    # -- told by the engine ------------------------------------------------------------------------------------------

    def annunciate(self, row: int, priority: int, at_us: int) -> None:
        """A row sounds from now on: new occurrence, severity rise or re-annunciation. `at_us` is this PC's time."""
        self.end(row)
        if priority >= _JOURNAL:
            return
        before = self._voice()
        self._calls.pop(RECALL, None)
        self._sounding[priority][row] = self._after_silence(at_us)
        self._priority_of[row] = priority
        way = self.way_of(row)
        if way is Way.STANDS_OUT:
            self._stand_out[priority].add(row)
        elif way is Way.LINK:
            self._links.add(row)
            self._calls.pop(LINK, None)  # the alarm itself says it
        self._begin(before, PATTERNS[priority] if way is Way.STANDS_OUT else "")

    def annunciate_all(self, rows: Sequence[int], priorities: Sequence[int], at_us: int) -> None:
        """The same for many in their order. Those that join a sound that is summed up already change nothing of it."""
        voice: tuple[str, int] | None = None
        for row, priority in zip(rows, priorities, strict=True):
            if voice is None:
                voice = self._voice()
            joins = voice[0].startswith(MANY) and voice[1] <= priority < _JOURNAL and row not in self._priority_of
            if joins and self.way_of(row) is Way.USUAL:
                self._silent.discard(row)
                self._sounding[priority][row] = self._after_silence(at_us)
                self._priority_of[row] = priority
            else:
                self.annunciate(row, priority, at_us)
                voice = None

    def end_all(self, rows: Sequence[int]) -> None:
        """`end` for many."""
        self._silent.difference_update(rows)
        if self._priority_of:
            for row in rows:
                self._mute(row)

    def restore(self, row: int) -> None:
        """A row that was already known before the restart: listed, unacknowledged, silent."""
        self.end(row)
        self._silent.add(row)

    def restore_all(self, rows: Sequence[int]) -> None:
        """The same for many."""
        self.end_all(rows)
        self._silent.update(rows)

    def is_sounding(self, row: int) -> bool:
        """True while this row has a sound that nobody silenced."""
        return row in self._priority_of

    def is_silent(self, row: int) -> bool:
        """Listed without a sound: known before a start, or silenced."""
        return row in self._silent

    def end(self, row: int) -> None:
        """Acknowledged, returned or closed: this row sounds no more."""
        self._silent.discard(row)
        self._mute(row)

    def _mute(self, row: int) -> None:
        priority = self._priority_of.pop(row, 0)
        if priority:
            self._sounding[priority].pop(row, None)
            self._stand_out[priority].discard(row)
            self._links.discard(row)

    def tick(self, now_us: int, mono_s: float) -> None:
        """Look once a second whether something is to be heard again. Times: this PC's wall and monotonic clock."""
        if self._looked_s is not None and mono_s - self._looked_s < LOOK_S:
            return
        self._looked_s = mono_s
        self._end_calls()
        again_s = self.rules.nag_s or SoundRules().nag_s  # a lost link is said again, whatever the site has chosen
        lost = self.is_link_lost()
        if self._link.is_over(lost and not self._is_link_heard(), mono_s, again_s):
            self._call(LINK, now_us)
        is_left = self.rules.nag_s > 0 and self._unacknowledged() > 0
        if self._recall.is_over(is_left and not self._voice()[1], mono_s, self.rules.nag_s):
            self._call(RECALL, now_us)

    # -- silence -----------------------------------------------------------------------------------------------------

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
                self._mute(row)
            self._silent.update(done)
        for call in [call for call, at_us in self._calls.items() if at_us <= through_us]:
            del self._calls[call]
        return True

    def newest_sounding_us(self) -> int:
        """Newest annunciation that sounds now, 0 when nothing does: `HornSilenced.through_us` of a local silence."""
        self._end_calls()
        times = [at_us for rows in self._sounding.values() for at_us in rows.values()]
        self._asked_us = max((*times, *self._calls.values()), default=0)
        return self._asked_us

    # -- asked by the horn -------------------------------------------------------------------------------------------

    def set_device(self, has_device: bool) -> None:
        """Whether a sound device can be heard; without one the horn says so instead of looking as if it sounded."""
        self._has_device = has_device

    @property
    def priority(self) -> int:
        """The most urgent priority that sounds now, 0 for none."""
        self._end_calls()
        return self._voice()[1]

    def snapshot(self) -> HornSnapshot:
        self._end_calls()
        pattern, priority = self._voice()
        if not self._has_device:
            state = HornState.NO_DEVICE
        elif priority:
            state = HornState.SOUNDING
        else:
            state = HornState.SILENCED if self._silent else HornState.QUIET
        summary = self._unacknowledged() if pattern.startswith(MANY) else 0
        first = self._first if summary else ""
        return HornSnapshot(
            state, priority, self._request, self.position, pattern, summary, is_nag=pattern == RECALL, first=first
        )

    def _voice(self) -> tuple[str, int]:
        """What is to be heard: pattern and priority; ("", 0): nothing."""
        for priority, rows in self._sounding.items():
            if rows:
                return self._pattern(priority, rows), priority
        for call, priority in ((LINK, int(Priority.CRITICAL)), (RECALL, self._worst_left())):
            if call in self._calls:
                return call, priority
        return "", 0

    def _pattern(self, priority: int, rows: dict[int, int]) -> str:
        if self._links and all(row in self._links for row in rows):
            return LINK
        pattern = PATTERNS[priority]
        usual = len(self._priority_of) - len(self._links) - sum(map(len, self._stand_out.values()))
        return pattern if usual <= self.rules.burst or self._stand_out[priority] else MANY + pattern

    def _begin(self, before: tuple[str, int], first: str) -> None:
        """One sound more begins, unless it is summed up with what sounds already."""
        after = self._voice()
        if after != before or not after[0].startswith(MANY) or first:
            self._request += 1
            self._first = first

    def _call(self, call: str, now_us: int) -> None:
        self._calls[call] = self._after_silence(now_us)
        self._request += 1

    def _after_silence(self, at_us: int) -> int:
        """A clock set back must not put a new sound under an old silence."""
        return max(at_us, self._silenced_us + 1)

    def _end_calls(self) -> None:
        """What is recalled was acknowledged meanwhile, or the link is back."""
        if RECALL in self._calls and not self._unacknowledged():
            del self._calls[RECALL]
        if LINK in self._calls and not self.is_link_lost():
            del self._calls[LINK]

    def _is_link_heard(self) -> bool:
        return LINK in self._calls or bool(self._links)

    def _unacknowledged(self) -> int:
        return sum(self.counts().unacknowledged)

    def _worst_left(self) -> int:
        return next((priority for priority, n in enumerate(self.counts().unacknowledged, 1) if n), 0)
