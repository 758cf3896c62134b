"""The most urgent unacknowledged alarm of each asset, where an acknowledged one of the same asset may be worse."""

from uuid import UUID

import numpy as np

from console.domain.alarms import AlarmState
from console.models.alarm_order import is_listed, is_unacknowledged
from console.models.columns import Columns
from console.services.records import AlarmsDelta


class OwedAlarms:
    """Fed with the deltas of ALARMS; alarms about no asset belong to none."""

    def __init__(self) -> None:
        self._columns = Columns(state=(np.uint8, AlarmState.NORMAL), priority=(np.uint8, 0), flags=(np.uint16, 0))
        self._owners = Columns(asset=(np.int32, -1))  # apart: a snapshot does not forget conditions
        self._assets: dict[UUID, int] = {}

    def apply(self, delta: AlarmsDelta) -> None:
        if delta.is_snapshot:
            self._columns.clear()
        owned = [condition for condition in delta.conditions if condition.asset_id is not None]
        numbers = [self._assets.setdefault(c.asset_id, len(self._assets)) for c in owned if c.asset_id is not None]
        self._owners.write(np.asarray([c.row for c in owned], np.int32), {"asset": np.asarray(numbers, np.int32)})
        self._columns.write(delta.rows, {"state": delta.state, "priority": delta.priority, "flags": delta.flags})

    def worst(self) -> dict[UUID, int]:
        """Priority 1..4 by asset; assets that owe nothing are left out."""
        size = min(self._columns.size, self._owners.size)
        state, priority = self._columns["state"][:size], self._columns["priority"][:size]
        flags = self._columns["flags"][:size]
        asset = self._owners["asset"][:size].astype(np.int64)
        owed = is_listed(state, priority, flags) & is_unacknowledged(state) & (asset >= 0)  # type: ignore[arg-type]
        worst = np.full(len(self._assets), 255, np.uint8)
        np.minimum.at(worst, asset[owed], priority[owed])
        return {known: int(worst[number]) for known, number in self._assets.items() if worst[number] < 255}
