"""What a question about the alarm system's performance is answered with."""

from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_targets import Kpi, Verdict

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KpiPosition:
    """An operator position of the site. It answers for the alarms of its `areas`; without any for all alarms."""

    position_id: str
    name: str
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KpiFigure:
    """One number; None: there is no data for it."""

    kpi: Kpi
    value: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Offender:
    """One alarm in a list. `count` is what the list counts; `share` of all annunciations in percent; `at_us` the moment
    to look at, `start_us` the occurrence (0: none), `seconds` how long."""

    condition_id: UUID
    count: int
    share: float = 0.0
    start_us: int = 0
    at_us: int = 0
    seconds: float = 0.0
    subject: str = ""
    text: str = ""
    area: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Flood:
    """[start_us, end_us); `count` annunciations of it, the ones that began it included; `peak` most in its
    window (10 minutes unless the site says otherwise)."""

    start_us: int
    end_us: int
    count: int
    peak: int


@dataclass(frozen=True, slots=True)
class Bins:
    """Annunciations in fixed bins. `watched`: at least nine tenths of the bin were; else it is no data, not 0."""

    starts_us: I64
    counts: I64
    watched: NDArray[np.bool_]
    width_us: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the site: 23 or 25 hours long where the clock is put forward or back. `count` None: no data."""

    start_us: int
    end_us: int
    count: int | None
    stale: int | None


@dataclass(frozen=True, slots=True)
class KpiReport:
    """Everything of the page. `watched_us` of the window's length was watched; `unwatched` are the rest's spans."""

    from_us: int
    to_us: int
    positions: int
    annunciations: int
    dechattered: int
    watched_us: int
    figures: tuple[KpiFigure, ...]
    ten_minutes: Bins
    hours: Bins
    days: tuple[DayRow, ...]
    floods: tuple[Flood, ...]
    unwatched: tuple[tuple[int, int], ...]
    by_priority: tuple[int, int, int, int]
    bands: tuple[float, ...]  # percent of the ten minutes in each load band; empty without data
    lists: dict[str, tuple[Offender, ...]] = field(default_factory=dict)
    rows: int = 0  # of the alarm log that were read
    flood: FloodRules = field(default_factory=FloodRules)  # what counted as one, of each position
    position: KpiPosition | None = None  # whose figures they are; None: the site's, divided by `positions`

    def value(self, kpi: Kpi) -> float | None:
        return next(figure.value for figure in self.figures if figure.kpi is kpi)


LISTS = ("top_ten", "chattering", "fleeting", "stale", "reshelved", "returned_first")
