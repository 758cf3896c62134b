"""What load does to a figure: how cycle times, processor loads and error rates go with what is produced."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

from console.domain.history.robust import quantile

LEAST_PAIRS = 12  # hours, before anything is said
_BINS = 6
_STEADY = 0.9  # rank correlation with time


@dataclass(frozen=True, slots=True)
class LoadBin:
    """Hours whose load lies within [low, high): the figure's middle, tenth and ninetieth percentile."""

    low: float
    high: float
    count: int
    p10: float
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Relation:
    """`pearson` and `spearman` from -1 to 1, `per_load` the figure's change per unit of load; None: not enough, or the
    one or the other never changed. `at_rest` and `at_full` are the figure's medians at the lowest and highest load."""

    count: int
    pearson: float | None = None
    spearman: float | None = None
    per_load: float | None = None
    bins: tuple[LoadBin, ...] = ()
    is_steady: bool = False  # it goes one way with time, as a disk does: load explains nothing of it

    @property
    def at_rest(self) -> float | None:
        return self.bins[0].median if self.bins else None

    @property
    def at_full(self) -> float | None:
        return self.bins[-1].median if self.bins else None


def relation(load: Sequence[float], figure: Sequence[float]) -> Relation:
    """Pairs of the same hours in order of time; where one is nan the hour does not count."""
    pairs = [(x, y) for x, y in zip(load, figure, strict=True) if isfinite(x) and isfinite(y)]
    if len(pairs) < LEAST_PAIRS:
        return Relation(len(pairs))
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    var_x, var_y, cov = _moments(xs, ys)
    bins = _bins(sorted(pairs))
    if var_x <= 0 or var_y <= 0:
        return Relation(len(pairs), per_load=0.0 if var_x > 0 else None, bins=bins)
    ranked = _ranks(ys)
    with_time = _moments([float(k) for k in range(len(ys))], ranked)
    if abs(with_time[2]) > _STEADY * sqrt(with_time[0] * with_time[1]):
        return Relation(len(pairs), bins=bins, is_steady=True)
    ranks = _moments(_ranks(xs), ranked)
    return Relation(
        len(pairs),
        _clamped(cov / sqrt(var_x * var_y)),
        _clamped(ranks[2] / sqrt(ranks[0] * ranks[1])),
        cov / var_x,
        bins,
    )


def _clamped(value: float) -> float:
    return max(-1.0, min(1.0, value))


def _moments(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float, float]:
    n = len(xs)
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    var_x = sum((x - mean_x) ** 2 for x in xs)
    var_y = sum((y - mean_y) ** 2 for y in ys)
    tiny = 1e-20 * max(1.0, mean_x * mean_x, mean_y * mean_y) * n
    cov = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return (var_x if var_x > tiny else 0.0), (var_y if var_y > tiny else 0.0), cov


def _ranks(values: Sequence[float]) -> list[float]:
    """Equal ones share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and values[order[end + 1]] == values[order[at]]:
            end += 1
        for k in range(at, end + 1):
            ranks[order[k]] = (at + end) / 2
        at = end + 1
    return ranks


def _bins(pairs: Sequence[tuple[float, float]]) -> tuple[LoadBin, ...]:
    """Equal widths of load, standstill by itself; empty ones are left out."""
    low, high = pairs[0][0], pairs[-1][0]
    if high <= low:
        return (_bin(low, high, [y for _, y in pairs]),)
    step = (high - low) / _BINS
    groups: list[list[float]] = [[] for _ in range(_BINS)]
    for x, y in pairs:
        groups[min(_BINS - 1, int((x - low) / step))].append(y)
    return tuple(_bin(low + k * step, low + (k + 1) * step, ys) for k, ys in enumerate(groups) if ys)


def _bin(low: float, high: float, ys: list[float]) -> LoadBin:
    ys.sort()
    return LoadBin(low, high, len(ys), quantile(ys, 0.1), quantile(ys, 0.5), quantile(ys, 0.9))


def increases(counts: Sequence[float]) -> list[float]:
    """What a counter grew by in each period, from its value at the end of each; a step back (reset, exchange) and what
    is unknown are nan, and so is the first (trap T1: a reset is a gap, never a leap)."""
    grown = [float("nan")] * len(counts)
    for at in range(1, len(counts)):
        step = counts[at] - counts[at - 1]
        if isfinite(step) and step >= 0:
            grown[at] = step
    return grown
