"""What a pen did between two moments: extremes, mean and deviation by time, gaps, and the share of good time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.models.trend_pen import TrendPen

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Between:
    """Of good values only, each weighed by the time it held; nan where there is none. `good_share`: 0 to 1 of the time
    that is known of. `gaps` counts runs without a good value. `is_exact` False: the deviation counts every sample
    once."""

    low: float = _NAN
    high: float = _NAN
    mean: float = _NAN
    deviation: float = _NAN
    gaps: int = 0
    good_share: float = _NAN
    is_exact: bool = True


def between(samples: tuple[Longs, Floats, Bools], from_us: int, to_us: int) -> Between:
    """Of samples in time order over [from_us, to_us). A value holds until the next sample; nan is a gap, and before the
    first sample nothing is known."""
    time_us, value, good = samples
    a, b = (int(k) for k in np.searchsorted(time_us, (from_us, to_us)))
    first = int(np.searchsorted(time_us, from_us, side="right")) - 1  # what holds as it begins
    a = first if first >= 0 else a
    if a >= b or from_us >= to_us:
        return Between()
    held = np.diff(np.clip(np.append(time_us[a:b], to_us), from_us, to_us)).astype(np.float64)
    value, is_good = value[a:b], good[a:b] & ~np.isnan(value[a:b])
    known, weight = float(held.sum()), held[is_good]
    lasting = float(weight.sum())
    turns = np.diff(np.concatenate(([False], ~is_good & (held > 0), [False])).astype(np.int8))
    gaps = int((turns == 1).sum())
    if not is_good.any():
        return Between(gaps=gaps, good_share=0.0)
    kept = value[is_good]
    if lasting <= 0:
        return Between(float(kept.min()), float(kept.max()), gaps=gaps, good_share=lasting / known if known else _NAN)
    centre = float(kept[0])  # sums stay small, so that a counter of 1e9 loses nothing
    mean = float(((kept - centre) * weight).sum() / lasting)
    spread = float((np.square(kept - centre - mean) * weight).sum() / lasting)
    return Between(float(kept.min()), float(kept.max()), centre + mean, float(np.sqrt(spread)), gaps, lasting / known)


def between_of(pen: TrendPen, from_us: int, to_us: int) -> Between:
    """The same of what a pen holds."""
    time_us, value, good = pen.samples_between(from_us, to_us)
    if len(pen) and pen.first_us <= from_us and (not time_us.size or time_us[0] > from_us):
        held, is_good = pen.value_at(from_us)
        time_us, value = np.insert(time_us, 0, from_us), np.insert(value.astype(np.float64), 0, held)
        good = np.insert(good, 0, is_good)
    return between((time_us, value, good), from_us, to_us)
