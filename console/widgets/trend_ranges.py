"""The value range of every axis of a plot: fits the data calmly, or stays where a person put it."""

from collections.abc import Iterable, Sequence

import numpy as np

from console.widgets.trend_axes import Scale, round_log_range, round_range
from console.widgets.trend_curve import Curve

LEAST_FILL = 0.4  # of its range that data take at least, else the range fits anew
_SELDOM = 16  # frames of running time from one look at all columns to the next
_LIMIT_REACH = 0.6  # of the data's span: limits as near as this are shown too


class AxisRanges:
    """One range per axis number of the curves; axis 0 is there even without a curve."""

    def __init__(self) -> None:
        self._bounds: dict[int, tuple[float, float]] = {}
        self._pinned: dict[int, tuple[float, float]] = {}
        self._logs: frozenset[int] = frozenset()
        self._scales: dict[int, Scale] = {0: Scale(0.0, 1.0)}
        self._frames = 0

    @property
    def scales(self) -> tuple[Scale, ...]:
        """In the order of their numbers."""
        return tuple(self._scales[axis] for axis in sorted(self._scales))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The axes of `scales`."""
        return tuple(sorted(self._scales))

    def scale(self, axis: int) -> Scale:
        return self._scales.get(axis) or Scale(0.0, 1.0)

    def put(self, axis: int, low: float, high: float) -> None:
        """Begin from here; data that do not fit change it."""
        self._bounds[axis] = (low, high)
        self._scales[axis] = Scale(low, high, axis in self._logs, self.scale(axis).colour)

    def pin(self, axis: int, bounds: tuple[float, float] | None) -> None:
        """Stay here whatever the data are; None fits again."""
        if bounds is None:
            if self._pinned.pop(axis, None) is not None:
                self._bounds.pop(axis, None)
        else:
            self._pinned[axis] = bounds
        self._frames = 0

    def follow(self, curves: Sequence[Curve], first: int) -> bool:
        """As `fit`, where only the columns from `first` on are new: mostly these alone are looked at."""
        self._frames -= 1
        if self._frames > 0 and all(self._holds(curve, first) for curve in curves):
            return False
        self._frames = _SELDOM
        return self.fit(curves)

    def _holds(self, curve: Curve, first: int) -> bool:
        scale = self._scales.get(curve.axis)
        if scale is None or scale.is_log != (curve.axis in self._logs):
            return False
        if curve.axis in self._pinned or first >= curve.low.size:
            return True
        # a nan makes this false, and all columns are looked at
        return bool(min(curve.low[first:].tolist()) >= scale.low and max(curve.high[first:].tolist()) <= scale.high)

    def fit(self, curves: Iterable[Curve]) -> bool:
        """Choose the ranges; one stays while its data fill it reasonably. True when any changed."""
        groups: dict[int, list[Curve]] = {}
        for curve in curves:
            groups.setdefault(curve.axis, []).append(curve)
        self._logs = frozenset(axis for axis, mine in groups.items() if any(curve.is_log for curve in mine))
        scales = {axis: self._fitted(axis, mine) for axis, mine in groups.items()}
        if 0 not in scales and not scales:
            scales[0] = self.scale(0)
        changed = scales != self._scales
        self._scales = scales
        return changed

    def _fitted(self, axis: int, curves: list[Curve]) -> Scale:
        is_log = axis in self._logs
        colour = curves[0].colour if axis else None
        pinned = self._pinned.get(axis)
        if pinned is not None and (pinned[0] > 0 or not is_log):
            return Scale(*pinned, is_log, colour)
        before = self._bounds.get(axis)
        low, high = _extent(curves, is_log)
        if low <= high:
            if before is None or self.scale(axis).is_log != is_log or not _is_calm(before, low, high, is_log):
                before = round_log_range(low, high) if is_log else round_range(low, high)
                self._bounds[axis] = before
        elif before is None or (is_log and before[0] <= 0):
            before = (0.1, 10.0) if is_log else (0.0, 1.0)
        return Scale(*before, is_log, colour)


def _extent(curves: list[Curve], is_log: bool) -> tuple[float, float]:
    """Lowest and highest value of the columns, near limits included; inf and -inf when there is none."""
    low, high = np.inf, -np.inf
    for curve in curves:
        if curve.low.size:
            below = curve.low
            if is_log:
                below = np.where(below > 0, below, np.where(curve.high > 0, curve.high, np.inf))
            low = min(low, float(np.fmin.reduce(below, initial=np.inf)))
            high = max(high, float(np.fmax.reduce(curve.high, initial=-np.inf)))
    if not low <= high:
        return np.inf, -np.inf
    span = high - low
    for value in [value for curve in curves if not curve.is_ghost for _name, value in curve.limits]:
        if low - _LIMIT_REACH * span - 1e-9 <= value <= high + _LIMIT_REACH * span + 1e-9 and (value > 0 or not is_log):
            low, high = min(low, value), max(high, value)
    return low, high


def _is_calm(before: tuple[float, float], low: float, high: float, is_log: bool) -> bool:
    """The data fit, and fill the range reasonably."""
    if not (before[0] <= low and high <= before[1]):
        return False
    if is_log:
        return bool(np.log(high / low) >= LEAST_FILL * np.log(before[1] / before[0]))
    return high - low >= LEAST_FILL * (before[1] - before[0])
