"""`site/performance.toml`: which tags are figures of performance; what it does not say stays as it is."""

from math import isfinite
from pathlib import Path

from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain.history.metrics import DEFAULTS, PRODUCTION, Metric, PerformanceSettings, Toward

FILE = "performance.toml"
VERSION = 1
PERFORMANCE_TEMPLATE = """\
# What performance management looks at. Without this file the table built in is used; a [[metric]] with one of its ids
# (cpu, memory, disk, bandwidth, port_load, errors, scan_time, cycle_time, answer_time) replaces that row, a new id is
# one more list.
version = 1
# off = ["port_load"]                   # built-in lists that are not wanted
# production = ["*/Parts/Good"]         # counters of what is made: what load is measured by

# [[metric]]
# id = "disk"
# name = "Disk"
# tags = ["*/Disk */Used"]              # globs over group/node/device/metric
# unit = "%"
# units = { "%" = 1.0 }                 # unit of a tag -> factor; without it any unit is taken as it is
# counts = false                        # true: a tag without a unit is a counter, shown as increase per hour
# full = 95                             # has a forecast of the day on which it is reached
# toward = "high"                       # "low": runs empty instead of full
"""


def read_performance(folder: Path) -> tuple[PerformanceSettings, list[Problem]]:
    """What `folder/performance.toml` says, and everything wrong; a missing file means the table built in."""
    path = folder / FILE
    if not path.exists():
        return PerformanceSettings(), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    known = {one.metric_id: one for one in DEFAULTS}
    for name in reader.texts("off"):
        if known.pop(name, None) is None:
            reader.problem("off", f"there is no list '{name}'", f"one of: {', '.join(m.metric_id for m in DEFAULTS)}")
    production = reader.texts("production") if "production" in reader.table else PRODUCTION
    reader.texts("production")
    seen: set[str] = set()
    for table in reader.tables("metric"):
        metric = _metric(table)
        if metric.metric_id in seen:
            table.problem("id", f"'{metric.metric_id}' is used twice", "every list needs its own id")
        seen.add(metric.metric_id)
        known[metric.metric_id] = metric
    reader.unknown_keys()
    return PerformanceSettings(tuple(known.values()), tuple(production)), reader.problems


def load_performance(folder: Path) -> PerformanceSettings:
    """Like `read_performance`, raising `BadConfiguration` with all problems."""
    found, problems = read_performance(folder)
    if problems:
        raise BadConfiguration(tuple(problems))
    return found


def _metric(table: TableReader) -> Metric:
    metric_id = table.text("id").strip()
    tags = table.texts("tags")
    if not tags:
        table.problem("tags", "must name at least one pattern", 'for example ["*/Disk */Used"]')
    full = table.number("full", 0.0) if "full" in table.table else None
    if full is not None and not isfinite(full):
        table.problem("full", "must be a finite number", "correct the number")
    toward = table.choice("toward", tuple(one.value for one in Toward), Toward.HIGH.value)
    metric = Metric(
        metric_id,
        table.text("name", metric_id) or metric_id,
        tags,
        table.text("unit", ""),
        _units(table),
        table.flag("counts"),
        full,
        Toward(toward) if toward in Toward.__members__.values() else Toward.HIGH,
    )
    table.number("full", 0.0)
    table.unknown_keys()
    return metric


def _units(table: TableReader) -> tuple[tuple[str, float], ...]:
    section = table.section("units")
    found = tuple((unit, section.number(unit, 1.0)) for unit in section.table)
    for unit, factor in found:
        if not (isfinite(factor) and factor > 0):
            table.problem(f"units.{unit}", "must be a number above 0", "correct the factor")
    return found
