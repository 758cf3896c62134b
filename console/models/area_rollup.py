"""Areas in one glance: the worst of their assets' states, never better than what is really known."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from console.domain.assets import Asset, AssetClass
from console.models.owed_alarms import OwedAlarms
from console.services.notifier import Notifier
from console.services.records import AlarmsDelta, AssetState, LinkRecord, LinksDelta, TopologyDelta
from console.services.station import ALARMS, LINKS, TOPOLOGY, Station

_UNTRUSTED = ("blind", "stale", "unknown")


@dataclass(frozen=True, slots=True)
class AreaSummary:
    """`priority` is the most urgent unacknowledged alarm, else the most urgent acknowledged one, 0 for none.

    `look` is "", "stale" or "blind": what the whole area is.
    """

    area: str
    assets: int
    priority: int
    unacknowledged: bool
    alarms: int
    down: int
    stale: int
    blind: int
    look: str
    worst_asset: UUID | None


class AreaRollup:
    """Follows TOPOLOGY and LINKS. A lost broker blinds its assets here at once, before their states say so."""

    def __init__(self, station: Station) -> None:
        self._assets: dict[UUID, Asset] = {}
        self._states: dict[UUID, AssetState] = {}
        self._links: dict[str, LinkRecord] = {}
        self._owed = OwedAlarms()
        self.changed: Notifier[None] = Notifier()
        self._undo = (
            station.subscribe(TOPOLOGY, self._on_topology),
            station.subscribe(LINKS, self._on_links),
            station.subscribe(ALARMS, self._on_alarms),
        )

    def close(self) -> None:
        """Follow the station no longer."""
        for undo in self._undo:
            undo()

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        return tuple(self._links.values())

    @property
    def lost_brokers(self) -> frozenset[str]:
        """Names of the brokers that we do not hear."""
        return frozenset(
            link.name.partition(":")[2]
            for link in self._links.values()
            if link.name.startswith("broker:") and link.state != "live"
        )

    def asset_name(self, asset_id: UUID) -> str:
        asset = self._assets.get(asset_id)
        return asset.name if asset is not None else ""

    def _on_topology(self, delta: TopologyDelta) -> None:
        if delta.is_snapshot:
            self._assets.clear()
            self._states.clear()
        self._assets.update({asset.asset_id: asset for asset in delta.assets})
        for identity in delta.removed:
            self._assets.pop(identity, None)
            self._states.pop(identity, None)
        self._states.update({state.asset_id: state for state in delta.states})
        self.changed.notify(None)

    def _on_links(self, delta: LinksDelta) -> None:
        if delta.is_snapshot:
            self._links.clear()
        self._links.update({link.name: link for link in delta.links})
        self.changed.notify(None)

    def _on_alarms(self, delta: AlarmsDelta) -> None:
        self._owed.apply(delta)
        self.changed.notify(None)

    def areas(self) -> tuple[AreaSummary, ...]:
        """Every area by name; assets without one are grouped by where they come from."""
        lost, owed = self.lost_brokers, self._owed.worst()
        members: dict[str, list[Asset]] = {}
        for asset in self._assets.values():
            if asset.area or asset.asset_class != AssetClass.SITE:  # the site holds the areas, it is none
                members.setdefault(_area_of(asset), []).append(asset)
        return tuple(
            self._summary(area, members[area], lost, owed) for area in sorted(members, key=lambda name: name.casefold())
        )

    def _summary(
        self, area: str, assets: Iterable[Asset], lost: frozenset[str], owed: Mapping[UUID, int]
    ) -> AreaSummary:
        counts: Counter[str] = Counter()
        alarms, number = 0, 0
        shown: tuple[bool, int] | None = None  # what nobody has acknowledged goes before any priority
        worst: UUID | None = None
        for asset in assets:
            number += 1
            known = self._states.get(asset.asset_id)
            state = known.state if known is not None else "unknown"
            if asset.source.partition("/")[0] in lost:
                state = "blind"
            counts[state] += 1
            if known is not None and known.priority:
                alarms += 1
                # of one asset's alarms the acknowledged one may be the more urgent
                urgency = (not known.unacknowledged, owed.get(asset.asset_id, known.priority))
                if shown is None or urgency < shown:
                    shown, worst = urgency, asset.asset_id
        untrusted = sum(counts[state] for state in _UNTRUSTED)
        look = ""
        if number and untrusted == number:
            look = "blind" if counts["blind"] else "stale"
        return AreaSummary(
            area,
            number,
            shown[1] if shown is not None else 0,
            shown is not None and not shown[0],
            alarms,
            counts["down"],
            counts["stale"] + counts["unknown"],
            counts["blind"],
            look,
            worst,
        )


def _area_of(asset: Asset) -> str:
    if asset.area:
        return asset.area
    parts = asset.source.split("/")
    return parts[1] if len(parts) > 1 else ""
