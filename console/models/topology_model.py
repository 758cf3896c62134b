"""The topology as columns for the canvas: cards, links, bands and states, kept current by deltas."""

from collections.abc import Mapping
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from console.domain.assets import Asset, AssetClass, Link
from console.models.topology_layout import Layout, layered
from console.services.records import AssetState, TopologyDelta
from console.services.station import TOPOLOGY, Station
from console.ui.format import age_text, number_text, state_word
from console.ui.translation import mark, tr

STATES = ("ok", "alarm", "down", "stale", "blind", "unknown")
_CODE = {state: code for code, state in enumerate(STATES)}
_UNKNOWN = _CODE["unknown"]
GROUPS, BROKER, NODE, DEVICE, NOWHERE = 9.0, -1.0, -2.0, -3.0, -4.0
CAPTIONS = {
    GROUPS: mark("Lines and cells"),
    4.0: mark("Level 4 · Enterprise"),
    3.5: mark("Level 3.5 · Demilitarized zone"),
    3.0: mark("Level 3 · Site operations"),
    2.5: mark("Level 2/3 · Network"),
    2.0: mark("Level 2 · Supervision"),
    1.0: mark("Level 1 · Control"),
    0.0: mark("Level 0 · Field"),
    BROKER: mark("Not in the plant model · brokers"),
    NODE: mark("Not in the plant model · nodes"),
    DEVICE: mark("Not in the plant model · devices"),
    NOWHERE: mark("Level not given"),
}
_GROUP_CLASSES = frozenset({AssetClass.SITE, AssetClass.LINE, AssetClass.CELL})
Places = dict[UUID, tuple[float, float]]


