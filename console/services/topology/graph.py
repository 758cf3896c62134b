"""The plant as a graph: what the site documents, and what only its births made known, as one set of assets."""

from uuid import UUID

from console.config.assets_file import AssetsFile
from console.domain import identity
from console.domain.assets import Asset, AssetClass, Link, LinkKind
from console.domain.tags import TagSource

Pair = tuple[UUID, UUID]


class PlantGraph:
    """Documented assets adopt what publishes under their source; the rest are proposals below node and broker.

    Works with no document at all: broker, its nodes, their devices. A broker is shown only while a proposal hangs
    below it. The same births and document make the same graph, whatever came first.
    """

    def __init__(self, site_id: UUID) -> None:
        self._site_id = site_id
        self.assets: dict[UUID, Asset] = {}
        self.brokers: dict[UUID, str] = {}  # asset -> the broker that its source lives on
        self._documented: dict[Pair, Link] = {}
        self._implied: dict[Pair, Link] = {}
        self._known: dict[tuple[str, str, str, str], UUID] = {}
        self._broker_assets: dict[UUID, bool] = {}  # -> is shown
        self._changed: dict[UUID, None] = {}
        self._new_links: dict[Pair, None] = {}
        self._fresh: list[UUID] = []
        self._whole = True

    def document(self, plant: AssetsFile) -> None:
        """Take a (new) document instead of the one before; what it no longer names becomes a proposal or goes."""
        self.assets, self.brokers, self._implied, self._broker_assets = {}, {}, {}, {}
        self._documented = {_pair(link.a, link.b): link for link in plant.links}
        self.assets.update((asset.asset_id, asset) for asset in plant.assets)
        for asset in plant.assets:
            if asset.source:
                self.brokers[asset.asset_id] = asset.source.split("/", 1)[0]
            if asset.parent is not None:
                pair = _pair(asset.asset_id, asset.parent)
                self._implied[pair] = Link(asset.asset_id, asset.parent, LinkKind.PART_OF)
        known, self._known = self._known, {}
        for parts in known:
            self._discover(*parts)
        self._whole = True

    def discover(self, source: TagSource) -> UUID:
        """The asset that publishes under this source, made a proposal when nobody described it."""
        return self._discover(source.broker, source.group, source.node, source.device)

    def discover_session(self, broker: str, group: str, node: str, device: str) -> UUID:
        """The same for a session; `device` is empty for the node itself."""
        return self._discover(broker, group, node, device)

    def take_fresh(self) -> list[UUID]:
        """Assets that were discovered since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def is_shown(self, asset_id: UUID) -> bool:
        return asset_id in self.assets and self._broker_assets.get(asset_id, True)

    def is_broker(self, asset_id: UUID) -> bool:
        return asset_id in self._broker_assets

    def shown_assets(self) -> tuple[Asset, ...]:
        return tuple(asset for key, asset in self.assets.items() if self._broker_assets.get(key, True))

    def shown_links(self) -> tuple[Link, ...]:
        """Documented links first, then the implied ones between things that nobody linked."""
        implied = (link for pair, link in self._implied.items() if self._is_needed(pair))
        return (*self._documented.values(), *implied)

    def take_changes(self) -> tuple[bool, tuple[Asset, ...], tuple[Link, ...]]:
        """(everything must be sent anew, changed assets, new links) since the last call."""
        whole, self._whole = self._whole, False
        changed = tuple(self.assets[key] for key in self._changed if self.is_shown(key))
        links = tuple(self._implied[pair] for pair in self._new_links if self._is_needed(pair))
        self._changed, self._new_links = {}, {}
        return whole, changed, links

    def _discover(self, broker: str, group: str, node: str, device: str) -> UUID:
        parts = (broker, group, node, device)
        key = self._known.get(parts)
        if key is not None:
            return key
        node_source = "/".join(part for part in (broker, group, node) if part)
        source = f"{node_source}/{device}" if device else node_source
        key = self._known[parts] = identity.asset_id(self._site_id, source)
        above = self._discover(broker, group, node, "") if device else self._broker(broker)
        self.brokers[key] = broker
        if key not in self.assets:
            area = group if node.startswith(f"{group}/") else f"{group}/{node}"  # plain topics repeat their group
            asset_class = AssetClass.DEVICE if device else AssetClass.NODE
            self.assets[key] = Asset(key, device or node, asset_class, None, area, above, source, is_proposed=True)
            self._changed[key] = None
            self._fresh.append(key)
        pair = _pair(key, above)
        if pair not in self._implied:
            self._implied[pair] = Link(above, key)
            self._new_links[pair] = None
        if above in self._broker_assets and self.assets[key].is_proposed and not self._broker_assets[above]:
            self._broker_assets[above] = True
            self._changed[above] = None
        return key

    def _broker(self, broker: str) -> UUID:
        key = identity.asset_id(self._site_id, broker)
        if key not in self._broker_assets:
            self._broker_assets[key] = False
            self.brokers[key] = broker
            self.assets[key] = Asset(
                key, broker, AssetClass.SERVER, None, broker, None, broker, is_proposed=True, description="MQTT broker"
            )
            self._fresh.append(key)
        return key

    def _is_needed(self, pair: Pair) -> bool:
        """An implied link counts where the document says nothing about the pair and one end is a shown proposal."""
        if pair in self._documented:
            return False
        link = self._implied[pair]
        if link.kind == LinkKind.PART_OF:
            return True
        above, below = self.assets[link.a], self.assets[link.b]
        return below.is_proposed or (above.is_proposed and link.a not in self._broker_assets)


def _pair(a: UUID, b: UUID) -> Pair:
    return (a, b) if a.int <= b.int else (b, a)
