"""Whether more alarms come than a person can read (more than 10 in 10 minutes, until fewer than 5)."""

from collections import Counter, deque

from console.domain.alarm_classes import FloodRules


class FloodWatch:
    """A sliding window over annunciations, by this PC's clock: the load is that of the operator, not of the source."""

    def __init__(self, rules: FloodRules) -> None:
        self.rules = rules
        self.is_flood = False
        self.since_us = 0
        self._window: deque[tuple[int, str, int]] = deque()
        self._areas: Counter[tuple[str, int]] = Counter()  # (area, priority)

    @property
    def in_window(self) -> int:
        return len(self._window)

    def annunciated(self, at_us: int, area: str, priority: int) -> bool:
        """An alarm asks for attention. True when a flood begins with it."""
        self._window.append((at_us, area, priority))
        self._areas[area, priority] += 1
        self._forget(at_us)
        if self.is_flood or len(self._window) <= self.rules.enter:
            return False
        self.is_flood, self.since_us = True, at_us
        return True

    def tick(self, now_us: int) -> bool:
        """Time goes on. True when the flood ends."""
        self._forget(now_us)
        if not self.is_flood or len(self._window) >= self.rules.leave:
            return False
        self.is_flood, self.since_us = False, 0
        return True

    def areas(self) -> tuple[tuple[str, int, int], ...]:
        """(area, annunciations in the window, most urgent priority), most urgent and then most first."""
        totals: Counter[str] = Counter()
        urgent: dict[str, int] = {}
        for (area, priority), count in self._areas.items():
            totals[area] += count
            urgent[area] = min(priority, urgent.get(area, priority))
        found = ((area, count, urgent[area]) for area, count in totals.items())
        return tuple(sorted(found, key=lambda one: (one[2], -one[1], one[0])))

    def _forget(self, now_us: int) -> None:
        """A clock set back keeps what was counted until it is reached again."""
        until_us = now_us - self.rules.window_s * 1_000_000
        while self._window and self._window[0][0] <= until_us:
            _at, area, priority = self._window.popleft()
            self._areas[area, priority] -= 1
            if not self._areas[area, priority]:
                del self._areas[area, priority]
