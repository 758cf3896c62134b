"""What the history's room means: size, growth and days left by class and for the disk, from what was measured."""

from dataclasses import dataclass

from console.domain.history.room import RoomForecast, forecast
from console.domain.history.settings import HistorySettings
from console.services.historian.retention import RESERVE, Room


@dataclass(frozen=True, slots=True)
class RoomReport:
    """`by_class` in the order of the site's file, only classes that hold anything; `disk`: until its reserve is met."""

    by_class: tuple[tuple[str, RoomForecast], ...]
    disk: RoomForecast

    @property
    def tightest(self) -> tuple[str, RoomForecast]:
        """What is full first ("" is the disk); of what is never full or not predictable the disk."""
        known = [(name, one) for name, one in self.by_class if one.days_left is not None and one.limit > 0]
        if self.disk.days_left is not None:
            known.append(("", self.disk))
        return min(known, key=lambda pair: pair[1].days_left or 0.0, default=("", self.disk))


def report(room: Room, settings: HistorySettings) -> RoomReport:
    """Growth goes on as it was, until the days of each level are full."""
    found = []
    for one in settings.classes:
        levels = room.of(one.name)
        kept = [one.days_of(level.level_s) for level in levels]
        if any(level.size for level in levels):
            found.append((one.name, forecast(levels, kept, round(one.budget_mb * 1_000_000))))
    kept = [settings.class_of(level.class_name).days_of(level.level_s) for level in room.levels]
    held = sum(level.size for level in room.levels)
    limit = held + max(0, room.disk_free - RESERVE) + room.reusable
    return RoomReport(tuple(found), forecast(room.levels, kept, limit))
