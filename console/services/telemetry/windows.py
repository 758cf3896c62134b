"""What a function over time remembers of its tag: `count_true`, `increase` and `change`, in source time.

Each is a curve that is held between samples; the answer is the curve now minus the curve `over` ago. The past keeps the
last point of every 256th part of `over`, so a window of a week costs as much as one of a minute. Until the tag was
known for a whole window the answer is uncertain.
"""

from collections import deque

from console.domain.expression_terms import Term
from console.domain.expressions import Window
from console.domain.quality import Quality

CELLS = 256
NEVER = 2**62


class WindowPast:
    """One window function of one expression."""

    __slots__ = ("_before", "_last", "_points", "_quality", "_since_us", "_step_us", "_y", "over_us", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.over_us = window.over_us
        self._step_us = max(1, window.over_us // CELLS)
        self._points: deque[tuple[int, float]] = deque()
        self._y = 0.0
        self._last: float | None = None  # newest number of the tag, None: not known
        self._quality = int(Quality.UNKNOWN)
        self._since_us = NEVER  # known without a break since then
        self._before = 0.0  # the curve at the left end

    def sample(self, at_us: int, term: Term) -> None:
        """The tag's next value, in order of source time."""
        value, self._quality = term
        if value is None or isinstance(value, str):
            self._last, self._since_us = None, NEVER
            return
        if self._last is None:
            self._since_us = at_us
            if not self._points:
                self._before = self._y = value if self.window.function == "change" else 0.0
        self._y = self._curve(value)
        self._last = value
        if self._points and self._points[-1][0] // self._step_us == at_us // self._step_us:
            self._points.pop()
        self._points.append((at_us, self._y))

    def answer(self, at_us: int) -> Term:
        """The function's value at this time."""
        if self._last is None:
            return None, max(self._quality, int(Quality.BAD))
        self._forget(at_us - self.over_us)
        is_whole = at_us - self._since_us >= self.over_us
        return self._y - self._before, self._quality if is_whole else max(self._quality, int(Quality.UNCERTAIN))

    def due_us(self, after_us: int) -> int:
        """When the answer changes next by time alone, `NEVER` when it does not."""
        if self._last is None:
            return NEVER
        whole_us = self._since_us + self.over_us
        due = whole_us if whole_us > after_us else NEVER
        for at_us, _y in self._points:
            if at_us + self.over_us > after_us:
                return min(due, at_us + self.over_us)
        return due

    def _curve(self, value: float) -> float:
        if self.window.function == "change":
            return value
        if self._last is None:
            return self._y
        if self.window.function == "count_true":
            return self._y + float(bool(value) and not self._last)
        return self._y + (value - self._last if value >= self._last else max(0.0, value))  # a reset counts from zero

    def _forget(self, until_us: int) -> None:
        while self._points and self._points[0][0] <= until_us:
            self._before = self._points.popleft()[1]
