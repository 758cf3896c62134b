"""Where a series left what is usual for its hour of the week: begin, end and how far, judged by the past alone."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from math import isfinite

from console.domain.history.baseline import SLOTS, Cycle, local, slot_of
from console.domain.history.robust import RunningMedian, median, spread

THRESHOLD = 5.0  # scatters away from what is expected
_LEVEL_HOURS = 168
_ERRORS = 500
_LEAST_ERRORS = 48  # before anything is marked
_JOIN_CELLS = 2
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Anomaly:
    """[start_us, end_us) was out of the ordinary; `score` in scatters at its worst, above 0 when it was too high."""

    start_us: int
    end_us: int
    score: float


def anomalies(
    starts_us: Sequence[int],
    values: Sequence[float],
    width_us: int,
    zone: tzinfo,
    cycle: Cycle = Cycle.WEEKDAY_HOUR,
    periods: int = 6,
    threshold: float = THRESHOLD,
) -> tuple[Anomaly, ...]:
    """Hourly means (or finer), ascending, nan for no data. Each is judged by what came before it: the same slot of the
    last periods around the level of the last week. What is marked changes the expectation only a little."""
    judge = _Judge(cycle, periods, threshold)
    marked: list[tuple[int, float]] = []
    for at, (start_us, value) in enumerate(zip(starts_us, values, strict=True)):
        if not isfinite(value):
            continue
        score = judge.score(slot_of(local(start_us, zone), cycle), value)
        if abs(score) >= threshold:
            marked.append((at, score))
    return _joined(marked, starts_us, width_us)


class _Judge:
    """Level, slots and scatter as the past made them."""

    def __init__(self, cycle: Cycle, periods: int, threshold: float) -> None:
        self._slots: list[deque[float]] = [deque(maxlen=periods) for _ in range(SLOTS[cycle])]
        self._level = RunningMedian(_LEVEL_HOURS)
        self._errors = RunningMedian(_ERRORS)
        self._threshold = threshold

    def score(self, slot: int, value: float) -> float:
        """How many scatters the value lies away; 0 while too little is known. Learns from it."""
        level = self._level.median if len(self._level) else value
        before = self._slots[slot]
        rest = value - level
        score = 0.0
        if len(before) >= 2:
            usual = median(before)
            error = rest - usual
            scale = self._scale(before, level)
            if len(self._errors) >= _LEAST_ERRORS:
                score = error / scale
                if abs(score) >= self._threshold:
                    rest = usual + self._threshold * scale * (1 if error > 0 else -1)
            self._errors.add(abs(rest - usual))
        self._level.add(level + rest)
        before.append(rest)
        return score

    def _scale(self, before: Sequence[float], level: float) -> float:
        """What all slots scatter, more where this one does."""
        usual = 1.4826 * self._errors.median if len(self._errors) else 0.0
        return max(usual, 0.7 * spread(list(before)), _TINY * max(1.0, abs(level)))


def _joined(marked: Sequence[tuple[int, float]], starts_us: Sequence[int], width_us: int) -> tuple[Anomaly, ...]:
    """Neighbours, with at most a short pause between them, are one."""
    found: list[Anomaly] = []
    last = -10
    for at, score in marked:
        end_us = starts_us[at] + width_us
        if found and at - last <= _JOIN_CELLS:
            worst = max(found[-1].score, score, key=abs)
            found[-1] = Anomaly(found[-1].start_us, end_us, worst)
        else:
            found.append(Anomaly(starts_us[at], end_us, score))
        last = at
    return tuple(found)
