"""Alarm limits and alarm moments of tags, for trends: what the rules say and when it happened."""

from collections.abc import Callable

from console.domain.alarms import AlarmKind, Condition, Occurrence
from console.services.records import AlarmsDelta
from console.services.station import ALARMS, Station


class AlarmLimits:
    """Follows the alarm table. Set `changed` to be called when limits of any tag changed."""

    def __init__(self, station: Station) -> None:
        self._conditions: dict[int, Condition] = {}
        self._by_handle: dict[int, dict[int, Condition]] = {}
        self._priority: dict[int, int] = {}
        self.changed: Callable[[], None] = lambda: None
        self.close = station.subscribe(ALARMS, self._apply)

    def limits(self, handle: int) -> tuple[tuple[str, float], ...]:
        """Every limit of the tag by name and value, without doubles; what other kinds compare is no value of it."""
        mine = [one for one in self._by_handle.get(handle, {}).values() if one.kind is AlarmKind.LIMIT]
        return tuple(dict.fromkeys(limit for condition in mine for limit in condition.limits))

    def handle_and_priority(self, occurrence: Occurrence) -> tuple[int, int]:
        """Tag and priority of an occurrence; (-1, 0) when its condition is not known here."""
        for row, condition in self._conditions.items():
            if condition.condition_id == occurrence.condition_id:
                return condition.tag_handle, self._priority.get(row, 3)
        return -1, 0

    def _apply(self, delta: AlarmsDelta) -> None:
        for condition in delta.conditions:
            self._conditions[condition.row] = condition
            if condition.tag_handle >= 0:
                self._by_handle.setdefault(condition.tag_handle, {})[condition.row] = condition
        self._priority.update(zip(delta.rows.tolist(), delta.priority.tolist(), strict=True))
        if any(condition.limits for condition in delta.conditions):
            self.changed()
