"""What the seam answers about history beside trends: aggregates, states, percentiles and the samples themselves.

Trusted is a sample with a number and quality GOOD or UNCERTAIN; all figures are of trusted ones. A sample holds until
the next one of its tag, a gap, or the end of what is known. Times are int64 microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bytes8 = NDArray[np.uint8]
    Bools = NDArray[np.bool_]
else:  # the first window stands before numpy is loaded
    Longs = Floats = Bytes8 = Bools = Any


@dataclass(frozen=True, slots=True)
class AggregateColumns:
    """Figures of one tag over n periods [from_us, to_us); nan where there is nothing to tell.

    `mean`, and `good_s`, `bad_s`, `unknown_s` (their sum is the period) weigh by time; `sample_mean` and `deviation`
    count every sample once. `deviation_by_time` weighs by time and needs the samples: nan unless it was asked for, they
    are still kept, and no more than 5 million. `low` and `high` include the value held as the period begins; they are
    exact where `is_exact`, else bounds rounded outward by at most one float32 step. `is_whole` is False for a period
    whose border falls into a time of which only coarser buckets are kept: they are counted to the period that holds
    most of them.
    """

    tag_id: UUID
    from_us: Longs
    to_us: Longs
    count: Longs  # trusted samples
    untrusted: Longs  # other samples and gap markers
    low: Floats
    high: Floats
    first: Floats
    last: Floats
    mean: Floats
    sample_mean: Floats
    deviation: Floats  # of the samples, n - 1 (OPC UA part 13), 0 for one; to 2e-8 of the values' size
    deviation_by_time: Floats
    integral: Floats  # value x seconds
    good_s: Floats
    bad_s: Floats
    unknown_s: Floats
    is_exact: Bools
    is_whole: Bools

    def share(self, column: str) -> Floats:
        """`good_s`, `bad_s` or `unknown_s` as a share of the period, 0 to 1."""
        seconds: Floats = getattr(self, column)
        return seconds / ((self.to_us - self.from_us) / 1e6)


@dataclass(frozen=True, slots=True)
class StateTime:
    """How long a tag was in one state. `text` of a text tag, else empty; `times` it was entered, -1: not known."""

    value: float
    text: str
    seconds: float
    times: int


@dataclass(frozen=True, slots=True)
class StateColumns:
    """The states of one tag as n spans [start_us, end_us) in order, without equal neighbours.

    `value` is the number, of a text tag the code in `texts`; nan where none is known. `quality` as the span began.
    `is_mixed`: several states within the span, because there are more changes than asked for or only buckets are kept.
    `durations` longest first, at most 1,000; `mixed_s` is trusted time that is given to none of them, `bad_s` time
    without trust, `unknown_s` time before the first sample and after the end of knowledge.
    """

    tag_id: UUID
    start_us: Longs
    end_us: Longs
    value: Floats
    quality: Bytes8
    is_mixed: Bools
    durations: tuple[StateTime, ...]
    mixed_s: float
    bad_s: float
    unknown_s: float
    texts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PercentileAnswer:
    """Percentiles of one tag, exact, from its samples. `shares` as asked, 0 to 1; `values` nan without any sample.

    Of samples: the nearest rank (the smallest value with at least this share of all samples at or below it).
    `is_by_time`: the same of the held seconds.
    """

    tag_id: UUID
    shares: tuple[float, ...]
    values: tuple[float, ...]
    count: int
    good_s: float
    is_by_time: bool


@dataclass(frozen=True, slots=True)
class RawColumns:
    """Samples of one tag in time order as they are kept; a gap marker is nan with its quality.

    `exact` row -> integer beyond 2**53; `texts` row -> text of a text tag (its `value` is a code). `is_whole` is False
    when the limit cut the answer: ask on from the last stamp.
    """

    tag_id: UUID
    time_us: Longs
    value: Floats
    quality: Bytes8
    is_whole: bool
    exact: Mapping[int, int] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FarTag:
    """A tag of another station, found through the centre; `station` is that one's code."""

    tag_id: UUID
    path: str
    name: str
    unit: str
    station: str
