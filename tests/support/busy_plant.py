"""Some servers and a press line with weeks of history, for everything that performance management tells."""

import math
from collections.abc import Callable
from random import Random
from uuid import UUID, uuid5

from console.domain.history.metrics import PerformanceSettings
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.alarms.usual import UsualBands
from console.services.reports.performance_desk import PerformanceDesk, PerformanceSource
from console.services.reports.tag_catalogue import TagCatalogue
from tests.support.fake_history import FakeHistory
from tests.support.labelled_series import BERLIN, FRESH_US, hours, labelled

SITE = UUID("22222222-3333-4444-5555-666666666666")


class BusyPlant:
    """Tags in the order in which they were made; `desk` answers about them."""

    def __init__(self, weeks: int = 6, settings: PerformanceSettings | None = None) -> None:
        self.now_us = FRESH_US
        self.tags: list[Tag] = []
        self.history = FakeHistory()
        self.usual = UsualBands()
        self.usual.zone = BERLIN
        self.starts = hours(weeks * 168)
        settings = settings or PerformanceSettings()
        self.catalogue = TagCatalogue(lambda: self.tags, lambda: len(self.tags), _area_of, settings)
        self.desk = PerformanceDesk(
            PerformanceSource(
                self.history, self.catalogue, self._tag, lambda handle: self.tags[handle], self.usual, BERLIN,
                lambda: self.now_us,
            )
        )  # fmt: skip

    def tag(
        self,
        path: str,
        unit: str = "",
        values: Callable[[int], float] | None = None,
        value_type: ValueType = ValueType.FLOAT,
    ) -> Tag:
        """`path` group/node/device/metric; `values` of the hour's number."""
        group, node, device, metric = path.split("/", 3)
        source = TagSource("plant", group, node, device, metric)
        one = Tag(len(self.tags), uuid5(SITE, path), uuid5(SITE, device), source, value_type, unit)
        self.tags.append(one)
        if values is not None:
            self.history.put(one.tag_id, self.starts, [values(k) for k in range(len(self.starts))])
        return one

    def _tag(self, tag_id: UUID) -> Tag | None:
        return next((one for one in self.tags if one.tag_id == tag_id), None)


def _area_of(tag: Tag) -> str:
    return tag.source.group


def _works(k: int) -> float:
    """How much of a shift's output an hour of the week has."""
    return (1.0 if 6 <= k % 24 < 22 else 0.15) if (k // 24) % 7 < 5 else 0.0


def busy_plant(weeks: int = 6) -> BusyPlant:
    """As a real plant has it: one disk that fills, one that was cleaned up, one that stays, shifts, a slow server."""
    plant, rng = BusyPlant(weeks), Random(7)
    n = weeks * 168
    made = 0.0
    counts = []
    for k in range(n):
        made += round(400 * _works(k) * rng.uniform(0.85, 1.1))
        counts.append(made)
    plant.tag("Press/LINE-1/PRESS-13/Parts/Good", "", lambda k: counts[k], ValueType.UINT32)
    plant.tag("Press/LINE-1/PRESS-13/Cycle time", "s", lambda k: 6.0 + 1.4 * _works(k) + rng.gauss(0, 0.1))
    plant.tag("Press/LINE-1/PLC-P1/Scan time", "ms", lambda k: 3.2 + 2.4 * _works(k) + rng.gauss(0, 0.15))
    full, ripe = 72.0, 24 * 20
    plant.tag("Servers/INFRA/SRV-DB/Disk D/Used", "%", lambda k: full + 18 * k / n + rng.gauss(0, 0.15))
    plant.tag(
        "Servers/INFRA/SRV-FILES/Disk D/Used", "%",
        lambda k: (60 + 32 * k / (n - ripe) if k < n - ripe else 41 + 0.01 * (k - n + ripe)) + rng.gauss(0, 0.1),
    )  # fmt: skip
    plant.tag("Servers/INFRA/SRV-DB/Disk C/Used", "%", lambda k: 48.0 + rng.gauss(0, 0.1))
    plant.tag("Servers/INFRA/SRV-NEW/Disk C/Used", "%", lambda k: 20.0 if k > n - 30 else math.nan)
    load = labelled(3, weeks)
    plant.tag("Servers/APPS/MES/CPU/Load", "%", lambda k: load.values[k])
    plant.tag("Servers/INFRA/SRV-DB/CPU/Load", "%", lambda k: 18 + 30 * _works(k) + rng.gauss(0, 2))
    plant.tag("Servers/INFRA/SRV-DB/Network/Send", "Mbit/s", lambda k: 20 + 70 * _works(k) + rng.gauss(0, 4))
    plant.tag("Servers/INFRA/SRV-FILES/Network/Send", "kbit/s", lambda k: 9000 + rng.gauss(0, 200))
    plant.tag("Servers/APPS/MES/Errors", "1/min", lambda k: max(0.0, 0.3 * _works(k) + rng.gauss(0, 0.05)))
    plant.tag("Net/OT/SW-1/Port 1/Errors", "", lambda k: float(k // 3), ValueType.UINT64)
    return plant
