"""What questions about capacity, usual behaviour and load are answered with. Times are microseconds UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.domain.history.anomalies import Anomaly
from console.domain.history.baseline import Cycle, Measure, Reference
from console.domain.history.forecast import Forecast
from console.domain.history.load import Relation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]
else:  # the first window stands before numpy is loaded
    Longs = Floats = Any


@dataclass(frozen=True, slots=True)
class Subject:
    """The tag that a row is about. `area` as the plant model has it; `metric` is its name in English."""

    tag_id: UUID
    path: str
    name: str
    area: str
    metric_id: str
    metric: str
    unit: str


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """A capacity that ends at `forecast.full` (in the metric's unit); one that runs empty `is_low`."""

    subject: Subject
    forecast: Forecast
    is_low: bool = False


@dataclass(frozen=True, slots=True)
class CapacityReport:
    """Soonest first. `left_out`: tags beyond what one report looks at."""

    at_us: int
    rows: tuple[CapacityRow, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """One capacity with its past: the highest (lowest) value per period, nan where nothing is known."""

    row: CapacityRow
    starts_us: Longs
    values: Floats
    width_us: int


@dataclass(frozen=True, slots=True)
class TopRow:
    """`mean` by time and `high` over the window, `known` the share of it with trusted values (0 to 1)."""

    subject: Subject
    mean: float
    high: float
    known: float


@dataclass(frozen=True, slots=True)
class TopList:
    metric_id: str
    metric: str
    unit: str
    rows: tuple[TopRow, ...]
    tags: int  # that were looked at
    without_data: int


@dataclass(frozen=True, slots=True)
class TopReport:
    from_us: int
    to_us: int
    lists: tuple[TopList, ...]


@dataclass(frozen=True, slots=True)
class BaselineRecord:
    """What is usual for a tag, slot by slot, and how the shown time went. `lower` and `upper` are the bounds at each
    of the n periods (nan: too little is known). `rules`: alarm rules that judge by a baseline of this tag."""

    tag_id: UUID
    path: str
    unit: str
    cycle: Cycle
    periods: int
    measure: Measure
    references: tuple[Reference | None, ...]
    starts_us: Longs
    values: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    width_us: int
    anomalies: tuple[Anomaly, ...]
    has_us: int  # how long the past is


@dataclass(frozen=True, slots=True)
class BaselineRule:
    """An alarm rule on a tag that judges by what is usual; `known` of `slots` slots have enough of a past."""

    tag_id: UUID
    path: str
    unit: str
    area: str
    rule_id: str
    text: str
    cycle: Cycle
    periods: int
    measure: Measure
    above: float | None
    below: float | None
    floor: float | None
    least_sigma: float
    known: int
    slots: int
    knows_now: bool


@dataclass(frozen=True, slots=True)
class LoadRow:
    """How a figure goes with production. `by_site`: its own area makes nothing that is counted, the site's load is
    taken."""

    subject: Subject
    relation: Relation
    by_site: bool


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The strongest relation first. `counters`: production counters that were found."""

    from_us: int
    to_us: int
    rows: tuple[LoadRow, ...]
    counters: int
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LoadPoints:
    """The hours behind one row: parts per hour and the figure; only hours in which both are known."""

    row: LoadRow
    load: Floats
    figure: Floats
    starts_us: Longs
