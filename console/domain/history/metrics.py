"""Which tags are a processor load, a disk, a cycle time ...: a table of patterns and units that a site can change."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import translate


class Toward(StrEnum):
    """Where the end of a capacity lies."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` in English, translated when shown. `tags` are globs over group/node/device/metric, case does not count.

    `units`: unit of a tag -> factor into `unit`; empty: any unit, taken as it is. `counts`: a tag without a unit is a
    counter, told as its increase per hour. `full`: where a capacity ends (None: it has no forecast).
    """

    metric_id: str
    name: str
    tags: tuple[str, ...]
    unit: str = ""
    units: tuple[tuple[str, float], ...] = ()
    counts: bool = False
    full: float | None = None
    toward: Toward = Toward.HIGH


_BITS = (("bit/s", 1e-6), ("kbit/s", 1e-3), ("Mbit/s", 1.0), ("Gbit/s", 1e3), ("B/s", 8e-6), ("MB/s", 8.0))
_MILLISECONDS = (("µs", 1e-3), ("us", 1e-3), ("ms", 1.0), ("s", 1e3))
_SECONDS = (("ms", 1e-3), ("s", 1.0), ("min", 60.0))
_PER_HOUR = (("1/s", 3600.0), ("1/min", 60.0), ("1/h", 1.0))
_PERCENT = (("%", 1.0),)
DEFAULTS = (
    Metric("cpu", "Processor", ("*/CPU/Load", "*/CPU*Usage", "*/Processor*Load"), "%", _PERCENT),
    Metric("memory", "Memory", ("*/Memory*/Used", "*/RAM*/Used"), "%", _PERCENT, full=95.0),
    Metric("disk", "Disk", ("*/Disk */Used", "*/Disk/Used", "*/Storage*/Used"), "%", _PERCENT, full=95.0),
    Metric("bandwidth", "Bandwidth", ("*/Throughput", "*/Network/*", "*/Interface */*put"), "Mbit/s", _BITS),
    Metric("port_load", "Load of ports", ("*/Port */Load", "*/Channel/Utilisation"), "%", _PERCENT),
    Metric("errors", "Errors", ("*/Errors", "*/Misreads", "*/Denied"), "1/h", _PER_HOUR, counts=True),
    Metric("scan_time", "Scan time", ("*/Scan time",), "ms", _MILLISECONDS),
    Metric("cycle_time", "Cycle time", ("*/Cycle time",), "s", _SECONDS),
    Metric("answer_time", "Answer time", ("*/Answer time", "*/Latency"), "ms", _MILLISECONDS),
)
PRODUCTION = ("*/Parts/Good",)


@dataclass(frozen=True, slots=True)
class PerformanceSettings:
    """What `site/performance.toml` says. `production`: counters of what is made, by the same globs."""

    metrics: tuple[Metric, ...] = DEFAULTS
    production: tuple[str, ...] = PRODUCTION

    def metric(self, metric_id: str) -> Metric | None:
        return next((one for one in self.metrics if one.metric_id == metric_id), None)


@dataclass(frozen=True, slots=True)
class Match:
    """A tag is this metric; its values times `factor` are in the metric's unit, or it counts."""

    metric: Metric
    factor: float = 1.0
    is_counter: bool = False


def _any_of(globs: Iterable[str]) -> re.Pattern[str]:
    """Matches nothing for none."""
    return re.compile("|".join(f"(?:{translate(one.casefold())})" for one in globs) or r"(?!)")


@dataclass(slots=True)
class Matcher:
    """Finds the metric of a path without its broker; the first of the table that fits counts."""

    settings: PerformanceSettings
    _metrics: Sequence[tuple[re.Pattern[str], Metric, dict[str, float]]] = field(init=False)
    _production: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self._metrics = [(_any_of(one.tags), one, dict(one.units)) for one in self.settings.metrics]
        self._production = _any_of(self.settings.production)

    def metric_of(self, path: str, unit: str) -> Match | None:
        """None: none of them, or in a unit that its metric does not know."""
        folded = path.casefold()
        for pattern, metric, units in self._metrics:
            if not pattern.match(folded):
                continue
            if not unit and metric.counts:
                return Match(metric, is_counter=True)
            if not units:
                return Match(metric)
            if unit in units:
                return Match(metric, units[unit])
        return None

    def is_production(self, path: str) -> bool:
        return self._production.match(path.casefold()) is not None
