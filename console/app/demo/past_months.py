"""Eight made-up weeks in a demo's history, for pictures: what performance management looks at, tag by tag.

Shifts and weekends, disks that grow as the plant's own signals do, one that was cleaned up, counters of production, and
here and there an hour out of the ordinary. A station that really ran has a history of its own and none of this.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import numpy as np

from console.app.demo.machine import Machine
from console.app.demo.plant_model import DeviceModel, MetricModel, NodeModel, PlantModel
from console.app.demo.signals import make_signal
from console.app.demo.site_folder import BROKER
from console.config.history_file import load_history
from console.config.performance_file import load_performance
from console.config.site_files import load_site
from console.domain import identity
from console.domain.history.metrics import Matcher
from console.domain.quality import Quality
from console.domain.values import is_numeric
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db
from console.services.records import Floats, Longs

FILE = "history.db"
WEEKS, STEP_S = 8, 600
OF_A_YEAR = (
    "SR-APPS/MES/Answer time",
    "SR-APPS/ERP-IF/Answer time",
    "FW-OT/Throughput",
    "NAS-1/Network/Send",
    "SR-INFRA/NAS-1/CPU/Load",
    "SRV-BACKUP/Memory/Used",
    "NAS-1/Disk D/Used",
    "SRV-VM-2/Disk D/Used",
)
_YEAR_WEEKS = 53
_ODD_HOURS = 260  # between two that are out of the ordinary, on average
_CLEANED = "NAS-1/Disk D/Used"
_CLEANED_DAYS = 12
Shape = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class _Told:
    """A metric of which something is made up."""

    node: NodeModel
    device: DeviceModel | None
    metric: MetricModel

    @property
    def path(self) -> str:
        name = f"{self.device.name}/" if self.device is not None else ""
        return f"{self.node.group}/{self.node.node}/{name}{self.metric.name}"


async def write_past_months(station: Path, site: Path, model: PlantModel, now_us: int, weeks: int = WEEKS) -> int:
    """Into the history of a station that does not run; how many samples. The newest is half an hour old. What trends
    show of a year (`OF_A_YEAR`) has one."""
    settings, zone = load_site(site), ZoneInfo(load_site(site).time_zone)
    history, matcher = load_history(site), Matcher(load_performance(site))
    longest = max(weeks, _YEAR_WEEKS)
    ever = np.arange(now_us - longest * 7 * 86_400_000_000, now_us - 1_800_000_000, STEP_S * 1_000_000, dtype=np.int64)
    all_shifts = np.array([_shift(at, zone) for at in (ever // 1_000_000).tolist()])
    some = int(np.searchsorted(ever, now_us - weeks * 7 * 86_400_000_000))
    store = open_history_db(station / FILE)
    count = 0
    try:
        for told in _told(model, matcher):
            device = told.device.name if told.device is not None else ""
            tag_id = identity.tag_id(
                settings.site_id, BROKER, told.node.group, told.node.node, device, told.metric.name
            )
            kept = history.history_of(told.path).retention_class
            key = store.key_of(tag_id, told.metric.value_type, kept, told.metric.unit)
            start = 0 if told.path.endswith(OF_A_YEAR) else some
            times, shifts = ever[start:], all_shifts[start:]
            values = _values(told, times, shifts, Random(f"{model.seed}/{told.path}"))  # noqa: S311 a pastime
            await store.append([_block(key, times, values)])
            count += len(times)
        await _seal(store, now_us)
    finally:
        store.close()
    return count


async def _seal(store: HistoryStore, now_us: int) -> None:
    while await store.compact_some(1.0, now_us, is_all=True):
        pass


def _block(key: int, times: Longs, values: Floats) -> SampleBlock:
    n = len(times)
    return SampleBlock(np.full(n, key, np.uint32), times, values, np.full(n, int(Quality.GOOD), np.uint8))


def _told(model: PlantModel, matcher: Matcher) -> Iterator[_Told]:
    for node in model.nodes:
        own = [_Told(node, None, metric) for metric in node.metrics]
        for told in (*own, *(_Told(node, device, metric) for device in node.devices for metric in device.metrics)):
            if not is_numeric(told.metric.value_type):
                continue
            if matcher.metric_of(told.path, told.metric.unit) or matcher.is_production(told.path):
                yield told


def _shift(at_s: int, zone: ZoneInfo) -> float:
    """0 to 1: how much of the plant works at this moment."""
    moment = datetime.fromtimestamp(at_s, zone)
    hour = moment.hour + moment.minute / 60
    if moment.weekday() == 6 or (moment.weekday() == 5 and hour >= 14):
        return 0.08
    return 0.45 + 0.55 * math.exp(-(((hour - 11.0) / 5.0) ** 2))


def _values(told: _Told, times: Longs, shifts: Floats, rng: Random) -> Floats:
    """As the plant's signal of this metric moves, by shifts instead of its cycles."""
    word, *rest = told.metric.signal.split()
    n = len(times)
    noise = np.array([rng.gauss(0.0, 1.0) for _ in range(n)])
    cycle_s = told.device.cycle_s if told.device is not None else 0.0
    if word == "wear":
        signal, _ = make_signal(told.metric.signal, Machine(rng, 0.0, 0.0), rng, told.path)
        values = np.array([float(signal(at)) for at in (times / 1e6).tolist()])  # type: ignore[arg-type]
        size = abs(float(rest[1]) - float(rest[0]))
        values = values + size * (0.008 * noise + 0.05 * shifts)  # what the day needs for a while
        if told.path.endswith(_CLEANED):  # so full as it would be today, until somebody cleaned up
            before = times < times[-1] - _CLEANED_DAYS * 86_400_000_000
            values[before] = np.minimum(values[before] + 22.0, 94.0)
        return values
    if word == "count":
        per_step = STEP_S / cycle_s if cycle_s else 0.2
        made = np.rint(per_step * shifts * (1 + 0.1 * noise)).clip(0) if rest[0] == "good" else noise > 1.6
        return np.cumsum(made).astype(np.float64)
    if word == "cycletime":
        return cycle_s * (1.0 + 0.10 * shifts + 0.02 * noise)
    low, high = (float(one) for one in rest[:2]) if word == "load" else (float(rest[0]), float(rest[0]))
    size = float(rest[2]) if word == "load" else float(rest[1])
    values = low + (high - low) * shifts + size * noise
    return _odd(values, high - low if high > low else 10 * size, rng)


def _odd(values: Floats, size: float, rng: Random) -> Floats:
    """Some hours out of the ordinary."""
    per_hour = 3600 // STEP_S
    at = rng.randrange(_ODD_HOURS)
    while at * per_hour < len(values):
        hours = rng.choice((1, 2, 3))
        values[at * per_hour : (at + hours) * per_hour] += 0.9 * size
        at += rng.randrange(_ODD_HOURS // 2, 2 * _ODD_HOURS)
    return values
