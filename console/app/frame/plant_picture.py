"""What the frame knows of the plant, by id: assets with state and links, alarms, incidents; tags from their cache."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from console.domain.alarm_flags import HIDING, AlarmFlag, hidden_by
from console.domain.alarms import ACTIVE_STATES, AlarmState, Condition, Occurrence
from console.domain.assets import Asset, AssetClass, Link, LinkKind
from console.models.columns import Columns
from console.models.tag_cache import tag_cache
from console.services.notifier import Undo
from console.services.records import (
    AlarmsDelta,
    AssetState,
    IncidentRecord,
    IncidentsDelta,
    LinkRecord,
    LinksDelta,
    NodeRecord,
    NodesDelta,
    SyncRecord,
    TopologyDelta,
)
from console.services.station import ALARMS, INCIDENTS, LINKS, NODES, SYNC, TOPOLOGY, Station

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NEEDS = frozenset({LinkKind.DEPENDS_ON, LinkKind.RUNS_ON})
_SERVES = frozenset({LinkKind.FEEDS, LinkKind.POWERS})
_GROUPS = frozenset({AssetClass.LINE, AssetClass.CELL})
_ENDED_INCIDENTS = frozenset({"closed", "cancelled", "resolved"})


@dataclass(frozen=True, slots=True)
class AlarmNow:
    """One row of the alarm list, as it is now."""

    condition: Condition
    state: AlarmState
    priority: int
    severity: int
    start_us: int
    value: float
    note: str
    acked_by: str
    flags: int = 0  # AlarmFlag

    @property
    def aside(self) -> AlarmFlag | None:
        """Why it is kept out of the list; None: it stands there."""
        return hidden_by(self.flags)

    @property
    def occurrence(self) -> Occurrence:
        return Occurrence(self.condition.condition_id, self.start_us)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES


class PlantPicture:
    """Follows the topics; `version` rises with each change so that others can tell whether to look again."""

    def __init__(self, station: Station) -> None:
        self.tags = tag_cache(station)
        self.assets: dict[UUID, Asset] = {}
        self.states: dict[UUID, AssetState] = {}
        self.links: dict[tuple[UUID, UUID, LinkKind], Link] = {}
        self.incidents: dict[UUID, IncidentRecord] = {}
        self.own_links: dict[str, LinkRecord] = {}
        self.nodes: dict[UUID, NodeRecord] = {}
        self.sync: SyncRecord | None = None
        self.version = 0
        self._conditions: dict[int, Condition] = {}
        self._row_of: dict[UUID, int] = {}
        self._rows_of_asset: dict[UUID, list[int]] = {}  # conditions about the asset itself
        self._needs: dict[UUID, dict[UUID, None]] | None = None  # made again when links change
        self._needed_by: dict[UUID, dict[UUID, None]] = {}
        self._rows_of_tag: dict[UUID, list[int]] = {}
        self._alarms = Columns(
            state=("u1", 0),
            priority=("u1", 0),
            severity=("i1", 0),
            start_us=("i8", 0),
            value=("f8", math.nan),
            flags=("u2", 0),
        )
        self._notes: dict[int, str] = {}
        self._acked_by: dict[int, str] = {}
        self._undo: list[Undo] = [
            station.subscribe(ALARMS, self._on_alarms),
            station.subscribe(TOPOLOGY, self._on_topology),
            station.subscribe(INCIDENTS, self._on_incidents),
            station.subscribe(LINKS, self._on_links),
            station.subscribe(NODES, self._on_nodes),
            station.subscribe(SYNC, self._on_sync),
        ]

    def close(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()

    def alarm(self, row: int) -> AlarmNow | None:
        """The alarm of a row, also after it left the list (state NORMAL); None for a row never heard of."""
        condition = self._conditions.get(row)
        if condition is None:
            return None
        return AlarmNow(
            condition=condition,
            state=AlarmState(int(self._alarms["state"][row])),
            priority=int(self._alarms["priority"][row]),
            severity=int(self._alarms["severity"][row]),
            start_us=int(self._alarms["start_us"][row]),
            value=float(self._alarms["value"][row]),
            note=self._notes.get(row, ""),
            acked_by=self._acked_by.get(row, ""),
            flags=int(self._alarms["flags"][row]),
        )

    def alarm_of(self, occurrence: Occurrence) -> AlarmNow | None:
        row = self._row_of.get(occurrence.condition_id)
        return self.alarm(row) if row is not None else None

    def alarms(self) -> Iterator[AlarmNow]:
        """Everything in the list now, most urgent first."""
        if not self._alarms.size:
            return
        import numpy as np

        state: NDArray[np.uint8] = self._alarms["state"]  # type: ignore[assignment]
        flags: NDArray[np.uint16] = self._alarms["flags"]  # type: ignore[assignment]
        rows = np.flatnonzero((state != AlarmState.NORMAL) & (flags & int(HIDING) == 0))
        for row in rows[np.argsort(self._alarms["priority"][rows], kind="stable")].tolist():
            found = self.alarm(row)
            if found is not None:
                yield found

    def alarms_of_asset(self, asset_id: UUID) -> list[AlarmNow]:
        """Alarms about the asset itself and about any of its tags, most urgent first; none that are kept aside."""
        rows = list(self._rows_of_asset.get(asset_id, []))
        for handle in self.tags.handles_of_asset(asset_id):
            tag = self.tags.tag(handle)
            if tag is not None:
                rows += self._rows_of_tag.get(tag.tag_id, [])
        return self._listed(list(dict.fromkeys(rows)))  # an alarm names its asset and its tag

    def alarms_of_tag(self, tag_id: UUID) -> list[AlarmNow]:
        return self._listed(self._rows_of_tag.get(tag_id, []))

    def asset_of(self, condition: Condition) -> UUID | None:
        """The asset an alarm is about: its own, or the one that carries its tag."""
        if condition.asset_id is not None:
            return condition.asset_id
        tag = self.tags.tag(condition.tag_handle)
        return tag.asset_id if tag is not None else None

    def name_of(self, asset_id: UUID | None) -> str:
        asset = self.assets.get(asset_id) if asset_id is not None else None
        return asset.name if asset is not None else ""

    def path_of(self, asset: Asset) -> list[str]:
        """Names of what it is part of, outermost first; a loop ends the walk."""
        names: list[str] = []
        seen = {asset.asset_id}
        parent = asset.parent
        while parent is not None and parent not in seen and parent in self.assets:
            seen.add(parent)
            names.insert(0, self.assets[parent].name)
            parent = self.assets[parent].parent
        return names

    def depends_on(self, asset_id: UUID) -> list[UUID]:
        """What it needs: "a depends on b", "a runs on b", "b feeds a", "b powers a"."""
        self._read_links()
        return list((self._needs or {}).get(asset_id, ()))

    def depended_on_by(self, asset_id: UUID) -> list[UUID]:
        """What needs it: the same relations read the other way."""
        self._read_links()
        return list(self._needed_by.get(asset_id, ()))

    def hurt_by(self, asset_id: UUID, limit: int = 500) -> list[UUID]:
        """Everything that needs it, directly or through others, nearest first; then the lines and cells they are of."""
        found: dict[UUID, None] = {}
        ring = [asset_id]
        while ring and len(found) < limit:
            outer: list[UUID] = []
            for inner in ring:
                for other in self.depended_on_by(inner):
                    if other != asset_id and other not in found:
                        found[other] = None
                        outer.append(other)
            ring = outer
        for member in [asset_id, *found]:
            asset = self.assets.get(member)
            parent = self.assets.get(asset.parent) if asset is not None and asset.parent is not None else None
            if parent is not None and parent.asset_class in _GROUPS and parent.asset_id != asset_id:
                found[parent.asset_id] = None
        return list(found)

    def _read_links(self) -> None:
        if self._needs is not None:
            return
        self._needs, self._needed_by = {}, {}
        for link in self.links.values():
            if link.kind in _NEEDS:
                needing, needed = link.a, link.b
            elif link.kind in _SERVES:
                needing, needed = link.b, link.a
            else:
                continue
            self._needs.setdefault(needing, {})[needed] = None
            self._needed_by.setdefault(needed, {})[needing] = None

    def open_incidents(self, asset_id: UUID | None, conditions: frozenset[UUID] = frozenset()) -> list[IncidentRecord]:
        """Not ended ones that name the asset or one of the alarm conditions, newest first."""
        hits = [
            record
            for record in self.incidents.values()
            if record.state not in _ENDED_INCIDENTS
            and (asset_id in record.assets or any(alarm[0] in conditions for alarm in record.alarms))
        ]
        return sorted(hits, key=lambda record: -record.opened_us)

    def _listed(self, rows: list[int]) -> list[AlarmNow]:
        known = (alarm for alarm in map(self.alarm, rows) if alarm is not None)
        found = [alarm for alarm in known if alarm.state != AlarmState.NORMAL and alarm.aside is None]
        return sorted(found, key=lambda alarm: (alarm.priority, -alarm.start_us))

    def _on_alarms(self, delta: AlarmsDelta) -> None:
        if delta.is_snapshot:
            size = len(self._alarms["state"])
            self._alarms.clear()
            self._alarms.reserve(size)
            self._notes.clear()
            self._acked_by.clear()
        for condition in delta.conditions:
            self._define(condition)
        if len(delta.rows):
            self._alarms.reserve(int(delta.rows.max()) + 1)
        self._alarms.write(
            delta.rows,
            {
                "state": delta.state,
                "priority": delta.priority,
                "severity": delta.severity,
                "start_us": delta.start_us,
                "value": delta.value,
                "flags": delta.flags,
            },
        )
        if self._notes or self._acked_by:
            for row in delta.rows.tolist():  # a row of the delta that has none any more lost it
                self._notes.pop(row, None)
                self._acked_by.pop(row, None)
        self._notes.update(delta.notes)
        self._acked_by.update(delta.acked_by)
        self.version += 1

    def _define(self, condition: Condition) -> None:
        row = condition.row
        before = self._conditions.get(row)
        self._conditions[row] = condition
        self._alarms.reserve(row + 1)
        self._row_of[condition.condition_id] = row
        if before is not None:
            for table, key in ((self._rows_of_asset, before.asset_id), (self._rows_of_tag, before.tag_id)):
                if key is not None and row in table.get(key, ()):
                    table[key].remove(row)
        if condition.asset_id is not None:
            self._rows_of_asset.setdefault(condition.asset_id, []).append(row)
        if condition.tag_id is not None:
            self._rows_of_tag.setdefault(condition.tag_id, []).append(row)

    def _on_topology(self, delta: TopologyDelta) -> None:
        if delta.is_snapshot:
            self.assets.clear()
            self.states.clear()
            self.links.clear()
        for asset_id in delta.removed:
            self.assets.pop(asset_id, None)
            self.states.pop(asset_id, None)
        self.assets.update({asset.asset_id: asset for asset in delta.assets})
        self.links.update({(link.a, link.b, link.kind): link for link in delta.links})
        if delta.removed:
            gone = set(delta.removed)
            self.links = {key: link for key, link in self.links.items() if not gone & {link.a, link.b}}
        self.states.update({state.asset_id: state for state in delta.states})
        if delta.is_snapshot or delta.links or delta.removed:
            self._needs = None
        self.version += 1

    def _on_incidents(self, delta: IncidentsDelta) -> None:
        if delta.is_snapshot:
            self.incidents.clear()
        self.incidents.update({record.incident_id: record for record in delta.incidents})
        self.version += 1

    def _on_links(self, delta: LinksDelta) -> None:
        if delta.is_snapshot:
            self.own_links.clear()
        self.own_links.update({link.name: link for link in delta.links})
        self.version += 1

    def _on_nodes(self, delta: NodesDelta) -> None:
        if delta.is_snapshot:
            self.nodes.clear()
        self.nodes.update({node.asset_id: node for node in delta.nodes})
        self.version += 1

    def _on_sync(self, record: SyncRecord) -> None:
        self.sync = record
