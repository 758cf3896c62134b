"""Statistics that a few wrong numbers do not move: medians, spread by the median, and slopes after Theil and Sen."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

NORMAL = 1.4826  # times the median absolute deviation: the standard deviation of a normal distribution
LEAST = 1e-300


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle. Raises ValueError for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread(values: Sequence[float]) -> float:
    """Standard deviation as the median absolute deviation tells it; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    centre = median(values)
    return NORMAL * median([abs(value - centre) for value in values])


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest ranks, as spreadsheets do; `ordered` ascending and not empty."""
    at = min(max(share, 0.0), 1.0) * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


@dataclass(frozen=True, slots=True)
class Slope:
    """y = level + slope * x, with the bounds of the slope at the confidence that was asked for."""

    slope: float
    low: float
    high: float
    level: float

    def at(self, x: float) -> float:
        return self.level + self.slope * x


def theil_sen(x: Sequence[float], y: Sequence[float], z: float, inflation: float = 1.0) -> Slope:
    """Median of all slopes between two points (Sen 1968); bounds by the ranks that Kendall's S leaves at `z`.

    `inflation` of the variance of S: above 1 where neighbours tell partly the same (autocorrelation). Ascending `x`,
    at least two different ones; costs n*(n-1)/2. Raises ValueError.
    """
    slopes = sorted([(y[j] - y[i]) / (x[j] - x[i]) for i in range(len(x)) for j in range(i + 1, len(x)) if x[j] > x[i]])
    if not slopes:
        raise ValueError("no two moments")
    n, count = len(x), len(slopes)
    width = z * sqrt(n * (n - 1) * (2 * n + 5) / 18.0 * max(inflation, 1.0))
    rank = int((count - width) / 2)  # as many ranks are left out on either side
    low, high = (slopes[rank - 1], slopes[count - rank]) if width < count - 1 else (float("-inf"), float("inf"))
    middle = median(slopes)
    level = median([value - middle * at for at, value in zip(x, y, strict=True)])
    return Slope(middle, low, high, level)


def autocorrelation(values: Sequence[float]) -> float:
    """Of neighbours, between 0 and 0.95; negative ones count as none."""
    if len(values) < 4:
        return 0.0
    mean = sum(values) / len(values)
    around = [value - mean for value in values]
    total = sum(value * value for value in around)
    if total <= LEAST:
        return 0.0
    between = sum(a * b for a, b in pairwise(around))
    return min(max(between / total, 0.0), 0.95)


class RunningMedian:
    """The median of the newest `size` values."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._order: list[float] = []
        self._came: list[float] = []
        self._oldest = 0

    def __len__(self) -> int:
        return len(self._order)

    def add(self, value: float) -> None:
        if len(self._order) == self._size:
            gone = self._came[self._oldest]
            self._came[self._oldest] = value
            self._oldest = (self._oldest + 1) % self._size
            del self._order[bisect_left(self._order, gone)]
        else:
            self._came.append(value)
        insort(self._order, value)

    @property
    def median(self) -> float:
        """Raises ValueError before the first value."""
        half = len(self._order) // 2
        if not self._order:
            raise ValueError("no values")
        return self._order[half] if len(self._order) % 2 else (self._order[half - 1] + self._order[half]) / 2
