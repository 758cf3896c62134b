"""A trend in straight pieces: where its direction changed, and how fast it goes now, robust against single values."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from console.domain.history.robust import Slope, autocorrelation, median, spread, theil_sen

PENALTIES = {1: float("inf"), 2: 12.0, 3: 6.0, 4: 4.0, 5: 3.0}  # by flexibility: how much better two lines must fit
_MOST_PIECES = 8
_NEIGHBOURS = 2  # on either side, against single outliers


@dataclass(frozen=True, slots=True)
class TrendLine:
    """The last piece: its line over x, where it begins, the spread of the values around it, and older changes."""

    line: Slope
    begins: int
    noise: float
    changes: tuple[int, ...]  # indexes at which a new piece begins, the last one being `begins` unless that is 0
    slopes: tuple[float, ...]  # of every piece in order


def trend_line(x: Sequence[float], y: Sequence[float], z: float, flexibility: int, least: int) -> TrendLine:
    """`x` ascending and different; `least` points make a piece. Raises ValueError for fewer than two points."""
    cuts = _cuts(x, _calmed(y), PENALTIES[flexibility], max(least, 3))
    begins = cuts[-1] if cuts else 0
    xs, ys = x[begins:], y[begins:]
    line = theil_sen(xs, ys, z)
    rest = [value - line.at(at) for at, value in zip(xs, ys, strict=True)]
    likeness = autocorrelation(rest)
    if likeness > 0:
        line = theil_sen(xs, ys, z, (1 + likeness) / (1 - likeness))
    bounds = [0, *cuts, len(x)]
    slopes = [_slope(x[a:b], y[a:b]) for a, b in pairwise(bounds[:-1])]
    return TrendLine(line, begins, spread(rest), tuple(cuts), (*slopes, line.slope))


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of one of the older pieces, by thirds: cheap, and good enough to see how much a slope changes."""
    third = max(1, len(x) // 3)
    width = median(x[-third:]) - median(x[:third])
    return (median(y[-third:]) - median(y[:third])) / width if width > 0 else 0.0


def _calmed(y: Sequence[float]) -> list[float]:
    """Single outliers give way to the median around them."""
    calm = list(y)
    steps = [b - a for a, b in pairwise(y)]
    least = 4 * spread(steps)
    for i in range(len(y)):
        around = y[max(0, i - _NEIGHBOURS) : i + _NEIGHBOURS + 1]
        middle = median(around)
        if abs(y[i] - middle) > least:
            calm[i] = middle
    return calm


class _Sums:
    """Prefix sums, so that the squared rest around a straight line costs the same for any span."""

    def __init__(self, x: Sequence[float], y: Sequence[float]) -> None:
        shift_x, shift_y = x[0], median(y)
        self._sums = [(0.0, 0.0, 0.0, 0.0, 0.0)]
        for at, value in zip(x, y, strict=True):
            a, b = at - shift_x, value - shift_y
            sx, sy, sxx, sxy, syy = self._sums[-1]
            self._sums.append((sx + a, sy + b, sxx + a * a, sxy + a * b, syy + b * b))

    def rest(self, low: int, high: int) -> float:
        n = high - low
        sx, sy, sxx, sxy, syy = (b - a for a, b in zip(self._sums[low], self._sums[high], strict=True))
        vx, vy, cov = sxx - sx * sx / n, syy - sy * sy / n, sxy - sx * sy / n
        return max(0.0, vy - (cov * cov / vx if vx > 1e-12 else 0.0))


def _cuts(x: Sequence[float], y: Sequence[float], penalty: float, least: int) -> list[int]:
    """Cut where two lines fit so much better than one that Schwarz's criterion, `penalty` times, agrees."""
    n = len(x)
    if penalty == float("inf") or n < 2 * least:
        return []
    sums = _Sums(x, y)
    width = max(y) - min(y)
    unseen = n * (1e-3 * width) ** 2 + 1e-18
    pieces = [(0, n)]
    cuts: list[int] = []
    while pieces and len(cuts) < _MOST_PIECES:
        low, high = pieces.pop()
        if high - low < 2 * least:
            continue
        best = min(range(low + least, high - least + 1), key=lambda k: sums.rest(low, k) + sums.rest(k, high))
        whole = sums.rest(low, high) + unseen
        cut = sums.rest(low, best) + sums.rest(best, high) + unseen
        if (high - low) * log(whole / cut) > penalty * 2 * log(n):
            cuts.append(best)
            pieces += [(low, best), (best, high)]
    return sorted(cuts)