class TopologyModel(QObject):
    """`structure_changed`: build the scene anew; `states_changed(indexes)`: the columns hold new states."""

    structure_changed = Signal()
    states_changed = Signal(object)

    def __init__(self, station: Station) -> None:
        super().__init__()
        self._assets: dict[UUID, Asset] = {}
        self._links: dict[tuple[UUID, UUID], Link] = {}
        self._states: dict[UUID, AssetState] = {}
        self.moved: Places = {}
        self.order: list[UUID] = []
        self._row: dict[UUID, int] = {}
        self.names: list[str] = []
        self.headlines: list[str] = []
        self.state = np.empty(0, np.int8)
        self.priority = np.empty(0, np.int8)
        self.unacknowledged = np.empty(0, np.bool_)
        self.proposed = np.empty(0, np.bool_)
        self.links: NDArray[np.int64] = np.empty((0, 2), np.int64)
        self.layout = Layout(np.empty((0, 2)), (), 0, 0)
        self.captions: tuple[str, ...] = ()
        self.close = station.subscribe(TOPOLOGY, self._apply)

    def asset(self, index: int) -> Asset | None:
        return self._assets.get(self.order[index]) if 0 <= index < len(self.order) else None

    def index_of(self, asset_id: UUID | None) -> int:
        """Card of an asset, -1 when it is not shown."""
        return self._row.get(asset_id, -1) if asset_id is not None else -1

    def search_texts(self) -> list[str]:
        """What a card is found by, in the order of cards."""
        return [f"{asset.name} {asset.area} {asset.source}" for asset in map(self._assets.__getitem__, self.order)]

    def build(self, now_us: int) -> None:
        """Order, bands, places and columns from all assets; the same assets give the same picture."""
        assets = sorted(self._assets.values(), key=lambda a: (-band_of(a), a.area, a.name.casefold(), a.asset_id.int))
        self.order = [asset.asset_id for asset in assets]
        self._row = {asset_id: row for row, asset_id in enumerate(self.order)}
        keys = sorted({band_of(asset) for asset in assets}, reverse=True)
        band = np.array([keys.index(band_of(asset)) for asset in assets], np.int64)
        pairs = [(self._row.get(a, -1), self._row.get(b, -1)) for a, b in self._links]
        self.links = np.array([pair for pair in pairs if -1 not in pair], np.int64).reshape(-1, 2)
        self.layout = layered(band, self.links, len(keys))
        for asset_id, place in self.moved.items():
            if asset_id in self._row:
                self.layout.place[self._row[asset_id]] = place
        self.captions = tuple(tr(CAPTIONS.get(key, mark("Level {level}")), level=f"{key:g}") for key in keys)
        n = len(assets)
        self.names = [" ".join(asset.name.split()) or "?" for asset in assets]
        self.proposed = np.array([asset.is_proposed for asset in assets], np.bool_)
        self.headlines = [""] * n
        self.state = np.full(n, _UNKNOWN, np.int8)
        self.priority = np.zeros(n, np.int8)
        self.unacknowledged = np.zeros(n, np.bool_)
        for row, asset_id in enumerate(self.order):
            self._write(row, self._states.get(asset_id), now_us)

    def tick(self, now_us: int) -> None:
        """Ages count on: rewrite the headlines of what is down."""
        rows = np.flatnonzero(self.state == _CODE["down"])
        for row in rows.tolist():
            self.headlines[row] = headline(self._states[self.order[row]], now_us)
        if rows.size:
            self.states_changed.emit(rows)

    def remember(self, index: int, x: float, y: float) -> None:
        self.moved[self.order[index]] = (x, y)

    def saved_places(self) -> dict[str, list[float]]:
        return {str(asset_id): [round(x, 1), round(y, 1)] for asset_id, (x, y) in self.moved.items()}

    def recall(self, places: object) -> None:
        """What `saved_places` gave; anything else is ignored."""
        for text, place in places.items() if isinstance(places, Mapping) else ():
            try:
                x, y = place
                self.moved[UUID(str(text))] = (float(x), float(y))
            except (TypeError, ValueError):
                continue

    def _apply(self, delta: TopologyDelta) -> None:
        if delta.is_snapshot:
            self._assets, self._links, self._states = {}, {}, {}
        for asset_id in delta.removed:
            self._assets.pop(asset_id, None)
        self._assets.update((asset.asset_id, asset) for asset in delta.assets)
        self._links.update(((link.a, link.b), link) for link in delta.links)
        self._states.update((state.asset_id, state) for state in delta.states)
        if delta.is_snapshot or delta.assets or delta.links or delta.removed:
            self.structure_changed.emit()
            return
        rows = []
        for state in delta.states:
            row = self._row.get(state.asset_id, -1)
            if row >= 0:
                self._write(row, state, max(state.since_us, 1))
                rows.append(row)
        if rows:
            self.states_changed.emit(np.array(rows, np.int64))

    def _write(self, row: int, state: AssetState | None, now_us: int) -> None:
        if state is None:
            self.headlines[row] = state_word("unknown")
            return
        self.state[row] = _CODE.get(state.state, _UNKNOWN)
        self.priority[row] = state.priority if 1 <= state.priority <= 4 else 0
        self.unacknowledged[row] = state.unacknowledged
        self.headlines[row] = headline(state, now_us)


def band_of(asset: Asset) -> float:
    """Which band a card stands in: its Purdue level, else what it is. Higher stands further up."""
    if asset.level is not None:
        return asset.level
    if asset.asset_class in _GROUP_CLASSES and not asset.is_proposed:
        return GROUPS
    if asset.is_proposed:
        return {AssetClass.NODE: NODE, AssetClass.DEVICE: DEVICE}.get(asset.asset_class, BROKER)
    return NOWHERE


def headline(state: AssetState, now_us: int) -> str:
    """The second line of a card: the value that alarms, or the state in words, with its age when it is down."""
    if state.state == "down":
        return f"{state_word('down')} {age_text(now_us - state.since_us)}" if state.since_us else state_word("down")
    if state.state in ("ok", "alarm") and state.headline:
        number, _space, unit = state.headline.partition(" ")
        try:
            return f"{number_text(float(number))} {unit}".rstrip()
        except ValueError:
            return " ".join(state.headline.split())
    return state_word(state.state)
